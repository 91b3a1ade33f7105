"""The zip archive that a workbook is, unpacked within limits, and what its parts refer to."""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from timetabling.formats.markup import MarkupError, parse
from timetabling.formats.text import MAX_BYTES, InputError, quote, read_bytes

__all__ = ["Package"]

_MAX_PARTS = 10_000
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # .xls, and any workbook with a password
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError)


class Package:
    """The parts of a workbook by name.

    Raises
    ------
    InputError
        If the file is no workbook, or over 64 MiB.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        data = read_bytes(path)
        if data.startswith(_OLD_OFFICE):
            raise InputError(
                f"{path}: expected an .xlsx workbook, got an older one (.xls) or one with a "
                "password; save it as .xlsx without a password"
            )
        if data.count(b"PK\1\2") > _MAX_PARTS:
            raise InputError(f"{path}: expected at most {_MAX_PARTS} parts in the workbook")
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (*_DAMAGED, NotImplementedError):
            raise InputError(
                f"{path}: expected an Excel workbook (.xlsx), got another kind of file, or a piece "
                "of one"
            ) from None
        self._infos = {info.filename.casefold(): info for info in self._archive.infolist()}
        self._left = MAX_BYTES

    def read(self, name: str) -> bytes:
        """Unpack a part; all of them together may have 64 MiB, whatever their headers say.

        Raises
        ------
        InputError
            If there is none, or it is damaged, or too large.
        """
        info = self._infos.get(name.casefold())
        if info is None:
            raise InputError(f"{self._path}: expected a part {quote(name)} in the workbook")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError(f"{self._path}: expected a workbook packed as Excel does")
        try:
            with self._archive.open(info) as part:
                data = part.read(self._left + 1)
        except _DAMAGED:
            raise InputError(f"{self._path}: the part {quote(name)} is damaged") from None
        self._left -= len(data)
        if self._left < 0:
            raise InputError(f"{self._path}: expected at most {MAX_BYTES} bytes when unpacked")
        return data

    def parse(
        self,
        name: str,
        start: Callable[[str, Mapping[str, str]], None],
        end: Callable[[str, str], None] = lambda _, __: None,
    ) -> None:
        """Parse a part, as `markup.parse` does.

        Raises
        ------
        InputError
            If it cannot be read, or is not XML.
        """
        try:
            parse(self.read(name), start=lambda tag, values, _: start(tag, values), end=end)
        except MarkupError as error:
            raise InputError(f"{self._path}: {name}, line {error.line}: {error}") from None

    def relations(self, name: str) -> list[tuple[str, str, str]]:
        """Of each thing that a part refers to: its id, kind, and the name of its part."""
        folder, base = posixpath.split(name)
        where = posixpath.join(folder, "_rels", f"{base}.rels")
        found: list[tuple[str, str, str]] = []

        def start(tag: str, values: Mapping[str, str]) -> None:
            if tag == "Relationship":
                target = posixpath.join("/", folder, values.get("Target", ""))
                kind = values.get("Type", "").rpartition("/")[2]
                found.append((values.get("Id", ""), kind, posixpath.normpath(target).lstrip("/")))

        if where.casefold() in self._infos:
            self.parse(where, start)
        return found
