"""A process that counts for a job of another one, as a pool's or a cluster's worker does."""

from __future__ import annotations

import json
import random
import sys
import time

from tracking.relay import Relay

__all__ = ["main"]


def main() -> None:
    """Count as the argument says, in JSON; say so at the end, and live until the input ends."""
    what = json.loads(sys.argv[1])
    chance = random.Random(what["seed"])
    relay = Relay(what["job_id"], what["redis_url"])
    for number in range(what["units"]):
        unit = relay.unit(f"{what['name']} {number}")
        if number == 0 and what["starts_stage"]:
            unit.start_stage(what["starts_stage"])
        for _ in range(what["items"]):
            time.sleep(2 * chance.random() * what["pause_seconds"])
            unit.advance()
        relay.flush()
    sys.stdout.write("done\n")
    sys.stdout.flush()
    sys.stdin.read()
