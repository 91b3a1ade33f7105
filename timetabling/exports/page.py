"""One page in HTML that needs no network: weeks, costs, reasons, pictures and the certificate.

It works without its script, which only helps to find a name: what is shown is chosen by links
(`:target`). Everything is in it, so that what one sees is what one prints.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from timetabling.exports.certificate import Certificate, facts
from timetabling.exports.grids import Week, grids_of
from timetabling.exports.room_use import draw_room_use
from timetabling.exports.table import rows_of
from timetabling.view import Document

__all__ = ["page"]

HERE = Path(__file__).parent
ENVIRONMENT = Environment(
    loader=FileSystemLoader(HERE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    found: Document, certificate: Certificate, week: Week, *, cost_picture: str | None = None
) -> str:
    """Write the page.

    Parameters
    ----------
    cost_picture
        What the best timetable cost over time, as an SVG, if that is known.
    """
    style, script = ((HERE / f"page.{kind}").read_text("utf-8") for kind in ("css", "js"))
    return ENVIRONMENT.get_template("page.html.j2").render(
        found=found,
        facts=facts(certificate),
        certificate=Markup(_in_script(certificate.text)),  # noqa: S704
        week=week,
        grids=grids_of(found),
        rows=rows_of(found),
        pictures=[
            (title, Markup(svg))  # noqa: S704 - drawn by us, names escaped
            for title, svg in (
                ("Room use", draw_room_use(found, week)),
                ("Cost over time", cost_picture),
            )
            if svg is not None
        ],
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _hash(text: str) -> str:
    """By which a policy knows a style or script."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _in_script(json: str) -> str:
    """JSON that ends no element it is written into."""
    return json.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
