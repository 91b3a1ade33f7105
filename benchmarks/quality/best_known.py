"""The lowest costs that anyone has published, of the instances that have one."""

from __future__ import annotations

__all__ = ["best_known"]

# Ceschia, Di Gaspero and Schaerf, arXiv 2201.07525, table 13.
_UD2 = {
    "comp01": 5, "comp02": 24, "comp03": 64, "comp04": 35, "comp05": 284, "comp06": 27,
    "comp07": 6, "comp08": 37, "comp09": 96, "comp10": 4, "comp11": 0, "comp12": 294,
    "comp13": 59, "comp14": 51,
}  # fmt: skip


def best_known(instance: str, formulation: str) -> int | None:
    """Look up the best known cost of an instance, by the name of its file without suffix."""
    return _UD2.get(instance) if formulation == "UD2" else None
