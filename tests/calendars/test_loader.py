"""Calendar files: what each key becomes, and every mistake at its line and column."""

from __future__ import annotations

from datetime import date

import pytest

from bot.calendars.counters import Counting, Milestone, Step
from bot.calendars.events import Certainty, Event, Link, Picture, Precision, Source, Tone
from bot.calendars.format import CalendarFile, schema
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
from bot.errors import Problems
from tests.builders import SHELF, loaded, problems_of

HEAD = "calendar: test\ntitle: Test\n"


def only(entry: str, head: str = HEAD) -> Event:
    """The event of a calendar whose first event is `entry`, in flow style."""
    return next(iter(loaded(f"{head}events:\n  - {{ key: a, title: A, {entry} }}\n").events))


def wrong(entry: str) -> list[str]:
    return problems_of(f"{HEAD}events:\n  - {{ key: a, title: A, {entry} }}\n")


@pytest.mark.parametrize(
    ("entry", "rule", "began"),
    [
        ("date: 1979-11-04", OnDate(11, 4), date(1979, 11, 4)),
        ("date: 11-04", OnDate(11, 4), None),
        ("date: 11-04, since: 1979", OnDate(11, 4), date(1979, 11, 4)),
        ("date: 1979-11", InMonth(), date(1979, 11, 1)),
        ("date: 1979", InMonth(), date(1979, 1, 1)),
        ("date: 1979-11-04, precision: month", InMonth(), date(1979, 11, 1)),
        ("date: 11-04, precision: month", InMonth(), None),
        ("date: 1940-02-29, leap_day: mar1", OnDate(2, 29, Leap.MAR1), date(1940, 2, 29)),
        ("date: 02-29, leap_day: leap-years-only, since: 1941", OnDate(2, 29, Leap.LEAP_YEARS_ONLY), date(1944, 2, 29)),
        ("old_style: 1917-10-25", OnDate(11, 7), date(1917, 11, 7)),
        ("old_style: 12-25", OnJulianDate(12, 25), None),
        ("old_style: 12-25, since: 1990", OnJulianDate(12, 25), date(1990, 1, 7)),
        ("weekday: last monday of may", NthWeekday(5, 0, LAST), None),
        ("weekday: last monday of may, since: 1971", NthWeekday(5, 0, LAST), date(1971, 5, 31)),
        ("weekday: fifth monday of february, since: 2069", NthWeekday(2, 0, 5), date(2072, 2, 29)),
        ("easter: -2", AroundEaster(Church.WESTERN, -2), None),
        ("orthodox_easter: 0", AroundEaster(Church.ORTHODOX, 0), None),
        ("persian: 13 Aban 1358", OnPersianDate(8, 13), date(1979, 11, 4)),
        ("persian: 1 Farvardin", OnPersianDate(1, 1), None),
        ("persian: 1 Farvardin, since: 1980", OnPersianDate(1, 1), date(1980, 3, 21)),
        ("rrule: FREQ=WEEKLY, start: 2026-01-05", Recurrence("FREQ=WEEKLY", date(2026, 1, 5)), date(2026, 1, 5)),
    ],
)
def test_each_way_to_say_when_becomes_a_rule_and_a_beginning(entry: str, rule: Rule, began: date | None) -> None:
    found = only(entry)
    assert (found.rule, found.began) == (rule, began)


@pytest.mark.parametrize(
    ("base", "extra", "rule", "began"),
    [
        ("date: 1979-05-12", "", After(OnDate(5, 12), 100), date(1979, 8, 20)),
        ("date: 05-12", "", After(OnDate(5, 12), 100), None),
        ("date: 05-12", "since: 1979", After(OnDate(5, 12), 100), date(1979, 8, 20)),
        ("easter: 0", "", After(AroundEaster(Church.WESTERN, 0), 100), None),
    ],
)
def test_an_event_counted_from_another_is_shifted(base: str, extra: str, rule: Rule, began: date | None) -> None:
    found = only(f"after: {{event: b, days: 100}}, {extra} }}\n  - {{ key: b, title: B, {base}")
    assert (found.rule, found.began) == (rule, began)


