"""Counters, held against a plain count that walks from day to day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from bot.calendars.counters import Counter, Counting, Milestone, Series, Step
from bot.calendars.rules import Leap
from tests.builders import FIRST, LAST

ONE = timedelta(days=1)
EVERY_DAY = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]


def counter(counting: Counting, first: date | None = None, last: date | None = None, **more: object) -> Counter:
    return Counter("c", "test", "{n}", counting, first, last, **more)  # type: ignore[arg-type]  # any of the others


def numbers(counted: Counter) -> list[tuple[date, int]]:
    return [(day, reading.number) for day in EVERY_DAY for reading in counted.readings(day)]


def walk(first: date, number: int) -> Iterator[tuple[date, int]]:
    """Each day from `first` on with the next number."""
    day = first
    while day <= LAST:
        yield day, number
        day, number = day + ONE, number + 1


def walk_back(last: date, number: int) -> list[tuple[date, int]]:
    """Each day down from `last` with the next number, in the order of the calendar."""
    found, day = [], last
    while day >= FIRST:
        found.append((day, number))
        day, number = day - ONE, number + 1
    return found[::-1]


def test_the_days_since_are_counted_from_number_1() -> None:
    assert numbers(counter(Counting.SINCE, date(1979, 5, 12))) == list(walk(date(1979, 5, 12), 1))


def test_the_days_since_are_counted_from_0_when_the_first_does_not_count() -> None:
    assert numbers(counter(Counting.SINCE, date(1979, 5, 12), inclusive=False)) == list(walk(date(1979, 5, 12), 0))


def test_the_days_until_count_the_last_day_as_1() -> None:
    assert numbers(counter(Counting.UNTIL, last=date(2029, 5, 12))) == walk_back(date(2029, 5, 12), 1)


def test_the_days_until_end_with_0_when_the_last_does_not_count() -> None:
    assert numbers(counter(Counting.UNTIL, last=date(2029, 5, 12), inclusive=False)) == walk_back(date(2029, 5, 12), 0)


def completed(first: date, moved: tuple[int, int]) -> list[tuple[date, int]]:
    """Full years, one more on each anniversary; `moved` is where an anniversary goes that a year lacks."""
    found, years, day = [], 0, first
    while day <= LAST:
        own_year_has_it = (first.month, first.day) != (2, 29) or date(day.year, 3, 1) - ONE == date(day.year, 2, 28) + ONE
        anniversary = (first.month, first.day) if own_year_has_it else moved
        years += day != first and (day.month, day.day) == anniversary
        found.append((day, years))
        day += ONE
    return found


def test_full_years_grow_on_the_anniversary() -> None:
    assert numbers(counter(Counting.YEARS, date(1979, 5, 12))) == completed(date(1979, 5, 12), (5, 12))


@pytest.mark.parametrize(("leap", "moved"), [(Leap.FEB28, (2, 28)), (Leap.MAR1, (3, 1)), (Leap.LEAP_YEARS_ONLY, (3, 1))])
def test_full_years_from_a_29_february_grow_where_the_policy_says(leap: Leap, moved: tuple[int, int]) -> None:
    assert numbers(counter(Counting.YEARS, date(1972, 2, 29), leap=leap)) == completed(date(1972, 2, 29), moved)


def told_on(first: date, last: date, moved: tuple[int, int] | None) -> dict[date, list[int]]:
    """Each date of a span with its number, told on its anniversaries; `moved` is for 29 February where there is none."""
    found: dict[date, list[int]] = defaultdict(list)
    day, number = first, 1
    while day <= last:
        for year in range(day.year, LAST.year + 1):
            try:
                told: date | None = day.replace(year=year)
            except ValueError:
                told = date(year, *moved) if moved else None
            if told is not None:
                found[told].append(number)
        day, number = day + ONE, number + 1
    return {day: sorted(each) for day, each in found.items()}


SPANS = {
    "shorter than a year": (date(1986, 6, 2), date(1986, 8, 29)),
    "longer than a year": (date(1979, 11, 4), date(1981, 1, 20)),
    "over three years with two leap days": (date(2000, 2, 1), date(2004, 3, 31)),
    "one day, a 29 February": (date(1976, 2, 29), date(1976, 2, 29)),
}
POLICIES = [(Leap.FEB28, (2, 28)), (Leap.MAR1, (3, 1)), (Leap.LEAP_YEARS_ONLY, None)]


@pytest.mark.parametrize("name", SPANS)
@pytest.mark.parametrize(("leap", "moved"), POLICIES)
def test_the_days_of_a_span_are_told_as_a_walk_over_its_dates_tells_them(
    name: str, leap: Leap, moved: tuple[int, int] | None
) -> None:
    first, last = SPANS[name]
    counted = counter(Counting.SPAN, first, last, leap=leap)
    found = {day: [each.number for each in counted.readings(day)] for day in EVERY_DAY}
    assert {day: each for day, each in found.items() if each} == told_on(first, last, moved)


def test_a_span_tells_nothing_before_it_begins() -> None:
    assert counter(Counting.SPAN, date(1979, 11, 4), date(1981, 1, 20)).readings(date(1979, 11, 3)) == ()


def test_a_span_is_not_told_before_its_own_dates_come() -> None:
    """On 5 November 1979 the second year of the span, with its 5 November 1980, is still to come."""
    counted = counter(Counting.SPAN, date(1979, 11, 4), date(1981, 1, 20))
    assert [each.number for each in counted.readings(date(1979, 11, 5))] == [2]


def test_an_exclusive_span_is_numbered_from_0() -> None:
    counted = counter(Counting.SPAN, date(2026, 1, 1), date(2026, 1, 11), inclusive=False)
    assert [(each.number, each.total) for each in counted.readings(date(2026, 1, 11))] == [(10, 10)]


def test_a_date_outside_of_a_span_has_no_reading() -> None:
    assert counter(Counting.SPAN, date(2026, 1, 1), date(2026, 1, 11)).at(date(2026, 1, 12)) is None


def test_a_counter_without_an_end_has_no_reading_of_a_date() -> None:
    assert counter(Counting.SINCE, date(2026, 1, 1)).at(date(2026, 1, 2)) is None


def test_a_counter_without_its_dates_says_nothing() -> None:
    assert counter(Counting.UNTIL).readings(date(2026, 1, 1)) == ()


def test_a_span_without_its_dates_says_nothing() -> None:
    assert counter(Counting.SPAN).readings(date(2026, 1, 1)) == ()


def test_a_milestone_is_told_with_its_number() -> None:
    counted = counter(Counting.SINCE, date(2026, 1, 1), milestones=(Milestone(100, "a hundred"),))
    assert [each.milestone for each in counted.readings(date(2026, 4, 10))] == ["a hundred"]


def test_a_counter_of_milestones_is_silent_on_other_days() -> None:
    counted = counter(Counting.SINCE, date(2026, 1, 1), milestones=(Milestone(2, "two"),), only_milestones=True)
    assert [day for day in EVERY_DAY if counted.readings(day)] == [date(2026, 1, 2)]


def test_a_label_is_filled_with_number_and_total() -> None:
    counted = Counter("c", "test", "Day {n} of {total}", Counting.SPAN, date(2026, 1, 1), date(2026, 1, 9))
    assert [each.label for each in counted.readings(date(2027, 1, 3))] == ["Day 3 of 9"]


HELD = Series("held", "{n} held", (Step(date(2026, 1, 2), 66), Step(date(2026, 1, 5), 63, "three are freed")))


@pytest.mark.parametrize(("day", "value"), [(1, None), (2, 66), (4, 66), (5, 63), (31, 63)])
def test_a_series_has_the_value_of_its_last_step(day: int, value: int | None) -> None:
    assert HELD.value(date(2026, 1, day)) == value


@pytest.mark.parametrize(("day", "words"), [(1, ""), (2, "66 held"), (5, "three are freed"), (6, "63 held")])
def test_a_series_is_told_in_words(day: int, words: str) -> None:
    assert HELD.told(date(2026, 1, day)) == words


def test_a_reading_tells_only_the_series_that_have_begun() -> None:
    counted = counter(Counting.SINCE, date(2026, 1, 1), series=(HELD,))
    assert [(each.values, each.told) for each in counted.readings(date(2026, 1, 1))] == [({}, ())]


def test_a_reading_has_the_values_of_the_date_that_is_told() -> None:
    counted = counter(Counting.SPAN, date(2026, 1, 1), date(2026, 1, 9), series=(HELD,))
    assert [(each.values, each.told) for each in counted.readings(date(2030, 1, 5))] == [
        ({"held": 63}, ("three are freed",))
    ]
