"""What a job's counts must be, in the plainest words: a list of handles, and sums over it."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Handle", "JobModel"]


@dataclass(eq=False)
class Handle:
    """What one attempt at one piece of work has counted; the flow's own has no key.

    Stages are numbers here.
    """

    key: str
    attempt: int
    generation: object
    stage: int
    completed: int = 0
    total: int = 0

    def advance(self, n: int) -> None:
        """`n` more."""
        self.completed += n

    def count(self, completed: int, total: int | None = None) -> None:
        """So many, or what was said before if that is more."""
        self.completed = max(self.completed, completed)
        self.total = self.total if total is None else max(0, total)

    def move(self, stage: int) -> None:
        """What it counts from now on is of another stage."""
        self.stage, self.completed, self.total = stage, 0, 0


class JobModel:
    """A job that does everything at once, in one place, with nothing in between.

    Parameters
    ----------
    last
        Number of the last stage.
    attempt
        Which the job begins with.
    """

    def __init__(self, last: int, attempt: int = 1) -> None:
        self.last = last
        self.attempt = attempt
        self.at = 0
        """The stage in work."""
        self.begun = False
        """Whether it was started: between two stages it was not."""
        self.finished = False
        """Whether the last stage is done."""
        self.frozen: tuple[int, int] | None = None
        """The counts of a stage or job that is over: nothing changes them."""
        self.end = ""
        self.handles: list[Handle] = []
        self.elsewhere: dict[str, Handle] = {}
        """What other processes have passed on: the latest attempt at each piece."""
        self.generation = object()
        self.own = Handle("", 1, self.generation, 0)

    def unit(self, key: str, attempt: int, stage: int | None) -> Handle:
        """A handle to report to: the one that is there, or a new one."""
        for handle in self._of_now():
            if (handle.key, handle.attempt) == (key, attempt):
                return handle
        at = self.at if stage is None else stage
        self.handles.append(Handle(key, attempt, self.generation, at))
        return self.handles[-1]

    def counts(self, handle: Handle) -> bool:
        """Whether what it says matters: no later attempt, of the flow or the task, is known."""
        same_piece = [h.attempt for h in self._of_now() if h.key == handle.key]
        return handle is self.own or (
            handle.generation is self.generation and handle.attempt == max(same_piece)
        )

    def sums(self) -> tuple[int, int]:
        """Items completed and in all of the stage in work; 0 in all says that nobody knows."""
        if self.frozen is not None:
            return self.frozen
        return self._sums() if self.begun else (0, 0)

    def look(self) -> None:
        """The job's process looks at the counts: the first one begins the first stage."""
        if self.at == 0 and not self.begun and self._sums() != (0, 0):
            self.begun = True

    def start(self, stage: int, by: Handle) -> None:
        """The flow or a task says that a stage begins."""
        if self.counts(by):
            self._start(stage, by_flow=by is self.own)
        if by is not self.own and by.stage != stage:
            by.move(stage)

    def complete(self, by: Handle) -> None:
        """The flow or a task says that its stage is done."""
        if self.counts(by) and (by is self.own or by.stage == self.at):
            self._complete()

    def hear(self, verb: str, stage: int) -> None:
        """A task in another process says that a stage begins, or is done."""
        self._start(stage, by_flow=False)
        if verb == "complete" and stage == self.at:
            self._complete()

    def pass_on(self, handle: Handle) -> None:
        """Another process says what it has counted, perhaps once more."""
        if handle.generation is self.generation:
            there = self.elsewhere.setdefault(handle.key, handle)
            if handle.attempt >= there.attempt:
                self.elsewhere[handle.key] = replace(handle)

    def retry(self) -> None:
        """The whole flow is tried again."""
        self.attempt += 1
        self.end = ""
        self._count_afresh()
        self._go(0, begun=False)

    def finish(self, status: str) -> None:
        """The job ends, unless it has."""
        if self.end:
            return
        self.look()
        self.end, self.frozen = status, self.sums()
        if status == "completed" and self.at < self.last:
            self._go(self.last, begun=True)
            self.frozen = (0, 0)

    def _start(self, stage: int, *, by_flow: bool) -> None:
        if self.end:
            return
        self.look()
        again = stage < self.at or (stage == self.at and self.begun)
        if by_flow or not again:
            self.attempt += stage < self.at
            if again:
                self._count_afresh()
            self._go(stage, begun=True)

    def _complete(self) -> None:
        if self.end:
            return
        self.look()
        if self.begun and self.at == self.last:
            self.finished, self.frozen = True, self.sums()
        elif self.begun:
            self._go(self.at + 1, begun=False)

    def _go(self, stage: int, *, begun: bool) -> None:
        self.at, self.begun, self.finished, self.frozen = stage, begun, False, None
        self.own.move(stage)

    def _count_afresh(self) -> None:
        self.generation = object()
        self.elsewhere.clear()
        self.own.completed = self.own.total = 0

    def _of_now(self) -> list[Handle]:
        return [handle for handle in self.handles if handle.generation is self.generation]

    def _sums(self) -> tuple[int, int]:
        counting = [handle for handle in self._of_now() if self.counts(handle)]
        counted = [h for h in (*counting, *self.elsewhere.values()) if h.stage == self.at]
        completed = sum(handle.completed for handle in counted) + self.own.completed
        total = max(sum(handle.total for handle in counted), self.own.total)
        return completed, max(total, completed) if total else 0
