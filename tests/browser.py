"""A real browser before the built page, and what tests of the page ask of it."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    expect,
    sync_playwright,
)

from tracking.service.pages import STATIC

__all__ = [
    "NEEDS_BROWSER",
    "PATIENCE",
    "PICTURES",
    "chromium",
    "open_page",
    "percent_of",
    "picture",
    "serious_faults",
    "watch_for_complaints",
]

CHROMIUM = shutil.which("chromium") or ""
AXE = Path(__file__).parents[1] / "web" / "node_modules" / "axe-core" / "axe.min.js"

PICTURES = os.environ.get("HORARIUM_PICTURES")
"""Folder for pictures of what the tests see, for the documentation."""

PATIENCE = 120_000  # milliseconds; machines are busy

NEEDS_BROWSER = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium on the PATH"),
    pytest.mark.skipif(
        not (STATIC / "index.html").exists(), reason="needs the built page: make page"
    ),
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser for as long as the block lasts.

    Nothing within may call `asyncio.run`: Playwright keeps a loop of its own in this thread.
    """
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            timeout=PATIENCE,
            args=[
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
        )  # fmt: skip
        yield browser
        browser.close()


def open_page(browser: Browser, link: str = "", **options: Any) -> tuple[BrowserContext, Page]:
    """Open a link in a browser that has seen nothing yet."""
    look: dict[str, Any] = {"viewport": {"width": 1000, "height": 800}, "locale": "en-GB"}
    context = browser.new_context(**look | options)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    if link:
        page.goto(link)
    return context, page


def watch_for_complaints(page: Page) -> list[str]:
    """What goes wrong in a page from now on: in its program, by its policy, or as a dialog.

    That something was not to be had is no complaint: where it matters, the page says so.
    """
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))

    def refuse(dialog: Dialog) -> None:
        heard.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def listen(message: ConsoleMessage) -> None:
        is_ours = not message.text.startswith(("Failed to load resource", "WebSocket connection"))
        if message.type in ("error", "warning") and is_ours:
            heard.append(f"{message.type}: {message.text}")

    page.on("dialog", refuse)
    page.on("console", listen)
    return heard


def percent_of(page: Page) -> float:
    """Where the overall bar is drawn."""
    bar = page.get_by_role("progressbar", name="Overall progress")
    return float(bar.get_attribute("aria-valuenow") or 0)


def picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep what is seen, if pictures are wanted: in its 256 most frequent colours.

    Parameters
    ----------
    whole
        Also what one would have to scroll to.
    """
    if not PICTURES:
        return
    from PIL import Image  # comes with the benchmarks' matplotlib

    _wait_until_still(page)
    taken = np.asarray(Image.open(io.BytesIO(page.screenshot(full_page=whole))).convert("RGB"))
    colours, places, counts = np.unique(
        taken.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True
    )
    kept = colours[np.argsort(-counts)[:256]]
    apart = (colours[:, None].astype(int) - kept) ** 2
    drawn = apart.sum(axis=-1).argmin(axis=-1)[places].reshape(taken.shape[:2])
    fewer = Image.fromarray(drawn.astype(np.uint8), "P")
    fewer.putpalette(kept.tobytes())
    fewer.save(Path(PICTURES) / f"page-{name}.png", optimize=True)


def serious_faults(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe finds that keeps people out.

    Parameters
    ----------
    rules
        Of axe, those that matter; none is all.
    """
    _wait_until_still(page)
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(rules.length ? {runOnly: rules} : {})", list(rules))
    return [
        f"{fault['id']}: {[node['html'][:120] for node in fault['nodes']]}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
    ]


def _wait_until_still(page: Page) -> None:
    """Half-way through a change of colours there is little contrast."""
    page.wait_for_function(
        """() => document.getAnimations().every(
            (each) => each.playState === "finished"
                || each.effect.getComputedTiming().iterations === Infinity)"""
    )
