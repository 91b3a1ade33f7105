"""What is configured from outside: environment variables that start with HORARIUM_."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from platformdirs import user_state_path
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import Field, model_validator

from tracking.settings import SharedSettings

__all__ = ["Settings"]


class Settings(SharedSettings):
    """How tasks are spread over machines, and where files are kept."""

    task_runner: Literal["threads", "dask"] = "threads"
    """Where tasks run: in threads of the flow's process, or on Dask's workers."""

    dask_address: str | None = Field(default=None, pattern="^[a-z]+://.+")
    """Of Dask's scheduler, such as ``tcp://10.0.0.5:8786``."""

    num_workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=1024)
    """Tasks at a time, over all machines. In threads they share these with each search."""

    num_islands: int = Field(default=1, ge=1, le=1024)
    """Populations of the genetic search: one task each at a time, so no more than workers."""

    state_folder: Path = Field(default_factory=lambda: user_state_path("horarium"))
    """Where a run without a Redis of its own remembers how earlier ones went."""

    page_url: Annotated[str, Field(pattern="^https?://")] | None = None
    """Where the service's page is, for the links to it in Prefect's."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.task_runner == "dask" and self.dask_address is None:
            raise ValueError(
                "HORARIUM_DASK_ADDRESS: expected the scheduler's address, such as "
                "tcp://10.0.0.5:8786, with HORARIUM_TASK_RUNNER=dask; got none"
            )
        if self.num_islands > self.num_workers:
            raise ValueError(
                f"HORARIUM_NUM_ISLANDS: expected at most HORARIUM_NUM_WORKERS, "
                f"{self.num_workers}, got {self.num_islands}"
            )
        return self

    @property
    def threads_of_a_search(self) -> int:
        """How many threads one search may use. On Dask a task has one core."""
        return 1 if self.task_runner == "dask" else max(1, self.num_workers // self.num_islands)

    @property
    def threads_of_tasks(self) -> int:
        """How many tasks run in the flow's process at once.

        One more than workers: the bound is proven beside the clusters and the search, and holds
        none of them up.
        """
        return self.num_workers + 1

    def make_task_runner(self) -> TaskRunner[Any]:
        """Build the task runner that is asked for.

        Raises
        ------
        ValueError
            If it is Dask's and the package is not there.
        """
        if self.task_runner == "dask":
            try:
                from prefect_dask.task_runners import DaskTaskRunner
            except ImportError as error:
                raise ValueError(
                    "HORARIUM_TASK_RUNNER=dask: expected the package prefect-dask; "
                    "pip install 'horarium[dask]' brings it"
                ) from error
            # By its address: a cluster of the runner's own is lost when Prefect copies it.
            return DaskTaskRunner(address=self.dask_address)
        return ThreadPoolTaskRunner(max_workers=self.threads_of_tasks)
