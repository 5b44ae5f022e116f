"""Does a replay tell each of the 444 days once, and where do date and count part?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.app import App, kind_names, options_of
from bot.calendars.rules import Leap, Span
from bot.config import Hold, config_from
from bot.editions import Edition
from bot.errors import Mistake, Problems
from bot.replays import retold, told_on
from bot.scheduling.due import due
from bot.subscriptions.subscription import Subscription

FIRST, LAST = date(1979, 11, 4), date(1981, 1, 20)
CONFIG = """
channels:
  again: {{kind: console, mode: {mode}{more}, timezone: Asia/Tehran, at: "09:00"}}
"""


def app(folder: Path, mode: str, more: str = "") -> App:
    text = CONFIG.format(mode=mode, more=more)
    return App(config_from(text, "config.yaml", folder, options_of, kind_names), cache=folder / "cache")


def posts(app: App, first: datetime, last: datetime) -> list[tuple[date, str, datetime]]:
    """What falls due between two instants, asked day by day as a running thisday would."""
    subscription = app.configured()[0]
    cursors, found = {subscription.name: first}, []
    now = first
    while now < last:
        now += timedelta(hours=24)
        found += due([subscription], cursors, now, timedelta(days=2), app.agenda)
        cursors[subscription.name] = now
    return [(each.day, each.run, each.instant) for each in found]


@pytest.mark.parametrize("hold", Hold)
@pytest.mark.parametrize("leap", [Leap.FEB28, Leap.MAR1])
@pytest.mark.parametrize("year", range(2024, 2032))
def test_each_day_is_told_once_and_in_order(year: int, hold: Hold, leap: Leap) -> None:
    span, start = Span(FIRST, LAST, leap=leap), date(year, 11, 4)

    told = [
        original for number in range(-400, 900) for original in retold(span, start, start + timedelta(days=number), hold)
    ]

    assert told == [FIRST + timedelta(days=number) for number in range(444)]


@pytest.mark.parametrize("start", [date(2024, 2, 29), date(2027, 6, 1), date(2031, 12, 31)])
def test_a_count_can_be_held_from_any_day(start: date) -> None:
    span = Span(FIRST, LAST)

    assert [
        retold(span, start + timedelta(days=number - number), start + timedelta(days=number), Hold.COUNT)
        for number in range(3)
    ] == [
        (date(1979, 11, 4),),
        (date(1979, 11, 5),),
        (date(1979, 11, 6),),
    ]
    assert retold(span, start, start + timedelta(days=443), Hold.COUNT) == (LAST,)
    assert retold(span, start, start + timedelta(days=444), Hold.COUNT) == ()


def test_a_date_can_be_held_from_an_anniversary_only() -> None:
    with pytest.raises(ValueError, match="anniversary"):
        told_on(Span(FIRST, LAST), date(2026, 11, 5), FIRST, Hold.DATE)


@pytest.mark.parametrize(
    ("year", "feb28", "first_of_march", "end"),
    [
        # The first year of the replay has no 29 February: held by count, everything from Day 118 on is a date late.
        (2025, 117, 118, date(2027, 1, 21)),
        (2026, 117, 118, date(2028, 1, 21)),
        # It has one: date and count agree to the end.
        (2027, 117, 119, date(2029, 1, 20)),
        (2023, 117, 119, date(2025, 1, 20)),
    ],
)
def test_by_count_the_dates_drift_where_29_february_is_missing(
    year: int, feb28: int, first_of_march: int, end: date
) -> None:
    span, start = Span(FIRST, LAST), date(year, 11, 4)

    def number(day: date) -> int:
        (original,) = retold(span, start, day, Hold.COUNT)
        return span.number(original)

    assert number(date(year + 1, 2, 28)) == feb28
    assert number(date(year + 1, 3, 1)) == first_of_march
    assert told_on(span, start, LAST, Hold.COUNT) == end


def test_by_date_day_118_is_told_beside_its_neighbor() -> None:
    start = date(2026, 11, 4)

    def numbers(day: date, leap: Leap) -> list[int]:
        span = Span(FIRST, LAST, leap=leap)
        return [span.number(original) for original in retold(span, start, day, Hold.DATE)]

    assert numbers(date(2027, 2, 28), Leap.FEB28) == [117, 118]
    assert numbers(date(2027, 3, 1), Leap.FEB28) == [119]
    assert numbers(date(2027, 2, 28), Leap.MAR1) == [117]
    assert numbers(date(2027, 3, 1), Leap.MAR1) == [118, 119]
    assert numbers(date(2028, 1, 20), Leap.FEB28) == [444]


@pytest.mark.parametrize("hold", ["count", "date"])
@pytest.mark.parametrize("year", [2026, 2027])
def test_a_subscription_gets_444_posts(tmp_path: Path, year: int, hold: str) -> None:
    again = app(tmp_path, "replay", f", start: {year}-11-04, hold: {hold}")

    found = posts(again, datetime(year, 10, 1, tzinfo=UTC), datetime(year + 2, 3, 1, tzinfo=UTC))

    assert [run for _, run, _ in found] == [f"day-{number}" for number in range(1, 445)]


def test_a_replay_tells_its_own_day_and_no_years_ago(tmp_path: Path) -> None:
    again = app(tmp_path, "replay", ", start: 2026-11-04")
    subscription = again.configured()[0]

    messages = again.paper.messages(subscription, again.channel(subscription), date(2027, 3, 1), {}, "day-118")

    assert isinstance(messages, tuple)
    assert messages[0].title == "29 February 1980"
    assert messages[0].text.startswith("29 February 1980\n\nDay 118 of 444 · 53 Americans held\n")
    assert "years ago" not in messages[0].text


def test_a_replay_without_a_start_or_from_an_impossible_one_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="belong together"):
        app(tmp_path, "replay")
    impossible = app(tmp_path, "replay", ", start: 2026-11-05, hold: date")
    with pytest.raises(Mistake, match="04 November"):
        impossible.paper.edition(impossible.configured()[0], date(2026, 11, 5))


def test_as_it_happened_posts_events_at_their_own_local_hour(tmp_path: Path) -> None:
    again = app(tmp_path, "as-it-happened")

    found = [each for each in posts(again, datetime(2026, 4, 20, tzinfo=UTC), datetime(2026, 4, 30, tzinfo=UTC)) if each[1]]

    subscription = again.configured()[0]
    for day, run, instant in found:
        edition = again.paper.edition(subscription, day, run)
        assert isinstance(edition, Edition)
        (event,) = [entry.event for entry in edition.entries]
        assert instant.astimezone(ZoneInfo(event.timezone)).strftime("%H:%M") == event.time
    assert found


def test_as_it_happened_tells_every_event_of_a_day_once(tmp_path: Path) -> None:
    again = app(tmp_path, "as-it-happened")
    subscription, day = again.configured()[0], date(2026, 11, 4)
    runs = [run for run, _ in again.agenda(subscription, day)]

    told = [key for run in runs for key in _keys(again, subscription, day, run)]
    whole = _keys(again, subscription, day, "hand-1")

    assert sorted(told) == sorted(whole)


def _keys(again: App, subscription: Subscription, day: date, run: str) -> list[str]:
    edition = again.paper.edition(subscription, day, run)
    return [entry.event.key for entry in edition.entries] if isinstance(edition, Edition) else []
