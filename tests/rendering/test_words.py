"""Days, numbers and ages in a reader's language."""

from __future__ import annotations

from datetime import date

import pytest

from bot.rendering import words

DAY = date(1979, 11, 4)


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "4 November"), ("en-US", "November 4"), ("de", "4. November"), ("fr", "4 novembre"), ("fa", "۴ نوامبر"),
     ("xx", "4 November"), ("not a tag", "4 November")],
)  # fmt: skip
def test_a_day_is_said_in_the_reader_s_language(language: str, expected: str) -> None:
    assert words.day_month(DAY, language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "4 November 1979"), ("en-US", "November 4, 1979"), ("de", "4. November 1979"), ("fa", "۴ نوامبر ۱۹۷۹")],
)
def test_a_date_is_said_in_the_reader_s_language(language: str, expected: str) -> None:
    assert words.full_date(DAY, language) == expected


@pytest.mark.parametrize(("language", "expected"), [("en", "Sunday"), ("de", "Sonntag"), ("fa", "یکشنبه")])
def test_a_weekday_is_said_in_the_reader_s_language(language: str, expected: str) -> None:
    assert words.weekday(DAY, language) == expected


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "16,457"), ("de", "16.457"), ("fr", "16\u202f457"), ("fa", "۱۶٬۴۵۷")]
)
def test_a_number_is_grouped_as_the_reader_is_used_to(language: str, expected: str) -> None:
    assert words.number(16457, language) == expected


def test_a_solar_hijri_date_is_said_in_persian() -> None:
    assert words.persian_date(DAY) == "۱۳ آبان ۱۳۵۸"


@pytest.mark.parametrize(
    ("day", "expected"), [(date(1979, 11, 1), "1er novembre"), (date(1979, 11, 11), "11 novembre"), (DAY, "4 novembre")]
)
def test_the_first_of_a_month_is_said_as_the_french_say_it(day: date, expected: str) -> None:
    assert words.day_month(day, "fr") == expected
    assert words.full_date(day, "fr-CA") == f"{expected} 1979"


@pytest.mark.parametrize(
    ("last", "language", "expected"),
    [
        (date(1979, 11, 10), "en", "4"),
        (date(1979, 11, 10), "en-US", "November 4"),
        (date(1979, 11, 10), "de", "4."),
        (date(1979, 11, 10), "fa", "۴"),
        (date(1979, 12, 1), "de", "4. November"),
        (date(1980, 11, 10), "en", "4 November"),
    ],
)
def test_before_a_day_of_the_same_month_the_month_is_left_out(last: date, language: str, expected: str) -> None:
    assert words.beginning(DAY, last, language) == expected


def test_a_month_is_short() -> None:
    assert [words.month(DAY, language) for language in ("en", "de", "fa")] == ["Nov", "Nov", "نوامبر"]
