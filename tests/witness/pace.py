"""How does a test live through hours in seconds? By a clock that runs faster, with every wait shortened alike.

The leases, quiet periods and timeouts stay those that are shipped; only the second is shorter.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bot.channels import Claim, Conversation, R, Request, Wait
from bot.channels._http import Http, unclaimed

SPEED = 60.0  # a minute in a second


@dataclass(frozen=True)
class Pace:
    """The one clock of the witness and of every process beside it. Called, it tells the time."""

    speed: float = SPEED
    origin: float = field(default_factory=time.time)

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.origin, UTC) + timedelta(seconds=(time.time() - self.origin) * self.speed)


@dataclass
class Hand:
    """A clock that moves when it is told to, and tells the witness."""

    told: Callable[[datetime], None]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)
        self.told(self.at)


class Hurried(Http):
    """The real driver over real sockets; each of its waits is so many times shorter."""

    def __init__(self, now: Callable[[], datetime], speed: float = SPEED, *, fast: bool = False) -> None:
        super().__init__(allow_private=True, now=now, verify=_trust(), fast=fast)
        self.speed = speed

    async def run(self, conversation: Conversation[R], claim: Claim = unclaimed) -> R:
        return await super().run(_hurried(conversation, self.speed), claim)


@lru_cache
def _trust() -> ssl.SSLContext:
    """What is trusted by default; read once, since that takes longer than a post."""
    return ssl.create_default_context()


def _hurried(conversation: Conversation[R], speed: float) -> Conversation[R]:
    try:
        step = next(conversation)
        while True:
            answer = yield _shorter(step, speed)
            step = next(conversation) if isinstance(step, Wait) else conversation.send(answer)
    except StopIteration as end:
        result: R = end.value
        return result
    finally:
        conversation.close()


def _shorter(step: Request | Wait, speed: float) -> Request | Wait:
    return Wait(step.seconds / speed) if isinstance(step, Wait) else replace(step, timeout=step.timeout / speed)
