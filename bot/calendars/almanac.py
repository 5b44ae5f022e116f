"""What falls on this day, in all the calendars? The one question everyone asks.

The cost of a day does not depend on the number of events: each calendar is asked by the keys of the day. Only RRULE
events, which have no key, are evaluated one by one (and remembered per year).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from bot.calendars.counters import Reading
from bot.calendars.events import Calendar, Event, Occurrence
from bot.calendars.rules import keys_of


@dataclass(frozen=True, slots=True)
class Found:
    """What an almanac knows of one day: occurrences in no particular order, and the counters' readings."""

    day: date
    occurrences: tuple[Occurrence, ...]
    readings: tuple[Reading, ...]


class Almanac:
    """All calendars, asked by day."""

    def __init__(self, calendars: Iterable[Calendar]) -> None:
        self.calendars = {calendar.key: calendar for calendar in calendars}

    def on(self, day: date, only: Iterable[str] | None = None) -> Found:
        """The occurrences and readings of a day, in the calendars named by `only` (all, if None).

        An event is told from its own date on, never before it happened. Raises KeyError for an unknown calendar.
        """
        chosen = [self.calendars[key] for key in (self.calendars if only is None else only)]
        occurrences = (Occurrence(event, day) for calendar in chosen for event in _events_on(calendar, day))
        readings = (each for calendar in chosen for counter in calendar.counters for each in counter.readings(day))
        return Found(day, tuple(occurrences), tuple(readings))

    def between(self, first: date, last: date, only: Iterable[str] | None = None) -> Iterator[Found]:
        """`on` for each day from `first` to `last`, both included."""
        only = None if only is None else tuple(only)
        for number in range((last - first).days + 1):
            yield self.on(first + timedelta(days=number), only)


def _events_on(calendar: Calendar, day: date) -> Iterator[Event]:
    events = calendar.events
    for key in _keys(day, events.families, events.offsets):
        yield from (event for event in events.keyed(key) if has_begun(event, day))
    for event in events.recurring():
        if has_begun(event, day) and day in event.rule.days(day.year):
            yield event


def _keys(day: date, families: frozenset[str], offsets: tuple[int, ...]) -> Iterator[str]:
    yield from keys_of(day, families)
    for offset in offsets:
        yield from (f"{offset:+d}@{key}" for key in keys_of(day - timedelta(days=offset), families))


def has_begun(event: Event, day: date) -> bool:
    return event.began is None or event.began <= day
