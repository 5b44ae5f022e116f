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
from hashlib import sha256
from typing import Any

from bot.database.clock import check_clock
from bot.delivery.ledger import Ledger
from bot.delivery.operator import Notice, Operator, about_outage
from bot.delivery.states import NewDelivery, State
from bot.scheduling import heartbeat
from bot.scheduling.dispatch import Dispatcher
from bot.scheduling.due import EVERYONE, Agenda, Due, advanced, daily
from bot.scheduling.fleet import Ringer
from bot.scheduling.heartbeat import TICK
from bot.scheduling.timetable import Timetable
from bot.subscriptions.subscription import Subscription

NONE = timedelta()
SWEPT = timedelta(seconds=2)  # between two looks at all that is due for what got stuck; rounds come faster in a crowded hour
GRACE = 30.0  # seconds that couriers under way get when we are asked to stop

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Scheduler:
    """`subscriptions` is asked at every tick, so that what a command adds counts at once."""

    subscriptions: Callable[[], Sequence[Subscription]]
    agenda: Agenda
    ledger: Ledger
    dispatcher: Dispatcher | Ringer
    now: Callable[[], datetime]
    window: timedelta
    operator: Operator | None = None
    spread: timedelta = NONE  # over which channels that share an hour post, each at its own moment
    _always: bool = False  # as a service, which is not meant to stand still between two rounds
    _beat: datetime | None = None
    _swept: datetime | None = None
    _ticking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _known: Sequence[Subscription] = ()
    _timetable: Timetable = field(default_factory=lambda: Timetable((), daily))
    _seen: dict[str, datetime] = field(default_factory=dict)

    async def tick(self) -> int:
        """One round: open what has come, sweep what got stuck, start couriers; says how many were started.

        Raises `ClockError` while this machine's clock is off the database's: nothing is planned or sent then.
        """
        async with self._ticking:
            await asyncio.to_thread(check_clock, self.ledger.database, self.now)
            now = self.now()
            await asyncio.to_thread(self.plan, now)
            if self._swept is None or abs(now - self._swept) >= SWEPT:
                await asyncio.to_thread(self._sweep, now)
            return await self.dispatcher.dispatch(now)

    def _sweep(self, now: datetime) -> None:
        swept = self.ledger.sweep(now)
        for stuck in swept:
            log.warning("%s %s: %s (%s)", stuck.subscription, stuck.slot, stuck.state, stuck.reason)
        self._operator.after(swept, now)
        self._swept = now

    def plan(self, now: datetime) -> int:
        """Opens a delivery for each slot that has come since the cursors, and moves the cursors, in one transaction."""
        table = self._table()
        cursors = {**self._seen, **self.ledger.cursors((EVERYONE,))}
        due = table.due(cursors, now, self.window)
        opened = [_opened(each, self.spread) for each in due]
        opened += self._operator.opened(self._missed(cursors.get(EVERYONE), due, now), now)
        moved = advanced(table.subscriptions if len(self._seen) < len(table.subscriptions) else (), cursors, now)
        new = self.ledger.open(opened, moved)
        self._seen |= {name: at for name, at in moved.items() if name != EVERYONE}
        return new

    def _missed(self, since: datetime | None, due: Sequence[Due], now: datetime) -> list[Notice]:
        """What came due while nobody was there, if that is worth a word: a service stood still, or posts were lost by it."""
        expired = [each.subscription.name for each in due if each.expired]
        late = [each.subscription.name for each in due if not each.expired and now - each.instant > 2 * TICK]
        if since is None or now - since <= 2 * TICK or not (expired or (self._always and late)):
            return []
        return [about_outage(since, now, late, expired)]

    @property
    def _operator(self) -> Operator:
        return self.operator or Operator(self.ledger)

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
        """Sends what is due now, and what becomes due or has its turn while that is under way; then returns."""
        while await self.tick() or self.dispatcher.busy or self.dispatcher.turn:
            turn = self.dispatcher.turn
            await self.dispatcher.returned(max(0, (turn - self.now()).total_seconds()) if turn else None)

    async def run(self, stop: asyncio.Event, started: Callable[[datetime | None], None] = lambda _: None) -> None:
        """Runs until `stop` is set; couriers under way are then given a little time to finish."""
        self._always = True
        await asyncio.to_thread(self._operator.tell_held, self.now())
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
        """A round, and more of them while something waits for a place; a failing one is logged and the next one comes."""
        try:
            await self._round()
            while self.dispatcher.waiting:
                await self.dispatcher.returned(self.dispatcher.breath.total_seconds())
                await self._round()
            # What is due already is under way; a courier has not claimed it yet.
            coming = await asyncio.to_thread(self._next)
            _ring_at(bell, self._rung, coming and max(coming, self.now() + self.dispatcher.breath))
        except Exception:
            log.exception("this round failed; the next one comes in %s seconds", TICK.seconds)

    async def _round(self) -> None:
        await self.tick()
        now = self.now()
        if self._beat is None or abs(now - self._beat) >= TICK / 2:
            await asyncio.to_thread(lambda: heartbeat.beat(self.ledger.database, now, self._next()))
            self._beat = now

    def _next(self) -> datetime | None:
        now = self.now()
        coming = (self._table().next(now), self.ledger.next_due())
        return min((each for each in coming if each is not None), default=None)


def _opened(due: Due, spread: timedelta = NONE) -> NewDelivery:
    at = due.instant + offset(due.subscription.name, spread)
    state = State.EXPIRED if due.expired else State.WAITING
    reason = "its time came while thisday was not running, longer ago than catch_up allows" if due.expired else ""
    return NewDelivery(due.subscription.name, due.day, at, due.expires_at, run=due.run, state=state, reason=reason)


def offset(name: str, spread: timedelta) -> timedelta:
    """How long after its hour a subscription posts: the same every day, and even over all of them."""
    return spread * int.from_bytes(sha256(name.encode()).digest()[:4]) / 2**32


def _bell(ring: Callable[[Any], Any], now: Callable[[], datetime]) -> Any:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    bell = AsyncIOScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1})
    bell.add_job(ring, "interval", [bell], seconds=TICK.seconds, id="tick", next_run_time=now() + TICK)
    return bell


def _ring_at(bell: Any, ring: Callable[[Any], Any], instant: datetime | None) -> None:
    if instant is not None:
        bell.add_job(ring, "date", [bell], run_date=instant, id="next", replace_existing=True)
