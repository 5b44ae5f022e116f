"""Does one bad channel or host keep its own places and no other's, and does everything that can go go in time?"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App, kind_names, options_of
from bot.channels import Pace, Rate, Unavailable
from bot.config import config_from
from bot.delivery import reports
from bot.delivery.breaker import IN_A_ROW
from bot.delivery.ledger import Ledger
from bot.delivery.pace import Place, Traffic
from bot.delivery.states import Decision, Delivery, NewDelivery, State
from bot.scheduling.dispatch import Dispatcher
from bot.scheduling.due import daily
from bot.scheduling.scheduler import Scheduler
from tests.delivery.fakes import DAY, NOON, Clock
from tests.fakes import FakePlatform, answering, never_answers

SECRET = "whsec_bWFkZS11cC1zZWNyZXQtbm90LXRvLWJlLXVzZWQ="
DELIVERED = Decision(State.DELIVERED)
SECOND = timedelta(seconds=1)


class Couriers:
    """Carries by the ledger: those whose host hangs never come back, the others deliver. Counts who is out."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime], hanging: str = "") -> None:
        self.ledger, self.clock, self.hanging = ledger, clock, hanging
        self.carried: list[str] = []
        self.out: Counter[str] = Counter()

    async def __call__(self, delivery: Delivery) -> Delivery:
        host = host_of(delivery.subscription)
        self.out[host] += 1
        try:
            if host == self.hanging:
                await asyncio.Event().wait()
            await asyncio.sleep(0)
            fence = self.ledger.claim(delivery.id, delivery.fence, self.clock())
            assert fence is not None
            settled = self.ledger.settle(delivery.id, fence, DELIVERED, self.clock(), "delivered")
            assert settled is not None
        finally:
            self.out[host] -= 1
        self.carried.append(delivery.subscription)
        return settled


def host_of(name: str) -> str:
    return name.partition("-")[0]


def places(names: Iterable[str], pace: Pace = Pace()) -> dict[str, Place]:  # noqa: B008  # a constant
    return {name: Place(host_of(name), f"bot of {host_of(name)}", name, pace) for name in names}


def opened(ledger: Ledger, names: Iterable[str], lasts: timedelta = timedelta(hours=6)) -> None:
    ledger.open([NewDelivery(name, DAY, NOON, NOON + lasts) for name in names], {})


async def _nobody(delivery: Delivery) -> Delivery:
    raise AssertionError(delivery)


def dispatcher(couriers: Couriers, at_once: int = 8, traffic: Traffic | None = None, pace: Pace | None = None) -> Dispatcher:
    asked = (lambda names: places(names, pace)) if pace else places
    return Dispatcher(couriers.ledger, couriers, _nobody, asked, traffic or Traffic(), at_once=at_once)


async def drained(dispatch: Dispatcher, clock: Callable[[], datetime], done: Callable[[], bool]) -> None:
    for _ in range(500):
        await dispatch.dispatch(clock())
        if done():
            return
        await dispatch.returned(0.01)
    raise AssertionError("it never got done")


def test_couriers_that_come_back_together_go_out_together(ledger: Ledger) -> None:
    opened(ledger, [f"fine-{number}" for number in range(6)])

    async def live() -> int:
        gates = [asyncio.Event() for _ in range(6)]
        waiting = iter(gates)

        async def carry(delivery: Delivery) -> Delivery:
            await next(waiting).wait()
            return delivery

        dispatch = Dispatcher(ledger, carry, _nobody, places, at_once=16)
        await dispatch.dispatch(NOON)
        for number, gate in enumerate(gates[:4]):
            asyncio.get_running_loop().call_later(number / 1000, gate.set)
        await dispatch.returned()
        busy = dispatch.busy
        await dispatch.idle(0)
        return busy

    assert asyncio.run(live()) == 2


def test_a_hanging_host_with_all_that_is_due_leaves_room_for_the_others(ledger: Ledger) -> None:
    clock = Clock()
    couriers = Couriers(ledger, clock, hanging="hanging")
    others = [f"fine-{number}" for number in range(5)]
    opened(ledger, [f"hanging-{number}" for number in range(100)])  # they come first
    opened(ledger, others)
    dispatch = dispatcher(couriers)

    async def live() -> None:
        await drained(dispatch, clock, lambda: len(couriers.carried) == len(others))
        assert couriers.out["hanging"] == 4
        await dispatch.idle(0)

    asyncio.run(live())

    assert sorted(couriers.carried) == others


