"""What a run has come to, in Markdown and as rows of a table. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flows.curve import Point
from flows.findings import lines, summary
from flows.journal import in_words
from flows.picture import as_address, draw, worth_drawing
from tasks.earlier import Earlier
from tasks.report import Report
from timetabling.check import Finding
from timetabling.penalties import Score
from timetabling.view import Document
from tracking.accuracy import Accuracy
from tracking.words import duration

__all__ = ["MAX_ROWS", "Outcome", "key", "markdown", "report_of"]

MAX_ROWS = 500
"""Lectures in the table at most: Prefect shows one page of it, and keeps all of them."""

MOST_OF_A_KIND = 5
"""Findings of the data check of each kind: `horarium check` tells the others."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LABELS = {
    "violations": "Hard rules broken",
    "min_working_days": "Minimum working days",
    "bound": "No timetable costs less than",
    "placed": "Lectures placed",
    "seconds": "Seconds",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What there is to report of a run.

    Parameters
    ----------
    instance, formulation
        What was planned, by which rules.
    score, bound
        Of the published timetable; and what every timetable costs at least.
    num_lectures
        How many are placed.
    seconds
        From reading the instance to the written timetable.
    points
        What was found when.
    accuracy
        How right the bar and the time left were until now; None if nobody can tell.
    cancelled
        Whether the search was cut short.
    findings
        What the data check has found.
    """

    instance: str
    formulation: str
    score: Score
    bound: int
    num_lectures: int
    seconds: float
    points: Sequence[Point]
    accuracy: Accuracy | None
    cancelled: bool
    findings: Sequence[Finding] = ()


def report_of(outcome: Outcome, document: Document) -> Report:
    """Put together what Prefect is to show of a run and its timetable."""
    return Report(
        key=key(outcome.instance, outcome.formulation),
        summary=_summary(outcome),
        figures=_figures(outcome),
        text=partial(markdown, outcome),
        lectures=_lectures(document),
        note=_note(len(document["lectures"])),
    )


def key(instance: str, formulation: str) -> str:
    """Name the reports that can be compared; Prefect takes small letters, digits and dashes.

    >>> key("Fall 2026 (draft)", "UD2")
    'timetable-fall-2026-draft-ud2'
    """
    return re.sub("[^a-z0-9]+", "-", f"timetable {instance} {formulation}".lower()).strip("-")


def _figures(outcome: Outcome) -> dict[str, int]:
    """What the next run is compared with."""
    return {
        "violations": outcome.score.num_violations,
        **outcome.score.penalties,
        "cost": outcome.score.cost,
        "bound": outcome.bound,
        "placed": outcome.num_lectures,
        "seconds": int(outcome.seconds),
    }


def _summary(outcome: Outcome) -> str:
    """Say in a line what a run has come to."""
    score = outcome.score
    found = in_words(score.cost, score.num_violations, outcome.bound)
    early = "; stopped early" if outcome.cancelled else ""
    return f"{_what(outcome)}: {found}{early}"


def _what(outcome: Outcome) -> str:
    """The instance, which may have any name, as Markdown shows it, and the rules."""
    return f"{_as_it_is(outcome.instance)}, {outcome.formulation}"


def _as_it_is(text: str) -> str:
    """A text as Markdown shows it, whatever is in it."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", text)


def markdown(outcome: Outcome, earlier: Earlier | None) -> str:
    """Write the report; its first line is the artifact's description, `Report.summary`."""
    broken = [f"{_label(rule).lower()} {n}" for rule, n in outcome.score.violations.items() if n]
    hard = f"**Broken hard rules: {', '.join(broken)}.**" if broken else "No hard rule is broken."
    sections = [
        f"{hard} Made in {duration(outcome.seconds)}.",
        *_checked(outcome.findings),
        "## Cost over time",
        _picture(outcome),
        "## Penalties",
        _compared(outcome, earlier),
        _table(_figures(outcome), None if earlier is None else earlier.figures),
        "## Time left",
        _judged(outcome.accuracy),
    ]
    return "\n\n".join(sections)


def _checked(findings: Sequence[Finding]) -> Iterator[str]:
    """What the data check has found; nothing is said of nothing."""
    if findings:
        yield "## Data check"
        said = summary(findings)
        yield f"{said[0].upper()}{said[1:]}."
        yield "\n".join(f"- {_as_it_is(line)}" for line in lines(findings, most=MOST_OF_A_KIND))


def _lectures(document: Document) -> list[dict[str, Any]]:
    """A row a lecture, in order of time, the first `MAX_ROWS`."""
    rows = []
    for lecture in document["lectures"][:MAX_ROWS]:
        course = document["courses"][lecture["course"]]
        day = lecture["day"]
        rows.append(
            {
                "Day": _DAYS[day] if day < len(_DAYS) else f"Day {day + 1}",
                "Period": lecture["period"] + 1,
                "Course": course["id"],
                "Teacher": course["teacher"],
                "Room": document["rooms"][lecture["room"]]["id"],
                "Cost": lecture["cost"],
                "Why": "; ".join(reason["text"] for reason in lecture["reasons"]),
            }
        )
    return rows


def _note(num_lectures: int) -> str:
    """Say what the table holds."""
    if num_lectures > MAX_ROWS:
        return f"The first {MAX_ROWS} of {num_lectures} lectures: all are in the timetable's file."
    return f"The timetable: {num_lectures} lectures."


def _label(name: str) -> str:
    return _LABELS.get(name) or name.replace("_", " ").capitalize()


def _table(now: Mapping[str, int], before: Mapping[str, int] | None) -> str:
    rows = ["| | This run |", "|---|---:|"]
    if before is not None:
        rows = ["| | This run | Before | Change |", "|---|---:|---:|---:|"]
    for name, value in now.items():
        cells = [_label(name), str(value)]
        if before is not None:
            was = before.get(name)
            cells += ["", ""] if was is None else [str(was), f"{value - was:+}".replace("+0", "0")]
        if name == "cost":
            cells = [f"**{cell}**" if cell else "" for cell in cells]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _compared(outcome: Outcome, earlier: Earlier | None) -> str:
    if earlier is None:
        return f"This is the first run of {_what(outcome)} that Prefect knows of."
    when = f"{earlier.made_at:%d %B %Y, %H:%M} UTC"
    run = f"[the run of {when}]({earlier.url})" if earlier.url else f"the run of {when}"
    return f"Before: {run}."


def _picture(outcome: Outcome) -> str:
    points = worth_drawing(outcome.points)
    if not points:
        return "No timetable was found."
    first, last = points[0], points[-1]
    words = f"From {first.cost} after {duration(first.seconds)} to {last.cost}"
    which = "hard rules broken" if last.violations else "no hard rule broken"
    address = as_address(draw(points, outcome.seconds))
    return (
        f"![{words}]({address})\n\n{words}, {which}; "
        "dashed: no timetable costs less. The scale is logarithmic."
    )


def _judged(accuracy: Accuracy | None) -> str:
    if accuracy is None:
        return "Not judged: the run was too short, or was tried again."
    return (
        f"Until this report, the time left was off by {100 * accuracy.eta_error:.0f} % on average, "
        f"and within the range that was told for {100 * accuracy.in_range:.0f} % of the time; "
        f"the bar was {accuracy.bar_error:.0f} points from an even pace. "
        "The first tenth of the run does not count."
    )
