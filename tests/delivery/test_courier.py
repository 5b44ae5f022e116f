"""Does one delivery get there once, whatever the platform, the composer and other couriers do?"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.channels import Channel, Claim, Failure, InDoubt, Post, Receipt, Refused, Scope, Throttled, Unavailable, key_for
from bot.database import DatabaseError
from bot.delivery import facts, pauses, reports
from bot.delivery.courier import Skip
from bot.delivery.ledger import LEASE, Ledger
from bot.delivery.states import Delivery, State
from bot.errors import BotError
from tests.delivery.fakes import DAY, NOON, Keyed, Learning, Plain, World, message, raises


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def deliver(world: World, channel: Channel, delivery: Delivery | None = None) -> Delivery:
    return asyncio.run(world.courier.deliver(delivery or world.opened(), channel))


def outcomes(world: World, delivery: Delivery) -> list[str]:
    return [each.outcome for each in reports.attempts(world.ledger.database, delivery.id)]


def test_a_delivery_is_posted_and_its_receipt_kept(world: World) -> None:
    done = deliver(world, Plain())

    assert (done.state, done.receipt_id, done.attempts, done.next_at) == (State.DELIVERED, "1", 1, None)
    assert [text for _, text in world.platform.posts] == ["On this day"]
    assert outcomes(world, done) == ["delivered"]


def test_the_key_is_of_destination_slot_and_part() -> None:
    assert key_for("@otd@example.org", "2026-07-20", 1).startswith("c29f08ee8081873d53b6")
    assert len(key_for("a", "b", 1)) == 32


def test_subscriptions_that_share_a_destination_and_a_day_have_keys_of_their_own(world: World) -> None:
    world.platform.keyed = True

    for delivery in (world.opened("general"), world.opened("science"), world.opened("general", run="hand-1")):
        assert deliver(world, Keyed(), delivery).state is State.DELIVERED

    assert len(world.platform.posts) == 3


def test_every_attempt_sends_the_same_bytes_with_the_same_key(world: World) -> None:
    world.platform.before.append(raises(Unavailable("down")))
    first = deliver(world, Plain())
    world.compose.said = [message("something else")]
    world.clock.move(seconds=5)

    second = deliver(world, Plain(), first)

    assert second.state is State.DELIVERED
    assert [text for _, text in world.platform.posts] == ["On this day"]
    assert len(world.compose.asked) == 1


@pytest.mark.parametrize(
    ("failure", "state", "outcome", "wait"),
    [
        (Unavailable("down"), State.WAITING, "unavailable", 5),
        (Throttled("busy", timedelta(seconds=30)), State.WAITING, "throttled", 30),
        (Refused(Scope.MESSAGE, "too long"), State.DEAD, "refused", None),
        (InDoubt("reset"), State.IN_DOUBT, "in doubt", 90),
    ],
)
def test_each_answer_of_the_platform_is_settled(
    world: World, failure: Failure, state: State, outcome: str, wait: int | None
) -> None:
    world.platform.before.append(raises(failure))

    settled = deliver(world, Plain())

    assert (settled.state, settled.reason) == (state, failure.why)
    assert settled.next_at == (None if wait is None else NOON + timedelta(seconds=wait))
    assert outcomes(world, settled) == [outcome]


def test_a_lasting_refusal_pauses_the_subscription(world: World) -> None:
    world.platform.before.append(raises(Refused(Scope.ACCOUNT, "revoked")))

    deliver(world, Plain())

    assert pauses.paused(world.ledger.database)["general"].reason == "revoked"


def test_nothing_to_say_is_skipped_with_its_reason(world: World) -> None:
    world.compose.said = Skip("nothing happened on this day")

    skipped = deliver(world, Plain())

    assert (skipped.state, skipped.reason, skipped.attempts) == (State.SKIPPED, "nothing happened on this day", 0)
    assert world.platform.posts == []


def test_a_thread_is_posted_in_order_one_delivery_for_each_part(world: World) -> None:
    world.compose.said = [message("one"), message("two"), message("three")]
    world.opened()

    asyncio.run(world.live(Plain(), 5))

    assert [text for _, text in world.platform.posts] == ["one", "two", "three"]
    assert {each.state for each in reports.find(world.ledger.database)} == {State.DELIVERED}
    assert len(world.compose.asked) == 1


def test_when_the_second_part_fails_the_first_is_not_sent_again(world: World) -> None:
    world.compose.said = [message("one"), message("two")]
    world.platform.before.extend([None, raises(Unavailable("down"))])
    world.opened()

    asyncio.run(world.live(Plain(), 5))

    assert [text for _, text in world.platform.posts] == ["one", "two"]


def test_a_later_part_replies_to_the_one_before(world: World) -> None:
    seen: list[Receipt | None] = []

    class Replying(Plain):
        async def deliver(self, post: Post, claim: Claim) -> Receipt:
            await claim()
            seen.append(post.reply_to)
            return Receipt(f"id-{post.message.text}")

    world.compose.said = [message("one"), message("two")]
    world.opened()
    asyncio.run(world.live(Replying(), 3))

    assert seen == [None, Receipt("id-one")]


def test_two_couriers_on_one_delivery_make_one_post(world: World) -> None:
    delivery = world.opened()

    async def both() -> list[Delivery]:
        tries = (world.courier.deliver(delivery, Plain()) for _ in range(5))
        return list(await asyncio.gather(*tries))

    stands = asyncio.run(both())

    assert len(world.platform.posts) == 1
    assert {each.state for each in stands} <= {State.DELIVERED, State.SENDING}
    assert outcomes(world, delivery) == ["delivered"]


def test_a_lost_claim_that_came_back_disguised_is_no_attempt(world: World) -> None:
    delivery = world.opened()
    world.ledger.claim(delivery.id, delivery.fence, NOON)

    class Disguising(Plain):
        async def deliver(self, post: Post, claim: Claim) -> Receipt:
            try:
                await claim()
            except Exception as error:
                raise InDoubt("the client wrapped it") from error
            return Receipt()

    assert deliver(world, Disguising(), delivery).state is State.SENDING
    assert outcomes(world, delivery) == [""]


def test_a_mistake_of_ours_before_the_claim_waits_and_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.compose.fault = raises(ZeroDivisionError("our bug"))

    with caplog.at_level(logging.ERROR):
        waiting = deliver(world, Plain())

    assert (waiting.state, waiting.next_at) == (State.WAITING, NOON + timedelta(seconds=5))
    assert waiting.reason == "a mistake in thisday (ZeroDivisionError); its log says more"
    assert "our bug" in caplog.text


def test_a_mistake_of_ours_after_the_claim_is_a_doubt(world: World) -> None:
    world.platform.after.append(raises(ZeroDivisionError("our bug")))

    assert deliver(world, Plain()).state is State.IN_DOUBT
    assert len(world.platform.posts) == 1


def test_a_mistake_in_a_persons_template_waits_until_it_is_mended(world: World) -> None:
    world.compose.fault = raises(BotError("templates/edition.j2:3: no such word"))

    waiting = deliver(world, Plain())

    assert (waiting.state, waiting.reason) == (State.WAITING, "templates/edition.j2:3: no such word")


def test_a_doubt_before_the_claim_is_none(world: World) -> None:
    world.http.unclaimed.append(raises(InDoubt("a preparing step was lost")))

    assert deliver(world, Plain()).state is State.WAITING


@pytest.mark.parametrize(("claims", "state"), [(True, State.IN_DOUBT), (False, State.WAITING)])
def test_a_channel_that_hangs_is_left_after_a_while(world: World, *, claims: bool, state: State) -> None:
    class Hanging(Plain):
        async def deliver(self, post: Post, claim: Claim) -> Receipt:
            if claims:
                await claim()
            await asyncio.sleep(60)
            return Receipt()

    object.__setattr__(world.courier, "patience", timedelta(seconds=0.1))

    assert deliver(world, Hanging()).state is state


@pytest.mark.parametrize(("claims", "state"), [(True, State.SENDING), (False, State.WAITING)])
def test_a_cancelled_courier_leaves_a_state_from_which_it_goes_on(world: World, *, claims: bool, state: State) -> None:
    reached = asyncio.Event()

    class Hanging(Plain):
        async def deliver(self, post: Post, claim: Claim) -> Receipt:
            if claims:
                await claim()
            reached.set()
            await asyncio.sleep(60)
            return Receipt()

    delivery = world.opened()

    async def cancelled() -> None:
        task = asyncio.create_task(world.courier.deliver(delivery, Hanging()))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())

    assert reports.find(world.ledger.database)[0].state is state


def test_a_conversation_that_commits_twice_keeps_its_claim_and_stops_without_it(world: World) -> None:
    class Twice(Plain):
        async def deliver(self, post: Post, claim: Claim) -> Receipt:
            await claim()
            world.clock.move(seconds=30)
            await claim()
            world.clock.move(seconds=LEASE.total_seconds())
            world.ledger.sweep(world.clock())
            await claim()
            raise AssertionError("sent without a claim")

    doubtful = deliver(world, Twice())

    assert doubtful.state is State.IN_DOUBT
    assert doubtful.attempts == 1


def test_a_computer_that_stood_still_while_it_claimed_does_not_send(world: World) -> None:
    class Slow(Ledger):
        def claim(self, *args: object, **more: object) -> int | None:
            fence = super().claim(*args, **more)  # type: ignore[arg-type]  # passed through as it came
            world.clock.move(seconds=LEASE.total_seconds())
            self.sweep(world.clock())
            return fence

    delivery = world.opened()
    object.__setattr__(world.courier, "ledger", Slow(world.ledger.database))

    assert deliver(world, Plain(), delivery).state is State.WAITING
    assert world.platform.posts == []


def test_a_channel_that_never_claims_is_still_recorded(world: World) -> None:
    class Careless(Plain):
        async def deliver(self, post: Post, claim: Claim) -> Receipt:
            return Receipt("7")

    assert deliver(world, Careless()).receipt_id == "7"


def test_limits_are_learned_once_a_week_and_given_to_the_composer(world: World) -> None:
    for day, name in enumerate(("a", "b", "c")):
        world.clock.at = NOON + timedelta(days=4 * day)
        deliver(world, Learning(), world.opened(name))

    assert world.compose.asked == [{"limit": 500}] * 3
    known = facts.facts(world.ledger.database, "learning fake.example#1a2b")
    assert known is not None
    assert known.at == NOON + timedelta(days=8)


def test_what_is_composed_already_is_not_composed_again(world: World) -> None:
    courier = replace(world.courier, composed=lambda delivery, facts: [message(f"{delivery.day} {dict(facts)}")])

    after = asyncio.run(courier.deliver(world.opened(), Plain()))

    assert after.state is State.DELIVERED
    assert world.compose.asked == []
    assert [text for _, text in world.platform.posts] == [f"{DAY} {{}}"]


@pytest.mark.parametrize("known", [{}, {"limit": 400}])
def test_a_server_that_does_not_tell_its_limits_stops_no_post(world: World, known: dict[str, int]) -> None:
    if known:
        facts.keep_facts(world.ledger.database, "learning fake.example#1a2b", known, NOON - timedelta(days=8))
    world.platform.asked.append(Unavailable("down"))

    assert deliver(world, Learning()).state is State.DELIVERED
    assert world.compose.asked == [known]


class Away(Ledger):
    """The database is away for so many answers; the last of the lost ones had been written all the same."""

    away = 2

    def settle(self, *args: Any, **more: Any) -> Delivery | None:
        self.away -= 1
        if self.away == 0:
            super().settle(*args, **more)
        if self.away >= 0:
            raise DatabaseError("it restarts")
        return super().settle(*args, **more)


@pytest.mark.parametrize("failure", [None, Throttled("slowly", timedelta(minutes=1))])
def test_an_answer_waits_for_a_database_that_is_away(world: World, failure: Failure | None) -> None:
    away = Away(world.ledger.database)
    courier = replace(world.courier, ledger=away, again=(0.0, 0.0, 0.0))
    world.platform.before.append(raises(failure) if failure else None)

    after = asyncio.run(courier.deliver(world.opened(), Plain()))

    assert away.away == -1
    assert after.state is (State.WAITING if failure else State.DELIVERED)
    assert [each.outcome for each in reports.attempts(world.ledger.database, after.id)] == [
        "throttled" if failure else "delivered"
    ]


def test_an_answer_that_cannot_be_written_down_is_in_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    class Full(Ledger):
        def settle(self, *args: object, **more: object) -> Delivery | None:
            raise BotError("the disk is full")

    delivery = world.opened()
    object.__setattr__(world.courier, "ledger", Full(world.ledger.database))

    with pytest.raises(BotError, match="the disk is full"):
        deliver(world, Plain(), delivery)

    assert f"delivery {delivery.id}: Receipt(" in caplog.text
