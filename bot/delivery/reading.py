"""How does a row become a delivery again?"""

from __future__ import annotations

from datetime import date, datetime

from bot.database import Row, instant
from bot.delivery.states import Attempt, Delivery, State


def moment(stored: int | None) -> datetime | None:
    return None if stored is None else instant(stored)


def delivery_from(row: Row) -> Delivery:
    return Delivery(
        id=row["id"],
        subscription=row["subscription"],
        day=date.fromisoformat(row["day"]),
        part=row["part"],
        run=row["run"],
        state=State(row["state"]),
        due_at=instant(row["due_at"]),
        next_at=moment(row["next_at"]),
        expires_at=instant(row["expires_at"]),
        fence=row["fence"],
        attempts=row["attempts"],
        lease_until=moment(row["lease_until"]),
        first_tried=moment(row["first_tried"]),
        message=row["message"],
        reason=row["reason"],
        receipt_id=row["receipt_id"],
        receipt_url=row["receipt_url"],
        corrects=row["corrects"],
    )


def attempt_from(row: Row) -> Attempt:
    return Attempt(
        delivery=row["delivery"],
        number=row["number"],
        fence=row["fence"],
        started_at=instant(row["started_at"]),
        ended_at=moment(row["ended_at"]),
        outcome=row["outcome"],
        detail=row["detail"],
    )
