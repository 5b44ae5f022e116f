"""Does a calendar that went out to iCalendar come back as it was?"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calendars.almanac import Almanac
from bot.calendars.events import (
    Calendar,
    Certainty,
    Event,
    Link,
    Occurrence,
    Picture,
    Precision,
    Source,
    Tone,
)
from bot.calendars.index import Indexed
from bot.calendars.rules import InMonth
from bot.exchange.entries import entry_of, head_of
from bot.exchange.icalendar_in import imported
from bot.exchange.icalendar_out import exported
from bot.exchange.taking import Taken
from bot.exchange.yaml_out import written
from tests.builders import SHELF, calendar, event, loaded

NOW = datetime(2026, 7, 20, 6, tzinfo=UTC)
SHIPPED = ("harbor-museum", "iran-hostage-crisis")
# Every way to write a date, beside what the shipped calendars have.
MANY = """\
calendar: many
title: Many rules
timezone: Asia/Tehran
leap_day: mar1
events:
  - { key: leap, date: 1980-02-29, title: Kept on 1 March }
  - { key: leap-here, date: 1980-02-29, leap_day: leap-years-only, title: Kept in leap years }
  - { key: leap-since, date: 02-29, since: 1981, title: Since a year without one }
  - { key: yearly-since, date: 06-25, since: 1999, title: Since a year }
  - { key: antique, date: 0079-08-24, precision: circa, title: Long ago }
  - { key: old, old_style: 1917-10-25, title: An old-style date }
  - { key: old-leap, old_style: 02-29, since: 1900, title: An old-style leap day }
  - { key: persian-year, persian: 13 Aban 1358, title: A Solar Hijri date }
  - { key: persian-since, persian: 30 Esfand, since: 1980, leap_day: feb28, title: The last of the year }
  - { key: fifth, weekday: fifth sunday of march, title: A fifth Sunday }
  - { key: lent, easter: -46, since: 1950, title: Ash Wednesday }
  - { key: after-leap, after: { event: leap, days: 100 }, title: A hundred days on }
  - { key: after-here, after: { event: leap, days: 1 }, leap_day: feb28, title: A day on }
  - { key: after-persian, after: { event: persian-since, days: -3 }, title: Before the last of the year }
  - { key: after-lent, after: { event: lent, days: 4 }, title: The first Sunday of Lent }
  - { key: after-none, after: { event: fifth, days: 7 }, since: 1990, title: The week after }
  - { key: often, rrule: FREQ=MONTHLY;BYDAY=2TU;COUNT=40, start: 2020-01-01, title: A meeting }
  - { key: zone, date: 1999-12-31, time: "23:59", timezone: Europe/Berlin, title: A minute to midnight }
  - { key: month, date: 1911-09, title: In September }
  - { key: year, date: "1911", title: In that year }
  - { key: month-of-day, date: 1911-09-03, precision: month, title: The day is not certain }
  - { key: circa-year, date: "1380", precision: circa, title: About then }
