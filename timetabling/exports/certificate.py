"""A certificate: what a timetable was made from, how, and what it costs by the rules.

It can be checked by whoever has the instance and the timetable (`differences`). It is not signed:
it tells a mistake, not a forger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from timetabling.formats.solution import solution_text
from timetabling.penalties import RULES, Formulation, evaluate
from timetabling.problem import Timetable

__all__ = [
    "Certificate",
    "Search",
    "certify",
    "differences",
    "facts",
    "not_counted",
    "timetable_digest",
]

Digest = Field(pattern="^[0-9a-f]{64}$")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Search(_Record):
    """How a timetable was looked for; of two limits, that of work decides."""

    job_id: str
    seed: int
    time_limit_seconds: float
    work_limit: int | None
    plan: str
    start_sha256: str | None = Field(description="Of the timetable that it went on from")
    stopped_early: bool


class Certificate(_Record):
    """What is certified of a timetable."""

    format: Literal["horarium-certificate-1"] = "horarium-certificate-1"
    made_at: AwareDatetime
    instance: str
    instance_sha256: str = Digest
    timetable_sha256: str = Digest
    num_lectures: int
    formulation: str
    hard: tuple[str, ...]
    weights: dict[str, int]
    exceptions: dict[str, dict[str, int]] = Field(
        default={}, description="By course: what rules cost otherwise for it"
    )
    violations: dict[str, int]
    penalties: dict[str, int]
    cost: int
    bound: int | None = Field(description="What every feasible timetable costs at least")
    search: Search | None = Field(description="None: it was not made by a run that is known")
    versions: dict[str, str]

    @model_validator(mode="after")
    def _check(self) -> Certificate:
        unknown = sorted({*self.hard, *self.weights}.difference(RULES))
        if unknown:
            raise ValueError(f"rules: expected some of {', '.join(RULES)}, got {unknown[0]!r}")
        return self

    @property
    def rules(self) -> Formulation:
        """The rules and weights that count."""
        return Formulation(self.formulation, self.hard, self.weights)

    @property
    def text(self) -> str:
        """As a file in JSON."""
        return self.model_dump_json(indent=2) + "\n"


def certify(
    timetable: Timetable,
    rules: Formulation,
    *,
    instance_sha256: str,
    made_at: AwareDatetime,
    versions: dict[str, str],
    bound: int | None = None,
    search: Search | None = None,
) -> Certificate:
    """Count every rule from scratch, and put down what is known of a timetable.

    Parameters
    ----------
    instance_sha256
        See `timetabling.formats.digest`.
    made_at
        Now, with its time zone.
    versions
        Of the programs, by name.
    bound
        What every feasible timetable costs at least, if that is known.
    search
        How it was found, if that is known.
    """
    problem, score = timetable.problem, evaluate(timetable, rules)
    return Certificate(
        made_at=made_at,
        instance=problem.name,
        instance_sha256=instance_sha256,
        timetable_sha256=timetable_digest(timetable),
        num_lectures=len(timetable.lectures),
        formulation=rules.name,
        hard=rules.hard,
        weights=dict(rules.weights),
        exceptions={
            problem.courses[c].id: dict(own) for c, own in problem.weights_by_course.items()
        },
        violations=dict(score.violations),
        penalties=dict(score.penalties),
        cost=score.cost,
        bound=bound,
        search=search,
        versions=versions,
    )


def timetable_digest(timetable: Timetable) -> str:
    """The SHA-256 of a timetable, whatever its file's format: that of its `.sol` file."""
    return hashlib.sha256(solution_text(timetable).encode()).hexdigest()


def not_counted(certificate: Certificate, timetable: Timetable) -> tuple[str, ...]:
    """The certified rules that the instance alone cannot count.

    They are about files that the run had beside it: pins, and the timetable before.
    """
    problem = timetable.problem
    counted = evaluate(timetable, certificate.rules).violations
    rules = []
    # An instance may have pins of its own; with those of a file there are only more to break.
    if certificate.violations.get("pins", -1) > counted.get("pins", -1):
        rules.append("pins")
    if "max_changes" in certificate.violations and problem.max_changes is None:
        rules.append("max_changes")
    if "changes" in certificate.penalties and not problem.before:
        rules.append("changes")
    return tuple(rules)


def differences(
    certificate: Certificate, timetable: Timetable, instance_sha256: str
) -> Iterator[str]:
    """What a certificate says otherwise than the instance and the timetable do; a line each.

    What is `not_counted` is left out, from the cost as well.
    """
    found = certify(
        timetable,
        certificate.rules,
        instance_sha256=instance_sha256,
        made_at=certificate.made_at,
        versions={},
    )
    unknown = not_counted(certificate, timetable)
    for name in (
        "instance_sha256",
        "timetable_sha256",
        "num_lectures",
        "exceptions",
        "violations",
        "penalties",
        "cost",
    ):
        said, true = (_without(unknown, each, name) for each in (certificate, found))
        if said == true:
            continue
        if isinstance(said, dict):
            for rule in sorted({*said, *true}):
                if said.get(rule) != true.get(rule):
                    yield f"{name} of {rule}: certified {said.get(rule)}, found {true.get(rule)}"
        else:
            yield f"{name}: certified {said}, found {true}"
    # By the certified figures, which are compared above: the bound is one of all rules.
    cost, bound = certificate.cost, certificate.bound
    if bound is not None and not any(certificate.violations.values()) and cost < bound:
        yield f"bound: certified {bound}, found a timetable that costs less: {cost}"


def _without(rules: tuple[str, ...], certificate: Certificate, name: str) -> Any:
    """A field of a certificate, as if some rules were none."""
    value = getattr(certificate, name)
    if name == "cost":
        return value - sum(certificate.penalties.get(rule, 0) for rule in rules)
    if name in ("violations", "penalties"):
        return {rule: amount for rule, amount in value.items() if rule not in rules}
    return value


def facts(certificate: Certificate) -> list[tuple[str, str]]:
    """The same for people, in the order in which they ask."""
    search = certificate.search
    told = [
        ("Instance", certificate.instance),
        ("SHA-256 of the instance", certificate.instance_sha256),
        ("SHA-256 of the timetable", certificate.timetable_sha256),
        ("Lectures", str(certificate.num_lectures)),
        ("Rules", certificate.formulation),
        ("Weights", _weights(certificate.weights)),
        *(
            (f"Weights of {course}", _weights(each))
            for course, each in certificate.exceptions.items()
        ),
        ("Hard rules broken", str(sum(certificate.violations.values()))),
        ("Cost", str(certificate.cost)),
        ("Costs at least", "not known" if certificate.bound is None else str(certificate.bound)),
    ]
    if search is not None:
        limit = f"{search.time_limit_seconds:g} s"
        if search.work_limit is not None:
            limit = f"{search.work_limit} units of work"
        told += [
            ("Job", search.job_id),
            ("Seed", str(search.seed)),
            ("Limit", limit + (", stopped early" if search.stopped_early else "")),
            ("Plan", search.plan),
        ]
        if search.start_sha256 is not None:
            told.append(("SHA-256 of the start", search.start_sha256))
    versions = ", ".join(f"{name} {each}" for name, each in certificate.versions.items())
    return [*told, ("Versions", versions), ("Certified at", certificate.made_at.isoformat())]


def _weights(weights: dict[str, int]) -> str:
    return ", ".join(f"{rule.replace('_', ' ')} {weight}" for rule, weight in weights.items())
