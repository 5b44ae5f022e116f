"""Who carries the deliveries that are due, how many at once? Bounded, one at a time for each subscription.

A slow or hanging channel keeps its own place and no other's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.delivery.ledger import Ledger
from bot.delivery.states import Delivery

AT_ONCE = 64  # couriers in this process; more sockets than that gain little on one machine

log = logging.getLogger(__name__)
Carry = Callable[[Delivery], Awaitable[Delivery]]


@dataclass(slots=True)
class Dispatcher:
    """Hands what is due to couriers. `carry` makes one attempt, `doubt` looks after a delivery in doubt."""

    ledger: Ledger
    carry: Carry
    doubt: Carry
    at_once: int = AT_ONCE
    _busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def dispatch(self, now: datetime) -> int:
        """Starts a courier for each delivery that is due, as far as there is room; says how many."""
        room = self.at_once - len(self._busy)
        if room <= 0:
            return 0
        # More than fit are read, since several may belong to a subscription that is busy.
        due = await asyncio.to_thread(self.ledger.due, now, self.at_once * 2)
        doubtful = await asyncio.to_thread(self.ledger.doubtful, now)
        asked = [*((self.doubt, each) for each in doubtful), *((self.carry, each) for each in due)]
        return sum(self._start(carry, delivery) for carry, delivery in asked)

    async def idle(self, grace: float) -> None:
        """Waits until every courier has come back; after `grace` seconds those still out are called back."""
        if not self._busy:
            return
        _, late = await asyncio.wait(self._busy.values(), timeout=grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def returned(self) -> None:
        """Waits until at least one courier has come back, if any is out."""
        if self._busy:
            await asyncio.wait(self._busy.values(), return_when=asyncio.FIRST_COMPLETED)

    @property
    def busy(self) -> int:
        return len(self._busy)

    def _start(self, carry: Carry, delivery: Delivery) -> bool:
        name = delivery.subscription
        if name in self._busy or len(self._busy) >= self.at_once:
            return False
        task = asyncio.create_task(self._run(carry, delivery), name=f"delivery {delivery.id}")
        self._busy[name] = task
        task.add_done_callback(lambda _: self._busy.pop(name, None))
        return True

    async def _run(self, carry: Carry, delivery: Delivery) -> None:
        try:
            after = await carry(delivery)
        except Exception:
            # The loop must live on; the ledger has the delivery in a legal state, and the sweep will find it.
            log.exception("delivery %s of %s stopped short", delivery.id, delivery.subscription)
        else:
            log.info(
                "%s %s: %s%s", after.subscription, after.slot, after.state, f" ({after.reason})" if after.reason else ""
            )
