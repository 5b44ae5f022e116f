"""How does a test post to a peer? Through a ledger and a courier, as thisday does, or one conversation by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from bot.channels import (
    Answer,
    Channel,
    Claim,
    Conversation,
    Direct,
    Finds,
    InDoubt,
    Learns,
    Post,
    R,
    Receipt,
    Request,
    Wait,
    key_for,
)
from bot.channels._http import Http, unclaimed
from bot.delivery import corrections, reports
from bot.delivery.ledger import Ledger
from bot.delivery.states import Delivery
from bot.rendering.message import Message
from tests.delivery.fakes import Clock, Composer, World

_NUMBERS = count(1)


@dataclass
class Network:
    """The real way to a server on this machine. Where it is `lossy`, the answer to what publishes never arrives."""

    lossy: bool = False

    async def run(self, conversation: Conversation[R], claim: Claim = unclaimed, /) -> R:
        async with Http(allow_private=True) as http:
            return await http.run(losing(conversation) if self.lossy else conversation, claim)


def losing(conversation: Conversation[R]) -> Generator[Request | Wait, Answer, R]:
    """The same conversation up to the answer of the request that publishes: the server has said it, nobody has heard it."""
    try:
        step = next(conversation)
        while True:
            answer = yield step
            if isinstance(step, Request) and step.commits:
                raise InDoubt("the answer was lost")
            step = conversation.send(answer)
    except StopIteration as end:
        result: R = end.value
        return result


@dataclass
class Office:
    """A ledger, a courier and one channel; every office has a subscription of its own."""

    channel: Channel
    ledger: Ledger

    def __post_init__(self) -> None:
        self.name = f"peer-{next(_NUMBERS)}"
        self.network = Network()
        self.world = World(self.ledger, clock=Clock(datetime.now(UTC)))
        self.world.courier = self._courier([])

    def _courier(self, said: Sequence[Message]) -> Any:
        courier = self.world.courier
        return type(courier)(self.ledger, self.network, Composer(list(said)), self.world.clock, lambda: 0.0)

    def deliver(self, said: Sequence[Message], *, lossy: bool = False, minutes: int = 0) -> list[Delivery]:
        """Posts the parts of a message; `minutes` are for what is to be settled then."""
        self.world.courier = self._courier(said)
        delivery = self.world.opened(self.name)
        self.network.lossy = lossy
        asyncio.run(self.world.courier.deliver(delivery, self.channel))
        self.network.lossy = False
        asyncio.run(self.world.live(self.channel, max(minutes, len(said))))
        return sorted(reports.find(self.ledger.database), key=lambda each: each.part)

    def correct(self, said: Sequence[Message]) -> list[Delivery]:
        """Puts right what was posted, as `thisday correct` does; nothing, where readers have been told so."""
        told = reports.find(self.ledger.database)
        (posting,) = corrections.postings(told, reports.texts(self.ledger.database, told))
        if corrections.can_edit(self.channel, posting):
            wanted = corrections.in_place(posting, said)
        else:
            wanted = corrections.beside(posting, said, said, "A test")
        opened = corrections.opened(self.ledger, wanted, self.world.clock())
        return [asyncio.run(self.world.courier.deliver(each, self.channel)) for each in opened]


def post(message: Message, **more: Any) -> Post:
    """A post that no other test makes."""
    now = datetime.now(UTC)
    slot = f"{now:%Y-%m-%d}"
    key = key_for("peer", f"post-{next(_NUMBERS)}/{slot}", message.part)
    return Post(**{"message": message, "key": key, "slot": slot, "now": now, "due": now, **more})


def send(channel: Channel, post: Post) -> Receipt:
    """One attempt. A failure is raised as it is."""

    async def attempt() -> Receipt:
        if isinstance(channel, Direct):
            return await channel.deliver(post, unclaimed)
        facts = await Network().run(channel.learn()) if isinstance(channel, Learns) else {}
        return await Network().run(channel.post(post, facts))

    return asyncio.run(attempt())


def find(channel: Channel, post: Post) -> Receipt | None:
    assert isinstance(channel, Finds)
    return ask(channel.find(post, {}))


def ask(conversation: Conversation[R]) -> R:
    return asyncio.run(Network().run(conversation))
