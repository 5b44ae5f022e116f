"""The almanac: what falls on a day, and from when on."""

from __future__ import annotations

from datetime import date

import pytest

from bot.calendars.almanac import Almanac
from bot.calendars.counters import Counter, Counting
from bot.calendars.rules import After, Leap, OnDate, OnPersianDate, Recurrence
from tests.builders import calendar, event

LANDING = event("landing", date(1969, 7, 20))
COUNTER = Counter("days", "test", "{n}", Counting.SINCE, date(1969, 7, 20))


def told(almanac: Almanac, day: date, only: list[str] | None = None) -> list[str]:
    return [each.event.key for each in almanac.on(day, only).occurrences]


def test_an_event_is_told_on_its_anniversary() -> None:
    assert told(Almanac([calendar([LANDING])]), date(2026, 7, 20)) == ["landing"]


def test_an_event_is_told_on_the_day_itself() -> None:
    assert told(Almanac([calendar([LANDING])]), date(1969, 7, 20)) == ["landing"]


def test_an_event_is_never_told_before_it_happened() -> None:
    assert told(Almanac([calendar([LANDING])]), date(1968, 7, 20)) == []


def test_an_observance_is_told_in_every_year() -> None:
    kept = event("new year", on=None, rule=OnDate(1, 1))
    assert told(Almanac([calendar([kept])]), date(1, 1, 1)) == ["new year"]


def test_a_recurrence_is_not_told_before_it_began() -> None:
    rule = Recurrence("FREQ=WEEKLY", date(2026, 1, 5))
    assert told(Almanac([calendar([event("weekly", date(2026, 1, 12), rule)])]), date(2026, 1, 5)) == []


def test_an_event_counted_from_another_is_told_so_many_days_later() -> None:
    later = event("later", date(1969, 10, 28), After(OnDate(7, 20), 100))
    assert told(Almanac([calendar([later])]), date(2026, 10, 28)) == ["later"]


def test_a_day_has_the_events_of_all_calendars() -> None:
    almanac = Almanac([calendar([LANDING]), calendar([event("other")], key="b")])
    assert told(almanac, date(2026, 7, 20)) == ["landing", "other"]


def test_a_day_has_the_events_of_the_chosen_calendars_only() -> None:
    almanac = Almanac([calendar([LANDING]), calendar([event("other")], key="b")])
    assert told(almanac, date(2026, 7, 20), ["b"]) == ["other"]


def test_an_unknown_calendar_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Almanac([]).on(date(2026, 1, 1), ["nowhere"])


def test_a_day_has_the_readings_of_the_counters() -> None:
    found = Almanac([calendar([], (COUNTER,))]).on(date(1969, 7, 21))
    assert [each.number for each in found.readings] == [2]


def test_a_stretch_of_days_includes_both_its_ends() -> None:
    found = Almanac([calendar([LANDING])]).between(date(2025, 12, 30), date(2026, 1, 2))
    assert [each.day.isoformat() for each in found] == ["2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02"]


def test_a_stretch_of_days_keeps_to_the_chosen_calendars() -> None:
    almanac = Almanac([calendar([LANDING]), calendar([event("other")], key="b")])
    found = almanac.between(date(2026, 7, 20), date(2026, 7, 21), iter(["b"]))
    assert [[each.event.key for each in one.occurrences] for one in found] == [["other"], []]


def test_the_id_of_an_occurrence_has_calendar_event_and_day() -> None:
    found = Almanac([calendar([LANDING])]).on(date(2026, 7, 20))
    assert [each.id for each in found.occurrences] == ["test/landing/2026-07-20"]


def test_an_event_grows_older_by_date() -> None:
    assert LANDING.age(date(2026, 7, 20)) == 57


def test_an_observance_has_no_age() -> None:
    assert event(on=None).age(date(2026, 1, 1)) is None


def test_a_leap_day_event_grows_older_where_it_is_told() -> None:
    frozen = event("freeze", date(1940, 2, 29), OnDate(2, 29, Leap.MAR1))
    assert frozen.age(date(2026, 3, 1)) == 86


def test_a_solar_hijri_event_grows_older_by_that_calendar() -> None:
    """11 Dey 1378 was 1 January 2000; 11 Dey 1403, 25 years later, was 31 December 2024."""
    kept = event("kept", date(2000, 1, 1), OnPersianDate(10, 11))
    assert kept.age(date(2024, 12, 31)) == 25


def test_an_event_counted_from_a_solar_hijri_date_is_as_old_as_that_date() -> None:
    kept = event("kept", date(2000, 1, 1), After(OnPersianDate(10, 10), 1))
    assert kept.age(date(2024, 12, 31)) == 25


def test_an_event_counted_over_the_end_of_a_year_is_as_old_as_what_it_is_counted_from() -> None:
    """366 days after 31 December 2000 is 1 January 2002; 366 days after that of 2003 is 31 December 2004."""
    kept = event("kept", date(2002, 1, 1), After(OnDate(12, 31), 366))
    assert kept.age(date(2004, 12, 31)) == 3
