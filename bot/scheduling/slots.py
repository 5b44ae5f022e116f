"""At which instant is it 09:00 on a given day in a given place? Pure; right at every change of every clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Slot:
    """A time of day in a time zone, shared by all subscriptions that are due then."""

    timezone: str
    at: time

    def instant(self, day: date) -> datetime | None:
        """The one instant of this slot on a civil day, in UTC; None where the place skipped that day.

        An hour that comes twice counts when it comes first. An hour that is skipped counts as much later as the clocks
        jumped; where that would be the next day, the last second of the day is taken.
        """
        return _instant(self.timezone, self.at, day)


@lru_cache(maxsize=65536)
def _instant(timezone: str, at: time, day: date) -> datetime | None:
    zone = ZoneInfo(timezone)
    instant = datetime.combine(day, at, zone).astimezone(UTC)
    return instant if instant.astimezone(zone).date() == day else _last_second(zone, day)


def _last_second(zone: ZoneInfo, day: date) -> datetime | None:
    """The last second whose local date is `day`: found by halving the two days around it."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    low, high = noon - timedelta(hours=40), noon + timedelta(hours=40)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        low, high = (middle, high) if middle.astimezone(zone).date() <= day else (low, middle)
    return low if low.astimezone(zone).date() == day else None


def local_day(instant: datetime, timezone: str) -> date:
    """The civil day that it is in a place."""
    return instant.astimezone(ZoneInfo(timezone)).date()