@pytest.mark.parametrize(
    ("entry", "precision"),
    [
        ("date: 1979-11-04", Precision.DAY), ("date: 1979-11", Precision.MONTH), ("date: 1979", Precision.YEAR),
        ("date: 1979-11-04, precision: circa", Precision.CIRCA), ("easter: 0", Precision.DAY),
    ],
)  # fmt: skip
def test_the_precision_is_read_off_the_date_unless_it_is_given(entry: str, precision: Precision) -> None:
    assert only(entry).precision is precision


def test_an_event_has_all_that_was_written() -> None:
    entry = """date: 1979-11-04, date_end: 1981-01-20, time: "10:30", timezone: Asia/Tehran, text: T, more: M,
    certainty: disputed, tone: solemn, importance: 5, tags: [t], people: [p], places: [q],
    sources: [{title: S, publisher: P, url: "https://s.example", date: "1980"}], links: [{title: L, url: "https://l.example"}],
    picture: {url: "https://p.example/1.jpg", alt: Alt, credit: C}"""
    assert only(entry) == Event(
        key="a", calendar="test", title="A", rule=OnDate(11, 4), text="T", more="M", began=date(1979, 11, 4),
        ended=date(1981, 1, 20), time="10:30", timezone="Asia/Tehran", certainty=Certainty.DISPUTED, tone=Tone.SOLEMN,
        importance=5, tags=("t",), people=("p",), places=("q",), sources=(Source("S", "P", "https://s.example", "1980"),),
        links=(Link("L", "https://l.example"),), picture=Picture("Alt", "C", "https://p.example/1.jpg"),
    )  # fmt: skip


def test_an_event_has_the_leap_day_and_the_zone_of_its_calendar() -> None:
    found = only("date: 1940-02-29", HEAD + "leap_day: mar1\ntimezone: Europe/Berlin\n")
    assert (found.rule, found.timezone) == (OnDate(2, 29, Leap.MAR1), "Europe/Berlin")


def test_an_unquoted_time_stays_a_time() -> None:
    assert only("date: 1979-11-04, time: 09:00").time == "09:00"


def test_a_counter_has_all_that_was_written() -> None:
    found = loaded(
        HEAD + "counters:\n  c:\n    {counting: span, first: 1979-11-04, last: 1981-01-20, label: 'Day {n} of {total}',"
        " ends: exclusive, leap_day: mar1, milestones: {100: H, 1: F}, series: [held], only_milestones: true}\n"
        "series:\n  held: {label: '{n} held', steps: [{on: 1979-11-04, value: 66, text: taken}]}\n"
    ).counters[0]
    assert (found.counting, found.inclusive, found.leap, found.only_milestones) == (Counting.SPAN, False, Leap.MAR1, True)
    assert found.milestones == (Milestone(1, "F"), Milestone(100, "H"))
    assert found.series[0].steps == (Step(date(1979, 11, 4), 66, "taken"),)


def test_the_events_of_a_folder_are_read_in_order() -> None:
    found = loaded(
        HEAD, a="events:\n  - {key: x, title: X, date: 01-01}\n", b="events:\n  - {key: y, title: Y, date: 01-02}\n"
    )
    assert [each.key for each in found.events] == ["x", "y"]