def test_two_hanging_hosts_leave_room_as_well(ledger: Ledger) -> None:
    clock = Clock()
    couriers = Couriers(ledger, clock, hanging="hanging")
    also = Couriers(ledger, clock, hanging="stuck")

    async def either(delivery: Delivery) -> Delivery:
        return await (also if host_of(delivery.subscription) == "stuck" else couriers)(delivery)

    opened(ledger, [f"{host}-{number}" for host in ("hanging", "stuck") for number in range(100)])
    opened(ledger, [f"fine-{number}" for number in range(5)])
    dispatch = Dispatcher(ledger, either, _nobody, places, at_once=16)

    async def live() -> None:
        await drained(dispatch, clock, lambda: len(couriers.carried) == 5)
        assert couriers.out["hanging"] + also.out["stuck"] <= 12
        await dispatch.idle(0)

    asyncio.run(live())


@pytest.mark.parametrize("at_once", [1, 2, 64])
def test_one_host_alone_gets_through_whatever_the_room(ledger: Ledger, at_once: int) -> None:
    clock = Clock()
    couriers = Couriers(ledger, clock)
    names = [f"fine-{number}" for number in range(30)]
    opened(ledger, names)

    asyncio.run(drained(dispatcher(couriers, at_once), clock, lambda: len(couriers.carried) == len(names)))

    assert Counter(couriers.carried) == dict.fromkeys(names, 1)


def test_a_host_that_is_down_is_tried_by_one_and_the_reason_shows(ledger: Ledger) -> None:
    clock, traffic = Clock(), Traffic()
    couriers = Couriers(ledger, clock)
    opened(ledger, [f"down-{number}" for number in range(300)])
    for name, place in places(f"down-{number}" for number in range(IN_A_ROW)).items():
        traffic.heard(place, Unavailable(f"{name} cannot be reached"), clock())
    dispatch = dispatcher(couriers, traffic=traffic)

    assert asyncio.run(dispatch.dispatch(clock())) == 0
    assert couriers.carried == []
    assert all("down is down" in each.reason for each in reports.find(ledger.database, limit=1000))

    clock.move(minutes=1)

    async def probe() -> int:
        started = await dispatch.dispatch(clock())
        await dispatch.idle(5)
        return started

    assert asyncio.run(probe()) == 1


def test_a_host_that_is_down_to_the_end_has_all_tried_before_they_expire(ledger: Ledger) -> None:
    clock, traffic = Clock(), Traffic()
    tried: set[str] = set()
    names = [f"down-{number}" for number in range(20)]

    async def fails(delivery: Delivery) -> Delivery:
        tried.add(delivery.subscription)
        failure = Unavailable("cannot be reached")
        traffic.heard(places([delivery.subscription])[delivery.subscription], failure, clock())
        again = Decision(State.WAITING, clock() + timedelta(hours=1), failure.why)
        return ledger.record(delivery, again, clock(), "unavailable") or delivery

    opened(ledger, names, timedelta(minutes=30))
    dispatch = Dispatcher(ledger, fails, _nobody, places, traffic, at_once=4)

    async def live() -> None:
        while clock() < NOON + timedelta(minutes=31):
            ledger.sweep(clock())
            await dispatch.dispatch(clock())
            await dispatch.idle(5)
            clock.move(seconds=10)

    asyncio.run(live())

    assert tried == set(names)


def test_an_account_is_paced_and_nothing_is_rewritten_more_often_than_needed(ledger: Ledger) -> None:
    clock, pace = Clock(), Pace(account=Rate(30, SECOND))
    couriers = Couriers(ledger, clock)
    names = [f"chat-{number}" for number in range(300)]
    opened(ledger, names)
    dispatch = dispatcher(couriers, at_once=64, pace=pace)
    before: list[int] = []

    async def live() -> None:
        for _ in range(10):
            while await dispatch.dispatch(clock()) or dispatch.busy:
                await dispatch.returned()
            before.append(len(couriers.carried))
            clock.move(seconds=1)

    asyncio.run(live())

    assert before == [30 * number for number in range(1, 11)]
    assert Counter(couriers.carried) == dict.fromkeys(names, 1)


def test_run_once_waits_for_turns_that_come_soon(ledger: Ledger) -> None:
    couriers = Couriers(ledger, now := _real_clock())
    ledger.open([NewDelivery(f"chat-{number}", DAY, now(), now() + timedelta(hours=1)) for number in range(3)], {})
    dispatch = dispatcher(couriers, pace=Pace(account=Rate(1, timedelta(seconds=0.2))))

    asyncio.run(Scheduler(tuple, daily, ledger, dispatch, now, timedelta(hours=12)).once())

    assert len(couriers.carried) == 3


