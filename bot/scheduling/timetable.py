"""Which slots come next, of a hundred thousand subscriptions? Answered without looking at those that do not.

Subscriptions that share a slot are kept together, and the slots wait in a heap by their next instant. What is due is the
same as `due.due` says, which the tests hold against it; only the way there is shorter.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from bot.config import Mode
from bot.scheduling.due import EVERYONE, Agenda, Due, due, next_instant
from bot.scheduling.slots import Slot
from bot.subscriptions.subscription import Subscription

_ONE_DAY = timedelta(days=1)
_FAR = timedelta(days=9)  # holds each weekday at least once, even where a day was skipped

Coming = tuple[datetime, str, Slot, date]


class Timetable:
    """The slots of these subscriptions. Those of an agenda of their own (a replay, say) are asked one by one."""

    def __init__(self, subscriptions: Iterable[Subscription], agenda: Agenda) -> None:
        self.subscriptions = tuple(subscriptions)
        self._agenda = agenda
        self._sharing: dict[Slot, list[Subscription]] = defaultdict(list)
        self._own = [each for each in self.subscriptions if each.mode is not Mode.ANNIVERSARY]
        for each in self.subscriptions:
            if each.mode is Mode.ANNIVERSARY:
                self._sharing[Slot(each.timezone, each.at)].append(each)
        self._heap: list[Coming] = []
        self._at: datetime | None = None

    def due(self, cursors: Mapping[str, datetime], now: datetime, window: timedelta) -> list[Due]:
        """The same as `due.due` for cursors of which none is after the ledger's own."""
        planned = cursors.get(EVERYONE)
        if planned is None:
            return []
        found = [each for coming in self._passed(planned, now) for each in self._sharers(coming, cursors, now, window)]
        found += due(self._own, cursors, now, window, self._agenda)
        return sorted(found, key=lambda each: (each.instant, each.subscription.name, each.run))

    def next(self, now: datetime) -> datetime | None:
        """The next instant at which a post is due."""
        self._stand(now)
        heap = list(self._heap)
        while heap and heap[0][0] <= now + _FAR:
            instant, _, slot, day = heap[0]
            if any(each.falls_on(day.weekday()) for each in self._sharing[slot]):
                break
            heapq.heapreplace(heap, _coming(slot, instant))
        shared = heap[0][0] if heap and heap[0][0] <= now + _FAR else None
        return min(filter(None, (shared, next_instant(self._own, now, self._agenda))), default=None)

    def _sharers(self, coming: Coming, cursors: Mapping[str, datetime], now: datetime, window: timedelta) -> Iterator[Due]:
        instant, _, slot, day = coming
        weekday, late = day.weekday(), now >= instant + window
        for each in self._sharing[slot]:
            if each.falls_on(weekday) and each.name in cursors and cursors[each.name] < instant:
                yield Due(each, day, "", instant, instant + window, late)

    def _passed(self, after: datetime, until: datetime) -> Iterator[Coming]:
        """The slots that came after one instant and not after another."""
        self._stand(after)
        while self._heap and self._heap[0][0] <= until:
            coming = self._heap[0]
            heapq.heapreplace(self._heap, _coming(coming[2], coming[0]))
            yield coming
        self._at = max(after, until)

    def _stand(self, at: datetime) -> None:
        """Makes the heap hold the first instant of each slot after `at`; it stands there already, round after round."""
        if self._at != at:
            self._heap = [_coming(slot, at) for slot in self._sharing]
            heapq.heapify(self._heap)
            self._at = at


def _coming(slot: Slot, after: datetime) -> Coming:
    """The first instant of a slot after another instant."""
    # The zone's name breaks ties: slots do not compare.
    day = after.date() - 2 * _ONE_DAY
    while True:
        instant = slot.instant(day)
        if instant is not None and instant > after:
            return instant, f"{slot.timezone} {slot.at}", slot, day
        day += _ONE_DAY
