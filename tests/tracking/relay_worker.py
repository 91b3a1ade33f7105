"""Processes that count for a job of another one, and do nothing that they are not told to."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing.connection import Connection

from tests.tracking.judged_job import JudgedJob
from tests.tracking.model import Handle
from tracking import relay as relay_module
from tracking import store as store_module
from tracking.relay import Relay
from tracking.unit import Unit

__all__ = ["Worker", "two_workers"]

_numbers = count()


def _serve(pipe: Connection) -> None:
    """Do what comes over the pipe, one by one, until None comes."""
    # Its thread ends at once: what is passed on, and when, is for the test to say.
    relay_module._IDLE_SECONDS = -1.0
    store_module._TIMEOUT_SECONDS = 60.0
    relay: Relay | None = None
    units: list[Unit] = []
    while (command := pipe.recv()) is not None:
        match command:
            case ("job", str(job_id), str(url)):
                relay, units = Relay(job_id, url), []
            case ("unit", str(key), int(attempt), str(stage)):
                assert relay is not None
                units.append(relay.unit(key, attempt=attempt, stage=stage))
            case ("advance", int(which), int(n)):
                units[which].advance(n)
            case ("count", int(which), int(completed), int(total)):
                units[which].update_stage_progress(completed, total)
            case ("start", int(which), str(stage)):
                units[which].start_stage(stage)
            case ("complete", int(which)):
                units[which].complete_stage()
            case ("say", int(which), str(message)):
                units[which].update(message, cost=1)
            case ("flush",):
                assert relay is not None
                relay.flush()
            case unknown:
                raise AssertionError(unknown)
        pipe.send("done")


class Worker:
    """A process of two, as the test sees it, and what it has counted by the model."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.handles: list[Handle] = []
        self._passed_on: dict[Handle, tuple[int, int]] = {}

    def tell(self, *command: object) -> None:
        """Have it do something, and wait until it is done."""
        self._pipe.send(command)
        assert self._pipe.recv() == "done"

    def take_job(self, job_id: str, url: str) -> None:
        """Count for another job from now on."""
        self.handles, self._passed_on = [], {}
        self.tell("job", job_id, url)

    def take(self, job: JudgedJob, key: str, attempt: int, stage: int | None) -> None:
        """Take a unit: the one that it has, if it asks again."""
        model = job.model
        self.tell("unit", key, attempt, "" if stage is None else job.plan.stages[stage].id)
        for handle in self.handles:
            same = (handle.key, handle.attempt) == (key, attempt)
            if same and handle.generation is model.generation:
                self.handles.append(handle)
                return
        at = model.at if stage is None else stage
        self.handles.append(Handle(key, attempt, model.generation, at))
        self.flush(job)

    def flush(self, job: JudgedJob) -> None:
        """Pass on what has changed."""
        self.tell("flush")
        for handle in self.handles:
            now = handle.completed, handle.total
            if self._passed_on.get(handle) != now:
                job.model.pass_on(handle)
                self._passed_on[handle] = now

    def speak(self, job: JudgedJob) -> None:
        """Say anything at all: the answer says what has become of the job."""
        self.tell("unit", f"nothing {next(_numbers)}", 1, "")
        self.handles.append(Handle("nothing", 1, None, 0))
        self.flush(job)


@contextmanager
def two_workers() -> Iterator[list[Worker]]:
    """Two processes, for as long as the block lasts."""
    spawning = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    for _ in range(2):
        here, there = spawning.Pipe()
        process = spawning.Process(target=_serve, args=(there,), daemon=True)
        process.start()
        there.close()
        pipes.append(here)
        processes.append(process)
    yield [Worker(pipe) for pipe in pipes]
    for pipe, process in zip(pipes, processes, strict=True):
        pipe.send(None)
        process.join(20)
        process.close()
        pipe.close()
