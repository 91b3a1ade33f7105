"""Repair by an agent that learns, while it works, which conflict to repair and how.

Episodes set out from the best timetable so far. At each step some conflicts and some repairs
of each are drawn (`timetabling.kernels.candidates`), a small network chooses one, and it is
carried out whatever it does to the cost: to leave bad ones alone is learned too. After each
round of episodes a policy gradient changes the network (`timetabling.solvers.policy`).
Why so, and what it gains: docs/decisions/0004-repair-agent.md.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from timetabling.kernels.choice import FEATURES
from timetabling.kernels.delta import new_state
from timetabling.kernels.desk import new_desk
from timetabling.kernels.model import compile_model, to_arrays, to_timetable
from timetabling.kernels.repairs import Record, new_record, run_episode
from timetabling.penalties import Formulation
from timetabling.problem import Problem, Timetable
from timetabling.search import Observer, Result, Stop
from timetabling.solvers.policy import Decisions, Learner, advantages

__all__ = ["solve"]

EPISODES = 16  # in one round: all from the same timetable, with the same weights
MIN_STEPS, MAX_STEPS = 5, 100  # decisions of one episode
# Points of cost that a violation counts: of any formulation 100, more where a rule is dearer.
VIOLATION_WEIGHT, USUAL_WEIGHT = 100, 5
DISCOUNT = 0.9
BEST_BONUS = 4.0  # worth of a point below the best of the episode; one of descent is worth 1
REWARD_SCALE = 10.0  # points; larger falls count less than in proportion


def solve(
    problem: Problem,
    *,
    formulation: Formulation,
    start: Timetable | None,
    stop: Stop,
    seed: int,
    observer: Observer,
    lower_bound: int = 0,
    num_batches: int = 40,
    choice: Literal["learned", "uniform"] = "learned",
) -> Result:
    """Repair a timetable, or build one from nothing.

    Parameters
    ----------
    problem
        The instance.
    formulation
        The rules and their weights.
    start
        The timetable to repair; None starts from an empty one.
    stop
        The budget; a move priced is a unit of work.
    seed
        Of everything that is drawn.
    observer
        Told of every batch, and of what was found in it.
    lower_bound
        No feasible timetable costs less: one that costs as much ends the search.
    num_batches
        Batches of episodes to report, which share the budget evenly.
    choice
        Let the agent choose, or choose at random among the same candidates.

    Returns
    -------
    Result
        The best timetable seen, never worse than `start`; its units are batches.
    """
    model = compile_model(problem, formulation)
    periods, rooms = to_arrays(start or Timetable(problem))
    state, desk = new_state(model, periods, rooms), new_desk(model)
    best = int(state.total[0]), int(state.total[1])
    records = [new_record(model, MAX_STEPS) for _ in range(EPISODES)]
    learner = Learner(len(FEATURES), seed=seed)
    seeds = np.random.SeedSequence(seed)

    exceptions = (x.weight for x in problem.course_weights)
    dearest = max(USUAL_WEIGHT, *formulation.weights.values(), *exceptions)
    violation_weight = VIOLATION_WEIGHT * dearest // USUAL_WEIGHT
    begun = stop.fraction()
    decisions = batches = 0
    while best > (0, lower_bound) and not stop():
        steps = _fitting_steps(
            stop.fraction() - begun, 1.0 - begun, decisions, batches, num_batches
        )
        weights = learner.weights()
        round_best, best_record = best, None
        finished = 0
        for record, word in zip(records, _words(seeds), strict=True):
            if stop():
                break
            desk.random[0] = max(1, word)
            desk.work[0] = 0
            found = run_episode(
                model,
                state,
                desk,
                record,
                weights,
                steps,
                periods,
                rooms,
                violation_weight,
                stop.fraction(),
            )
            stop.spend(int(desk.work[0]))
            finished += 1
            if found < round_best:
                round_best, best_record = found, record
        decisions += finished * steps
        if best_record is not None:
            best = round_best
            periods[:], rooms[:] = best_record.period, best_record.room
        if choice == "learned" and finished == EPISODES:
            _learn(learner, records, steps)
        done = min(num_batches, int((stop.fraction() - begun) / (1.0 - begun) * num_batches + 1e-9))
        if done > batches:
            batches = done
            observer.update_stage_progress(batches, num_batches)
            observer.update(
                f"repair batch {batches}/{num_batches}: cost {best[1]}",
                violations=best[0],
                cost=best[1],
            )
    timetable = to_timetable(problem, periods, rooms)
    return Result(timetable=timetable, violations=best[0], cost=best[1], units=batches)


def _fitting_steps(
    used: float, budget: float, decisions: int, batches: int, num_batches: int
) -> int:
    """Steps an episode may take for the round to end no later than the batch should.

    As `used` of the budget served for `decisions` so far; the first round is a short one, to
    find out.
    """
    if used <= 0.0 or decisions == 0:
        return MIN_STEPS
    left = budget * (batches + 1) / num_batches - used
    steps = int(left * decisions / used / EPISODES)
    return max(MIN_STEPS, min(MAX_STEPS, steps))


def _words(seeds: np.random.SeedSequence) -> list[int]:
    """Seeds of the episodes of the next round."""
    return [int(word) for word in seeds.spawn(1)[0].generate_state(EPISODES, np.uint64)]


def _learn(learner: Learner, records: list[Record], steps: int) -> None:
    """Change the network by what the episodes of a round brought."""
    fall = np.stack([record.fall[:steps] for record in records])
    gain = np.stack([record.gain[:steps] for record in records])
    rewards = _squash(fall) + np.float32(BEST_BONUS) * _squash(gain)
    decisions = Decisions(
        np.concatenate([record.features[:steps] for record in records]),
        np.concatenate([record.num_candidates[:steps] for record in records]),
        np.concatenate([record.chosen[:steps] for record in records]),
    )
    learner.learn(decisions, advantages(rewards, discount=DISCOUNT).reshape(-1))


def _squash(points: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sign(points) * np.log1p(np.abs(points) / np.float32(REWARD_SCALE))