def test_a_file_of_a_folder_may_be_empty() -> None:
    assert len(loaded(HEAD, a="", b="# nothing yet\n", c="events:\n").events) == 0


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            "",
            (
                "head.yaml:4:5: event 'a' does not say when it falls; give exactly one of date, old_style, weekday, easter, "
                "orthodox_easter, persian, after, rrule"
            ),
        ),
        (
            "date: 1979-11-04, easter: 0",
            (
                "head.yaml:4:5: event 'a' says when it falls in 2 ways (date, easter); give exactly "
                "one of date, old_style, weekday, easter, orthodox_easter, persian, after, rrule"
            ),
        ),
        (
            "date: 02-30",
            ("head.yaml:4:31: 30 February does not exist; use 29 February or 1 March; leap_day says where 29 February goes"),
        ),
        ("dat: 1979-11-04, easter: 0", "head.yaml:4:25: unknown key 'dat'; did you mean 'date'?"),
        ("easter: 0, tone: sad", "head.yaml:4:42: tone 'sad' is not known; known are solemn, neutral, celebratory"),
        ("easter: 0, tone: solem", "head.yaml:4:42: tone 'solem' is not known; did you mean 'solemn'?"),
        ("easter: 300", "head.yaml:4:33: easter '300' is not right; it should be less than or equal to 200"),
        (
            "easter: soon",
            (
                "head.yaml:4:33: easter 'soon' is not right; it should be a valid integer, unable to parse string "
                "as an integer"
            ),
        ),
        ("easter: 0, tags: museum", "head.yaml:4:42: tags must be a list; write one '- …' per line"),
        ("easter: 0, picture: none", "head.yaml:4:45: picture must be a mapping; write its keys below it, indented"),
        ("easter: 0, sources: [{title: T}]", "head.yaml:4:46: 'publisher' is missing; add publisher: …"),
        (
            "easter: 0, links: [{title: T, url: example.org}]",
            ("head.yaml:4:60: 'example.org' is not a web address; write it with https://"),
        ),
        ("rrule: FREQ=DAILY", "head.yaml:4:5: an rrule needs a start; add start: with the first date"),
        (
            "rrule: FREQ=HOURLY, start: 2026-01-01",
            ("head.yaml:4:5: a rule counts in days or longer and has its start beside it; use FREQ=DAILY or longer"),
        ),
        ("after: {event: b, days: 1}", "head.yaml:4:32: there is no event 'b'; known are a"),
        ("after: {event: a, days: 1}", "head.yaml:4:32: 'a' is itself counted from another event; count from a dated event"),
        (
            "persian: 1 Farvardin, since: 1500",
            "head.yaml:4:34: Solar Hijri years from 1178 to 1633 can be reckoned, not 878",
        ),
        ("easter: 0, date_end: 2026-01-01", "head.yaml:4:46: date_end is before the event begins; exchange the dates"),
        (
            "date: 2026-02-01, date_end: 2026-01-01",
            "head.yaml:4:53: date_end is before the event begins; exchange the dates",
        ),
        ("easter: 0, time: 9 am", "head.yaml:4:42: '9 am' is not a time of day; write HH:MM, such as 06:30"),
        (
            "easter: 0, timezone: Europe/Berln",
            ("head.yaml:4:46: there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?"),
        ),
    ],
)
def test_a_mistake_in_an_event_has_its_place_and_advice(entry: str, expected: str) -> None:
    assert wrong(entry) == [expected]


def test_an_event_counted_from_one_that_is_counted_itself_is_refused() -> None:
    others = "  - { key: b, title: B, after: {event: c, days: 1} }\n  - { key: c, title: C, easter: 0"
    assert wrong("after: {event: b, days: 1} }\n" + others) == [
        "head.yaml:4:32: 'b' is itself counted from another event; count from a dated event"
    ]


def test_an_event_counted_from_a_mistaken_one_says_so() -> None:
    found = wrong("after: {event: b, days: 1} }\n  - { key: b, title: B, date: 02-30")
    assert found[0] == "head.yaml:4:32: 'b' has a mistake of its own; mend that one first"


@pytest.mark.parametrize("base", ["date: 1979-11", "rrule: FREQ=WEEKLY, start: 2026-01-05"])
def test_an_event_cannot_be_counted_from_one_without_a_day(base: str) -> None:
    found = wrong(f"after: {{event: b, days: 1}} }}\n  - {{ key: b, title: B, {base}")
    assert found == ["head.yaml:4:32: 'b' has no rule that days can be counted from; count from a dated event"]


