"""How do many machines share the work? The planner rings a doorbell for what is due; whoever hears it looks into the ledger.

A ring says which deliveries to look at, and nothing else. It may be lost, doubled, late or out of order: the ledger lets one
courier through, and what is still due is rung for again. So a ring is not written together with its deliveries either: a
planner that dies between the two has lost a ring, which is nothing.

Where a platform counts what an account sends, one worker after the other has that account, and each takes over what was
sent before it. If the bell lets two at it after all, the platform says so, and they wait.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.channels import Scope
from bot.database import Database, micros
from bot.database.clock import check_clock
from bot.delivery import statements as sql
from bot.delivery.facts import facts, keep_facts
from bot.delivery.ledger import Ledger
from bot.delivery.pace import Noted, Place, Traffic
from bot.delivery.reading import delivery_from
from bot.delivery.states import Delivery
from bot.scheduling.dispatch import Dispatcher, Places, apart

SHARD = 500  # deliveries of one host, at most: some seconds of work, which is lost time if its worker dies
AGAIN = timedelta(seconds=30)  # until a ring counts as lost, if its deliveries are still due
LOST = timedelta(hours=1)  # the same, while the bell has rings that nobody has heard
PAGE = 5_000  # deliveries that the planner reads at once
GRACE = 30.0  # seconds that couriers under way get when a worker is asked to stop


@dataclass(frozen=True, slots=True)
class Shard:
    """The numbers of deliveries; `account` is whose limit they share, if their platform counts by account."""

    numbers: tuple[int, ...]
    account: str = ""


class Doorbell(Protocol):
    """Carries shards from planners to workers, each to one of them if all goes well. It promises nothing.

    It tries not to hand out two shards of one account at once.
    """

    async def ring(self, shards: Sequence[Shard]) -> None: ...

    async def answer(self, carry: Callable[[Shard], Awaitable[None]]) -> None:
        """Carries what is rung for, until it is cancelled; a shard that was carried is forgotten by the bell."""
        ...

    async def forget(self) -> bool:
        """Rings that a worker took with it when it died can be heard again; says whether any wait to be heard."""
        ...


@dataclass(slots=True)
class Ringer:
    """In the planner's scheduler, in the place of a dispatcher: rings for what is due instead of sending it.

    Each delivery is rung for when it has become due, and once more after `again` if it still is. While the bell has rings
    that nobody has heard, it is rung for again after `LOST` only: a crowded hour must not pile up rings for what waits.
    """

    ledger: Ledger
    bell: Doorbell
    places: Places = apart
    again: timedelta = AGAIN
    breath: timedelta = timedelta(seconds=1)  # what is due stays so until a worker has it
    waiting: bool = False
    busy: int = 0
    turn: datetime | None = None
    _begun: datetime | None = None  # when all that is due was last rung for
    _last: Delivery | None = None  # up to which it was, since

    async def dispatch(self, now: datetime) -> int:
        """Rings; says for how many deliveries."""
        found: list[Delivery] = []
        if await self._again(now):
            self._begun, self._last = now, None
            found += await asyncio.to_thread(self.ledger.doubtful, now, PAGE)
        while page := await asyncio.to_thread(self.ledger.due, now, PAGE, self._last):
            found += page
            self._last = page[-1]
        if found:
            await self.bell.ring(await asyncio.to_thread(self._shards, found))
        return len(found)

    async def _again(self, now: datetime) -> bool:
        """Whether what was rung for and is still due may be taken for lost."""
        since = None if self._begun is None else now - self._begun
        if since is not None and timedelta() <= since < self.again:
            return False
        unheard = await self.bell.forget()
        return since is None or not (unheard and timedelta() <= since < LOST)

    async def idle(self, grace: float) -> None:
        """Nothing is out: what was rung for is in the ledger."""

    async def returned(self, at_most: float | None = None) -> None:
        await asyncio.sleep(at_most or 0)

    def _shards(self, found: Sequence[Delivery]) -> list[Shard]:
        places = self.places({each.subscription for each in found})
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for each in found:
            place = places.get(each.subscription)
            groups[(place.host, _account(place)) if place else ("", "")].append(each.id)
        return [Shard(ids, account) for (_, account), every in groups.items() for ids in _cut(every)]


def _account(place: Place) -> str:
    counted = place.pace.account is not None or place.pace.named is Scope.ACCOUNT
    return place.account if counted else ""


def _cut(ids: Sequence[int]) -> Iterator[tuple[int, ...]]:
    for start in range(0, len(ids), SHARD):
        yield tuple(ids[start : start + SHARD])


class Among(Ledger):
    """The ledger, as far as a shard goes: nothing else is due."""

    def __init__(self, database: Database, shard: Shard) -> None:
        super().__init__(database)
        self._due, self._doubtful = sql.due_among(shard.numbers), sql.doubtful_among(shard.numbers)

    def due(self, now: datetime, limit: int, after: Delivery | None = None) -> list[Delivery]:
        last = (micros(after.next_at), after.id) if after and after.next_at else (0, 0)
        moment = {"now": micros(now), "limit": limit, "after": last[0], "after_id": last[1]}
        return [delivery_from(row) for row in self.database.fetch(self._due, moment)]

    def doubtful(self, now: datetime, limit: int = SHARD) -> list[Delivery]:
        rows = self.database.fetch(self._doubtful, {"now": micros(now), "limit": limit})
        return [delivery_from(row) for row in rows]


@dataclass(slots=True)
class Worker:
    """Carries the shards it hears of. `dispatcher` makes one for a shard; they share the `traffic` of this process."""

    dispatcher: Callable[[Ledger], Dispatcher]
    database: Database
    now: Callable[[], datetime]
    traffic: Traffic = field(default_factory=Traffic)
    _leaving: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, bell: Doorbell, stop: asyncio.Event) -> None:
        """Until `stop` is set; then nothing new is begun, and couriers under way get a little time to finish."""
        answering = asyncio.create_task(bell.answer(self.carry))
        leaving = asyncio.create_task(stop.wait())
        await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        self._leaving.set()
        leaving.cancel()
        if answering.done():
            answering.result()  # a bell never stops by itself: it fails
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)

    async def carry(self, shard: Shard) -> None:
        """Everything of a shard that may go now. What must wait, or fails, will be rung for again when its time comes."""
        await asyncio.to_thread(check_clock, self.database, self.now)
        dispatcher = self.dispatcher(Among(self.database, shard))
        await self._take_over(shard.account)
        try:
            while not self._leaving.is_set() and (await dispatcher.dispatch(self.now()) or dispatcher.busy):
                await dispatcher.returned()
        finally:
            await dispatcher.idle(GRACE)
            await self._hand_on(shard.account)

    async def _take_over(self, account: str) -> None:
        known = await asyncio.to_thread(facts, self.database, account) if account else None
        if known:
            self.traffic.take_over(account, Noted.of(known.values))

    async def _hand_on(self, account: str) -> None:
        if account:
            noted = self.traffic.noted(account).values()
            await asyncio.to_thread(keep_facts, self.database, account, noted, self.now())
