"""Does this machine agree with the database about the time? One that does not must not plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.database import Database, DatabaseError

LIMIT = timedelta(seconds=30)


class ClockError(DatabaseError):
    """The clock of this machine is off; the text says by how much."""


def drift(database: Database, now: Callable[[], datetime]) -> timedelta:
    """By how much this machine is ahead of the database, at least; below zero if it is behind.

    The question takes time, and its answer was true at some moment of it: within that moment there is no drift.
    """
    before = now()
    there = database.clock()
    after = now()
    if there is None or before <= there <= after:
        return timedelta()
    return before - there if there < before else after - there


def check_clock(database: Database, now: Callable[[], datetime]) -> None:
    """Raises `ClockError` if the clocks are more than `LIMIT` apart."""
    ahead = drift(database, now)
    if abs(ahead) > LIMIT:
        which = "ahead of" if ahead > timedelta() else "behind"
        raise ClockError(
            f"the clock of this machine is {abs(ahead).total_seconds():.0f} seconds {which} the database's, so nothing is "
            f"planned or sent from here; set it (NTP does), up to {LIMIT.seconds} seconds are allowed"
        )
