"""Which rule of a calendar file says what an iCalendar event says with DTSTART and RRULE?"""

from __future__ import annotations

import calendar as months
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from bot.calendars.rules import LAST, NthWeekday
from bot.exchange.entries import NTH, Entry
from bot.exchange.rfc5545 import LEAP_RULES

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NO_YEAR = "X-APPLE-OMIT-YEAR"  # Apple's birthdays without a year stand in 1604
_ONCE = "FREQ=YEARLY;COUNT=1"
Parts = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Moment:
    """DTSTART as we see it: a civil day, and an hour and a zone if it has them."""

    day: date
    time: str = ""
    timezone: str = ""
    has_year: bool = True


@dataclass(frozen=True, slots=True)
class Ruled:
    """The keys of an entry that say when, what is lost of the rule, and whether there was no rule at all."""

    entry: Entry
    notes: tuple[tuple[str, str], ...] = ()
    once: bool = False


def moment(value: Any) -> Moment | None:
    """What a DTSTART says; None if it cannot be read."""
    value = value[0] if isinstance(value, list) and value else value
    found = _read(value)
    if not isinstance(found, date):
        return None
    has_year = str(getattr(value, "params", {}).get(_NO_YEAR, "")) != str(found.year)
    if not isinstance(found, datetime):
        return Moment(found, has_year=has_year)
    zone = str(getattr(found.tzinfo, "key", found.tzinfo or ""))
    return Moment(found.date(), f"{found:%H:%M}", zone if zone in available_timezones() else "", has_year)


def _read(value: Any) -> Any:
    """The date or the length in a property; None for one that is missing or, in the library's words, broken."""
    return None if isinstance(value, str) else getattr(value, "dt", None)


def rule_entry(component: Any, start: Moment) -> Ruled:
    """The rule of an event that another program has written."""
    recur, notes = component.get("RRULE"), _rule_notes(component)
    recur = recur[0] if isinstance(recur, list) else recur
    if not recur or isinstance(recur, str):  # none, an empty one, or in the library's words a broken one
        return _single(component, start, notes)
    parts = {str(key).upper(): [str(each) for each in value] for key, value in recur.items()}
    entry = _yearly(parts, start)
    if entry is None:
        return Ruled({"rrule": _rrule(recur, start), "start": start.day.isoformat()}, (*notes, *_lost_end(component, start)))
    if entry.get("leap_day") == "leap-years-only":
        notes.append(("RRULE", "29 February comes in leap years only, as iCalendar has it; leap_day says otherwise"))
    return Ruled({**entry, **_end(component, start)}, tuple(notes))


def _rule_notes(component: Any) -> list[tuple[str, str]]:
    """What is lost of the rules, whatever they say."""
    recur, notes = component.get("RRULE"), []
    if isinstance(recur, list):
        notes.append(("RRULE", "it has more than one rule; the first is taken"))
    elif recur is not None and not recur:
        notes.append(("RRULE", "its rule cannot be read; only the date is taken"))
    if "RDATE" in component:
        notes.append(("RDATE", "days are listed one by one; only the first, or the rule beside them, is taken"))
    return notes


def _single(component: Any, start: Moment, notes: list[tuple[str, str]]) -> Ruled:
    """An event without a rule: its date is told every year, but listed days are told as they are listed."""
    if "RDATE" in component:
        return Ruled({"rrule": _ONCE, "start": start.day.isoformat()}, tuple(notes))
    return Ruled({**_date(start), **_end(component, start)}, tuple(notes), once=True)


def _date(start: Moment) -> Entry:
    return {"date": start.day.isoformat() if start.has_year else f"{start.day:%m-%d}"}


def _end(component: Any, start: Moment) -> Entry:
    """The last day of an event that lasts longer; the end of a whole-day event is the morning after it."""
    last = _last_day(component, start)
    return {"date_end": last.isoformat()} if start.has_year and last and last > start.day else {}


def _last_day(component: Any, start: Moment) -> date | None:
    """Without an end and a length a day lasts a day, and an hour no time at all (RFC 5545, 3.6.1)."""
    end = moment(component.get("DTEND"))
    if end is None:
        length = _read(component.get("DURATION"))
        days = length.days if isinstance(length, timedelta) else 0 if start.time else 1
        return start.day + timedelta(days=days if start.time else days - 1)
    midnight = not end.time or end.time == "00:00"
    return end.day - timedelta(days=1) if midnight else end.day


