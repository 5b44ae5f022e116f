"""Is the owner told, once, in plain words and without secrets, and does a notice never cause another?"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bot.app import App, kind_names, options_of
from bot.channels import kinds
from bot.channels._http import Http
from bot.config import config_from
from bot.delivery import pauses, reports
from bot.delivery import statements as sql
from bot.delivery.ledger import Ledger
from bot.delivery.operator import SINGLY, Notice, Operator, about_deliveries, worded
from bot.delivery.states import Decision, Delivery, NewDelivery, State
from bot.errors import Problems
from bot.scheduling.due import EVERYONE
from tests.delivery.fakes import DAY, NOON, Killed, World, message
from tests.delivery.test_faults import DyingDatabase

START = datetime(2026, 11, 4, 8, tzinfo=UTC)
SECRET = "whsec_bWFkZS11cC1zZWNyZXQtbm90LXRvLWJlLXVzZWQ="
HOOK = "https://hooks.slack.com/services/T00000000/B00000000/made-up"
CONFIG = f"""
at: "09:00"
operator: desk
channels:
  desk: {{kind: webhook, url: "https://desk.example.org/", secret: {SECRET}, days: never}}
  museum: {{kind: webhook, url: "https://museum.example.org/", secret: {SECRET}}}
  newsroom: {{kind: slack, webhook_url: "{HOOK}"}}
