from __future__ import annotations

import json
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis
from starlette.middleware.gzip import GZipMiddleware
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from tests.service.live_parts import ADMIN, QUICK, Job, Told, client_of, live_app, serving, told
from tracking import keys
from tracking.embedded import EmbeddedRedis
from tracking.service.feed import EVENTS_KEPT

STREAM, WS = "/api/generation/stream/job/", "/api/generation/ws/job/"


def _names(events: list[Told]) -> list[tuple[str, int]]:
    return [(event.name, event.id) for event in events]


@contextmanager
def _socket(client: httpx.Client, query: str = "", **headers: str) -> Iterator[Connection]:
    address = str(client.base_url).replace("http", "ws", 1).rstrip("/") + WS + query
    with connect(
        address, additional_headers=headers or ADMIN, proxy=None, open_timeout=60
    ) as opened:
        yield opened


def _heard(opened: Connection) -> Iterator[Told]:
    """All messages, until the service closes."""
    with suppress(ConnectionClosed):
        while True:
            message = json.loads(opened.recv(timeout=60))
            yield Told(message["event"], message["id"], message["data"])


def test_a_stream_has_the_headers_that_let_events_through(client: httpx.Client, job: Job) -> None:
    job.publish(status="completed")
    response = client.get(STREAM)
    assert response.status_code == 200
    wanted = {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
        "content-encoding": "identity",
    }
    assert {name: response.headers[name] for name in wanted} == wanted


def test_connected_comes_first_then_progress_then_done_and_the_stream_ends(
    client: httpx.Client, job: Job
) -> None:
    first = job.publish(3)
    with client.stream("GET", STREAM) as response:
        events = told(response)
        assert next(events) == Told("connected", 0, {"job_id": "job"})
        assert next(events) == Told("progress", 3, first)
        second = job.publish()
        assert next(events) == Told("progress", 4, second)
        end = job.publish(status="completed", overall_progress=100.0)
        assert list(events) == [Told("done", 5, end)]


def test_percentages_arrive_as_they_were_published(client: httpx.Client, job: Job) -> None:
    job.publish(overall_progress=14.03, stage_progress=34.57, eta_seconds=None)
    shown = client.get("/api/generation/progress/job/").json()
    assert (shown["overall_progress"], shown["stage_progress"]) == (14.03, 34.57)
    assert shown["eta_seconds"] is None


def test_who_comes_back_with_an_id_is_told_what_was_missed(client: httpx.Client, job: Job) -> None:
    job.publish(9)
    end = job.publish(status="failed", metadata={"error": "no room"})
    missed = [("progress", 8), ("progress", 9), ("done", 10)]
    by_header = list(told(client.get(STREAM, headers={"Last-Event-ID": "7"})))
    assert _names(by_header) == [("connected", 7), *missed]
    assert by_header[-1].data == end
    by_cursor = list(told(client.get(STREAM, params={"cursor": 7})))
    assert by_cursor == by_header
    both = told(client.get(STREAM, params={"cursor": 0}, headers={"Last-Event-ID": "7"}))
    assert list(both) == by_header, "a browser that comes back sends both: its id is newer"
    assert len(list(told(client.get(STREAM, params={"cursor": 0})))) == 11


def test_who_comes_back_too_late_gets_the_whole_snapshot(
    client: httpx.Client, redis: Redis, job: Job
) -> None:
    newest = job.publish(100)
    redis.xtrim(keys.events("job"), minid="60-0", approximate=False)
    with client.stream("GET", STREAM, headers={"Last-Event-ID": "7"}) as response:
        events = told(response)
        assert next(events).name == "connected"
        assert next(events) == Told("snapshot", 100, newest)


def test_an_end_that_was_seen_is_answered_with_nothing_so_that_browsers_stay_away(
    client: httpx.Client, job: Job
) -> None:
    job.publish(4)
    job.publish(status="cancelled")
    for seen in ("5", "6"):
        response = client.get(STREAM, headers={"Last-Event-ID": seen})
        assert (response.status_code, response.content) == (204, b"")
    assert client.get(STREAM, headers={"Last-Event-ID": "4"}).status_code == 200


@pytest.mark.parametrize("strange", ["", "x", "-1", "7.5", "9" * 400, "٣"])
def test_an_id_that_is_none_of_ours_is_none(client: httpx.Client, job: Job, strange: str) -> None:
    job.publish(3)
    job.publish(status="completed")
    headers = {"Last-Event-ID": strange.encode()}
    events = list(told(client.get(STREAM, headers=headers)))  # type: ignore[arg-type]
    assert _names(events) == [("connected", 0), ("done", 4)]


def test_a_cursor_that_is_none_is_refused(client: httpx.Client, job: Job) -> None:
    job.publish()
    for cursor in ("x", "-1", str(2**53)):
        response = client.get(STREAM, params={"cursor": cursor})
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"


