"""After an outage: are the days that are late one post, none lost, none doubled, whenever the program is killed?"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bot.app import App, kind_names, options_of
from bot.channels._http import Http
from bot.config import config_from
from bot.delivery import reports
from bot.delivery import statements as sql
from bot.delivery.ledger import Ledger
from bot.delivery.pauses import pause, resume
from bot.delivery.states import Decision, Delivery, NewDelivery, State
from bot.errors import Problems
from tests.delivery.fakes import Killed
from tests.delivery.test_faults import DyingDatabase

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = "whsec_bWFkZS11cC1zZWNyZXQtbm90LXRvLWJlLXVzZWQ="
CONFIG = f"""
at: "09:00"
catch_up: 10d
channels:
  museum: {{kind: webhook, url: "https://museum.example.org/", secret: {SECRET}, roll_up: true}}
"""
DAYS = [date(2026, 11, number) for number in (23, 24, 25)]


class Stage:
    """An app with a clock that we move and a receiver that answers with a status."""

    def __init__(self, folder: Path, config: str = CONFIG, at: datetime = START) -> None:
        self.at, self.status = at, 204
        self.posts: list[dict[str, object]] = []
        self.app = App(
            config_from(config, "config.yaml", folder, options_of, kind_names), lambda: self.at, lambda: 0.5, cache=None
        )
        self.app.http = Http(transport=httpx.MockTransport(self._answer), now=lambda: self.at)
        self.scheduler = self.app.scheduler()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.status < 300:
            self.posts.append(json.loads(request.content)["data"])
        return httpx.Response(self.status)

    def live(self, **by: float) -> None:
        self.at += timedelta(**by)
        asyncio.run(self.scheduler.once())

    def states(self) -> dict[str, tuple[str, str]]:
        return {each.slot: (each.state.value, each.reason) for each in reports.find(self.app.database)}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.live()
    return stage


def _told(stage: Stage) -> list[tuple[object, object]]:
    return [(post["day"], post["last"]) for post in stage.posts]


ONE = {
    "2026-11-23": ("skipped", "rolled up into 2026-11-25"),
    "2026-11-24": ("skipped", "rolled up into 2026-11-25"),
    "2026-11-25": ("delivered", ""),
}


def test_three_days_that_were_missed_are_one_post(stage: Stage) -> None:
    stage.live(days=3)

    (post,) = stage.posts
    assert (post["day"], post["last"]) == ("2026-11-23", "2026-11-25")
    assert post["title"] == "On these days: 23\u201325 November"
    assert stage.states() == ONE


def test_without_the_setting_each_day_is_a_post_of_its_own(tmp_path: Path) -> None:
    stage = Stage(tmp_path, CONFIG.replace(", roll_up: true", ""))
    stage.live()

    stage.live(days=3)

    assert _told(stage) == [(str(day), str(day)) for day in DAYS]


def test_one_day_alone_is_told_as_ever(stage: Stage) -> None:
    stage.live(days=1)

    assert stage.posts[0]["title"] == "On this day: 23 November"


def test_days_that_their_platform_did_not_take_are_rolled_up_too(stage: Stage) -> None:
    stage.status = 503
    for _ in range(3):
        stage.live(days=1)
    stage.status = 204
    stage.live(hours=12)

    (post,) = stage.posts
    assert (post["day"], post["last"]) == ("2026-11-23", "2026-11-25")
    assert {slot: state for slot, (state, _) in stage.states().items()} == {slot: state for slot, (state, _) in ONE.items()}
    assert all("2026-11-25" in reason for state, reason in stage.states().values() if state == "skipped")


def test_days_of_a_pause_are_rolled_up_when_it_ends(stage: Stage) -> None:
    pause(stage.app.database, "museum", "a holiday", "somebody", stage.at)
    for _ in range(3):
        stage.live(days=1)
    resume(stage.app.database, "museum")

    stage.live(hours=1)

    assert _told(stage) == [("2026-11-23", "2026-11-25")]


def test_a_replay_tells_its_days_by_number(tmp_path: Path) -> None:
    stage = Stage(tmp_path, CONFIG.replace("roll_up: true", "roll_up: true, mode: replay, start: 2026-11-04"))
    stage.live()

    stage.live(days=3)

    (post,) = stage.posts
    assert post["title"] == "23\u201325 November 1979"
    assert "Days 20\u201322 of 444" in str(post["text"])
    assert sorted(stage.states()) == ["2026-11-23/day-20", "2026-11-24/day-21", "2026-11-25/day-22"]
    assert stage.states()["2026-11-23/day-20"] == ("skipped", "rolled up into 2026-11-25/day-22")


def test_a_weekly_channel_tells_its_weeks_together(tmp_path: Path) -> None:
    stage = Stage(tmp_path, CONFIG.replace("roll_up: true", "roll_up: true, rhythm: weekly").replace("10d", "20d"))
    stage.live()

    stage.live(days=9)

    assert _told(stage) == [("2026-11-23", "2026-12-06")]


def test_what_was_sent_by_hand_or_is_in_doubt_is_left_alone(stage: Stage) -> None:
    now = START + timedelta(days=2)
    stage.app.ledger.open(
        [NewDelivery("museum", day, now, now + timedelta(days=5), run) for day, run in ((DAYS[0], "hand-1"), (DAYS[0], ""))],
        {},
    )
    (_, scheduled) = stage.app.ledger.due(now, 10)
    stage.app.ledger.claim(scheduled.id, 0, now)  # under way elsewhere

    stage.live(days=3)

    assert stage.states()["2026-11-23/hand-1"][0] == "delivered"
    assert stage.states()["2026-11-24"] == ("skipped", "rolled up into 2026-11-25")
    assert stage.states()["2026-11-23"][0] == "in-doubt"


def test_hours_of_a_day_cannot_be_rolled_up(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="do not go together"):
        Stage(tmp_path, CONFIG.replace("roll_up: true", "roll_up: true, mode: as-it-happened"))


@pytest.mark.parametrize("point", [sql.CARRY, sql.ROLL_UP, sql.ROLL_ON, sql.KEEP_MESSAGE, sql.CLAIM])
def test_a_kill_in_between_loses_and_doubles_nothing(stage: Stage, tmp_path: Path, point: str) -> None:
    stage.at += timedelta(days=3)
    stage.scheduler.plan(stage.at)
    doomed = DyingDatabase(stage.app.database, _die, point)
    stage.app.ledger.database = doomed
    oldest, *_ = stage.app.ledger.due(stage.at, 10)
    with pytest.raises(Killed):
        asyncio.run(stage.app.carry(oldest))
    stage.app.database.close()

    after = Stage(tmp_path, at=stage.at)
    after.live(minutes=10)

    assert doomed.at is None, "it never came to this point"
    assert stage.posts + after.posts == after.posts
    assert _told(after) == [("2026-11-23", "2026-11-25")]
    assert after.states() == ONE


def _die() -> None:
    raise Killed


# in the ledger alone

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def _opened(ledger: Ledger, *days: date) -> list[Delivery]:
    ledger.open([NewDelivery("museum", day, NOON, NOON + timedelta(days=9)) for day in days], {})
    return ledger.due(NOON, 10)


def test_of_a_day_that_was_claimed_meanwhile_nothing_moves(ledger: Ledger) -> None:
    first, second, newest = _opened(ledger, *DAYS)
    ledger.claim(first.id, first.fence, NOON)

    carrier = ledger.roll_up("museum", NOON)

    assert carrier is not None
    assert [each.id for each in ledger.rolled_up(carrier)] == [second.id]
    assert carrier.id == newest.id


def test_who_holds_the_old_words_of_the_carrier_cannot_send_them(ledger: Ledger) -> None:
    *_, newest = _opened(ledger, *DAYS)
    newest = _tried(ledger, newest, "the old words")

    carrier = ledger.roll_up("museum", NOON)

    assert ledger.claim(newest.id, newest.fence, NOON) is None
    assert carrier is not None
    assert carrier.message == ""
    assert ledger.claim(carrier.id, carrier.fence, NOON) is not None


def _tried(ledger: Ledger, delivery: Delivery, *words: str) -> Delivery:
    """A first attempt that its platform put off."""
    fence = ledger.claim(delivery.id, delivery.fence, NOON, words=words)
    assert fence is not None
    back = ledger.settle(delivery.id, fence, Decision(State.WAITING, NOON, "not now"), NOON, "throttled")
    assert back is not None
    return back


def test_what_one_carries_goes_on_with_it(ledger: Ledger) -> None:
    _opened(ledger, *DAYS[:2])
    ledger.roll_up("museum", NOON)
    _opened(ledger, DAYS[2])

    carrier = ledger.roll_up("museum", NOON)

    assert carrier is not None
    assert [each.day for each in ledger.rolled_up(carrier)] == DAYS[:2]


def test_a_thread_that_is_written_already_is_neither_carried_nor_carries(ledger: Ledger) -> None:
    _, second, newest = _opened(ledger, *DAYS)
    _tried(ledger, newest, "first", "second")

    carrier = ledger.roll_up("museum", NOON)

    assert carrier is not None
    assert carrier.id == second.id


def test_one_day_is_not_rolled_up(ledger: Ledger) -> None:
    (only,) = _opened(ledger, DAYS[0])

    assert ledger.roll_up("museum", NOON) is None
    assert ledger.due(NOON, 10) == [only]


def test_two_that_roll_up_at_once_make_one_carrier(ledger: Ledger) -> None:
    _opened(ledger, *DAYS)

    async def both() -> list[Delivery | None]:
        return await asyncio.gather(*(asyncio.to_thread(ledger.roll_up, "museum", NOON) for _ in range(2)))

    carriers = [each for each in asyncio.run(both()) if each]

    assert len(carriers) == 1
    assert [each.day for each in ledger.rolled_up(carriers[0])] == DAYS[:2]
    assert reports.counts(ledger.database)[State.SKIPPED] == 2
