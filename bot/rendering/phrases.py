"""How do the words of our own templates read in a language? One file per language, yours before the shipped ones.

A file of yours (`locales/it.yaml` in a folder of templates) may hold a few keys or all of them; what it leaves out is
taken from the shipped file of that language, and from the English one where there is none.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from bot.documents import Document, parse, suggestion
from bot.errors import Problem, Problems
from bot.languages import base, digits, plural, plurals
from bot.rendering import words

Forms = Mapping[str, str]
FOLDER = "locales"
ENGLISH = "en"
_ORDINAL = "ordinal"


@dataclass(frozen=True, slots=True)
class Phrases:
    """What thisday itself says to a reader of a language. `borrowed` are the keys that are English for want of words."""

    language: str
    said: Mapping[str, str | Forms]
    borrowed: tuple[str, ...] = ()

    def say(self, key: str, **values: object) -> str:
        """The words of a key, filled in. With a number `n`, in the form that it asks for. LookupError for no such key."""
        if key not in self.said:
            raise LookupError(f"there are no words for {key!r}; {suggestion(key, list(self.said))}")
        language = ENGLISH if key in self.borrowed else self.language
        found = self.said[key]
        if not isinstance(found, str):
            category = plural(int(str(values["n"])), language, ordinal=key == _ORDINAL)
            found = found.get(category, found["other"])
        return found.format(**{name: _told(value, language) for name, value in values.items()}) if values else found

    def years_ago(self, years: int | None) -> str:
        """47 years ago, 1 year ago, today; empty for what has no year."""
        if years is None:
            return ""
        return self.say("years_ago", n=years) if years else self.say("today")

    def title(self, day: date, last: date, *, replay: bool = False) -> str:
        """The heading of an edition; of a replay, the date of the past that it tells."""
        if last == day and replay:
            return words.full_date(day, self.language)
        key = self._heading(day, last, replay=replay)
        spoken = ENGLISH if key in self.borrowed else self.language  # no date of another language among borrowed words
        if last == day:
            return self.say(key, date=words.day_month(day, spoken))
        told = words.full_date if replay else words.day_month
        first = words.full_date(day, spoken) if replay and day.year != last.year else words.beginning(day, last, spoken)
        return self.say(key, first=first, last=told(last, spoken))

    def _heading(self, day: date, last: date, *, replay: bool) -> str:
        if last == day:
            return "on_this_day"
        if replay:
            return "from_to"
        return "this_week" if (last - day).days == 6 else "on_these_days"


def _told(value: object, language: str) -> object:
    return digits(value, language) if isinstance(value, int) else value


@lru_cache(maxsize=256)
def phrases(language: str = ENGLISH, folders: Sequence[Traversable] = ()) -> Phrases:
    """The words for a language. Raises `Problems` for mistakes in a file of the user's in `folders`.

    Kept for the life of the process: a changed file counts after a restart.
    """
    own: dict[str, str | Forms] = {}
    for place in _places(language, folders):
        if place.is_file():
            own = {**_read(place, language), **own}
    english = shipped(ENGLISH)
    borrowed = () if base(language) == ENGLISH else tuple(key for key in english if key not in own)
    return Phrases(language, {**english, **own}, borrowed)


def is_written(language: str, folders: Sequence[Traversable] = ()) -> bool:
    """Whether there are words for a language, ours or the user's."""
    return any(place.is_file() for place in _places(language, folders))


def _places(language: str, folders: Sequence[Traversable]) -> Iterator[Traversable]:
    """Where the words of a language may stand: the user's before ours, those of its country before the general ones."""
    for folder in (*(each / FOLDER for each in folders), files("bot") / "rendering" / FOLDER):
        yield from (folder / f"{tag}.yaml" for tag in dict.fromkeys((language, base(language))))


@cache
def shipped(language: str) -> Mapping[str, str | Forms]:
    """The words in our own file of a language; the English ones are what all others are held to."""
    place = files("bot") / "rendering" / FOLDER / f"{language}.yaml"
    value: Mapping[str, str | Forms] = parse(place.read_text(encoding="utf-8"), str(place), []).value
    return value


def _read(place: Traversable, language: str) -> dict[str, str | Forms]:
    """The words in a file. Raises `Problems` with every mistake in it."""
    found: list[Problem] = []
    document = parse(place.read_text(encoding="utf-8"), str(place), found)
    value = document.value or {}
    if not isinstance(value, dict):
        raise Problems([Problem(document.where(), "a file of words must be a mapping", "write 'more: …' for each key")])
    found += _mistakes(document, value, language)
    if found:
        raise Problems(found)
    return value


def _mistakes(document: Document, value: Mapping[str, object], language: str) -> Iterator[Problem]:
    english = shipped(ENGLISH)
    for key, said in value.items():
        if key not in english:
            yield Problem(document.where((key,), key=True), f"unknown key {key!r}", suggestion(key, list(english)))
            continue
        wanted = english[key]
        if isinstance(wanted, str):
            yield from _misfilled(document, (key,), said, _names(wanted))
        else:
            yield from _misformed(document, key, said, language)


def _misformed(document: Document, key: str, said: object, language: str) -> Iterator[Problem]:
    """What is wrong with the forms of a key that depends on a number."""
    categories = plurals(language, ordinal=key == _ORDINAL)
    wanted = ", ".join(sorted(categories))
    if not isinstance(said, dict):
        yield Problem(document.where((key,)), f"{key} must be a mapping of plural forms", f"give {wanted}")
        return
    for category in sorted(categories - said.keys()):
        yield Problem(document.where((key,)), f"{key} has no form for {category!r}", f"give {wanted}")
    for category, text in said.items():
        if category not in categories:
            where = document.where((key, category), key=True)
            yield Problem(where, f"this language has no plural form {category!r}", f"give {wanted}")
        else:
            yield from _misfilled(document, (key, category), text, {"n"})


def _misfilled(document: Document, path: tuple[str, ...], said: object, wanted: set[str]) -> Iterator[Problem]:
    names = ", ".join(f"{{{name}}}" for name in sorted(wanted))
    if not isinstance(said, str) or not said.strip():
        yield Problem(document.where(path), f"{path[0]} must be a text", "write it in quotes")
    elif _names(said) != wanted:
        advice = f"use {names}, each by its bare name" if names else "leave out the braces"
        yield Problem(document.where(path), f"{path[0]} {said!r} cannot be filled", advice)


def _names(text: str) -> set[str]:
    """The names in braces of a text, with what else stands in them: `{n!r}` is not `{n}`."""
    try:
        found = [each for each in string.Formatter().parse(text) if each[1] is not None]
    except ValueError:
        return {text}
    return {f"{name}{form}{conversion or ''}" for _, name, form, conversion in found}
