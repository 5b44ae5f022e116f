"""Is what the ledger says what the witness saw? Every way in which they may differ, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.database import Database
from bot.delivery import reports
from bot.delivery.states import ENDS, Delivery, State
from tests.witness.stage import POLICIES, edition

EVERYTHING = 1_000_000


@dataclass(frozen=True)
class Verdict:
    """The figures of one story. `wrong` are the broken promises, none where all is well."""

    deliveries: int
    delivered: int
    in_doubt: int
    lost: int
    doubled: int
    wrong: tuple[str, ...]


def verdict(database: Database, seen: Mapping[str, int], expected: int) -> Verdict:
    """Compares. Only where a platform can neither be asked nor knows a repeat may a delivery be left in doubt."""
    kept = reports.find(database, limit=EVERYTHING)
    states = [each.state for each in kept]
    wrong = [*_missing(kept, expected), *_unknown(kept, seen)]
    wrong += [line for each in kept for line in _wrong(each, seen)]
    return Verdict(
        deliveries=len(kept),
        delivered=states.count(State.DELIVERED),
        in_doubt=states.count(State.IN_DOUBT),
        lost=sum(_lost(each, seen) for each in kept) + max(0, expected - len(kept)),
        doubled=sum(number > 1 for number in seen.values()),
        wrong=tuple(wrong),
    )


def _settles(delivery: Delivery) -> bool:
    return POLICIES[delivery.subscription.partition("-")[0]] != "hold"


def _lost(delivery: Delivery, seen: Mapping[str, int]) -> bool:
    """Not there, and nobody is told; where doubts are settled, simply not there."""
    told = delivery.state is State.IN_DOUBT and not _settles(delivery)
    return not seen.get(edition(delivery), 0) and not told


def _missing(kept: list[Delivery], expected: int) -> Iterator[str]:
    if len(kept) != expected:
        yield f"{expected} deliveries were promised, {len(kept)} are in the ledger"


def _unknown(kept: list[Delivery], seen: Mapping[str, int]) -> Iterator[str]:
    known = {edition(each) for each in kept}
    yield from (f"{each} was posted and is not in the ledger" for each in seen if each not in known)


def _wrong(delivery: Delivery, seen: Mapping[str, int]) -> Iterator[str]:
    name, there = edition(delivery), seen.get(edition(delivery), 0)
    if there > 1:
        yield f"{name} was posted {there} times"
    held = delivery.state is State.IN_DOUBT and delivery.next_at is None
    if delivery.state not in ENDS and not held:
        yield f"{name} has not ended: {delivery.state}"
    if held and _settles(delivery):
        yield f"{name} is left in doubt: {delivery.reason}"
    if delivery.state is State.DELIVERED and not there:
        yield f"{name} is delivered, they say, and was never seen"
    if delivery.state in ENDS - {State.DELIVERED} and there:
        yield f"{name} is {delivery.state}, they say, and is there"
