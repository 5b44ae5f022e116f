"""How would a person write this event in a calendar file? The loader reads the entry back as the same event."""

from __future__ import annotations

import calendar as months
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from bot.calendars import persian
from bot.calendars.events import Calendar, Certainty, Event, Precision, Tone, Wording
from bot.calendars.rules import (
    LAST,
    After,
    AroundEaster,
    Church,
    InMonth,
    NthWeekday,
    OnDate,
    OnJulianDate,
    OnPersianDate,
    Recurrence,
)

Entry = dict[str, Any]
NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", LAST: "last"}
_LISTS = ("tags", "people", "places")
_PLAIN_FORM = {"certainty": Certainty.CERTAIN, "tone": Tone.NEUTRAL, "importance": 3}


def head_of(calendar: Calendar) -> Entry:
    """The head of a calendar file, without what has its default and without counters and series."""
    head = {
        "calendar": calendar.key,
        "title": calendar.title,
        "description": calendar.description,
        "language": calendar.language,
        "timezone": calendar.timezone,
        "leap_day": calendar.leap.value,
        "names": list(calendar.names),
        "hashtags": list(calendar.hashtags),
    }
    return {key: value for key, value in head.items() if value}


def entry_of(event: Event, calendar: Calendar) -> Entry:
    """The entry of an event, without what has its default."""
    entry = {
        "key": event.key,
        **rule_of(event, calendar),
        "date_end": event.ended and event.ended.isoformat(),
        "time": event.time,
        "timezone": event.timezone if event.timezone not in {"", calendar.timezone} else "",
        "precision": _precision(event),
        "title": event.title,
        "text": event.text,
        "more": event.more,
        **{name: _value(event, name) for name, plain in _PLAIN_FORM.items() if getattr(event, name) != plain},
        **{name: list(getattr(event, name)) for name in _LISTS},
        "links": [asdict(each) for each in event.links],
        "picture": asdict(event.picture) if event.picture else None,
        "sources": [_filled(asdict(each)) for each in event.sources],
        "translations": {each.language: _worded(each) for each in event.translations},
    }
    return _filled(entry)


def _worded(wording: Wording) -> Entry:
    return {name: text for name, text in asdict(wording).items() if text and name != "language"}


def _value(event: Event, name: str) -> str | int:
    value: str | int = getattr(event, name)
    return str(value) if isinstance(value, str) else value


def _filled(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if value not in (None, "", [], {})}


def _precision(event: Event) -> str:
    """What the date itself does not say of how precisely it is known."""
    said = Precision.DAY
    if isinstance(event.rule, InMonth):
        said = Precision.YEAR if _only_year(event) else Precision.MONTH
    return "" if event.precision is said else event.precision.value


def rule_of(event: Event, calendar: Calendar) -> Entry:
    """The keys that say when an event falls. Empty if it is counted from an event that the calendar does not have."""
    entry = _rule(event, calendar)
    leap = getattr(event.rule.rule if isinstance(event.rule, After) else event.rule, "leap", calendar.leap)
    return {**entry, "leap_day": leap.value} if entry and leap is not calendar.leap else entry


def _rule(event: Event, calendar: Calendar) -> Entry:
    match event.rule:
        case OnDate(month, day):
            return _dated("date", f"{month:02}-{day:02}", event, on=(month, day))
        case OnPersianDate(month, day):
            return _persian(event, month, day)
        case After(_, offset):
            return _after(event, calendar, offset)
        case Recurrence(text, start):
            return {"rrule": text, "start": start.isoformat()}
        case InMonth():
            return {"date": _month(event)}
        case rule:
            return {**_moving(rule), **_since(event.began)}


def _moving(rule: NthWeekday | AroundEaster | OnJulianDate) -> Entry:
    match rule:
        case NthWeekday(month, weekday, nth):
            day = months.day_name[weekday].lower()
            return {"weekday": f"{NTH[nth]} {day} of {months.month_name[month].lower()}"}
        case AroundEaster(church, offset):
            return {"easter" if church is Church.WESTERN else "orthodox_easter": offset}
        case OnJulianDate(month, day):
            return {"old_style": f"{month:02}-{day:02}"}


def _since(began: date | None) -> Entry:
    return {"since": began.year} if began else {}


def _dated(key: str, text: str, event: Event, *, on: tuple[int, int]) -> Entry:
    """A date with its year; where the first day is another one (28 February for the 29th), the year apart."""
    began = event.began
    if began and (began.month, began.day) == on:
        return {key: began.isoformat()}
    return {key: text, **_since(began)}


def _persian(event: Event, month: int, day: int) -> Entry:
    text = f"{day} {persian.MONTHS[month - 1].capitalize()}"
    began = event.began and persian.from_gregorian(event.began)
    if began and began[1:] == (month, day):
        return {"persian": f"{text} {began[0]}"}
    return {"persian": text, **_since(event.began)}


def _month(event: Event) -> str:
    began = event.began or date.min
    return f"{began.year:04}" if _only_year(event) else f"{began.year:04}-{began.month:02}"


def _only_year(event: Event) -> bool:
    """An event in some month begins, for us, on the first of it; one in some year, on 1 January."""
    january = event.began is None or event.began.month == 1
    return january and event.precision is not Precision.MONTH


def _after(event: Event, calendar: Calendar, offset: int) -> Entry:
    base = _base(event, calendar, offset)
    if base is None:
        return {}
    since = _since(event.began) if base.began is None else {}
    return {"after": {"event": base.key, "days": offset}, **since}


def _base(event: Event, calendar: Calendar, offset: int) -> Event | None:
    """The event that another is counted from: it falls by the same rule, and began as many days before."""
    began = event.began and event.began - timedelta(days=offset)
    wanted = getattr(event.rule, "rule", None)
    same = [each for each in calendar.events if _alike(each.rule, wanted)]
    return next((each for each in same if each.began == began), None) or next(
        (each for each in same if each.began is None), None
    )


def _alike(rule: object, other: object) -> bool:
    """The same rule, whatever it does with 29 February: that is written beside it."""
    names = ("month", "day", "weekday", "nth", "church", "offset")
    return type(rule) is type(other) and all(getattr(rule, each, None) == getattr(other, each, None) for each in names)