def _real_clock() -> Callable[[], datetime]:
    return lambda: datetime.now(UTC)


def test_a_courier_that_stumbles_is_logged_and_its_place_is_free_again(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    async def stumbles(delivery: Delivery) -> Delivery:
        raise RuntimeError("a bug of ours")

    opened(ledger, ["fine-1"])
    dispatch = Dispatcher(ledger, stumbles, _nobody, places)

    async def live() -> None:
        assert await dispatch.dispatch(NOON) == 1
        await dispatch.idle(5)

    asyncio.run(live())

    assert "stopped short" in caplog.text
    assert (dispatch.busy, dict(dispatch._hosts)) == (0, {})


# all of it, over sockets

BAD = {"hanging": never_answers, "failing": answering(500), "refusing": answering(410)}
NOBODY = "unreachable"  # a port where nobody listens
GOOD = [f"good-{number}" for number in range(12)]


@dataclass(frozen=True, slots=True)
class Morning:
    """What the good channels got at their hour, how many seconds that took, and what the ledger says of every channel."""

    got: list[tuple[str, bytes]]
    seconds: float
    states: dict[str, State]


@pytest.mark.parametrize("client", ["httpx", "aiohttp"])
@pytest.mark.parametrize(("host", "of_each"), [("localhost", 8), ("127.0.0.1", 1)], ids=["many-elsewhere", "few-beside"])
def test_bad_channels_neither_delay_nor_change_the_posts_of_others(
    tmp_path: Path, client: str, host: str, of_each: int
) -> None:
    folders = [tmp_path / "alone", tmp_path / "beside"]
    for each in folders:
        each.mkdir()
    alone, beside = (asyncio.run(_morning(each, client, host, bad)) for each, bad in zip(folders, (0, of_each), strict=True))

    assert [path for path, _ in alone.got] == [f"/{name}" for name in sorted(GOOD)]
    assert beside.got == alone.got
    assert beside.seconds < alone.seconds + 5  # a request that hangs is given up after 20
    assert {name for name, state in beside.states.items() if state is State.DELIVERED} == set(GOOD)
    assert len(beside.states) == len(GOOD) + 4 * of_each


async def _morning(folder: Path, client: str, host: str, of_each: int) -> Morning:
    """Bad channels at 127.0.0.1, so many of each sort, and the good ones at a host: one machine by two names."""
    good, bad = FakePlatform(answering(204, b"")), {name: FakePlatform(behaviour) for name, behaviour in BAD.items()}
    async with AsyncExitStack() as open_:
        for platform in (good, *bad.values()):
            await open_.enter_async_context(platform)
        ports = {NOBODY: _closed_port()} | {name: platform.port for name, platform in bad.items()}
        lines = [
            _channel(f"{name}-{number}", "127.0.0.1", port) for name, port in ports.items() for number in range(of_each)
        ]
        lines += [_channel(name, host, good.port) for name in GOOD]
        return await _lived(folder, client, lines, good)


def _closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _channel(name: str, host: str, port: int) -> str:
    return f'  {name}: {{kind: webhook, url: "http://{host}:{port}/{name}", secret: {SECRET}}}'


async def _lived(folder: Path, client: str, channels: list[str], good: FakePlatform) -> Morning:
    head = ["at: '09:00'", f"network: {{allow_private: true, client: {client}}}", "channels:"]
    clock = Clock(datetime(2026, 11, 25, 8, 59, tzinfo=UTC))
    config = config_from("\n".join([*head, *channels]), "config.yaml", folder, options_of, kind_names)
    app = App(config, now=clock, jitter=lambda: 0.5, cache=None)
    scheduler = app.scheduler()
    assert isinstance(scheduler.dispatcher, Dispatcher)
    scheduler.dispatcher.at_once = 8
    loop = asyncio.get_running_loop()
    async with app.http:
        await scheduler.tick()
        clock.move(minutes=1)
        began = loop.time()
        await _until(scheduler, lambda: good.posts == len(GOOD))
        seconds = loop.time() - began
        await scheduler.dispatcher.idle(0.5)
    found = {each.subscription: each.state for each in reports.find(app.ledger.database, limit=1000)}
    app.database.close()
    got = sorted((each.path, each.body) for each in good.taken)
    return Morning(got, seconds, found)


async def _until(scheduler: Scheduler, done: Callable[[], bool]) -> None:
    while not done():
        await scheduler.tick()
        await scheduler.dispatcher.returned(0.05)
