"""What can go wrong between us and a platform? One behaviour for each; most of them strike only a place's first request."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.witness.memory import Memory
from tests.witness.personalities import accept, place_of
from tests.witness.wire import Asked, Line, Reply

TIMEOUT = 20.0  # seconds that a request may take, by the shipped platforms
QUIET = 90.0  # seconds before anybody looks
Fault = Callable[["Strike"], Awaitable[Reply | None]]


@dataclass(frozen=True)
class Strike:
    """One request that is about to go wrong. Times are divided by `speed`; `dice` are the seed's."""

    memory: Memory
    line: Line
    head: Asked
    speed: float
    dice: random.Random

    async def accepted(self, work: float = 0.0) -> Reply:
        return await accept(self.memory, await self.whole(), work / self.speed)

    async def whole(self) -> Asked:
        return await self.line.rest(self.head)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)


async def fine(strike: Strike) -> Reply:
    """At work for up to most of the client's timeout, and again before the answer comes."""
    work = strike.dice.uniform(0, TIMEOUT * 0.4)
    reply = await strike.accepted(work)
    await strike.sleep(strike.dice.uniform(0, TIMEOUT * 0.4))
    return reply


async def calm(strike: Strike) -> Reply:
    """Slow enough to be caught by a kill, far too quick to be given up, even on a busy machine."""
    reply = await strike.accepted(strike.dice.uniform(0, TIMEOUT * 0.15))
    await strike.sleep(strike.dice.uniform(0, TIMEOUT * 0.15))
    return reply


async def prompt(strike: Strike) -> Reply:
    return await strike.accepted()


async def reset_headers(strike: Strike) -> None:
    strike.line.reset()


async def reset_body(strike: Strike) -> None:
    """Published or not, as the dice fall: the answer is lost."""
    if strike.dice.random() < 0.5:
        await strike.accepted()
    else:
        await strike.whole()
    strike.line.reset()


async def half_answer(strike: Strike) -> None:
    reply = (await strike.accepted()).encoded()
    await strike.line.send(reply[: len(reply) // 2])
    strike.line.close()


async def late_answer(strike: Strike) -> Reply:
    reply = await strike.accepted()
    await strike.sleep(TIMEOUT * 1.5)
    return reply


async def late_acceptance(strike: Strike) -> Reply:
    """The client has long hung up when the post appears."""
    return await strike.accepted(work=QUIET * 0.7)


async def at_the_timeout(strike: Strike) -> Reply:
    """Published anywhere up to the client's timeout, answered about when it hangs up."""
    work = strike.dice.uniform(0, TIMEOUT)
    reply = await strike.accepted(work)
    await strike.sleep(max(0.0, strike.dice.uniform(TIMEOUT * 0.5, TIMEOUT * 1.1) - work))
    return reply


def throttled(*waits: Callable[[], str]) -> Fault:
    async def behave(strike: Strike) -> Reply:
        await strike.whole()
        return Reply(429, {"error": "ratelimited", "ok": False}, [("retry-after", wait()) for wait in waits])

    return behave


def _date() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)


async def server_error(strike: Strike) -> Reply:
    await strike.accepted()
    return Reply(500, {"error": "it is published all the same"})


async def error_body(strike: Strike) -> Reply:
    """Status 200, and the body says no. To a webhook's receiver the status is all there is: it has taken the message."""
    if place_of(strike.head).startswith("receiver"):
        await strike.accepted()
    else:
        await strike.whole()
    return Reply(200, {"ok": False, "error": "internal_error"})


async def redirect(strike: Strike) -> Reply:
    await strike.whole()
    return Reply(307, "", [("location", "/elsewhere")])


async def drip(strike: Strike) -> None:
    await strike.accepted()
    await strike.line.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while True:
        await strike.line.send(b"x")
        await strike.sleep(1)


async def endless(strike: Strike) -> None:
    await strike.accepted()
    await strike.line.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        await strike.line.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


async def held(strike: Strike) -> Reply:
    """Published at once; the answer is kept back until the test says so."""
    reply = await strike.accepted()
    await strike.memory.released.wait()
    return reply


async def held_back(strike: Strike) -> Reply:
    """Not published before the test says so."""
    asked = await strike.whole()
    await strike.memory.released.wait()
    return await accept(strike.memory, asked, 0)


ONCE: dict[str, Fault] = {
    "resetheaders": reset_headers,
    "resetbody": reset_body,
    "halfanswer": half_answer,
    "lateanswer": late_answer,
    "lateacceptance": late_acceptance,
    "seconds": throttled(lambda: "2"),
    "date": throttled(_date),
    "fraction": throttled(lambda: "0.5"),
    "twoheaders": throttled(lambda: "1", _date),
    "servererror": server_error,
    "errorbody": error_body,
    "redirect": redirect,
    "drip": drip,
    "endless": endless,
    "held": held,
    "heldback": held_back,
}
ALWAYS: dict[str, Fault] = {"calm": calm, "fine": fine, "prompt": prompt, "slow": at_the_timeout}
# What random trouble is made of: all that leaves the post where a program can still settle it by itself.
PASSING = ("resetheaders", "resetbody", "halfanswer", "lateanswer", "lateacceptance", "seconds", "fraction", "servererror")


TROUBLE = 0.3  # of the requests of a place in trouble
RARE = 0.1  # where the waits between tries are those of Standard Webhooks, five minutes and half an hour


def fault_for(place: str, tries: int, dice: random.Random) -> Fault:
    """The behaviour for one request: `place` names it; what strikes once is fine from the second request on."""
    name = place.split("-")[1]
    if name == "trouble":
        often = RARE if place.startswith("receiver") else TROUBLE
        return ONCE[dice.choice(PASSING)] if dice.random() < often else fine
    return ALWAYS[name] if name in ALWAYS else ONCE[name] if tries == 1 else prompt
