"""What is in a file of FET (.fet, XML, https://lalescu.ro/liviu/fet): its lists, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from timetabling.formats.markup import MarkupError, parse
from timetabling.formats.spelling import Spelling
from timetabling.formats.text import InputError, Report, quote, read_bytes, whole_number
from timetabling.problem import MAX_DAYS, MAX_LECTURES, MAX_PERIODS_PER_DAY, MAX_SEATS

__all__ = ["Activity", "FetFile", "Node"]

T = TypeVar("T")

_MAX_ELEMENTS = 1_000_000  # ten times a large school's


@dataclass(slots=True)
class Node:
    """An element: its tag, line, text without needless blanks, and the elements in it."""

    tag: str
    line: int
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def all(self, tag: str) -> Iterator[Node]:
        """Those of its elements that have a tag."""
        return (child for child in self.children if child.tag == tag)

    def first(self, tag: str) -> Node:
        """The first of its elements that has a tag; an empty one if none has."""
        return next(self.all(tag), Node(tag, self.line))

    def texts(self, tag: str) -> list[str]:
        """The texts of its elements that have a tag, without empty ones."""
        return [child.text for child in self.all(tag) if child.text]

    @property
    def is_active(self) -> bool:
        """Whether it counts: people switch activities and constraints off."""
        return self.first("Active").text.lower() != "false"


@dataclass(frozen=True, slots=True)
class Activity:
    """Some hours in a row, of one subject; a group of them is what is called a course here."""

    id: str
    group: str
    line: int
    subject: str
    teachers: tuple[str, ...]
    students: tuple[str, ...]
    duration: int
    num_students: int | None


class FetFile:
    """The lists of a file; a name that is not in them goes to `report` when it is looked up.

    Raises
    ------
    InputError
        If the file is no XML of FET's.
    """

    def __init__(self, path: Path) -> None:
        self.report = Report(path)
        self.root = _tree(path)
        if self.root.tag != "fet":
            self.report.add(
                self.root.line, f"expected an element fet, as FET writes, got {self.root.tag!r}"
            )
            self.report.check()
        self.days = self._index("Days_List", "Day", MAX_DAYS)
        self.hours = self._index("Hours_List", "Hour", MAX_PERIODS_PER_DAY)
        self.teachers = self._index("Teachers_List", "Teacher")
        nodes = self.root.first("Activities_List").all("Activity")
        self.switched_off = {node.first("Id").text for node in nodes if not node.is_active}
        self._spelling: dict[int, Spelling] = {}

    def look_up(self, known: Mapping[str, T], name: str, line: int, what: str) -> T | None:
        """What is known by a name; None, and a complaint, if nothing is."""
        if name not in known:
            spelling = self._spelling.setdefault(id(known), Spelling(known))
            self.report.add(
                line,
                f"expected one of the {what} of this file, got {quote(name)}{spelling.hint(name)}",
            )
            return None
        return known[name]

    def number(self, node: Node, *, low: int, high: int, default: int | None = None) -> int:
        """The whole number in an element, or the default if it is empty."""
        if not node.text and default is not None:
            return default
        try:
            number = whole_number(node.text)
        except ValueError as error:
            self.report.add(node.line, f"{node.tag}: {error}")
            return low
        if not low <= number <= high:
            self.report.add(node.line, f"{node.tag}: expected {low} to {high}, got {number}")
            return low
        return number

    def period(self, node: Node, day: str = "Day", hour: str = "Hour") -> int | None:
        """The period that a day and an hour name."""
        found = [
            self.look_up(known, node.first(tag).text, node.first(tag).line, what)
            for known, tag, what in ((self.days, day, "days"), (self.hours, hour, "hours"))
        ]
        d, h = found
        return None if d is None or h is None else d * len(self.hours) + h

    def activities(self) -> list[Activity]:
        """The activities that are switched on."""
        found: dict[str, Activity] = {}
        for node in self.root.first("Activities_List").all("Activity"):
            if not node.is_active:
                continue
            name = node.first("Id").text
            if not name or name in found:
                what = f"{quote(name)} again" if name else "none"
                self.report.add(node.line, f"expected an Id of its own, got {what}")
                continue
            group = node.first("Activity_Group_Id").text
            size = node.first("Number_Of_Students")
            found[name] = Activity(
                id=name,
                group="" if group == "0" else group,
                line=node.line,
                subject=node.first("Subject").text or "?",
                teachers=tuple(dict.fromkeys(node.texts("Teacher"))),
                students=tuple(dict.fromkeys(node.texts("Students"))),
                duration=self.number(node.first("Duration"), low=1, high=MAX_LECTURES),
                num_students=self.number(size, low=0, high=MAX_SEATS) if size.text else None,
            )
            for teacher in found[name].teachers:
                self.look_up(self.teachers, teacher, node.line, "teachers")
        return list(found.values())

    def students(self) -> tuple[dict[str, frozenset[str]], dict[str, int]]:
        """Of each year, group and subgroup: the smallest sets in it, and how many students."""
        smallest: dict[str, frozenset[str]] = {}
        sizes: dict[str, int] = {}

        def visit(node: Node, below: tuple[str, ...]) -> frozenset[str]:
            name = node.first("Name").text
            parts = [visit(child, below[1:]) for tag in below[:1] for child in node.all(tag)]
            within = frozenset[str]().union(*parts) or frozenset({name})
            smallest[name] = smallest.get(name, frozenset()) | within
            count = node.first("Number_of_Students")
            sizes[name] = self.number(count, low=0, high=MAX_SEATS, default=0)
            return within

        for year in self.root.first("Students_List").all("Year"):
            visit(year, ("Group", "Subgroup"))
        return smallest, sizes

    def constraints(self) -> Iterator[Node]:
        """Those of time and of space."""
        for part in ("Time_Constraints_List", "Space_Constraints_List"):
            yield from self.root.first(part).children

    def _index(self, part: str, tag: str, most: int | None = None) -> dict[str, int]:
        """The names in a list, and their places in it."""
        places: dict[str, int] = {}
        node = self.root.first(part)
        for item in node.all(tag):
            name = item.first("Name").text
            if not name or name in places:
                what = f"{quote(name)} again" if name else "none"
                self.report.add(item.line, f"expected a {tag} with a name of its own, got {what}")
            places.setdefault(name, len(places))
        if most is not None and not 1 <= len(places) <= most:
            self.report.add(node.line, f"{part}: expected 1 to {most}, got {len(places)}")
        return places


def _tree(path: Path) -> Node:
    top = Node("", 1)
    open_nodes = [top]
    num_elements = 0

    def start(tag: str, _: Mapping[str, str], line: int) -> None:
        nonlocal num_elements
        num_elements += 1
        if num_elements > _MAX_ELEMENTS:
            raise MarkupError(line, f"expected at most {_MAX_ELEMENTS} elements")
        node = Node(tag, line)
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def end(_: str, text: str) -> None:
        open_nodes.pop().text = " ".join(text.split())

    try:
        parse(read_bytes(path), start=start, end=end)
    except MarkupError as error:
        raise InputError(f"{path}:{error.line}: {error}") from None
    return top.children[0]
