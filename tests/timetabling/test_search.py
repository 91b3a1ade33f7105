"""What engines share: budgets of work and of time, and an observer that says nothing."""

from __future__ import annotations

import threading

import pytest

from timetabling.search import Observer, SilentObserver, Stop, TimeLimit, WorkLimit


class Clock:
    """Shows the time it was set to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_work_limit_stops_when_the_work_is_done() -> None:
    stop = WorkLimit(10)
    assert (stop(), stop.fraction(), stop.work_left) == (False, 0.0, 10)
    stop.spend(4)
    assert (stop(), stop.fraction(), stop.work_left) == (False, 0.4, 6)
    stop.spend(6)
    assert (stop(), stop.fraction(), stop.work_left) == (True, 1.0, 0)


def test_work_beyond_the_limit_counts_as_all_of_it() -> None:
    stop = WorkLimit(10)
    stop.spend(25)
    assert (stop(), stop.fraction(), stop.work_left) == (True, 1.0, 0)


def test_without_any_work_to_do_it_stops_at_once() -> None:
    stop = WorkLimit(0)
    assert (stop(), stop.fraction(), stop.work_left) == (True, 1.0, 0)


def test_a_work_limit_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="work limit: expected at least 0, got -1"):
        WorkLimit(-1)


def test_work_reported_by_several_threads_is_all_counted() -> None:
    stop = WorkLimit(1_000_000)

    def work() -> None:
        for _ in range(5_000):
            stop.spend(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stop.work_left == 1_000_000 - 20_000


def test_a_time_limit_stops_when_the_time_is_over() -> None:
    clock = Clock()
    stop = TimeLimit(20, clock)
    assert (stop(), stop.fraction()) == (False, 0.0)
    clock.now += 5
    assert (stop(), stop.fraction()) == (False, 0.25)
    clock.now += 15
    assert (stop(), stop.fraction()) == (True, 1.0)
    clock.now += 100
    assert (stop(), stop.fraction()) == (True, 1.0)


def test_a_limit_goes_on_where_an_earlier_part_of_it_ended() -> None:
    clock = Clock()
    stop = TimeLimit(20, clock, used=0.25)
    assert (stop(), stop.fraction()) == (False, 0.25)
    clock.now += 15
    assert (stop(), stop.fraction()) == (True, 1.0)
    for work in (3, 7, 10**15 + 7):
        first = WorkLimit(work)
        first.spend(work // 3)
        rest = WorkLimit(work, used=first.fraction())
        assert rest.work_left == first.work_left
        assert rest.fraction() == first.fraction()


@pytest.mark.parametrize("seconds", [0, -3])
def test_without_any_time_it_stops_at_once(seconds: float) -> None:
    stop = TimeLimit(seconds, Clock())
    assert (stop(), stop.fraction()) == (True, 1.0)


def test_work_does_not_use_up_a_time_limit() -> None:
    stop = TimeLimit(20, Clock())
    stop.spend(10**12)
    assert (stop(), stop.fraction(), stop.work_left) == (False, 0.0, None)


def test_cancelling_stops_either_without_using_up_the_budget() -> None:
    wish = threading.Event()
    limits: list[Stop] = [
        WorkLimit(10, cancelled=wish.is_set),
        TimeLimit(10, Clock(), cancelled=wish.is_set),
    ]
    assert [stop() for stop in limits] == [False, False]
    wish.set()
    assert [stop() for stop in limits] == [True, True]
    assert [stop.fraction() for stop in limits] == [0.0, 0.0]


def test_a_silent_observer_takes_whatever_it_is_told() -> None:
    observer: Observer = SilentObserver()
    observer.update_stage_progress(1, 2)
    observer.update("better", cost=12, violations=0)
