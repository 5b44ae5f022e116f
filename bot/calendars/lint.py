"""What would a careful editor mend in this calendar? Rules that hold beyond what the loader insists on.

Each rule is documented in docs/reference/lint.md with its reason; a test holds that page to `RULES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from bot.calendars import lint_dates, lint_names, lint_sources, lint_style, lint_twins
from bot.calendars.lint_subject import CheckAll, Place, Subject, Whole, of_each
from bot.calendars.loader import Text, load
from bot.documents import Document, parse
from bot.errors import Where


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend: where it stands, by which rule, what is wrong, and what to write instead."""

    where: Where
    rule: str
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.where}: {self.rule}: {self.what}; {self.instead}"


RULES: dict[str, CheckAll] = {
    "no-source": of_each(lint_sources.no_source),
    "dead-source": lint_sources.dead_source,
    "picture-words": of_each(lint_sources.picture_words),
    "text-too-long": of_each(lint_style.text_too_long),
    "title-too-long": of_each(lint_style.title_too_long),
    "no-text": of_each(lint_style.no_text),
    "full-stop": of_each(lint_style.full_stop),
    "spacing": of_each(lint_style.spacing),
    "capitals": of_each(lint_style.capitals),
    "quotation": of_each(lint_style.quotation),
    "quote-mix": lint_style.quote_mix,
    "us-spelling": lint_style.us_spelling,
    "judgement": of_each(lint_style.judgement),
    "relative-time": of_each(lint_style.relative_time),
    "tone-of-death": of_each(lint_style.tone_of_death),
    "name-spelling": lint_names.spelling,
    "name-unlisted": lint_names.unlisted,
    "same-event": lint_twins.same_event,
    "repeated-text": lint_twins.repeated_text,
    "no-such-date": of_each(lint_dates.no_such_date),
    "missing-year": of_each(lint_dates.missing_year),
    "wrong-weekday": of_each(lint_dates.wrong_weekday),
    "no-such-day": of_each(lint_dates.no_such_day),
    "wrong-day": of_each(lint_dates.wrong_day),
    "wrong-number": of_each(lint_dates.wrong_number),
}
# What reads English words. Calendars in other languages are held to the other rules only.
ENGLISH = {
    "capitals", "us-spelling", "judgement", "relative-time", "tone-of-death", "no-such-date", "missing-year",
    "wrong-weekday", "wrong-number",
}  # fmt: skip


def lint(texts: Sequence[Text], today: date) -> list[Finding]:
    """What is to be mended in the calendar of these files, in their order. Raises `Problems` if it does not load."""
    whole = _whole(texts, today)
    english = whole.calendar.language.startswith("en")
    chosen = (name for name in RULES if english or name not in ENGLISH)
    return sorted(set(chain.from_iterable(_findings(name, whole) for name in chosen)))


def _findings(rule: str, whole: Whole) -> Iterator[Finding]:
    for place, hit in RULES[rule](whole):
        yield Finding(place.of(hit.part, hit.fragment), rule, hit.what, hit.instead)


def _whole(texts: Sequence[Text], today: date) -> Whole:
    """The calendar and, for each of its events and people in reading order, the place where it stands."""
    calendar = load(texts)
    files = [(parse(text.text, text.source, []), text.text.splitlines()) for text in texts]
    places = _places(files, "events")
    subjects = (Subject(event, calendar, place) for event, place in zip(calendar.events, places, strict=True))
    people = zip(calendar.people, _places(files, "people"), strict=True)
    return Whole(calendar, today, tuple(subjects), tuple(people))


def _places(files: Sequence[tuple[Document, Sequence[str]]], key: str) -> list[Place]:
    counted = ((document, lines, number) for document, lines in files for number in range(_count(document, key)))
    return [Place(document, lines, (key, number)) for document, lines, number in counted]


def _count(document: Document, key: str) -> int:
    return len((document.value or {}).get(key) or ())
