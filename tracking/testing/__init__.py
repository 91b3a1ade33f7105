"""Hold a flow's progress to the rules that people can trust a bar by.

::

    with Recorder(redis_url, "my-job") as recorder:
        my_flow(job_id="my-job")
    assert check(recorder.events, PLAN) == []
"""

from __future__ import annotations

from tracking.testing.judge import check
from tracking.testing.recorder import Recorder

__all__ = ["Recorder", "check"]
