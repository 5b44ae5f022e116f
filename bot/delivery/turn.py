"""How does a delivery that a person asked for keep to the limits of platforms? It waits for its turn, if that comes soon."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from bot.channels import Channel
from bot.delivery.courier import Courier
from bot.delivery.pace import place_of
from bot.delivery.states import Delivery

SOON = timedelta(minutes=10)
TOLD = timedelta(seconds=2)  # a wait that is worth a word
BREATH = timedelta(milliseconds=10)


async def in_turn(
    courier: Courier,
    delivery: Delivery,
    channel: Channel,
    tell: Callable[[str], None],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Delivery:
    """One attempt, as soon as the platform takes one more post; `tell` is told why it waits.

    What is not its turn in `SOON`, or what the platform or its host has put off, stays open with its reason, as when the
    dispatcher puts it off.
    """
    place, left = place_of(channel), SOON
    while hold := courier.traffic.ask(delivery, place, now := courier.now()):
        wait = max(hold.until - now, BREATH)
        if not hold.brief or wait > left:
            await courier.ledger.desk.do(courier.ledger.postpone, [(delivery, hold.until, hold.why)], now)
            return replace(delivery, next_at=hold.until, reason=hold.why)
        left -= wait
        if wait > TOLD:
            tell(hold.why)
        await sleep(wait.total_seconds())
    try:
        return await courier.deliver(delivery, channel)
    finally:
        courier.traffic.comes_back(delivery, place)
