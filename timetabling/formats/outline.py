"""The outline of an instance file: headers, then sections of lines of words, then ``END.``."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from timetabling.formats.text import Report, quote

__all__ = ["END", "Line", "Outline"]

END = "END."


class Line(NamedTuple):
    """A line that is not blank: its number, from 1, and its words."""

    number: int
    words: list[str]


class Outline:
    """Where the headers and sections of a file are; what is wrong with that goes to `report`.

    A first word that ends in a colon marks a header, with words after it, or a section, alone
    on its line. Sections may come in any order.
    """

    def __init__(
        self, lines: list[str], headers: Collection[str], sections: Collection[str], report: Report
    ) -> None:
        self._lines = lines
        self._extents: dict[str, range] = {}  # line by line lists would take ten times the memory
        self.headers: dict[str, Line] = {}
        section, start, end = "", 0, len(lines)
        has_end = False
        for line in self._split(range(len(lines))):
            number, words = line
            key = words[0].removesuffix(":")
            is_key = key != words[0]
            if has_end:
                report.add(number, f"expected nothing after {END}, got {_quote(words)}")
                break
            if words[0] == END:
                has_end, end = True, number
                if len(words) > 1:
                    report.add(number, f"expected {END} alone, got {_quote(words)}")
            elif is_key and len(words) == 1 and (section or key not in headers):
                self._extents.setdefault(section, range(start, number - 1))
                section, start = key, number
                if key not in sections:
                    expected = ", ".join(f"{name}:" for name in sections)
                    report.add(number, f"expected a section ({expected}), got {_quote(words)}")
                elif key in self._extents:
                    report.add(number, f"expected each section once, got {key}: again")
            elif not section and not (is_key and key in headers):
                expected = ", ".join(f"{name}:" for name in headers)
                report.add(number, f"expected a header ({expected}), got {_quote(words)}")
            elif not section and key in self.headers:
                report.add(number, f"expected each header once, got {key}: again")
            elif not section:
                self.headers[key] = line
        self._extents.setdefault(section, range(start, end - has_end))

        headers_end = min(self._extents[""].stop + 1, end)
        for name in headers:
            if name not in self.headers:
                report.add(headers_end, f"expected a header {name}: before this line, got none")
        for name in sections:
            if name not in self._extents:
                report.add(end, f"expected a section {name}: before this line, got none")
        if not has_end:
            report.add(end, f"expected {END}, got the end of the file; is it cut off?")

    def __contains__(self, section: str) -> bool:
        return section in self._extents

    def rows(self, section: str) -> Iterator[Line]:
        """Split the lines of a section; a missing one has none."""
        return self._split(self._extents.get(section, range(0)))

    def _split(self, extent: range) -> Iterator[Line]:
        for index in extent:
            words = self._lines[index].split()
            if words:
                yield Line(index + 1, words)


def _quote(words: list[str]) -> str:
    return quote(" ".join(words))
