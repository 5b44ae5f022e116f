"""Does the ledger promise, claim and settle each delivery once, and know what time and people do to it?"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.channels import Receipt
from bot.database import micros, open_database
from bot.database.sqlite import Sqlite
from bot.delivery import facts, pauses, reports
from bot.delivery import statements as sql
from bot.delivery.ledger import LEASE, QUIET, Ledger
from bot.delivery.states import Decision, Delivery, NewDelivery, State
from tests.delivery.fakes import DAY, NOON

LATER = NOON + timedelta(minutes=1)
END = NOON + timedelta(hours=6)
NEW = NewDelivery("general", DAY, NOON, END)
DONE = Decision(State.DELIVERED)


def again(at: float) -> Decision:
    return Decision(State.WAITING, NOON + timedelta(minutes=at), "busy")


def opened(ledger: Ledger, new: NewDelivery = NEW) -> Delivery:
    ledger.open([new], {})
    return reports.find(ledger.database, subscription=new.subscription, limit=1)[0]


def claimed(ledger: Ledger, *words: str, new: NewDelivery = NEW) -> tuple[Delivery, int]:
    delivery = opened(ledger, new)
    fence = ledger.claim(delivery.id, delivery.fence, NOON, words=words)
    assert fence is not None
    return delivery, fence


def doubtful(ledger: Ledger, *words: str, new: NewDelivery = NEW) -> Delivery:
    delivery, fence = claimed(ledger, *words, new=new)
    lost = ledger.settle(delivery.id, fence, Decision(State.IN_DOUBT, LATER, "reset"), NOON, "in doubt")
    assert lost is not None
    return lost


def state(ledger: Ledger, delivery: Delivery) -> State:
    found = reports.get(ledger.database, delivery.id)
    assert found is not None
    return found.state


def test_planning_twice_opens_once(ledger: Ledger) -> None:
    by_hand = replace(NEW, run="hand-1")

    assert ledger.open([NEW, by_hand], {"general": NOON}) == 2
    assert ledger.open([NEW, by_hand, replace(NEW, part=2)], {"general": NOON}) == 1
    assert ledger.open([], {}) == 0


def test_a_skipped_day_is_recorded_with_its_reason_and_never_due(ledger: Ledger) -> None:
    ledger.open([replace(NEW, state=State.SKIPPED, reason="a quiet day")], {})

    assert ledger.due(END, 10) == []
    assert [(each.state, each.reason) for each in reports.find(ledger.database)] == [(State.SKIPPED, "a quiet day")]


def test_a_cursor_never_goes_back(ledger: Ledger) -> None:
    ledger.open([], {"general": LATER, "science": NOON})
    ledger.open([], {"general": NOON, "science": LATER})

    assert ledger.cursors() == {"general": LATER, "science": LATER}


def test_deliveries_and_cursors_are_written_together_or_not_at_all(ledger: Ledger) -> None:
    broken = replace(NEW, state="no state")  # type: ignore[arg-type]  # the mistake under test

    with pytest.raises(AttributeError):
        ledger.open([NEW, broken], {"general": NOON})

    assert reports.find(ledger.database) == []
    assert ledger.cursors() == {}


def test_what_is_due_comes_oldest_first_and_no_more_than_asked_for(ledger: Ledger) -> None:
    moments = {"b": NOON, "c": LATER, "a": NOON - timedelta(minutes=1), "d": END}
    ledger.open([replace(NEW, subscription=name, due_at=at) for name, at in moments.items()], {})

    assert [each.subscription for each in ledger.due(LATER, 10)] == ["a", "b", "c"]
    assert [each.subscription for each in ledger.due(LATER, 2)] == ["a", "b"]
    assert ledger.next_due() == NOON - timedelta(minutes=1)


def test_nothing_is_due_when_nothing_is_planned(ledger: Ledger) -> None:
    assert ledger.next_due() is None


def test_a_part_waits_for_the_part_before_it_and_replies_to_it(ledger: Ledger) -> None:
    first, fence = claimed(ledger, "one", "two", "three")
    assert ledger.due(LATER, 10) == []
    assert ledger.next_due() is None

    ledger.settle(first.id, fence, DONE, LATER, "delivered", Receipt("7", "https://fake.example/7"))

    (second,) = ledger.due(LATER, 10)
    assert (second.part, ledger.text(second), second.expires_at) == (2, "two", END)
    assert ledger.reply_to(second) == Receipt("7", "https://fake.example/7")
    assert ledger.reply_to(first) is None
    assert ledger.next_due() == NOON


def test_the_words_of_the_first_claim_are_kept_and_count_for_every_attempt(ledger: Ledger) -> None:
    delivery, fence = claimed(ledger, "first", "its second part")
    ledger.settle(delivery.id, fence, Decision(State.WAITING, LATER, "not now"), NOON, "throttled")

    assert [ledger.text(each) for each in reports.find(ledger.database)] == ["its second part", "first"]
    assert ledger.claim(delivery.id, fence, LATER, words=["other", "another part"]) is None
    assert [ledger.text(each) for each in reports.find(ledger.database)] == ["its second part", "first"]
    assert state(ledger, delivery) is State.WAITING


def test_a_page_of_what_is_due_begins_at_its_place_in_the_index(ledger: Ledger) -> None:
    ledger.open((replace(NEW, subscription=f"channel-{number}") for number in range(1000)), {})
    asked = {"now": micros(NOON), "after": micros(NOON), "after_id": 500, "limit": 10}
    lite = isinstance(ledger.database, Sqlite)

    rows = ledger.database.fetch(f"EXPLAIN {'QUERY PLAN' if lite else ''} {sql.DUE}", asked)

    plan = "\n".join(str(row["detail" if lite else "QUERY PLAN"]) for row in rows)
    assert re.search(
        r"INDEX delivery_next \(next_at=\? AND id>\?\)" if lite else r"Cond: .*next_at = .* AND \(id > '500'", plan
    )
    assert not re.search(r"SCAN d\b|Scan on delivery", plan)
    after = ledger.due(NOON, 500)[-1]
    assert [each.subscription for each in ledger.due(NOON, 2, after)] == ["channel-500", "channel-501"]


def test_equal_words_are_kept_once_a_month(ledger: Ledger) -> None:
    for number, at in enumerate([NOON, NOON, NOON + timedelta(days=40)]):
        new = replace(NEW, subscription=f"channel-{number}", due_at=at, expires_at=at + timedelta(hours=6))
        assert ledger.claim(opened(ledger, new).id, 0, at, words=["the same"]) == 1

    assert ledger.database.fetch("SELECT text FROM message") == [{"text": "the same"}] * 2
    assert [ledger.text(each) for each in reports.find(ledger.database)] == ["the same"] * 3


def test_a_claim_that_is_not_granted_keeps_no_words(ledger: Ledger) -> None:
    delivery, _ = claimed(ledger)

    assert ledger.claim(delivery.id, delivery.fence, NOON, words=["late", "its second part"]) is None
    assert [each.message for each in reports.find(ledger.database)] == [""]


def test_of_many_who_claim_at_once_one_gets_it(ledger: Ledger) -> None:
    delivery = opened(ledger)

    with ThreadPoolExecutor(8) as pool:
        fences = list(pool.map(lambda _: ledger.claim(delivery.id, delivery.fence, NOON), range(20)))

    assert [each for each in fences if each is not None] == [1]
    assert len(reports.attempts(ledger.database, delivery.id)) == 1


def test_a_claim_is_on_the_disk_before_it_is_granted(tmp_path: Path) -> None:
    writer, reader = open_database(tmp_path / "a.db"), open_database(tmp_path / "a.db")
    delivery, _ = claimed(Ledger(writer))

    seen = reports.get(reader, delivery.id)

    assert seen is not None
    assert (seen.state, seen.fence, seen.attempts, seen.lease_until) == (State.SENDING, 1, 1, NOON + LEASE)
    writer.close()
    reader.close()


def test_nothing_is_claimed_before_its_time_or_with_an_old_fence(ledger: Ledger) -> None:
    delivery, fence = claimed(ledger)
    ledger.settle(delivery.id, fence, again(5), NOON, "throttled")

    assert ledger.claim(delivery.id, fence, NOON + timedelta(minutes=4)) is None
    assert ledger.claim(delivery.id, fence - 1, NOON + timedelta(minutes=5)) is None
    assert ledger.claim(delivery.id, fence, NOON + timedelta(minutes=5)) == 2


def test_a_lease_is_lengthened_only_while_the_claim_stands(ledger: Ledger) -> None:
    delivery, fence = claimed(ledger)

    assert ledger.renew(delivery.id, fence, NOON + LEASE / 2)
    assert not ledger.renew(delivery.id, fence + 1, NOON + LEASE / 2)
    assert not ledger.renew(delivery.id, fence, NOON + LEASE * 2)


def test_an_answer_with_an_old_fence_changes_no_delivery_but_is_noted(ledger: Ledger) -> None:
    delivery, old = claimed(ledger)
    ledger.settle(delivery.id, old, again(0), NOON, "throttled")
    ledger.claim(delivery.id, old, NOON)

    assert ledger.settle(delivery.id, old, DONE, LATER, "delivered") is None

    assert state(ledger, delivery) is State.SENDING
    assert [each.outcome for each in reports.attempts(ledger.database, delivery.id)] == ["delivered", ""]


def test_a_lease_that_ran_out_goes_into_doubt_and_a_late_answer_still_counts(ledger: Ledger) -> None:
    delivery, fence = claimed(ledger)
    assert ledger.sweep(NOON + LEASE - timedelta(seconds=1)) == []

    (lost,) = ledger.sweep(NOON + LEASE)
    assert (lost.state, lost.fence, lost.next_at) == (State.IN_DOUBT, fence, NOON + LEASE + QUIET)
    assert lost.first_tried == NOON
    assert ledger.doubtful(NOON + LEASE) == []
    assert ledger.doubtful(NOON + LEASE + QUIET) == [lost]

    late = ledger.settle(delivery.id, fence, DONE, NOON + LEASE * 2, "delivered", Receipt("7"))
    assert late is not None
    assert (late.state, late.receipt_id, late.first_tried, late.next_at) == (State.DELIVERED, "7", None, None)


def test_a_repeat_does_not_make_the_first_try_younger(ledger: Ledger) -> None:
    lost = doubtful(ledger)
    fence = ledger.claim(lost.id, lost.fence, LATER, state=State.IN_DOUBT)
    assert fence is not None

    again_lost = ledger.settle(lost.id, fence, Decision(State.IN_DOUBT, END, "reset"), LATER, "in doubt")

    assert again_lost is not None
    assert again_lost.first_tried == NOON


@pytest.mark.parametrize("ended", ["person says again", "person says dead", "expired"])
def test_a_late_receipt_is_the_truth_whatever_was_decided_meanwhile(ledger: Ledger, ended: str) -> None:
    lost = doubtful(ledger)
    if ended == "person says dead":
        ledger.decide(lost.id, State.DEAD, "Ann")
    else:
        ledger.retry(lost.id, LATER)
    if ended == "expired":
        ledger.sweep(LATER + timedelta(days=2))

    assert ledger.settle(lost.id, lost.fence, DONE, LATER, "delivered", Receipt("7")) is not None
    assert state(ledger, lost) is State.DELIVERED


def test_a_late_no_does_not_undo_what_a_person_decided(ledger: Ledger) -> None:
    lost = doubtful(ledger)
    ledger.decide(lost.id, State.DELIVERED, "Ann")

    assert ledger.settle(lost.id, lost.fence, Decision(State.DEAD, None, "no"), LATER, "refused") is None
    assert state(ledger, lost) is State.DELIVERED


def test_what_waited_too_long_expires_with_the_last_reason(ledger: Ledger) -> None:
    busy, fence = claimed(ledger)
    ledger.settle(busy.id, fence, again(5), NOON, "throttled")
    opened(ledger, replace(NEW, subscription="science"))
    opened(ledger, replace(NEW, subscription="history"))
    pauses.pause(ledger.database, "history", "moving house", "Ann", NOON)

    expired = ledger.sweep(END)

    assert {each.subscription: each.reason for each in expired} == {
        "general": "too late; busy",
        "science": "too late; nobody was there to post it",
        "history": "too late; paused: moving house",
    }
    assert {each.state for each in expired} == {State.EXPIRED}
    assert ledger.sweep(END) == []


def test_a_try_that_ended_before_its_claim_counts_as_one_but_raises_no_fence(ledger: Ledger) -> None:
    delivery = opened(ledger)

    moved = ledger.record(delivery, again(1), NOON, "unavailable")

    assert moved is not None
    assert (moved.state, moved.attempts, moved.fence, moved.next_at) == (State.WAITING, 1, 0, LATER)
    (attempt,) = reports.attempts(ledger.database, delivery.id)
    assert (attempt.fence, attempt.outcome, attempt.ended_at) == (0, "unavailable", NOON)


def test_a_record_from_an_old_picture_is_ignored(ledger: Ledger) -> None:
    delivery, _ = claimed(ledger)

    assert ledger.record(delivery, again(1), NOON, "unavailable") is None
    assert ledger.skip(delivery, "nothing to say") is None
    assert ledger.hold(delivery, "why") is None


def test_a_lasting_refusal_pauses_in_the_same_breath(ledger: Ledger) -> None:
    delivery, fence = claimed(ledger)

    ledger.settle(delivery.id, fence, Decision(State.DEAD, None, "revoked", pause=True), NOON, "refused")

    (pause,) = pauses.paused(ledger.database).values()
    assert (pause.subscription, pause.reason, pause.by, pause.since) == ("general", "revoked", "platform", NOON)


def test_what_is_held_comes_up_no_more_until_a_person_settles_it(ledger: Ledger) -> None:
    lost = doubtful(ledger)
    assert ledger.hold(lost, "cannot be looked up") is not None

    assert ledger.doubtful(END + timedelta(days=9)) == []
    assert ledger.next_due() is None
    assert [each.id for each in reports.find(ledger.database, state=State.IN_DOUBT)] == [lost.id]

    settled = ledger.decide(lost.id, State.DELIVERED, "Ann")
    assert settled is not None
    assert (settled.state, settled.reason) == (State.DELIVERED, "settled by Ann")


def test_a_person_can_have_a_dead_one_tried_again_with_a_new_text(ledger: Ledger) -> None:
    delivery, fence = claimed(ledger, "too long")
    ledger.settle(delivery.id, fence, Decision(State.DEAD, None, "too long"), NOON, "refused")

    revived = ledger.retry(delivery.id, END + timedelta(hours=1))

    assert revived is not None
    assert (revived.state, revived.message, revived.reason) == (State.WAITING, "", "")
    assert revived.expires_at == END + timedelta(hours=25)
    assert ledger.due(END + timedelta(hours=1), 10) == [revived]


def test_what_may_be_there_already_is_tried_again_with_the_same_bytes(ledger: Ledger) -> None:
    lost = doubtful(ledger, "the text")

    revived = ledger.retry(lost.id, LATER)

    assert revived is not None
    assert (ledger.text(revived), revived.first_tried, revived.fence) == ("the text", None, lost.fence)


def test_parts_that_expired_behind_a_dead_one_come_back_with_it(ledger: Ledger) -> None:
    first, fence = claimed(ledger, "one", "two")
    ledger.settle(first.id, fence, Decision(State.DEAD, None, "no"), NOON, "refused")
    (second,) = ledger.sweep(END)
    assert second.reason == "too late; the part before it was not posted"

    revived = ledger.retry(first.id, END)

    assert revived is not None
    assert ledger.text(revived) == "one"
    assert state(ledger, second) is State.WAITING


@pytest.mark.parametrize("end", [State.DELIVERED, State.SKIPPED])
def test_what_is_delivered_or_skipped_cannot_be_tried_again(ledger: Ledger, end: State) -> None:
    delivery = opened(ledger)
    if end is State.SKIPPED:
        ledger.skip(delivery, "nothing to say")
    else:
        ledger.record(delivery, DONE, NOON, "delivered")

    assert ledger.retry(delivery.id, LATER) is None
    assert ledger.decide(delivery.id, State.DEAD, "Ann") is None
    assert state(ledger, delivery) is end


def test_a_paused_subscription_gets_nothing_until_it_resumes(ledger: Ledger) -> None:
    opened(ledger)
    doubtful(ledger, new=replace(NEW, run="hand-1"))

    assert pauses.pause(ledger.database, "general", "holiday", "Ann", NOON)
    assert not pauses.pause(ledger.database, "general", "other", "Bob", NOON)
    assert ledger.due(LATER, 10) == []
    assert ledger.doubtful(LATER) == []
    assert ledger.next_due() is None

    assert pauses.resume(ledger.database, "general")
    assert not pauses.resume(ledger.database, "general")
    assert len(ledger.due(LATER, 10)) == 1


def test_the_owner_of_a_paused_subscription_is_told_once(ledger: Ledger) -> None:
    pauses.pause(ledger.database, "general", "revoked", "platform", NOON)

    assert pauses.tell(ledger.database, "general", LATER)
    assert not pauses.tell(ledger.database, "general", END)
    assert pauses.paused(ledger.database)["general"].told == LATER


def test_facts_are_kept_with_the_time_they_were_learned(ledger: Ledger) -> None:
    assert facts.facts(ledger.database, "a server") is None

    facts.keep_facts(ledger.database, "a server", {"limit": 500}, NOON)
    facts.keep_facts(ledger.database, "a server", {"limit": 999, "name": "é"}, LATER)

    assert facts.facts(ledger.database, "a server") == facts.Facts({"limit": 999, "name": "é"}, LATER)


def test_reports_find_by_day_subscription_and_state(ledger: Ledger) -> None:
    claimed(ledger)
    opened(ledger, replace(NEW, subscription="science"))
    opened(ledger, replace(NEW, day=date(2026, 7, 21)))

    def found(**by: object) -> list[str]:
        return [f"{each.subscription} {each.day:%d}" for each in reports.find(ledger.database, **by)]  # type: ignore[arg-type]  # shorthand

    assert found() == ["general 21", "science 20", "general 20"]
    assert found(limit=1) == ["general 21"]
    assert found(day=DAY) == ["science 20", "general 20"]
    assert found(subscription="general", state=State.SENDING) == ["general 20"]
    assert reports.get(ledger.database, 999) is None


def test_the_history_of_a_day_shows_every_try(ledger: Ledger) -> None:
    delivery, fence = claimed(ledger)
    ledger.settle(delivery.id, fence, again(1), NOON, "throttled")
    ledger.claim(delivery.id, fence, LATER)

    (told,) = reports.history(ledger.database, DAY, "general")

    assert told.delivery.state is State.SENDING
    assert [(each.number, each.fence, each.outcome, each.detail) for each in told.attempts] == [
        (1, 1, "throttled", "busy"),
        (2, 2, "", ""),
    ]
    assert told.attempts[1].ended_at is None


def test_the_counts_show_every_state(ledger: Ledger) -> None:
    claimed(ledger)
    opened(ledger, replace(NEW, subscription="science"))

    counts = reports.counts(ledger.database)

    assert counts == dict.fromkeys(State, 0) | {State.WAITING: 1, State.SENDING: 1}
