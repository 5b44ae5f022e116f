"""Slots, held against every change of every clock from 2024 to 2037, found by halving and walked by the minute."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from bot.scheduling.slots import Slot, local_day

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
HALF_HOURS = [time(number // 2, number % 2 * 30) for number in range(48)]

Change = tuple[datetime, timedelta, timedelta]


def offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    found = instant.astimezone(zone).utcoffset()
    assert found is not None
    return found


def changes(name: str, first: datetime = FIRST, last: datetime = LAST) -> tuple[Change, ...]:
    """Every change of a zone's offset: the first second of the new one, the old and the new offset."""
    zone, found, here = ZoneInfo(name), [], first
    while here < last:
        there = here + 5 * DAY  # no zone changes there and back within five days
        if offset(zone, here) != offset(zone, there):
            low, high = here, there
            while high - low > SECOND:
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if offset(zone, middle) == offset(zone, here) else (low, middle)
            found.append((high, offset(zone, here), offset(zone, there)))
        here = there
    return tuple(found)


@cache
def clocks() -> dict[tuple[Change, ...], str]:
    """One zone for each different run of changes; many names share a clock, and those without a change have an offset."""
    found: dict[tuple[Change, ...], str] = {}
    for name in sorted(available_timezones()):
        run = changes(name) or ((FIRST, offset(ZoneInfo(name), FIRST), offset(ZoneInfo(name), FIRST)),)
        found.setdefault(run, name)
    return found


def test_the_oracle_finds_the_clocks_that_change() -> None:
    """America, Europe, Australia, Lord Howe, Morocco, Egypt, Chile and others, twice a year and more."""
    assert len([run for run in clocks() if len(run) > 20]) > 20


Walked = dict[date, tuple[dict[time, datetime], datetime]]


def walked(zone: ZoneInfo, around: datetime) -> Walked:
    """Each local date of the five days around an instant: when each of its times is shown first, and its last minute.

    The walk goes by the minute and reads nothing but the clock on the wall.
    """
    shown: dict[date, dict[time, datetime]] = defaultdict(dict)
    last: dict[date, datetime] = {}
    here = around.replace(second=0) - 4 * DAY
    while here < around + 4 * DAY:
        wall = here.astimezone(zone)
        shown[wall.date()].setdefault(wall.time(), here)
        last[wall.date()] = here
        here += MINUTE
    whole = sorted(shown)[1:-1]  # the first and the last date of the walk are cut
    return {day: (shown[day], last[day]) for day in whole}


def expected(shown: dict[time, datetime], last_minute: datetime, at: time, jumped: timedelta) -> datetime:
    """The first time that the wall shows this; a time that is skipped comes as much later as the clocks jumped."""
    if at in shown:
        return shown[at]
    later = (datetime.combine(date(2000, 1, 1), at) + jumped).time()
    return shown[later] if later > at else last_minute + 59 * SECOND


def wrong_around(name: str, change: Change) -> list[str]:
    """Each date and half hour around a change whose slot is not where the walk has it."""
    instant, old, new = change
    zone = ZoneInfo(name)
    return [
        f"{name} {day} {at}"
        for day, (shown, last_minute) in walked(zone, instant).items()
        for at in HALF_HOURS
        if Slot(name, at).instant(day) != expected(shown, last_minute, at, new - old)
    ]


def representative() -> dict[tuple[str, timedelta, timedelta, timedelta], tuple[str, Change]]:
    """The changes to walk by the minute: those that differ in the clock's reading before, and in both offsets."""
    found: dict[tuple[str, timedelta, timedelta, timedelta], tuple[str, Change]] = {}
    for run, name in clocks().items():
        for change in run:
            instant, old, new = change
            wall = (instant.replace(tzinfo=None) + old).time()
            since_midnight = timedelta(hours=wall.hour, minutes=wall.minute)
            found.setdefault((str(instant.weekday()), since_midnight, old, new), (name, change))
    return found


def test_at_every_kind_of_change_each_half_hour_is_where_a_walk_by_the_minute_has_it() -> None:
    assert [each for name, change in representative().values() for each in wrong_around(name, change)] == []


def dates_around(change: Change) -> list[date]:
    instant, old, new = change
    middle = (instant + max(old, new)).date()
    return [middle + number * DAY for number in range(-2, 3)]


