"""The overall percentage in Prefect's own UI: a progress artifact, and a link to the page."""

from __future__ import annotations

import logging
import os
import threading
from contextvars import copy_context
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate

from tracking.reporter import Reporter
from tracking.snapshot import ENDS, Snapshot
from tracking.words import duration

__all__ = ["Artifacts"]

_log = logging.getLogger(__name__)

# An update costs Prefect's server some 15 ms: three thousandths of a core at this rate, and less
# where the bar moves slowly, for it is told of whole points alone.
_INTERVAL_SECONDS = 5.0
_STEP_PERCENT = 1.0
_LAST_WORDS_SECONDS = 2.0
_SHORT_SECONDS = 1.0  # a job that ends sooner needs no bar


class Artifacts:
    """Keeps a job's artifacts current, in a thread of its own, until the job has ended.

    Prefect being slow or away costs the artifact, not the job.

    Parameters
    ----------
    reporter
        The job's.
    flow_run_id
        Whose artifacts they are.
    """

    def __init__(self, reporter: Reporter, flow_run_id: UUID) -> None:
        self._reporter = reporter
        self._flow_run_id = flow_run_id

        # In the flow's context, which says where Prefect's server is.
        self._thread = threading.Thread(
            target=copy_context().run,
            args=(self._keep_current,),
            name=f"artifacts-{reporter.job_id}",
            daemon=True,
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self) -> None:
        """After the job's end, wait until it is told, but not long: the process may end next."""
        self._thread.join(_LAST_WORDS_SECONDS)

    def _keep_current(self) -> None:
        try:
            if self._reporter.wait_for_end(_SHORT_SECONDS) or self._reporter.ended:
                return
            with get_client(sync_client=True) as client:
                self._link(client)
                self._follow(client)
        except Exception as trouble:  # noqa: BLE001 - no run may fail for its progress bar
            _log.warning(
                "job %s: Prefect does not show its progress: %s", self._reporter.job_id, trouble
            )

    def _link(self, client: SyncPrefectClient) -> None:
        """Link to the job's page, if there is a service: ``HORARIUM_PAGE_URL``."""
        page = os.environ.get("HORARIUM_PAGE_URL")
        if page:
            job_id = self._reporter.job_id
            client.create_artifact(
                ArtifactCreate(
                    type="markdown",
                    description="The job's page",
                    data=f"[Progress of job {job_id}]({page.rstrip('/')}/jobs/{job_id})",
                    flow_run_id=self._flow_run_id,
                )
            )

    def _follow(self, client: SyncPrefectClient) -> None:
        artifact = client.create_artifact(
            ArtifactCreate(
                type="progress",
                description="0 %",
                data=0.0,
                flow_run_id=self._flow_run_id,
            )
        )
        told: Snapshot | None = None
        while True:
            now = self._reporter.last_snapshot
            over = now is not None and now["status"] in ENDS
            moved = now is not None and (
                told is None or now["overall_progress"] >= told["overall_progress"] + _STEP_PERCENT
            )
            if now is not None and (moved or over):
                client.update_artifact(
                    artifact.id,
                    ArtifactUpdate(data=now["overall_progress"], description=_words(now)),
                )
                told = now
            if over and self._reporter.ended:
                return
            self._reporter.wait_for_end(_INTERVAL_SECONDS)


def _words(snapshot: Snapshot) -> str:
    """All that there is to say, in a line: the card of an artifact does not show its value."""
    left = snapshot["eta_seconds"]
    doing = snapshot["status"] if snapshot["status"] in ENDS else snapshot["stage_label"]
    about = f", about {duration(left)} left" if left else ""
    return f"{snapshot['overall_progress']:.0f} %: {doing}{about}"
