"""Why there is no timetable: the smallest sets of rules that clash, each proved to be one.

Rules that clash are looked for among all of them, or where these are too many around a few courses,
and then shrunk. CP-SAT's own core of assumptions only says where to begin: it may hold too much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from timetabling.penalties import Formulation
from timetabling.problem import Problem
from timetabling.search import Observer, Stop
from timetabling.solvers.cpsat_rules import Rule, every_rule, try_rules
from timetabling.solvers.judging import LARGE, WHOLE_WORK, Asked, Judge
from timetabling.solvers.narrowing import Narrowing
from timetabling.solvers.shrinking import Clash, smallest

__all__ = ["Clash", "Explanation", "explain", "relax"]

MAX_CLASHES = 10
HINT_WORK = 1.0


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of an instance.

    Parameters
    ----------
    is_solvable
        None if the budget was spent before that was known.
    clashes
        Independent ones: each but the first was found with those before it relaxed, see `relax`.
    is_complete
        Whether, with these clashes relaxed, there is a timetable: no other one is independent.
    """

    is_solvable: bool | None
    clashes: tuple[Clash, ...] = ()
    is_complete: bool = False


def explain(
    problem: Problem, *, formulation: Formulation, stop: Stop, seed: int, observer: Observer
) -> Explanation:
    """Find out whether an instance has a timetable that keeps all hard rules, and if not, why.

    Parameters
    ----------
    stop
        The budget; what was found until then is given.
    observer
        Told of each clash, and of smaller ones.
    """
    judge = Judge(problem, stop, seed)
    rules = every_rule(problem, formulation)
    narrowing = Narrowing(judge) if problem.num_lectures > LARGE else None
    clashes: list[Clash] = []
    while len(clashes) < MAX_CLASHES and not stop():
        asked = Asked(problem, rules)
        begin = _overfull(judge, asked)
        if begin is None and narrowing:
            begin = narrowing.clashing(asked, {c for clash in clashes for c in clash.courses})
        elif begin is None:
            begin = _clashing(judge, rules)
        if begin is None:
            return Explanation(not clashes, tuple(clashes), is_complete=True)
        if not begin:
            break
        clash = smallest(judge, begin, observer)
        clashes.append(clash)
        observer.update(f"Clash {len(clashes)}: {len(clash.rules)} rules", clashes=len(clashes))
        rules = relax(rules, clash)
    return Explanation(False if clashes else None, tuple(clashes))


def relax(rules: Iterable[Rule], clash: Clash) -> list[Rule]:
    """Leave out of some rules what makes a clash, but go on asking for its lectures if possible.

    They may take part in others, with rooms above all.
    """
    kinds = {rule.kind for rule in clash.rules}
    stays: set[str] = {"lectures", "rooms"}
    if kinds <= stays:
        stays = {"lectures"} if "rooms" in kinds else set()
    left_out = {rule for rule in clash.rules if rule.kind not in stays}
    return [rule for rule in rules if rule not in left_out]


def _overfull(judge: Judge, asked: Asked) -> list[Rule] | None:
    """Some courses, alone or of one teacher or curriculum, that cannot be held by themselves.

    They are told by their open periods: too few for all of a group, or for those of it that have no
    others than one of them has.
    """
    problem = judge.problem
    open_to = dict.fromkeys(range(len(problem.courses)), (1 << problem.num_periods) - 1)
    for rule in asked.rules:
        if rule.kind == "unavailable":
            open_to[rule.of[0]] &= ~(1 << rule.of[1])
    alone = {c: [c] for c in sorted({x.of[0] for x in asked.rules if x.kind == "lectures"})}
    for rule, group in (*alone.items(), *asked.groups.items()):
        every = reduce(or_, (open_to[c] for c in group), 0)
        for mask in {every: None, **dict.fromkeys(open_to[c] for c in group)}:
            part = [c for c in group if not open_to[c] & ~mask]
            wanted = sum(problem.courses[c].num_lectures for c in part)
            # All of a group also near the limit: others are left for the whole model.
            if wanted > mask.bit_count() * (0.8 if mask == every else 1):
                rules = [*asked.own(part), *([rule] if isinstance(rule, Rule) else [])]
                if judge.clash(rules):
                    return rules
    return None


def _clashing(judge: Judge, rules: Sequence[Rule]) -> list[Rule] | None:
    """All rules that matter to some courses and clash; None if no rules do; [] if unknown."""
    verdict = judge.clash(rules, WHOLE_WORK)
    if verdict is None:
        return []
    if not verdict:
        return None
    answer = try_rules(
        judge.problem, rules, stop=judge.stop, seed=judge.seed, work=HINT_WORK, says_whose=True
    )
    others = [rule for rule in rules if rule.kind != "lectures"]
    core = [*(Rule("lectures", (c,)) for c in sorted(answer.courses)), *others]
    return core if answer.courses and judge.clash(core) else list(rules)
