"""What is one life of a program? A process that plans, sweeps and sends as `thisday run` does, until it has no more to do.

Only the bell is another: rounds follow each other at once, since the clock runs faster than APScheduler's.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import nullcontext, suppress
from multiprocessing.connection import Connection

from bot.app import App
from bot.database import Database, DatabaseError
from bot.scheduling.scheduler import Scheduler
from tests.witness.stage import Setting

PAUSE = 0.02  # seconds between two rounds
_OPEN = "SELECT COUNT(*) AS number FROM delivery WHERE next_at IS NOT NULL"
_ALL = "SELECT COUNT(*) AS number FROM delivery"


def live(setting: Setting, expected: int, ready: Connection, alone: bool = True) -> None:  # noqa: FBT001, FBT002  # a process gets no keywords
    """Lives until all that is expected has ended; `alone` holds the database as the command does."""
    logging.disable(logging.CRITICAL)
    # Either client, as it falls; one story has both.
    app = setting.app(fast=os.getpid() % 2 == 0)
    with app.database.exclusive() if alone else nullcontext():
        asyncio.run(until(app, lambda: finished(app.database, expected), lambda: ready.send_bytes(b"sends")))
    app.database.close()
    os._exit(0)


async def until(app: App, done: Callable[[], bool], begun: Callable[[], None] = lambda: None) -> None:
    """Rounds until it is done; `begun` is called after the first."""
    scheduler = app.scheduler()
    async with app.http:
        await _round(scheduler)
        begun()
        while not done():
            await _round(scheduler)
        await scheduler.dispatcher.idle(10)


async def _round(scheduler: Scheduler) -> None:
    with suppress(DatabaseError):  # as with the real bell: a round that fails is followed by the next
        await scheduler.tick()
    await asyncio.sleep(PAUSE)


def finished(database: Database, expected: int) -> bool:
    """Whether all is opened and nothing is left that anybody must look at again."""
    opened = database.fetch(_ALL)[0]["number"]
    return opened >= expected and not database.fetch(_OPEN)[0]["number"]
