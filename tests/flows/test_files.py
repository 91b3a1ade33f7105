"""The data folder: instances by name, and folders of jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.files import find_instance, job_folder
from flows.serve import address, check_instance
from flows.up import offer_examples

TINY = Path(__file__).resolve().parents[2] / "examples" / "tiny.ectt"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data" / "instances").mkdir(parents=True)
    (tmp_path / "data" / "secret.ectt").write_text("")
    (tmp_path / "data" / "instances" / "mine.ectt").write_bytes(TINY.read_bytes())
    return tmp_path / "data"


def test_a_name_is_found_among_the_instances_and_a_path_is_taken_as_it_is(data: Path) -> None:
    assert find_instance(Path("mine.ectt"), data) == data / "instances" / "mine.ectt"
    assert find_instance(TINY, data) == TINY
    assert find_instance(Path("some/other.ectt"), data) == Path("some/other.ectt")


@pytest.mark.parametrize("name", ["other.ectt", "..", ".", "", "link.ectt", "x" * 300, "a\0b"])
def test_a_name_leads_to_a_file_in_the_folder_or_nowhere(data: Path, name: str) -> None:
    (data / "instances" / "link.ectt").symlink_to(data / "secret.ectt")
    with pytest.raises(ValueError, match="expected a path, or the name of a file in"):
        find_instance(Path(name), data)


def test_a_job_has_a_folder_of_its_own(data: Path) -> None:
    assert job_folder("a.job", data) == data / "jobs" / "a.job"
    assert job_folder("a.job", data).is_dir()
    for name in (".", ".."):
        with pytest.raises(ValueError, match="expected one that can name a folder"):
            job_folder(name, data)


def test_examples_are_offered_to_an_empty_folder_alone(tmp_path: Path, data: Path) -> None:
    offer_examples(tmp_path / "new" / "instances")
    assert {file.name for file in (tmp_path / "new" / "instances").iterdir()} == {
        "tiny.ectt",
        "small-university.ectt",
    }
    offer_examples(data / "instances")
    assert [file.name for file in (data / "instances").iterdir()] == ["mine.ectt"]


def test_a_check_says_what_is_in_an_instance() -> None:
    assert check_instance(TINY) == {
        "name": "tiny",
        "summary": {"courses": 12, "lectures": 36, "rooms": 3, "curricula": 8, "periods": 20},
        "errors": [],
        "notes": [],
        "findings": [],
    }


def test_a_check_names_all_mistakes_and_not_where_the_file_lies(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ectt"
    broken.write_text(
        TINY.read_text().replace("Days: 5", "Days: x").replace("Rooms: 3", "Rooms: 4")
    )
    found = check_instance(broken)
    assert found["summary"] is None
    assert [error.partition(": ")[0] for error in found["errors"]] == [
        "broken.ectt:3",
        "broken.ectt:4",
    ]
    (missing,) = check_instance(tmp_path / "missing.ectt")["errors"]
    assert missing == "missing.ectt: No such file or directory"


def test_an_address_is_a_link_that_signs_in_when_there_is_a_token() -> None:
    assert address("127.0.0.1", 8765, "abc") == "http://127.0.0.1:8765/#token=abc"
    assert address("::1", 80) == "http://[::1]:80/"
