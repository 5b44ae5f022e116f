"""Which values do calendar files and the config have in common? Checked in one place, with the same advice."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from bot.documents import mistake, suggestion
from bot.languages import TAG, advice

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DURATION = re.compile(r"([0-9]{1,6})\s*(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Strict(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        advice = suggestion(value, sorted(available_timezones()), otherwise="write a name such as Europe/Berlin")
        raise mistake(f"there is no time zone {value!r}", advice) from None
    return value


def _language(value: str) -> str:
    wrong = advice(value)
    if wrong:
        raise mistake(*wrong)
    return value


def _clock(value: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise mistake(f"{value!r} is not a time of day", "write HH:MM, such as 06:30")
    return value


def _date(value: Any) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise mistake(f"{value!r} is not a date", "write year-month-day, such as 2026-11-04") from None


def _days(value: Any) -> frozenset[int]:
    """`daily`, `mon-fri`, `mon, wed`, a list, or `never`: Monday is 0. A range may run over the week's end: `sat-mon`."""
    if value == "never":
        return frozenset()
    parts = value if isinstance(value, list) else str(value).replace(",", " ").split()
    found = frozenset(day for part in parts for day in _some_days(str(part).strip().lower()))
    if not found:
        raise mistake("no day of the week is named", "write daily, mon-fri, or mon, wed, fri")
    return found


def _some_days(text: str) -> list[int]:
    if text in {"daily", "every", "all"}:
        return list(range(7))
    first, dash, last = text.partition("-")
    start, end = _weekday(first), _weekday(last if dash else first)
    if start is None or end is None:
        raise mistake(f"{text!r} names no days of the week", "write daily, mon-fri, or mon, wed, fri")
    return [(start + number) % 7 for number in range((end - start) % 7 + 1)]


def _weekday(text: str) -> int | None:
    """Of `wed` and `wednesday`, and what stands between them: Monday is 0."""
    return next((day for day, name in enumerate(_FULL) if len(text) > 2 and name.startswith(text)), None)


def _duration(value: Any) -> timedelta:
    match = _DURATION.fullmatch(str(value).strip())
    if match is None or not int(match[1]):
        raise mistake(f"{value!r} is not a length of time", "write 30m, 12h or 2d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


Zone = Annotated[str, AfterValidator(_zone)]
Language = Annotated[str, AfterValidator(_language), WithJsonSchema({"type": "string", "pattern": TAG})]
Clock = Annotated[str, AfterValidator(_clock), WithJsonSchema({"type": "string", "pattern": r"^\d\d:\d\d$"})]
IsoDate = Annotated[date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
Days = Annotated[
    frozenset[int],
    BeforeValidator(_days),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"enum": list(WEEKDAYS)}}]}),
]
Duration = Annotated[timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": r"^\d+\s*[mhd]$"})]
