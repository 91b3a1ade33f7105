"""A job's own process: counts in memory, published in the background."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from tracking import keys
from tracking.accuracy import Accuracy
from tracking.connection import Connection
from tracking.plan import Plan
from tracking.progress import Progress
from tracking.requests import Requests
from tracking.scripts.publish import Answer, Elsewhere
from tracking.snapshot import End, Snapshot
from tracking.store import Store
from tracking.tally import Counts, Tally
from tracking.turns import TURNS
from tracking.unit import Unit

__all__ = ["Reporter"]

_log = logging.getLogger(__name__)

T = TypeVar("T")

_HURRY_SECONDS = 0.04
_FLUSH_SECONDS = 2.0  # how long an end waits for its snapshot to be written
_LAST_WORDS_SECONDS = keys.TTL_SECONDS  # after this nobody would find the job's end anyway


class Reporter(Unit):
    """Says how far one job is, from the process that its flow runs in.

    It is the flow's own unit of work: what it counts belongs to the stage in work. Tasks take a
    `unit` each, so that a retry counts afresh; tasks in other processes a
    `tracking.relay.Relay`'s.

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
    deployment
        Of which the run is one: its earlier runs say how long the stages take.

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
        deployment: str = "",
    ) -> None:
        super().__init__(self, "", 1, "")
        self._job_id = keys.check_job_id(job_id)
        self.run_id = run_id
        self._deployment = deployment
        self._clock = clock
        # A fifth less: what is meant to come within the interval may be late.
        self._pause_seconds = 0.8 * interval_seconds
        self._redis = None if redis_url is None else Connection.to(redis_url)
        self._progress = Progress(
            plan, job_id, clock(), run_id=run_id, expected_seconds=expected_seconds
        )
        self.requests = Requests()
        self._lock = threading.RLock()  # a signal may interrupt one report with another
        self._tally = Tally(self)
        self._flushed = threading.Event()
        self._started = False
        self._superseded = False
        self._last: Snapshot | None = None
        self._over_since: float | None = None  # when the job's end was first to be written
        self._met = False  # whether what Redis knew of this job has been read
        # Stages completed since the last snapshot, and what was counted of them here.
        self._completed: list[tuple[str, Counts]] = []

    @property
    def job_id(self) -> str:
        """The job."""
        return self._job_id

    @property
    def plan(self) -> Plan:
        """The stages, with the weights that this job has."""
        return self._progress.plan

    # The job

    def start(self) -> None:
        """Begin to publish, in the background."""
        self._started = True
        self._publish_soon()

    def start_attempt(self) -> None:
        """The whole flow is tried again: begin from the first stage, and publish again."""
        with self._reporting() as now:
            self.requests.forget(ended=self._progress.ended)
            self._progress.start_attempt(now)
            self._superseded = False
            self._tally.begin()
            self._flushed.clear()
            self._over_since = None
        self._publish_soon()

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

    def wait_for_end(self, seconds: float) -> bool:
        """Wait until the job's end is published, but no longer than told; whether it is."""
        return self._flushed.wait(seconds)

    @property
    def last_snapshot(self) -> Snapshot | None:
        """What was published last, whether or not Redis could take it."""
        return self._last

    @property
    def accuracy(self) -> Accuracy | None:
        """How right the bar and the time left have been, should the job end now."""
        with self._lock:
            return self._progress.judge()

    # The work

    def unit(self, key: str, *, attempt: int = 1, stage: str = "") -> Unit:
        """A piece of the work, for one attempt at it to count.

        Parameters
        ----------
        key
            Which piece: the same for each attempt.
        attempt
            What a later one counts takes the place of an earlier one's, which, should it still be
            running, counts for nothing.
        stage
            Which it is part of; by default the stage in work.
        """
        with self._lock:
            return self._tally.units.add(Unit(self, key, attempt, stage or self._progress.stage))

    def expect(
        self, seconds: Mapping[str, float] | None = None, *, size: float | None = None
    ) -> None:
        """See `Unit.expect`; what is none is logged, and takes nothing along."""
        for stage, expected in (seconds or {}).items():
            with self._reporting():
                self._progress.expect({stage: expected})
        if size is not None:
            with self._reporting():
                self._progress.expect({}, size=size)

    def update(self, message: str, **figures: float) -> None:
        """Say in words, and in figures such as ``cost`` and ``violations``, what was found."""
        with self._reporting():
            self._progress.say(message, figures)

    def begin_stage(self, unit: Unit, stage: str) -> None:
        """A unit, or the flow itself, says that work on a stage begins.

        A task's word is taken once: each of many mapped tasks may say it. The flow's word for a
        stage that was begun before says that all of it is done again: for the stage in work, what
        was counted is counted afresh; an earlier one opens a new attempt.
        """
        with self._reporting() as now:
            if unit is self:
                if self._progress.has_begun(stage):
                    self._tally.begin()
                self._start(stage, now)
            elif self._tally.units.counts(unit):
                if not self._progress.has_begun(stage):
                    self._start(stage, now)
                if unit.stage != stage:
                    unit.stage = stage
                    unit.restart()
        self._publish_soon()

    def end_stage(self, unit: Unit) -> None:
        """A unit, or the flow itself, says that all work of its stage is done."""
        with self._reporting() as now:
            if unit is self:
                self._complete(self._progress.stage, now)
            elif self._tally.units.counts(unit):
                self._complete(unit.stage, now)
        self._publish_soon()

    def drop(self, what: str) -> None:
        """Log a report that is none."""
        _log.error("job %s: a report of progress was dropped: %s", self.job_id, what)

    @contextmanager
    def _reporting(self) -> Iterator[float]:
        """Hold the lock for one report; gives the time, and logs what is wrong with the report."""
        try:
            with self._lock:
                yield self._clock()
        except Exception as error:  # noqa: BLE001 - no solve may fail for its progress bar
            self.drop(str(error))

    def _count(self, now: float) -> None:
        """Bring the counts of all units, here and elsewhere, to the progress."""
        counts = self._tally.everywhere(self._progress.stage)
        if any(counts) or self._progress.completed:
            self._progress.count(counts.completed, counts.total or None, now)

    def _start(self, stage: str, now: float) -> None:
        self._count(now)
        self._settle_stage()
        self._progress.start_stage(stage, now)

    def _complete(self, stage: str, now: float) -> None:
        if stage == self._progress.stage:
            self._count(now)
            self._settle_stage()
            self._progress.complete_stage(now)

    def _settle_stage(self) -> None:
        """The stage in work is left: the publisher looks once more what others did of it."""
        if self._progress.begun and not (self._progress.finished or self._progress.ended):
            stage = self._progress.stage
            self._completed.append((stage, self._tally.here(stage)))
        self._tally.leave_stage()

    # The publisher

    def _publish_soon(self) -> None:
        if self._started and not self._flushed.is_set():
            TURNS.soon(self)

    def _finish(self, status: End, reason: str = "") -> None:
        with self._reporting() as now:
            if not self._progress.ended:
                self._count(now)
                self._settle_stage()
            self._progress.end(status, now, reason=str(reason))
        self._publish_soon()
        if self._started and not self._flushed.wait(_FLUSH_SECONDS):
            _log.warning("job %s: its end (%s) is not in Redis yet", self.job_id, status)

    def publish_once(self) -> float | None:
        """Publish how far the job is; in how many seconds to do so again, None after its end."""
        began = time.monotonic()
        self._meet()
        self._recount()
        self.requests.spread(lambda what: self._ask(lambda store: store.ask(self.job_id, what)))
        with self._lock:
            now = self._clock()
            self._count(now)
            snapshot = self._progress.next(now)
            over, hurry = self._progress.over, self._progress.hurry
            where = self._tally.generation, self._progress.stage
        self._last = snapshot
        settled = self._write(snapshot, *where, urgent=over and self._over_since is None)
        if over:
            self._over_since = self._over_since or began
            given_up = began - self._over_since > _LAST_WORDS_SECONDS
            with self._lock:
                # Under the lock: a new attempt is published only if it sees that this one is done.
                if self._progress.over and (settled or given_up):
                    self._flushed.set()
                    return None
        pause = self._pause_seconds - (time.monotonic() - began)
        return _HURRY_SECONDS if hurry else max(0.0, pause)

    def _ask(self, question: Callable[[Store], T]) -> tuple[T] | None:
        return None if self._redis is None else self._redis.ask(question)

    def _meet(self) -> None:
        """Once, go on from what Redis knows of this job and of earlier ones."""
        if self._met:
            return
        stored = self._ask(lambda store: store.snapshot(self.job_id))
        records = self._ask(lambda store: store.history(self.plan.name, self._deployment))
        if stored is None or records is None:
            return
        self._met = True
        with self._lock:
            self._progress.remember(records[0])
            if stored[0] is not None:
                self._progress.adopt(stored[0])

    def _recount(self) -> None:
        """Bring the counts of stages that were completed to what all processes did of them."""
        with self._lock:
            completed, self._completed = self._completed, []
        for stage, here in completed:
            found = self._ask(partial(Store.elsewhere, job_id=self.job_id, stage=stage))
            if found is None:
                continue
            elsewhere = found[0]
            with self._reporting():
                self._hear_words(elsewhere)
                if elsewhere.completed or elsewhere.total:
                    counts = here.elsewhere(elsewhere.completed, elsewhere.total)
                    self._progress.recount(stage, counts.completed, counts.total)

    def _write(self, snapshot: Snapshot, generation: str, stage: str, *, urgent: bool) -> bool:
        """Write it if Redis is there; whether this snapshot needs no other try."""
        if self._redis is None or self._superseded:
            return True
        if not self._met:
            return False
        write = partial(
            Store.write,
            snapshot=snapshot,
            generation=generation,
            stage=stage,
            forgets=self.requests.forgets,
        )
        if (written := self._redis.ask(write, urgent=urgent)) is None:
            return False
        (answer,) = written
        if answer.verdict == "older":
            with self._lock:
                self._progress.skip_to(answer.seq)
            return False
        if answer.verdict == "superseded":
            self._superseded = True
            _log.warning("job %s: another process has taken it over", self.job_id)
        elif answer.verdict == "written":
            self._hear(answer, generation, stage)
            self._log_run()
        return True

    def _hear(self, answer: Answer, generation: str, stage: str) -> None:
        """Take what other processes have reported, and what the job is asked."""
        with self._reporting() as now:
            if generation != self._tally.generation:
                return
            self.requests.hear(answer.request)
            started, completed = self._tally.hearsay.hear(answer.elsewhere, stage)
            self._hear_words(answer.elsewhere)
            for asked in filter(None, (started, completed)):
                if not self._progress.has_begun(asked):
                    self._start(asked, now)
            if completed:
                self._complete(completed, now)

    def _hear_words(self, elsewhere: Elsewhere) -> None:
        seconds, size = self._tally.hearsay.expectations(elsewhere)
        self.expect(seconds, size=size)
        if (words := self._tally.hearsay.words(elsewhere)) is not None:
            self._progress.say(words["message"], words["figures"])

    def _log_run(self) -> None:
        """After the end, tell those who come later how this run went, unless it was cut short."""
        with self._lock:
            record = self._progress.record(self._deployment) if self._progress.over else None
        if record is not None and not self.requests.heeded:
            self._ask(lambda store: store.remember(record))
