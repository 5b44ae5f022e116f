"""Who carries the deliveries that are due, how many at once? Bounded, one at a time for each subscription.

A slow or hanging channel keeps its own place and no other's, and a host never has more places than are left free: alone
it gets half of them, and there is always one for another. What may not go yet is put off until it may.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.delivery.ledger import Ledger
from bot.delivery.pace import Hold, Place, Traffic
from bot.delivery.states import Delivery, State

AT_ONCE = 128  # couriers in this process; what they write at once reaches the disk together
FEWEST = 16  # deliveries that a page has at least
IN_VAIN = 512  # deliveries that a round reads on while there is room, but none for the hosts on them
MOMENT = 0.02  # seconds between the first courier that comes back and the next round
PATIENCE = timedelta(minutes=10)  # for turns that come soon, before `thisday run --once` goes home

log = logging.getLogger(__name__)
Carry = Callable[[Delivery], Awaitable[Delivery]]
Places = Callable[[Iterable[str]], Mapping[str, Place]]


def apart(names: Iterable[str]) -> Mapping[str, Place]:
    """Each subscription in a place of its own."""
    return {name: Place(name, name, name) for name in names}


@dataclass(slots=True)
class Dispatcher:
    """Hands what is due to couriers. `carry` makes one attempt, `doubt` looks after a delivery in doubt.

    `places` says where subscriptions post; `back` is told what became of those that did not get there. A delivery in doubt
    is never put off: its platform may repeat it safely for a limited time only.
    """

    ledger: Ledger
    carry: Carry
    doubt: Carry
    places: Places = apart
    traffic: Traffic = field(default_factory=Traffic)
    back: Callable[[Delivery], None] = lambda _: None
    at_once: int = AT_ONCE
    breath: timedelta = timedelta(seconds=0.2)  # between two rounds, while something due waits for a place
    waiting: bool = False  # whether something that is due found no place in the last round
    _busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _hosts: Counter[str] = field(default_factory=Counter)
    _turns: set[datetime] = field(default_factory=set)
    _read: Delivery | None = None  # up to which the list of what is due was read in vain

    async def dispatch(self, now: datetime) -> int:
        """Starts a courier for each delivery that is due, as far as there is room; says how many."""
        self.waiting = not self.room
        self._turns = {each for each in self._turns if each > now}
        if not self.room:
            return 0
        doubtful = await asyncio.to_thread(self.ledger.doubtful, now)
        started, _ = await self._page(self.doubt, doubtful, now)
        return started + await self._read_on(now)

    async def _read_on(self, now: datetime) -> int:
        """Page by page, from where the last round got to; from the beginning, once the end is reached."""
        started = vain = 0
        unread = self._read is not None  # the beginning
        while self.room and vain < IN_VAIN:
            size = max(FEWEST, self.room + self.room // 4)  # some find no room, and are read again
            page = await asyncio.to_thread(self.ledger.due, now, size, self._read)
            new, held = await self._page(self.carry, page, now)
            started, vain = started + new, 0 if new or held else vain + len(page)
            if not self.room:
                self.waiting = True
                break
            self._read = page[-1] if len(page) == size else None
            if self._read is None and not unread:
                break
            unread = unread and self._read is not None
        return started

    async def _page(self, carry: Carry, page: Sequence[Delivery], now: datetime) -> tuple[int, int]:
        """How many of these were started, and how many put off; the others found no room."""
        places = await asyncio.to_thread(self.places, {each.subscription for each in page})
        held: list[tuple[Delivery, Hold]] = []
        started = 0
        for each in page:
            place = places.get(each.subscription) or apart([each.subscription])[each.subscription]
            if each.subscription in self._busy:
                continue
            if self._hosts[place.host] >= self.room:
                self.waiting = True
                continue
            hold = self.traffic.ask(each, place, now) if each.state is State.WAITING else None
            if hold is None:
                self._start(carry, each, place)
                started += 1
            else:
                held.append((each, hold))
        if held:
            await self._put_off(held, now)
        return started, len(held)

    async def _put_off(self, held: Sequence[tuple[Delivery, Hold]], now: datetime) -> None:
        rows = [(each, hold.until, hold.why) for each, hold in held]
        await asyncio.to_thread(self.ledger.postpone, rows, now)
        self._turns |= {hold.until for _, hold in held if hold.brief and hold.until <= now + PATIENCE}

    async def idle(self, grace: float) -> None:
        """Waits until every courier has come back; after `grace` seconds those still out are called back."""
        if not self._busy:
            return
        _, late = await asyncio.wait(self._busy.values(), timeout=grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def returned(self, at_most: float | None = None) -> None:
        """Waits until couriers have come back, if any are out, and hardly longer than so many seconds.

        The first is not sent out again alone: a round costs the same for one as for those that follow in a moment.
        """
        if self._busy:
            await asyncio.wait(self._busy.values(), return_when=asyncio.FIRST_COMPLETED, timeout=at_most)
            if self._busy:
                await asyncio.sleep(MOMENT)
        elif at_most:
            await asyncio.sleep(at_most)

    @property
    def turn(self) -> datetime | None:
        """The next turn that a delivery waits for, of those that come soon."""
        return min(self._turns, default=None)

    @property
    def busy(self) -> int:
        return len(self._busy)

    @property
    def room(self) -> int:
        return max(0, self.at_once - len(self._busy))

    def _start(self, carry: Carry, delivery: Delivery, place: Place) -> None:
        name = delivery.subscription
        task = asyncio.create_task(self._run(carry, delivery), name=f"delivery {delivery.id}")
        self._busy[name] = task
        self._hosts[place.host] += 1
        task.add_done_callback(lambda _: self._is_back(delivery, place))

    def _is_back(self, delivery: Delivery, place: Place) -> None:
        self._busy.pop(delivery.subscription, None)
        self._hosts[place.host] -= 1
        if not self._hosts[place.host]:
            del self._hosts[place.host]
        self.traffic.comes_back(delivery, place)

    async def _run(self, carry: Carry, delivery: Delivery) -> None:
        try:
            after = await carry(delivery)
            if after.state is not State.DELIVERED:
                await asyncio.to_thread(self.back, after)
        except Exception:
            # The loop must live on; the ledger has the delivery in a legal state, and the sweep will find it.
            log.exception("delivery %s of %s stopped short", delivery.id, delivery.subscription)
        else:
            log.info(
                "%s %s: %s%s", after.subscription, after.slot, after.state, f" ({after.reason})" if after.reason else ""
            )
