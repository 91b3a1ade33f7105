"""Publishing: all files of a timetable are replaced, or none is.

First all is written, to a hidden folder beside the timetable. Then, in one Prefect transaction, a
file after the other is put in its place; where one fails, those before it are taken back.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from prefect import get_run_logger
from prefect.transactions import transaction

from flows.certifying import CERTIFICATE, Origin, certified
from flows.files import CURVE, PAGE, TABLE
from flows.handing import whole
from tasks.explain import explain
from tasks.publish import Published, publish
from tasks.put_in_place import put_in_place
from timetabling.exports.certificate import Certificate, timetable_digest
from timetabling.formats import read_solution
from timetabling.formats.text import write_text
from timetabling.penalties import Formulation
from timetabling.problem import Timetable
from tracking.hooks import current_reporter
from tracking.job_files import DOCUMENT

__all__ = ["publish_all"]


def publish_all(
    best: Timetable,
    rules: Formulation,
    origin: Origin,
    target: Path,
    curve: str | None,
    cost_picture: str | None = None,
) -> Published:
    """Write a timetable and its certificate, and beside it what it costs and why, and the curve.

    Parameters
    ----------
    origin
        What it comes from; with what every feasible timetable costs at least.
    target
        File of the timetable; a symbolic link stays one.
    curve
        What was found when; None writes the timetable and its certificate alone.
    cost_picture
        The same as an SVG, for the page.

    Raises
    ------
    RuntimeError
        If what was written does not read back as the same timetable.
    OSError
        If a file cannot be written; what was there before is there, to the byte. Says what had to
        be taken back.
    """
    reporter, real = current_reporter(), Path(os.path.realpath(target))
    moved: list[str] = []
    try:
        with _drafts(real, reporter.job_id) as drafts:
            draft, least = drafts / real.name, origin.bound or 0
            published = publish(whole(best), formulation=rules, output=draft, bound=least)
            certificate = _certify(draft, best, rules, origin)
            names = [real.name, f"{real.stem}.{CERTIFICATE}" if curve is None else CERTIFICATE]
            write_text(drafts / names[1], certificate.text)
            if curve is not None:
                names += [DOCUMENT, TABLE, PAGE, CURVE]
                explain(
                    whole(best),
                    certificate=whole(certificate),
                    cost_picture=cost_picture,
                    json=drafts / DOCUMENT,
                    table=drafts / TABLE,
                    html=drafts / PAGE,
                )
                write_text(drafts / CURVE, curve)
            with transaction():
                for name in dict.fromkeys(names):  # the timetable may be the table
                    put_in_place(drafts / name, real.with_name(name))
                    moved.append(name)
    except BaseException as error:
        taken_back = f"taken back: {', '.join(moved)}" if moved else "no file was touched"
        get_run_logger().error("Not published: %s; %s", error or type(error).__name__, taken_back)
        if not isinstance(error, OSError):
            raise
        where = real.with_name(Path(error.filename or real).name)
        raise OSError(error.errno, f"{error.strerror}; {taken_back}", str(where)) from error
    score = published.score
    reporter.update(
        f"published: cost {score.cost}",
        cost=score.cost,
        violations=score.num_violations,
        bound=least,
    )
    return replace(published, output=target)


def _certify(draft: Path, best: Timetable, rules: Formulation, origin: Origin) -> Certificate:
    """Certify what is in the file, which is what should be in it."""
    certificate = certified(read_solution(draft, best.problem), rules, origin)
    if certificate.timetable_sha256 != timetable_digest(best):
        raise RuntimeError(f"{draft.name}: expected what was written, read another timetable back")
    return certificate


@contextmanager
def _drafts(target: Path, job: str) -> Iterator[Path]:
    """A folder beside the target, the same for each attempt: what a killed one left is removed."""
    digest = hashlib.sha256(f"{job} {target.name}".encode()).hexdigest()[:16]
    folder = target.with_name(f".{digest}.drafts")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
