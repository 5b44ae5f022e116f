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


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"), (102, "102nd"),
     (111, "111th")],
)  # fmt: skip
def test_an_ordinal_has_its_ending(value: int, expected: str) -> None:
    assert words.ordinal(value) == expected


@pytest.mark.parametrize(("years", "expected"), [(None, ""), (0, "today"), (1, "1 year ago"), (47, "47 years ago")])
def test_an_age_is_said_in_words(years: int | None, expected: str) -> None:
    assert words.years_ago(years) == expected


def test_a_solar_hijri_date_is_said_in_persian() -> None:
    assert words.persian_date(DAY) == "۱۳ آبان ۱۳۵۸"


@pytest.mark.parametrize(
    ("last", "language", "expected"),
    [
        (date(2026, 11, 4), "en", "On this day: 4 November"),
        (date(2026, 11, 10), "en", "This week in history: 4\u201310 November"),
        (date(2026, 11, 10), "en-US", "This week in history: November 4\u2013November 10"),
        (date(2026, 11, 10), "fa", "This week in history: ۴\u2013\u06f1\u06f0 نوامبر"),
        (date(2026, 12, 1), "en", "On these days: 4 November\u20131 December"),
        (date(2026, 11, 6), "en", "On these days: 4\u20136 November"),
    ],
)
def test_the_title_names_the_day_or_the_week(last: date, language: str, expected: str) -> None:
    assert words.title(date(2026, 11, 4), last, language) == expected


def test_the_title_of_a_replay_is_the_date_of_the_past() -> None:
    assert words.title(DAY, DAY, replay=True) == "4 November 1979"
