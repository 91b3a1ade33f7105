"""The data check: what cannot work with an instance, and what is likely to go badly.

Everything is proven by counting and matching, without a search, within seconds on the largest
instances known. That nothing is found to be impossible does not mean that there is a timetable.
"""

from __future__ import annotations

from timetabling.check.costs import costly
from timetabling.check.finding import RULES, Finding, Severity
from timetabling.check.hints import similar_names, tight, unused
from timetabling.check.impossible import Impossible
from timetabling.check.openings import openings
from timetabling.check.pins import check_pins
from timetabling.penalties import Formulation
from timetabling.problem import Problem

__all__ = ["RULES", "Finding", "Severity", "check"]


def check(problem: Problem, formulation: Formulation) -> tuple[Finding, ...]:
    """Find what rules a timetable out or makes a good one unlikely; what to mend first comes first.

    Parameters
    ----------
    problem, formulation
        What is to be solved, by which rules. Pins are kept by every timetable that counts here.
    """
    about_pins, kept = check_pins(problem, formulation)
    week = openings(problem, formulation, kept)
    found = [
        *about_pins,
        *Impossible(week).findings(),
        *similar_names(problem),
        *costly(week, formulation),
        *tight(week),
        *unused(week),
    ]
    order = {rule: place for place, rule in enumerate(RULES)}
    return tuple(sorted(found, key=lambda finding: order[finding.rule]))
