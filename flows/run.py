"""Run the flow in this process, for the command line: servers, signals, and what is shown.

Importing this module imports Prefect, which reads its settings then.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, TextIO, cast

from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State
from rich.console import Console
from rich.status import Status

from flows.curve import Curve
from flows.following import Following
from flows.history import remembering
from flows.server import prefect_server
from flows.settings import Settings
from flows.terminal import Display
from flows.timetable import timetable
from flows.warmup import compile_kernels
from tasks.publish import Published
from tasks.stopping import cancel
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
    OSError
        If the curve cannot be written; then nothing was started.
    Exception
        Whatever made the flow fail, such as an `InputError`.
    """
    with ExitStack() as stack:
        # Before anything starts: a hook that failed for it would say nothing.
        found = None
        if curve is not None:
            opened = curve.open("w", encoding="utf-8", newline="", buffering=1)
            found = stack.enter_context(opened)
        waiting = stack.enter_context(console.status("Starting Prefect and the engines ..."))
        os.environ["HORARIUM_REDIS_URL"] = redis_url or stack.enter_context(_own_redis())
        wait_for_server = stack.enter_context(prefect_server())
        # While the server starts, before the bar and the time limit begin, the engines are
        # imported, and compiled or loaded.
        import_module("flows.making")
        compile_kernels(lambda message: console.print(f"{message} ..."))
        wait_for_server()

        show = _Show(plan, console, waiting, found, stack)
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


class _Show:
    """A hook that draws the run from its start, and lets Ctrl-C end it.

    It goes to workers with the flow, where there is nothing to draw on.
    """

    def __init__(
        self, plan: Plan, console: Console, waiting: Status, curve: TextIO | None, stack: ExitStack
    ) -> None:
        self.__name__ = "show"  # what Prefect's log calls it
        self._plan, self._console, self._waiting = plan, console, waiting
        self._curve, self._stack = curve, stack
        self._shown: set[str] = set()

    def __getstate__(self) -> dict[str, str]:
        return {"__name__": self.__name__}

    def __call__(self, flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG002
        job_id = job_id_of(flow_run)
        if job_id in self._shown:
            return  # the flow is tried again
        self._shown.add(job_id)
        self._waiting.stop()
        self._console.print(
            f"job {job_id} on {os.environ['HORARIUM_REDIS_URL']}", style="dim", soft_wrap=True
        )
        reporter, enter = job_of(job_id), self._stack.enter_context
        enter(_interrupts_stop(job_id))
        enter(Display(self._console, self._plan, lambda: reporter.last_snapshot))
        if self._curve is not None:
            enter(Following(lambda: reporter.last_snapshot, Curve(self._curve).see))


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
        cancel(job_id)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
