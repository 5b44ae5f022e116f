"""Compiled calendars: equal to what they were compiled from, and nothing else taken for one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.calendars.almanac import Almanac, Found
from bot.calendars.counters import Reading
from bot.calendars.events import Calendar, Occurrence
from bot.calendars.index import compiled, from_compiled
from tests.builders import SHELF, loaded

FOUR_YEARS = [date(2025, 1, 1) + timedelta(days=number) for number in range(365 * 4 + 1)]

# What no shipped calendar has: a picture, every precision, shifted rules of each kind, signs that must be escaped.
EVERYTHING = """
calendar: everything
title: Everything — “quoted”, \u2028 and \U0001f30d
description: d
language: fa
timezone: Asia/Tehran
leap_day: leap-years-only
names: [Ana]
hashtags: [A, B]
series:
  s:
    label: {one: "{n} is held", other: "{n} held"}
    steps: [{on: 2025-01-01, value: 3}, {on: 2026-01-01, value: 0, text: none left}]
    translations:
      de: {label: "{n} gehalten", steps: {2026-01-01: keine mehr}}
      fr: {label: {one: "{n} retenu", other: "{n} retenus"}}
counters:
  a: {counting: span, first: 2024-02-28, last: 2025-03-01, label: "{n}/{total}", series: [s], milestones: {2: two},
      label_of_several: "{first}-{last}/{total}",
      translations: {
        de: {label: "{n} von {total}", milestones: {2: zwei}},
        fr: {label: {one: "1", other: "{n}"}, label_of_several: "{last}"},
      }}
  b: {counting: until, last: 2030-01-01, label: "{n}", ends: exclusive}
  c: {counting: since, first: 2020-01-01, label: "{n}", only_milestones: true, milestones: {2000: m}}
  d: {counting: years, first: 2020-02-29, label: {one: "{n} year", other: "{n} years"}, leap_day: mar1}
events:
  - {key: a, title: "line\\nbreak", date: 1979-11-04, time: 10:30, date_end: 1979-11-05, certainty: disputed, tone: solemn}
  - {key: b, title: B, date: 1979-11, more: m, importance: 5, translations: {de: {title: Be, more: mehr}, en: {title: Bee}}}
  - {key: c, title: C, date: 1979, tags: [t], people: [p], places: [q]}
  - {key: d, title: D, date: 1940-02-29, precision: circa, leap_day: mar1}
  - {key: e, title: E, old_style: 02-29, sources: [{title: s, publisher: p, url: "https://s.example", date: "1980"}]}
  - {key: f, title: F, weekday: last monday of may, since: 1971, links: [{title: l, url: "https://l.example"}]}
  - {key: g, title: G, easter: -2, picture: {url: "https://p.example/1.jpg", alt: a, credit: c}}
  - {key: h, title: H, orthodox_easter: 49, tone: celebratory}
  - {key: i, title: I, persian: 30 Esfand, leap_day: feb28}
  - {key: j, title: J, after: {event: i, days: -40}}
  - {key: k, title: K, after: {event: h, days: 300}}
  - {key: l, title: L, after: {event: f, days: 1}, since: 1980}
  - {key: m, title: M, after: {event: e, days: 366}}
  - {key: n, title: N, after: {event: d, days: 5}}
  - {key: o, title: O, rrule: FREQ=WEEKLY;INTERVAL=3, start: 2025-01-06}
"""
CALENDARS = {"everything": loaded(EVERYTHING), **{name: SHELF.calendar(name) for name in SHELF.names()}}


def again(calendar: Calendar) -> Calendar:
    found = from_compiled(compiled(calendar, "digest"), "digest")
    assert found is not None
    return found


def in_order(found: Found) -> tuple[list[Occurrence], tuple[Reading, ...]]:
    return sorted(found.occurrences, key=lambda each: each.event.key), found.readings


@pytest.mark.parametrize("name", CALENDARS)
def test_a_compiled_calendar_answers_as_the_loaded_one_on_every_day_of_four_years(name: str) -> None:
    loaded_one, compiled_one = Almanac([CALENDARS[name]]), Almanac([again(CALENDARS[name])])
    assert [day for day in FOUR_YEARS if in_order(loaded_one.on(day)) != in_order(compiled_one.on(day))] == []


@pytest.mark.parametrize("name", CALENDARS)
def test_a_compiled_calendar_holds_the_same_events_in_the_same_order(name: str) -> None:
    assert list(again(CALENDARS[name]).events) == list(CALENDARS[name].events)


@pytest.mark.parametrize("name", CALENDARS)
def test_a_compiled_calendar_counts_its_events(name: str) -> None:
    assert len(again(CALENDARS[name]).events) == len(CALENDARS[name].events)


@pytest.mark.parametrize(
    "field", ["key", "title", "description", "language", "timezone", "leap", "counters", "series", "names"]
)
def test_a_compiled_calendar_has_the_same_head(field: str) -> None:
    assert getattr(again(CALENDARS["everything"]), field) == getattr(CALENDARS["everything"], field)


def test_a_compiled_calendar_can_be_compiled_again_to_the_same_bytes() -> None:
    once = compiled(CALENDARS["everything"], "digest")
    assert compiled(again(CALENDARS["everything"]), "digest") == once


SMALL = compiled(loaded("calendar: small\ntitle: S\nevents:\n  - {key: a, title: A, date: 1979-11-04}\n"), "digest")


def test_what_was_compiled_from_something_else_is_not_taken() -> None:
    assert from_compiled(SMALL, "another digest") is None


@pytest.mark.parametrize("length", range(len(SMALL)))
def test_a_compiled_calendar_that_was_cut_short_is_not_taken(length: int) -> None:
    assert from_compiled(SMALL[:length], "digest") is None


@pytest.mark.parametrize("place", range(len(SMALL)))
def test_a_compiled_calendar_with_one_damaged_byte_is_not_taken(place: int) -> None:
    damaged = SMALL[:place] + bytes([SMALL[place] ^ 1]) + SMALL[place + 1 :]
    assert from_compiled(damaged, "digest") is None


@pytest.mark.parametrize("data", [b"", b"\n", b"digest\n", b"{}\n", b"\x00" * 100, b"SQLite format 3\x00"])
def test_a_foreign_file_is_not_taken(data: bytes) -> None:
    assert from_compiled(data, "digest") is None
