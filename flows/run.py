"""Run the flow in this process, for the command line: servers, signals, and what is shown.

Importing this module imports Prefect, which reads its settings then.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, cast

from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State
from rich.console import Console

from flows.curve import Curve
from flows.history import remembering
from flows.server import prefect_server
from flows.settings import Settings
from flows.terminal import Display
from flows.timetable import timetable
from flows.warmup import compile_kernels
from tasks.publish import Published
from tasks.stopping import stop_searching
from tracking.embedded import embedded_redis
from tracking.hooks import job_id_of
from tracking.jobs import job_of
from tracking.plan import Plan

__all__ = ["run"]


def run(
    parameters: Mapping[str, Any],
    plan: Plan,
    *,
    redis_url: str | None,
    console: Console,
    curve: Path | None = None,
) -> Published:
    """Run the flow, draw its progress, and return what was published.

    Parameters
    ----------
    parameters
        The flow's.
    plan
        The one that the parameters name.
    redis_url
        Where progress is told; None starts a Redis for this run.
    console
        Where progress is drawn.
    curve
        Where what is found is written, as it is found: see `flows.curve`.

    Raises
    ------
    RuntimeError
        If the flow crashed, or Prefect's server did not start.
    Exception
        Whatever made the flow fail, such as an `InputError`.
    """
    with ExitStack() as stack:
        waiting = stack.enter_context(console.status("Starting Prefect and the engines ..."))
        os.environ["HORARIUM_REDIS_URL"] = redis_url or stack.enter_context(_own_redis())
        wait_for_server = stack.enter_context(prefect_server())
        # Compiled, or loaded, while the server starts: before the bar and the time limit begin.
        compile_kernels(lambda message: console.print(f"{message} ..."))
        wait_for_server()

        def show(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
            job_id = job_id_of(flow_run)
            waiting.stop()
            console.print(
                f"job {job_id} on {os.environ['HORARIUM_REDIS_URL']}", style="dim", soft_wrap=True
            )
            reporter = job_of(job_id)
            stack.enter_context(Display(console, plan, lambda: reporter.last_snapshot))
            if curve is not None:
                file = curve.open("w", encoding="utf-8", newline="", buffering=1)
                stack.enter_context(
                    Curve(stack.enter_context(file), lambda: reporter.last_snapshot)
                )
            stack.enter_context(_interrupts_stop(job_id))

        watched = timetable.with_options(on_running=[*timetable.on_running_hooks, show])
        state = watched(**parameters, return_state=True)
    if state.is_cancelled():
        # `state.result()` raises for a cancelled run, whatever it returned.
        return cast("Published", cast("Any", state.data).result)
    if state.is_crashed():
        raise RuntimeError(f"the run crashed: {state.message}")
    result = state.result(raise_on_failure=False)
    if isinstance(result, Exception):
        raise result
    return cast("Published", result)


@contextmanager
def _own_redis() -> Iterator[str]:
    """A Redis for this run, which knows of earlier ones."""
    with embedded_redis() as url, remembering(url, Settings().state_folder):
        yield url


@contextmanager
def _interrupts_stop(job_id: str) -> Iterator[None]:
    """Let the first Ctrl-C end the search, and a second one end the process."""

    def stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
        signal.signal(signal.SIGINT, before)
        stop_searching(job_id, cancel=True)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
