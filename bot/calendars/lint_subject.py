"""What does a rule of the lint look at, and what does it say? Events with their places in the files; hits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.calendars.counters import Counter
from bot.calendars.events import Calendar, Event, Person
from bot.calendars.rules import Recurrence
from bot.documents import Document, Path
from bot.errors import Where

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DAY_MONTH = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)})\b(?:,? (\d{{4}}))?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: its document, the lines of the file, and the path to it."""

    document: Document
    lines: Sequence[str]
    path: Path

    def of(self, part: Path, fragment: str = "") -> Where:
        """The place of a part; of the words `fragment` in it, where one line of the file has them."""
        where = self.document.where((*self.path, *part))
        for number in range(where.line, self._end(where)):
            column = self.lines[number - 1].find(fragment, where.column - 1 if number == where.line else 0)
            if fragment and column >= 0:
                return Where(where.source, number, column + 1)
        return where

    def _end(self, where: Where) -> int:
        """The line after the last one that is indented deeper than the line where the part begins."""
        own = _indent(self.lines[where.line - 1])
        deeper = (number for number in range(where.line, len(self.lines)) if _indent(self.lines[number]) <= own)
        return next(deeper, len(self.lines)) + 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip()) if line.strip() else 10**6


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule found: in which part of the entry, at which words, what is wrong, and what to write instead."""

    part: Path
    what: str
    instead: str
    fragment: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """An event, with what a rule needs to judge it."""

    event: Event
    calendar: Calendar
    place: Place

    @property
    def written(self) -> dict[str, Any]:
        """The entry as it stands in the file."""
        value = self.place.document.value
        for step in self.place.path:
            value = value[step]
        return dict(value)

    @property
    def parts(self) -> dict[str, str]:
        """Title, text and longer text, as far as there are any."""
        found = {"title": self.event.title, "text": self.event.text, "more": self.event.more}
        return {name: words for name, words in found.items() if words}

    @property
    def day(self) -> date | None:
        """The date of an event that happened on one day; None for observances, and for what recurs by a rule of its own."""
        dated = not isinstance(self.event.rule, Recurrence) and self.event.rule.key is not None
        return self.event.began if dated else None

    @property
    def spans(self) -> list[Counter]:
        return [each for each in self.calendar.counters if each.span is not None]

    def matches(self, pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
        """Every match in every part, with the name of the part."""
        return ((name, match) for name, words in self.parts.items() for match in pattern.finditer(words))


@dataclass(frozen=True, slots=True)
class Whole:
    """A calendar with all its events and people, each at its place."""

    calendar: Calendar
    today: date
    subjects: tuple[Subject, ...]
    people: tuple[tuple[Person, Place], ...]


Check = Callable[[Subject], Iterator[Hit]]
Placed = tuple[Place, Hit]
CheckAll = Callable[[Whole], Iterator[Placed]]


def of_each(check: Check) -> CheckAll:
    """A check of one event as a check of all of them."""

    def checked(whole: Whole) -> Iterator[Placed]:
        return ((subject.place, hit) for subject in whole.subjects for hit in check(subject))

    return checked


def dates_in(words: str) -> Iterator[tuple[re.Match[str], int | None, int, int]]:
    """Every "4 November" and "4 November 1979" in a text: the match, the year if it is named, month and day."""
    for match in DAY_MONTH.finditer(words):
        yield match, int(match[3]) if match[3] else None, MONTHS.index(match[2]) + 1, int(match[1])
