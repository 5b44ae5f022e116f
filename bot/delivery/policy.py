"""After this outcome: again and when, give up, or ask? The one retry authority; pure, with clock and jitter given."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

from bot.channels import Doubt, Failure, InDoubt, Receipt, Refused, Scope, Throttled
from bot.delivery.states import Decision, Delivery, State

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
DOUBT_FOR = timedelta(days=1)  # how long the program tries to settle a doubt before a person has to
EDITED = Doubt(repeat_within=DOUBT_FOR)  # the same edit twice is one
RISKED = 3  # attempts where a repeat may double the post, even if its owner prefers that to a gap

# Standard Webhooks: the waits before the attempts 1 to 10.
SCHEDULE = (
    timedelta(),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
SCHEDULES = {"webhook": SCHEDULE}


class Remedy(Enum):
    """What can be done about a post that may have got there."""

    LOOK = auto()
    REPEAT = auto()
    HOLD = auto()


def backoff(attempt: int, jitter: float) -> timedelta:
    """After how long to try again when `attempt` tries have failed: doubling, bounded, up to a quarter sooner."""
    doublings = min(attempt - 1, 16)  # beyond that the bound holds anyway
    wait: timedelta = min(FIRST_WAIT * 2**doublings, LONGEST_WAIT)
    return wait * (1 - jitter / 4)


def webhook_wait(attempt: int) -> timedelta | None:
    """The wait before an attempt, counted from 1, by Standard Webhooks; None after the last."""
    return SCHEDULE[attempt - 1] if attempt <= len(SCHEDULE) else None


def wait_after(attempt: int, kind: str, jitter: float) -> timedelta | None:
    """The wait after `attempt` failed tries on a kind of channel; None when its schedule is at its end."""
    schedule = SCHEDULES.get(kind)
    if schedule is None:
        return backoff(attempt, jitter)
    return schedule[attempt] if attempt < len(schedule) else None


def after(failure: Failure, delivery: Delivery, now: datetime, jitter: float, kind: str, doubt: Doubt) -> Decision:
    """What a failure makes of a delivery; `delivery.attempts` counts the failed one too."""
    if isinstance(failure, InDoubt) or delivery.first_tried is not None:
        return _doubtful(failure, delivery, now, jitter, doubt)
    if isinstance(failure, Refused):
        return Decision(State.DEAD, None, failure.why, pause=_stops(failure))
    wait = _wait(failure, delivery.attempts, kind, jitter)
    if wait is None:
        return Decision(State.DEAD, None, f"{failure.why}; given up after {delivery.attempts} attempts")
    if now + wait >= delivery.expires_at:
        return Decision(State.EXPIRED, None, f"{failure.why}; {_too_late(failure, now + wait, delivery)}")
    return Decision(State.WAITING, now + wait, failure.why)


def delivered(receipt: Receipt) -> Decision:
    return Decision(State.DELIVERED, None, receipt.note)


def not_found(delivery: Delivery, now: datetime) -> Decision:
    """The platform surely does not have the post."""
    if now >= delivery.expires_at:
        return Decision(State.EXPIRED, None, "it did not get there, and now it is too late")
    return Decision(State.WAITING, now, "it did not get there")


def counted_elsewhere(delivery: Delivery, now: datetime, jitter: float) -> Decision:
    """Its answer names a post that a look has counted for another delivery with the same words.

    That one is done, so whether its post got there is now the doubt of this one.
    """
    wait = backoff(delivery.attempts + 1, jitter)
    return Decision(State.IN_DOUBT, now + wait, "its post was counted for another one that reads the same")


def remedy(delivery: Delivery, doubt: Doubt, now: datetime, *, finds: bool, repeat: bool) -> Remedy:
    """Look where the platform can be asked, repeat where that is safe or wished, else leave it to a person."""
    since = now - (delivery.first_tried or now)
    risked = repeat and delivery.attempts < RISKED and now < delivery.expires_at
    if finds and (since < DOUBT_FOR or risked):
        return Remedy.LOOK
    if doubt.repeat_within is not None and since < min(doubt.repeat_within, DOUBT_FOR):
        return Remedy.REPEAT
    return Remedy.REPEAT if risked else Remedy.HOLD


def _doubtful(failure: Failure, delivery: Delivery, now: datetime, jitter: float, doubt: Doubt) -> Decision:
    """An earlier attempt may have got there, and no answer to a later one changes that."""
    if isinstance(failure, Refused):
        return Decision(State.IN_DOUBT, None, failure.why, pause=_stops(failure))
    named = failure.wait if isinstance(failure, Throttled) and failure.wait else timedelta()
    wait = max(doubt.quiet, named, backoff(max(delivery.attempts, 1), jitter))
    return Decision(State.IN_DOUBT, now + wait, failure.why)


def _wait(failure: Failure, attempts: int, kind: str, jitter: float) -> timedelta | None:
    if isinstance(failure, Throttled) and failure.wait is not None:
        return failure.wait + jitter * max(timedelta(seconds=1), failure.wait / 10)  # never sooner than was asked
    return wait_after(max(attempts, 1), kind, jitter)


def _stops(refusal: Refused) -> bool:
    return refusal.lasting and refusal.scope is not Scope.MESSAGE


def _too_late(failure: Failure, again: datetime, delivery: Delivery) -> str:
    who = "the platform asks to wait until" if isinstance(failure, Throttled) else "the next try would be at"
    return f"{who} {again:%d %b %H:%M} UTC, and after {delivery.expires_at:%d %b %H:%M} UTC this post is too late"
