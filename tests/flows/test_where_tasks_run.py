"""Where tasks run is a matter of configuration, and how values come to them."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.collections import visit_collection
from pydantic import ValidationError

from flows.handing import whole
from flows.settings import Settings


def test_in_threads_the_islands_share_the_workers() -> None:
    settings = Settings(num_workers=8, num_islands=3)
    assert settings.threads_of_a_search == 2
    assert isinstance(settings.make_task_runner(), ThreadPoolTaskRunner)
    assert Settings(num_workers=1).threads_of_a_search == 1


def test_on_dask_a_task_has_one_core() -> None:
    runners = pytest.importorskip("prefect_dask.task_runners", reason="no prefect-dask")
    settings = Settings(task_runner="dask", dask_address="tcp://10.0.0.5:8786", num_workers=64)
    assert settings.threads_of_a_search == 1
    runner = settings.make_task_runner()
    assert isinstance(runner, runners.DaskTaskRunner)
    # Prefect copies it before it is used.
    assert runner.duplicate().address == "tcp://10.0.0.5:8786"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"task_runner": "dask"}, "HORARIUM_DASK_ADDRESS: expected the scheduler's address"),
        ({"task_runner": "ray"}, "'threads' or 'dask'"),
        ({"dask_address": "10.0.0.5"}, "should match pattern"),
        ({"num_islands": 3, "num_workers": 2}, "expected at most HORARIUM_NUM_WORKERS, 2, got 3"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_read(
    wrong: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Settings(**wrong)  # type: ignore[arg-type]


class Counted:
    """A value that counts how often it was pickled."""

    pickled = 0

    def __reduce__(self) -> tuple[type[Counted], tuple[()]]:
        Counted.pickled += 1
        return Counted, ()


def test_a_value_is_pickled_once_for_all_tasks_and_arrives_as_it_was() -> None:
    seen: list[Any] = []
    handed = whole(([Counted()], "a timetable"))
    sent = [pickle.loads(pickle.dumps(handed)) for _ in range(3)]
    assert Counted.pickled == 1
    again = pickle.loads(pickle.dumps(sent[0]))  # by a scheduler, on to the worker
    assert Counted.pickled == 1

    def see(part: Any, context: dict[str, Any]) -> Any:
        seen.append(part)
        return part

    # As Prefect does before a task begins.
    found: Any = visit_collection(
        {"start": again}, see, return_data=True, context={}, remove_annotations=True
    )
    assert found["start"][1] == "a timetable"
    assert not any(isinstance(part, Counted) for part in seen), "nobody looks at its parts"
