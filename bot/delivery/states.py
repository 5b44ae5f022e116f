"""In which state can a delivery be, and which moves are legal? Pure; the ledger makes no other move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class State(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    IN_DOUBT = "in-doubt"
    DEAD = "dead"
    SKIPPED = "skipped"
    EXPIRED = "expired"


# From each state, the states a delivery may go to. A late answer may still end a skipped or doubtful one.
MOVES: dict[State, frozenset[State]] = {
    State.WAITING: frozenset({State.SENDING, State.WAITING, State.DEAD, State.SKIPPED, State.EXPIRED}),
    State.SENDING: frozenset({State.DELIVERED, State.WAITING, State.DEAD, State.IN_DOUBT, State.EXPIRED}),
    State.IN_DOUBT: frozenset({State.DELIVERED, State.WAITING, State.DEAD, State.IN_DOUBT, State.SENDING}),
    State.DEAD: frozenset({State.WAITING}),
    State.SKIPPED: frozenset({State.DELIVERED}),
    State.EXPIRED: frozenset({State.WAITING}),
    State.DELIVERED: frozenset(),
}
ENDS = frozenset({State.DELIVERED, State.DEAD, State.SKIPPED, State.EXPIRED})


def legal(before: State, after: State) -> bool:
    return after in MOVES[before]


@dataclass(frozen=True, slots=True)
class Delivery:
    """The promise of one edition to one subscription for one day and part.

    `run` is empty for a scheduled delivery and names the hand-made ones, so that neither eats the other's slot.
    `fence` rises with each claim; an answer counts only if it carries the fence of its claim.
    """

    id: int
    subscription: str
    day: date
    part: int
    run: str
    state: State
    due_at: datetime
    next_at: datetime
    expires_at: datetime
    fence: int = 0
    attempts: int = 0
    lease_until: datetime | None = None
    first_tried: datetime | None = None
    message: str = ""
    reason: str = ""
    receipt_id: str = ""
    receipt_url: str = ""

    @property
    def slot(self) -> str:
        """What the idempotency key is made of, with the part: the day, and the run of a post made by hand."""
        return f"{self.day}/{self.run}" if self.run else str(self.day)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a delivery, written down before it leaves. `outcome` is empty while it is under way."""

    delivery: int
    number: int
    fence: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str = ""
    detail: str = ""
