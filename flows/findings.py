"""What the data check has found, in lines for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from timetabling.check import Finding

__all__ = ["lines", "summary"]


def summary(findings: Sequence[Finding]) -> str:
    """Say in a line what the data check has come to.

    >>> summary([])
    'nothing in the data rules a timetable out'
    """
    proofs = sum(finding.is_impossible for finding in findings)
    warnings = _count(len(findings) - proofs, "warning")
    more = f"; {warnings}" if len(findings) > proofs else ""
    if not proofs:
        return f"nothing in the data rules a timetable out{more}"
    return f"the data rules a timetable out, for {_count(proofs, 'reason')}{more}"


def lines(findings: Sequence[Finding], *, most: int) -> Iterator[str]:
    """Tell findings a line each, of each kind so many at most and how many more there are."""
    for _, same in groupby(findings, key=lambda finding: finding.rule):
        alike = list(same)
        for finding in alike[:most]:
            cost = f" It costs at least {finding.least_cost}." if finding.least_cost else ""
            yield f"{finding.severity}: {finding.message}.{cost} To mend it: {finding.repair}."
        rest = alike[most:]
        if rest:
            costs = sum(finding.least_cost for finding in rest)
            more = f", which cost at least {costs}" if costs else ""
            yield f"{rest[0].severity}: {len(rest)} more of this kind{more}."


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
