"""Keys that would stay for ever: there must be none, in any Redis of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import RedisError

from tracking.embedded import EmbeddedRedis

__all__ = ["leaked_keys", "watch_for_leaks"]


def leaked_keys(client: Redis) -> list[str]:
    """Names of the keys without an expiry."""
    return sorted(key.decode() for key in client.scan_iter() if client.ttl(key) == -1)


@contextmanager
def watch_for_leaks() -> Iterator[None]:
    """For as long as the block lasts, no embedded Redis ends with such a key in silence.

    One that is dead, or does not answer, cannot be asked. One that outlives the block is asked at
    the block's end.
    """
    start, close = EmbeddedRedis.__init__, EmbeddedRedis.close
    running: dict[int, EmbeddedRedis] = {}

    def begin(self: EmbeddedRedis, port: int | None = None, password: str | None = None) -> None:
        start(self, port, password)
        running[id(self)] = self

    def end(self: EmbeddedRedis) -> None:
        leaked = _ask(self) if running.pop(id(self), None) else []
        close(self)
        _judge(leaked)

    EmbeddedRedis.__init__, EmbeddedRedis.close = begin, end  # type: ignore[method-assign]
    try:
        yield
    finally:
        EmbeddedRedis.__init__, EmbeddedRedis.close = start, close  # type: ignore[method-assign]
    _judge([key for server in running.values() for key in _ask(server)])


def _ask(server: EmbeddedRedis) -> list[str]:
    with Redis.from_url(server.url, socket_timeout=2, retry=None) as client:
        try:
            return leaked_keys(client)
        except RedisError:
            return []


def _judge(leaked: list[str]) -> None:
    assert leaked == [], f"keys without an expiry: {', '.join(leaked)}"
