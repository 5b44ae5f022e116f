"""A planner and several workers over one PostgreSQL, the bell of procrastinate between them, some of them killed."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from bot.app import App
from bot.database import DatabaseError, open_database
from bot.delivery.ledger import Ledger
from bot.scheduling.doorbell import doorbell
from tests.witness.checker import Verdict, verdict
from tests.witness.life import PAUSE, finished
from tests.witness.stage import Setting, days_ago, places, setting
from tests.witness.witness import Outside, ended, started

PATIENCE = 240.0  # seconds for everything
PLACES = (("native", "slow"), ("receiver", "fine"), ("bot", "slow"))


def plan(scene: Setting, expected: int) -> None:
    """A planner's life, until all has ended."""
    logging.disable(logging.CRITICAL)
    app = scene.app()
    with app.database.shared():
        asyncio.run(_planning(app, expected))
    os._exit(0)


async def _planning(app: App, expected: int) -> None:
    async with doorbell(app.config.database, app.database) as bell:
        scheduler = app.planner(bell)
        while not await asyncio.to_thread(finished, app.database, expected):
            with suppress(DatabaseError):
                await scheduler.tick()
            await asyncio.sleep(PAUSE)


def work(scene: Setting) -> None:
    """A worker's life, until it is asked to leave."""
    logging.disable(logging.CRITICAL)
    # Either client, as it falls; one story has both.
    app = scene.app(fast=os.getpid() % 2 == 0)
    with app.database.shared():
        asyncio.run(_working(app))
    os._exit(0)


async def _working(app: App) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with app.http, doorbell(app.config.database, app.database) as bell:
        await app.worker().run(bell, stop)


@dataclass
class Crew:
    """One story: everybody starts, some are killed and replaced, the planner ends when nothing is left."""

    witness: Outside
    folder: Path
    database: str
    dice: random.Random
    channels: int
    days: int
    left: list[int | None] = field(default_factory=list)  # how each worker ended that was asked to leave
    deaths: int = 0
    seconds: float = 0.0
    patience: float = PATIENCE

    def killed(self, workers: int, kills: int, between: tuple[float, float] = (0.5, 1.5)) -> Verdict:
        scene, expected = self._scene(), self.channels * self.days
        begun = time.monotonic()
        planner = started(plan, scene, expected)
        crew = [started(work, scene) for _ in range(workers)]
        try:
            for number in range(kills):
                planner.join(self.dice.uniform(*between))
                planner = self._kill_one(scene, expected, planner, crew, of_planner=number % 4 == 2)
            planner.join(self.patience + begun - time.monotonic())
            assert planner.exitcode == 0, "all has ended"
            self.seconds = time.monotonic() - begun
            self.left = [_asked_to_leave(each) for each in crew]
        finally:
            for each in (planner, *crew):
                ended(each)
        return self._verdict(expected)

    def _kill_one(
        self, scene: Setting, expected: int, planner: BaseProcess, crew: list[BaseProcess], *, of_planner: bool
    ) -> BaseProcess:
        if of_planner:
            self._kill(planner)
            return started(plan, scene, expected)
        victim = self.dice.randrange(len(crew))
        self._kill(crew[victim])
        crew[victim] = started(work, scene)
        return planner

    def _kill(self, process: BaseProcess) -> None:
        process.kill()
        process.join()
        self.deaths += process.exitcode == -signal.SIGKILL
        process.close()

    def _scene(self) -> Setting:
        names = [name for kind in PLACES for name in places(*kind, self.channels // len(PLACES))]
        scene = setting(self.folder, self.witness.ports, names, self.witness.pace, self.database)
        opened = open_database(scene.database)
        scene.planned_until(Ledger(opened), days_ago(self.witness.pace(), self.days))
        opened.close()
        return scene

    def _verdict(self, expected: int) -> Verdict:
        database = open_database(self.database)
        try:
            return verdict(database, self.witness.counts(), expected)
        finally:
            database.close()


def _asked_to_leave(worker: BaseProcess) -> int | None:
    worker.terminate()
    worker.join(60)
    return worker.exitcode
