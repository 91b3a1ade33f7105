"""Another process than the job's own: counts in memory, and a thread that passes them on."""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tracking import keys
from tracking.connection import Connection
from tracking.requests import Heed, Requests
from tracking.scripts.report import NO_WISH, Count, Standing, Wish
from tracking.snapshot import ENDS, figure
from tracking.unit import Unit, Units

__all__ = ["Relay"]

_log = logging.getLogger(__name__)

_INTERVAL_SECONDS = 0.2
_LOOK_SECONDS = 1.0  # with nothing to say: is what was said still there?
_IDLE_SECONDS = 600.0  # after this without a job that goes on the thread ends
# A flow whose process died may be gone on with elsewhere, but nobody wants what this process finds.
_ORPHANED_SECONDS = 30.0


class Relay:
    """Passes on what tasks in this process count of a job that runs in another.

    It knows neither plan nor percentage: the job's process computes those. Nothing here waits for
    the network, except that the end of a task waits up to a second until its last counts are
    written, unless Redis is known to be away.

    Parameters
    ----------
    job_id
        The job.
    redis_url
        Where the job publishes.

    Raises
    ------
    ValueError
        If the job id or the URL is none.
    """

    def __init__(self, job_id: str, redis_url: str) -> None:
        self.job_id = keys.check_job_id(job_id)
        self._redis = Connection.to(redis_url)
        self._lock = threading.RLock()
        self._sending = threading.Lock()
        self._units = Units()
        self._sent: dict[Unit, tuple[int, int]] = {}
        self._began: dict[Unit, int] = {}  # Unix milliseconds, when it was first sent
        self._asked: list[tuple[str, Unit]] = []
        self._heeding: dict[Requests, str] = {}  # and the generation that each works for
        self._lost_since: float | None = None  # the job's process
        self._said: dict[str, Any] = {}  # message and figures
        self._expects: dict[str, Any] = {}  # seconds of stages, and the size
        self._born = ""
        self._wake = threading.Event()
        self._used = self._answered = time.monotonic()
        self._thread: threading.Thread | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing was reported, and no job seen that goes on, for long."""
        return not self._heeding and time.monotonic() - self._used > _IDLE_SECONDS

    def unit(self, key: str, *, attempt: int = 1, stage: str = "") -> Unit:
        """A piece of the work, for one attempt at it to count; see `Reporter.unit`.

        By default it belongs to the stage that is in work when Redis is first reached, which is
        at once unless Redis is away. Name the stage where that matters.
        """
        with self._lock:
            unit = self._units.add(Unit(self, key, attempt, stage))
            self._begin()
        return unit

    @contextmanager
    def heeding(self, heed: Heed) -> Iterator[None]:
        """While the block lasts, do what the job is asked, within some two seconds.

        It is asked to cancel as well when nobody waits for it any more: when the job has ended, has
        begun again, or its process has been gone for half a minute.
        """
        requests = Requests()
        with self._lock:
            self._heeding[requests] = ""
            self._begin()
        try:
            with requests.heeding(heed):
                yield
        finally:
            with self._lock:
                del self._heeding[requests]

    def _begin(self) -> None:
        self._used = time.monotonic()
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._pass_on, name=f"relay-{self.job_id}", daemon=True
            )
            self._thread.start()
        self._wake.set()

    def begin_stage(self, unit: Unit, stage: str) -> None:
        """A unit says that work on a stage begins: what it counts from now on is of that stage."""
        with self._lock:
            if not self._units.counts(unit):
                return
            if unit.stage != stage:
                self._move(unit, stage)
            self._asked.append(("start", unit))
        self._wake.set()

    def _move(self, unit: Unit, stage: str) -> None:
        if unit.completed or unit.total:
            # What it has counted so far stays there, as a piece of its own.
            before = Unit(self, f"{unit.key}@{unit.stage}", unit.attempt, unit.stage)
            before.completed, before.total = unit.counted, unit.total
            before.generation = unit.generation
            self._units.add(before)
        unit.stage = stage
        unit.restart()
        self._sent.pop(unit, None)

    def end_stage(self, unit: Unit) -> None:
        """A unit says that all work of its stage is done."""
        with self._lock:
            if self._units.counts(unit):
                self._asked.append(("complete", unit))
        self._wake.set()

    def expect(self, seconds: Mapping[str, float] | None = None, *, size: float | None) -> None:
        """Pass on what is known before the work."""
        try:
            clean = {str(stage): _finite(value) for stage, value in (seconds or {}).items()}
            told: dict[str, Any] = {"seconds": clean}
            if size is not None:
                told["size"] = _finite(size)
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            self.drop(str(error))
            return
        with self._lock:
            self._expects = _both(self._expects, told)

    def update(self, message: str, **figures: float) -> None:
        """Pass on what was found."""
        try:
            clean = {name: figure(value) for name, value in figures.items()}
        except (TypeError, ValueError, OverflowError) as error:
            self.drop(str(error))
            return
        with self._lock:
            self._said = _both(self._said, {"message": str(message), "figures": clean})

    def drop(self, what: str) -> None:
        """Log a report that is none."""
        _log.error("job %s: a report of progress was dropped: %s", self.job_id, what)

    def flush(self) -> None:
        """Pass on everything now, unless Redis is away."""
        self._used = time.monotonic()
        with self._sending:
            while self._pass_on_once():
                pass

    def _pass_on(self) -> None:
        while True:
            with self._lock:
                if self.is_idle:
                    self._thread = None
                    return
            try:
                with self._sending:
                    again = self._pass_on_once()
            except Exception:  # noqa: BLE001
                # A defect. The work goes on, and the next unit begins another thread.
                _log.exception("job %s: what is counted here is not passed on", self.job_id)
                with self._lock:
                    self._thread = None
                return
            if not again:
                self._wake.wait(_INTERVAL_SECONDS)
                self._wake.clear()

    def _pass_on_once(self) -> bool:
        """Send what has changed; whether there is more to send at once."""
        with self._lock:
            # All under the lock: a unit may move on to another stage while its counts are sent.
            changed = {
                unit: Count(
                    unit.key,
                    unit.attempt,
                    unit.generation,
                    unit.stage,
                    unit.counted,
                    unit.total,
                    self._began.setdefault(unit, int(time.time() * 1000)),
                )
                for unit in self._units
                if self._sent.get(unit) != (unit.counted, unit.total)
            }
            # A wish can be told once its stage is known, which the first answer says.
            wish = NO_WISH
            if self._asked and self._asked[0][1].stage:
                verb, asking = self._asked[0]
                wish = Wish(verb, asking.stage, asking.generation)
            said, self._said = self._said, {}
            expects, self._expects = self._expects, {}
            heeding = list(self._heeding)
        nothing = not changed and wish is NO_WISH and not said and not expects
        looks = self._sent or heeding
        if nothing and (not looks or time.monotonic() < self._answered + _LOOK_SECONDS):
            return False
        words, expected = (json.dumps(each) if each else "" for each in (said, expects))
        counts = list(changed.values())
        answer = self._redis.ask(
            lambda store: store.report(
                self.job_id, counts, wish=wish, said=words, expected=expected
            )
        )
        standing = None if answer is None else answer[0]
        with self._lock:
            self._hear(standing, heeding, is_away=answer is None)
            if standing is None:
                self._said = _both(said, self._said)
                self._expects = _both(expects, self._expects)
                self._answered = time.monotonic() if answer else self._answered
                return False
            self._answered = time.monotonic()
            if standing.status not in ENDS:
                self._used = self._answered
            if wish is not NO_WISH:
                self._asked.pop(0)
            for unit, count in changed.items():
                if unit.stage == count.stage:
                    self._sent[unit] = count.completed, count.total
                unit.generation = unit.generation or standing.generation
                unit.stage = unit.stage or standing.stage
            for unit in list(self._units):
                if unit.generation not in ("", standing.generation):
                    self._units.remove(unit)  # the flow has begun again: this counts for nothing
                    self._sent.pop(unit, None)
                    self._began.pop(unit, None)
            if standing.born != self._born:
                # The ledger was lost, or is a new one: tell it everything.
                emptied, self._born = bool(self._born), standing.born
                if emptied:
                    self._sent.clear()
                    return True
            return bool(self._asked)

    def _hear(self, standing: Standing | None, heeding: list[Requests], *, is_away: bool) -> None:
        """Pass on what the job is asked to those who heeded it when Redis was asked."""
        now = time.monotonic()
        if is_away or not self._born or (standing is not None and standing.leased):
            self._lost_since = None  # or nobody can know
        elif self._lost_since is None:
            self._lost_since = now
        is_lost = self._lost_since is not None and now > self._lost_since + _ORPHANED_SECONDS
        for requests in heeding:
            generation = self._heeding.get(requests)
            if generation is None:
                continue  # it is done meanwhile
            if standing is None:
                request = "cancel" if is_lost else ""
            else:
                self._heeding[requests] = generation = generation or standing.generation
                is_old = generation != standing.generation or standing.status in ENDS
                request = "cancel" if is_lost or is_old else standing.request
            requests.hear(request)


def _both(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """What is not told yet, and what was said since, name by name."""
    inner = {
        name: earlier[name] | value
        for name, value in later.items()
        if isinstance(value, dict) and name in earlier
    }
    return earlier | later | inner


def _finite(value: float) -> float:
    if not math.isfinite(number := float(value)):
        raise ValueError(f"expected a finite number, got {value}")
    return number
