"""How are days and numbers said in a reader's language? Babel knows; English is spelled day before month."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from bot.calendars import persian
from bot.languages import base, digits, locale, persian_digits

# Where Babel writes "1 novembre", people write "1er novembre".
_FIRST_OF_MONTH = {"fr": "1er"}
_BARE_DAY = re.compile(r"\d+(\.|er)?")
_PERSIAN_MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور",
    "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip


@lru_cache(maxsize=2048)
def day_month(day: date, language: str = "en") -> str:
    """25 November, 25. November, ۲۵ نوامبر."""
    from babel.dates import format_skeleton

    return _day_told(str(format_skeleton("MMMMd", day, locale=locale(language))), language)


@lru_cache(maxsize=2048)
def full_date(day: date, language: str = "en") -> str:
    """25 November 1979."""
    from babel.dates import format_date

    return _day_told(str(format_date(day, format="long", locale=locale(language))), language)


def month(day: date, language: str = "en") -> str:
    """Nov, Nov., نوامبر: short, as over a column."""
    from babel.dates import format_date

    return str(format_date(day, format="LLL", locale=locale(language)))


def weekday(day: date, language: str = "en") -> str:
    from babel.dates import format_date

    return str(format_date(day, format="EEEE", locale=locale(language)))


def number(value: int, language: str = "en") -> str:
    """16,457 in English, 16.457 in German, ۱۶٬۴۵۷ in Persian."""
    from babel.numbers import format_decimal

    # Babel's own choice for Persian are Latin digits with a Latin comma between them.
    system = "default" if base(language) == "fa" else "latn"
    return digits(format_decimal(value, locale=locale(language), numbering_system=system), language)


def persian_date(day: date) -> str:
    """۱۳ آبان ۱۳۵۸."""
    year, month, number_of_day = persian.from_gregorian(day)
    return persian_digits(f"{number_of_day} {_PERSIAN_MONTHS[month - 1]} {year}")


def beginning(day: date, last: date, language: str = "en") -> str:
    """The first day of several, as it is said before the last: in one month its bare number, where that comes first."""
    told = day_month(day, language)
    bare = told.partition(" ")[0]
    return bare if (day.year, day.month) == (last.year, last.month) and _BARE_DAY.fullmatch(bare) else told


def _day_told(text: str, language: str) -> str:
    first = _FIRST_OF_MONTH.get(base(language))
    return digits(first + text[1:] if first and text.startswith("1 ") else text, language)
