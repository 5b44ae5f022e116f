"""How are days, numbers and ages said in a reader's language? Babel knows; English is spelled day before month."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.calendars import persian

if TYPE_CHECKING:
    from babel import Locale

_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_PERSIAN_MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور",
    "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip


@lru_cache(maxsize=64)
def locale(language: str) -> Locale:
    """Babel's locale for a language tag; plain English is world English; an unknown language reads as English."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse("en_001" if language == "en" else language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_001")


@lru_cache(maxsize=2048)
def day_month(day: date, language: str = "en") -> str:
    """25 November, 25. November, ۲۵ نوامبر."""
    from babel.dates import format_skeleton

    return _digits(str(format_skeleton("MMMMd", day, locale=locale(language))), language)


def full_date(day: date, language: str = "en") -> str:
    """25 November 1979."""
    from babel.dates import format_date

    return _digits(str(format_date(day, format="long", locale=locale(language))), language)


def weekday(day: date, language: str = "en") -> str:
    from babel.dates import format_date

    return str(format_date(day, format="EEEE", locale=locale(language)))


def number(value: int, language: str = "en") -> str:
    """16,457 in English, 16.457 in German, ۱۶٬۴۵۷ in Persian."""
    from babel.numbers import format_decimal

    # Babel's own choice for Persian are Latin digits with a Latin comma between them.
    digits = "default" if _is_persian(language) else "latn"
    return _digits(str(format_decimal(value, locale=locale(language), numbering_system=digits)), language)


def ordinal(value: int) -> str:
    """1st, 2nd, 3rd, 11th, 22nd (English)."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{'th' if value % 100 in {11, 12, 13} else ending}"


def years_ago(years: int | None) -> str:
    """47 years ago, 1 year ago, today; empty for what has no year."""
    if years is None:
        return ""
    if years == 0:
        return "today"
    return "1 year ago" if years == 1 else f"{years} years ago"


def persian_digits(text: object) -> str:
    return str(text).translate(_PERSIAN_DIGITS)


def persian_date(day: date) -> str:
    """۱۳ آبان ۱۳۵۸."""
    year, month, number_of_day = persian.from_gregorian(day)
    return persian_digits(f"{number_of_day} {_PERSIAN_MONTHS[month - 1]} {year}")


def _digits(text: str, language: str) -> str:
    return persian_digits(text) if _is_persian(language) else text


def _is_persian(language: str) -> bool:
    return language.partition("-")[0] == "fa"


def title(day: date, last: date, language: str = "en", *, replay: bool = False) -> str:
    """The heading of an edition; of a replay, the date of the past that it tells."""
    if last == day:
        return full_date(day, language) if replay else f"On this day: {day_month(day, language)}"
    first, second = day_month(day, language), day_month(last, language)
    same_month = (day.year, day.month) == (last.year, last.month)
    if same_month and second.startswith((f"{last.day} ", persian_digits(f"{last.day} "))):
        first = first.partition(" ")[0]  # "4 to 10 November", but "November 4 to November 10"
    if replay:
        first = first if day.year == last.year else full_date(day, language)
        return f"{first}\u2013{full_date(last, language)}"
    name = "This week in history" if (last - day).days == 6 else "On these days"
    return f"{name}: {first}\u2013{second}"
