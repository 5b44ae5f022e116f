"""After an end at every named point, on every way a doubt is settled: is the state legal, and does the witness agree?"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.database import open_database
from bot.delivery.ledger import Ledger
from bot.scheduling.scheduler import Scheduler
from tests.builders import SOAK
from tests.witness.checker import verdict
from tests.witness.points import GONE, POINTS, Point, doomed, end_in_migration
from tests.witness.stage import Setting, days_ago, setting
from tests.witness.witness import SEED, Outside, ended, started

BY_POLICY = {"look": "ignores", "key": "receiver", "hold": "hook"}
MINUTES = 8  # longer than a lease and a quiet period
STORES = ("sqlite", "postgres")
ALL = [(store, name, policy) for store in STORES for name, point in POINTS.items() for policy in point.policies]
# A long run takes each point with every store and policy, a short one takes these in turn.
IN_TURN = [
    (STORES[(SEED + number // 3) % 2], name, point.policies[(SEED + number) % len(point.policies)])
    for number, (name, point) in enumerate(POINTS.items())
]


@dataclass
class Steps:
    """A clock that goes a minute further each round; plain, so that a process can be given it."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


async def all_due(scheduler: Scheduler) -> None:
    """Sends what may go at this moment; a turn that comes later waits until the clock is moved."""
    while await scheduler.tick() or scheduler.dispatcher.busy:
        await scheduler.dispatcher.returned()


async def rounds(app: App, clock: Steps) -> None:
    """What a program does in some minutes."""
    scheduler = app.scheduler()
    async with app.http:
        for _ in range(MINUTES):
            await all_due(scheduler)
            clock.at += timedelta(minutes=1)


def die(scene: Setting, clock: Steps, point: Point) -> None:
    """The process that ends at a point."""
    logging.disable(logging.CRITICAL)
    if point.when == "migrate":
        end_in_migration(int(point.what))
    app = scene.app()
    doomed(app, point)
    asyncio.run(rounds(app, clock))
    sys.exit(0)  # the point was never come to


def killed_at(scene: Setting, clock: Steps, point: Point) -> None:
    if point.first:
        killed_at(scene, clock, POINTS[point.first])
        clock.at += timedelta(minutes=MINUTES)
    process = started(die, scene, clock, point)
    process.join(30)
    assert process.exitcode == GONE
    ended(process)


def prepared(scene: Setting, clock: Steps, days: int = 2) -> None:
    database = open_database(scene.database)
    scene.planned_until(Ledger(database), days_ago(clock.at, days))
    database.close()


@pytest.mark.parametrize(("fresh", "name", "policy"), ALL if SOAK else IN_TURN, indirect=["fresh"])
def test_an_end_at_any_point_is_made_good(
    fresh: Callable[[], str], name: str, policy: str, witness: Outside, tmp_path: Path
) -> None:
    point, clock = POINTS[name], Steps(witness.pace())
    witness.clock(clock.at + timedelta(days=1))
    scene = setting(tmp_path, witness.ports, [f"{BY_POLICY[policy]}-prompt-1"], clock, fresh())
    if point.when == "migrate":
        killed_at(scene, clock, point)
    prepared(scene, clock)
    if point.when != "migrate":
        killed_at(scene, clock, point)

    clock.at += timedelta(minutes=MINUTES)
    app = scene.app()
    asyncio.run(rounds(app, clock))

    found = verdict(app.database, witness.counts(), 2)
    app.database.close()
    assert found.wrong == ()
    assert (found.lost, found.doubled) == (0, 0)
    assert found.in_doubt == (policy == "hold" and may_be_there(name))


def may_be_there(name: str) -> bool:
    """Whether the program ended between its claim and the writing down of the answer, by itself or by a life before it."""
    names = list(POINTS)
    own = names.index("claimed") <= names.index(name) <= names.index("settling")
    return own or bool(POINTS[name].first)
