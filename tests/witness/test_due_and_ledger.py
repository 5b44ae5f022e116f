"""Polls, stops, clocks set back, channels that move and change their hour: is each day opened once, and none forgotten?

The oracle walks through the minutes of a day; it shares no thought with the code that it judges.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.app import kind_names, options_of
from bot.channels import Receipt
from bot.config import config_from
from bot.database import open_database
from bot.database.sqlite import Sqlite
from bot.delivery import policy, reports
from bot.delivery.ledger import Ledger
from bot.delivery.states import State
from bot.scheduling.dispatch import Dispatcher
from bot.scheduling.due import advanced, daily
from bot.scheduling.scheduler import Scheduler
from bot.scheduling.timetable import Timetable
from bot.subscriptions.subscription import Subscription, from_config
from tests.builders import SOAK
from tests.witness.witness import SEED

WINDOW = timedelta(hours=12)
START = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ("a", "b", "c")
# Where clocks change at midnight, by half an hour, by two hours, in Ramadan, not at all, and at the ends of the world.
ZONES = (
    *("America/New_York", "Europe/London", "Asia/Tehran", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Beirut"),
    *("America/Havana", "Pacific/Chatham", "Antarctica/Troll", "Africa/Casablanca", "America/Scoresbysund"),
    *("Asia/Kathmandu", "Pacific/Kiritimati", "Etc/GMT+12", "America/Santiago"),
)
TIMES = [time(0), time(0, 15), time(0, 30), time(1, 30), time(2), time(2, 30), time(3), time(12), time(23, 30), time(23, 59)]
zones, times, names = st.sampled_from(ZONES), st.sampled_from(TIMES), st.sampled_from(NAMES)
MINUTE = timedelta(minutes=1)


@cache
def template() -> Subscription:
    text = "channels: {a: {kind: console}}"
    return from_config(config_from(text, "config.yaml", Path(), options_of, kind_names))[0]


def local(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@cache
def walked(zone: str, at: time, day: date) -> datetime | None:
    """The instant of a slot, found by walking: the first minute that shows it, else as much later as the clocks jumped."""
    wanted = datetime.combine(day, at)
    before = None
    for instant in _minutes(wanted):
        shown = local(instant, zone)
        if shown == wanted:
            return instant
        if before is not None and before < wanted < shown and shown - before > MINUTE:
            late = instant + (wanted - before - MINUTE)
            return late if local(late, zone).date() == day else instant - timedelta(seconds=1)
        before = shown
    return None


def _minutes(wanted: datetime) -> Iterator[datetime]:
    first = wanted.replace(tzinfo=UTC) - timedelta(hours=15)
    return (first + MINUTE * number for number in range(60 * 30))


class Life(RuleBasedStateMachine):
    """One thisday over weeks. `high` is the latest instant of any poll: what was before it is settled."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.database = open_database(address)
        if isinstance(self.database, Sqlite):
            self.database._connection.execute("PRAGMA synchronous = OFF")  # nothing is killed here
        self.ledger = Ledger(self.database)
        self.now, self.high = START, START
        self.known: list[Subscription] = []
        self.since: dict[str, datetime] = {}
        self.promised: dict[tuple[str, date], State] = {}
        self.posts: Counter[tuple[str, date]] = Counter()
        self.starts_again()

    def teardown(self) -> None:
        self.database.close()

    @initialize(zone=zones, at=times)
    def begins(self, zone: str, at: time) -> None:
        self.changes("a", zone, at)
        self.polls(0)

    @rule(minutes=st.integers(0, 36 * 60))
    def polls(self, minutes: int) -> None:
        self.now += MINUTE * minutes
        self._expect()
        self.scheduler.plan(self.now)
        self.high = max(self.high, self.now)
        self.ledger.sweep(self.now)
        self._send()

    @rule(days=st.integers(1, 20))
    def stands_still(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(minutes=st.integers(1, 26 * 60))
    def clock_goes_back(self, minutes: int) -> None:
        self.now -= MINUTE * minutes

    @rule()
    def starts_again(self) -> None:
        dispatcher = Dispatcher(self.ledger, None, None)  # type: ignore[arg-type]  # nothing is sent through it
        self.scheduler = Scheduler(lambda: self.known, daily, self.ledger, dispatcher, lambda: self.now, WINDOW)

    @rule(name=names, zone=zones, at=times)
    def changes(self, name: str, zone: str, at: time) -> None:
        """A new channel, or one that moves to another zone or hour, or both."""
        others = [each for each in self.known if each.name != name]
        self.known = [*others, replace(template(), name=name, timezone=zone, at=at)]

    @rule(name=names)
    def goes_away(self, name: str) -> None:
        self.known = [each for each in self.known if each.name != name]

    @invariant()
    def each_day_is_opened_once_and_none_is_forgotten(self) -> None:
        kept = reports.find(self.database, limit=10_000)
        assert len(kept) == len({(each.subscription, each.day) for each in kept})
        assert {(each.subscription, each.day) for each in kept} == set(self.promised)
        assert all(number == 1 for number in self.posts.values())
        for each in kept:
            assert each.state is self.promised[each.subscription, each.day]
            assert (each.state is State.DELIVERED) == (self.posts[each.subscription, each.day] == 1)

    def _expect(self) -> None:
        """What this poll must open: each slot since all that is settled, and not after now; too late, it expires."""
        for subscription in self.known:
            name = subscription.name
            since = max(self.since.setdefault(name, self.now), self.high)
            for day, instant in _walked_between(subscription, since, self.now):
                late = self.now >= instant + WINDOW
                self.promised.setdefault((name, day), State.EXPIRED if late else State.DELIVERED)

    def _send(self) -> None:
        for each in self.ledger.due(self.now, 1000):
            fence = self.ledger.claim(each.id, each.fence, self.now)
            assert fence is not None
            self.posts[each.subscription, each.day] += 1
            self.ledger.settle(each.id, fence, policy.delivered(Receipt()), self.now, "delivered")


def _walked_between(subscription: Subscription, after: datetime, until: datetime) -> Iterator[tuple[date, datetime]]:
    day = after.date() - timedelta(days=2)
    while day <= until.date() + timedelta(days=2):
        instant = walked(subscription.timezone, subscription.at, day)
        if instant is not None and after < instant <= until:
            yield day, instant
        day += timedelta(days=1)


LONG = settings(
    max_examples=int(os.environ.get("THISDAY_LIVES") or (10_000 if SOAK else 30)),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    database=None,
)


def test_each_day_is_opened_once_and_none_is_forgotten(fresh: Callable[[], str]) -> None:
    def begun() -> Life:
        address = fresh()
        return Life(f"{address}%20-csynchronous_commit%3Doff" if "://" in address else address)

    begun._hypothesis_internal_use_seed = SEED  # type: ignore[attr-defined]  # as the decorator of a test would
    run_state_machine_as_test(begun, settings=LONG)  # type: ignore[arg-type]  # it takes any maker


def test_a_slot_whose_window_ends_this_very_instant_is_opened_as_expired(ledger: Ledger) -> None:
    """Found among 10,000 lives: the plan said in time, the ledger said too late, and nobody was there, said the reason."""
    known, now = [replace(template(), name="a")], START
    scheduler = Scheduler(lambda: known, daily, ledger, Dispatcher(ledger, None, None), lambda: now, WINDOW)  # type: ignore[arg-type]  # sends nothing
    scheduler.plan(now)

    scheduler.plan(datetime.combine(START.date(), known[0].at, UTC) + WINDOW)

    (expired,) = reports.find(ledger.database)
    assert expired.state is State.EXPIRED
    assert expired.reason == "its time came while thisday was not running, longer ago than catch_up allows"


def changes(zone: str, first: int, last: int) -> list[date]:
    """The days on which the clocks of a zone change."""
    there = ZoneInfo(zone)
    day, found = datetime(first, 1, 1, tzinfo=UTC), []
    while day.year <= last:
        if day.astimezone(there).utcoffset() != (day + timedelta(days=1)).astimezone(there).utcoffset():
            found.append(day.date())
        day += timedelta(days=1)
    return found


SOME = sorted(available_timezones()) if SOAK else sorted(random.Random(SEED).sample(sorted(available_timezones()), 12))


@pytest.mark.parametrize("zone", SOME)
def test_around_every_change_of_clocks_until_2037_each_day_comes_once(zone: str) -> None:
    dice = random.Random(f"{SEED}/{zone}")
    for change in changes(zone, 2024, 2037):
        for at in TIMES:
            days = _polled(replace(template(), name="a", timezone=zone, at=at), change, dice)
            first, last = change - timedelta(days=2), change + timedelta(days=2)
            assert [day for day in days if first <= day <= last] == [
                first + timedelta(days=number) for number in range(5)
            ], at


def _polled(subscription: Subscription, change: date, dice: random.Random) -> list[date]:
    """The days that come due while somebody looks now and then, for some days around a change."""
    now = datetime.combine(change, time(0), UTC) - timedelta(days=4)
    end, cursors, found = now + timedelta(days=8), dict[str, datetime](), list[date]()
    cursors, table = advanced([subscription], cursors, now), Timetable([subscription], daily)
    while now < end:
        now += timedelta(minutes=dice.randint(1, 20 * 60))
        found += [each.day for each in table.due(cursors, now, WINDOW)]
        cursors |= advanced([subscription], cursors, now)
    return found
