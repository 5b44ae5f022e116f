"""Where only its words tell a post: do deliveries that read the same end with a post each, whoever is asked first?"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import product
from threading import Barrier

import pytest

from bot.channels import Answer, Claim, InDoubt, Receipt, Request, Unavailable, Wait
from bot.database import DatabaseError, open_database
from bot.delivery import policy, reports
from bot.delivery.ledger import Ledger
from bot.delivery.states import Delivery, State
from tests.builders import SOAK
from tests.delivery.fakes import NOON, FakeHttp, Worded, World, raises

TWINS = 6
ALL_WELL = NOON + timedelta(hours=1)  # from then on the platform is
TROUBLE = ("reset", "late", "lost", "down", "fine", "fine", "fine")
CHANNEL = Worded()
LOST, SAID = raises(InDoubt("reset")), None


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def tried(world: World, name: str, *, posted: bool, answered: bool = False) -> Delivery:
    """One attempt, whose request got there or not, and whose answer was heard or not."""
    world.platform.before.append(SAID if posted else LOST)
    if posted:
        world.platform.after.append(SAID if answered else LOST)
    return asyncio.run(world.courier.deliver(world.opened(name), CHANNEL))


def require_a_post_each(world: World, number: int) -> None:
    """What a reader of the channel sees and what the ledger says agree: nothing lost, nothing doubled."""
    kept = reports.find(world.ledger.database, limit=1000)
    assert [each.state for each in kept] == [State.DELIVERED] * number, kept
    assert len(world.platform.posts) == number
    assert sorted(each.receipt_id for each in kept) == sorted(map(str, range(1, number + 1)))


@pytest.mark.parametrize("posted", [True, False])
def test_the_post_of_another_is_not_taken_for_ones_own(world: World, *, posted: bool) -> None:
    tried(world, "first", posted=True, answered=True)
    tried(world, "second", posted=posted)

    asyncio.run(world.live(CHANNEL, 10))

    require_a_post_each(world, 2)


@pytest.mark.parametrize("posted", list(product([True, False], repeat=3)))
def test_who_takes_which_makes_no_difference_if_all_are_in_doubt(world: World, posted: tuple[bool, ...]) -> None:
    for number, each in enumerate(posted):
        tried(world, f"twin-{number}", posted=each)
        world.clock.move(seconds=20)

    asyncio.run(world.live(CHANNEL, 10))

    require_a_post_each(world, 3)


def test_what_reads_otherwise_is_not_asked_about(world: World) -> None:
    tried(world, "first", posted=True, answered=True)
    world.platform.posts[0] = (world.platform.posts[0][0], "other words")
    tried(world, "second", posted=False)

    asyncio.run(world.live(CHANNEL, 10))

    require_a_post_each(world, 2)


# while others are at work


@dataclass
class Meanwhile(FakeHttp):
    """Something happens when the platform has answered, before the courier hears of it."""

    posted: Callable[[], Awaitable[None]] | None = None
    looked: Callable[[], Awaitable[None]] | None = None

    async def _exchange(self, step: Request | Wait, claim: Claim) -> Answer:
        answer = await super()._exchange(step, claim)
        if isinstance(step, Request) and step.commits:
            happens, self.posted = self.posted, None
        else:
            happens, self.looked = self.looked, None
        if happens is not None:
            await happens()
        return answer


@pytest.mark.parametrize("posted", [True, False])
def test_a_post_that_was_counted_before_its_answer_is_made_up_for(world: World, *, posted: bool) -> None:
    """A look takes the post of a delivery whose answer has not come; its own comes late, or never."""
    first = tried(world, "first", posted=False)
    world.clock.move(seconds=100)

    async def the_other_looks() -> None:
        if posted:
            world.platform.posts.append(("late", world.platform.posts[0][1]))
        await world.courier.settle_doubt(first, CHANNEL)

    world.courier = replace(world.courier, http=Meanwhile(world.platform, posted=the_other_looks))
    second = asyncio.run(world.courier.deliver(world.opened("second"), CHANNEL))

    assert (second.state, second.reason) == (State.IN_DOUBT, "its post was counted for another one that reads the same")
    assert second.first_tried == first.first_tried  # what is left to count may be as old as that
    asyncio.run(world.live(CHANNEL, 10))
    require_a_post_each(world, 2)


def test_a_post_that_is_counted_during_a_look_is_made_up_for(world: World) -> None:
    """The first sees its own post alone. Before it counts it, the other's arrives, who looks and counts the first's."""
    first = tried(world, "first", posted=True)
    second = tried(world, "second", posted=False)
    world.clock.move(minutes=2)

    async def the_other_comes_and_looks() -> None:
        world.platform.posts.append(("late", world.platform.posts[0][1]))
        await world.courier.settle_doubt(second, CHANNEL)

    world.courier = replace(world.courier, http=Meanwhile(world.platform, looked=the_other_comes_and_looks))
    asyncio.run(world.courier.settle_doubt(first, CHANNEL))

    require_a_post_each(world, 2)


def test_an_answer_that_comes_after_its_post_was_counted_is_no_second_receipt(world: World) -> None:
    first = tried(world, "first", posted=False)
    second = tried(world, "second", posted=True)
    world.clock.move(minutes=2)
    asyncio.run(world.courier.settle_doubt(first, CHANNEL))

    answer = (policy.delivered(Receipt("1")), world.clock(), "delivered", Receipt("1"))

    assert world.ledger.settle(second.id, 1, *answer, by_words=True) is None
    asyncio.run(world.live(CHANNEL, 10))
    require_a_post_each(world, 2)


def test_of_two_that_look_at_the_same_moment_one_counts_the_post(fresh: Callable[[], str]) -> None:
    address = fresh()
    both = [World(Ledger(open_database(address))) for _ in range(2)]
    doubtful = [tried(both[0], name, posted=False) for name in ("first", "second")]
    receipt, start = Receipt("7", "https://fake.example/7"), Barrier(2)

    def count(world: World, delivery: Delivery) -> None:
        start.wait()
        with suppress(DatabaseError):  # by the server, if they come to it at the same time
            answer = (policy.delivered(receipt), world.clock(), "delivered", receipt)
            world.ledger.record(delivery, *answer, by_words=True)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(count, both, doubtful))

    kept = reports.find(both[0].ledger.database)
    assert sorted(each.state for each in kept) == [State.DELIVERED, State.IN_DOUBT]
    for world in both:
        world.ledger.database.close()


# everything at once


@dataclass
class Unsteady(FakeHttp):
    """Requests get there, late or never; answers come, late or never; looks fail, or tell what was there a while ago."""

    clock: Callable[[], datetime] = field(kw_only=True)
    dice: random.Random = field(kw_only=True)
    late: list[tuple[datetime, Request]] = field(default_factory=list)

    async def _exchange(self, step: Request | Wait, claim: Claim) -> Answer:
        assert isinstance(step, Request)
        if step.commits:
            await claim()
        happens = self.dice.choice(TROUBLE) if step.commits else self.dice.choice(["reset", *["fine"] * 9])
        if self.clock() > ALL_WELL:
            happens = "fine"
        if happens == "late":
            self.late.append((self.clock() + timedelta(seconds=self.dice.randrange(80)), step))
        if happens in {"late", "reset"}:
            raise InDoubt("reset")
        if happens == "down":
            raise Unavailable("down")
        answer = Answer(200, {}, json.dumps(self.platform.answer(step)).encode(), self.clock())
        if happens == "lost":
            raise InDoubt("reset")
        await self.waited(self.dice.choice([0, 0, 5, 60, 200]))
        return answer

    async def waited(self, seconds: float) -> None:
        until = self.clock() + timedelta(seconds=seconds)
        while self.clock() < until:  # noqa: ASYNC110  # the clock is a hand that the test moves
            await asyncio.sleep(0.001)

    def arrive(self) -> None:
        """What was on the way for long enough."""
        come = [each for each in self.late if each[0] <= self.clock()]
        self.late = [each for each in self.late if each not in come]
        for _, request in come:
            self.platform.answer(request)


async def lived(world: World, http: Unsteady, number: int) -> None:
    """Five seconds after five seconds; whoever waits for an answer goes on waiting meanwhile."""
    busy: dict[int, asyncio.Task[Delivery]] = {}
    while len(reports.find(world.ledger.database, state=State.DELIVERED)) < number or http.late:
        http.arrive()
        world.ledger.sweep(world.clock())
        busy = {each: task for each, task in busy.items() if not task.done()}
        todo = [(each, world.courier.deliver) for each in world.ledger.due(world.clock(), 100)]
        todo += [(each, world.courier.settle_doubt) for each in world.ledger.doubtful(world.clock())]
        for delivery, act in todo:
            if delivery.id not in busy:
                busy[delivery.id] = asyncio.create_task(act(delivery, CHANNEL))
        await asyncio.sleep(0.004)
        world.clock.move(seconds=5)
        assert world.clock() < NOON + timedelta(hours=5)
    await asyncio.gather(*busy.values())


@pytest.mark.parametrize("seed", range(200 if SOAK else 8))
def test_whatever_happens_there_is_a_post_for_each(world: World, seed: int) -> None:
    http = Unsteady(world.platform, clock=world.clock, dice=random.Random(seed))
    world.courier = replace(world.courier, http=http)
    for number in range(TWINS):
        world.opened(f"twin-{number}")

    asyncio.run(lived(world, http, TWINS))

    require_a_post_each(world, TWINS)
