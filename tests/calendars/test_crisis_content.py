"""Does the crisis calendar tell every one of the 444 days and the 366 dates, rightly, with sources, and whole everywhere?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest
import yaml

from bot.calendars.almanac import Almanac
from bot.calendars.events import Event
from bot.calendars.rules import InMonth
from bot.channels import Continues, kinds
from bot.editions import Choice, Edition, edition
from bot.rendering.compose import Style, compose, compose_thread, compose_whole, style
from bot.rendering.message import Message
from bot.resources import shipped
from tests.builders import SHELF

CALENDAR = SHELF.calendar("iran-hostage-crisis")
ALMANAC = Almanac([CALENDAR])
EVENTS = tuple(CALENDAR.events)
DAYS = [date(1979, 11, 4) + timedelta(days=number) for number in range(444)]
# Americans held at the end of each day: so many days, so many people.
HELD = [66] * 15 + [63] * 1 + [53] * 234 + [52] * 193 + [0] * 1
LEAP_YEAR = [date(2028, 1, 1) + timedelta(days=number) for number in range(366)]
FACTS = Path(__file__).parents[3] / "shared" / "history" / "facts.yaml"
MILESTONES = (1, 50, 100, 200, 222, 300, 365, 400, 444)
LEADS = 6  # an importance above all others
# A sentence may end with a bracket.
SENTENCE_ENDS = re.compile(r"[.!?][)\]]?$")


@cache
def edition_on(day: date) -> Edition:
    found = edition(ALMANAC, day, Choice())
    assert isinstance(found, Edition)
    return found


def anniversary(day: date) -> date:
    """The day in 2028, a leap year, on which a date is remembered."""
    return day.replace(year=2028)


def events_of(day: date) -> list[Event]:
    return [event for event in EVENTS if event.began == day and event.text]


def test_every_one_of_the_444_days_has_a_text_of_its_own() -> None:
    assert [day for day in DAYS if not events_of(day)] == []


def test_every_one_of_the_366_dates_has_a_text() -> None:
    assert [day for day in LEAP_YEAR if not any(entry.event.text for entry in edition_on(day).entries)] == []


def test_every_day_carries_its_number_where_it_is_told() -> None:
    wrong = [
        (day, entry.event.key)
        for number, day in enumerate(DAYS, 1)
        for entry in edition_on(anniversary(day)).entries
        if entry.event.began == day and (entry.reading is None or entry.reading.number != number)
    ]

    assert wrong == []


def test_every_day_carries_the_number_of_people_held_at_its_end() -> None:
    readings = {
        reading.original: reading for day in DAYS for reading in edition_on(anniversary(day)).readings
    }  # of both years that a date may stand in

    assert [readings[day].values["held"] for day in DAYS] == HELD
    assert [readings[day].number for day in DAYS] == list(range(1, 445))


def test_the_day_number_and_the_number_held_are_in_the_post() -> None:
    posts = {day: compose(edition_on(anniversary(day)), _styles()["console"]).text for day in DAYS}

    missing = [day for number, day in enumerate(DAYS, 1) if f"Day {number} of 444 ({day.year})" not in posts[day]]
    uncounted = [day for day, held in zip(DAYS, HELD, strict=True) if held and f"{held} Americans held" not in posts[day]]

    assert missing == uncounted == []


def test_no_text_is_told_twice() -> None:
    texts = Counter(" ".join(event.text.split()) for event in EVENTS if event.text)

    assert [text for text, count in texts.items() if count > 1] == []


def test_no_title_is_told_twice() -> None:
    titles = Counter(event.title for event in EVENTS)

    assert [title for title, count in titles.items() if count > 1] == []


def test_every_event_names_title_and_publisher_of_a_source() -> None:
    unsourced = [event.key for event in EVENTS if not any(each.title and each.publisher for each in event.sources)]

    assert unsourced == []
    assert len(EVENTS) >= 650


def test_every_short_text_has_at_most_280_characters() -> None:
    assert [event.key for event in EVENTS if not 0 < len(event.text) <= 280] == []


def test_every_sentence_ends() -> None:
    texts = {(event.key, part): getattr(event, part) for event in EVENTS for part in ("text", "more")}

    assert [place for place, text in texts.items() if text and not SENTENCE_ENDS.search(text)] == []


Composed = Callable[[Edition, Style], tuple[Message, ...]]


@cache
def _styles() -> dict[str, Style]:
    folders = (shipped("templates"),)
    found: dict[str, Style] = {}
    for name, kind in kinds().items():
        channel = kind(kind.Options.model_validate(dict(kind.example)))
        found[name] = style(
            folders,
            name,
            channel.markup,
            channel.budget({}),
            "en",
            CALENDAR.hashtags,
            continues=isinstance(channel, Continues),
        )
    return found


def _cut_on(kind: str, composed: Composed) -> list[str]:
    """The events whose title and text are not both there to be read when they lead."""
    look, cut = _styles()[kind], []
    for day in LEAP_YEAR:
        whole = edition_on(day)
        for entry in whole.entries:
            posts = composed(whole.with_event(entry, replace(entry.event, importance=LEADS)), look)
            shown = "\n".join(each.plain for each in posts)
            if entry.event.title not in shown or entry.event.text not in shown:
                cut.append(entry.event.key)
    return cut


@pytest.mark.parametrize("composed", [compose_whole, compose_thread])
@pytest.mark.parametrize("kind", sorted(kinds()))
def test_every_text_is_whole_on_every_kind_when_it_leads(kind: str, composed: Composed) -> None:
    assert _cut_on(kind, composed) == []


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_no_post_of_any_day_is_over_the_budget_of_its_kind(kind: str) -> None:
    look = _styles()[kind]
    posts = ((day, each.text) for day in LEAP_YEAR for each in compose_whole(edition_on(day), look))

    assert [day for day, text in posts if not look.budget.fits(text)] == []


@pytest.mark.parametrize(
    ("month", "day", "key"),
    [
        (1, 20, "hostages-released"),
        (1, 27, "six-fly-out"),
        (4, 7, "us-breaks-relations"),
        (4, 24, "eagle-claw"),
        (7, 11, "queen-released"),
        (7, 27, "shah-dies"),
        (9, 22, "iraq-invades"),
        (11, 4, "embassy-seized"),
        (11, 19, "first-three-freed"),
        (11, 20, "ten-more-freed"),
    ],
)
def test_the_great_dates_lead_with_what_they_are_known_for(month: int, day: int, key: str) -> None:
    lead = edition_on(date(2026, month, day)).lead

    assert lead is not None
    assert lead.event.key == key


def test_every_event_of_a_day_is_told_on_some_date() -> None:
    told = {entry.event.key for day in LEAP_YEAR for entry in edition_on(day).entries}
    later = {event.key for event in EVENTS if event.key.startswith("anniversary-50-")}
    monthly = {event.key for event in EVENTS if isinstance(event.rule, InMonth)}

    assert {event.key for event in EVENTS} - told == later | monthly


def test_the_milestones_have_words_of_their_own() -> None:
    (counter,) = CALENDAR.counters
    words = {number: reading.milestone for number, day in enumerate(DAYS, 1) if (reading := counter.at(day))}

    assert [number for number in MILESTONES if not words[number]] == []


@pytest.mark.parametrize(
    ("day", "key"),
    [
        (date(2029, 11, 4), "anniversary-50-seizure"),
        (date(2030, 4, 25), "anniversary-50-rescue"),
        (date(2030, 7, 27), "anniversary-50-shah"),
        (date(2031, 1, 20), "anniversary-50-release"),
    ],
)
def test_the_round_anniversaries_are_told_on_their_day_and_no_other(day: date, key: str) -> None:
    years = (day.replace(year=year) for year in range(2026, 2040))
    told = [each for each in years if any(one.event.key == key for one in ALMANAC.on(each).occurrences)]

    assert told == [day]


def test_the_people_are_the_66_seized_the_six_sheltered_and_the_eight_killed() -> None:
    groups = Counter(person.group for person in CALENDAR.people)

    assert groups == {
        "held-444": 52,
        "released-november-1979": 13,
        "released-july-1980": 1,
        "sheltered": 6,
        "killed-in-rescue": 8,
    }


def test_the_public_record_of_the_people_is_told_and_no_more() -> None:
    told = " ".join(f"{person.role} {person.note} {person.where}" for person in CALENDAR.people)

    assert not re.search(r"\b(CIA|intelligence|agent|station chief)\b", told, re.IGNORECASE)
    assert all(person.sources for person in CALENDAR.people)


@pytest.mark.parametrize(
    ("key", "group", "count"),
    [
        ("first-three-freed", "released-november-1979", 3),
        ("ten-more-freed", "released-november-1979", 10),
        ("queen-released", "released-july-1980", 1),
        ("hostages-released", "held-444", 52),
        ("eagle-claw", "killed-in-rescue", 8),
    ],
)
def test_releases_and_the_rescue_attempt_name_their_people(key: str, group: str, count: int) -> None:
    (event,) = (each for each in EVENTS if each.key == key)
    people = {person.name: person for person in CALENDAR.people if person.group == group}
    named = [people[name] for name in event.people if name in people]

    assert len(named) == count
    # The rescue force died after midnight of the day on which it had set out.
    assert {person.released or person.died for person in named} == {
        date(1980, 4, 25) if key == "eagle-claw" else event.began
    }


@pytest.mark.skipif(not FACTS.exists(), reason="the fact sheet is not shipped")
def test_no_weak_fact_is_published() -> None:
    facts = yaml.load(FACTS.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # safe
    weak = {fact["key"] for fact in facts if fact["verified"] == "weak"}

    assert weak
    assert {event.key for event in EVENTS} & weak == set()
