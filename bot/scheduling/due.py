"""Which deliveries are due by now, and when is the next? Pure: subscriptions, cursors and `now` in, deliveries out.

A cursor is an instant up to which slots have been opened: one of the whole ledger, moved at every round, and one of each
subscription, set when it is seen for the first time, so that the past is never posted. After a stop a later `now` finds
all that was missed, each once; a subscription that was away meanwhile missed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.scheduling.slots import Slot
from bot.subscriptions.subscription import Subscription

_ASIDE = timedelta(days=2)
EVERYONE = "*"  # the ledger's own cursor; no subscription can have this name


Agenda = Callable[[Subscription, date], Iterable[tuple[str, Slot]]]


@dataclass(frozen=True, slots=True)
class Due:
    """A slot that has come: it is to be posted until `expires_at`, or has expired already. `run` tells it from others."""

    subscription: Subscription
    day: date
    run: str
    instant: datetime
    expires_at: datetime
    expired: bool


def daily(subscription: Subscription, day: date) -> Iterable[tuple[str, Slot]]:
    """The plain agenda: one delivery at the subscription's hour on each of its days."""
    return (("", Slot(subscription.timezone, subscription.at)),) if subscription.falls_on(day.weekday()) else ()


def due(
    subscriptions: Iterable[Subscription],
    cursors: Mapping[str, datetime],
    now: datetime,
    window: timedelta,
    agenda: Agenda = daily,
) -> list[Due]:
    """Every slot after its subscription's cursor and not after `now`, oldest first; late by `window` or more: expired."""
    planned = cursors.get(EVERYONE)
    found = [
        each
        for subscription in subscriptions
        if (own := cursors.get(subscription.name)) is not None
        for each in _due(subscription, max(own, planned or own), now, window, agenda)
    ]
    return sorted(found, key=lambda each: (each.instant, each.subscription.name, each.run))


def _due(subscription: Subscription, cursor: datetime, now: datetime, window: timedelta, agenda: Agenda) -> Iterator[Due]:
    for day, run, instant in _slots(subscription, cursor, now, agenda):
        yield Due(subscription, day, run, instant, instant + window, expired=now >= instant + window)


def _slots(
    subscription: Subscription, after: datetime, until: datetime, agenda: Agenda
) -> Iterator[tuple[date, str, datetime]]:
    """The slots after one instant and not after another."""
    if until <= after:
        return
    # A slot may stand in another zone, or on the last second of its day: two days more on each side.
    day, last = (after - _ASIDE).date(), (until + _ASIDE).date()
    while day <= last:
        for run, slot in agenda(subscription, day):
            instant = slot.instant(day)
            if instant is not None and after < instant <= until:
                yield day, run, instant
        day += timedelta(days=1)


def next_instant(subscriptions: Iterable[Subscription], now: datetime, agenda: Agenda = daily) -> datetime | None:
    """The first slot of any subscription after `now`."""
    # Eight days hold each weekday at least once, even where a day was skipped.
    instants = (instant for each in subscriptions for _, _, instant in _slots(each, now, now + timedelta(days=9), agenda))
    return min(instants, default=None)


def advanced(subscriptions: Iterable[Subscription], cursors: Mapping[str, datetime], now: datetime) -> dict[str, datetime]:
    """The cursors to write after `due`: the ledger's, which never goes back, and those of subscriptions not seen before."""
    new = {each.name: now for each in subscriptions if each.name not in cursors}
    return {EVERYONE: max(now, cursors.get(EVERYONE, now)), **new}
