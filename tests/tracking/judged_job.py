"""A job whose every snapshot in Redis is judged against the rules and against the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from redis import Redis

from tests.tracking.model import JobModel
from tracking import keys
from tracking.plan import Plan
from tracking.reporter import Reporter
from tracking.snapshot import ENDS, Snapshot
from tracking.store import Store
from tracking.testing import check

__all__ = ["JudgedJob"]

_ROUNDING = 0.011
_CRUMB = 0.01
_HURRY_SECONDS = 0.04
_NO_RULE_HERE = (
    # With every unit's room used up, or after a retry, standing is all that honesty leaves.
    " stood at ",
    # It goes on.
    "the job has no end",
)
_numbers = count()


class JudgedJob:
    """A job on a virtual clock, that publishes when it is told to.

    Parameters
    ----------
    url
        Of a Redis that this may empty.
    plan
        Of the job.
    """

    def __init__(self, url: str, plan: Plan) -> None:
        self.plan = plan
        self.job_id = f"job-{next(_numbers)}"
        self.redis = Redis.from_url(url)
        self.time = 1_740_000_000.0
        self.clock_error = 0.0
        self.is_behind = False
        """Whether it has not heard yet what other processes say: it does at its next snapshot."""
        self.retired: list[Reporter] = []
        self._url = url
        self._sound = True  # no rule is known to be broken
        self._store = Store(url)
        self._events: list[tuple[float, Snapshot]] = []
        self._begin("run", attempt=1)

    def _begin(self, run_id: str, *, attempt: int) -> None:
        self.reporter = Reporter(
            self.job_id, self.plan, self._url, clock=lambda: self.now, run_id=run_id
        )
        self.model = JobModel(len(self.plan.stages) - 1, attempt)

    @property
    def now(self) -> float:
        """What the clock shows, which may be set."""
        return self.time + self.clock_error

    @property
    def last(self) -> Snapshot | None:
        """What was published last."""
        return self._events[-1][1] if self._events else None

    # What happens to it

    def publish(self, seconds: float = _HURRY_SECONDS) -> bool:
        """Time passes, and the publisher publishes; whether it is in a hurry to go on."""
        self.time += seconds
        self.model.look()
        was_over = self.last is not None and self._is_over(self.last)
        before = self.stored()
        if was_over and before[0] is None:
            return False  # emptied after the end: its publisher is not there any more
        pause = self.reporter.publish_once()
        if was_over:
            assert pause is None
            assert self.stored() == before, "something was published after the end"
            return False
        snapshot = self._store.snapshot(self.job_id)
        assert snapshot is not None
        assert snapshot == self.reporter.last_snapshot, "it was not written"
        self._sound = False
        self._judge(snapshot)
        self._sound = True
        return pause == _HURRY_SECONDS

    def catch_up(self) -> None:
        """Publish until the bar is where the work is."""
        for _ in range(100):
            if not self.publish():
                return
        raise AssertionError("the bar never arrives")

    def run(self, seconds: float, *, pause_seconds: float = 0.4) -> None:
        """Let time pass, the publisher publishing."""
        until = self.time + seconds
        hurry = self.publish(0.0)
        while self.time < until and not self.model.end:
            hurry = self.publish(_HURRY_SECONDS if hurry else pause_seconds)

    def take_over(self, run_id: str) -> None:
        """Another process goes on with the job."""
        assert self.last is not None
        self.retired.append(self.reporter)
        self._begin(run_id, attempt=self.last["attempt"] + 1)
        self.publish()

    def empty_redis(self) -> None:
        """Everything is lost, and a process that was replaced is gone as well."""
        assert self._leaks() == []
        self._judge_stream()
        self.redis.flushall()
        self.retired.clear()
        if not self.model.end:
            self.publish()

    def stored(self) -> list[object]:
        """All that Redis knows of the job."""
        job = self.job_id
        together = self.redis.pipeline()
        together.get(keys.progress(job))
        together.hgetall(keys.ledger(job))
        together.get(keys.lease(job))
        together.xlen(keys.events(job))
        return list(together.execute())

    def close(self) -> None:
        """Judge once more what was published, all of it together."""
        if self._events and self._sound:
            self._check(self._events)
            self._judge_stream()
            assert self._leaks() == []
        self.redis.flushall()
        self.redis.close()
        self._store.close()

    # The judgement

    def _is_over(self, snapshot: Snapshot) -> bool:
        return snapshot["status"] in ENDS and snapshot["attempt"] == self.model.attempt

    def _judge(self, snapshot: Snapshot) -> None:
        before = self.last
        self._events.append((self.time, snapshot))
        self._check(self._events[-2:])
        if self.is_behind:
            return
        self._judge_counts(snapshot)
        if not self.plan.learned:
            self._judge_reach(snapshot, before)

    def _check(self, events: Sequence[tuple[float, Snapshot]]) -> None:
        problems = check(events, self.plan)
        broken = [p for p in problems if not any(known in p for known in _NO_RULE_HERE)]
        assert not broken, f"{broken}: {events[-2:]}"

    def _judge_counts(self, snapshot: Snapshot) -> None:
        model, counted = self.model, snapshot["metadata"]
        assert snapshot["attempt"] == model.attempt
        assert snapshot["status"] in {"initializing", "running", model.end}
        if self.plan.index(snapshot["stage"]) == model.at:
            completed, total = model.sums()
            assert counted["completed_items"] == completed, self._explain(snapshot)
            if total:  # when nobody knows the total any more, what was known may stay
                assert counted["total_items"] == total, self._explain(snapshot)

    def _judge_reach(self, snapshot: Snapshot, before: Snapshot | None) -> None:
        """The bar is no further than finished units allow, but for the crumbs of a long wait."""
        shown_before = confirmed_before = 0.0
        if before is not None and before["run_id"] == snapshot["run_id"]:
            shown_before, confirmed_before = before["overall_progress"], before["work_progress"]
        finished, next_unit = self._reach(snapshot)
        allowed = max(next_unit, shown_before + _CRUMB) + _ROUNDING
        assert snapshot["overall_progress"] <= allowed, self._explain(snapshot)
        allowed = max(finished, confirmed_before) + _ROUNDING
        assert snapshot["work_progress"] <= allowed, self._explain(snapshot)

    def _reach(self, snapshot: Snapshot) -> tuple[float, float]:
        """Where finished units put the bar, and where one more would."""
        model, stages = self.model, self.plan.stages
        stage = stages[model.at]
        if model.end == "completed":
            return 100.0, 100.0
        if model.finished:
            return stage.end, stage.end
        completed, total = model.sums()
        total = total or (
            snapshot["metadata"]["total_items"] if stage.id == snapshot["stage"] else 0
        )
        if not model.begun or not total:
            return stage.start, stage.end
        if completed >= total:
            return stage.end, stages[min(model.at + 1, model.last)].end
        share = stage.weight / total
        return stage.start + share * completed, stage.start + share * (completed + 1)

    def _judge_stream(self) -> None:
        """A reader that comes back is told the same that those were who stayed."""
        kept = self._store.replay(self.job_id)
        heard: list[Mapping[str, Any]] = [snapshot for _, snapshot in self._events]
        assert kept == heard[len(heard) - len(kept) :]

    def _leaks(self) -> list[bytes]:
        return [key for key in self.redis.scan_iter() if self.redis.ttl(key) == -1]

    def _explain(self, snapshot: Snapshot) -> str:
        model = self.model
        return (
            f"{snapshot}\nexpected {model.sums()} in stage {model.at}, begun {model.begun}, "
            f"{model.own}, {model.handles}"
        )
