"""What a unit of a soft rule costs, as the command line is told it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

__all__ = ["Weights", "read_weights"]

Weights = Annotated[
    list[str] | None,
    typer.Option(
        "--weight",
        metavar="RULE=NUMBER",
        help="What a unit of a soft rule costs in place of what the formulation says, "
        "such as `windows=3`; 0 leaves the rule out. May be given for several rules.",
    ),
]


def read_weights(given: Iterable[str] | None) -> dict[str, int]:
    """Read `rule=number`, each rule once.

    Raises
    ------
    ValueError
        If one is not of that form, or a rule is given twice.
    """
    weights: dict[str, int] = {}
    for text in given or ():
        rule, _, number = (part.strip() for part in text.partition("="))
        if not rule or not number.removeprefix("-").isdecimal():
            raise ValueError(f"--weight: expected rule=number, such as windows=3, got {text!r}")
        if rule in weights:
            raise ValueError(f"--weight: expected each rule once, got {rule} twice")
        weights[rule] = int(number)
    return weights
