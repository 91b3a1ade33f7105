"""What all jobs publish in Redis, published again in nchan.

python -m benchmarks.progress.viewers.bridge REDIS_URL PORT
"""

from __future__ import annotations

import http.client
import sys
from typing import Any

from redis import Redis

from tracking import keys


def main(redis_url: str, port: int) -> None:
    """Pass everything on, until ended."""
    nchan = http.client.HTTPConnection("127.0.0.1", port)
    with Redis.from_url(redis_url, socket_timeout=None) as client, client.pubsub() as channel:
        channel.psubscribe(keys.ALL_JOBS)
        message: dict[str, Any]
        for message in channel.listen():
            if message["type"] != "pmessage":
                continue
            job_id = message["channel"].decode().removeprefix(keys.ALL_JOBS.rstrip("*"))
            nchan.request("POST", f"/publish/{job_id}", message["data"])
            answer = nchan.getresponse()
            if answer.status >= 300:
                raise RuntimeError(f"expected nchan to take it, got {answer.status}")
            answer.read()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
