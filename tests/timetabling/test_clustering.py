"""Clusters: a partition under a cap that cuts few conflicts; waves without conflicts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timetabling.clustering import Clustering, cluster, conflict_graph
from timetabling.formats import read_problem
from timetabling.generator import generate
from timetabling.problem import Course, Curriculum, Problem, Room
from timetabling.search import SilentObserver


class Recorder(SilentObserver):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.progress: list[tuple[int, int]] = []
        self.figures: dict[str, float] = {}

    def update_stage_progress(self, completed: int, total: int) -> None:
        self.progress.append((completed, total))

    def update(self, message: str, **figures: float) -> None:
        self.figures = figures


def make_problem(teachers: str, curricula: list[tuple[int, ...]] | None = None) -> Problem:
    """Build a problem with a course for each letter, which names its teacher."""
    return Problem(
        name="made",
        num_days=5,
        periods_per_day=6,
        courses=tuple(
            Course(id=f"C{c}", teacher=teacher, num_lectures=1, min_working_days=1, num_students=1)
            for c, teacher in enumerate(teachers)
        ),
        rooms=(Room(id="R", capacity=10),),
        curricula=tuple(
            Curriculum(id=f"Q{q}", courses=courses) for q, courses in enumerate(curricula or [])
        ),
    )


def cluster_quietly(problem: Problem, *, max_courses: int = 50, seed: int = 0) -> Clustering:
    return cluster(problem, max_courses=max_courses, seed=seed, observer=SilentObserver())


def cut_weight(problem: Problem, clusters: tuple[tuple[int, ...], ...]) -> int:
    home = {c: i for i, courses in enumerate(clusters) for c in courses}
    edges = conflict_graph(problem, SilentObserver()).edges(data=True)
    return sum(edge["weight"] for a, b, edge in edges if home[a] != home[b])


def assert_sound(problem: Problem, clustering: Clustering, max_courses: int) -> None:
    clusters, waves = clustering.clusters, clustering.waves
    assert sorted(c for courses in clusters for c in courses) == list(range(len(problem.courses)))
    assert all(1 <= len(courses) <= max_courses for courses in clusters)
    assert sorted(i for wave in waves for i in wave) == list(range(len(clusters)))
    assert all(waves)
    for wave in waves:
        for i, j in combinations(wave, 2):
            assert not any(problem.conflicts[c] & set(clusters[j]) for c in clusters[i])


@settings(max_examples=30, deadline=None)
@given(data=st.data(), num_courses=st.integers(1, 40), max_courses=st.integers(1, 15))
def test_clusters_part_the_courses_and_waves_part_the_clusters(
    data: st.DataObject, num_courses: int, max_courses: int
) -> None:
    course = st.integers(0, num_courses - 1)
    groups = st.lists(st.lists(course, min_size=1, max_size=8, unique=True), max_size=20)
    teacher = st.sampled_from("abcdefghijklmnopqrstuvwxyz")
    problem = make_problem(
        "".join(data.draw(st.lists(teacher, min_size=num_courses, max_size=num_courses))),
        [tuple(group) for group in data.draw(groups)],
    )
    clustering = cluster_quietly(
        problem, max_courses=max_courses, seed=data.draw(st.integers(0, 9))
    )
    assert_sound(problem, clustering, max_courses)


@pytest.mark.parametrize("seed", range(3))
def test_few_conflicts_are_cut_on_a_generated_instance(seed: int) -> None:
    problem = generate(300, seed=seed).problem
    clustering = cluster_quietly(problem, seed=seed)
    assert_sound(problem, clustering, 50)
    assert cut_weight(problem, clustering.clusters) < 0.15 * random_cut(problem, clustering)


def random_cut(problem: Problem, clustering: Clustering) -> int:
    """Cut by a random partition into the same sizes."""
    courses = list(range(len(problem.courses)))
    Random(0).shuffle(courses)
    rest = iter(courses)
    return cut_weight(
        problem, tuple(tuple(next(rest) for _ in part) for part in clustering.clusters)
    )


@pytest.mark.parametrize("name", ["erlangen2011_2", "erlangen2012_1", "erlangen2013_1"])
def test_a_large_university_is_clustered(name: str, instance_path: Callable[[str], Path]) -> None:
    problem = read_problem(instance_path(f"erlangen/{name}.ectt"))
    clustering = cluster_quietly(problem)
    assert_sound(problem, clustering, 50)
    assert cut_weight(problem, clustering.clusters) < 0.4 * random_cut(problem, clustering)
    assert len(clustering.clusters) < 30


def test_an_edge_weighs_the_shared_curricula_and_the_shared_teacher() -> None:
    graph = conflict_graph(make_problem("aabc", [(0, 1, 2), (1, 0), (2, 1)]), SilentObserver())
    assert {(a, b): edge["weight"] for a, b, edge in graph.edges(data=True)} == {
        (0, 1): 3,
        (0, 2): 1,
        (1, 2): 2,
    }
    assert 3 in graph


def test_communities_stay_whole_where_the_cap_allows() -> None:
    blocks = [tuple(range(i, i + 10)) for i in range(0, 40, 10)]
    problem = make_problem("".join(map(chr, range(200, 240))), [*blocks, (9, 10), (19, 20)])
    clustering = cluster_quietly(problem, max_courses=15)
    assert sorted(clustering.clusters) == blocks
    assert cut_weight(problem, clustering.clusters) == 2


def test_small_communities_in_conflict_are_joined() -> None:
    blocks = [tuple(range(i, i + 5)) for i in range(0, 20, 5)]
    problem = make_problem("".join(map(chr, range(200, 220))), [*blocks, (4, 5), (14, 15)])
    clustering = cluster_quietly(problem, max_courses=12)
    assert sorted(clustering.clusters) == [tuple(range(10)), tuple(range(10, 20))]
    assert clustering.waves == ((0, 1),)


def test_the_cluster_with_most_conflicts_comes_first() -> None:
    problem = make_problem("abcdefg", [(0, 1), (2, 3, 4), (2, 3), (5, 6), (5, 6)])
    clustering = cluster_quietly(problem, max_courses=3)
    assert clustering.clusters == ((2, 3, 4), (5, 6), (0, 1))


def test_without_any_conflict_courses_are_packed_and_all_go_at_once() -> None:
    clustering = cluster_quietly(make_problem("".join(map(chr, range(200, 320)))))
    assert [len(courses) for courses in clustering.clusters] == [50, 50, 20]
    assert clustering.waves == ((0, 1, 2),)


def test_one_course_is_one_cluster() -> None:
    assert cluster_quietly(make_problem("a")) == Clustering(((0,),), ((0,),))


def test_with_a_cap_of_one_each_course_is_a_cluster() -> None:
    problem = make_problem("aabb", [(0, 2)])
    clustering = cluster_quietly(problem, max_courses=1)
    assert sorted(clustering.clusters) == [(0,), (1,), (2,), (3,)]
    assert_sound(problem, clustering, 1)


def test_if_all_courses_conflict_the_cap_holds_and_each_cluster_is_a_wave_of_its_own() -> None:
    problem = make_problem("a" * 120)
    clustering = cluster_quietly(problem)
    assert_sound(problem, clustering, 50)
    assert clustering.waves == ((0,), (1,), (2,))


@pytest.mark.parametrize("max_courses", [0, -1])
def test_a_cap_below_one_is_refused(max_courses: int) -> None:
    with pytest.raises(ValueError, match=f"expected at least 1, got {max_courses}"):
        cluster_quietly(make_problem("a"), max_courses=max_courses)


def test_progress_rises_from_graph_to_communities_to_balance() -> None:
    observer = Recorder()
    clustering = cluster(generate(400, seed=1).problem, seed=0, observer=observer)
    percents = [completed for completed, total in observer.progress]
    assert {total for _, total in observer.progress} == {100}
    assert percents == sorted(percents)
    assert len([percent for percent in percents if percent < 50]) >= 10
    assert {50, 80, 100} <= set(percents)
    assert observer.figures == {
        "clusters": len(clustering.clusters),
        "waves": len(clustering.waves),
    }


def test_a_seed_gives_the_same_clusters_whatever_the_hash_seed() -> None:
    program = (
        "import json\n"
        "from timetabling.clustering import cluster\n"
        "from timetabling.generator import generate\n"
        "from timetabling.search import SilentObserver\n"
        "problem = generate(200, seed=3).problem\n"
        "found = cluster(problem, max_courses=20, seed=7, observer=SilentObserver())\n"
        "print(json.dumps([found.clusters, found.waves]))\n"
    )
    here = cluster_quietly(generate(200, seed=3).problem, max_courses=20, seed=7)
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        clusters, waves = json.loads(done.stdout)
        assert Clustering(tuple(map(tuple, clusters)), tuple(map(tuple, waves))) == here
