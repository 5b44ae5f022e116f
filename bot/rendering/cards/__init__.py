"""What stands on the picture of a day? A card: its words, and where the day is in what is counted. Pure values.

The words are those of the edition, and so is the alternative text. `drawing` makes the picture of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from bot.calendars.counters import Reading
from bot.calendars.events import Calendar, Precision
from bot.calendars.rules import Span
from bot.config import Theme
from bot.editions import Edition, Entry
from bot.languages import digits, is_right_to_left
from bot.rendering import words
from bot.rendering.phrases import Phrases


class Size(StrEnum):
    """1200 by 675 pixels, as posts show a picture whole; or 1080 by 1080."""

    WIDE = "wide"
    SQUARE = "square"

    @property
    def pixels(self) -> tuple[int, int]:
        return (1200, 675) if self is Size.WIDE else (1080, 1080)


@dataclass(frozen=True, slots=True)
class Look:
    """How a card is wished: its colours, its shape, and the language of its reader."""

    theme: Theme = Theme.LIGHT
    size: Size = Size.WIDE
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Tick:
    """A day of the span on which a number beside the counter changed, and what it has been since."""

    day: int
    value: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Day `day` of `days`, both counted from 1 whatever the counter calls its first day."""

    day: int
    days: int
    first: str
    last: str
    ticks: tuple[Tick, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that is drawn, so that a stored card is drawn the same again. Any of its words may be empty."""

    headline: str
    calendar: str = ""
    date: str = ""
    title: str = ""
    told: str = ""
    progress: Progress | None = None
    look: Look = Look()

    @property
    def alt(self) -> str:
        """What it says to those who do not see it: all its words, in the order of the picture."""
        comma = "\u060c " if is_right_to_left(self.look.language) else ", "
        head = comma.join(each for each in (self.headline, self.date) if each)
        return " ".join(map(_sentence, filter(None, (head, self.title, self.told, self.calendar))))

    @property
    def focus(self) -> tuple[float, float]:
        """What must stay where a platform crops: from -1 (left, bottom) to 1 (right, top)."""
        return (0.3 if is_right_to_left(self.look.language) else -0.3, 0.3)


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…", "؟")) else f"{text}."


def card_from(plain: Mapping[str, Any]) -> Card:
    """The card whose `asdict` went through JSON."""
    look, progress = plain["look"], plain["progress"]
    ticks = tuple(Tick(**each) for each in progress["ticks"]) if progress else ()
    return Card(
        **{
            **plain,
            "look": Look(Theme(look["theme"]), Size(look["size"]), look["language"]),
            "progress": Progress(**{**progress, "ticks": ticks}) if progress else None,
        }
    )


def card(edition: Edition, calendars: Sequence[Calendar], look: Look, spoken: Phrases) -> Card:
    """The card of an edition: of its lead with the number of the lead's own date, or of the counter, if nothing leads.

    `spoken` are our own words in the language of the look; the calendar's are taken in that language, too.
    """
    edition = edition.told_in(look.language)
    lead = edition.lead
    reading = next(iter(edition.with_own_counter().readings), None)
    told = Card(_heading(edition, reading, spoken), look=look)
    if lead is not None:
        told = replace(told, title=lead.event.title, date=" · ".join(_when(edition, lead, reading, spoken)))
    elif reading is not None:
        told = replace(told, date=words.full_date(reading.original, look.language))
    if reading is None or edition.weekly:
        return replace(told, calendar=_named(lead.event.calendar if lead else "", calendars))
    return replace(
        told,
        calendar=_named(reading.counter.calendar, calendars),
        told=_begun(" · ".join(reading.told)),
        progress=_progress(reading, look.language),
    )


def _heading(edition: Edition, reading: Reading | None, spoken: Phrases) -> str:
    if edition.weekly:
        return spoken.title(edition.day, edition.last, replay=edition.replay)
    return reading.label if reading else words.day_month(edition.day, spoken.language)


def _when(edition: Edition, lead: Entry, reading: Reading | None, spoken: Phrases) -> Iterator[str]:
    """The event's own date and age, as far as the heading does not say it."""
    event = lead.event
    if event.began is not None:
        # Under "20 July" stands only the year of that day.
        known = reading is None and not edition.weekly and lead.day == edition.day
        brief = known or event.precision is not Precision.DAY
        language = spoken.language
        yield digits(event.began.year, language) if brief else words.full_date(event.began, language)
        if lead.years_ago and not edition.replay:
            yield spoken.years_ago(lead.years_ago)
    elif reading is not None or edition.weekly:
        yield words.day_month(lead.day, spoken.language)


def _named(key: str, calendars: Sequence[Calendar]) -> str:
    found = next((each for each in calendars if each.key == key), None)
    return (found or calendars[0]).title if calendars else ""


def _progress(reading: Reading, language: str) -> Progress | None:
    """None for a counter that has no end, such as "days since"."""
    span = reading.counter.span
    if span is None:
        return None
    first, last = (words.full_date(each, language) for each in (span.first, span.last))
    ticks = tuple(_ticks(reading, span, language))
    return Progress(_place(span, reading.original), _place(span, span.last), first, last, ticks)


def _ticks(reading: Reading, span: Span, language: str) -> Iterator[Tick]:
    """The steps of the first series beside the counter."""
    for series in reading.counter.series[:1]:
        inside = (step for step in series.steps if span.first <= step.on <= span.last)
        yield from (Tick(_place(span, step.on), words.number(step.value, language)) for step in inside)


def _place(span: Span, original: date) -> int:
    return (original - span.first).days + 1
