"""Which day of the past does a replay tell today? The span once more, day by day, from a start of one's own choosing.

Two ways, which part at each 29 February. Hold the count: the days follow one another without a gap, and the dates drift.
Hold the date: each day is told on its own date, some years later, and 29 February goes where the leap policy says: in a
year without one, two days are told on 28 February or on 1 March.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from bot.calendars.rules import Leap, Span, anniversary
from bot.config import Hold

_DRIFT = 8  # days that a span of up to some thirty years drifts by its leap years


def retold(span: Span, start: date, day: date, hold: Hold) -> tuple[date, ...]:
    """The dates of the span told on `day` by a replay whose first day is told on `start`: none, one, or two.

    Raises ValueError where the date is to be held and `start` is no anniversary of the span's first day.
    """
    return tuple(original for original in _near(span, start, day) if told_on(span, start, original, hold) == day)


def _near(span: Span, start: date, day: date) -> Iterator[date]:
    """The dates that may be told on `day`: in either way a replay is at most some days from the plain count."""
    plain = span.first + (day - start)
    for days in range(-_DRIFT, _DRIFT + 1):
        original = plain + timedelta(days=days)
        if span.first <= original <= span.last:
            yield original


def told_on(span: Span, start: date, original: date, hold: Hold) -> date | None:
    """The day on which a date of the span is told; None only for a 29 February that is told in leap years only."""
    if hold is Hold.COUNT:
        return start + (original - span.first)
    if not can_hold_date(span, start):
        raise ValueError("the dates can only be held from an anniversary of the first day")
    leap = Leap.FEB28 if span.leap is Leap.LEAP_YEARS_ONLY else span.leap  # no day of a replay may be lost
    return anniversary(original.month, original.day, original.year + start.year - span.first.year, leap)


def can_hold_date(span: Span, start: date) -> bool:
    return (start.month, start.day) == (span.first.month, span.first.day) and start >= span.first
