"""What is due: each slot once, whenever and however often somebody asks, and whatever the clock does in between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Rhythm
from bot.scheduling.due import EVERYONE, Due, advanced, due, next_instant
from bot.scheduling.slots import Slot
from bot.subscriptions.subscription import Subscription
from tests.builders import subscription_of

DAY = timedelta(days=1)
WINDOW = timedelta(hours=12)
START = datetime(2026, 3, 20, 12, tzinfo=UTC)  # before the clocks of Europe change
ALL = (
    subscription_of("berlin"),
    subscription_of("paris at night", at=time(2, 30), timezone="Europe/Paris"),
    subscription_of("nuuk before midnight", at=time(23, 30), timezone="America/Nuuk"),
    subscription_of("kiritimati", at=time(0, 0), timezone="Pacific/Kiritimati"),
    subscription_of("working days", at=time(6, 30), days=frozenset({0, 1, 2, 3, 4}), timezone="America/New_York"),
    subscription_of("weekly", days=frozenset({2, 4}), rhythm=Rhythm.WEEKLY, timezone="Asia/Tehran"),
)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def polled(subscriptions: Iterable[Subscription], nows: Iterable[datetime], window: timedelta = WINDOW) -> list[Due]:
    """Everything that turns up when `due` is asked at these moments, the first of which is the very first start."""
    cursors: dict[str, datetime] = {}
    found: list[Due] = []
    for now in nows:
        found += due(subscriptions, cursors, now, window)
        cursors |= advanced(subscriptions, cursors, now)
    return found


def slots_between(each: Subscription, first: datetime, last: datetime) -> list[tuple[str, date]]:
    """The oracle: every day from long before to long after, if its weekday is wanted and its instant lies between."""
    weekdays = {min(each.days)} if each.rhythm is Rhythm.WEEKLY else each.days
    days = [first.date() + number * DAY for number in range(-3, (last - first).days + 4)]
    instants = {day: Slot(each.timezone, each.at).instant(day) for day in days if day.weekday() in weekdays}
    return [(each.name, day) for day, at in instants.items() if at and first < at <= last]


def named(found: Iterable[Due]) -> list[tuple[str, date]]:
    return sorted((each.subscription.name, each.day) for each in found)


minutes = st.integers(min_value=0, max_value=60 * 24 * 40)


@given(st.lists(minutes, max_size=40))
def test_however_often_it_is_asked_each_slot_turns_up_once(steps: list[int]) -> None:
    """The moments come in any order: a step back is a clock that was set back, a long step forward an outage."""
    nows = [START + timedelta(minutes=each) for each in [0, *steps]]
    expected = sorted(slot for each in ALL for slot in slots_between(each, START, max(nows)))
    assert named(polled(ALL, nows)) == expected


@given(st.lists(minutes, max_size=20), st.integers(min_value=1, max_value=60 * 48))
def test_what_turns_up_is_expired_if_its_window_is_over(steps: list[int], window: int) -> None:
    cursors: dict[str, datetime] = {}
    for step in [0, *steps]:
        now = START + timedelta(minutes=step)
        for each in due(ALL, cursors, now, timedelta(minutes=window)):
            assert each.expired == (now - each.instant >= timedelta(minutes=window))
        cursors |= advanced(ALL, cursors, now)


@given(st.lists(minutes, max_size=20))
def test_nothing_turns_up_before_its_time(steps: list[int]) -> None:
    cursors: dict[str, datetime] = {}
    for step in [0, *steps]:
        now = START + timedelta(minutes=step)
        assert [each for each in due(ALL, cursors, now, WINDOW) if each.instant > now] == []
        cursors |= advanced(ALL, cursors, now)


@given(st.lists(minutes, min_size=1, max_size=20))
def test_what_turns_up_is_in_the_order_of_its_time(steps: list[int]) -> None:
    cursors = advanced(ALL, {}, START)
    found = due(ALL, cursors, START + timedelta(minutes=max(steps)), WINDOW)
    assert [each.instant for each in found] == sorted(each.instant for each in found)


def test_the_past_is_not_posted_at_the_first_start() -> None:
    assert polled(ALL, [START]) == []


def test_a_slot_at_the_very_moment_is_due() -> None:
    found = polled([subscription_of()], [instant("2026-01-15 07:59"), instant("2026-01-15 08:00")])
    assert named(found) == [("daily", date(2026, 1, 15))]


def test_a_slot_at_the_moment_of_the_first_start_is_past() -> None:
    found = polled(
        [subscription_of()], [instant("2026-01-15 08:00"), instant("2026-01-15 08:00"), instant("2026-01-16 07:59")]
    )
    assert found == []


def test_a_due_slot_says_until_when_it_may_be_posted() -> None:
    (found,) = polled([subscription_of()], [instant("2026-01-15 07:00"), instant("2026-01-15 08:10")])
    assert (found.instant, found.expires_at) == (instant("2026-01-15 08:00"), instant("2026-01-15 20:00"))


@pytest.mark.parametrize(("now", "expired"), [("2026-01-15 19:59:59", False), ("2026-01-15 20:00:00", True)])
def test_a_slot_expires_after_its_window(now: str, expired: bool) -> None:  # noqa: FBT001  # an expected value
    (found,) = polled([subscription_of()], [instant("2026-01-15 07:00"), instant(now)])
    assert found.expired is expired


def test_after_an_outage_the_latest_slot_is_posted_and_the_others_have_expired() -> None:
    found = polled([subscription_of()], [instant("2026-01-15 07:00"), instant("2026-01-18 08:30")])
    assert [(each.day.day, each.expired) for each in found] == [(15, True), (16, True), (17, True), (18, False)]


def test_a_subscription_that_was_added_later_does_not_get_what_was_before_it() -> None:
    first, second = subscription_of("a"), subscription_of("b")
    cursors = advanced([first], {}, instant("2026-01-15 07:00"))
    cursors |= advanced([first, second], cursors, instant("2026-01-15 09:00"))
    found = due([first, second], cursors, instant("2026-01-16 09:00"), WINDOW)
    assert named(found) == [("a", date(2026, 1, 16)), ("b", date(2026, 1, 16))]


def test_a_subscription_that_was_away_does_not_get_what_it_missed() -> None:
    away, other = subscription_of("away"), subscription_of("other")
    cursors = advanced([away, other], {}, instant("2026-01-15 07:00"))
    cursors |= advanced([other], cursors, instant("2026-01-20 07:00"))
    assert named(due([away], cursors, instant("2026-01-20 09:00"), WINDOW)) == [("away", date(2026, 1, 20))]


def test_a_clock_that_is_set_back_does_not_move_the_cursor_back() -> None:
    later = advanced(ALL, {}, START)
    assert advanced(ALL, later, START - DAY) == {EVERYONE: START}


def test_only_new_subscriptions_get_a_cursor_of_their_own() -> None:
    cursors = advanced([subscription_of("a")], {}, START)
    both = advanced([subscription_of("a"), subscription_of("b")], cursors, START + DAY)
    assert both == {EVERYONE: START + DAY, "b": START + DAY}


def test_a_subscription_on_working_days_rests_at_the_weekend() -> None:
    working = subscription_of(days=frozenset({0, 1, 2, 3, 4}))
    found = polled([working], [instant("2026-01-15 12:00"), instant("2026-01-20 12:00")])
    assert [each.day.isoformat() for each in found] == ["2026-01-16", "2026-01-19", "2026-01-20"]


def test_a_weekly_subscription_is_due_on_the_first_of_its_days() -> None:
    weekly = subscription_of(days=frozenset({2, 4}), rhythm=Rhythm.WEEKLY)
    found = polled([weekly], [instant("2026-01-01 12:00"), instant("2026-01-31 12:00")])
    assert [each.day.isoformat() for each in found] == ["2026-01-07", "2026-01-14", "2026-01-21", "2026-01-28"]


def test_the_day_is_the_civil_day_of_the_place() -> None:
    early = subscription_of(at=time(0, 30), timezone="Pacific/Kiritimati")
    found = polled([early], [instant("2025-12-31 10:00"), instant("2025-12-31 11:00")])
    assert named(found) == [("daily", date(2026, 1, 1))]


def test_a_date_that_a_place_skipped_is_not_due() -> None:
    samoa = subscription_of(timezone="Pacific/Apia")
    found = polled([samoa], [instant("2011-12-29 12:00"), instant("2012-01-01 12:00")])
    assert [each.day.isoformat() for each in found] == ["2011-12-29", "2011-12-31", "2012-01-01"]


def test_the_next_instant_is_the_first_of_all_subscriptions() -> None:
    both = [subscription_of("nine"), subscription_of("seven", at=time(7))]
    assert next_instant(both, instant("2026-01-15 07:00")) == instant("2026-01-15 08:00")


def test_the_next_instant_is_after_now_even_if_a_slot_is_due_now() -> None:
    assert next_instant([subscription_of()], instant("2026-01-15 08:00")) == instant("2026-01-16 08:00")


def test_the_next_instant_of_a_weekly_subscription_may_be_a_week_away() -> None:
    weekly = subscription_of(days=frozenset({3}), rhythm=Rhythm.WEEKLY)
    assert next_instant([weekly], instant("2026-01-15 08:00")) == instant("2026-01-22 08:00")


def test_without_subscriptions_there_is_no_next_instant() -> None:
    assert next_instant([], START) is None
