"""Which values do calendar files and the config have in common? Checked in one place, with the same advice."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from bot.documents import mistake, suggestion

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DURATION = re.compile(r"(\d+)\s*(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Strict(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise mistake(f"there is no time zone {value!r}", suggestion(value, sorted(available_timezones()))) from None
    return value


def _clock(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise mistake(f"{value!r} is not a time of day", "write HH:MM, such as 06:30")
    return value


def _days(value: Any) -> frozenset[int]:
    """`daily`, `mon-fri`, `mon, wed` or a list: Monday is 0. A range may run over the week's end: `sat-mon`."""
    parts = value if isinstance(value, list) else str(value).replace(",", " ").split()
    return frozenset(day for part in parts for day in _some_days(str(part).strip().lower()))


def _some_days(text: str) -> list[int]:
    if text in {"daily", "every", "all"}:
        return list(range(7))
    first, _, last = text.partition("-")
    if first[:3] not in WEEKDAYS or (last and last[:3] not in WEEKDAYS):
        raise mistake(f"{text!r} names no days of the week", "write daily, mon-fri, or mon, wed, fri")
    start, end = WEEKDAYS.index(first[:3]), WEEKDAYS.index((last or first)[:3])
    return [(start + number) % 7 for number in range((end - start) % 7 + 1)]


def _duration(value: Any) -> timedelta:
    match = _DURATION.fullmatch(str(value).strip())
    if match is None:
        raise mistake(f"{value!r} is not a length of time", "write 30m, 12h or 2d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


Zone = Annotated[str, AfterValidator(_zone)]
Clock = Annotated[str, AfterValidator(_clock), WithJsonSchema({"type": "string", "pattern": r"^\d\d:\d\d$"})]
Days = Annotated[
    frozenset[int],
    BeforeValidator(_days),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"enum": list(WEEKDAYS)}}]}),
]
Duration = Annotated[timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": r"^\d+\s*[mhd]$"})]
