"""The main job as its users see it: a process, its exit status, its file, its progress."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis

from timetabling.formats import read_problem, read_solution
from timetabling.formats.ectt import write as write_ectt
from timetabling.penalties import FORMULATIONS, Score, evaluate
from timetabling.problem import Course, Curriculum, Problem, Room
from tracking.embedded import embedded_redis
from tracking.plan import plan
from tracking.testing import check

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TINY = EXAMPLES / "tiny.ectt"
SMALL = EXAMPLES / "small-university.ectt"  # not solved to the optimum within seconds

Start = Callable[..., Any]  # see conftest.py


@dataclass
class Listener:
    """Hears what any job publishes, as a stranger to it would."""

    url: str
    events: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    lifetimes: list[int] = field(default_factory=list)

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        with redis.Redis.from_url(self.url, socket_timeout=None) as client:
            heard = client.pubsub(ignore_subscribe_messages=True)
            heard.psubscribe("progress:job:*")
            over = threading.Event()

            def listen() -> None:
                while not over.is_set():
                    message = heard.get_message(timeout=0.2)
                    if message is not None:
                        self.events.append((time.monotonic(), json.loads(message["data"])))
                        self.lifetimes.append(int(client.ttl(message["channel"])))

            thread = threading.Thread(target=listen)
            thread.start()
            try:
                yield self
            finally:
                over.set()
                thread.join()
                heard.close()


def score_of(instance: Path, solution: Path, rules: str = "UD2") -> Score:
    return evaluate(read_solution(solution, read_problem(instance)), FORMULATIONS[rules])


@pytest.mark.parametrize("plan_name", ["default", "search-heavy"])
def test_a_run_writes_a_feasible_timetable_and_keeps_every_promise_about_its_progress(
    horarium: Start, tmp_path: Path, plan_name: str
) -> None:
    with embedded_redis() as url, Listener(url).listening() as listener:
        done = horarium(
            "generate", TINY, "--time-limit", "8", "--plan", plan_name,
            "--job-id", "a-job", "--redis-url", url, "--output", tmp_path / "out.sol",
        )  # fmt: skip
        time.sleep(1.5)  # nothing may follow the end
    assert done.status == 0, done.err
    score = score_of(TINY, tmp_path / "out.sol")
    assert score.is_feasible
    assert f"violations 0  cost {score.cost}" in done.out
    assert check(listener.events, plan(plan_name)) == []
    assert all(1 <= seconds <= 7200 for seconds in listener.lifetimes)
    last = listener.events[-1][1]
    assert (last["job_id"], last["status"], last["overall_progress"]) == ("a-job", "completed", 100)
    assert last["metadata"]["cost"] == score.cost


def wait_for_stage(listener: Listener, stage: str) -> None:
    deadline = time.monotonic() + 120
    while not any(event["stage"] == stage for _, event in listener.events):
        assert time.monotonic() < deadline, f"stage {stage} was not reached"
        time.sleep(0.05)


@pytest.mark.parametrize("stage", ["cpsat_solving", "ga_optimization", "rl_refinement"])
def test_ctrl_c_keeps_the_best_so_far_and_ends_the_job_as_cancelled(
    start: Start, tmp_path: Path, stage: str
) -> None:
    with embedded_redis() as url, Listener(url).listening() as listener:
        run = start(
            "generate", SMALL, "--time-limit", "15", "--redis-url", url, "--output", "out.sol"
        )
        wait_for_stage(listener, stage)
        os.killpg(run.process.pid, signal.SIGINT)  # as a terminal does
        run.process.wait(timeout=60)
    assert run.status == 130, run.err
    assert "best timetable so far" in run.out
    read_solution(tmp_path / "out.sol", read_problem(SMALL))
    last = listener.events[-1][1]
    assert last["status"] == "cancelled"
    assert last["overall_progress"] < 100


def test_a_run_survives_the_death_of_redis(start: Start, tmp_path: Path) -> None:
    with embedded_redis() as url:
        with Listener(url).listening() as listener:
            run = start(
                "generate", TINY, "--time-limit", "8", "--redis-url", url, "--output", "out.sol"
            )
            wait_for_stage(listener, "cpsat_solving")
        with redis.Redis.from_url(url) as client:
            client.shutdown(nosave=True)
        run.process.wait(timeout=120)
    assert run.status == 0, run.err
    assert score_of(TINY, tmp_path / "out.sol").is_feasible
    assert run.err.count("Redis is away") == 1, "said once, and only once"


def test_the_same_seed_and_work_limit_give_the_same_timetable_for_any_number_of_workers(
    horarium: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one.sol", "two.sol"):
        done = horarium("generate", TINY, "--work-limit", "300000", "--seed", "7", "--output", name)
        assert done.status == 0, done.err
    assert (tmp_path / "one.sol").read_bytes() == (tmp_path / "two.sol").read_bytes()


def test_what_cannot_be_solved_is_written_with_its_violations_named(
    horarium: Start, tmp_path: Path
) -> None:
    courses = tuple(
        Course(id=f"c{i}", teacher="t", num_lectures=3, min_working_days=1, num_students=10)
        for i in range(2)
    )
    impossible = Problem(
        name="impossible",
        num_days=1,
        periods_per_day=4,
        courses=courses,
        rooms=(Room(id="r", capacity=20, building="b"),),
        curricula=(Curriculum(id="q", courses=(0, 1)),),
        daily_lectures=(1, 4),
    )
    write_ectt(impossible, tmp_path / "impossible.ectt")
    done = horarium("generate", "impossible.ectt", "--time-limit", "4")
    assert done.status == 1, done.err
    assert "lectures" in done.out
    score = score_of(tmp_path / "impossible.ectt", tmp_path / "impossible.sol")
    assert score.num_violations == 2
