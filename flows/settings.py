"""What is configured from outside: environment variables that start with HORARIUM_."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path, user_state_path
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings"]


class Settings(BaseSettings):
    """How clusters are spread over the machine, and where files are kept.

    Raises
    ------
    pydantic.ValidationError
        If a variable holds what is not allowed, when it is read.
    """

    model_config = SettingsConfigDict(env_prefix="HORARIUM_")

    task_runner: Literal["threads"] = "threads"
    """Where mapped tasks run: in threads of the flow's process."""

    num_workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=1024)
    """Tasks, and threads of one search, at a time."""

    data_folder: Path = Field(default_factory=lambda: user_data_path("horarium"))
    """Instances by name, and the files of jobs; the service has the same."""

    state_folder: Path = Field(default_factory=lambda: user_state_path("horarium"))
    """Where a run without a Redis of its own remembers how earlier ones went."""

    def make_task_runner(self) -> TaskRunner[Any]:
        """Build the task runner that is asked for."""
        # One more: the bound is proven beside the clusters, and holds none of them up.
        return ThreadPoolTaskRunner(max_workers=self.num_workers + 1)
