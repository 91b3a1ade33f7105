"""The only user of Redis: writes and reads snapshots."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tracking import keys
from tracking.history import Record
from tracking.requests import Request
from tracking.scripts.publish import Answer, Elsewhere, Publish
from tracking.scripts.report import NO_WISH, Count, Report, Standing, Wish
from tracking.snapshot import ENDS, Life, Snapshot, is_newer, life

__all__ = ["Store", "Unavailable", "reached"]

_TIMEOUT_SECONDS = 0.5
_RUNS_REMEMBERED = 50  # of one plan and deployment


class Unavailable(Exception):  # noqa: N818 - it names a state
    """Redis does not answer, or refuses."""


@contextmanager
def reached() -> Iterator[None]:
    """Turn what Redis, or the way to it, has to complain of into `Unavailable`."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise Unavailable(str(error)) from error


def _read(text: str | bytes) -> Snapshot:
    return cast("Snapshot", json.loads(text))


class Store:
    """Snapshots of jobs in one Redis. A call takes a second at most, or raises `Unavailable`.

    Parameters
    ----------
    redis_url
        Such as ``redis://localhost:6379/0``. Nothing connects before the first call.

    Raises
    ------
    ValueError
        If it is no URL that names a Redis.
    """

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._client = Redis.from_url(
            redis_url,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            # By default three more tries with pauses of seconds: the next snapshot is better.
            retry=Retry(NoBackoff(), 0),
        )
        self._publish = Publish(self._client)
        self._report = Report(self._client)

    def write(
        self, snapshot: Snapshot, *, generation: str = "", stage: str = "", forgets: bool = True
    ) -> Answer:
        """Put a snapshot in place, unless what is there is newer; see `Publish`."""
        with reached():
            return self._publish(snapshot, generation=generation, stage=stage, forgets=forgets)

    def report(
        self,
        job_id: str,
        counts: Sequence[Count],
        *,
        wish: Wish = NO_WISH,
        said: str = "",
        expected: str = "",
    ) -> Standing | None:
        """Add what this process has counted to the ledger of a job; see `Report`."""
        with reached():
            return self._report(job_id, counts, wish=wish, said=said, expected=expected)

    def elsewhere(self, job_id: str, stage: str) -> Elsewhere:
        """What was reported of a stage by other processes than the job's own."""
        sums = [f"completed:{stage}", f"total:{stage}"]
        fields = [*sums, "start", "complete", "said", "expected"]
        with reached():
            found = cast("list[bytes | None]", self._client.hmget(keys.ledger(job_id), fields))
        completed, total, *said = ((value or b"").decode() for value in found)
        return Elsewhere(int(completed or 0), int(total or 0), *said)

    def snapshot(self, job_id: str) -> Snapshot | None:
        """The job's snapshot, if it has one."""
        with reached():
            text = cast("bytes | None", self._client.get(keys.progress(job_id)))
        return None if text is None else _read(text)

    def snapshots(self, job_ids: Sequence[str]) -> dict[str, Snapshot]:
        """The snapshots of those jobs that have one, by the job's id."""
        if not job_ids:
            return {}
        with reached():
            texts = cast(
                "list[bytes | None]",
                self._client.mget([keys.progress(job_id) for job_id in job_ids]),
            )
        found = zip(job_ids, texts, strict=True)
        return {job_id: _read(text) for job_id, text in found if text is not None}

    def look(self, job_id: str) -> tuple[Snapshot, Life] | None:
        """The job's snapshot, and whether the job works, stalls, is lost or has ended."""
        with reached():
            both = self._client.pipeline(transaction=False)
            both.get(keys.progress(job_id))
            both.exists(keys.lease(job_id))
            text, leased = both.execute()
        if text is None:
            return None
        snapshot = _read(text)
        return snapshot, life(snapshot, leased=bool(leased))

    def ask(self, job_id: str, request: Request) -> None:
        """Ask a running job to finish now with what it has, or to be cancelled.

        Its process hears of it within a second; one that is only starting, when it has. A job that
        has ended does not, nor does a later one under its id.
        """
        with reached():
            self._client.set(keys.request(job_id), request, ex=keys.TTL_SECONDS)

    def living(self) -> list[str]:
        """Ids of the jobs whose processes live."""
        with reached():
            return [keys.job_of_lease(key) for key in self._client.scan_iter(match=keys.ALL_LEASES)]

    def history(self, plan: str, deployment: str) -> list[Record]:
        """How earlier runs of a plan and a deployment went, newest first."""
        with reached():
            lines = cast("list[bytes]", self._client.lrange(keys.history(plan, deployment), 0, -1))
        return [Record.from_json(line) for line in lines]

    def histories(self) -> list[Record]:
        """How earlier runs went, of all plans and deployments, newest first."""
        with reached():
            found = [
                Record.from_json(line)
                for key in self._client.scan_iter(match=keys.history("*", "*"))
                for line in cast("list[bytes]", self._client.lrange(key, 0, -1))
            ]
        return sorted(found, key=lambda record: -record.ended_at)

    def remember(self, record: Record) -> None:
        """Keep how a run went, among the last ones of its plan and deployment."""
        key = keys.history(record.plan, record.deployment)
        with reached():
            together = self._client.pipeline()
            together.lpush(key, record.to_json())
            together.ltrim(key, 0, _RUNS_REMEMBERED - 1)
            together.expire(key, keys.HISTORY_TTL_SECONDS)
            together.execute()

    def replay(self, job_id: str, after_seq: int = 0) -> list[Snapshot]:
        """What was published after the snapshot of that `seq`, as far as it is still kept."""
        with reached():
            entries = cast(
                "list[tuple[bytes, dict[bytes, bytes]]]",
                self._client.xrange(keys.events(job_id), min=f"{after_seq + 1}-0"),
            )
        return [_read(fields[b"snapshot"]) for _, fields in entries]

    def subscribe(self, job_id: str) -> Iterator[Snapshot]:
        """Yield the job's snapshot, then each newer one, until and with its end.

        Waits for as long as the job says nothing. Nothing is lost or repeated between the first
        and those that follow: the channel is subscribed to before the snapshot is read.
        """
        with (
            reached(),
            # A subscriber waits: redis-py would give up after 5 s of silence.
            Redis.from_url(self._url, socket_timeout=None) as client,
            client.pubsub() as channel,
        ):
            channel.subscribe(keys.progress(job_id))
            seen: Snapshot | None = None
            message: dict[str, Any]
            for message in channel.listen():
                found = (
                    self.snapshot(job_id)
                    if message["type"] == "subscribe"
                    else _read(message["data"])
                )
                if found is None or not is_newer(found, seen):
                    continue
                seen = found
                yield found
                if found["status"] in ENDS:
                    return

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
