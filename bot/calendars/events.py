"""What is a calendar made of? `Calendar`, `Event`, `Occurrence`, and the parts of an event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol

from bot.calendars import persian
from bot.calendars.counters import Counter, Series
from bot.calendars.rules import After, Leap, OnPersianDate, Rule
from bot.languages import nearest


class Tone(StrEnum):
    SOLEMN = "solemn"
    NEUTRAL = "neutral"
    CELEBRATORY = "celebratory"


class Precision(StrEnum):
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    CIRCA = "circa"


class Certainty(StrEnum):
    CERTAIN = "certain"
    DISPUTED = "disputed"
    APPROXIMATE = "approximate"


@dataclass(frozen=True, slots=True)
class Source:
    title: str
    publisher: str
    url: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by address, with the words for those who do not see it and the name of who made it."""

    alt: str
    credit: str
    url: str


@dataclass(frozen=True, slots=True)
class Wording:
    """An event in another language than its calendar's; `alt` is of its picture."""

    language: str
    title: str
    text: str = ""
    more: str = ""
    alt: str = ""

    def __str__(self) -> str:
        return f"{self.language}: {' '.join(filter(None, (self.title, self.text, self.more, self.alt)))}"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a calendar. An observance is an event without `began`: it has no year and no age."""

    key: str
    calendar: str
    title: str
    rule: Rule
    text: str = ""
    more: str = ""
    began: date | None = None
    ended: date | None = None
    time: str = ""
    timezone: str = ""
    precision: Precision = Precision.DAY
    certainty: Certainty = Certainty.CERTAIN
    tone: Tone = Tone.NEUTRAL
    importance: int = 3
    tags: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    links: tuple[Link, ...] = ()
    picture: Picture | None = None
    language: str = "en"
    translations: tuple[Wording, ...] = ()

    def told_in(self, language: str) -> Event:
        """The event in a reader's language; as it is, where nobody has translated it."""
        if not self.translations or language == self.language:
            return self
        wanted = nearest(language, (self.language, *(each.language for each in self.translations)))
        found = next((each for each in self.translations if each.language == wanted), None)
        return self if found is None else self._as(found)

    def _as(self, found: Wording) -> Event:
        picture = self.picture and replace(self.picture, alt=found.alt or self.picture.alt)
        return replace(
            self,
            title=found.title,
            text=found.text,
            more=found.more,
            picture=picture,
            language=found.language,
            translations=(),
        )

    def age(self, day: date) -> int | None:
        """Years by date from the event to its anniversary on `day`; None for an observance."""
        if self.began is None:
            return None
        rule, began = self.rule, self.began
        if isinstance(rule, After):  # as old as what it is counted from
            shift = timedelta(days=rule.offset)
            rule, began, day = rule.rule, began - shift, day - shift
        if isinstance(rule, OnPersianDate):
            return persian.from_gregorian(day)[0] - persian.from_gregorian(began)[0]
        return day.year - began.year


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event on one day. `id` names it for ever: calendar, event key and day, none of which an edit changes."""

    event: Event
    day: date

    @property
    def id(self) -> str:
        return f"{self.event.calendar}/{self.event.key}/{self.day}"

    @property
    def years_ago(self) -> int | None:
        return self.event.age(self.day)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone whom a calendar tells about. `name` is the spelling of its texts, `full_name` that of the record."""

    key: str
    name: str
    full_name: str = ""
    group: str = ""
    role: str = ""
    where: str = ""
    captured: date | None = None
    released: date | None = None
    died: date | None = None
    note: str = ""
    sources: tuple[Source, ...] = ()


class Events(Protocol):
    """The events of a calendar, found by the keys of a day (`rules.keys_of`) without looking at the others."""

    @property
    def families(self) -> frozenset[str]: ...

    @property
    def offsets(self) -> tuple[int, ...]: ...

    def keyed(self, key: str) -> tuple[Event, ...]: ...

    def recurring(self) -> tuple[Event, ...]: ...

    def __iter__(self) -> Iterator[Event]: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Calendar:
    """A named set of events and counters from one file or folder."""

    key: str
    title: str
    events: Events
    description: str = ""
    language: str = "en"
    timezone: str = "UTC"
    leap: Leap = Leap.FEB28
    counters: tuple[Counter, ...] = ()
    series: tuple[Series, ...] = ()
    names: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    hashtags: tuple[str, ...] = ()
