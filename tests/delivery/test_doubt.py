"""Is a lost answer settled by looking, by a safe repeat or by a person, and never by guessing?"""

from __future__ import annotations

import asyncio

import pytest

from bot.channels import Channel, InDoubt, Refused, Scope, Throttled, Unavailable
from bot.delivery import pauses, reports
from bot.delivery.ledger import Ledger
from bot.delivery.states import Delivery, State
from tests.delivery.fakes import Findable, Keyed, Plain, World, raises


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def outcomes(world: World, delivery: Delivery) -> list[str]:
    return [each.outcome for each in reports.attempts(world.ledger.database, delivery.id)]


def doubtful(world: World, channel: Channel, *, posted: bool) -> Delivery:
    (world.platform.after if posted else world.platform.before).append(raises(InDoubt("reset")))
    return asyncio.run(world.courier.deliver(world.opened(), channel))


@pytest.mark.parametrize("posted", [True, False])
@pytest.mark.parametrize("channel", [Keyed(), Findable()])
def test_a_lost_answer_ends_in_one_post_where_the_platform_helps(world: World, channel: Channel, *, posted: bool) -> None:
    world.platform.keyed = isinstance(channel, Keyed)
    doubtful(world, channel, posted=posted)

    asyncio.run(world.live(channel, 10))

    (delivery,) = reports.find(world.ledger.database)
    assert delivery.state is State.DELIVERED
    assert delivery.receipt_id == "1"
    assert len(world.platform.posts) == 1


@pytest.mark.parametrize("posted", [True, False])
def test_a_lost_answer_is_never_posted_twice_where_the_platform_does_not_help(world: World, *, posted: bool) -> None:
    doubtful(world, Plain(), posted=posted)

    asyncio.run(world.live(Plain(), 600))

    (delivery,) = reports.find(world.ledger.database)
    assert (delivery.state, delivery.next_at, delivery.reason) == (State.IN_DOUBT, None, "reset")
    assert len(world.platform.posts) == posted


def test_who_prefers_a_double_to_a_gap_may_have_it(world: World) -> None:
    doubtful(world, Plain(), posted=False)

    asyncio.run(world.live(Plain(), 10, repeat=True))

    assert len(world.platform.posts) == 1


def test_nobody_looks_before_the_quiet_time(world: World) -> None:
    doubtful(world, Findable(), posted=True)
    world.clock.move(seconds=89)

    assert world.ledger.doubtful(world.clock()) == []


def test_a_platform_that_cannot_be_asked_now_is_asked_again(world: World) -> None:
    lost = doubtful(world, Findable(), posted=True)
    world.platform.asked.extend([Unavailable("down"), Throttled("busy")])

    asyncio.run(world.live(Findable(), 10))

    assert outcomes(world, lost) == ["in doubt", "unavailable", "throttled", "delivered"]
    assert len(world.platform.posts) == 1


def test_a_platform_that_refuses_to_be_asked_leaves_it_to_a_person(world: World) -> None:
    lost = doubtful(world, Findable(), posted=True)
    world.platform.asked.append(Refused(Scope.ACCOUNT, "no right to read"))

    asyncio.run(world.live(Findable(), 10))

    held = reports.get(world.ledger.database, lost.id)
    assert held is not None
    assert (held.state, held.next_at) == (State.IN_DOUBT, None)
    assert held.reason == "reset; it could not be looked up: no right to read"
    assert pauses.paused(world.ledger.database) == {}


def test_a_conversation_that_only_asks_cannot_post(world: World) -> None:
    class Posting(Plain):
        find = Plain.post

    lost = doubtful(world, Posting(), posted=False)
    world.clock.move(minutes=2)

    asyncio.run(world.courier.settle_doubt(lost, Posting()))

    assert world.platform.posts == []


def test_what_did_not_get_there_in_time_expires(world: World) -> None:
    lost = doubtful(world, Findable(), posted=False)
    world.clock.move(hours=7)

    expired = asyncio.run(world.courier.settle_doubt(lost, Findable()))

    assert expired.state is State.EXPIRED
