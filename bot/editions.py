"""What does one reader get for one day? Chosen and ordered events, counters, and how long ago. Pure.

The order: the group of the most important event leads; then the other years of a running counter, oldest first; then
background and aftermath. Inside a group, importance before time of day. A week is told in the order of its days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.calendars.almanac import Almanac, Found
from bot.calendars.counters import Counter, Reading, spelled
from bot.calendars.events import Event, Occurrence


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader asked for. `nearest` is how many days to look back on a day with no event (0: do not)."""

    calendars: tuple[str, ...] | None = None
    nearest: int = 0
    silent: bool = False
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of an edition: when it is told, how long ago it was, and the number its own date carries."""

    event: Event
    day: date
    years_ago: int | None
    reading: Reading | None = None

    @property
    def id(self) -> str:
        return Occurrence(self.event, self.day).id

    @property
    def year(self) -> int | None:
        return self.event.began.year if self.event.began else None

    def told_in(self, language: str) -> Entry:
        event, reading = self.event.told_in(language), self.reading and self.reading.told_in(language)
        return self if event is self.event and reading is self.reading else replace(self, event=event, reading=reading)


@dataclass(frozen=True, slots=True)
class Section:
    """The events of one year, under one heading."""

    year: int | None
    years_ago: int | None
    reading: Reading | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """What one reader gets for `day` (or for the week from `day` to `last`). `left_out` counts what did not fit.

    In a replay, `day` is the date of the past that is told as if it were today.
    """

    day: date
    last: date
    entries: tuple[Entry, ...]
    readings: tuple[Reading, ...]
    nearest: bool = False
    replay: bool = False
    left_out: int = 0

    @property
    def weekly(self) -> bool:
        return self.last > self.day

    @property
    def counted(self) -> tuple[str, ...]:
        """What the counters say of several days: "Days 20\u201323 of 444"."""
        return spelled(self.readings)

    @property
    def lead(self) -> Entry | None:
        """The most important entry, of equals the first."""
        return max(self.entries, key=_importance, default=None)

    @property
    def sections(self) -> tuple[Section, ...]:
        """The entries grouped by day told and year, in the order of the entries."""
        groups: dict[tuple[date, int | None], list[Entry]] = {}
        for entry in self.entries:
            groups.setdefault((entry.day, entry.year), []).append(entry)
        return tuple(_section(group) for group in groups.values())

    def told_in(self, language: str) -> Edition:
        """The same in a reader's language, as far as its calendars speak it."""
        entries = tuple(each.told_in(language) for each in self.entries)
        readings = tuple(each.told_in(language) for each in self.readings)
        same = all(new is old for new, old in zip((*entries, *readings), (*self.entries, *self.readings), strict=True))
        return self if same else replace(self, entries=entries, readings=readings)

    def with_own_counter(self) -> Edition:
        """The same with the day numbers of its lead's own date only; all of them, if nothing leads."""
        lead = self.lead
        if lead is None:
            return self
        own = lead.reading.original if lead.reading else None
        return replace(self, readings=tuple(each for each in self.readings if each.original == own))

    def without_least(self) -> Edition:
        """The same without its least important entry, of equals the last one; the lead always stays."""
        least = min(reversed(self._others()), key=_importance)
        rest = tuple(entry for entry in self.entries if entry is not least)
        return replace(self, entries=rest, left_out=self.left_out + 1)

    def briefer(self) -> Edition | None:
        """The same with the bare title of its least important entry; None when only the lead has a text."""
        told = [entry for entry in self._others() if entry.event.text]
        if not told:
            return None
        least = min(reversed(told), key=_importance)
        return self.with_event(least, replace(least.event, text=""))

    def with_event(self, entry: Entry, event: Event) -> Edition:
        """The same with another event in the place of an entry's."""
        entries = (replace(each, event=event) if each is entry else each for each in self.entries)
        return replace(self, entries=tuple(entries))

    def _others(self) -> list[Entry]:
        return [entry for entry in self.entries if entry is not self.lead]


def _importance(entry: Entry) -> int:
    return entry.event.importance


@dataclass(frozen=True, slots=True)
class NothingToTell:
    """Why a reader gets nothing for a day; recorded with the delivery."""

    reason: str


def edition(almanac: Almanac, day: date, choice: Choice) -> Edition | NothingToTell:
    """The edition of one day, or the reason why there is none."""
    found = almanac.on(day, choice.calendars)
    counters = _counters(almanac, choice)
    if found.occurrences:
        return _edition(found.day, found.day, [found], found.readings, counters, choice)
    if choice.silent:
        return NothingToTell("no event on this day, and quiet_days is silent")
    near = _nearest(almanac, day, choice)
    if near:
        return replace(_edition(day, day, [near], found.readings, counters, choice), nearest=True)
    if not found.readings:
        return NothingToTell("no event on this day and no counter runs")
    return Edition(day, day, (), found.readings)


