"""What the flow and the service are both told: environment variables that start with HORARIUM_."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from platformdirs import user_data_path
from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["RedisUrl", "SharedSettings", "complaints"]

RedisUrl = Annotated[str, Field(pattern="^(redis|rediss|unix)://")]

_PREFIX = "HORARIUM_"
_ALIKE = 0.9  # as difflib counts; no two settings are (tests/test_operations.py)


class SharedSettings(BaseSettings):
    """What those who work on one job, on whatever machines, must be told alike.

    Raises
    ------
    pydantic.ValidationError
        If a variable holds what is not allowed, when it is read, or one is there whose name is
        nearly a setting's. An empty one is none.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_ignore_empty=True,
        hide_input_in_errors=True,  # it holds passwords
        use_attribute_docstrings=True,
    )

    redis_url: RedisUrl | None = None
    """Where jobs publish their progress: ``redis://``, with TLS ``rediss://``, or ``unix://``."""

    data_folder: Path = Field(default_factory=lambda: user_data_path("horarium"))
    """Instances by name, uploads, and the files of jobs."""

    @model_validator(mode="before")
    @classmethod
    def _check_names(cls, given: Any) -> Any:
        """Refuse what is most likely misspelt; other names may be somebody else's settings."""
        names = {f"{_PREFIX}{name}".upper() for name in cls.model_fields}
        for found in sorted(os.environ):
            near = get_close_matches(found.upper(), names, n=1, cutoff=_ALIKE)
            if near and near[0] != found.upper():
                raise ValueError(f"{found}: expected a setting's name, perhaps {near[0]}")
        return given


def complaints(error: ValidationError) -> str:
    """What is wrong with settings, by the names of the variables; no value, it may be secret."""
    said = []
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        variable = "".join(f"{_PREFIX}{name}".upper() + ": " for name in each["loc"][:1])
        said.append(variable + each["msg"].removeprefix("Value error, "))
    return "; ".join(said)
