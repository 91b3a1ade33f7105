"""What is kept of a merged wave."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tasks.checkpoints import Checkpoints, Piece
from tasks.merge import merge


def test_a_wave_of_clusters_that_were_cut_short_is_not_taken_for_the_whole_one() -> None:
    policy, context = merge.cache_policy, SimpleNamespace(task=merge)
    assert isinstance(policy, Piece)

    def key(digest: str) -> str | None:
        given: dict[str, Any] = {
            "checkpoints": Checkpoints("job", "content"), "wave": 1, "digest": digest,
        }  # fmt: skip
        found: Any = context
        return policy.compute_key(found, given, {})

    assert key("cut short") != key("whole")
