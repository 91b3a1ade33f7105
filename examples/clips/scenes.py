"""Where one scene of a video ends and the next begins."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from scenedetect import ContentDetector, SceneManager, open_video

from examples.clips.clip import Span

__all__ = ["find_scenes"]

# It would say at each of the many calls below that it begins.
logging.getLogger("pyscenedetect").setLevel(logging.WARNING)

_SHORTEST_SCENE_SECONDS = 0.6
_FRAMES_A_REPORT = 12


def find_scenes(video: Path, on_frames: Callable[[int, int], None]) -> list[Span]:
    """Find the scenes between hard cuts; without a cut, the whole video is one.

    Parameters
    ----------
    video
        A file.
    on_frames
        Is told now and then how many frames were looked at, of how many.
    """
    stream = open_video(str(video), backend="pyav", suppress_output=True)
    manager = SceneManager()
    manager.add_detector(ContentDetector(min_scene_len=_SHORTEST_SCENE_SECONDS))
    num_frames, looked_at = stream.duration.frame_num, 0
    while found := manager.detect_scenes(stream, duration=_FRAMES_A_REPORT):
        looked_at += found
        on_frames(min(looked_at, num_frames), num_frames)
    scenes = manager.get_scene_list(start_in_scene=True)
    return [Span(start.seconds, end.seconds) for start, end in scenes]