def week(almanac: Almanac, day: date, choice: Choice) -> Edition | NothingToTell:
    """The edition of the seven days that begin with `day`."""
    last = day + timedelta(days=6)
    found = list(almanac.between(day, last, choice.calendars))
    if not any(each.occurrences for each in found):
        return NothingToTell("no event in this week")
    return _edition(day, last, found, (), _counters(almanac, choice), choice)


def rolled_up(almanac: Almanac, days: Sequence[date], choice: Choice) -> Edition | NothingToTell:
    """Several days that are late, as one edition."""
    return _several([almanac.on(day, choice.calendars) for day in days], _counters(almanac, choice), choice)


def replays_rolled_up(almanac: Almanac, originals: Sequence[date], choice: Choice) -> Edition | NothingToTell:
    """Several dates of the past, each told as if it were today, as one edition."""
    found = [_on_that_very_date(almanac, each, choice) for each in originals]
    told = _several(found, _counters(almanac, choice), choice)
    return replace(told, replay=True) if isinstance(told, Edition) else told


def _several(found: list[Found], counters: list[Counter], choice: Choice) -> Edition | NothingToTell:
    readings = tuple(reading for each in found for reading in each.readings)
    if not any(each.occurrences for each in found) and (choice.silent or not readings):
        return NothingToTell("no event on these days")
    days = [each.day for each in found]
    return _edition(min(days), max(days), found, readings, counters, choice)


def replayed(almanac: Almanac, original: date, choice: Choice) -> Edition | NothingToTell:
    """A date of the past told as if it were today: what happened on that very date, and the number it carries."""
    that_day = _on_that_very_date(almanac, original, choice)
    if not that_day.occurrences and choice.silent:
        return NothingToTell("no event on this day, and quiet_days is silent")
    told = _edition(original, original, [that_day], that_day.readings, _counters(almanac, choice), choice)
    return replace(told, replay=True)


def _on_that_very_date(almanac: Almanac, original: date, choice: Choice) -> Found:
    found = almanac.on(original, choice.calendars)
    happened = tuple(each for each in found.occurrences if each.event.began == original)
    return Found(original, happened, tuple(each for each in found.readings if each.original == original))


def only(edition: Edition, keep: Callable[[Event], bool]) -> Edition | NothingToTell:
    """The part of an edition whose events are kept; its counters stay."""
    kept = tuple(entry for entry in edition.entries if keep(entry.event))
    if not kept:
        return NothingToTell("every event of this day is told at its own hour")
    return replace(edition, entries=kept)


def _counters(almanac: Almanac, choice: Choice) -> list[Counter]:
    keys = almanac.calendars if choice.calendars is None else choice.calendars
    return [counter for key in keys for counter in almanac.calendars[key].counters]


def _nearest(almanac: Almanac, day: date, choice: Choice) -> Found | None:
    days = (day - timedelta(days=back) for back in range(1, choice.nearest + 1))
    return next((found for each in days if (found := almanac.on(each, choice.calendars)).occurrences), None)


def _edition(
    day: date, last: date, found: list[Found], readings: tuple[Reading, ...], counters: list[Counter], choice: Choice
) -> Edition:
    entries = [_entry(each, counters) for one in found for each in one.occurrences]
    whole = Edition(day, last, tuple(_ordered(entries)), readings)
    while choice.most and len(whole.entries) > choice.most:
        whole = whole.without_least()
    return whole


def _entry(occurrence: Occurrence, counters: Iterable[Counter]) -> Entry:
    event = occurrence.event
    own = (counter.at(event.began) for counter in counters if event.began and counter.calendar == event.calendar)
    reading = next((each for each in own if each), None)
    return Entry(event, occurrence.day, occurrence.years_ago, reading)


def _ordered(entries: Iterable[Entry]) -> Iterator[Entry]:
    groups: dict[tuple[date, int | None], list[Entry]] = {}
    for entry in sorted(entries, key=_inside):
        groups.setdefault((entry.day, entry.year), []).append(entry)
    ranked = sorted(groups.values(), key=_rank)
    one_day = len({entry.day for group in ranked for entry in group}) == 1
    leading = min(ranked, key=lambda group: _inside(group[0])) if one_day else None
    for group in sorted(ranked, key=lambda group: group is not leading):
        yield from group


def _inside(entry: Entry) -> tuple[object, ...]:
    event = entry.event
    # A full tie falls to the key, so that an edition never depends on the order of a file.
    return (-event.importance, event.began or date.max, event.time or "99", event.calendar, event.key)


def _rank(group: list[Entry]) -> tuple[object, ...]:
    first = group[0]
    return (first.day, first.reading is None, first.year is None, first.year or 0)


def _section(group: list[Entry]) -> Section:
    first = group[0]
    readings = {entry.reading.original: entry.reading for entry in group if entry.reading}
    only = next(iter(readings.values())) if len(readings) == 1 else None
    return Section(first.year, first.years_ago, only, tuple(group))
