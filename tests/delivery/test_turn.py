"""Does what a person asked for keep to the limits, and does it stay open where its turn is far off?"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import ClassVar

import pytest

from bot.channels import Pace, Rate, Throttled
from bot.delivery import reports
from bot.delivery.ledger import Ledger
from bot.delivery.pace import place_of
from bot.delivery.states import Delivery, State
from bot.delivery.turn import SOON, in_turn
from tests.delivery.fakes import Plain, World


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


class Paced(Plain):
    """Takes one post in three seconds."""

    pace: ClassVar[Pace] = Pace(Rate(1, timedelta(seconds=3)))

    @property
    def account(self) -> str:
        return "account"


class Slow(Paced):
    pace: ClassVar[Pace] = Pace(Rate(1, SOON + timedelta(seconds=1)))


def asked(world: World, delivery: Delivery, channel: Plain) -> tuple[Delivery, list[str]]:
    """What became of a delivery, and what was told meanwhile; time passes only by waiting."""
    told: list[str] = []

    async def sleep(seconds: float) -> None:
        world.clock.move(seconds=seconds)

    return asyncio.run(in_turn(world.courier, delivery, channel, told.append, sleep)), told


def test_the_first_goes_at_once_and_the_next_in_its_turn(world: World) -> None:
    first, second = (world.opened(name) for name in ("first", "second"))
    begun = world.clock()

    assert asked(world, first, Paced())[1] == []
    done, told = asked(world, second, Paced())

    assert done.state is State.DELIVERED
    assert world.clock() - begun == timedelta(seconds=3)
    assert [each.partition(": ")[2] for each in told] == ["at most 1 in 3 s go to its destination"]
    assert len(world.platform.posts) == 2


def test_a_turn_that_is_far_off_leaves_it_open_with_the_reason(world: World) -> None:
    first, second = (world.opened(name) for name in ("first", "second"))
    asked(world, first, Slow())

    left, _ = asked(world, second, Slow())

    (kept,) = (each for each in reports.find(world.ledger.database) if each.subscription == "second")
    assert (left.state, left.attempts) == (State.WAITING, 0)
    assert (kept.next_at, kept.reason) == (left.next_at, left.reason)
    assert len(world.platform.posts) == 1


def test_a_not_yet_that_another_heard_is_not_asked_for_again(world: World) -> None:
    channel = Paced()
    world.courier.traffic.heard(place_of(channel), Throttled("too fast", timedelta(seconds=60)), world.clock())

    left, _ = asked(world, world.opened(), channel)

    assert left.state is State.WAITING
    assert left.reason.endswith("too fast")
    assert world.platform.posts == []
