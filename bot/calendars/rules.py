"""On which days of a year does an event fall?

Each rule answers in two independent ways, and the tests hold one against the other: `days(year)` lists the days,
and `key` names what those days have in common, so that `keys_of(day)` finds a day's events without looking at the
others. A key is what one would say of the day: `11-04`, `11-thu-4`, `ap:08-13` (13 Aban), `easter-2`.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from bot.calendars import persian

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST = 0  # the nth of "last monday of may"
# Easter Sundays fall on 22 March to 8 May (Gregorian, until 2100); these offsets keep the feast inside its year.
EASTER_OFFSETS = (-80, 200)


class Leap(StrEnum):
    """Where 29 February goes in a year without one."""

    FEB28 = "feb28"
    MAR1 = "mar1"
    LEAP_YEARS_ONLY = "leap-years-only"


class Church(StrEnum):
    WESTERN = "easter"
    ORTHODOX = "pascha"


def originals(day: date, year: int, leap: Leap) -> Iterator[date]:
    """The dates of `year` that are remembered on `day`, in order: none, one, or two beside a missing 29 February."""
    moved = calendar.isleap(year) and not calendar.isleap(day.year)
    if moved and leap is Leap.MAR1 and (day.month, day.day) == (3, 1):
        yield date(year, 2, 29)
    if (day.month, day.day) != (2, 29) or calendar.isleap(year):
        yield date(year, day.month, day.day)
    if moved and leap is Leap.FEB28 and (day.month, day.day) == (2, 28):
        yield date(year, 2, 29)


def anniversary(month: int, day: int, year: int, leap: Leap) -> date | None:
    """The day of `year` on which a month and day are remembered; None where the leap policy says so."""
    if (month, day) != (2, 29) or calendar.isleap(year):
        return date(year, month, day)
    return {Leap.FEB28: date(year, 2, 28), Leap.MAR1: date(year, 3, 1)}.get(leap)


@dataclass(frozen=True, slots=True)
class OnDate:
    """Every year on one Gregorian date."""

    month: int
    day: int
    leap: Leap = Leap.FEB28

    @property
    def key(self) -> str:
        text = f"{self.month:02}-{self.day:02}"
        return f"{text}/{self.leap}" if text == "02-29" else text

    def days(self, year: int) -> tuple[date, ...]:
        found = anniversary(self.month, self.day, year, self.leap)
        return (found,) if found else ()


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """The nth (1 to 5) or the last weekday of a month; a fifth that a month lacks does not fall."""

    month: int
    weekday: int
    nth: int

    @property
    def key(self) -> str:
        return f"{self.month:02}-{WEEKDAYS[self.weekday]}-{self.nth or 'last'}"

    def days(self, year: int) -> tuple[date, ...]:
        last = calendar.monthrange(year, self.month)[1]
        month = [date(year, self.month, number) for number in range(1, last + 1)]
        same = [day for day in month if day.weekday() == self.weekday]
        return tuple(same[-1:] if self.nth == LAST else same[self.nth - 1 : self.nth])


@dataclass(frozen=True, slots=True)
class OnPersianDate:
    """Every Solar Hijri year on one date; 30 Esfand follows the leap policy (day before, day after, leap years only)."""

    month: int
    day: int
    leap: Leap = Leap.FEB28

    @property
    def key(self) -> str:
        text = f"ap:{self.month:02}-{self.day:02}"
        return f"{text}/{self.leap}" if text == "ap:12-30" else text

    def days(self, year: int) -> tuple[date, ...]:
        # A Gregorian year touches two Solar Hijri years; the new year falls on 19 to 22 March.
        found = (self._in_persian_year(year - 622 + more) for more in (0, 1))
        return tuple(day for day in found if day and day.year == year)

    def _in_persian_year(self, year: int) -> date | None:
        if (self.month, self.day) != (12, 30) or persian.is_leap(year):
            return persian.to_gregorian(year, self.month, self.day)
        new_year = persian.to_gregorian(year + 1, 1, 1)
        return {Leap.FEB28: new_year - timedelta(days=1), Leap.MAR1: new_year}.get(self.leap)


@dataclass(frozen=True, slots=True)
class OnJulianDate:
    """Every year on one old-style date (Christmas of the Julian calendar: 25 December, 7 January of our years)."""

    month: int
    day: int

    @property
    def key(self) -> str:
        return f"os:{self.month:02}-{self.day:02}"

    def days(self, year: int) -> tuple[date, ...]:
        found = (julian_to_gregorian(each, self.month, self.day) for each in (year - 1, year, year + 1))
        return tuple(day for day in found if day and day.year == year)


@dataclass(frozen=True, slots=True)
class AroundEaster:
    """So many days after (or before) Easter Sunday of one of the two churches."""

    church: Church
    offset: int

    @property
    def key(self) -> str:
        return f"{self.church}{self.offset:+d}"

    def days(self, year: int) -> tuple[date, ...]:
        return (easter(year, self.church) + timedelta(days=self.offset),)


@dataclass(frozen=True, slots=True)
class After:
    """So many days after (or before) the days of another rule."""

    rule: OnDate | NthWeekday | OnPersianDate | OnJulianDate | AroundEaster
    offset: int

    @property
    def key(self) -> str:
        return f"{self.offset:+d}@{self.rule.key}"

    def days(self, year: int) -> tuple[date, ...]:
        shift = timedelta(days=self.offset)
        # 366 days after 31 December may be 1 January of the year after next.
        found = (day + shift for each in range(year - 2, year + 3) for day in self.rule.days(each))
        return tuple(day for day in found if day.year == year)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """RRULE text (RFC 5545) for what the other rules cannot say. It has no key: it is evaluated year by year."""

    text: str
    start: date

    key = None

    def days(self, year: int) -> tuple[date, ...]:
        return _recurring(self.text, self.start, year)


@dataclass(frozen=True, slots=True)
class InMonth:
    """An event known to its month or year only: it belongs to no day and is never told as the event of one."""

    key = None

    def days(self, year: int) -> tuple[date, ...]:  # noqa: ARG002  # the same question as to every rule
        return ()


Rule = OnDate | NthWeekday | OnPersianDate | OnJulianDate | AroundEaster | After | Recurrence | InMonth


@dataclass(frozen=True, slots=True)
class Span:
    """A run of numbered days from `first` to `last`, both told; inclusive counting makes `first` number 1, else 0."""

    first: date
    last: date
    inclusive: bool = True
    leap: Leap = Leap.FEB28

    @property
    def total(self) -> int:
        return self.number(self.last)

    def number(self, original: date) -> int:
        return (original - self.first).days + self.inclusive

    def date_of(self, number: int) -> date | None:
        """The date that carries a number, None outside the span."""
        if not self.number(self.first) <= number <= self.total:
            return None
        return self.first + timedelta(days=number - self.inclusive)

    def told_on(self, day: date) -> tuple[date, ...]:
        """The dates of the span remembered on `day`: two where the span is longer than a year and covers both."""
        years = range(self.first.year, min(self.last.year, day.year) + 1)
        found = (original for year in years for original in originals(day, year, self.leap))
        return tuple(each for each in found if self.first <= each <= self.last and each <= day)


@lru_cache(maxsize=4096)
def _recurring(text: str, start: date, year: int) -> tuple[date, ...]:
    from dateutil.rrule import rrulestr

    rule = rrulestr(text, dtstart=datetime.combine(start, datetime.min.time()))
    found = rule.between(datetime(year, 1, 1), datetime(year, 12, 31), inc=True)  # noqa: DTZ001  # civil days, no zone
    return tuple(dict.fromkeys(each.date() for each in found))


@lru_cache(maxsize=1024)
def easter(year: int, church: Church) -> date:
    """Easter Sunday, Gregorian date; Orthodox Easter reckoned by the Julian calendar. Years 1583 to 4099."""
    from dateutil.easter import EASTER_ORTHODOX, EASTER_WESTERN
    from dateutil.easter import easter as sunday

    return sunday(year, EASTER_WESTERN if church is Church.WESTERN else EASTER_ORTHODOX)


def julian_to_gregorian(year: int, month: int, day: int) -> date | None:
    """The Gregorian date of an old-style date; None where that year has no such day."""
    if not 1 <= day <= _julian_month_length(year, month):
        return None
    # The Gregorian calendar dropped ten days in 1582 and three leap days in 400 years since (Inter gravissimas).
    return date(year, month, 1) + timedelta(days=day - 1 + _days_behind(year, month))


def _days_behind(year: int, month: int) -> int:
    century_year = year if month > 2 else year - 1
    return century_year // 100 - century_year // 400 - 2


def _julian_month_length(year: int, month: int) -> int:
    return 29 if month == 2 and year % 4 == 0 else calendar.monthrange(2001, month)[1]


def gregorian_to_julian(day: date) -> tuple[int, int]:
    """Month and day that the old-style calendar shows on `day`."""
    for behind in (_days_behind(day.year, day.month), _days_behind(day.year, day.month) - 1):
        old = day - timedelta(days=behind)
        if julian_to_gregorian(old.year, old.month, old.day) == day:
            return old.month, old.day
    return 2, 29  # the one old-style date that our own calendar may lack


def keys_of(day: date, families: Collection[str]) -> Iterator[str]:
    """Every key that `day` answers to, among the families of keys a calendar uses (see `family`)."""
    yield from _date_keys(day)
    if "weekday" in families:
        yield from _weekday_keys(day)
    if "ap" in families:
        yield from _persian_keys(day)
    if "os" in families:
        yield "os:{:02}-{:02}".format(*gregorian_to_julian(day))
    for church in Church:
        if church in families:
            yield f"{church}{(day - easter(day.year, church)).days:+d}"


def family(key: str) -> str:
    """Which family a key is of: date, weekday, ap, os, easter, pascha; of a shifted key, its base's."""
    base = key.partition("@")[2] or key
    if base[:3] in {"ap:", "os:"}:
        return base[:2]
    named = next((church.value for church in Church if base.startswith(church)), None)
    return named or ("weekday" if base[3:6] in WEEKDAYS else "date")


def _date_keys(day: date) -> Iterator[str]:
    text = f"{day:%m-%d}"
    if text == "02-29":
        yield from (f"02-29/{leap}" for leap in Leap)
        return
    yield text
    if not calendar.isleap(day.year):
        yield from {"02-28": ("02-29/feb28",), "03-01": ("02-29/mar1",)}.get(text, ())


def _weekday_keys(day: date) -> Iterator[str]:
    stem = f"{day.month:02}-{WEEKDAYS[day.weekday()]}-"
    yield f"{stem}{(day.day - 1) // 7 + 1}"
    if (day + timedelta(days=7)).month != day.month:
        yield f"{stem}last"


def _persian_keys(day: date) -> Iterator[str]:
    year, month, number = persian.from_gregorian(day)
    if not persian.FIRST_YEAR < year < persian.LAST_YEAR:
        return
    text = f"ap:{month:02}-{number:02}"
    if text == "ap:12-30":
        yield from (f"{text}/{leap}" for leap in Leap)
        return
    yield text
    if text == "ap:12-29" and not persian.is_leap(year):
        yield "ap:12-30/feb28"
    if text == "ap:01-01" and not persian.is_leap(year - 1):
        yield "ap:12-30/mar1"