COUNTER = "counting: since, first: 2026-01-01"
STEPS = "steps: [{on: 2026-01-01, value: 1}]"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            "counters:\n  c: {counting: span, first: 2026-01-01, label: x}",
            ("head.yaml:4:6: a counter of kind span needs last; add last: with a date"),
        ),
        (
            "counters:\n  c: {counting: until, label: x}",
            ("head.yaml:4:6: a counter of kind until needs last; add last: with a date"),
        ),
        (
            "counters:\n  c: {counting: years, label: x}",
            ("head.yaml:4:6: a counter of kind years needs first; add first: with a date"),
        ),
        (
            "counters:\n  c: {counting: span, first: 2026-02-01, last: 2026-01-01, label: x}",
            ("head.yaml:4:6: first 2026-02-01 is after last 2026-01-01; exchange them"),
        ),
        (f"counters:\n  c: {{{COUNTER}, label: '{{n'}}", "head.yaml:4:6: the label '{n' cannot be filled; use {n} only"),
        (
            f"counters:\n  c: {{{COUNTER}, label: '{{n.x}}'}}",
            "head.yaml:4:6: the label '{n.x}' cannot be filled; use {n} only",
        ),
        (
            f"counters:\n  c: {{{COUNTER}, label: '{{n[0]}}'}}",
            "head.yaml:4:6: the label '{n[0]}' cannot be filled; use {n} only",
        ),
        (
            f"counters:\n  c: {{{COUNTER}, label: 'of {{total}}'}}",
            ("head.yaml:4:6: the label 'of {total}' cannot be filled; use {n} only"),
        ),
        (
            "counters:\n  c: {counting: span, first: 2026-01-01, last: 2026-01-02, label: '{day}'}",
            ("head.yaml:4:6: the label '{day}' cannot be filled; use {n} and {total} only"),
        ),
        (
            f"series:\n  s: {{label: '{{total}}', {STEPS}}}",
            "head.yaml:4:6: the label '{total}' cannot be filled; use {n} only",
        ),
        (
            "series:\n  s: {label: x, steps: [{on: 2026-01-02, value: 1}, {on: 2026-01-01, value: 2}]}",
            ("head.yaml:4:6: the steps are not in order of date; sort them; one step a day"),
        ),
        (
            "series:\n  s: {label: x, steps: []}",
            ("head.yaml:4:24: steps list is not right; it should have at least 1 item after validation, not 0"),
        ),
        (
            f"counters:\n  c: {{{COUNTER}, label: x, series: [hold]}}\nseries:\n  held: {{label: x, {STEPS}}}",
            "head.yaml:4:62: there is no series 'hold'; did you mean 'held'?",
        ),
        (
            f"counters:\n  Big: {{{COUNTER}, label: x}}",
            ("head.yaml:4:3: the key 'Big' is not right; it should match pattern '^[a-z0-9][a-z0-9-]*$'"),
        ),
        (
            f"counters:\n  c: {{{COUNTER}, label: x, milestones: {{one: first}}}}",
            (
                "head.yaml:4:66: the key 'one' is not right; it "
                "should be a valid integer, unable to parse string as an integer"
            ),
        ),
        (
            f"counters:\n  c: {{{COUNTER}, label: x, milestone: {{1: first}}}}",
            ("head.yaml:4:53: unknown key 'milestone'; did you mean 'milestones'?"),
        ),
        (
            "language: English",
            "head.yaml:3:11: there is no language 'English'; did you mean 'en'?",
        ),
        (
            "hashtags: ['On this day']",
            ("head.yaml:3:12: hashtags 'On this day' is not right; it should match pattern '^\\w*[^\\W\\d]\\w*$'"),
        ),
        (
            "sourced: true\nevents:\n  - {key: a, title: A, easter: 0}",
            ("head.yaml:5:5: event 'a' names no source; add sources: with title and publisher"),
        ),
        ("events: {a: 1}", "head.yaml:3:9: events must be a list; write '- key: …' per event"),
        ("events:\n  - just text", "head.yaml:4:5: events must be a mapping; write its keys below it, indented"),
        (
            "events:\n  - {key: a, title: A, easter: 0}\n  - {key: a, title: B, easter: 1}",
            ("head.yaml:5:11: the event key 'a' stands at head.yaml:4:11 already; choose another"),
        ),
        (
            "people:\n  - {key: p, name: P}\n  - {key: p, name: Q}",
            "head.yaml:5:11: the person 'p' stands at head.yaml:4:11 already; keep one",
        ),
        ("title: Again", "head.yaml:3:1: the key 'title' stands twice; keep one of the two"),
    ],
)
def test_a_mistake_in_a_calendar_has_its_place_and_advice(head: str, expected: str) -> None:
    assert problems_of(f"{HEAD}{head}\n") == [expected]


