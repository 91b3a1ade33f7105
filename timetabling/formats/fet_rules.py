"""The constraints of a FET file, as far as a problem can hold them; the others are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from timetabling.formats.fet_file import Activity, FetFile, Node

__all__ = ["FetCourse", "FetRules"]

_IMPLIED = {"ConstraintBasicCompulsoryTime", "ConstraintBasicCompulsorySpace"}
_SPREAD = "ConstraintMinDaysBetweenActivities"
_NO_RULE = "there is no such rule here"


@dataclass(slots=True)
class FetCourse:
    """The activities of a group, which become a course; its students as the smallest sets."""

    id: str
    parts: list[Activity]
    teachers: tuple[str, ...]
    groups: frozenset[str]
    num_students: int
    min_working_days: int = 1
    allowed_rooms: set[int] | None = None

    @property
    def num_lectures(self) -> int:
        """A lecture for each hour."""
        return sum(part.duration for part in self.parts)


@dataclass(slots=True)
class FetRules:
    """What the constraints taken so far say."""

    file: FetFile
    courses: list[FetCourse]
    rooms: dict[str, int | None]
    """By name; None for a virtual room, which stands for others."""
    groups: dict[str, frozenset[str]]
    activities: dict[str, Activity]
    course_of: dict[str, int]
    left_out: Counter[str] = field(default_factory=Counter)
    unavailable: set[tuple[int, int]] = field(default_factory=set)
    room_of: dict[str, int] = field(default_factory=dict)
    rooms_of: dict[str, set[int]] = field(default_factory=dict)
    start_of: dict[str, tuple[int, int]] = field(default_factory=dict)

    def take(self, node: Node) -> None:
        """Take over a constraint, or count it as left out."""
        name = node.tag
        if name in _IMPLIED or not name.startswith("Constraint"):
            return
        handler = _HANDLERS.get(name)
        try:
            is_must = float(node.first("Weight_Percentage").text or "100") >= 100
        except ValueError:
            found = node.first("Weight_Percentage")
            self.file.report.add(found.line, f"{found.tag}: expected a number, got {found.text!r}")
            return
        if not node.is_active:
            self.left_out[f"{name}: switched off"] += 1
        elif handler is None:
            self.left_out[f"{name}: {_NO_RULE}"] += 1
        elif not is_must and name != _SPREAD:
            self.left_out[f"{name}: a wish (below 100 %), {_NO_RULE}"] += 1
        else:
            handler(self, node)

    def _block(self, courses: Iterable[int], node: Node, tag: str) -> None:
        periods = [self.file.period(time) for time in node.all(tag)]
        self.unavailable.update((c, p) for c in courses for p in periods if p is not None)

    def _teacher_times(self, node: Node) -> None:
        teacher = node.first("Teacher")
        self.file.look_up(self.file.teachers, teacher.text, teacher.line, "teachers")
        concerned = (c for c, course in enumerate(self.courses) if teacher.text in course.teachers)
        self._block(concerned, node, "Not_Available_Time")

    def _students_times(self, node: Node) -> None:
        students = node.first("Students")
        groups = self.file.look_up(self.groups, students.text, students.line, "sets of students")
        concerned = (
            c for c, course in enumerate(self.courses) if course.groups & (groups or set())
        )
        self._block(concerned, node, "Not_Available_Time")

    def _breaks(self, node: Node) -> None:
        self._block(range(len(self.courses)), node, "Break_Time")

    def _start_time(self, node: Node) -> None:
        activity = self._activity(node.first("Activity_Id"))
        old = bool(node.texts("Preferred_Day"))  # names of FET before 6.0
        start = self.file.period(node, *(("Preferred_Day", "Preferred_Hour") if old else ()))
        if activity is None or start is None:
            return
        if start % len(self.file.hours) + activity.duration > len(self.file.hours):
            self.file.report.add(
                node.line,
                f"expected a start from which {activity.duration} hours fit into the day, got hour "
                f"{start % len(self.file.hours) + 1} of {len(self.file.hours)}",
            )
        elif self.start_of.setdefault(activity.id, (start, node.line))[0] != start:
            self.left_out[f"{node.tag}: the activity has another already"] += 1

    def _activity_room(self, node: Node) -> None:
        activity = self._activity(node.first("Activity_Id"))
        rooms = self._rooms(node, "Room")
        if activity is None or rooms is None:
            return
        if self.room_of.setdefault(activity.id, min(rooms)) not in rooms:
            self.left_out[f"{node.tag}: the activity has another already"] += 1

    def _activity_rooms(self, node: Node) -> None:
        activity = self._activity(node.first("Activity_Id"))
        rooms = self._rooms(node, "Preferred_Room")
        if activity is not None and rooms is not None:
            both = rooms & self.rooms_of.get(activity.id, rooms)
            if both:
                self.rooms_of[activity.id] = both
            else:
                self.left_out[f"{node.tag}: the activity has others already, none of these"] += 1

    def _subject_rooms(self, node: Node) -> None:
        rooms = self._rooms(node, "Room" if node.tag.endswith("Room") else "Preferred_Room")
        subject = node.first("Subject").text
        for course in self.courses:
            if rooms is not None and course.parts[0].subject == subject:
                both = rooms & (rooms if course.allowed_rooms is None else course.allowed_rooms)
                if both:
                    course.allowed_rooms = both
                else:
                    self.left_out[f"{node.tag}: the subject has others already, none of these"] += 1

    def _spread(self, node: Node) -> None:
        """Parts on different days: a wish for that many working days."""
        parts = [self._activity(child) for child in node.all("Activity_Id")]
        courses = Counter(self.course_of[part.id] for part in parts if part is not None)
        if len(courses) != 1:
            self.left_out[f"{node.tag}: between several courses, {_NO_RULE}"] += bool(courses)
            return
        ((c, number),) = courses.items()
        course = self.courses[c]
        course.min_working_days = max(course.min_working_days, min(number, len(self.file.days)))
        days = node.first("MinDays").text
        if days not in ("", "1"):
            self.left_out[f"{node.tag}: more than one day between, only the spread is kept"] += 1

    def _activity(self, node: Node) -> Activity | None:
        if node.text in self.file.switched_off:
            self.left_out["a constraint on an activity that is switched off"] += 1
            return None
        return self.file.look_up(self.activities, node.text, node.line, "activities")

    def _rooms(self, node: Node, tag: str) -> set[int] | None:
        found = [
            self.file.look_up(self.rooms, child.text, child.line, "rooms")
            for child in node.all(tag)
        ]
        # A virtual room stands for others: the real ones alone would be fewer than are allowed.
        if not found or None in found:
            self.left_out[f"{node.tag}: it names no room, or a virtual one"] += 1
            return None
        return {room for room in found if room is not None}


_HANDLERS: Mapping[str, Callable[[FetRules, Node], None]] = MappingProxyType(
    {
        "ConstraintTeacherNotAvailableTimes": FetRules._teacher_times,
        "ConstraintStudentsSetNotAvailableTimes": FetRules._students_times,
        "ConstraintBreakTimes": FetRules._breaks,
        "ConstraintActivityPreferredStartingTime": FetRules._start_time,
        "ConstraintActivityPreferredRoom": FetRules._activity_room,
        "ConstraintActivityPreferredRooms": FetRules._activity_rooms,
        "ConstraintSubjectPreferredRoom": FetRules._subject_rooms,
        "ConstraintSubjectPreferredRooms": FetRules._subject_rooms,
        _SPREAD: FetRules._spread,
    }
)
