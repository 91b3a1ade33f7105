"""The flow in a process of its own, with what is to happen to it as an argument, in JSON."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

from prefect.futures import PrefectFuture

from flows.brief import Brief
from flows.timetable import timetable
from timetabling.problem import Timetable

__all__ = ["main"]


def main() -> None:
    """Run it; print when the budget of each try began, and the name of the state at the end.

    With ``"fails_once"``, the first try fails once all clusters are placed.
    """
    what = json.loads(sys.argv[1])
    making: Any = import_module("flows.making")
    improve = making.improve
    began: list[float] = []

    def fail_once(best: Timetable, bounding: PrefectFuture[int], brief: Brief) -> Any:
        began.append(brief.budget.started_at)
        if what.get("fails_once") and len(began) == 1:
            raise OSError("a worker is gone")
        return improve(best, bounding, brief)

    making.improve = fail_once
    flow = timetable.with_options(**what["options"])
    state: Any = flow(**what["parameters"], return_state=True)
    print(json.dumps({"began": began, "end": state.name}))  # noqa: T201
