"""Who gets nothing for now, since when, and does the owner know?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.database import Database, Row, instant, micros
from bot.delivery import statements as sql
from bot.delivery.reading import moment

PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Pause:
    """`by` is "platform" after a lasting refusal, else the person. `told` is when the owner was told."""

    subscription: str
    reason: str
    by: str
    since: datetime
    told: datetime | None = None


def pause(database: Database, subscription: str, reason: str, by: str, now: datetime) -> bool:
    """Stops a subscription; False if it stood still already (the first reason stays)."""
    asked = {"subscription": subscription, "reason": reason, "by_whom": by, "now": micros(now)}
    return _write(database, sql.PAUSE, asked) == 1


def resume(database: Database, subscription: str) -> bool:
    """What waited and is not too late goes out; False if there was no pause."""
    return _write(database, sql.RESUME, {"subscription": subscription}) == 1


def paused(database: Database) -> dict[str, Pause]:
    return {row["subscription"]: _pause(row) for row in database.fetch(sql.PAUSED)}


def untold(database: Database) -> list[Pause]:
    """The pauses that a platform caused and of which the owner does not know."""
    return [_pause(row) for row in database.fetch(sql.UNTOLD)]


def tell(database: Database, subscription: str, now: datetime) -> bool:
    """Notes that the owner knows; True for the one who was first, so that he is told once."""
    return _write(database, sql.TOLD, {"subscription": subscription, "now": micros(now)}) == 1


def _write(database: Database, statement: str, parameters: Row) -> int:
    with database.transaction() as tx:
        tx.execute(statement, parameters)
        return tx.changed


def _pause(row: Row) -> Pause:
    return Pause(row["subscription"], row["reason"], row["by_whom"], instant(row["since"]), moment(row["told"]))