def exists(zone: ZoneInfo, day: date) -> bool:
    """Whether any quarter of an hour of the days around has this date on the wall."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - DAY
    return any((start + number * timedelta(minutes=15)).astimezone(zone).date() == day for number in range(4 * 24 * 3))


def test_at_every_change_of_every_clock_each_existing_date_has_one_instant_on_that_date() -> None:
    wrong = []
    for run, name in clocks().items():
        zone = ZoneInfo(name)
        for change in run:
            for day in dates_around(change):
                there = exists(zone, day)
                instants = [Slot(name, at).instant(day) for at in HALF_HOURS]
                days = {each.astimezone(zone).date() if each else None for each in instants}
                if days != ({day} if there else {None}):
                    wrong.append((name, day))
    assert wrong == []


def test_at_every_change_of_every_clock_the_instants_of_a_slot_follow_each_other() -> None:
    wrong = []
    for run, name in clocks().items():
        for change in run:
            for at in HALF_HOURS:
                found = [each for day in dates_around(change) if (each := Slot(name, at).instant(day))]
                if any(later - earlier < timedelta(hours=20) for earlier, later in pairwise(found)):
                    wrong.append((name, at))
    assert wrong == []


@pytest.mark.parametrize(
    ("zone", "at", "day", "instant"),
    [
        ("Europe/Berlin", "09:00", "2026-01-15", "2026-01-15 08:00:00"),
        ("Asia/Tehran", "09:00", "2026-11-04", "2026-11-04 05:30:00"),
        # 01:30 comes twice: the first one, on summer time, counts.
        ("America/New_York", "01:30", "2026-11-01", "2026-11-01 05:30:00"),
        # 02:30 does not come: an hour later, 03:30 on summer time.
        ("America/New_York", "02:30", "2026-03-08", "2026-03-08 07:30:00"),
        # The day after the clocks change is an ordinary day.
        ("Europe/Paris", "00:15", "2026-03-30", "2026-03-29 22:15:00"),
        ("Europe/Paris", "02:30", "2026-03-29", "2026-03-29 01:30:00"),
        ("Europe/Paris", "02:30", "2026-10-25", "2026-10-25 00:30:00"),
        # Lord Howe's clocks change by half an hour: 02:15 becomes 02:45, and 01:45 comes twice.
        ("Australia/Lord_Howe", "02:15", "2026-10-04", "2026-10-03 15:45:00"),
        ("Australia/Lord_Howe", "01:45", "2026-04-05", "2026-04-04 14:45:00"),
        # Troll's clocks change by two hours: 01:30 becomes 03:30.
        ("Antarctica/Troll", "01:30", "2026-03-29", "2026-03-29 01:30:00"),
        # Morocco's clocks go back for Ramadan and forth after it.
        ("Africa/Casablanca", "09:00", "2026-02-14", "2026-02-14 08:00:00"),
        ("Africa/Casablanca", "09:00", "2026-02-20", "2026-02-20 09:00:00"),
        ("Africa/Casablanca", "02:30", "2026-03-22", "2026-03-22 02:30:00"),
        # Nuuk's clocks jump over midnight: the last second of the day that 23:30 was to be on.
        ("America/Nuuk", "23:30", "2026-03-28", "2026-03-29 00:59:59"),
        ("America/Nuuk", "23:30", "2026-03-29", "2026-03-30 00:30:00"),
        ("Pacific/Apia", "09:00", "2011-12-29", "2011-12-29 19:00:00"),
        ("Pacific/Apia", "09:00", "2011-12-31", "2011-12-30 19:00:00"),
    ],
)
def test_a_slot_is_at_this_instant(zone: str, at: str, day: str, instant: str) -> None:
    found = Slot(zone, time.fromisoformat(at)).instant(date.fromisoformat(day))
    assert found == datetime.fromisoformat(instant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Pacific/Apia", date(2011, 12, 30)),
        ("Pacific/Fakaofo", date(2011, 12, 30)),
        ("Pacific/Kiritimati", date(1994, 12, 31)),
        ("Pacific/Kanton", date(1994, 12, 31)),
        ("Pacific/Kwajalein", date(1993, 8, 21)),
    ],
)
def test_a_place_that_changed_sides_of_the_date_line_has_no_such_date(zone: str, day: date) -> None:
    assert [Slot(zone, at).instant(day) for at in HALF_HOURS] == [None] * 48


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Pacific/Apia", date(2011, 12, 30)),
        ("Pacific/Kiritimati", date(1994, 12, 31)),
        ("Pacific/Kwajalein", date(1993, 8, 21)),
    ],
)
def test_the_dates_beside_a_skipped_one_are_24_hours_apart(zone: str, day: date) -> None:
    before, after = (Slot(zone, time(9)).instant(day + number * DAY) for number in (-1, 1))
    assert before is not None
    assert after == before + timedelta(hours=24)


def test_a_year_of_new_york_has_365_posts_at_half_past_one() -> None:
    days = [date(2026, 1, 1) + number * DAY for number in range(365)]
    assert len({Slot("America/New_York", time(1, 30)).instant(day) for day in days}) == 365


@pytest.mark.parametrize(
    ("zone", "expected_day"),
    [("Pacific/Kiritimati", "2026-01-02"), ("UTC", "2026-01-01"), ("Pacific/Pago_Pago", "2026-01-01")],
)
def test_the_civil_day_depends_on_the_place(zone: str, expected_day: str) -> None:
    assert str(local_day(datetime(2026, 1, 1, 12, tzinfo=UTC), zone)) == expected_day
