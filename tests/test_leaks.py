from __future__ import annotations

import os
import signal

import pytest
from redis import Redis

from tests.leaks import leaked_keys, watch_for_leaks
from tracking.embedded import EmbeddedRedis, embedded_redis


def _leak(url: str) -> None:
    with Redis.from_url(url) as client:
        client.set("kept", "for ever")
        client.set("gone", "soon", ex=10)
        assert leaked_keys(client) == ["kept"]


def test_a_test_that_leaves_a_key_without_an_expiry_in_its_redis_fails() -> None:
    with pytest.raises(AssertionError, match="without an expiry: kept"), embedded_redis() as url:
        _leak(url)


def _leave_running(servers: list[EmbeddedRedis]) -> None:
    with watch_for_leaks():
        servers.append(EmbeddedRedis())
        _leak(servers[0].url)


def test_a_key_that_is_left_in_a_redis_that_nobody_ends_is_seen_at_the_end() -> None:
    servers: list[EmbeddedRedis] = []
    with pytest.raises(AssertionError, match="without an expiry: kept"):
        _leave_running(servers)
    with Redis.from_url(servers[0].url) as client:
        client.flushall()
    servers[0].close()


def test_a_redis_that_was_killed_is_not_asked() -> None:
    server = EmbeddedRedis()
    _leak(server.url)
    os.kill(server.pid, signal.SIGKILL)
    server.close()
