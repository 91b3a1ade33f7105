"""A semester: on which dates, and at which times, the week of a timetable is held."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

__all__ = ["Semester"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEK = timedelta(days=7)
MAX_WEEKS = 104


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Span(_Strict):
    """Dates from the first to the last, both included."""

    first: date
    last: date

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"expected a last date from {self.first} on, got {self.last}")
        return self


class Times(_Strict):
    """When a period of the day begins and ends."""

    begin: time
    end: time

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}–{self.end:%H:%M}"


class Semester(_Strict):
    """What a semester's file says.

    Parameters
    ----------
    name
        Of the semester, and of who plans it, if several do: its events are known by it.
    start, weeks, end
        The first date, and how many weeks, or the last date.
    timezone
        Such as ``Europe/Berlin``.
    periods
        Times of the periods of a day, such as ``08:15-09:45``, in their order.
    days
        Weekdays of the timetable's days, from its first; from Monday on, if nothing is said.
    holidays
        Dates, and spans ``{ first = ..., last = ... }``, on which nothing is held.
    """

    name: Annotated[str, Field(min_length=1, max_length=100)]
    start: date
    weeks: Annotated[int | None, Field(ge=1, le=MAX_WEEKS)] = None
    end: date | None = None
    timezone: str
    periods: tuple[Times, ...]
    days: tuple[str, ...] = WEEKDAYS
    holidays: tuple[Span, ...] = ()

    @field_validator("periods", mode="before")
    @classmethod
    def _times(cls, given: Any) -> Any:
        return [_times_of(each) for each in given] if isinstance(given, list) else given

    @field_validator("holidays", mode="before")
    @classmethod
    def _spans(cls, given: Any) -> Any:
        if not isinstance(given, list):
            return given
        return [{"first": each, "last": each} if isinstance(each, date) else each for each in given]

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
            raise ValueError(f"expected one such as Europe/Berlin, got {name!r}") from None
        except KeyError:
            raise ValueError(f"expected one such as Europe/Berlin, got {name!r}") from None
        return name

    @field_validator("days")
    @classmethod
    def _are_weekdays(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        days = tuple(name.capitalize() for name in names)
        for name, day in zip(names, days, strict=True):
            if day not in WEEKDAYS:
                raise ValueError(f"expected some of {', '.join(WEEKDAYS)}, got {name!r}")
        if len(set(days)) < len(days):
            raise ValueError("expected each weekday once")
        return days

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.weeks is None) == (self.end is None):
            raise ValueError("expected either `weeks` or `end`")
        if self.end is not None and not self.start <= self.end < self.start + MAX_WEEKS * WEEK:
            raise ValueError(f"end: expected within {MAX_WEEKS} weeks of the start, got {self.end}")
        for before, after in zip(self.periods, self.periods[1:], strict=False):
            if after.begin < before.end:
                raise ValueError(f"periods: expected {after} to begin after {before} has ended")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)

    @property
    def last(self) -> date:
        """The last date."""
        if self.end is not None:
            return self.end
        return self.start + (self.weeks or 0) * WEEK - timedelta(days=1)

    def check_fits(self, num_days: int, periods_per_day: int) -> None:
        """Check that there are a weekday for each day, and times for each period.

        Raises
        ------
        ValueError
            If there are not.
        """
        if len(self.days) < num_days:
            raise ValueError(
                f"days: expected weekdays for the {num_days} days of the timetable, "
                f"got {len(self.days)}"
            )
        if len(self.periods) < periods_per_day:
            raise ValueError(
                f"periods: expected times of the {periods_per_day} periods of a day, "
                f"got {len(self.periods)}"
            )

    def dates(self, day: int) -> Iterator[date]:
        """The dates on which a day of the timetable is held; day 0 is the first."""
        weekday = WEEKDAYS.index(self.days[day])
        each = self.start + timedelta(days=(weekday - self.start.weekday()) % 7)
        while each <= self.last:
            if not any(span.first <= each <= span.last for span in self.holidays):
                yield each
            each += WEEK

    def at(self, day: date, moment: time) -> datetime:
        """A moment of a day, in the time zone."""
        return datetime.combine(day, moment, self.zone)


def _times_of(given: Any) -> Any:
    """Read ``08:15-09:45``."""
    words = given.replace("–", "-").split("-") if isinstance(given, str) else []
    try:
        begin, end = (datetime.strptime(word.strip(), "%H:%M").time() for word in words)  # noqa: DTZ007
    except ValueError:
        raise ValueError(f"expected times such as '08:15-09:45', got {given!r}") from None
    if end <= begin:
        raise ValueError(f"expected an end after the beginning, got {given!r}")
    return Times(begin=begin, end=end)
