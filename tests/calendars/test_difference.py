"""Does the difference of two calendars say what subscribers will see change, and nothing else?"""

from __future__ import annotations

from datetime import date

from bot.calendars.difference import Change, Difference, difference
from tests.builders import SHELF, loaded

HEAD = "calendar: test\ntitle: Test\n"
COUNTER = """
counters:
  run:
    counting: span
    first: 1979-11-04
    last: 1979-11-10
    label: Day {n} of {total}
    milestones: { 1: The first day }
"""
EVENTS = """
events:
  - { key: one, date: 1979-11-04, title: One, text: It began. }
  - { key: two, date: 1980-02-29, title: Two, text: It went on. }
"""


def between(old: str, new: str) -> Difference:
    return difference(loaded(HEAD + old), loaded(HEAD + new))


def test_a_calendar_does_not_differ_from_itself() -> None:
    shipped = SHELF.calendar("iran-hostage-crisis")

    assert not difference(shipped, shipped)


def test_a_changed_text_is_shown_on_its_day_with_both_forms() -> None:
    found = between(EVENTS, EVENTS.replace("It began.", "It began at noon."))

    assert found.days == ((date(1984, 11, 4), (Change("one", "text", "It began.", "It began at noon."),)),)
    assert found.never == found.head == ()


def test_a_moved_event_is_gone_from_one_day_and_new_on_another() -> None:
    found = between(EVENTS, EVENTS.replace("1979-11-04", "1979-11-05"))

    assert found.days == (
        (date(1984, 11, 4), (Change("one", "event", "One", ""),)),
        (date(1984, 11, 5), (Change("one", "event", "", "One"),)),
    )


def test_29_february_is_one_of_the_days() -> None:
    (day, _), *_ = between(EVENTS, EVENTS.replace("It went on.", "It ended.")).days

    assert day == date(1984, 2, 29)


def test_the_same_date_of_another_year_is_a_change_of_the_date() -> None:
    found = between(EVENTS, EVENTS.replace("1979-11-04", "1978-11-04"))

    assert found.days == ((date(1984, 11, 4), (Change("one", "date", "1979-11-04", "1978-11-04"),)),)


def test_an_event_that_no_day_tells_is_listed_apart() -> None:
    month = "  - { key: three, date: 1979-10, title: Three }\n"

    assert between(EVENTS, EVENTS + month).never == (Change("three", "event", "", "Three"),)


def test_counters_and_their_milestones_are_compared() -> None:
    changed = COUNTER.replace("The first day", "It begins").replace("1979-11-10", "1979-11-11")

    assert between(COUNTER, changed).head == (
        Change("counter run", "last", "1979-11-10", "1979-11-11"),
        Change("counter run", "milestone 1", "The first day", "It begins"),
    )


def test_the_order_of_a_file_is_no_difference() -> None:
    head, one, two = EVENTS.strip().splitlines()

    assert not between(EVENTS, f"{head}\n{two}\n{one}\n")
