"""Publishing: all files of a timetable are replaced, or none is, and nothing else is left."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.testing.utilities import prefect_test_harness

from flows.certifying import CERTIFICATE, Origin, read_certificate
from flows.files import CURVE, PAGE, SOLUTION, TABLE, job_folder
from flows.publishing import publish_all
from flows.timetable import timetable
from tasks.put_in_place import put_in_place
from tests.chaos.servers import ROOT
from timetabling.exports.certificate import differences
from timetabling.formats import read_problem, read_solution
from timetabling.penalties import FORMULATIONS, evaluate
from timetabling.problem import Lecture, Timetable
from tracking.embedded import embedded_redis
from tracking.job_files import DOCUMENT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PROBLEM = read_problem(ROOT / "examples" / "tiny.ectt")
BEST = Timetable(PROBLEM, (Lecture(0, 0, 0), Lecture(1, 1, 0)))
BEFORE = {
    SOLUTION: "before\n",
    CERTIFICATE: "{}",
    DOCUMENT: "{}",
    TABLE: "course\n",
    PAGE: "<p>before",
    CURVE: "seconds\n",
}


@pytest.fixture(scope="module", autouse=True)
def prefect_server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=240):
        yield


@flow
def publish(folder: Path) -> None:
    origin = Origin("0" * 64, bound=0)
    publish_all(BEST, FORMULATIONS["UD2"], origin, folder / SOLUTION, "seconds,stage\n")


def published(folder: Path) -> None:
    """Publish, and raise what comes of it here."""
    state: Any = publish(folder, return_state=True)
    result = state.result(raise_on_failure=False)
    if isinstance(result, Exception):
        raise result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A job's folder, with what was published before."""
    for name, text in BEFORE.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def texts(folder: Path) -> dict[str, str]:
    """All files that are there, hidden ones too."""
    return {
        str(file.relative_to(folder)): file.read_text()
        for file in folder.rglob("*")
        if file.is_file()
    }


def is_new(folder: Path) -> bool:
    found = texts(folder)
    assert read_solution(folder / SOLUTION, PROBLEM) == BEST
    assert found[DOCUMENT].startswith('{"')
    assert not list(differences(read_certificate(folder / CERTIFICATE), BEST, "0" * 64))
    assert read_solution(folder / TABLE, PROBLEM) == BEST
    assert found[PAGE].startswith("<!doctype html>")
    assert found[CURVE] == "seconds,stage\n"
    return set(found) == set(BEFORE) and not [*folder.glob(".*")]


Arrange = Callable[[Callable[[Path], None]], None]


@pytest.fixture
def at_second_step(monkeypatch: pytest.MonkeyPatch) -> Arrange:
    """Have something happen once the first file is in its place."""

    def arrange(happen: Callable[[Path], None]) -> None:
        steps: list[Path] = []

        def put(draft: Path, target: Path) -> None:
            steps.append(target)
            if len(steps) == 2:
                happen(draft)
            put_in_place(draft, target)

        monkeypatch.setattr("flows.publishing.put_in_place", put)

    return arrange


def test_all_files_are_replaced_and_nothing_else_is_left(folder: Path) -> None:
    published(folder)
    assert is_new(folder)


def test_what_was_there_before_comes_back_when_a_later_file_cannot_be_put_in_its_place(
    folder: Path,
) -> None:
    (folder / CURVE).unlink()
    (folder / CURVE).mkdir()
    before = texts(folder)
    with pytest.raises(
        OSError, match=f"taken back: {SOLUTION}, {CERTIFICATE}, {DOCUMENT}"
    ) as failure:
        published(folder)
    assert "expected a regular file" in str(failure.value)
    assert str(folder / CURVE) in str(failure.value)
    assert texts(folder) == before
    assert not [*folder.glob(".*")]


def test_a_first_publication_that_fails_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / CURVE).mkdir()
    with pytest.raises(OSError, match="taken back"):
        published(tmp_path)
    assert texts(tmp_path) == {}


@contextmanager
def files_of_at_most(num_bytes: int) -> Iterator[None]:
    """Writing more fails, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_no_file_is_touched_when_there_is_no_room_for_all_of_them(folder: Path) -> None:
    with files_of_at_most(200), pytest.raises(OSError, match="too large; no file was touched"):
        published(folder)
    assert texts(folder) == BEFORE
    assert not [*folder.glob(".*")]


def test_ctrl_c_between_two_files_takes_the_first_back(
    folder: Path, at_second_step: Arrange
) -> None:
    # As Python has it in a program of its own; a process that runs tests for another one may not.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    at_second_step(lambda _: os.kill(os.getpid(), signal.SIGINT))
    try:
        with pytest.raises(KeyboardInterrupt):
            published(folder)
    finally:
        signal.signal(signal.SIGINT, before)
    assert texts(folder) == BEFORE
    assert not [*folder.glob(".*")]


def test_sigterm_between_two_files_leaves_a_whole_timetable(
    tmp_path: Path, at_second_step: Arrange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is how Prefect cancels a run: what has been found is published before it ends."""
    at_second_step(lambda _: os.kill(os.getpid(), signal.SIGTERM))
    with embedded_redis() as url:
        monkeypatch.setenv("HORARIUM_REDIS_URL", url)
        monkeypatch.setenv("HORARIUM_DATA_FOLDER", str(tmp_path))
        tiny = ROOT / "examples" / "tiny.ectt"
        state: Any = timetable(instance=tiny, work_limit=1000, job_id="mine", return_state=True)
    assert state.is_cancelled()
    folder = job_folder("mine", tmp_path)
    assert set(texts(folder)) == set(BEFORE)
    assert evaluate(read_solution(folder / SOLUTION, PROBLEM), FORMULATIONS["UD2"]).is_feasible


def test_an_output_that_could_not_be_written_is_refused_before_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = tmp_path / "tiny.ectt"
    shutil.copyfile(ROOT / "examples" / tiny.name, tiny)
    monkeypatch.chdir(tmp_path)
    with embedded_redis() as url:
        monkeypatch.setenv("HORARIUM_REDIS_URL", url)
        for output, said in (
            (Path("out.sol"), "output: expected an absolute path, got 'out.sol'"),
            (tmp_path / "nowhere" / "out.sol", "expected an existing folder"),
            (tmp_path / "out.xlsx", "expected a name that ends in .sol or .csv"),
            (tiny, "expected a new file, got the instance itself"),
        ):
            state: Any = timetable(instance=tiny, output=output, work_limit=1000, return_state=True)
            assert state.is_failed()
            assert said in str(state.result(raise_on_failure=False))
    assert [*tmp_path.iterdir()] == [tiny]


def test_what_a_killed_attempt_left_is_gone_after_the_next(
    folder: Path, at_second_step: Arrange
) -> None:
    left: list[Path] = []

    def leave(draft: Path) -> None:
        left.append(draft.parent)
        shutil.copytree(draft.parent, folder.with_suffix(".left"))

    at_second_step(leave)
    published(folder)
    shutil.move(folder.with_suffix(".left"), left[0])
    assert not is_new(folder)
    published(folder)
    assert is_new(folder)


def test_a_symbolic_link_to_a_timetable_stays_one(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / SOLUTION).symlink_to(tmp_path / "elsewhere" / SOLUTION)
    published(tmp_path)
    assert (tmp_path / SOLUTION).is_symlink()
    assert is_new(tmp_path / "elsewhere")
