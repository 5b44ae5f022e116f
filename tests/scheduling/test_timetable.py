"""Does the timetable say the same as the plain question, for any polls, zones and clocks?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app import kind_names, options_of
from bot.config import Rhythm, config_from
from bot.scheduling.due import EVERYONE, advanced, daily, due, next_instant
from bot.scheduling.timetable import Timetable
from bot.subscriptions.subscription import Subscription, from_config

ZONES = ["UTC", "America/New_York", "Asia/Tehran", "Pacific/Kiritimati", "Australia/Lord_Howe", "Africa/Casablanca"]
PLAIN = from_config(config_from("channels: {a: {kind: console}}", "config.yaml", Path(), options_of, kind_names))[0]
START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = timedelta(hours=12)

subscriptions = st.lists(
    st.builds(
        lambda zone, hour, minute, days, weekly: replace(
            PLAIN,
            timezone=zone,
            at=time(hour, minute),
            days=frozenset(days),
            rhythm=Rhythm.WEEKLY if weekly else Rhythm.DAILY,
        ),
        st.sampled_from(ZONES),
        st.integers(0, 23),
        st.sampled_from([0, 15, 30, 59]),
        st.sets(st.integers(0, 6), min_size=1),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


def named(found: list[Subscription]) -> list[Subscription]:
    return [replace(each, name=f"s{number}") for number, each in enumerate(found)]


@settings(max_examples=150)
@given(subscriptions, st.lists(st.integers(-600, 6000), min_size=1, max_size=20))
def test_it_finds_what_the_plain_question_finds(found: list[Subscription], steps: list[int]) -> None:
    known = named(found)
    table = Timetable(known, daily)
    cursors = advanced(known, {}, START)
    now = START
    for minutes in steps:
        now += timedelta(minutes=minutes)

        assert table.due(cursors, now, WINDOW) == due(known, cursors, now, WINDOW)

        cursors = {**cursors, EVERYONE: max(now, cursors[EVERYONE])}


@settings(max_examples=150)
@given(subscriptions, st.integers(0, 60 * 24 * 400))
def test_it_knows_the_same_next_instant(found: list[Subscription], minutes: int) -> None:
    known, now = named(found), START + timedelta(minutes=minutes)

    assert Timetable(known, daily).next(now) == next_instant(known, now)


def test_a_ledger_that_has_planned_nothing_makes_nothing_due() -> None:
    assert Timetable([PLAIN], daily).due({}, START, WINDOW) == []
    assert Timetable([], daily).next(START) is None
