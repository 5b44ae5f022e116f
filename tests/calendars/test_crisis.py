"""The calendar of the hostage crisis: 444 days, counted by hand and both ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.calendars.almanac import Almanac
from bot.calendars.counters import Counter
from bot.calendars.events import Event
from bot.calendars.rules import InMonth, Leap, Recurrence, Span
from bot.editions import Choice, Edition, edition
from tests.builders import FIRST, LAST, SHELF, calendar

CALENDAR = SHELF.calendar("iran-hostage-crisis")
COUNTER = CALENDAR.counters[0]
DAYS = [date(1979, 11, 4) + timedelta(days=number) for number in range(444)]
# Americans held at the end of each day: how many days, how many people.
HELD = [66] * 15 + [63] * 1 + [53] * 234 + [52] * 193 + [0] * 1


def span() -> Span:
    assert COUNTER.span is not None
    return COUNTER.span


def numbers(counter: Counter, day: date) -> list[int]:
    return [each.number for each in counter.readings(day)]


def under(leap: Leap) -> Counter:
    return replace(COUNTER, leap=leap)


def test_the_last_of_the_444_days_is_20_january_1981() -> None:
    assert DAYS[443] == date(1981, 1, 20)


def test_each_of_the_444_dates_has_the_number_of_a_plain_count() -> None:
    assert [span().number(day) for day in DAYS] == list(range(1, 445))


def test_each_of_the_444_numbers_has_the_date_of_a_plain_count() -> None:
    assert [span().date_of(number) for number in range(1, 445)] == DAYS


def test_on_the_days_themselves_the_counter_says_their_number() -> None:
    assert [numbers(COUNTER, day)[-1] for day in DAYS] == list(range(1, 445))


def test_every_reading_is_one_of_444() -> None:
    assert {each.total for day in DAYS for each in COUNTER.readings(day)} == {444}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("1979-11-04", [1]), ("1979-11-05", [2]), ("1979-12-25", [52]), ("1980-02-28", [117]), ("1980-02-29", [118]),
        ("1980-03-01", [119]), ("1980-11-04", [1, 367]), ("1980-12-25", [52, 418]), ("1981-01-20", [78, 444]),
        ("1981-01-21", [79]), ("1981-11-03", [366]), ("2026-11-04", [1, 367]), ("2026-12-25", [52, 418]),
        ("2026-01-20", [78, 444]), ("2026-07-11", [251]), ("2028-02-29", [118]), ("1979-11-03", []),
    ],
)  # fmt: skip
def test_a_day_carries_these_numbers(day: str, expected: list[int]) -> None:
    assert numbers(COUNTER, date.fromisoformat(day)) == expected


@pytest.mark.parametrize(
    ("leap", "february_28", "march_1"),
    [(Leap.FEB28, [117, 118], [119]), (Leap.MAR1, [117], [118, 119]), (Leap.LEAP_YEARS_ONLY, [117], [119])],
)
def test_in_a_year_without_29_february_day_118_is_told_where_the_policy_says(
    leap: Leap, february_28: list[int], march_1: list[int]
) -> None:
    counter = under(leap)
    assert [numbers(counter, date(2026, 2, 28)), numbers(counter, date(2026, 3, 1))] == [february_28, march_1]


@pytest.mark.parametrize("leap", Leap)
def test_in_a_year_without_29_february_no_other_day_is_renumbered(leap: Leap) -> None:
    by_date = {(day.month, day.day): number for number, day in enumerate(DAYS, 1) if number < 367}
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    first = {day: [n for n in numbers(under(leap), day) if n < 367 and n != 118] for day in days}
    assert first == {day: [by_date[day.month, day.day]] for day in days}


@pytest.mark.parametrize("leap", Leap)
def test_in_a_leap_year_day_118_is_told_on_29_february(leap: Leap) -> None:
    days = [date(2028, 1, 1) + timedelta(days=number) for number in range(366)]
    assert [day for day in days if 118 in numbers(under(leap), day)] == [date(2028, 2, 29)]


def test_78_dates_of_a_year_carry_two_numbers() -> None:
    days = [date(2028, 1, 1) + timedelta(days=number) for number in range(366)]
    assert [len(numbers(COUNTER, day)) for day in days].count(2) == 78


def test_the_dates_with_two_numbers_run_from_4_november_to_20_january() -> None:
    days = [date(2027, 11, 1) + timedelta(days=number) for number in range(100)]
    both = [day for day in days if len(numbers(COUNTER, day)) == 2]
    assert (both[0], both[-1]) == (date(2027, 11, 4), date(2028, 1, 20))


def test_the_number_of_those_held_on_each_of_the_444_days() -> None:
    assert [CALENDAR.series[0].value(day) for day in DAYS] == HELD


def test_the_number_of_those_held_is_told_beside_the_counter() -> None:
    assert [COUNTER.readings(day)[-1].values["held"] for day in DAYS] == HELD


def test_the_days_when_people_were_freed_are_told_in_words() -> None:
    told = [COUNTER.readings(date(*day))[-1].told for day in ((1979, 11, 19), (1979, 11, 20), (1980, 7, 11), (1981, 1, 20))]
    assert told == [
        ("63 Americans held after three are freed",),
        ("53 Americans held after ten more are freed",),
        ("52 Americans held after one is freed",),
        ("the last 52 Americans are freed",),
    ]


def test_in_2026_the_seizure_is_47_years_ago() -> None:
    found = Almanac([CALENDAR]).on(date(2026, 11, 4))
    assert {each.event.key: each.years_ago for each in found.occurrences}["embassy-seized"] == 47


def test_on_the_day_itself_the_seizure_is_0_years_ago() -> None:
    found = Almanac([CALENDAR]).on(date(1979, 11, 4))
    assert {each.event.key: each.years_ago for each in found.occurrences}["embassy-seized"] == 0


def falls_on(event: Event, day: date) -> bool:
    """The oracle: same month and day, not before it happened; 29 February on the 28th of other years; some only once."""
    if event.began is None or isinstance(event.rule, InMonth) or day < event.began:
        return False
    if isinstance(event.rule, Recurrence):
        assert event.rule.text == "FREQ=YEARLY;COUNT=1"
        return day == event.began
    month_and_day = (event.began.month, event.began.day)
    missing = (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).day == 1
    return (day.month, day.day) == month_and_day or (missing and month_and_day == (2, 29))


def test_every_event_is_told_on_the_days_that_a_walk_finds() -> None:
    dated = [event for event in CALENDAR.events if event.began and not isinstance(event.rule, InMonth)]
    by_date: dict[tuple[int, int], list[Event]] = {}
    for event in dated:
        assert event.began is not None
        by_date.setdefault((event.began.month, event.began.day), []).append(event)
    almanac, wrong, day = Almanac([CALENDAR]), [], FIRST
    while day <= LAST:
        near = [*by_date.get((day.month, day.day), ()), *(by_date.get((2, 29), ()) if day.month == 2 else ())]
        expected = {event.key for event in near if falls_on(event, day)}
        if {each.event.key for each in almanac.on(day).occurrences} != expected:
            wrong.append(day)
        day += timedelta(days=1)
    assert wrong == []


def test_each_of_the_444_days_has_an_event_of_its_own() -> None:
    almanac = Almanac([CALENDAR])
    told = [{each.event.began for each in almanac.on(day).occurrences} for day in DAYS]
    assert [day for day, began in zip(DAYS, told, strict=True) if day not in began] == []


def test_the_calendar_read_backwards_gives_the_same_days() -> None:
    forwards, backwards = Almanac([CALENDAR]), Almanac([calendar(reversed(list(CALENDAR.events)), key="x")])
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(800)]
    assert [keys(forwards, day) for day in days] == [keys(backwards, day) for day in days]


def keys(almanac: Almanac, day: date) -> set[str]:
    return {each.id for each in almanac.on(day).occurrences}


@pytest.mark.parametrize("day", [date(2026, 1, 20), date(2026, 2, 28), date(2026, 11, 4)])
def test_the_calendar_read_backwards_gives_the_same_edition(day: date) -> None:
    backwards = replace(CALENDAR, events=calendar(reversed(list(CALENDAR.events))).events)
    assert edition(Almanac([backwards]), day, Choice()) == edition(Almanac([CALENDAR]), day, Choice())


def test_asked_in_reverse_order_the_days_have_the_same_events() -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(400)]
    in_order, in_reverse = Almanac([CALENDAR]), Almanac([CALENDAR])
    assert [keys(in_order, day) for day in days] == [keys(in_reverse, day) for day in reversed(days)][::-1]


def test_an_event_of_the_crisis_carries_the_number_of_its_own_date() -> None:
    found = edition(Almanac([CALENDAR]), date(2026, 12, 25), Choice())
    assert isinstance(found, Edition)
    in_crisis = {each.event.began: each.reading.number for each in found.entries if each.reading}
    assert in_crisis == {date(1979, 12, 25): 52, date(1980, 12, 25): 418}
