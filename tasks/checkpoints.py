"""Where the results of a job are kept, and how Prefect knows each of them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prefect.cache_policies import CachePolicy
from prefect.context import TaskRunContext

__all__ = ["Checkpoints", "Piece", "folder_of"]


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Where the results of a job are kept, and what they must have been made from.

    Parameters
    ----------
    job_id
        Whose they are: another job on the same instance searches anew.
    content
        Digest of all that the results depend on, but which piece of the work each is.
    """

    job_id: str
    content: str


def folder_of(job_id: str) -> str:
    """Where a job's results lie in Prefect's storage of results."""
    return f"horarium-{job_id}"


@dataclass
class Piece(CachePolicy):
    """Knows a result by its checkpoints and its piece of the work; no problem is ever hashed.

    Parameters
    ----------
    arguments
        Names of the task's arguments that say which piece it is.
    """

    arguments: tuple[str, ...] = ()

    def compute_key(
        self,
        task_ctx: TaskRunContext,
        inputs: dict[str, Any],
        flow_parameters: dict[str, Any],  # noqa: ARG002
        **_: Any,
    ) -> str | None:
        """Give the result's path in the storage; None where none is to be kept."""
        checkpoints: Checkpoints | None = inputs.get("checkpoints")
        if checkpoints is None:
            return None
        piece = (task_ctx.task.fn.__name__, *(str(inputs[name]) for name in self.arguments))
        return f"{folder_of(checkpoints.job_id)}/{checkpoints.content}/{'-'.join(piece)}"