def test_a_stream_with_nothing_to_say_says_a_comment(client: httpx.Client, job: Job) -> None:
    job.publish()
    with client.stream("GET", STREAM) as response:
        lines = response.iter_lines()
        comments = (line for line in lines if line.startswith(":"))
        assert [next(comments) for _ in range(3)] == [":", ":", ":"]


def test_a_middleware_that_compresses_holds_nothing_back(
    redis_url: str, tmp_path: Path, job: Job
) -> None:
    job.publish()
    app = live_app(redis_url, tmp_path, QUICK)
    # Streams left out by their type would prove nothing: here it is the encoding that decides.
    app.add_middleware(GZipMiddleware, minimum_size=1, exclude_content_types=())
    with serving(app) as server, client_of(server) as client:
        plain = client.get("/api/generation/progress/job/")
        assert plain.headers["content-encoding"] == "gzip"
        with client.stream("GET", STREAM, headers={"Accept-Encoding": "gzip"}) as response:
            assert response.headers["content-encoding"] == "identity"
            events = told(response)
            assert [next(events).name for _ in range(2)] == ["connected", "progress"]
            for seq in (2, 3, 4):
                job.publish()
                assert next(events).id == seq


@pytest.mark.slow
def test_nothing_is_lost_or_repeated_for_viewers_who_come_at_any_time(
    client: httpx.Client, job: Job
) -> None:
    pick = random.Random(5)
    seen: list[list[Told]] = []
    moved = threading.Condition()

    def watch(by_socket: bool, mine: list[Told], cursor: int | None) -> None:
        query = "" if cursor is None else f"?cursor={cursor}"
        with ExitStack() as stack:
            if by_socket:
                events = _heard(stack.enter_context(_socket(client, query)))
            else:
                events = told(stack.enter_context(client.stream("GET", STREAM + query)))
            for event in events:
                with moved:
                    mine.append(event)
                    moved.notify()

    def publish(**fields: Any) -> None:
        """Quickly, and then wait for those who watch: one that lags far behind may skip some."""
        job.publish(pick.randint(1, EVENTS_KEPT // 2))
        job.publish(**fields)
        with moved:
            all_there = moved.wait_for(lambda: all(m and m[-1].id == job.seq for m in seen), 60)
            assert all_there, f"of {job.seq}: {behind()}"

    def behind() -> list[str]:
        """Which viewers have not seen the newest, and how far each has come."""
        return [
            f"{thread.name}, {'alive' if thread.is_alive() else 'dead'}: {mine[-2:]}"
            for thread, mine in zip(viewers, seen, strict=True)
            if not mine or mine[-1].id != job.seq
        ]

    viewers: list[threading.Thread] = []
    job.publish()  # a job that nobody has told of is a 404
    for number in range(24):
        seen.append([])
        cursor = None if number % 3 == 0 else pick.randint(0, job.seq)
        watching = (number % 2 == 1, seen[-1], cursor)
        name = f"viewer {number} from {cursor}"
        viewers.append(threading.Thread(target=watch, args=watching, name=name))
        viewers[-1].start()
        publish()
    publish(status="completed")
    for viewer in viewers:
        viewer.join(60)
    for connected, *events in seen:
        ids = [event.id for event in events]
        assert ids == [event.data["seq"] for event in events]
        assert ids == list(range(connected.id + 1 if connected.id else ids[0], job.seq + 1))
        assert [event.name for event in events] == ["progress"] * (len(ids) - 1) + ["done"]


@pytest.mark.slow
def test_a_viewer_that_reads_nothing_holds_no_other_up_and_skips_to_the_newest(
    redis_url: str, redis: Redis, tmp_path: Path, job: Job
) -> None:
    job.publish()
    filling = {"text": "x" * 20_000}
    app = live_app(redis_url, tmp_path, QUICK)
    with serving(app) as server, client_of(server) as client, socket.socket() as sleeping:
        sleeping.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sleeping.connect(("127.0.0.1", server.port))
        token = ADMIN["Authorization"]
        sleeping.sendall(
            f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode()
        )
        with client.stream("GET", STREAM) as response:
            events = told(response)
            assert [next(events).id for _ in range(2)] == [0, 1]
            for seq in range(2, 4 * EVENTS_KEPT):
                job.publish(metadata=filling)
                assert next(events).id == seq
            job.publish(status="completed")
            assert next(events).name == "done"
        sleeping.settimeout(60)
        received = b""
        while not received.endswith(b"0\r\n\r\n"):
            received += sleeping.recv(65536)
    seqs = [int(line[4:]) for line in received.split(b"\n") if line.startswith(b"id: ")]
    assert seqs == sorted(set(seqs))
    assert seqs[-1] == job.seq
    assert len(seqs) < 2 * EVENTS_KEPT, "most of it was never sent"


def test_a_web_socket_tells_the_same_story(client: httpx.Client, job: Job) -> None:
    job.publish(2)
    with _socket(client) as opened:
        first = [json.loads(opened.recv(timeout=60)) for _ in range(2)]
        assert first[0] == {"event": "connected", "id": 0, "data": {"job_id": "job"}}
        assert (first[1]["event"], first[1]["id"]) == ("progress", 2)
        job.publish()
        end = job.publish(status="completed")
        events = list(_heard(opened))
        assert _names(events) == [("progress", 3), ("done", 4)]
        assert events[-1].data == end
        assert opened.close_code == 1000
    with _socket(client, "?cursor=1") as opened:
        back = _names(list(_heard(opened)))
        assert back == [("connected", 1), ("progress", 2), ("progress", 3), ("done", 4)]
    with _socket(client, "?cursor=4") as opened:
        assert list(_heard(opened)) == []
        assert opened.close_code == 1000


def test_what_a_web_socket_says_does_not_matter(client: httpx.Client, job: Job) -> None:
    job.publish()
    with _socket(client) as opened:
        for _ in range(100):
            opened.send("hello")
        job.publish(status="completed")
        assert list(_heard(opened))[-1].name == "done"


def test_who_leaves_is_watched_for_no_longer(client: httpx.Client, redis: Redis, job: Job) -> None:
    job.publish()
    with client.stream("GET", STREAM) as response, _socket(client) as opened:
        next(told(response))
        opened.recv(timeout=60)
    channel = keys.progress("job").encode()
    while dict(redis.pubsub_numsub(channel))[channel]:
        threading.Event().wait(0.01)
    assert "sse_connections_open 0.0" in client.get("/metrics").text


@pytest.mark.slow
def test_a_service_that_stops_tells_viewers_to_come_back(
    redis_url: str, tmp_path: Path, job: Job
) -> None:
    job.publish()
    heard: dict[str, Any] = {}
    connected = threading.Barrier(3)

    def follow(client: httpx.Client) -> None:
        with client.stream("GET", STREAM) as response:
            lines = response.iter_lines()
            heard["sse"] = [next(lines)]
            connected.wait(60)
            heard["sse"] += list(lines)

    def follow_by_socket(client: httpx.Client) -> None:
        with _socket(client) as opened:
            opened.recv(timeout=60)
            connected.wait(60)
            list(_heard(opened))
            heard["ws"] = opened.close_code

    with serving(live_app(redis_url, tmp_path, QUICK)) as server, client_of(server) as client:
        viewers = [
            threading.Thread(target=follow, args=(client,)),
            threading.Thread(target=follow_by_socket, args=(client,)),
        ]
        for viewer in viewers:
            viewer.start()
        connected.wait(60)
        server.should_exit = True
        for viewer in viewers:
            viewer.join(60)
    assert heard["sse"][-2].startswith("retry: ")
    assert heard["ws"] == 1012


@pytest.mark.slow
def test_redis_is_killed_and_comes_back_and_the_bar_goes_on(tmp_path: Path) -> None:
    redis = EmbeddedRedis()
    port, password = redis.port, redis.url.split(":")[2].split("@")[0]
    job = Job(redis.url)
    job.publish(20)
    with (
        serving(live_app(redis.url, tmp_path, QUICK)) as server,
        client_of(server) as client,
        client.stream("GET", STREAM) as response,
    ):
        events = told(response)
        shown = [next(events), next(events)][1:]
        redis.close()
        while client.get("/api/generation/health/").status_code != 503:
            pass
        redis = EmbeddedRedis(port, password)
        job.seq += 10  # counted while Redis was away
        job.publish(10)
        job.publish(status="completed", overall_progress=100.0)
        shown += list(events)
    job.close()
    redis.close()
    assert shown[-1].name == "done"
    percents = [event.data["overall_progress"] for event in shown]
    assert percents == sorted(percents)
    ids = [event.id for event in shown]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("path", [STREAM, "/api/generation/progress/job/", "/api/status/job"])
def test_nobody_unknown_is_told_anything(client: httpx.Client, job: Job, path: str) -> None:
    job.publish()
    response = httpx.get(client.base_url.join(path), trust_env=False)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"


def test_nobody_unknown_opens_a_web_socket(client: httpx.Client, job: Job) -> None:
    job.publish()
    with (
        pytest.raises(InvalidStatus) as refused,
        _socket(client, Authorization="Bearer nothing"),
    ):
        pass
    assert refused.value.response.status_code == 401
    assert b"/problems/" in refused.value.response.body


def test_streams_of_one_caller_are_counted(redis_url: str, tmp_path: Path, job: Job) -> None:
    job.publish()
    app = live_app(redis_url, tmp_path, QUICK, max_streams_a_user=1)
    with (
        serving(app) as server,
        client_of(server) as client,
        client.stream("GET", STREAM) as response,
    ):
        events = told(response)
        next(events)
        assert client.get(STREAM).status_code == 429
        with pytest.raises(InvalidStatus) as refused, _socket(client):
            pass
        assert refused.value.response.status_code == 429
