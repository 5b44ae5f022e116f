"""Which number does a day carry?

"Day 118 of 444", "16,457 days since", "1,074 days until", "47 years": a `Counter` read on a day gives `Reading`s.
A step series beside a counter says what held on each of its dates (how many people were held).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TypeVar

from bot.calendars.rules import Leap, Span
from bot.languages import digits, nearest, plural

Forms = tuple[tuple[str, str], ...]  # of a label: plural category and text; numbers of no other form take the label itself
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
class SeriesWording:
    """A series in another language; a step whose words are left out is told by the label."""

    language: str
    label: str
    steps: tuple[tuple[date, str], ...] = ()
    label_forms: Forms = ()


@dataclass(frozen=True, slots=True)
class Series:
    """A number that changes in steps; before the first step there is none."""

    key: str
    label: str
    steps: tuple[Step, ...]
    language: str = "en"
    translations: tuple[SeriesWording, ...] = ()
    label_forms: Forms = ()

    def told_in(self, language: str) -> Series:
        """The series in a reader's language; as it is, where nobody has translated it."""
        found = _wording(language, self.language, self.translations)
        if found is None:
            return self
        texts = dict(found.steps)
        steps = tuple(replace(step, text=texts.get(step.on, "")) for step in self.steps)
        label, forms = found.label, found.label_forms
        return replace(self, label=label, label_forms=forms, steps=steps, language=found.language, translations=())

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
        if step.text and step.on == day:
            return step.text
        return _filled(_form(self, step.value), self.language, n=step.value)


@dataclass(frozen=True, slots=True)
class CounterWording:
    """A counter in another language."""

    language: str
    label: str
    label_of_several: str = ""
    milestones: tuple[Milestone, ...] = ()
    label_forms: Forms = ()


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted. `first` is where it counts from, `last` where it ends (a countdown has only `last`).

    `label_of_several` says several days of a span at once: "Days {first} to {last} of {total}".
    """

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
    label_of_several: str = ""
    language: str = "en"
    translations: tuple[CounterWording, ...] = ()
    label_forms: Forms = ()

    def told_in(self, language: str) -> Counter:
        """The counter in a reader's language; a milestone that is not translated keeps its words."""
        if language == self.language:
            return self  # its series are of the same calendar
        series = tuple(each.told_in(language) for each in self.series)
        found = _wording(language, self.language, self.translations)
        if found is None:
            return self if series == self.series else replace(self, series=series)
        milestones = {each.number: each for each in (*self.milestones, *found.milestones)}
        return replace(
            self,
            label=found.label,
            label_forms=found.label_forms,
            label_of_several=found.label_of_several,
            milestones=tuple(milestones.values()),
            series=series,
            language=found.language,
            translations=(),
        )

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
        return self.reading(original, span.number(original), span.total)

    def _spanned(self, day: date) -> Iterator[Reading]:
        originals = self.span.told_on(day) if self.span else ()
        return (reading for original in originals if (reading := self.at(original)))

    def _running(self, day: date) -> Iterator[Reading]:
        number = self._number(day)
        if number is not None and number >= 0:
            yield self.reading(day, number, None)

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

    def reading(self, original: date, number: int, total: int | None) -> Reading:
        """What the counter says with this number, which is that of `original`."""
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
        return _filled(_form(self.counter, self.number), self.counter.language, n=self.number, total=self.total)

    def told_in(self, language: str) -> Reading:
        """The reading in a reader's language."""
        counter = self.counter.told_in(language)
        return self if counter is self.counter else counter.reading(self.original, self.number, self.total)


W = TypeVar("W", CounterWording, SeriesWording)


def _wording(language: str, own: str, translations: tuple[W, ...]) -> W | None:
    """The translation for a reader; None where the original serves as well, or nothing better is there."""
    wanted = nearest(language, (own, *(each.language for each in translations))) if translations else None
    return next((each for each in translations if each.language == wanted), None)


def _form(labelled: Counter | Series, number: int) -> str:
    """The form of a label that a number asks for: "1 year", "47 years"."""
    if not labelled.label_forms:
        return labelled.label
    return dict(labelled.label_forms).get(plural(number, labelled.language), labelled.label)


def _filled(label: str, language: str, **numbers: int | None) -> str:
    return label.format(**{name: digits(number, language) for name, number in numbers.items()})


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
    return ". ".join([_run(first, last), *milestones])


def _run(first: Reading, last: Reading) -> str:
    """Several days of a span under one label: that for several, else the usual one with both numbers in it."""
    counter, total = last.counter, last.total
    if counter.label_of_several:
        return _filled(counter.label_of_several, counter.language, first=first.number, last=last.number, total=total)
    numbers = digits(f"{first.number}\u2013{last.number}", counter.language)
    label = counter.label.replace("{n}", numbers)
    return f"{first.label} \u2013 {last.label}" if "{n" in label else _filled(label, counter.language, total=total)


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