"""


class Stage:
    """An app with a clock that we move and a network that answers as told; `notices` is what the operator got."""

    def __init__(self, folder: Path, config: str = CONFIG) -> None:
        self.at = START
        self.answers: dict[str, Callable[[], httpx.Response]] = {"hooks.slack.com": lambda: httpx.Response(200, text="ok")}
        self.taken: list[tuple[str, str]] = []
        self.app = App(
            config_from(config, "config.yaml", folder, options_of, kind_names), lambda: self.at, lambda: 0.5, cache=None
        )
        self.app.http = Http(transport=httpx.MockTransport(self._answer), now=lambda: self.at)
        self.scheduler = self.app.scheduler()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.taken.append((request.url.host, request.content.decode()))
        return self.answers.get(request.url.host, lambda: httpx.Response(204))()

    @property
    def notices(self) -> list[str]:
        return [json.loads(body)["data"]["text"] for host, body in self.taken if host == "desk.example.org"]

    def live(self, **by: float) -> None:
        self.at += timedelta(**by)
        asyncio.run(self.scheduler.once())

    def serve(self, seconds: float = 0.3) -> None:
        """Runs as a service for a moment."""

        async def served() -> None:
            stop = asyncio.Event()
            asyncio.get_running_loop().call_later(seconds, stop.set)
            await self.scheduler.run(stop)

        asyncio.run(served())


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.live()
    return stage


def test_a_channel_that_its_platform_stops_is_told_of_once(stage: Stage) -> None:
    stage.answers["museum.example.org"] = lambda: httpx.Response(410)
    for _ in range(5):
        stage.live(hours=12)

    (told,) = stage.notices
    assert "museum is paused" in told
    assert "thisday channels resume museum" in told
    assert pauses.paused(stage.app.database)["museum"].told is not None


def test_what_waits_for_a_person_is_told_of_once(stage: Stage) -> None:
    def lost() -> httpx.Response:
        raise httpx.ReadTimeout("no answer")

    stage.answers["hooks.slack.com"] = lost
    stage.live(hours=2)
    for _ in range(20):
        stage.live(minutes=2)

    (told,) = stage.notices
    (doubtful,) = reports.find(stage.app.database, state=State.IN_DOUBT)
    assert f"thisday settle {doubtful.id} delivered" in told
    assert "newsroom" in told


def test_what_was_refused_or_too_late_is_told_of(stage: Stage) -> None:
    stage.answers["museum.example.org"] = lambda: httpx.Response(503, headers={"retry-after": "86400"})
    stage.answers["hooks.slack.com"] = lambda: httpx.Response(403, text="action_prohibited")
    stage.live(hours=2)
    stage.live(hours=1)

    late, refused = sorted(stage.notices, key=lambda each: "museum" not in each)
    assert "museum was not posted" in late
    assert "newsroom was refused" in refused
    assert "an admin of the workspace forbids posting" in refused


def test_a_correction_that_was_refused_is_told_as_one() -> None:
    day = START.date()
    correction = Delivery(7, "museum", day, 1, "edit-1", State.DEAD, START, None, START, reason="no", corrects=3)

    (told,) = about_deliveries([correction], day)

    assert told.text.startswith("The correction of 2026-11-04 to museum was refused: no.")
    assert "thisday retry 7" in told.text


def test_an_outage_is_told_of_with_what_it_cost(stage: Stage) -> None:
    stage.at += timedelta(days=3, hours=2)

    stage.serve()

    (told,) = stage.notices
    assert "was not running from 04 Nov 08:00 to 07 Nov 10:00 UTC" in told
    assert "2 late (museum, newsroom)" in told
    assert "6 too late (museum, newsroom)" in told


def test_a_program_that_cron_starts_is_not_out_between_two_starts(stage: Stage) -> None:
    stage.live(hours=2)

    assert stage.notices == []


def test_a_stop_in_which_nothing_was_due_is_no_outage(stage: Stage) -> None:
    stage.at += timedelta(minutes=30)

    stage.serve()

    assert stage.notices == []


def test_a_notice_of_the_operators_own_channel_goes_to_the_log_only(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.answers["desk.example.org"] = lambda: httpx.Response(410)
    stage.answers["museum.example.org"] = lambda: httpx.Response(410)
    with caplog.at_level(logging.WARNING):
        for _ in range(6):
            stage.live(hours=12)

    assert len(stage.notices) == 1  # of the museum; it met the refusal
    assert "desk is paused" in caplog.text
    assert {each.subscription for each in reports.find(stage.app.database, subscription="desk")} == {"desk"}
    assert len(reports.find(stage.app.database, subscription="desk")) == 1


def test_without_an_operator_the_log_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(tmp_path, CONFIG.replace("operator: desk\n", ""))
    stage.live()
    stage.answers["museum.example.org"] = lambda: httpx.Response(410)

    with caplog.at_level(logging.WARNING):
        stage.live(hours=2)

    assert "museum is paused" in caplog.text
    assert stage.notices == []


def test_no_notice_holds_a_secret(stage: Stage) -> None:
    stage.app.operator.tell([Notice("test", DAY, f"somebody wrote {SECRET} and {HOOK} here")], stage.at)
    stage.live()

    (told,) = stage.notices
    assert SECRET not in told
    assert HOOK not in told
    kept = reports.texts(stage.app.database, reports.find(stage.app.database))
    assert kept
    assert all(SECRET not in each for each in kept.values())


def test_a_notice_that_is_tried_again_keeps_its_words(stage: Stage) -> None:
    stage.answers["desk.example.org"] = lambda: httpx.Response(400)
    stage.app.operator.tell([Notice("test", DAY, "the words")], stage.at)
    stage.live()
    (tried,) = reports.find(stage.app.database, subscription="desk")
    stage.answers.clear()

    stage.app.ledger.retry(tried.id, stage.at)
    stage.live()

    assert stage.notices == ["the words"] * 2


# with a ledger alone


def _delivery(name: str, state: State, number: int = 1) -> Delivery:
    return Delivery(number, name, DAY, 1, "", state, NOON, None, NOON, reason="because")


def test_a_subject_and_a_day_are_told_of_once(ledger: Ledger) -> None:
    operator = Operator(ledger, "desk")

    for day in (DAY, DAY, DAY + timedelta(days=1)):
        operator.tell([Notice("refused-museum", day, "text")], NOON)

    assert len(reports.find(ledger.database)) == 2


@pytest.mark.parametrize("point", [sql.OPEN, sql.TOLD])
def test_a_pause_is_told_of_once_though_the_program_is_killed(ledger: Ledger, point: str) -> None:
    pauses.pause(ledger.database, "museum", "gone", "platform", NOON)

    def die() -> None:
        raise Killed

    with pytest.raises(Killed):
        Operator(Ledger(DyingDatabase(ledger.database, die, point)), "desk").after([], NOON)
    for hours in range(30):
        Operator(ledger, "desk").after([], NOON + timedelta(hours=hours))

    (notice,) = reports.find(ledger.database)
    assert notice.run == "notice-paused-museum"


def test_many_at_once_are_one_notice() -> None:
    few = [_delivery(f"channel-{number}", State.EXPIRED, number) for number in range(SINGLY)]
    many = [_delivery(f"channel-{number}", State.EXPIRED, number) for number in range(12)]

    assert len(list(about_deliveries(few, DAY))) == SINGLY
    (notice,) = about_deliveries(many, DAY)
    assert notice.text.startswith("12 posts were too late")
    assert "and 7 more" in notice.text


@pytest.mark.parametrize("state", [State.WAITING, State.SENDING, State.DELIVERED, State.SKIPPED])
def test_what_goes_on_or_went_well_is_not_told_of(state: State) -> None:
    assert list(about_deliveries([_delivery("museum", state)], DAY)) == []


def test_what_expires_in_a_pause_is_not_told_of_again(ledger: Ledger) -> None:
    World(ledger).opened("museum")
    pauses.pause(ledger.database, "museum", "gone", "platform", NOON)

    swept = ledger.sweep(NOON + timedelta(days=1))

    assert [each.state for each in swept] == [State.EXPIRED]
    assert list(about_deliveries(swept, DAY)) == []


def test_at_the_start_what_is_held_is_told_of_if_it_never_was(ledger: Ledger) -> None:
    world = World(ledger)
    waiting = world.opened("museum")
    fence = ledger.claim(waiting.id, 0, NOON) or 0
    ledger.settle(waiting.id, fence, Decision(State.IN_DOUBT, None, "no answer"), NOON, "in doubt")
    operator = Operator(ledger, "desk")

    operator.tell_held(NOON)
    operator.tell_held(NOON + timedelta(days=3))

    (notice,) = reports.find(ledger.database, subscription="desk")
    assert notice.run == "notice-in-doubt-museum"


def test_a_notice_opens_with_the_plan_or_not_at_all(ledger: Ledger) -> None:
    carried = Operator(ledger, "desk").opened([Notice("outage", DAY, "text")], NOON)

    ledger.open(carried, {EVERYONE: NOON})

    (due,) = ledger.due(NOON, 10)
    assert message("text").plain in ledger.text(due)


@pytest.mark.parametrize("kind", kinds().values(), ids=kinds())
def test_every_kind_takes_a_long_notice_without_markup(kind: type) -> None:
    channel = kind(kind.Options.model_validate(dict(kind.example)))  # type: ignore[attr-defined]  # a Channel

    found = worded(channel, "test", "a <b>*bold*</b> & [odd](reason) " * 400)

    assert channel.budget({}).fits(found.text)
    assert len(found.plain) > 100
    assert re.match(r"a <b>\*bold\*</b> & \[odd\]", found.plain)


def test_an_operator_that_is_no_channel_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Problems) as found:
        config_from(CONFIG.replace("operator: desk", "operator: desc"), "config.yaml", tmp_path, options_of, kind_names)

    assert "config.yaml:3:11: there is no channel 'desc'" in str(found.value)
    assert "desk" in str(found.value)


def test_a_channel_may_be_for_notices_only(stage: Stage) -> None:
    for _ in range(20):
        stage.live(hours=7)

    assert [each for each in reports.find(stage.app.database, limit=1000) if each.subscription == "desk"] == []


def test_new_deliveries_of_others_have_no_words() -> None:
    assert NewDelivery("museum", DAY, NOON, NOON).message == ""
