from __future__ import annotations

import re

import pytest

from tracking.plan import DEFAULT, PLANS, Plan, Stage, plan


def _bounds(name: str) -> list[tuple[str, float, float]]:
    return [(stage.id, stage.start, stage.end) for stage in plan(name).stages]


def test_the_default_plan_is_the_specified_one() -> None:
    assert _bounds("default") == [
        ("loading", 0, 5),
        ("clustering", 5, 15),
        ("cpsat_solving", 15, 75),
        ("ga_optimization", 75, 90),
        ("rl_refinement", 90, 100),
    ]


@pytest.mark.parametrize(
    ("name", "ends"),
    [("search-heavy", [2, 5, 15, 90, 97, 100]), ("solve-heavy", [1, 5, 60, 80, 96, 100])],
)
def test_the_older_plans_finalize_in_a_stage_of_their_own(name: str, ends: list[float]) -> None:
    stages = plan(name).stages
    assert [stage.end for stage in stages] == ends
    assert stages[-1].id == "finalize"
    assert [stage.id for stage in stages[:-1]] == [stage.id for stage in DEFAULT.stages]


@pytest.mark.parametrize("known", PLANS.values(), ids=PLANS)
def test_weights_add_to_100_and_no_label_names_an_algorithm(known: Plan) -> None:
    assert sum(stage.weight for stage in known.stages) == pytest.approx(100)
    labels = " ".join(stage.label for stage in known.stages)
    assert not re.search(
        r"genetic|CP-?SAT|Louvain|learn|swarm|\bGA\b|\bRL\b", labels, re.IGNORECASE
    )


def test_an_unknown_plan_is_refused_with_the_known_names() -> None:
    with pytest.raises(
        ValueError, match="expected one of default, search-heavy, solve-heavy, learned, got 'x'"
    ):
        plan("x")


def test_an_unknown_stage_is_refused_with_the_known_names() -> None:
    with pytest.raises(ValueError, match=r"expected a stage of loading, .*, got 'x'"):
        DEFAULT.index("x")


@pytest.mark.parametrize(
    ("stages", "problem"),
    [
        ((Stage("a", "A", 0, 50), Stage("b", "B", 60, 100)), "'b' to start at 50, got 60"),
        ((Stage("a", "A", 0, 50), Stage("b", "B", 50, 90)), "add to 100, got 90"),
        ((Stage("a", "A", 0, 50), Stage("a", "B", 50, 100)), "'a' is named twice"),
        ((), "add to 100, got 0"),
    ],
)
def test_a_plan_with_gaps_or_repeats_cannot_be_built(
    stages: tuple[Stage, ...], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Plan("broken", stages)


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 5), (6, 5), (0, 101)])
def test_a_stage_outside_the_bar_cannot_be_built(start: float, end: float) -> None:
    with pytest.raises(ValueError, match="0 <= start < end <= 100"):
        Stage("a", "A", start, end)
