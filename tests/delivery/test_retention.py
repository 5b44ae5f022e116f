"""Is only that forgotten whose slot can never come up again?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.database import micros
from bot.delivery import pauses, reports
from bot.delivery.ledger import Ledger
from bot.delivery.retention import MARGIN, prune
from bot.delivery.states import ENDS, Decision, NewDelivery, State
from bot.errors import Mistake
from bot.scheduling.due import advanced, due
from tests.builders import subscription_of
from tests.database.steps import filled
from tests.delivery.fakes import DAY, NOON

YEAR = timedelta(days=400)
WINDOW = timedelta(hours=12)
MUCH_LATER = NOON + timedelta(days=500)


def counts(ledger: Ledger, *states: State) -> list[int]:
    found = reports.counts(ledger.database)
    return [found[state] for state in states]


def test_what_ended_long_ago_is_forgotten_with_its_attempts_and_the_rest_stays(ledger: Ledger) -> None:
    filled(ledger.database)
    ledger.sweep(MUCH_LATER)  # the parts that waited for others expire
    ends, others = sorted(ENDS), (State.WAITING, State.SENDING, State.IN_DOUBT)
    open_before, ended_before = counts(ledger, *others), sum(counts(ledger, *ends))

    deliveries, attempts = prune(ledger.database, MUCH_LATER, YEAR, WINDOW)

    assert counts(ledger, *others) == open_before
    assert sum(counts(ledger, *ends)) == ended_before - deliveries
    assert deliveries > 0 < attempts
    orphans = "SELECT COUNT(*) AS number FROM attempt WHERE delivery NOT IN (SELECT id FROM delivery)"
    assert ledger.database.fetch(orphans) == [{"number": 0}]


def test_words_are_forgotten_with_the_last_delivery_that_names_them(ledger: Ledger) -> None:
    def told(name: str, at: datetime, words: str) -> None:
        ledger.open([NewDelivery(name, DAY, at, at + timedelta(hours=6))], {})
        (due,) = ledger.due(at, 10)
        fence = ledger.claim(due.id, due.fence, at, words=[words])
        assert fence is not None
        ledger.settle(due.id, fence, Decision(State.DELIVERED), at, "delivered")

    told("old", NOON, "of the old one")
    told("twin", NOON, "of two")
    told("late", NOON, "of two")
    ledger.retry(3, NOON)
    with ledger.database.transaction() as tx:  # tried again and again until lately
        tx.execute("UPDATE delivery SET expires_at = :late WHERE id = 3", {"late": micros(MUCH_LATER)})
    told("new", MUCH_LATER, "of the new one")

    assert prune(ledger.database, MUCH_LATER, YEAR, WINDOW, dry_run=True)[0] == 2
    assert len(ledger.database.fetch("SELECT key FROM message")) == 3
    prune(ledger.database, MUCH_LATER, YEAR, WINDOW)

    kept = ledger.database.fetch("SELECT text FROM message ORDER BY text")
    assert [each["text"] for each in kept] == ["of the new one", "of two"]


def test_a_dry_run_says_the_same_and_forgets_nothing(ledger: Ledger) -> None:
    filled(ledger.database)
    before = reports.find(ledger.database, limit=1000)

    said = prune(ledger.database, MUCH_LATER, YEAR, WINDOW, dry_run=True)

    assert reports.find(ledger.database, limit=1000) == before
    assert said == prune(ledger.database, MUCH_LATER, YEAR, WINDOW)
    assert prune(ledger.database, MUCH_LATER, YEAR, WINDOW) == (0, 0)


def test_more_than_a_batch_is_forgotten(ledger: Ledger) -> None:
    new = NewDelivery("general", DAY, NOON, NOON, state=State.SKIPPED)
    ledger.open((replace(new, subscription=f"{number}") for number in range(2500)), {})

    assert prune(ledger.database, MUCH_LATER, YEAR, WINDOW) == (2500, 0)
    assert reports.find(ledger.database) == []


@pytest.mark.parametrize("days", [1, 35])
def test_what_is_near_guards_against_repeats_and_stays(ledger: Ledger, days: int) -> None:
    with pytest.raises(
        Mistake, match="deliveries of the last 36 days guard against repeats; write --older-than 36d or more"
    ):
        prune(ledger.database, MUCH_LATER, timedelta(days=days), WINDOW)

    prune(ledger.database, MUCH_LATER, WINDOW + MARGIN, WINDOW)


def test_what_a_person_tried_again_lately_is_not_old(ledger: Ledger) -> None:
    ledger.open([NewDelivery("general", DAY, NOON, NOON + WINDOW)], {})
    (delivery,) = ledger.due(NOON, 1)
    ledger.record(delivery, Decision(State.DEAD, None, "no"), NOON, "refused")
    revived = ledger.retry(delivery.id, MUCH_LATER)
    assert revived is not None
    ledger.record(revived, Decision(State.DELIVERED), MUCH_LATER, "delivered")

    assert prune(ledger.database, MUCH_LATER + timedelta(days=300), YEAR, WINDOW) == (0, 0)


def test_a_thread_is_forgotten_as_a_whole_or_not_at_all(ledger: Ledger) -> None:
    ledger.open([NewDelivery("general", DAY, NOON, NOON + WINDOW)], {})
    (first,) = ledger.due(NOON, 1)
    fence = ledger.claim(first.id, first.fence, NOON, words=["one", "two"])
    assert fence is not None
    ledger.settle(first.id, fence, Decision(State.DELIVERED), NOON, "delivered")
    pauses.pause(ledger.database, "general", "holiday", "Ann", NOON)

    assert prune(ledger.database, MUCH_LATER, YEAR, WINDOW) == (0, 0)
    (second,) = ledger.sweep(MUCH_LATER)
    assert second.part == 2
    assert prune(ledger.database, MUCH_LATER, YEAR, WINDOW) == (2, 1)


def test_no_slot_comes_up_again_for_what_was_forgotten(ledger: Ledger) -> None:
    """Planned and pruned on each of 120 days, with a clock that is set back once, and an outage: each slot once."""
    daily, opened = [subscription_of()], 0
    for day in range(-1, 120):
        gone = 40 < day < 60
        now = NOON + timedelta(days=day - 30 if day == 90 else day)
        if not gone:
            cursors = ledger.cursors()
            slots = due(daily, cursors, now, WINDOW)
            new = [
                NewDelivery(each.subscription.name, each.day, each.instant, each.expires_at, state=State.SKIPPED)
                for each in slots
            ]
            opened += ledger.open(new, advanced(daily, cursors, now))
        prune(ledger.database, now, WINDOW + MARGIN, WINDOW)

    assert opened == 120
    assert len(reports.find(ledger.database)) == 36