"""
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff"), min_size=1)
LINES = st.lists(TEXTS, min_size=1, max_size=4).map("\n".join)
WORDS = st.one_of(
    LINES,
    st.sampled_from(
        [
            "a; b, c\\d",
            "\\n",
            "C:\\New\\",
            "\\N",
            "\\",
            ":",
            "- x",
            "# y",
            "'",
            '"',
            "true",
            "~",
            "12",
            "سلام، دنیا",
            "🎂" * 40,
        ]
    ),
)


@cache
def there_and_back(name: str) -> tuple[Calendar, Calendar, Taken]:
    out = loaded(MANY) if name == "many" else SHELF.calendar(name)
    taken = imported(exported(out, NOW).data, "out.ics")
    return out, loaded(written(taken.head, taken.entries)), taken


@pytest.mark.parametrize("name", ["many", *SHIPPED])
def test_every_day_has_the_same_occurrences(name: str) -> None:
    out, back, _ = there_and_back(name)

    # Our own small calendar has every rule there is, which takes longer; thirty years of it are enough.
    years = (1999, 2029) if name == "many" else (1950, 2050)
    days = [Almanac([each]).between(date(years[0], 1, 1), date(years[1], 12, 31)) for each in (out, back)]

    for before, after in zip(*days, strict=True):
        assert seen(before.occurrences) == seen(after.occurrences), before.day


def seen(found: tuple[Occurrence, ...]) -> list[tuple[str, int | None]]:
    return sorted((each.id, each.years_ago) for each in found)


@pytest.mark.parametrize("name", ["many", *SHIPPED])
def test_every_event_comes_back_with_its_rule_its_text_and_its_sources(name: str) -> None:
    out, back, taken = there_and_back(name)

    assert list(back.events) == [each for each in out.events if not isinstance(each.rule, InMonth)]
    assert taken.notes == []


@pytest.mark.parametrize("name", ["many", *SHIPPED])
def test_the_head_comes_back_but_what_was_reported(name: str) -> None:
    out, back, _ = there_and_back(name)

    said = " ".join(str(each) for each in exported(out, NOW).notes)
    lost = {
        each.name
        for each in fields(Calendar)
        if each.name != "events" and getattr(out, each.name) != getattr(back, each.name)
    }

    assert lost == {what for what in ("counters", "series", "people") if getattr(out, what, ())}
    assert all(f"{what} have no form in iCalendar" in said for what in lost)


@pytest.mark.parametrize("name", ["many", *SHIPPED])
def test_an_event_of_a_month_is_lost_and_reported(name: str) -> None:
    out, _, _ = there_and_back(name)

    said = [str(each) for each in exported(out, NOW).notes]
    in_months = [each.key for each in out.events if isinstance(each.rule, InMonth)]

    assert in_months
    for key in in_months:
        assert f"{out.key}/{key}: left out: it falls on no day that can be named" in said


@pytest.mark.parametrize("name", ["many", *SHIPPED])
def test_a_calendar_written_as_yaml_is_the_same_calendar(name: str) -> None:
    out, _, _ = there_and_back(name)

    back = loaded(written(head_of(out), [entry_of(each, out) for each in out.events]))

    assert list(back.events) == list(out.events)


@given(
    title=WORDS.map(lambda text: text.replace("\n", " ")),
    text=WORDS | st.just(""),
    more=WORDS | st.just(""),
    tag=TEXTS,
    place=WORDS,
)
def test_any_text_comes_back(title: str, text: str, more: str, tag: str, place: str) -> None:
    full = replace(filled(), title=title, text=text, more=more, tags=(tag,), people=(tag,), places=(place, "b"))

    assert back_from(calendar([full])) == full


@given(day=st.dates(date(1, 1, 1), date(2400, 12, 31)), source=TEXTS, publisher=WORDS)
def test_any_date_and_any_source_come_back(day: date, source: str, publisher: str) -> None:
    full = replace(filled(day), sources=(Source(source, publisher), Source(publisher, source, "https://e.example/?a=1,2;b")))

    assert back_from(calendar([full])) == full


def filled(day: date = date(1969, 7, 20)) -> Event:
    """An event with something in every field."""
    return event(
        "full",
        day,
        ended=date.max,
        time="20:17",
        timezone="Europe/Berlin",
        precision=Precision.CIRCA,
        certainty=Certainty.DISPUTED,
        tone=Tone.SOLEMN,
        importance=1,
        links=(Link("A page", "https://e.example/;a,b"),),
        picture=Picture("A, b; c", "Somebody", "https://e.example/p.jpg"),
        sources=(Source("A book", "A publisher", date="1970"),),
    )


def back_from(out: Calendar) -> Event:
    taken = imported(exported(out, NOW).data, "out.ics")
    (back,) = loaded(written(taken.head, taken.entries)).events
    return back


# What people do to an event in another program.


def changed(data: bytes, **properties: str) -> tuple[Event, list[str]]:
    """The event after a person has changed lines of the file, and the notes."""
    lines = data.decode().replace("\r\n ", "").split("\r\n")
    for name, value in properties.items():
        lines = [f"{line.split(':')[0]}:{value}" if line.startswith(name) else line for line in lines]
    taken = imported("\r\n".join(lines).encode(), "changed.ics")
    (back,) = loaded(written({"calendar": "test", "title": "Test"}, taken.entries)).events
    return back, [str(each) for each in taken.notes]


FILE = exported(calendar([replace(filled(), text="A text.", more="And more.", places=("Here",))]), NOW).data


def test_a_changed_title_place_and_description_are_taken() -> None:
    back, notes = changed(FILE, SUMMARY="Another title", LOCATION="There", DESCRIPTION="Another text.")

    assert (back.title, back.places, back.text, back.more) == ("Another title", ("There",), "Another text.", "And more.")
    assert notes == []


def test_an_event_that_was_moved_keeps_its_new_date_and_everything_else() -> None:
    back, notes = changed(FILE, DTSTART="19690721")

    assert (back.key, back.began, back.text, back.tone) == ("full", date(1969, 7, 21), "A text.", Tone.SOLEMN)
    assert notes == ["changed.ics:13:1: 'full' does not stand as it was exported; the rule in the file is taken"]


@pytest.mark.parametrize("damage", ["{not json", "[1", '["a list"]'])
def test_damaged_properties_of_ours_are_no_reason_to_lose_the_event(damage: str) -> None:
    back, notes = changed(FILE, **{"X-THISDAY-RULE": damage})

    assert (back.title, back.began) == ("full", date(1969, 7, 20))
    assert len(notes) == 1


def test_an_event_counted_from_one_that_is_gone_keeps_its_first_day() -> None:
    out = loaded(MANY)
    kept = [each for each in out.events if each.key == "after-leap"]
    data = exported(out, NOW).data
    blocks = data.decode().split("BEGIN:VEVENT")
    alone = blocks[0] + "".join(f"BEGIN:VEVENT{each}" for each in blocks[1:] if "after-leap" in each) + "END:VCALENDAR\r\n"

    taken = imported(alone.encode(), "alone.ics")

    assert [each["key"] for each in taken.entries] == [kept[0].key]
    assert taken.entries[0]["rrule"] == "FREQ=YEARLY;COUNT=1"
    assert len(taken.notes) == 1


def test_a_calendar_of_nothing_but_events_without_a_day_still_goes_out() -> None:
    data = exported(replace(calendar([]), events=Indexed([event("m", date(1911, 9, 1), InMonth())])), NOW).data

    assert imported(data, "empty.ics").entries == []
