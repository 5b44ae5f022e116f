"""Does a running thisday post each local date once, whatever the clocks do? The real parts, a clock that we move."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.app import App, kind_names, options_of
from bot.channels._http import Http
from bot.config import config_from
from bot.delivery import reports
from bot.delivery.states import State
from bot.subscriptions.subscription import Subscription

SECRET = "whsec_bWFkZS11cC1zZWNyZXQtbm90LXRvLWJlLXVzZWQ="
CONFIG = f"""
at: "09:00"
channels:
  new-york: {{kind: webhook, url: "https://a.example.org/", secret: {SECRET}, timezone: America/New_York, at: "01:30"}}
  tehran: {{kind: webhook, url: "https://b.example.org/", secret: {SECRET}, timezone: Asia/Tehran, at: "08:00"}}
"""


class Stage:
    """An app with a clock that we move and receivers that count."""

    def __init__(self, folder: Path, config: str, start: datetime) -> None:
        self.instant = start
        self.posts: list[tuple[str, date, datetime]] = []
        self.app = App(
            config_from(config, "config.yaml", folder, options_of, kind_names), now=self.now, jitter=lambda: 0.5, cache=None
        )
        self.app.http = Http(transport=httpx.MockTransport(self._answer), now=self.now)
        self.scheduler = self.app.scheduler()

    def now(self) -> datetime:
        return self.instant

    def _answer(self, request: httpx.Request) -> httpx.Response:
        import json

        day = date.fromisoformat(json.loads(request.content)["data"]["day"])
        self.posts.append((request.url.host, day, self.instant))
        return httpx.Response(204)

    def close(self) -> None:
        self.app.database.close()


def _stage(folder: Path, start: datetime, config: str = CONFIG) -> Stage:
    return Stage(folder, config, start)


async def _pass(stage: Stage, until: datetime, seed: int = 1) -> None:
    """Ticks about every two hours until an instant."""
    dice = random.Random(seed)
    while stage.instant < until:
        stage.instant += timedelta(minutes=dice.randint(80, 140))
        await stage.scheduler.once()


def test_400_days_with_clock_changes_and_an_outage_give_each_local_date_once(tmp_path: Path) -> None:
    start = datetime(2026, 9, 1, 12, tzinfo=UTC)
    stage = _stage(tmp_path, start)

    async def live() -> None:
        await stage.scheduler.once()
        await _pass(stage, start + timedelta(days=50))
        stage.instant += timedelta(hours=30)  # nobody ran it
        await _pass(stage, start + timedelta(days=400))

    asyncio.run(live())

    for host, zone in (("a.example.org", "America/New_York"), ("b.example.org", "Asia/Tehran")):
        days = Counter(day for place, day, _ in stage.posts if place == host)
        expired = {each.day for each in reports.find(stage.app.database, state=State.EXPIRED, limit=10_000)}
        first = start.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
        last = stage.instant.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
        lived = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        assert max(days.values()) == 1
        assert [day for day in lived if day not in days and day not in expired] == []
        assert len(expired) <= 2  # of the outage, what was more than twelve hours late
    stage.close()


def test_each_post_goes_out_at_its_local_hour(tmp_path: Path) -> None:
    start = datetime(2026, 10, 25, 12, tzinfo=UTC)
    stage = _stage(tmp_path, start)

    async def live() -> None:
        await stage.scheduler.once()
        for _ in range(12 * 24 * 4):
            stage.instant += timedelta(minutes=15)
            await stage.scheduler.once()

    asyncio.run(live())

    hours = {at.astimezone(ZoneInfo("America/New_York")).strftime("%H:%M") for host, _, at in stage.posts if host[0] == "a"}
    assert hours == {"01:30"}  # on 1 November too, when 01:30 comes twice
    assert Counter(day for host, day, _ in stage.posts if host[0] == "a")[date(2026, 11, 1)] == 1
    stage.close()


def test_the_first_start_posts_nothing_of_the_past(tmp_path: Path) -> None:
    stage = _stage(tmp_path, datetime(2026, 11, 4, 23, tzinfo=UTC))

    asyncio.run(stage.scheduler.once())

    assert stage.posts == []
    assert reports.find(stage.app.database) == []
    stage.close()


def test_after_three_weeks_only_today_is_posted_and_the_rest_is_recorded(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    stage = _stage(tmp_path, start)

    async def live() -> None:
        await stage.scheduler.once()
        stage.instant = datetime(2026, 3, 22, 12, tzinfo=UTC)
        await stage.scheduler.once()

    asyncio.run(live())

    assert sorted((host, day) for host, day, _ in stage.posts) == [
        ("a.example.org", date(2026, 3, 22)),
        ("b.example.org", date(2026, 3, 22)),
    ]
    expired = Counter(each.subscription for each in reports.find(stage.app.database, state=State.EXPIRED, limit=1000))
    assert expired == {"new-york": 21, "tehran": 21}
    stage.close()


def test_a_clock_that_is_set_back_doubles_nothing(tmp_path: Path) -> None:
    stage = _stage(tmp_path, datetime(2026, 3, 1, tzinfo=UTC))

    async def live() -> None:
        await _pass(stage, datetime(2026, 3, 3, tzinfo=UTC))
        stage.instant -= timedelta(days=1, hours=12)
        await _pass(stage, datetime(2026, 3, 5, tzinfo=UTC), seed=2)

    asyncio.run(live())

    assert max(Counter((host, day) for host, day, _ in stage.posts).values()) == 1
    stage.close()


def test_a_channel_added_later_does_not_get_the_past(tmp_path: Path) -> None:
    stage = _stage(tmp_path, datetime(2026, 3, 1, tzinfo=UTC))
    asyncio.run(_pass(stage, datetime(2026, 3, 3, 23, tzinfo=UTC)))
    stage.close()
    more = f'{CONFIG}  late: {{kind: webhook, url: "https://c.example.org/", secret: {SECRET}}}\n'
    later = _stage(tmp_path, stage.instant, more)

    asyncio.run(_pass(later, datetime(2026, 3, 5, tzinfo=UTC)))

    assert [day for host, day, _ in later.posts if host[0] == "c"] == [date(2026, 3, 4)]
    later.close()


def test_a_channel_that_comes_back_does_not_get_what_it_missed(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    both, without = CONFIG, "\n".join(line for line in CONFIG.splitlines() if "tehran" not in line)
    for config, until in ((both, 3), (without, 10), (both, 12)):
        stage = _stage(tmp_path, start, config)
        asyncio.run(_pass(stage, datetime(2026, 3, until, tzinfo=UTC)))
        start = stage.instant
        stage.close()

    days = [each.day for each in reports.find(_reopened(tmp_path, start), subscription="tehran", limit=100)]
    assert sorted(days) == [date(2026, 3, number) for number in (1, 2, 10, 11)]


def _reopened(folder: Path, now: datetime) -> Any:
    return _stage(folder, now).app.database


async def _rung(stage: Stage) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.2, stop.set)
    await stage.scheduler.run(stop)


def test_run_wakes_posts_and_stops_when_it_is_told(tmp_path: Path) -> None:
    stage = _stage(tmp_path, datetime(2026, 3, 1, tzinfo=UTC))
    asyncio.run(stage.scheduler.once())
    stage.instant = datetime(2026, 3, 1, 7, tzinfo=UTC)

    asyncio.run(_rung(stage))

    assert len(stage.posts) == 2
    stage.close()


def _broken() -> list[Subscription]:
    raise RuntimeError("a bug of ours")


def test_a_round_that_fails_is_logged_and_the_next_one_posts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stage = _stage(tmp_path, datetime(2026, 3, 1, tzinfo=UTC))
    asyncio.run(stage.scheduler.once())
    stage.instant = datetime(2026, 3, 1, 7, tzinfo=UTC)
    sound = stage.scheduler.subscriptions

    async def live() -> None:
        stage.scheduler.subscriptions = _broken
        await stage.scheduler._rung(None)
        assert stage.posts == []
        stage.scheduler.subscriptions = sound
        await stage.scheduler.once()

    asyncio.run(live())

    assert "this round failed" in caplog.text
    assert len(stage.posts) == 2
    stage.close()
