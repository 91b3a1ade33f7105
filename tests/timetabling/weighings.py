"""Formulations with weights of somebody's own."""

from __future__ import annotations

from random import Random

from timetabling.penalties import FORMULATIONS, RULES, Formulation, formulation
from timetabling.problem import MAX_WEIGHT

__all__ = ["SOFT_RULES", "random_rules"]

SOFT_RULES = [rule for rule in RULES if rule not in FORMULATIONS["UD1"].hard]


def random_rules(seed: int) -> Formulation:
    """A formulation in which about half of all soft rules have another weight."""
    rng = Random(seed)
    base = FORMULATIONS[rng.choice(sorted(FORMULATIONS))]
    weights = {
        rule: rng.choice([0, 1, rng.randint(2, 10), MAX_WEIGHT])
        for rule in SOFT_RULES
        if rule not in base.hard and rng.random() < 0.5
    }
    return formulation(base.name, weights)
