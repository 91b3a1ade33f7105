"""Waiting for a task while somebody presses Ctrl-C."""

from __future__ import annotations

from typing import Any

import pytest

from flows.handing import result_of
from tasks.stopping import is_cancelled, searching


def test_the_first_ctrl_c_waits_for_what_was_found_and_a_second_one_does_not() -> None:
    class Interrupted:
        def __init__(self) -> None:
            self.waits = 0

        def result(self) -> str:
            self.waits += 1
            if self.waits == 1:
                raise KeyboardInterrupt
            return "the best"

    first: Any = Interrupted()
    second: Any = Interrupted()
    with searching("mine"):
        assert result_of(first, "mine") == "the best"
        assert is_cancelled("mine")
        with pytest.raises(KeyboardInterrupt):
            result_of(second, "mine")
