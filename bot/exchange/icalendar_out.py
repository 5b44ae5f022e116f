"""How does a calendar look to a calendar program? iCalendar (RFC 5545) with yearly rules, and what it cannot say.

Where RFC 5545 has a rule for a day, it is written; the other days (Easter, Solar Hijri and old-style dates, so many days
after another event) are listed one by one over a span of years. X-THISDAY-RULE beside it keeps our own rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.calendars.events import Calendar, Event
from bot.calendars.rules import LAST, WEEKDAYS, NthWeekday, OnDate, Recurrence
from bot.errors import Problem, Where
from bot.exchange import rfc5545
from bot.exchange.entries import Entry, entry_of, head_of, rule_of
from bot.exchange.rfc5545 import FIRST_YEAR, LAST_YEAR, OF_CALENDAR, OF_EVENT, own, own_value
from bot.exchange.taking import cut, printable

_LONGEST_WAIT = 120  # years in which a rule must fall once; a fifth Monday of February may take 40
# Parts of an RRULE that an all-day event can have (RFC 5545, 3.3.10); BYEASTER and the hours are not among them.
_DAILY_PARTS = {
    "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST",
    "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS", "BYWEEKNO", "BYYEARDAY",
}  # fmt: skip
_NAMED = 200  # so much of a list of names is shown
_DAY_LENGTH = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class When:
    """The days of an event for iCalendar: the first, and either a rule or all the others."""

    first: date
    rrule: str = ""
    others: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """The bytes of the file, and what it does not say."""

    data: bytes
    notes: tuple[Problem, ...]


def exported(calendar: Calendar, now: datetime, years: tuple[int, int] = (FIRST_YEAR, LAST_YEAR)) -> Exported:
    """The calendar as iCalendar. `now` is the moment that each event is stamped with; the rest never varies.

    Days that have no rule in RFC 5545 are listed for `years`, both included.
    """
    library = rfc5545.library()
    whens = {event.key: _when(event, years) for event in calendar.events}
    file = _head(library, calendar)
    for event in calendar.events:
        if when := whens[event.key]:
            file.add_component(_vevent(library, calendar, event, when, now))
    return Exported(file.to_ical(), tuple(_notes(calendar, whens, years)))


def _head(library: Any, calendar: Calendar) -> Any:
    head, file = head_of(calendar), library.Calendar()
    file.add("prodid", "-//thisday//calendar//EN")
    file.add("version", "2.0")
    file.add("refresh-interval", library.vDuration(_DAY_LENGTH), parameters={"VALUE": "DURATION"})
    file.add("x-published-ttl", _text("P1D"))
    file.add("x-wr-calname", _text(calendar.title))
    file.add("x-wr-timezone", _text(calendar.timezone))
    if calendar.description:
        file.add("x-wr-caldesc", _text(calendar.description))
    _add_own(file, head, OF_CALENDAR)
    return file


def _vevent(library: Any, calendar: Calendar, event: Event, when: When, now: datetime) -> Any:
    entry, found = entry_of(event, calendar), library.Event()
    found.add("uid", f"{calendar.key}/{event.key}{rfc5545.UID_HOST}")
    found.add("dtstamp", now.replace(microsecond=0))
    found.add("dtstart", when.first)
    if when.rrule:
        found.add("rrule", library.vRecur.from_ical(when.rrule))
    if when.others:
        found.add("rdate", list(when.others))
    found.add("transp", "TRANSPARENT")
    found.add("summary", _text(event.title))
    _add_common(library, found, entry)
    _add_own(found, entry, OF_EVENT)
    _add_rule(found, rule_of(event, calendar), when)
    return found


def _add_common(library: Any, found: Any, entry: Entry) -> None:
    """What every calendar program shows."""
    address = next((each["url"] for name in ("links", "sources") for each in entry.get(name, ()) if each.get("url")), None)
    if address:
        found.add("url", library.vUri(address))
    if shown := rfc5545.description(entry):
        found.add("description", _text(shown))
    if tags := entry.get("tags"):
        categories = library.vCategory([])
        categories.cats = [_text(each) for each in tags]
        found.add("categories", categories)
    if places := entry.get("places"):
        found.add("location", _text("; ".join(places)))


def _add_own(found: Any, entry: Entry, names: Iterable[str]) -> None:
    for name in names:
        if name in entry:
            _add_property(found, own(name), own_value(entry[name]))


def _add_rule(found: Any, rule: Entry, when: When) -> None:
    """Our rule, and the first day it was written with: who moves the event in another program makes it invalid."""
    if rule:
        _add_property(found, own("rule"), own_value({**rule, "dtstart": when.first.isoformat()}))


def _add_property(found: Any, name: str, text: str) -> None:
    found.add(name, _text(text), parameters={"VALUE": "TEXT"})


def _text(text: str) -> Any:
    return rfc5545.text_kind()(printable(text))


# When


def _when(event: Event, years: tuple[int, int]) -> When | None:
    """None for an event that has no day of its own, or none in these years."""
    text = _rrule(event)
    if text:
        begins = event.began.year if event.began else years[0]
        first = next(_days(event, begins, min(begins + _LONGEST_WAIT, date.max.year)), None)
        return When(first, text) if first else None
    days = tuple(_days(event, *years))
    return When(days[0], "", days[1:]) if days else None


def _days(event: Event, first: int, last: int) -> Iterator[date]:
    """The days on which an event is told: those of its rule, from its beginning on."""
    days = (day for year in range(first, last + 1) for day in sorted(event.rule.days(year)))
    return (day for day in days if event.began is None or day >= event.began)


def _rrule(event: Event) -> str:
    """The RFC 5545 rule that gives exactly these days; empty if there is none."""
    match event.rule:
        case OnDate(2, 29, leap):
            return rfc5545.LEAP_RULES[leap.value]
        case OnDate():
            return "FREQ=YEARLY"
        case NthWeekday(month, weekday, nth):
            return f"FREQ=YEARLY;BYMONTH={month};BYDAY={-1 if nth == LAST else nth}{WEEKDAYS[weekday][:2].upper()}"
        case Recurrence(text):
            return _all_day(text)
        case _:
            return ""


def _all_day(text: str) -> str:
    """A person's RRULE text in the form for all-day events; empty if it is more than one rule of days."""
    plain = text.strip().upper().removeprefix("RRULE:")
    parts = dict(part.partition("=")[::2] for part in plain.split(";") if part)
    if ":" in plain or "\n" in plain or not parts.keys() <= _DAILY_PARTS:
        return ""
    return re.sub(r"(UNTIL=\d{8})T\d{6}", r"\1", plain)


# What is not said


def _notes(calendar: Calendar, whens: dict[str, When | None], years: tuple[int, int]) -> Iterator[Problem]:
    yield from _head_notes(calendar)
    listed = []
    for event in calendar.events:
        where, when = Where(f"{calendar.key}/{event.key}"), whens[event.key]
        if when is None:
            yield Problem(where, "left out: it falls on no day that can be named")
        elif not when.rrule:
            listed.append(event.key)
        if when and not rule_of(event, calendar):
            yield Problem(where, "its rule will not come back: the event it counts from is missing")
    if listed:
        what = f"iCalendar has no rule for the days of {', '.join(listed)}; they are listed for {years[0]} to {years[1]}"
        yield Problem(Where(calendar.key), what, "choose other years with --years")


def _head_notes(calendar: Calendar) -> Iterator[Problem]:
    for what in ("counters", "series", "people"):
        if found := getattr(calendar, what, ()):
            names = cut(", ".join(each.key for each in found), _NAMED)
            yield Problem(Where(calendar.key), f"{what} have no form in iCalendar and were left out: {names}")
    if any(event.time for event in calendar.events):
        what = "the hours of events are told to thisday only; other programs see whole days"
        yield Problem(Where(calendar.key), what)
