"""Dates as people write them, and the advice for those that do not exist."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from bot.calendars.rules import LAST, NthWeekday
from bot.calendars.written import Written, full_date, gregorian, old_style, rrule, solar_hijri, weekday


def advice(read: Callable[[str], object], text: str) -> str:
    """What is wrong with a text, and what to write instead; empty, if it is taken."""
    try:
        read(text)
    except ValueError as refused:
        return "; ".join(refused.args)
    return ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1979-11-04", Written(1979, 11, 4)), ("1979-1-4", Written(1979, 1, 4)), ("11-04", Written(None, 11, 4)),
        ("2-29", Written(None, 2, 29)), ("1979-11", Written(1979, 11, None)), ("1979", Written(1979, None, None)),
        ("0001-01-01", Written(1, 1, 1)),
    ],
)  # fmt: skip
def test_a_date_is_read_as_far_as_it_is_written(text: str, expected: Written) -> None:
    assert gregorian(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1979-02-29", "29 February 1979 does not exist; use 28 February or 1 March; leap_day says where 29 February goes"),
        ("02-30", "30 February does not exist; use 29 February or 1 March; leap_day says where 29 February goes"),
        ("04-31", "31 April does not exist; the last day of April is 30"),
        ("2026-04-00", "0 April 2026 does not exist; the last day of April is 30"),
        ("2026-13-01", "there is no month 13 in '2026-13-01'; write year-month-day"),
        ("1979-13", "there is no month 13; write year-month, such as 1979-11, or month-day, such as 11-04"),
        ("0000-01-01", "there is no year 0000; write a year from 0001"),
        ("4 Nov 1979", "'4 Nov 1979' is not a date; write 1979-11-04, 11-04 for every year, or 1979-11 for a month"),
    ],
)  # fmt: skip
def test_a_date_that_does_not_exist_comes_with_advice(text: str, expected: str) -> None:
    assert advice(gregorian, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1917-10-25", Written(1917, 10, 25)), ("12-25", Written(None, 12, 25)), ("1900-02-29", Written(1900, 2, 29))],
)
def test_an_old_style_date_is_read(text: str, expected: Written) -> None:
    assert old_style(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1901-02-29", "'1901-02-29' does not exist in the Julian calendar; check month and day"),
        ("13-01", "'13-01' does not exist in the Julian calendar; check month and day"),
        ("1917-10-00", "'1917-10-00' does not exist in the Julian calendar; check month and day"),
        ("0000-10-25", "'0000-10-25' is before the Julian calendar was settled; write a year from 0008"),
        ("1917", "'1917' is not an old-style date; write 1917-10-25 or 10-25"),
    ],
)
def test_an_old_style_date_that_does_not_exist_comes_with_advice(text: str, expected: str) -> None:
    assert advice(old_style, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("13 Aban 1358", Written(1358, 8, 13)), ("13 aban", Written(None, 8, 13)), ("1358-08-13", Written(1358, 8, 13)),
        ("08-13", Written(None, 8, 13)), ("30 Esfand", Written(None, 12, 30)), ("1399-12-30", Written(1399, 12, 30)),
    ],
)  # fmt: skip
def test_a_solar_hijri_date_is_read(text: str, expected: Written) -> None:
    assert solar_hijri(text) == expected


MONTHS = "farvardin, ordibehesht, khordad, tir, mordad, shahrivar, mehr, aban, azar, dey, bahman, esfand"
BOUNDS = "check day and month; years from 1178 to 1633 can be reckoned"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1400-12-30", f"'1400-12-30' does not exist in the Solar Hijri calendar; {BOUNDS}"),
        ("31 Mehr", f"'31 Mehr' does not exist in the Solar Hijri calendar; {BOUNDS}"),
        ("0000-08-13", f"'0000-08-13' does not exist in the Solar Hijri calendar; {BOUNDS}"),
        ("13 Aban 5000", f"'13 Aban 5000' does not exist in the Solar Hijri calendar; {BOUNDS}"),
        ("1358", "'1358' is not a Solar Hijri date; write 08-13, 1358-08-13 or 13 Aban"),
        ("13 November", f"'november' is no month of the Solar Hijri calendar; use one of {MONTHS}"),
    ],
)
def test_a_solar_hijri_date_that_does_not_exist_comes_with_advice(text: str, expected: str) -> None:
    assert advice(solar_hijri, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("last monday of may", NthWeekday(5, 0, LAST)),
        ("4th Thursday of November", NthWeekday(11, 3, 4)),
        (" first sunday in advent", None),
        ("sixth monday of may", None),
        ("first day of may", None),
        ("monday", None),
    ],
)
def test_a_weekday_of_a_month_is_read_or_refused(text: str, expected: NthWeekday | None) -> None:
    if expected is None:
        assert advice(weekday, text) == f"{text!r} names no weekday of a month; write it like 'last monday of may'"
    else:
        assert weekday(text) == expected


def test_an_rrule_in_days_or_longer_is_taken() -> None:
    assert rrule("FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", date(2000, 1, 1)) == "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO"


@pytest.mark.parametrize("text", ["FREQ=HOURLY", "FREQ=minutely;COUNT=3", "DTSTART:20200101\nRRULE:FREQ=DAILY"])
def test_an_rrule_finer_than_days_or_with_its_own_start_is_refused(text: str) -> None:
    refused = advice(lambda each: rrule(each, date(2000, 1, 1)), text)
    assert refused == "a rule counts in days or longer and has its start beside it; use FREQ=DAILY or longer"


@pytest.mark.parametrize(
    "text", ["", "every monday", "FREQ=SOMETIMES", "FREQ=DAILY;BYDAY=XX", "FREQ=DAILY;UNTIL=20200101T000000Z"]
)
def test_what_is_no_rrule_is_refused(text: str) -> None:
    assert advice(lambda each: rrule(each, date(2000, 1, 1)), text).startswith("not an RRULE: ")


def test_a_full_date_has_year_month_and_day() -> None:
    assert full_date("1979-11-04") == date(1979, 11, 4)


@pytest.mark.parametrize("text", ["1979-11", "11-04", "1979"])
def test_half_a_date_is_no_full_date(text: str) -> None:
    assert advice(full_date, text) == f"{text!r} is not a full date; write year-month-day, such as 1979-11-04"
