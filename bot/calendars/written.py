"""How do people write dates, weekdays and times in a calendar? Text in, values out, advice for what is wrong.

Everything here raises `ValueError(what, instead)`; `format` turns it into a problem with a place.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime

from bot.calendars import persian
from bot.calendars.rules import LAST, NthWeekday, julian_to_gregorian

_DATE = re.compile(r"(?:(\d{4})-)?(\d{1,2})-(\d{1,2})")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_YEAR = re.compile(r"\d{4}")
_PERSIAN_WORDS = re.compile(r"(\d{1,2})\s+([a-z]+)(?:\s+(\d{4}))?", re.IGNORECASE)
_WEEKDAY = re.compile(r"(\w+)\s+(\w+)\s+(?:of|in)\s+(\w+)", re.IGNORECASE)
_NTH = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3,
    "fourth": 4, "4th": 4, "fifth": 5, "5th": 5, "last": LAST,
}  # fmt: skip
FIRST_OLD_STYLE = 8  # Augustus had the leap years right again in the year 8
_DAYS = [name.lower() for name in calendar.day_name]
_MONTHS = [name.lower() for name in calendar.month_name]


@dataclass(frozen=True, slots=True)
class Written:
    """A date as far as it was written: year, month and day, any of which may be open (None)."""

    year: int | None
    month: int | None
    day: int | None


def gregorian(text: str) -> Written:
    """`1979-11-04`, `11-04` (every year), `1979-11` (some day of that month), `1979`."""
    if match := _DATE.fullmatch(text):
        year, month, day = (int(part) if part else None for part in match.groups())
        return _checked(year, month or 0, day or 0, text)
    if match := _MONTH.fullmatch(text):
        return _checked_month(int(match[1]), int(match[2]))
    if _YEAR.fullmatch(text):
        return Written(int(text), None, None)
    raise ValueError(f"{text!r} is not a date", "write 1979-11-04, 11-04 for every year, or 1979-11 for a month")


def _checked(year: int | None, month: int, day: int, text: str) -> Written:
    if month not in range(1, 13):
        raise ValueError(f"there is no month {month} in {text!r}", "write year-month-day")
    if year == 0:
        raise ValueError("there is no year 0000", "write a year from 0001")
    last = calendar.monthrange(year or 2000, month)[1]
    if not 1 <= day <= last:
        name = calendar.month_name[month]
        raise ValueError(*_no_such_day(year, month, day, last, name))
    return Written(year, month, day)


def _no_such_day(year: int | None, month: int, day: int, last: int, name: str) -> tuple[str, str]:
    what = f"{day} {name}{f' {year}' if year else ''} does not exist"
    if month == 2 and day in {29, 30}:
        return what, f"use {last} February or 1 March; leap_day says where 29 February goes"
    return what, f"the last day of {name} is {last}"


def _checked_month(year: int, month: int) -> Written:
    if month not in range(1, 13):
        raise ValueError(f"there is no month {month:02}", "write year-month, such as 1979-11, or month-day, such as 11-04")
    return Written(year, month, None)


def old_style(text: str) -> Written:
    """The same forms, in the Julian calendar: its 29 February comes every fourth year."""
    match = _DATE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not an old-style date", "write 1917-10-25 or 10-25")
    year, month, day = (int(part) if part else None for part in match.groups())
    if year is not None and year < FIRST_OLD_STYLE:
        raise ValueError(f"{text!r} is before the Julian calendar was settled", f"write a year from {FIRST_OLD_STYLE:04}")
    if month not in range(1, 13) or julian_to_gregorian(year or 2000, month or 0, day or 0) is None:
        raise ValueError(f"{text!r} does not exist in the Julian calendar", "check month and day")
    return Written(year, month, day)


def solar_hijri(text: str) -> Written:
    """`08-13`, `1358-08-13`, `13 Aban` or `13 Aban 1358`."""
    match = _PERSIAN_WORDS.fullmatch(text)
    written = _persian_words(match) if match else _persian_numbers(text)
    year = 1403 if written.year is None else written.year  # 1403 is a leap year
    try:
        persian.to_gregorian(year, written.month or 0, written.day or 0)
    except ValueError as error:
        advice = f"check day and month; years from {persian.FIRST_YEAR} to {persian.LAST_YEAR} can be reckoned"
        raise ValueError(f"{text!r} does not exist in the Solar Hijri calendar", advice) from error
    return written


def _persian_words(match: re.Match[str]) -> Written:
    name = match[2].lower()
    if name not in persian.MONTHS:
        raise ValueError(f"{name!r} is no month of the Solar Hijri calendar", f"use one of {', '.join(persian.MONTHS)}")
    return Written(int(match[3]) if match[3] else None, persian.MONTHS.index(name) + 1, int(match[1]))


def _persian_numbers(text: str) -> Written:
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a Solar Hijri date", "write 08-13, 1358-08-13 or 13 Aban")
    year, month, day = (int(part) if part else None for part in match.groups())
    return Written(year, month, day)


def weekday(text: str) -> NthWeekday:
    """`last monday of may`, `4th thursday of november`."""
    match = _WEEKDAY.fullmatch(text.strip())
    nth, day, month = (part.lower() for part in match.groups()) if match else ("", "", "")
    if nth not in _NTH or day not in _DAYS or month not in _MONTHS[1:]:
        raise ValueError(f"{text!r} names no weekday of a month", "write it like 'last monday of may'")
    return NthWeekday(_MONTHS.index(month), _DAYS.index(day), _NTH[nth])


def rrule(text: str, start: date) -> str:
    """RRULE text that dateutil understands; a rule finer than days is refused."""
    from dateutil.rrule import rrulestr

    if re.search(r"FREQ=(HOURLY|MINUTELY|SECONDLY)", text, re.IGNORECASE) or "DTSTART" in text.upper():
        raise ValueError("a rule counts in days or longer and has its start beside it", "use FREQ=DAILY or longer")
    try:
        rrulestr(text, dtstart=_midnight(start))
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"not an RRULE: {error}", "write it like FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO") from error
    return text


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def full_date(text: str) -> date:
    """A date with year, month and day."""
    written = gregorian(text)
    if written.year is None or written.month is None or written.day is None:
        raise ValueError(f"{text!r} is not a full date", "write year-month-day, such as 1979-11-04")
    return date(written.year, written.month, written.day)
