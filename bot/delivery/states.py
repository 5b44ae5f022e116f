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


# From each state, the states a delivery may go to. Everything may still turn out to be delivered: a late answer that
# carries the fence of the last claim is the truth, whatever was thought in the meantime.
MOVES: dict[State, frozenset[State]] = {
    State.WAITING: frozenset({State.SENDING, State.WAITING, State.DELIVERED, State.DEAD, State.SKIPPED, State.EXPIRED}),
    State.SENDING: frozenset({State.DELIVERED, State.WAITING, State.DEAD, State.IN_DOUBT, State.EXPIRED}),
    State.IN_DOUBT: frozenset(
        {State.SENDING, State.DELIVERED, State.WAITING, State.DEAD, State.IN_DOUBT, State.EXPIRED},
    ),
    State.DEAD: frozenset({State.WAITING, State.DELIVERED}),
    State.SKIPPED: frozenset({State.DELIVERED}),
    State.EXPIRED: frozenset({State.WAITING, State.DELIVERED}),
    State.DELIVERED: frozenset(),
}
ENDS = frozenset({State.DELIVERED, State.DEAD, State.SKIPPED, State.EXPIRED})
EDIT, ERRATUM = "edit-", "erratum-"  # how the run of a correction begins: in place, or as a post of its own


def legal(before: State, after: State) -> bool:
    return after in MOVES[before]


@dataclass(frozen=True, slots=True)
class Delivery:
    """The promise of one edition to one subscription for one day and part.

    `run` is empty for a scheduled delivery and names the hand-made ones, so that neither eats the other's slot.
    `fence` rises with each claim; an answer counts only if it carries the fence of its claim. `next_at` is when somebody
    must look again, None at an end or while a person is waited for. `first_tried` is set while an earlier attempt may
    have got there: never for what is waiting, always for what is in doubt. `corrects` is the delivery whose post a
    correction mends. `message` is the key of its words in the ledger, empty as long as nothing was composed.
    """

    id: int
    subscription: str
    day: date
    part: int
    run: str
    state: State
    due_at: datetime
    next_at: datetime | None
    expires_at: datetime
    fence: int = 0
    attempts: int = 0
    lease_until: datetime | None = None
    first_tried: datetime | None = None
    message: str = ""
    reason: str = ""
    receipt_id: str = ""
    receipt_url: str = ""
    corrects: int | None = None

    @property
    def slot(self) -> str:
        """What the idempotency key is made of, with the part: the day, and the run of a post made by hand."""
        return f"{self.day}/{self.run}" if self.run else str(self.day)

    @property
    def edits(self) -> bool:
        """Whether it changes a post in place, instead of posting one."""
        return self.corrects is not None and self.run.startswith(EDIT)


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery to be opened: waiting, or skipped or expired from the start with its reason.

    A notice and a correction come with their words.
    """

    subscription: str
    day: date
    due_at: datetime
    expires_at: datetime
    run: str = ""
    part: int = 1
    state: State = State.WAITING
    reason: str = ""
    message: str = ""
    corrects: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a delivery. `pause` stops its subscription as well, until a person resumes it."""

    state: State
    next_at: datetime | None = None
    reason: str = ""
    pause: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a delivery, written down before it leaves. `outcome` is empty while it is under way.

    A try that ended before its claim has the fence 0: nothing of it can have left.
    """

    delivery: int
    number: int
    fence: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str = ""
    detail: str = ""