def _lost_end(component: Any, start: Moment) -> list[tuple[str, str]]:
    if not _end(component, start):
        return []
    return [("DTEND", "it lasts longer than a day; it is told on the first, and its end was not taken over")]


# Yearly rules that have a form of their own


def _yearly(parts: Parts, start: Moment) -> Entry | None:
    """`date` or `weekday` for a rule that says no more than they do; None for all others."""
    if parts.get("FREQ") != ["YEARLY"] or parts.get("INTERVAL", ["1"]) != ["1"] or {"COUNT", "UNTIL"} & parts.keys():
        return None
    by = {key: values for key, values in parts.items() if key.startswith("BY")}
    forms: tuple[Callable[[Parts, Moment], Entry | None], ...] = (_same_date, _leap_day, _weekday)
    return next((entry for form in forms if (entry := form(by, start))), None)


def _same_date(by: Parts, start: Moment) -> Entry | None:
    month, day = [str(start.day.month)], [str(start.day.day)]
    if by not in ({}, {"BYMONTH": month}, {"BYMONTH": month, "BYMONTHDAY": day}):
        return None
    leap = {"leap_day": "leap-years-only"} if (start.day.month, start.day.day) == (2, 29) else {}
    return {**_date(start), **leap}


def _leap_day(by: Parts, start: Moment) -> Entry | None:
    """The last day of February, or the 60th of the year: 29 February, kept on another day where there is none."""
    said = ";".join(["FREQ=YEARLY", *(f"{key}={by[key][0]}" for key in ("BYMONTH", "BYYEARDAY", "BYMONTHDAY") if key in by)])
    leap = next((leap for leap, text in LEAP_RULES.items() if text == said and len(by) == text.count("BY")), None)
    if leap not in {"feb28", "mar1"} or any(len(values) > 1 for values in by.values()) or not _is_leap_day(start.day, leap):
        return None
    exact = (start.day.month, start.day.day) == (2, 29)
    return {**(_date(start) if exact else {"date": "02-29", **_since(start)}), "leap_day": leap}


def _is_leap_day(day: date, leap: str) -> bool:
    last = day.month == 2 and day.day == months.monthrange(day.year, 2)[1]
    return last if leap == "feb28" else day.timetuple().tm_yday == 60


def _since(start: Moment) -> Entry:
    return {"since": start.day.year} if start.has_year else {}


def _weekday(by: Parts, start: Moment) -> Entry | None:
    """`BYMONTH=5;BYDAY=-1MO`, and `BYDAY=MO;BYSETPOS=-1` for the same."""
    if not {"BYMONTH", "BYDAY"} <= by.keys() <= {"BYMONTH", "BYDAY", "BYSETPOS"}:
        return None
    if any(len(values) > 1 for values in by.values()):
        return None
    month, text = int(by["BYMONTH"][0]), by["BYDAY"][0].upper()
    number = (text[:-2] or "0") if "BYSETPOS" not in by else by["BYSETPOS"][0] if len(text) == 2 else "0"
    nth = {-1: LAST, **{each: each for each in range(1, 6)}}.get(int(number))
    if nth is None or start.day not in NthWeekday(month, _WEEKDAYS.index(text[-2:]), nth).days(start.day.year):
        return None
    name = months.day_name[_WEEKDAYS.index(text[-2:])].lower()
    return {"weekday": f"{NTH[nth]} {name} of {months.month_name[month].lower()}", **_since(start)}


# All other rules keep their text


def _rrule(recur: Any, start: Moment) -> str:
    """The text of a rule, with an UNTIL that is a civil day like its start."""
    parts = {str(key).upper(): value for key, value in recur.items() if str(key).upper() != "UNTIL"}
    until = [_until(each, start) for key, value in recur.items() if str(key).upper() == "UNTIL" for each in value]
    words = [f"{key}={','.join(str(each) for each in value)}" for key, value in parts.items()]
    return ";".join(
        [*sorted(words, key=lambda word: not word.startswith("FREQ")), *(f"UNTIL={each:%Y%m%d}" for each in until)]
    )


def _until(value: date, start: Moment) -> date:
    """The last civil day that an UNTIL allows: one that ends before the event's hour excludes its own day."""
    from zoneinfo import ZoneInfo

    if not isinstance(value, datetime):
        return value
    local = value.astimezone(ZoneInfo(start.timezone)) if value.tzinfo is not None and start.timezone else value
    early = bool(start.time) and f"{local:%H:%M}" < start.time
    return local.date() - timedelta(days=1) if early else local.date()
