from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from tests.service.live_parts import ADMIN, QUICK, Job, client_of, live_app, serving, told
from tracking.embedded import EmbeddedRedis
from tracking.service.metrics import Metrics

STREAM = "/api/generation/stream/job/"
DASHBOARD = Path(__file__).parents[2] / "docs" / "grafana-dashboard.json"


def _counted(client: httpx.Client) -> dict[str, float]:
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {s.name: s.value for family in families for s in family.samples if not s.labels}


def test_connections_and_events_are_counted(client: httpx.Client, job: Job) -> None:
    job.publish()
    with client.stream("GET", STREAM) as response:
        events = told(response)
        assert [next(events).name for _ in range(2)] == ["connected", "progress"]
        job.publish(2)
        assert [next(events).id for _ in range(2)] == [2, 3]
        counted = _counted(client)
        assert counted["sse_connections_open"] == 1
        assert counted["stream_jobs_watched"] == 1
        job.publish(status="completed")
        assert [event.name for event in events] == ["done"]
    counted = _counted(client)
    assert counted["sse_connections_total"] == 1
    assert counted["sse_connections_open"] == 0
    assert counted["stream_events_sent_total"] == 5
    assert counted["stream_publish_to_send_seconds_count"] == 3, "the first was published before"
    assert counted["redis_up"] == 1


def test_what_redis_does_not_know_is_counted_and_so_is_who_is_asked_instead(
    client: httpx.Client, redis: Redis, job: Job
) -> None:
    job.publish()
    with client.stream("GET", STREAM) as response:
        events = told(response)
        next(events)
        before = _counted(client)
        redis.flushall()
        while _counted(client)["sse_prefect_fallback_total"] < 2:
            pass
        after = _counted(client)
        assert after["sse_redis_misses_total"] >= before["sse_redis_misses_total"] + 2
        job.publish(status="completed")
        assert list(events)[-1].name == "done"


def test_nothing_counted_names_a_job_or_a_caller(client: httpx.Client, job: Job) -> None:
    job.publish(status="completed")
    client.get(STREAM)
    text = client.get("/metrics").text
    assert set(re.findall(r'(\w+)="', text)) == {"le"}


def test_only_administrators_see_the_counters(client: httpx.Client) -> None:
    ann = {"Authorization": "Bearer token of ann"}
    assert client.get("/metrics", headers=ann).status_code == 403
    assert httpx.get(client.base_url.join("/metrics"), trust_env=False).status_code == 401


def test_the_service_is_well_as_long_as_redis_answers(tmp_path: Path) -> None:
    redis = EmbeddedRedis()
    with serving(live_app(redis.url, tmp_path, QUICK)) as server, client_of(server) as client:
        del client.headers["Authorization"]  # a load balancer has none
        well = client.get("/api/generation/health/")
        assert (well.status_code, well.json()["status"]) == (200, "healthy")
        redis.close()
        ill = client.get("/api/generation/health/")
        assert (ill.status_code, ill.json()["status"]) == (503, "unhealthy")
        counted = client.get("/metrics", headers=ADMIN)
        assert counted.status_code == 200, "the rest of the service goes on"


def test_the_dashboard_shows_what_is_counted_and_nothing_else() -> None:
    expressions = re.findall(r'"expr": "((?:[^"\\]|\\.)*)"', DASHBOARD.read_text())
    words = set(
        re.findall(r"[a-z]+(?:_[a-z]+)+", " ".join(expressions).replace("$__rate_interval", ""))
    )
    asked = words - {"histogram_quantile"}
    families = list(Metrics().registry.collect())
    there = {sample.name for family in families for sample in family.samples}
    assert asked <= there
    own = {family.name for family in families if not family.name.startswith("process_")}
    assert own == {name for name in own if any(word.startswith(name) for word in asked)}


def test_the_dashboard_is_what_grafana_reads() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    assert dashboard["title"] == "Horarium"
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