def test_a_file_without_a_head_is_no_calendar() -> None:
    assert problems_of("events:\n  - {key: a, title: A, easter: 0}\n") == [
        "head.yaml:1:1: 'calendar' is missing; add calendar: …",
        "head.yaml:1:1: 'title' is missing; add title: …",
    ]


def test_an_empty_file_is_no_calendar() -> None:
    assert problems_of("") == [
        "head.yaml:1:1: 'calendar' is missing; add calendar: …",
        "head.yaml:1:1: 'title' is missing; add title: …",
    ]


def test_a_list_is_no_calendar() -> None:
    assert problems_of("- a\n") == ["head.yaml:1:1: the document must be a mapping; write its keys below it, indented"]


def test_a_second_file_has_events_only() -> None:
    assert problems_of(HEAD, more="events: []\ntitle: More\n") == [
        "more.yaml:2:1: unknown key 'title'; known are events, people"
    ]


def test_the_mistakes_of_all_files_are_told_at_once_in_order() -> None:
    assert problems_of(
        f"{HEAD}languag: en\nevents:\n  - {{key: a, title: A, date: 13-13}}\n  - {{key: b, titel: B, easter: 0}}\n",
        broken="events: [\n",
        more="events:\n  - {key: a, title: A, easter: 0}\n  - {key: c, title: C}\n",
    ) == [
        "broken.yaml:2:1: not YAML: did not find expected node content; check quotes, colons and indentation",
        "head.yaml:3:1: unknown key 'languag'; did you mean 'language'?",
        "head.yaml:5:30: there is no month 13 in '13-13'; write year-month-day",
        "head.yaml:6:5: 'title' is missing; add title: …",
        "head.yaml:6:14: unknown key 'titel'; did you mean 'title'?",
        "more.yaml:2:11: the event key 'a' stands at head.yaml:5:11 already; choose another",
        (
            "more.yaml:3:5: event 'c' does not say when it falls; give exactly one of date, old_style, weekday, easter, "
            "orthodox_easter, persian, after, rrule"
        ),
    ]


def test_a_head_that_is_not_yaml_does_not_hide_the_other_files() -> None:
    found = problems_of("calendar: [\n", more="events:\n  - {key: a, titel: A, easter: 0}\n")
    assert [each.split(": ")[0] for each in found] == ["head.yaml:2:1", "more.yaml:2:5", "more.yaml:2:14"]


def test_problems_are_raised_together() -> None:
    with pytest.raises(Problems, match=r"2:1.*\n.*3:1"):
        loaded("calendar: a\ntitel: A\nlanguag: en\n")


@pytest.mark.parametrize("name", SHELF.names())
def test_every_shipped_calendar_loads_without_a_problem(name: str) -> None:
    assert len(SHELF.calendar(name).events) > 0


def test_the_schema_knows_every_way_to_say_when() -> None:
    known = schema(CalendarFile)["$defs"]["EventEntry"]["properties"]
    assert {"date", "old_style", "weekday", "easter", "orthodox_easter", "persian", "after", "rrule"} <= set(known)
