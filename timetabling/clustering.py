"""Courses in clusters: small enough for an exact solver, with few conflicts in between.

Three phases: a graph of which courses conflict, and how often; its communities; and communities
cut, joined and smoothed until none is too large.

Sources: Louvain communities by Blondel, Guillaume, Lambiotte and Lefebvre, "Fast unfolding of
communities in large networks", Journal of Statistical Mechanics (2008) P10008; cutting by greedy
graph growing and smoothing by single moves, as in Karypis and Kumar, "A fast and high quality
multilevel scheme for partitioning irregular graphs", SIAM J. Sci. Comput. 20 (1998), section 3.2.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import networkx as nx

from timetabling.problem import Problem
from timetabling.search import Observer

__all__ = ["Clustering", "cluster", "conflict_graph"]

# Percent of the stage that are done when a phase ends.
_GRAPH_DONE = 50
_COMMUNITIES_DONE = 80
_CUT_DONE = 90
_JOINED_DONE = 95
_ALL_DONE = 100

_REPORTS_WHILE_BUILDING = 25


@dataclass(frozen=True, slots=True)
class Clustering:
    """Courses in clusters, and clusters in waves.

    Parameters
    ----------
    clusters
        Indices of courses in rising order, each course in one cluster; the cluster whose courses
        have the most conflicts comes first.
    waves
        Indices of clusters in rising order, each cluster in one wave. Courses of two clusters of
        a wave never conflict, so these can be solved side by side if they share out the rooms.
    """

    clusters: tuple[tuple[int, ...], ...]
    waves: tuple[tuple[int, ...], ...]


def cluster(
    problem: Problem, *, max_courses: int = 50, seed: int, observer: Observer
) -> Clustering:
    """Cluster the courses so that few conflicts are cut; the same seed gives the same clusters.

    Parameters
    ----------
    problem
        Its teachers and curricula say which courses conflict.
    max_courses
        Most courses in a cluster, at least 1.
    seed
        Of the search for communities.
    observer
        Is told the percentage done, of 100.

    Raises
    ------
    ValueError
        If `max_courses` is below 1.
    """
    if max_courses < 1:
        raise ValueError(f"courses in a cluster: expected at least 1, got {max_courses}")
    graph = conflict_graph(problem, observer)
    communities = _find_communities(graph, seed, observer)

    clusters = [part for courses in communities for part in _cut(graph, courses, max_courses)]
    observer.update_stage_progress(_CUT_DONE, _ALL_DONE)
    clusters = _join(graph, clusters, max_courses)
    observer.update_stage_progress(_JOINED_DONE, _ALL_DONE)
    clusters = _smooth(graph, clusters, max_courses)

    conflicts = dict(graph.degree(weight="weight"))
    clusters.sort(key=lambda courses: (-sum(conflicts[c] for c in courses), courses))
    waves = _colour(graph, clusters)
    observer.update_stage_progress(_ALL_DONE, _ALL_DONE)
    observer.update(f"{len(clusters)} groups of courses", clusters=len(clusters), waves=len(waves))
    return Clustering(tuple(map(tuple, clusters)), tuple(map(tuple, waves)))


def conflict_graph(problem: Problem, observer: Observer) -> nx.Graph[int]:
    """Join any two courses that conflict.

    An edge weighs 1 for each curriculum that holds both courses, and 1 more if they have one
    teacher. Building it counts as the first half of clustering.
    """
    of_teacher: dict[str, list[int]] = {}
    for c, course in enumerate(problem.courses):
        of_teacher.setdefault(course.teacher, []).append(c)
    groups = [*of_teacher.values(), *(sorted(q.courses) for q in problem.curricula)]

    step = math.ceil(len(groups) / _REPORTS_WHILE_BUILDING)
    weights: Counter[tuple[int, int]] = Counter()
    for done, group in enumerate(groups, start=1):
        weights.update(combinations(group, 2))
        if done % step == 0 or done == len(groups):
            observer.update_stage_progress(_GRAPH_DONE * done // len(groups), _ALL_DONE)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(problem.courses)))
    graph.add_weighted_edges_from((a, b, weight) for (a, b), weight in weights.items())
    return graph


def _find_communities(graph: nx.Graph[int], seed: int, observer: Observer) -> list[list[int]]:
    communities: list[set[int]] = []
    share = _COMMUNITIES_DONE - _GRAPH_DONE
    for level, found in enumerate(nx.community.louvain_partitions(graph, seed=seed), start=1):
        communities = found
        # How many levels there will be is not known, so each is half of what is left.
        observer.update_stage_progress(_COMMUNITIES_DONE - (share >> level), _ALL_DONE)
    observer.update_stage_progress(_COMMUNITIES_DONE, _ALL_DONE)
    return sorted(map(sorted, communities))


def _cut(graph: nx.Graph[int], courses: list[int], max_courses: int) -> list[list[int]]:
    """Cut a community into as few parts as the cap allows, growing one after the other.

    A part starts at the course with the most conflicts and takes in, again and again, the course
    with the most conflicts with it. Louvain again, inside the community, cut 1 to 4 % more in the
    end on the Erlangen instances.
    """
    left = dict.fromkeys(courses)
    parts = []
    for parts_left in range(math.ceil(len(courses) / max_courses), 0, -1):
        ties = {c: sum(graph[c][d]["weight"] for d in graph[c] if d in left) for c in left}
        part = [max(left, key=lambda c: (ties[c], -c))]
        pull = dict.fromkeys(left, 0)
        for _ in range(math.ceil(len(left) / parts_left) - 1):
            del pull[part[-1]]
            for d, edge in graph[part[-1]].items():
                if d in pull:
                    pull[d] += edge["weight"]
            part.append(max(pull, key=lambda c: (pull[c], -c)))
        for c in part:
            del left[c]
        parts.append(part)
    return parts


def _join(graph: nx.Graph[int], clusters: list[list[int]], max_courses: int) -> list[list[int]]:
    """Join the two clusters with the most conflicts that fit together, until none are left.

    Those without any conflict outside are packed together: on their own each would be a needless
    run of a solver.
    """
    alive = dict(enumerate(clusters))
    ties = _ties(graph, clusters)
    heap = [(-weight, i, j) for i, row in enumerate(ties) for j, weight in row.items() if i < j]
    heapq.heapify(heap)
    while heap:
        _, i, j = heapq.heappop(heap)
        if i not in alive or j not in alive or len(alive[i]) + len(alive[j]) > max_courses:
            continue
        joined = len(ties)
        alive[joined] = alive.pop(i) + alive.pop(j)
        ties.append(Counter())
        for k in sorted((ties[i] | ties[j]).keys() & alive.keys()):
            ties[joined][k] = ties[k][joined] = ties[i][k] + ties[j][k]
            heapq.heappush(heap, (-ties[joined][k], k, joined))

    tied: list[list[int]] = []
    packed: list[list[int]] = [[]]
    for i, courses in sorted(alive.items(), key=lambda item: len(item[1])):
        if ties[i].keys() & alive.keys():
            tied.append(courses)
        elif len(packed[-1]) + len(courses) <= max_courses:
            packed[-1] += courses
        else:
            packed.append(courses)
    return tied + [courses for courses in packed if courses]


def _smooth(graph: nx.Graph[int], clusters: list[list[int]], max_courses: int) -> list[list[int]]:
    """Move single courses to the cluster they conflict with most, where it has room.

    It ends because each move cuts less; 3 or 4 rounds on the Erlangen instances.
    """
    home = _homes(clusters)
    size = Counter(home.values())
    moved = True
    while moved:
        moved = False
        for c in graph:
            pull: Counter[int] = Counter()
            for d, edge in graph[c].items():
                pull[home[d]] += edge["weight"]
            here = home[c]
            open_to_c = [i for i in pull if size[i] < max_courses]
            best = max(open_to_c, key=lambda i: (pull[i], -i), default=here)
            if pull[best] > pull[here]:
                size[here] -= 1
                size[best] += 1
                home[c] = best
                moved = True
    smooth: dict[int, list[int]] = {}
    for c in graph:
        smooth.setdefault(home[c], []).append(c)
    return list(smooth.values())


def _colour(graph: nx.Graph[int], clusters: list[list[int]]) -> list[list[int]]:
    """Put each cluster into the first wave in which it conflicts with none."""
    waves: list[list[int]] = []
    for i, row in enumerate(_ties(graph, clusters)):
        for wave in waves:
            if row.keys().isdisjoint(wave):
                wave.append(i)
                break
        else:
            waves.append([i])
    return waves


def _ties(graph: nx.Graph[int], clusters: Sequence[Sequence[int]]) -> list[Counter[int]]:
    """For each cluster, the weight of its conflicts with each other one."""
    home = _homes(clusters)
    ties: list[Counter[int]] = [Counter() for _ in clusters]
    for a, b, edge in graph.edges(data=True):
        i, j = home[a], home[b]
        if i != j:
            ties[i][j] += edge["weight"]
            ties[j][i] += edge["weight"]
    return ties


def _homes(clusters: Sequence[Sequence[int]]) -> dict[int, int]:
    return {c: i for i, courses in enumerate(clusters) for c in courses}
