"""What wakes us, and what do we do when awake? Plan, sweep, dispatch; APScheduler only rings the bell.

Two bells: one every few seconds, which catches everything that a sleeping laptop or a stepped clock may have hidden,
and one at the next instant at which something is due. What is then due is computed, never remembered by a timer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.delivery.ledger import Ledger
from bot.delivery.states import NewDelivery, State
from bot.scheduling.dispatch import Dispatcher
from bot.scheduling.due import EVERYONE, Agenda, Due, advanced, daily
from bot.scheduling.timetable import Timetable
from bot.subscriptions.subscription import Subscription

TICK = timedelta(seconds=15)
GRACE = 30.0  # seconds that couriers under way get when we are asked to stop

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Scheduler:
    """`subscriptions` is asked at every tick, so that what a command adds counts at once."""

    subscriptions: Callable[[], Sequence[Subscription]]
    agenda: Agenda
    ledger: Ledger
    dispatcher: Dispatcher
    now: Callable[[], datetime]
    window: timedelta
    _ticking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _known: Sequence[Subscription] = ()
    _timetable: Timetable = field(default_factory=lambda: Timetable((), daily))
    _seen: dict[str, datetime] = field(default_factory=dict)

    async def tick(self) -> int:
        """One round: open what has come, sweep what got stuck, start couriers; says how many were started."""
        async with self._ticking:
            now = self.now()
            await asyncio.to_thread(self.plan, now)
            for stuck in await asyncio.to_thread(self.ledger.sweep, now):
                log.warning("%s %s: %s (%s)", stuck.subscription, stuck.slot, stuck.state, stuck.reason)
            return await self.dispatcher.dispatch(now)

    def plan(self, now: datetime) -> int:
        """Opens a delivery for each slot that has come since the cursors, and moves the cursors, in one transaction."""
        table = self._table()
        cursors = {**self._seen, **self.ledger.cursors((EVERYONE,))}
        opened = [_opened(each) for each in table.due(cursors, now, self.window)]
        moved = advanced(table.subscriptions if len(self._seen) < len(table.subscriptions) else (), cursors, now)
        new = self.ledger.open(opened, moved)
        self._seen |= {name: at for name, at in moved.items() if name != EVERYONE}
        return new

    def _table(self) -> Timetable:
        """The timetable of the subscriptions as they are now; `subscriptions` gives the same object while none changes."""
        known = self.subscriptions()
        if known is not self._known:
            self._timetable = Timetable(known, self.agenda)
            names = {each.name for each in known}
            self._seen = {name: at for name, at in self.ledger.cursors().items() if name in names}
            self._known = known
        return self._timetable

    async def once(self) -> None:
        """Sends what is due now, and what becomes due while that is under way; then returns."""
        while await self.tick() or self.dispatcher.busy:
            await self.dispatcher.returned()

    async def run(self, stop: asyncio.Event, started: Callable[[datetime | None], None] = lambda _: None) -> None:
        """Runs until `stop` is set; couriers under way are then given a little time to finish."""
        bell = _bell(self._rung, self.now)
        bell.start()
        started(self._next())
        try:
            await self._rung(bell)
            await stop.wait()
        finally:
            bell.shutdown(wait=False)
            await self.dispatcher.idle(GRACE)

    async def _rung(self, bell: Any) -> None:
        """A round, again at once while there is more than fitted; a failing round is logged and the next one comes."""
        try:
            while await self.tick() >= self.dispatcher.at_once:
                await self.dispatcher.returned()
            _ring_at(bell, self._rung, await asyncio.to_thread(self._next))
        except Exception:
            log.exception("this round failed; the next one comes in %s seconds", TICK.seconds)

    def _next(self) -> datetime | None:
        now = self.now()
        coming = (self._table().next(now), self.ledger.next_due())
        return min((each for each in coming if each is not None), default=None)


def _opened(due: Due) -> NewDelivery:
    state = State.EXPIRED if due.expired else State.WAITING
    reason = "its time came while thisday was not running, longer ago than catch_up allows" if due.expired else ""
    return NewDelivery(due.subscription.name, due.day, due.instant, due.expires_at, run=due.run, state=state, reason=reason)


def _bell(ring: Callable[[Any], Any], now: Callable[[], datetime]) -> Any:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    bell = AsyncIOScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1})
    bell.add_job(ring, "interval", [bell], seconds=TICK.seconds, id="tick", next_run_time=now() + TICK)
    return bell


def _ring_at(bell: Any, ring: Callable[[Any], Any], instant: datetime | None) -> None:
    if instant is not None:
        bell.add_job(ring, "date", [bell], run_date=instant, id="next", replace_existing=True)
