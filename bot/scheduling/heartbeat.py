"""Is thisday running? Each round leaves a sign of life in the database; who looks finds it fresh, old, or not there."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib.metadata import version

from bot import __version__
from bot.database import Database
from bot.delivery.facts import Facts, facts, keep_facts

NAME = "heartbeat"
TICK = timedelta(seconds=15)
ALIVE = 3 * TICK  # a round may take a while, and one may fail


def beat(database: Database, now: datetime, coming: datetime | None) -> None:
    """Also tells by which rules of time zones the hours are reckoned, and when the next post is due."""
    told = {"version": __version__, "tzdata": version("tzdata"), "next": coming.isoformat() if coming else None}
    keep_facts(database, NAME, told, now)


def last(database: Database) -> Facts | None:
    return facts(database, NAME)


def is_alive(sign: Facts | None, now: datetime) -> bool:
    return sign is not None and now - sign.at <= ALIVE
