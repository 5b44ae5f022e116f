"""What a reader gets for a day: chosen, in order, or the reason for silence."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.calendars.almanac import Almanac
from bot.calendars.counters import Counter, Counting
from bot.calendars.rules import InMonth, OnDate
from bot.editions import Choice, Edition, NothingToTell, edition, only, replayed, week
from tests.builders import calendar, edition_of, event

DAY = date(2026, 11, 4)
SPAN = Counter("days", "test", "Day {n} of {total}", Counting.SPAN, date(1979, 11, 4), date(1981, 1, 20))
SINCE = Counter("since", "test", "{n} days", Counting.SINCE, date(1979, 11, 4))


def on(year: int, key: str, importance: int = 3, **more: Any) -> Any:
    return event(key, date(year, 11, 4), importance=importance, **more)


def keys(found: Edition | NothingToTell) -> list[str]:
    assert isinstance(found, Edition)
    return [each.event.key for each in found.entries]


def reason(found: Edition | NothingToTell) -> str:
    assert isinstance(found, NothingToTell)
    return found.reason


SEIZED = on(1979, "seized", 5, time="10:30")
FLED = on(1979, "fled", 3, time="08:00")
A_YEAR = on(1980, "a year", 4)
BACKGROUND = on(1964, "exile", 4)
AFTERMATH = on(1995, "killed", 4)
KEPT = event("kept", on=None, rule=OnDate(11, 4))
ALL = (KEPT, AFTERMATH, BACKGROUND, A_YEAR, FLED, SEIZED)


def test_the_most_important_year_leads_then_the_years_of_the_counter_then_the_others_by_age() -> None:
    assert keys(edition_of(DAY, *ALL, counters=(SPAN,))) == ["seized", "fled", "a year", "exile", "killed", "kept"]


def test_the_order_does_not_depend_on_the_order_of_the_file() -> None:
    expected = keys(edition_of(DAY, *ALL, counters=(SPAN,)))
    shuffled = list(ALL)
    for seed in range(50):
        random.Random(seed).shuffle(shuffled)
        assert keys(edition_of(DAY, *shuffled, counters=(SPAN,))) == expected


def test_inside_a_year_importance_comes_before_the_time_of_day() -> None:
    assert keys(edition_of(DAY, FLED, SEIZED)) == ["seized", "fled"]


def test_events_of_equal_importance_are_in_the_order_of_their_time() -> None:
    late, early, unknown = (on(1979, name, time=at) for name, at in (("late", "20:00"), ("early", "08:00"), ("unknown", "")))
    assert keys(edition_of(DAY, unknown, late, early)) == ["early", "late", "unknown"]


def test_a_full_tie_falls_to_the_key() -> None:
    assert keys(edition_of(DAY, on(1979, "b"), on(1979, "a"))) == ["a", "b"]


def test_the_lead_is_the_most_important() -> None:
    found = edition_of(DAY, *ALL).lead
    assert found is not None
    assert found.event.key == "seized"


def test_the_events_of_one_year_stand_under_one_heading() -> None:
    found = edition_of(DAY, *ALL, counters=(SPAN,)).sections
    assert [(each.year, each.years_ago, each.reading.number if each.reading else None) for each in found] == [
        (1979, 47, 1), (1980, 46, 367), (1964, 62, None), (1995, 31, None), (None, None, None),
    ]  # fmt: skip


def test_a_heading_over_two_dates_of_one_year_has_no_day_number() -> None:
    later = event("moved", date(1979, 11, 5), rule=OnDate(11, 4))
    (section,) = edition_of(DAY, SEIZED, later, counters=(SPAN,)).sections
    assert section.reading is None


def test_the_counters_of_the_day_are_told() -> None:
    assert [each.label for each in edition_of(DAY, SEIZED, counters=(SPAN,)).readings] == ["Day 1 of 444", "Day 367 of 444"]


def test_an_event_carries_a_number_of_its_own_calendar_only() -> None:
    foreign = replace(SEIZED, calendar="other")
    found = edition(Almanac([calendar([foreign], key="other"), calendar([], (SPAN,))]), DAY, Choice())
    assert isinstance(found, Edition)
    assert [each.reading for each in found.entries] == [None]


def test_an_entry_has_the_id_of_its_occurrence() -> None:
    assert [each.id for each in edition_of(DAY, SEIZED).entries] == ["test/seized/2026-11-04"]


def test_only_the_chosen_calendars_are_told() -> None:
    almanac = Almanac([calendar([SEIZED]), calendar([replace(FLED, calendar="other")], key="other")])
    assert keys(edition(almanac, DAY, Choice(("other",)))) == ["fled"]


def test_at_most_so_many_events_are_told_the_least_important_last_ones_go() -> None:
    assert keys(edition(Almanac([calendar(ALL, (SPAN,))]), DAY, Choice(most=3))) == ["seized", "a year", "exile"]


def test_what_was_left_out_is_counted() -> None:
    found = edition(Almanac([calendar(ALL)]), DAY, Choice(most=2))
    assert isinstance(found, Edition)
    assert found.left_out == 4


def test_the_lead_stays_when_the_least_important_go() -> None:
    found = edition_of(DAY, *ALL)
    while len(found.entries) > 1:
        found = found.without_least()
    assert keys(found) == ["seized"]


def test_the_least_important_event_is_told_more_briefly_first() -> None:
    found = edition_of(
        DAY, on(1979, "big", 5, text="long"), on(1979, "mid", 4, text="long"), on(1979, "small", 2, text="long")
    )
    brief = found.briefer()
    assert brief is not None
    assert [(each.event.key, each.event.text) for each in brief.entries] == [("big", "long"), ("mid", "long"), ("small", "")]


def test_an_edition_is_as_brief_as_can_be_when_only_its_lead_has_a_text() -> None:
    assert edition_of(DAY, on(1979, "big", 5, text="long"), on(1979, "small", 2)).briefer() is None


QUIET = date(2026, 8, 1)


def test_a_day_without_events_or_counters_has_nothing_to_tell() -> None:
    found = edition(Almanac([calendar([SEIZED])]), QUIET, Choice())
    assert reason(found) == "no event on this day and no counter runs"


def test_a_day_without_events_tells_its_counters() -> None:
    found = edition(Almanac([calendar([SEIZED], (SINCE,))]), QUIET, Choice())
    assert isinstance(found, Edition)
    assert (found.entries, [each.label for each in found.readings]) == ((), ["17073 days"])


def test_an_edition_of_counters_has_no_lead() -> None:
    found = edition(Almanac([calendar([], (SINCE,))]), QUIET, Choice())
    assert isinstance(found, Edition)
    assert (found.lead, found.sections) == (None, ())


def test_a_silent_reader_gets_nothing_on_a_day_without_events() -> None:
    found = edition(Almanac([calendar([SEIZED], (SINCE,))]), QUIET, Choice(silent=True))
    assert reason(found) == "no event on this day, and quiet_days is silent"


@pytest.mark.parametrize(("nearest", "expected"), [(5, ["seized"]), (4, [])])
def test_a_day_without_events_may_tell_the_nearest_before_it(nearest: int, expected: list[str]) -> None:
    found = edition(Almanac([calendar([SEIZED], (SINCE,))]), date(2026, 11, 9), Choice(nearest=nearest))
    assert isinstance(found, Edition)
    assert (keys(found), found.nearest) == (expected, bool(expected))


def test_the_nearest_event_keeps_its_own_day() -> None:
    found = edition(Almanac([calendar([SEIZED])]), date(2026, 11, 9), Choice(nearest=7))
    assert isinstance(found, Edition)
    assert [(found.day, each.day) for each in found.entries] == [(date(2026, 11, 9), date(2026, 11, 4))]


def test_an_event_known_to_its_month_only_is_never_told() -> None:
    assert reason(
        edition(Almanac([calendar([event("some day", date(1979, 11, 1), InMonth())])]), date(2026, 11, 1), Choice())
    )


FIFTH = event("fifth", date(1979, 11, 5), importance=5)


def test_a_week_is_told_in_the_order_of_its_days() -> None:
    found = week(Almanac([calendar([FIFTH, SEIZED, event("tenth", date(1979, 11, 10))])]), DAY, Choice())
    assert keys(found) == ["seized", "fifth", "tenth"]


def test_a_week_is_seven_days_long() -> None:
    found = week(Almanac([calendar([SEIZED, event("next", date(1979, 11, 11))])]), DAY, Choice())
    assert isinstance(found, Edition)
    assert (keys(found), found.last, found.weekly) == (["seized"], date(2026, 11, 10), True)


def test_a_day_is_not_a_week() -> None:
    assert edition_of(DAY, SEIZED).weekly is False


def test_a_week_without_events_has_nothing_to_tell() -> None:
    assert reason(week(Almanac([calendar([SEIZED], (SINCE,))]), QUIET, Choice())) == "no event in this week"


ALMANAC = Almanac([calendar([SEIZED, A_YEAR, BACKGROUND], (SPAN,))])


def test_a_replay_tells_what_happened_on_that_very_date() -> None:
    assert keys(replayed(ALMANAC, date(1980, 11, 4), Choice())) == ["a year"]


def test_a_replay_tells_the_number_of_that_very_date() -> None:
    found = replayed(ALMANAC, date(1980, 11, 4), Choice())
    assert isinstance(found, Edition)
    assert ([each.number for each in found.readings], found.replay) == ([367], True)


def test_a_replay_tells_its_number_on_a_day_without_events() -> None:
    found = replayed(ALMANAC, date(1980, 11, 6), Choice())
    assert isinstance(found, Edition)
    assert (found.entries, [each.number for each in found.readings]) == ((), [369])


def test_a_silent_reader_of_a_replay_gets_nothing_on_a_day_without_events() -> None:
    found = replayed(ALMANAC, date(1980, 11, 6), Choice(silent=True))
    assert reason(found) == "no event on this day, and quiet_days is silent"


def test_a_part_of_an_edition_has_the_events_that_are_kept() -> None:
    assert keys(only(edition_of(DAY, SEIZED, A_YEAR), lambda each: not each.time)) == ["a year"]


def test_an_edition_of_which_nothing_is_kept_has_nothing_to_tell() -> None:
    found = only(edition_of(DAY, SEIZED), lambda each: not each.time)
    assert reason(found) == "every event of this day is told at its own hour"
