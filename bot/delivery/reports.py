"""What does the ledger show to people? Reads only, so that it works beside a running thisday."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from bot.database import Database
from bot.delivery import statements as sql
from bot.delivery.reading import attempt_from, delivery_from
from bot.delivery.states import Attempt, Delivery, State


@dataclass(frozen=True, slots=True)
class Told:
    """A delivery and everything that was tried for it."""

    delivery: Delivery
    attempts: tuple[Attempt, ...]


def get(database: Database, delivery_id: int) -> Delivery | None:
    rows = database.fetch(sql.DELIVERY, {"id": delivery_id})
    return delivery_from(rows[0]) if rows else None


def find(
    database: Database,
    *,
    day: date | None = None,
    subscription: str = "",
    state: State | None = None,
    limit: int = 100,
) -> list[Delivery]:
    """The latest deliveries that match, newest first."""
    asked = {"day": str(day) if day else "", "subscription": subscription, "state": state or "", "limit": limit}
    return [delivery_from(row) for row in database.fetch(sql.FIND, asked)]


def text(database: Database, key: str) -> str:
    """The message of this key."""
    return str(database.fetch(sql.MESSAGE, {"key": key})[0]["text"])


def texts(database: Database, deliveries: Iterable[Delivery]) -> dict[str, str]:
    """The messages of deliveries by their keys."""
    return {key: text(database, key) for key in {each.message for each in deliveries} if key}


def attempts(database: Database, delivery_id: int) -> tuple[Attempt, ...]:
    return tuple(attempt_from(row) for row in database.fetch(sql.ATTEMPTS, {"id": delivery_id}))


def history(database: Database, day: date, subscription: str) -> list[Told]:
    """All deliveries of a subscription for a day, scheduled and made by hand, with their attempts."""
    rows = database.fetch(sql.HISTORY, {"subscription": subscription, "day": str(day)})
    return [Told(delivery_from(row), attempts(database, row["id"])) for row in rows]


def counts(database: Database) -> dict[State, int]:
    """How many deliveries are in each state, zeros included."""
    found = {row["state"]: row["number"] for row in database.fetch(sql.COUNTS)}
    return {state: found.get(state, 0) for state in State}
