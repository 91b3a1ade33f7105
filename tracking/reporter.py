"""Counts in memory, published in the background: what a task holds to say how far it is."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tracking import keys
from tracking.plan import Plan
from tracking.progress import Progress
from tracking.snapshot import End, Snapshot
from tracking.store import Store, Unavailable

__all__ = ["Reporter"]

_log = logging.getLogger(__name__)

_HURRY_SECONDS = 0.04
_RETRY_SECONDS = 1.0  # between two tries while Redis is away
_FLUSH_SECONDS = 2.0  # how long an end waits for its snapshot to be written
_LAST_WORDS_SECONDS = keys.TTL_SECONDS  # after this nobody would find the job's end anyway


class Reporter:
    """Says how far one job is. Every call changes a counter in memory and returns.

    Nothing here waits for the network or raises into the caller, except that the end of a job
    waits up to 2 s until its snapshot is written. Safe to call from any thread. A reporter that
    was never started counts, and publishes nothing.

    Parameters
    ----------
    job_id
        1 to 128 of ``A-Za-z0-9._-``.
    plan
        The stages.
    redis_url
        Where to publish; None keeps the snapshots in `last_snapshot` alone.
    clock
        Gives Unix seconds; may be set back.
    interval_seconds
        The longest time between two snapshots of a running job.
    expected_seconds
        How long stages are thought to take, by id; see `expect`.
    run_id
        Tells a retry of one run, which never moves the bar backward, from a new run under the
        same job id, which starts at 0.

    Raises
    ------
    ValueError
        If the job id, the URL or a stage's id is none.
    """

    def __init__(
        self,
        job_id: str,
        plan: Plan,
        redis_url: str | None,
        *,
        clock: Callable[[], float] = time.time,
        interval_seconds: float = 0.5,
        expected_seconds: Mapping[str, float] | None = None,
        run_id: str = "",
    ) -> None:
        self.job_id = keys.check_job_id(job_id)
        self.run_id = run_id
        self.plan = plan
        self._clock = clock
        # A fifth less: what is meant to come within the interval may be late.
        self._pause_seconds = 0.8 * interval_seconds
        self._store = None if redis_url is None else Store(redis_url)
        self._progress = Progress(
            plan, job_id, clock(), run_id=run_id, expected_seconds=expected_seconds
        )
        self._lock = threading.RLock()  # a signal may interrupt one report with another
        self._wake = threading.Event()
        self._flushed = threading.Event()
        self._publisher: threading.Thread | None = None
        self._last: Snapshot | None = None
        self._met = False  # whether what Redis knew of this job has been read
        self._try_again = 0.0  # when Redis is worth another try
        self._complained = False

    # The job

    def start(self) -> None:
        """Begin to publish, in a thread of its own."""
        with self._reporting():
            if self._publisher is None:
                self._start_publisher()

    def start_attempt(self) -> None:
        """The whole flow is tried again: begin from the first stage, and publish again."""
        with self._reporting() as now:
            self._progress.start_attempt(now)
            if self._publisher is not None and self._flushed.is_set():
                self._start_publisher()
        self._wake.set()

    def mark_completed(self) -> None:
        """The job is done: 100 %."""
        self._finish("completed")

    def mark_failed(self, reason: str) -> None:
        """The job failed, and why."""
        self._finish("failed", reason)

    def mark_cancelled(self) -> None:
        """The job was cancelled."""
        self._finish("cancelled")

    def mark_timeout(self) -> None:
        """The job ran out of time."""
        self._finish("timeout")

    @property
    def ended(self) -> bool:
        """Whether the job's end was reported."""
        with self._lock:
            return self._progress.ended

    @property
    def last_snapshot(self) -> Snapshot | None:
        """What was published last, whether or not Redis could take it."""
        return self._last

    # The work

    def expect(self, seconds: Mapping[str, float]) -> None:
        """Say how long stages are thought to take, in seconds by id: the time left rests on it."""
        with self._reporting():
            self._progress.expect(seconds)

    def start_stage(self, stage: str, *, expected_seconds: float | None = None) -> None:
        """Work on a stage begins; the stages before it are done, or were skipped.

        The same stage again: its task is retried, and counts afresh. An earlier one: the flow is
        retried.
        """
        with self._reporting() as now:
            if expected_seconds is not None:
                self._progress.expect({stage: expected_seconds})
            self._progress.start_stage(stage, now)
        self._wake.set()

    def update_stage_progress(self, completed: int, total: int) -> None:
        """`completed` units of the stage's `total` are finished."""
        with self._reporting() as now:
            self._progress.count(completed, total, now)

    def update_work_progress(self, completed: int) -> None:
        """`completed` units are finished; their total stays what it was."""
        with self._reporting() as now:
            self._progress.count(completed, None, now)

    def advance(self, n: int = 1) -> None:
        """`n` more units are finished."""
        with self._reporting() as now:
            self._progress.advance(n, now)

    def complete_stage(self) -> None:
        """All work of the stage is done: the bar goes to the stage's end."""
        with self._reporting() as now:
            self._progress.complete_stage(now)
        self._wake.set()

    def update(self, message: str, **figures: float) -> None:
        """Say in words, and in figures such as ``cost`` and ``violations``, what was found."""
        with self._reporting():
            self._progress.say(message, figures)

    @contextmanager
    def _reporting(self) -> Iterator[float]:
        """Hold the lock for one report; gives the time, and logs what is wrong with the report."""
        try:
            with self._lock:
                yield self._clock()
        except Exception:  # noqa: BLE001 - no solve may fail for its progress bar
            _log.exception("job %s: a report of progress was dropped", self.job_id)

    # The publisher

    def _start_publisher(self) -> None:
        self._flushed.clear()
        self._publisher = threading.Thread(
            target=self._publish_until_end, name=f"progress-{self.job_id}", daemon=True
        )
        self._publisher.start()

    def _finish(self, status: End, reason: str = "") -> None:
        with self._reporting() as now:
            self._progress.end(status, now, reason=str(reason))
        self._wake.set()
        if self._publisher is not None and not self._flushed.wait(_FLUSH_SECONDS):
            _log.warning("job %s: its end (%s) is not in Redis yet", self.job_id, status)

    def _publish_until_end(self) -> None:
        ended_at: float | None = None
        while True:
            self._wake.clear()
            began = time.monotonic()
            self._meet()
            with self._lock:
                snapshot = self._progress.next(self._clock())
                over, hurry = self._progress.over, self._progress.hurry
            self._last = snapshot
            settled = self._write(snapshot, urgent=over and ended_at is None)
            if over:
                ended_at = ended_at or time.monotonic()
                given_up = time.monotonic() - ended_at > _LAST_WORDS_SECONDS
                with self._lock:
                    # Under the lock: a new attempt starts a thread only if this one is done.
                    if self._progress.over and (settled or given_up):
                        self._flushed.set()
                        return
            spent = time.monotonic() - began
            self._wake.wait(_HURRY_SECONDS if hurry else max(0.0, self._pause_seconds - spent))

    def _meet(self) -> None:
        """Once, go on from what Redis knows of this job."""
        if self._met or self._store is None or time.monotonic() < self._try_again:
            return
        try:
            stored = self._store.snapshot(self.job_id)
        except Unavailable as trouble:
            self._miss(trouble)
            return
        self._met = True
        if stored is not None:
            with self._lock:
                self._progress.adopt(stored)

    def _write(self, snapshot: Snapshot, *, urgent: bool) -> bool:
        """Write it if Redis is there; whether this snapshot needs no other try."""
        if self._store is None:
            return True
        if not self._met or (time.monotonic() < self._try_again and not urgent):
            return False
        try:
            answer = self._store.write(snapshot)
        except Unavailable as trouble:
            self._miss(trouble)
            return False
        if answer.verdict == "older":
            with self._lock:
                self._progress.skip_to(answer.seq)
            return False
        if answer.verdict == "superseded":
            self._complain("another process has taken the job over")
        return True

    def _miss(self, trouble: Unavailable) -> None:
        """Redis is away: say so once, and leave it alone for a while."""
        self._try_again = time.monotonic() + _RETRY_SECONDS
        self._complain(f"Redis is away, the job goes on without: {trouble}")

    def _complain(self, trouble: str) -> None:
        if not self._complained:
            self._complained = True
            _log.warning("job %s: %s", self.job_id, trouble)
