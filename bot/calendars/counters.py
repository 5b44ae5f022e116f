"""Which number does a day carry?

"Day 118 of 444", "16,457 days since", "1,074 days until", "47 years": a `Counter` read on a day gives `Reading`s.
A step series beside a counter says what held on each of its dates (how many people were held).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.calendars.rules import Leap, Span

_APART = 180  # days between two dates of a span that are told on one day


class Counting(StrEnum):
    SPAN = "span"
    SINCE = "since"
    UNTIL = "until"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Milestone:
    """A number that deserves a word: "half of the captivity"."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """From the end of day `on`, the series has this value, until the next step; `text` is told on that day itself."""

    on: date
    value: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """A number that changes in steps; before the first step there is none."""

    key: str
    label: str
    steps: tuple[Step, ...]

    def value(self, day: date) -> int | None:
        """The value at the end of `day`."""
        step = self.step(day)
        return step.value if step else None

    def step(self, day: date) -> Step | None:
        """The last step up to `day`."""
        past = bisect_right([step.on for step in self.steps], day)
        return self.steps[past - 1] if past else None

    def told(self, day: date) -> str:
        """What a reader is told: the words of a step on its day, else the label with the value; empty before the first."""
        step = self.step(day)
        if step is None:
            return ""
        return step.text if step.text and step.on == day else self.label.format(n=step.value)


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted. `first` is where it counts from, `last` where it ends (a countdown has only `last`)."""

    key: str
    calendar: str
    label: str
    counting: Counting
    first: date | None = None
    last: date | None = None
    inclusive: bool = True
    leap: Leap = Leap.FEB28
    milestones: tuple[Milestone, ...] = ()
    series: tuple[Series, ...] = ()
    only_milestones: bool = False

    @property
    def span(self) -> Span | None:
        if self.counting is not Counting.SPAN or self.first is None or self.last is None:
            return None
        return Span(self.first, self.last, self.inclusive, self.leap)

    def readings(self, day: date) -> tuple[Reading, ...]:
        """What this counter says on `day`: nothing, one reading, or two on the days a long span covers twice."""
        found = self._spanned(day) if self.counting is Counting.SPAN else self._running(day)
        return tuple(each for each in found if each.milestone or not self.only_milestones)

    def at(self, original: date) -> Reading | None:
        """The reading of a date inside the span itself, None outside."""
        span = self.span
        if span is None or not span.first <= original <= span.last:
            return None
        return self._reading(original, span.number(original), span.total)

    def _spanned(self, day: date) -> Iterator[Reading]:
        originals = self.span.told_on(day) if self.span else ()
        return (reading for original in originals if (reading := self.at(original)))

    def _running(self, day: date) -> Iterator[Reading]:
        number = self._number(day)
        if number is not None and number >= 0:
            yield self._reading(day, number, None)

    def _number(self, day: date) -> int | None:
        match self.counting, self.first, self.last:
            case Counting.SINCE, date() as first, _:
                return (day - first).days + self.inclusive if day >= first else None
            case Counting.YEARS, date() as first, _:
                return full_years(first, day, self.leap) if day >= first else None
            case Counting.UNTIL, _, date() as last:
                return (last - day).days + (self.inclusive and day <= last)
            case _:
                return None

    def _reading(self, original: date, number: int, total: int | None) -> Reading:
        text = next((each.text for each in self.milestones if each.number == number), "")
        return Reading(self, original, number, total, text)


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of a counter on a day. `original` is the date inside the span that is told, else the day itself."""

    counter: Counter
    original: date
    number: int
    total: int | None
    milestone: str = ""

    @property
    def values(self) -> dict[str, int]:
        """The value of each series beside the counter, at the end of that date."""
        return {each.key: value for each in self.counter.series if (value := each.value(self.original)) is not None}

    @property
    def told(self) -> tuple[str, ...]:
        """The same in words: "53 Americans held"."""
        return tuple(words for each in self.counter.series if (words := each.told(self.original)))

    @property
    def label(self) -> str:
        """The counter's label with its numbers: "Day 118 of 444"."""
        return self.counter.label.format(n=self.number, total=self.total)


def spelled(readings: Iterable[Reading]) -> tuple[str, ...]:
    """The labels of several days as few: "Days 20 to 23 of 444"; of a counter that runs on, only the last."""
    passes: list[list[Reading]] = []
    for each in sorted(readings, key=lambda each: (each.counter.calendar, each.counter.key, each.original)):
        last = passes[-1][-1] if passes else None
        # A long span is told twice on some days, a year apart.
        if last is None or last.counter != each.counter or (each.original - last.original).days > _APART:
            passes.append([])
        passes[-1].append(each)
    return tuple(_spelled(found) for found in passes)


def _spelled(found: list[Reading]) -> str:
    first, last = found[0], found[-1]
    milestones = [each.milestone for each in found if each.milestone]
    if last.counter.counting is not Counting.SPAN or first is last:
        return ". ".join([last.label, *milestones])
    label = re.sub(r"^Day (?={n})", "Days ", last.counter.label)
    numbers = label.replace("{n}", f"{first.number}\u2013{last.number}")
    shown = f"{first.label} \u2013 {last.label}" if "{n" in numbers else numbers.format(total=last.total)
    return ". ".join([shown, *milestones])


def full_years(first: date, day: date, leap: Leap) -> int:
    """Completed years from `first` to `day`; a 29 February completes where the leap policy puts it."""
    reached = day.timetuple()[1:3] >= first.timetuple()[1:3]
    if (first.month, first.day) == (2, 29) and (day.month, day.day) == (2, 28) and leap is Leap.FEB28:
        # In a leap year the 29th is still to come.
        reached = reached or _no_29_february(day.year)
    return day.year - first.year - (not reached)


def _no_29_february(year: int) -> bool:
    from calendar import isleap

    return not isleap(year)
