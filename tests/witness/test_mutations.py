"""Would these tests notice? Each safeguard is taken away, one at a time, and the story that it saves must then go wrong."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.channels import Doubt
from bot.channels.mastodon import Mastodon
from bot.database import open_database, schema
from bot.delivery import courier
from bot.delivery import statements as sql
from bot.delivery.ledger import Ledger
from bot.delivery.states import Decision, State
from bot.scheduling.due import advanced, due
from bot.scheduling.scheduler import _opened
from tests.witness.checker import Verdict, verdict
from tests.witness.life import finished, until
from tests.witness.points import GONE, POINTS, doomed
from tests.witness.stage import Setting, days_ago, setting, told
from tests.witness.test_crash_points import Steps, all_due, prepared, rounds
from tests.witness.witness import Outside, ended, started

pytestmark = [
    pytest.mark.parametrize("safe", [True, False], ids=["as it is", "without it"]),
    pytest.mark.parametrize("fresh", ["sqlite", "postgres"], indirect=True),
]
Fresh = Callable[[], str]


def staged(witness: Outside, folder: Path, place: str, now: Any, fresh: Fresh) -> Setting:
    witness.clock(now() + timedelta(days=1))
    return setting(folder, witness.ports, [place], now, fresh())


def judged(app: App, witness: Outside, expected: int) -> Verdict:
    found = verdict(app.database, witness.counts(), expected)
    app.database.close()
    return found


def all_is_well(found: Verdict) -> bool:
    return not found.wrong


def test_the_unique_key(
    witness: Outside, tmp_path: Path, fresh: Fresh, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    if not safe:
        bare = [
            replace(each, sql=each.sql.replace("  UNIQUE (subscription, day, part, run),\n", ""))
            for each in schema.migrations()
        ]
        monkeypatch.setattr(schema, "migrations", lambda: bare)
        monkeypatch.setattr(sql, "OPEN", sql.OPEN.partition("ON CONFLICT")[0])
    clock = Steps(witness.pace())
    scene = staged(witness, tmp_path, "hook-prompt-1", clock, fresh)
    prepared(scene, clock)
    app = scene.app()

    two_planners(app)
    asyncio.run(rounds(app, clock))

    assert all_is_well(judged(app, witness, 2)) is safe


def two_planners(app: App) -> None:
    """Both have read the cursors before either has written."""
    known, cursors, now = app.subscriptions(), app.ledger.cursors(), app.now()
    found = [_opened(each) for each in due(known, cursors, now, timedelta(days=60))]
    for _ in range(2):
        app.ledger.open(found, advanced(known, cursors, now))


def test_the_fence(witness: Outside, tmp_path: Path, fresh: Fresh, monkeypatch: pytest.MonkeyPatch, *, safe: bool) -> None:
    """The first courier falls asleep before its request leaves, the second is on the wire when the first wakes up."""
    if not safe:
        for name in ("CLAIM", "RENEW", "SETTLE", "RECORD", "CLOSE_ATTEMPT"):
            monkeypatch.setattr(sql, name, getattr(sql, name).replace("AND fence = :fence", "AND :fence = :fence"))
    clock = Steps(witness.pace())
    scene = replace(staged(witness, tmp_path, "ignores-heldback-1", clock, fresh), speed=1.0)
    prepared(scene, clock, 1)

    found = asyncio.run(_woken(scene, clock, witness))

    assert all_is_well(found) is safe


async def _woken(scene: Setting, clock: Steps, witness: Outside) -> Verdict:
    app = scene.app()
    scheduler = app.scheduler()
    scheduler.plan(clock())
    first = app.ledger.due(clock(), 1)[0]
    fence = app.ledger.claim(first.id, first.fence, clock(), words=[told(first, {})[0].json])
    assert fence is not None
    async with app.http:
        await _taken_over(app, clock, witness)
        late = Decision(State.WAITING, clock(), "a late no")
        app.ledger.settle(first.id, fence, late, clock(), "throttled")
        await scheduler.tick()
        await asyncio.sleep(0.3)
        witness.release()
        for _ in range(3):
            await all_due(scheduler)
            clock.at += timedelta(minutes=3)
        await asyncio.sleep(0.3)
    return judged(app, witness, 1)


async def _taken_over(app: App, clock: Steps, witness: Outside) -> None:
    """Swept, looked for, not found, and posted by the second courier, whose request is held back."""
    second = app.scheduler()
    for minutes in (3, 3, 0):
        clock.at += timedelta(minutes=minutes)
        await second.tick()
        await _until_idle_or_held(second, witness)


async def _until_idle_or_held(scheduler: Any, witness: Outside) -> None:
    end = time.monotonic() + 10
    while scheduler.dispatcher.busy and not witness.on_the_wire():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def test_the_quiet_period(
    witness: Outside, tmp_path: Path, fresh: Fresh, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    if not safe:
        monkeypatch.setattr(Mastodon, "doubt", Doubt(Mastodon.doubt.repeat_within, timedelta()))
    scene = staged(witness, tmp_path, "ignores-lateacceptance-1", witness.pace, fresh)
    opened = open_database(scene.database)
    scene.planned_until(Ledger(opened), days_ago(scene.now(), 1))
    opened.close()
    app = scene.app()

    asyncio.run(until(app, lambda: finished(app.database, 1)))
    time.sleep(1)  # what was late is there by now

    assert all_is_well(judged(app, witness, 1)) is safe


async def _no_claim(_hold: object) -> None:
    """Nothing is written down before the request leaves."""


def die(scene: Setting, clock: Steps, *, safe: bool) -> None:
    logging.disable(logging.CRITICAL)
    if not safe:
        courier._Hold.__call__ = _no_claim  # type: ignore[assignment, method-assign]  # in a process that is about to end
    app = scene.app()
    doomed(app, POINTS["body out"])
    asyncio.run(rounds(app, clock))


def die_without(scene: Setting, clock: Steps) -> None:
    die(scene, clock, safe=False)


def die_with(scene: Setting, clock: Steps) -> None:
    die(scene, clock, safe=True)


def test_the_claim_at_the_wire(witness: Outside, tmp_path: Path, fresh: Fresh, *, safe: bool) -> None:
    clock = Steps(witness.pace())
    scene = staged(witness, tmp_path, "hook-prompt-1", clock, fresh)
    prepared(scene, clock)
    process = started(die_with if safe else die_without, scene, clock)
    process.join(30)
    assert process.exitcode == GONE
    ended(process)

    clock.at += timedelta(minutes=5)
    app = scene.app()
    asyncio.run(rounds(app, clock))

    assert all_is_well(judged(app, witness, 2)) is safe
