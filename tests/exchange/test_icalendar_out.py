"""Does the file say what RFC 5545 wants, in days that another program counts as we do?"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import fields
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pytest
import recurring_ical_events
from icalendar import Calendar as Ical
from icalendar import Event as Vevent

from bot.calendars.almanac import Almanac
from bot.calendars.counters import Counter as DayCounter
from bot.calendars.counters import Counting
from bot.calendars.events import Calendar, Event
from bot.calendars.rules import (
    LAST,
    After,
    AroundEaster,
    Church,
    InMonth,
    Leap,
    NthWeekday,
    OnDate,
    OnJulianDate,
    OnPersianDate,
    Recurrence,
    Rule,
)
from bot.exchange.icalendar_out import exported
from bot.exchange.taking import slug
from tests.builders import SHELF, calendar, event

NOW = datetime(2026, 7, 20, 6, 0, 0, 123456, tzinfo=UTC)
FIRST, LAST_DAY = date(1980, 1, 1), date(2050, 12, 31)
LISTED = "iCalendar has no rule for the days of {}; they are listed for {} to {}; choose other years with --years"
SHIPPED = ("harbor-museum", "iran-hostage-crisis")


def lines_of(*events: Event, **head: Any) -> list[str]:
    """The unfolded lines of the file of some events."""
    return unfolded(exported(of(*events, **head), NOW).data)


def of(*events: Event, **head: Any) -> Calendar:
    plain = calendar(events)
    return Calendar(**{**{each.name: getattr(plain, each.name) for each in fields(plain)}, **head})


def unfolded(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")


def days_elsewhere(data: bytes) -> Counter[tuple[str, date]]:
    """What the library recurring-ical-events makes of the file: each event on each day of 1980 to 2050."""
    bare = Ical()
    for full in Ical.from_ical(data.decode()).walk("VEVENT"):
        one = Vevent()
        for name in ("UID", "DTSTART", "RRULE", "RDATE", "EXDATE"):
            if name in full:
                one[name] = full[name]
        bare.add_component(one)
    found = recurring_ical_events.of(bare).between(FIRST, date(2051, 1, 1))
    return Counter((str(each["UID"]).removesuffix("@thisday").rpartition("/")[2], each["DTSTART"].dt) for each in found)


def days_here(of: Calendar) -> Counter[tuple[str, date]]:
    found = Almanac([of]).between(FIRST, LAST_DAY)
    return Counter((each.event.key, each.day) for day in found for each in day.occurrences)


@cache
def shipped(name: str) -> tuple[Calendar, bytes]:
    found = SHELF.calendar(name)
    return found, exported(found, NOW).data


RULES: dict[str, tuple[Rule, date | None]] = {
    "a date": (OnDate(11, 4), date(1979, 11, 4)),
    "a date without a year": (OnDate(6, 25), None),
    "a date to come": (OnDate(6, 25), date(2031, 6, 25)),
    "29 February, kept on the 28th": (OnDate(2, 29, Leap.FEB28), date(1980, 2, 29)),
    "29 February, kept on 1 March": (OnDate(2, 29, Leap.MAR1), date(1984, 2, 29)),
    "29 February, in leap years only": (OnDate(2, 29, Leap.LEAP_YEARS_ONLY), date(1988, 2, 29)),
    "29 February of no year, kept on 1 March": (OnDate(2, 29, Leap.MAR1), None),
    "29 February since 1981": (OnDate(2, 29, Leap.FEB28), date(1981, 2, 28)),
    "a weekday": (NthWeekday(11, 3, 4), date(1990, 11, 22)),
    "the last weekday": (NthWeekday(5, 0, LAST), None),
    "a fifth weekday that most years lack": (NthWeekday(2, 4, 5), None),
    "Good Friday": (AroundEaster(Church.WESTERN, -2), None),
    "Orthodox Easter": (AroundEaster(Church.ORTHODOX, 0), date(1990, 4, 15)),
    "13 Aban": (OnPersianDate(8, 13), date(1979, 11, 4)),
    "30 Esfand, the day after": (OnPersianDate(12, 30, Leap.MAR1), None),
    "old-style Christmas": (OnJulianDate(12, 25), None),
    "days after a date": (After(OnDate(2, 29, Leap.MAR1), 100), date(1980, 6, 8)),
    "days before Easter": (After(AroundEaster(Church.WESTERN, 0), -46), None),
    "every second year": (Recurrence("FREQ=YEARLY;INTERVAL=2", date(1979, 5, 12)), date(1979, 5, 12)),
    "once": (Recurrence("FREQ=YEARLY;COUNT=1", date(2029, 11, 4)), date(2029, 11, 4)),
    "a rule whose start is none of its days": (
        Recurrence("FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", date(2001, 1, 1)),
        date(2001, 1, 1),
    ),
    "a rule until an hour": (Recurrence("RRULE:FREQ=MONTHLY;UNTIL=20050131T120000", date(2004, 1, 31)), date(2004, 1, 31)),
    "a rule with parts that only dateutil knows": (Recurrence("FREQ=YEARLY;BYEASTER=1", date(1999, 1, 1)), date(1999, 1, 1)),
    "two hours of a day": (Recurrence("FREQ=WEEKLY;BYHOUR=8,20;COUNT=9", date(1999, 1, 1)), date(1999, 1, 1)),
}


@cache
def both_ways() -> tuple[dict[str, list[date]], dict[str, list[date]]]:
    """The days of each rule, as the other program and as our almanac count them."""
    every = calendar([event(slug(name, ""), began, rule) for name, (rule, began) in RULES.items()])
    return by_key(days_elsewhere(exported(every, NOW).data)), by_key(days_here(every))


def by_key(found: Counter[tuple[str, date]]) -> dict[str, list[date]]:
    days: dict[str, list[date]] = defaultdict(list)
    for key, day in sorted(found.elements()):
        days[key].append(day)
    return days


@pytest.mark.parametrize("name", RULES)
def test_another_program_finds_the_same_days_for_every_kind_of_rule(name: str) -> None:
    elsewhere, here = both_ways()

    assert elsewhere[slug(name, "")] == here[slug(name, "")]
    assert here[slug(name, "")]


@pytest.mark.parametrize("name", SHIPPED)
def test_another_program_finds_the_same_days_for_a_shipped_calendar(name: str) -> None:
    found, data = shipped(name)

    assert days_elsewhere(data) == days_here(found)


def test_a_rule_is_written_where_there_is_one_and_days_where_not() -> None:
    easter = event("easter", None, AroundEaster(Church.WESTERN, 0))

    lines = lines_of(event("one", date(1979, 11, 4)), easter)

    assert "RRULE:FREQ=YEARLY" in lines
    assert [line[:42] for line in lines if line.startswith("RDATE")] == ["RDATE;VALUE=DATE:19510325,19520413,1953040"]
    assert "DTSTART;VALUE=DATE:19500409" in lines


def test_listed_days_are_those_of_the_years_asked_for() -> None:
    easter = calendar([event("easter", None, AroundEaster(Church.WESTERN, 0))])

    file = exported(easter, NOW, (2024, 2026))

    assert "DTSTART;VALUE=DATE:20240331" in unfolded(file.data)
    assert "RDATE;VALUE=DATE:20250420,20260405" in unfolded(file.data)
    assert [str(each) for each in file.notes] == [f"test: {LISTED.format('easter', 2024, 2026)}"]


def test_an_event_stands_as_rfc_5545_wants_it() -> None:
    lines = lines_of(event("landing", title="Apollo 11 lands", tags=("space", "one, two"), places=("The Moon",)))

    assert lines[lines.index("BEGIN:VEVENT") :] == [
        "BEGIN:VEVENT",
        "SUMMARY:Apollo 11 lands",
        "DTSTART;VALUE=DATE:19690720",
        "DTSTAMP:20260720T060000Z",
        "UID:test/landing@thisday",
        "RRULE:FREQ=YEARLY",
        "CATEGORIES:space,one\\, two",
        "LOCATION:The Moon",
        "TRANSP:TRANSPARENT",
        'X-THISDAY-PLACES;VALUE=TEXT:["The Moon"]',
        'X-THISDAY-RULE;VALUE=TEXT:{"date": "1969-07-20"\\, "dtstart": "1969-07-20"}',
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_the_file_says_how_often_to_ask_again_and_whose_it_is() -> None:
    lines = lines_of(event(), title="Ours, and yours", description="All; of it", timezone="Asia/Tehran")

    head = set(lines[: lines.index("BEGIN:VEVENT")])

    assert {
        "VERSION:2.0",
        "PRODID:-//thisday//calendar//EN",
        "REFRESH-INTERVAL;VALUE=DURATION:P1D",
        "X-PUBLISHED-TTL:P1D",
        "X-WR-CALNAME:Ours\\, and yours",
        "X-WR-CALDESC:All\\; of it",
        "X-WR-TIMEZONE:Asia/Tehran",
    } <= head


def test_the_same_calendar_and_moment_give_the_same_bytes() -> None:
    found, data = shipped("harbor-museum")

    assert exported(found, NOW).data == data


@pytest.mark.parametrize("name", SHIPPED)
def test_no_line_is_longer_than_75_octets_and_none_is_broken_inside_a_character(name: str) -> None:
    for line in shipped(name)[1].split(b"\r\n"):
        assert len(line) <= 75
        assert b"\n" not in line
        line.decode()


def test_every_uid_is_there_once() -> None:
    found, data = shipped("iran-hostage-crisis")

    uids = [line for line in unfolded(data) if line.startswith("UID:")]

    assert len(uids) == len(set(uids)) == sum(not isinstance(each.rule, InMonth) for each in found.events)


def test_what_cannot_be_said_is_told() -> None:
    tally = DayCounter("tally", "test", "Day {n}", Counting.SINCE, date(1969, 7, 20))
    month = event("crane", date(1911, 9, 1), InMonth())
    orphan = event("orphan", date(1969, 7, 30), After(OnDate(7, 20), 10))

    notes = [str(each) for each in exported(of(month, orphan, event(), counters=(tally,)), NOW).notes]
    lost = [str(each) for each in exported(of(orphan), NOW).notes]

    assert notes == [
        "test: counters have no form in iCalendar and were left out: tally",
        "test/crane: left out: it falls on no day that can be named",
        f"test: {LISTED.format('orphan', 1950, 2050)}",
    ]
    assert lost[0] == "test/orphan: its rule will not come back: the event it counts from is missing"


def test_an_event_outside_the_listed_years_is_left_out_and_told() -> None:
    late = event("late", date(2060, 4, 18), AroundEaster(Church.WESTERN, 0))

    file = exported(calendar([late]), NOW)

    assert b"VEVENT" not in file.data
    assert [str(each) for each in file.notes] == ["test/late: left out: it falls on no day that can be named"]


def test_control_characters_stay_behind() -> None:
    lines = lines_of(event(title="a\x07b", text="c\r\nd\re"))

    assert "SUMMARY:ab" in lines
    assert "DESCRIPTION:c\\nd\\ne" in lines


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a; b", "a\\; b"),
        ("a\\b", "a\\\\b"),
        ("C:\\New", "C:\\\\New"),
        ("a\nb", "a\\nb"),
        ("a\r\nb", "a\\nb"),
        ('"x"', '"x"'),
        ("a,b;c\\d\ne", "a\\,b\\;c\\\\d\\ne"),
        ("امروز در تاریخ، امروز در تاریخ", "امروز در تاریخ، امروز در تاریخ"),
        ("🚀, x", "🚀\\, x"),
        ("https://e.org/?a=1,2;b", "https://e.org/?a=1\\,2\\;b"),
    ],
)
def test_text_is_escaped(text: str, escaped: str) -> None:
    assert f"DESCRIPTION:{escaped}" in lines_of(event(text=text))


@pytest.mark.parametrize("title", ["Apollo", "a" * 67, "a" * 68, "امروز در تاریخ" * 6, "On this day " * 10 + "!", "🎂" * 40])
def test_a_title_of_any_length_is_folded_within_75_octets(title: str) -> None:
    data = exported(of(event(title=title)), NOW).data

    assert f"SUMMARY:{title}" in unfolded(data)
    assert max(map(len, data.split(b"\r\n"))) <= 75


def test_every_part_of_an_event_has_its_place_in_the_file() -> None:
    """Who adds a field to Event must say how it goes out, and whether it comes back."""
    assert {each.name for each in fields(Event)} == {
        "key", "calendar", "title", "rule", "text", "more", "began", "ended", "time", "timezone", "precision",
        "certainty", "tone", "importance", "tags", "people", "places", "sources", "links", "picture",
        "language", "translations",
    }  # fmt: skip


def test_our_own_properties_are_json_where_they_are_no_text() -> None:
    found = Ical.from_ical(shipped("harbor-museum")[1].decode()).walk("VEVENT")[0]

    assert json.loads(str(found["X-THISDAY-PICTURE"]))["credit"] == "Harbor Museum archive"
    assert str(found["X-THISDAY-IMPORTANCE"]) == "5"
