"""The example for Kubernetes: what Prefect's worker there makes of it, no cluster needed."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings
from ruamel.yaml import YAML

from flows.settings import Settings
from tests.chaos.servers import ROOT, PrefectServer

worker = pytest.importorskip(
    "prefect_kubernetes.worker", reason="no prefect-kubernetes: pip install 'horarium[kubernetes]'"
)

pytestmark = pytest.mark.slow

DEPLOY = ROOT / "deploy"
RUN = FlowRun(id=uuid4(), flow_id=uuid4(), name="tiny UD2")


@pytest.fixture(scope="module")
def needed() -> dict[str, dict[str, Any]]:
    """What the cluster must hold, by its kind."""
    documents = YAML(typ="safe").load_all((DEPLOY / "kubernetes.yaml").read_text())
    return {document["kind"]: document for document in documents}


@pytest.fixture(scope="module")
def job(prefect: PrefectServer) -> dict[str, Any]:
    """The job that a run becomes."""
    template = json.loads((DEPLOY / "kubernetes.json").read_text())
    values = {"image": "registry.example.edu/horarium", "env": {"HORARIUM_NUM_ISLANDS": "2"}}
    with temporary_settings({PREFECT_API_URL: prefect.url}):
        made = asyncio.run(
            worker.KubernetesWorkerJobConfiguration.from_template_and_values(template, values)
        )
        made.prepare_for_flow_run(RUN)
    manifest: dict[str, Any] = made.job_manifest
    return manifest


def test_a_run_is_a_job_with_one_container_of_the_image(job: dict[str, Any]) -> None:
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    assert job["spec"]["backoffLimit"] == 0, "who tries a run again is Prefect"
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example.edu/horarium"
    environment = {each["name"]: each["value"] for each in container["env"]}
    assert environment["PREFECT__FLOW_RUN_ID"] == str(RUN.id)
    assert environment["HORARIUM_NUM_ISLANDS"] == "2"
    assert container["args"], "a command"


def test_it_uses_the_volume_and_the_secret_of_the_example(
    job: dict[str, Any], needed: dict[str, dict[str, Any]]
) -> None:
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    claim = needed["PersistentVolumeClaim"]["metadata"]["name"]
    assert [volume["persistentVolumeClaim"]["claimName"] for volume in pod["volumes"]] == [claim]
    secret = needed["Secret"]["metadata"]["name"]
    assert container["envFrom"] == [{"secretRef": {"name": secret}}]
    (mount,) = container["volumeMounts"]
    given = needed["Secret"]["stringData"]
    assert mount["name"] == pod["volumes"][0]["name"]
    assert given["HORARIUM_DATA_FOLDER"].startswith(mount["mountPath"])
    known = {f"HORARIUM_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in given if name.startswith("HORARIUM_")} <= known
