from __future__ import annotations

import httpx
import pytest

from tests.service.live_parts import Job
from tracking.plan import DEFAULT, PLANS


def test_the_stages_of_every_plan_are_listed(client: httpx.Client) -> None:
    for name, plan in PLANS.items():
        listed = client.get("/api/stages", params={"plan": name}).json()
        assert listed["plan"] == name
        shares = [(stage["id"], stage["label"], stage["end"]) for stage in listed["stages"]]
        assert shares == [(stage.id, stage.label, stage.end) for stage in plan.stages]
    assert client.get("/api/stages").json()["plan"] == DEFAULT.name


def test_an_unknown_plan_is_refused_with_those_that_there_are(client: httpx.Client) -> None:
    response = client.get("/api/stages", params={"plan": "best"})
    assert response.status_code == 422
    problem = response.json()
    assert problem["type"] == "/problems/unknown-plan"
    assert all(name in problem["detail"] for name in PLANS)


@pytest.mark.parametrize("path", ["/api/status/job", "/status/job"])
def test_the_short_status_says_the_essential(client: httpx.Client, job: Job, path: str) -> None:
    shown = job.publish(overall_progress=14.03, eta_seconds=312)
    wanted = (
        "job_id",
        "status",
        "stage",
        "stage_label",
        "overall_progress",
        "eta_seconds",
        "last_updated",
    )
    assert client.get(path).json() == {name: shown[name] for name in wanted}  # type: ignore[literal-required]
