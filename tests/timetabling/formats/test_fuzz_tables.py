"""Mutated tables and files of FET: reading ends with a problem or with `InputError`."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling.formats.small_tables import TABLES, tables, write_book, write_folder
from tests.timetabling.formats.test_fet import FET
from timetabling.formats import InputError, read_problem

NASTY = [
    b"", b" ", b"-1", b"0", b"9" * 5000, b"1e9", b"nan", b"\xff", b"\0", b'"', b",", b";", b"\n",
    b"=1", b"'", b"#", b"<", b"</c>", b"&#0;", b"<!--", b"<![CDATA[", b'"A1"', b"ZZZ9999999",
    b"\xef\xbb\xbf", b"<!DOCTYPE a>", b"Algebra", b"course", b"general", b'r="', b't="s"',
    b"<v>99999999999</v>",
]  # fmt: skip
MUTATIONS = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 40), st.sampled_from(NASTY)),
    min_size=1,
    max_size=4,
)
Mutations = list[tuple[int, int, bytes]]


def mutate(data: bytes, mutations: Mutations) -> bytes:
    for at, length, word in mutations:
        place = at % (len(data) + 1)
        data = data[:place] + word + data[place + length :]
    return data


def check(path: Path) -> None:
    try:
        problem = read_problem(path, tell=lambda _: None)
    except InputError as error:
        said = str(error)
    else:
        assert problem.num_lectures
        return
    assert said.startswith(str(path))
    assert len(said) < 20_000


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_book(tables(), tmp_path_factory.mktemp("fuzz") / "small.xlsx").read_bytes()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    write_folder(tables(), folder / "small")
    return folder


@given(name=st.sampled_from(sorted(TABLES)), mutations=MUTATIONS)
@settings(max_examples=50, deadline=None, derandomize=True)
def test_a_mutated_folder(scratch: Path, name: str, mutations: Mutations) -> None:
    file = scratch / "small" / f"{name}.csv"
    whole = file.read_bytes()
    try:
        file.write_bytes(mutate(whole, mutations))
        check(scratch / "small")
    finally:
        file.write_bytes(whole)


@given(part=st.integers(0, 30), mutations=MUTATIONS)
@settings(max_examples=50, deadline=None, derandomize=True)
def test_a_mutated_part_of_a_workbook(
    scratch: Path, book: bytes, part: int, mutations: Mutations
) -> None:
    with zipfile.ZipFile(BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = sorted(parts)[part % len(parts)]
    parts[name] = mutate(parts[name], mutations)
    with zipfile.ZipFile(scratch / "part.xlsx", "w") as archive:
        for other, data in parts.items():
            archive.writestr(other, data)
    check(scratch / "part.xlsx")


@given(mutations=MUTATIONS)
@settings(max_examples=50, deadline=None, derandomize=True)
def test_a_mutated_archive(scratch: Path, book: bytes, mutations: Mutations) -> None:
    (scratch / "archive.xlsx").write_bytes(mutate(book, mutations))
    check(scratch / "archive.xlsx")


@given(mutations=MUTATIONS)
@settings(max_examples=50, deadline=None, derandomize=True)
def test_a_mutated_file_of_fet(scratch: Path, mutations: Mutations) -> None:
    (scratch / "small.fet").write_bytes(mutate(FET.encode(), mutations))
    check(scratch / "small.fet")
