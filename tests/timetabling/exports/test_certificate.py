"""A certificate fits what it was made for, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from tests.timetabling import tiny_problem
from tests.timetabling.exports.export_parts import NOW, PROBLEM, certificate_of, timetables
from timetabling.exports.certificate import (
    Certificate,
    Search,
    certify,
    differences,
    facts,
    not_counted,
)
from timetabling.formats import write_solution
from timetabling.formats.digest import digest_of
from timetabling.formats.text import InputError
from timetabling.penalties import formulation, price_changes
from timetabling.problem import CourseWeight, Lecture, Pin, Timetable

SEARCH = Search(
    job_id="weekly",
    seed=7,
    time_limit_seconds=60,
    work_limit=None,
    plan="default",
    start_sha256=None,
    stopped_early=True,
)
SOME = Timetable(PROBLEM, (Lecture(0, 0, 0), Lecture(1, 7, 2)))
PLACES = ((0, 0, 0), (0, 4, 0), (1, 1, 1), (1, 5, 1), (2, 2, 0))
FEASIBLE = Timetable(tiny_problem.PROBLEM, tuple(Lecture(*place) for place in PLACES))


@given(timetable=timetables())
@settings(max_examples=30, deadline=None, derandomize=True)
def test_a_certificate_is_read_back_and_fits(timetable: Timetable) -> None:
    made = certificate_of(timetable, search=SEARCH, bound=0)
    read = Certificate.model_validate_json(made.text)
    assert read == made
    assert list(differences(read, timetable, "a" * 64)) == []


@given(timetable=timetables(), other=timetables())
@settings(max_examples=30, deadline=None, derandomize=True)
def test_it_fits_another_timetable_only_if_that_is_the_same(
    timetable: Timetable, other: Timetable
) -> None:
    fits = not list(differences(certificate_of(timetable), other, "a" * 64))
    assert fits == (sorted(timetable.lectures) == sorted(other.lectures))


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        ({"instance_sha256": "b" * 64}, f"instance_sha256: certified {'b' * 64}, found {'a' * 64}"),
        ({"cost": 3}, "cost: certified 3, found "),
        ({"num_lectures": 8}, "num_lectures: certified 8, found 2"),
        ({"penalties": {"room_capacity": 1}}, "penalties of isolated_lectures: certified None"),
        ({"violations": {}}, "violations of availability: certified None, found 0"),
        (
            {"weights": {"room_capacity": 100}},
            "penalties of isolated_lectures: certified 6, found None",
        ),
    ],
)
def test_what_a_certificate_says_otherwise_is_told(forged: dict[str, Any], said: str) -> None:
    certificate = certificate_of(SOME).model_copy(update=forged)
    assert next(differences(certificate, SOME, "a" * 64)).startswith(said)


def test_what_rules_cost_otherwise_for_courses_is_certified() -> None:
    weight = CourseWeight(1, "room_stability", 9)
    heard = replace(SOME.problem, course_weights=frozenset({weight}))
    certificate = certificate_of(Timetable(heard, SOME.lectures))
    course = heard.courses[1].id
    assert certificate.exceptions == {course: {"room_stability": 9}}
    assert (f"Weights of {course}", "room stability 9") in facts(certificate)
    unheard = Timetable(replace(heard, course_weights=frozenset()), SOME.lectures)
    said = next(differences(certificate, unheard, "a" * 64))
    assert said == f"exceptions of {course}: certified {{'room_stability': 9}}, found None"


def test_a_bound_above_the_cost_of_a_feasible_timetable_is_told() -> None:
    made = certificate_of(FEASIBLE)
    assert not any(made.violations.values())
    wrong = list(differences(made.model_copy(update={"bound": 99}), FEASIBLE, "a" * 64))
    assert wrong == [f"bound: certified 99, found a timetable that costs less: {made.cost}"]


def test_rules_of_files_that_only_the_run_had_are_left_out() -> None:
    pins = frozenset({Pin(0, 0, 0), Pin(2, 3, 0)})  # the second one is not kept
    before = (Lecture(0, 0, 0), Lecture(0, 6, 0))
    asked = replace(FEASIBLE.problem, pins=pins, before=before, max_changes=1)
    run = Timetable(asked, FEASIBLE.lectures)
    rules = price_changes(formulation("UD2"), 50)
    digest = "a" * 64
    made = certify(run, rules, instance_sha256=digest, made_at=NOW, versions={}, bound=50)
    assert (made.violations["pins"], made.penalties["changes"]) == (1, 50)
    assert not_counted(made, run) == ()
    assert not_counted(made, FEASIBLE) == ("pins", "max_changes", "changes")
    assert list(differences(made, FEASIBLE, digest)) == []
    kept = replace(run.problem, pins=frozenset({Pin(0, 0, 0)}))
    made = certify(
        Timetable(kept, run.lectures), rules, instance_sha256=digest, made_at=NOW, versions={}
    )
    proven = made.model_copy(update={"bound": made.cost})
    assert list(differences(proven, FEASIBLE, digest)) == [], "the bound is of changes too"
    wrong = list(differences(made.model_copy(update={"cost": made.cost + 1}), FEASIBLE, digest))
    assert wrong == [f"cost: certified {made.cost - 49}, found {made.cost - 50}"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("isolated_lectures", "loneliness"), "got 'loneliness'"),
        (lambda text: text.replace("-certificate-1", "-certificate-9"), "horarium-certificate-1"),
        (lambda text: text.replace('"cost": ', '"price": '), "price"),
        (lambda text: text.replace("a" * 64, "abc"), "instance_sha256"),
        (lambda text: text[:-3], "Invalid JSON"),
    ],
)
def test_what_is_no_certificate_is_refused(change: Callable[[str], str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Certificate.model_validate_json(change(certificate_of(SOME).text))


def test_the_digest_of_a_timetable_is_that_of_its_file(tmp_path: Path) -> None:
    timetable = Timetable(tiny_problem.PROBLEM, (Lecture(2, 1, 0), Lecture(0, 4, 1)))
    write_solution(timetable, tmp_path / "t.sol")
    digest = hashlib.sha256((tmp_path / "t.sol").read_bytes()).hexdigest()
    assert certificate_of(timetable).timetable_sha256 == digest == digest_of(tmp_path / "t.sol")


def test_the_digest_of_a_folder_changes_with_each_of_its_tables(tmp_path: Path) -> None:
    seen = set()
    for name, text in (("a.csv", "1"), ("b.csv", "1"), ("a.csv", "2"), ("notes.txt", "x")):
        (tmp_path / name).write_text(text)
        seen.add(digest_of(tmp_path))
    assert len(seen) == 3, "notes are no table"
    one, two = (hashlib.sha256(text.encode()).hexdigest() for text in ("2", "1"))
    listed = f"{one}  a.csv\n{two}  b.csv\n"
    assert digest_of(tmp_path) == hashlib.sha256(listed.encode()).hexdigest()
    with pytest.raises(InputError, match="No such file"):
        digest_of(tmp_path / "nothing")


def test_its_facts_are_told_in_words() -> None:
    told = dict(facts(certificate_of(SOME, search=SEARCH, bound=3)))
    assert told["Limit"] == "60 s, stopped early"
    assert told["Seed"] == "7"
    assert told["Costs at least"] == "3"
    assert told["Certified at"] == "2026-09-01T12:00:00+00:00"
    worked = SEARCH.model_copy(update={"work_limit": 9, "start_sha256": "c" * 64})
    told = dict(facts(certificate_of(SOME, search=worked)))
    assert told["Limit"] == "9 units of work, stopped early"
    assert told["SHA-256 of the start"] == "c" * 64
    assert told["Costs at least"] == "not known"
    assert "Seed" not in dict(facts(certificate_of(SOME)))
