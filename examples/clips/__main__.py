"""``python -m examples.clips``: make a video, serve it, cut it, and say how far that is."""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

from rich.console import Console

from examples.clips.progress_info import ProgressInfo
from tracking.embedded import embedded_redis
from tracking.store import Store

# Prefect reads these when it is imported. Its first start on a machine may take half a minute.
PREFECT_DEFAULTS = {
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the example from end to end."""
    parser = argparse.ArgumentParser(prog="python -m examples.clips", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("clips"), help="folder for the clips")
    output: Path = parser.parse_args(arguments).output
    for name, value in PREFECT_DEFAULTS.items():
        os.environ.setdefault(name, value)
    try:
        # Prefect and what reads videos take seconds to import.
        from examples.clips.flow import clips
        from examples.clips.server import served
        from examples.clips.storyboard import generate
    except ModuleNotFoundError as missing:
        parser.error(f"{missing.name} is missing: pip install 'horarium[clips]'")

    console = Console(highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="horarium-video-")))
        redis_url = os.environ.get("HORARIUM_REDIS_URL")
        if not redis_url:
            redis_url = os.environ["HORARIUM_REDIS_URL"] = stack.enter_context(embedded_redis())

        video = folder / "talk.mp4"
        seconds = generate(video)
        address = f"{stack.enter_context(served(folder))}/{video.name}"
        console.print(
            f"made a video of {seconds:.1f} s, {video.stat().st_size:,} bytes, at {address}"
        )
        job_id = f"clips-{uuid4()}"
        console.print(f"job {job_id} on {redis_url}")
        listener = threading.Thread(target=follow, args=(redis_url, job_id, console), daemon=True)
        listener.start()
        made = clips(address, output, job_id)
        listener.join(timeout=5)

    console.print(f"made {len(made)} clips in {output}, listed in {output / 'clips.json'}:")
    for clip in made:
        span = f"{clip.span.start:5.2f} to {clip.span.end:5.2f} s"
        console.print(f"  {clip.name}  {span}  {clip.text or '(nothing heard)'}")


def follow(redis_url: str, job_id: str, console: Console) -> None:
    """Print a line when a job's stage changes or it has come 5 points further, until its end."""
    before: ProgressInfo | None = None
    with closing(Store(redis_url)) as store:
        for snapshot in store.subscribe(job_id):
            info = ProgressInfo.of(snapshot)
            if before is None or info.stage != before.stage or info.percent - before.percent >= 5:
                console.print(info.line())
                before = info


if __name__ == "__main__":
    main()
