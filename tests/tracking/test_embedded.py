from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from tracking.embedded import EmbeddedRedis, embedded_redis


def test_it_answers_inside_the_block_and_is_gone_after_it() -> None:
    with embedded_redis() as url, Redis.from_url(url) as client:
        assert client.ping()
        assert client.config_get("save")["save"] == ""
        assert client.config_get("appendonly")["appendonly"] == "no"
        folder = Path(client.config_get("dir")["dir"])
        assert client.config_get("bind")["bind"] == "127.0.0.1"
    assert not folder.exists()
    with Redis.from_url(url, retry=None) as client, pytest.raises(RedisError, match="refused"):
        client.ping()


def test_other_users_of_the_machine_are_not_let_in(redis: Redis) -> None:
    port = redis.connection_pool.connection_kwargs["port"]
    with Redis(port=port) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()


def test_it_does_not_take_another_servers_port_for_its_own(redis: Redis) -> None:
    taken = redis.connection_pool.connection_kwargs["port"]
    with pytest.raises(RuntimeError, match="does not start"):
        EmbeddedRedis(port=taken)


def test_it_ends_with_the_process_that_started_it_even_when_that_is_killed() -> None:
    script = (
        "import time; from tracking.embedded import EmbeddedRedis; "
        "print(EmbeddedRedis().url, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        with Redis.from_url(url, retry=None) as client:
            assert client.ping()
            folder = Path(client.config_get("dir")["dir"])
            owner.send_signal(signal.SIGKILL)
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                try:
                    client.ping()
                except RedisError:
                    break
                time.sleep(0.02)
            else:
                pytest.fail("the server outlived its owner")
    assert not folder.exists()


def test_the_terminals_interrupt_does_not_reach_it() -> None:
    server = EmbeddedRedis()
    assert os.getpgid(server.pid) != os.getpgrp()
    server.close()
