"""Which languages are there, how does each of them count, and which way does it run? Babel knows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

TAG = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
# The words of templates are written in these (bot/rendering/locales); they are known without asking Babel.
WRITTEN = ("de", "en", "es", "fa", "fr")
PLURAL_FORMS = ("zero", "one", "two", "few", "many", "other")
_RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}
_CALLED = {"farsi": "fa", "deutsch": "de", "français": "fr", "español": "es", "castellano": "es"}
_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@lru_cache(maxsize=256)
def base(language: str) -> str:
    """The language of a tag without country and script: `de` of `de-AT`."""
    return language.partition("-")[0].lower()


def nearest(language: str, known: Iterable[str]) -> str | None:
    """The tag among `known` that serves a reader of `language`: that very tag, else its language in general."""
    found = set(known)
    return next((each for each in (language, base(language)) if each in found), None)


@lru_cache(maxsize=64)
def locale(language: str) -> Locale:
    """Babel's locale for a language tag; plain English is world English; an unknown language reads as English."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse("en_001" if language == "en" else language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_001")


@lru_cache(maxsize=4096)
def plural(number: int, language: str, *, ordinal: bool = False) -> str:
    """The plural category of a number (CLDR): one, two, few, many or other; zero too, in Arabic and a few more."""
    spoken = locale(language)
    return str((spoken.ordinal_form if ordinal else spoken.plural_form)(number))


def plurals(language: str, *, ordinal: bool = False) -> frozenset[str]:
    """Every category that a number can have in a language."""
    spoken = locale(language)
    return frozenset({*(spoken.ordinal_form if ordinal else spoken.plural_form).tags, "other"})


def digits(text: object, language: str) -> str:
    """A number, or a text with numbers, in the digits that readers expect: Persian ones in Persian."""
    return persian_digits(text) if base(language) == "fa" else str(text)


def persian_digits(text: object) -> str:
    return str(text).translate(_PERSIAN_DIGITS)


def is_right_to_left(language: str) -> bool:
    return base(language) in _RIGHT_TO_LEFT


def advice(tag: str) -> tuple[str, str] | None:
    """What is wrong with a language tag, and what to write instead; None if it names a language."""
    if re.fullmatch(TAG, tag) and _is_known(base(tag)):
        return None
    return f"there is no language {tag!r}", _meant(tag)


def _is_known(code: str) -> bool:
    if code in WRITTEN:
        return True
    from babel.localedata import exists

    return exists(code) or code in _names()


def _meant(tag: str) -> str:
    names, wanted = _names(), tag.strip().lower()
    if re.fullmatch(TAG, tag.replace("_", "-")) and nearest(tag.replace("_", "-"), names):
        return f"did you mean {tag.replace('_', '-')!r}?"
    if nearest(wanted, names):
        return f"did you mean {base(wanted)!r}?"
    called = {name.lower(): code for code, name in names.items()} | _CALLED
    near = difflib.get_close_matches(wanted, called, n=1, cutoff=0.75)
    return f"did you mean {called[near[0]]!r}?" if near else "write its tag, such as en, fa or de-AT"


def _names() -> Mapping[str, str]:
    """The English names of all languages that Babel knows, by code."""
    names: Mapping[str, str] = locale("en").languages
    return names
