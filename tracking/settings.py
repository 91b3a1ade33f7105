"""What the flow and the service are both told: environment variables that start with HORARIUM_."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["RedisUrl", "SharedSettings"]

RedisUrl = Annotated[str, Field(pattern="^(redis|rediss|unix)://")]


class SharedSettings(BaseSettings):
    """What those who work on one job, on whatever machines, must be told alike.

    Raises
    ------
    pydantic.ValidationError
        If a variable holds what is not allowed, when it is read. An empty one is none.
    """

    model_config = SettingsConfigDict(
        env_prefix="HORARIUM_",
        env_ignore_empty=True,
        hide_input_in_errors=True,  # it holds passwords
        use_attribute_docstrings=True,
    )

    redis_url: RedisUrl | None = None
    """Where jobs publish their progress: ``redis://``, with TLS ``rediss://``, or ``unix://``."""

    data_folder: Path = Field(default_factory=lambda: user_data_path("horarium"))
    """Instances by name, uploads, and the files of jobs."""
