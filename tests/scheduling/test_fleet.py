"""Is each post there once, whatever becomes of the rings between planner and workers?"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from bot.app import App, kind_names, options_of
from bot.channels import Pace, Rate
from bot.cli.main import MISTAKE, main
from bot.config import config_from
from bot.database import Engine, open_database
from bot.delivery import reports
from bot.delivery.ledger import Ledger
from bot.delivery.pace import Hold, Place, Traffic
from bot.delivery.states import Decision, Delivery, NewDelivery, State
from bot.scheduling import fleet
from bot.scheduling.dispatch import Dispatcher
from bot.scheduling.doorbell import Procrastinate, doorbell
from bot.scheduling.fleet import Doorbell, Ringer, Shard, Worker
from bot.scheduling.scheduler import offset
from tests.postgres import Cluster
from tests.witness.fleet import Crew
from tests.witness.witness import SEED, outside

DELIVERIES, HOSTS, WORKERS = 1200, 6, 3
DAY = date(2026, 3, 2)
SOON = timedelta(seconds=0.3)


@pytest.fixture
def store(cluster: Cluster) -> Iterator[Engine]:
    opened = open_database(cluster.fresh())
    yield opened
    opened.close()


def now() -> datetime:
    return datetime.now(UTC)


def places(names: Iterable[str]) -> dict[str, Place]:
    return {name: Place(name.partition("-")[0], name, name) for name in names}


class Bell:
    """A doorbell in memory. Of ten rings it loses one and doubles one; the others come late and in any order."""

    def __init__(self, dice: random.Random, faults: float = 0.1) -> None:
        self.dice, self.faults = dice, faults
        self.rung: list[Shard] = []
        self.lost = self.doubled = 0
        self._queue: list[Shard] = []

    async def ring(self, shards: Sequence[Shard]) -> None:
        self.rung += shards
        for each in shards:
            fate = self.dice.random()
            copies = 0 if fate < self.faults else 2 if fate < 2 * self.faults else 1
            self.lost += copies == 0
            self.doubled += copies == 2
            self._queue += [each] * copies

    async def answer(self, carry: Callable[[Shard], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self.dice.uniform(0, 0.05))
            if self._queue:
                shard = self._queue.pop(self.dice.randrange(len(self._queue)))
                with suppress(ConnectionError):
                    await carry(shard)

    def hear(self) -> None:
        """Somebody takes all there is, and nothing comes of it."""
        self._queue.clear()

    async def forget(self) -> bool:
        """What a worker takes is out of the queue at once."""
        return bool(self._queue)


class Couriers:
    """Carry by the ledger, some of them not at the first time; what they post is counted outside of it."""

    def __init__(self, ledger: Ledger, dice: random.Random) -> None:
        self.ledger, self.dice = ledger, dice
        self.posted: Counter[int] = Counter()

    async def __call__(self, delivery: Delivery) -> Delivery:
        await asyncio.sleep(self.dice.uniform(0, 0.01))
        if self.dice.random() < 0.05:
            return delivery  # comes to nothing, and says so to nobody
        fence = await asyncio.to_thread(self.ledger.claim, delivery.id, delivery.fence, now())
        if fence is None:
            return delivery
        self.posted[delivery.id] += 1
        settled = self.ledger.settle(delivery.id, fence, Decision(State.DELIVERED), now(), "delivered")
        assert settled is not None
        return settled

    def dispatcher(self, ledger: Ledger) -> Dispatcher:
        return Dispatcher(ledger, self, self, places)


def opened(ledger: Ledger, number: int) -> None:
    due, end = now() - timedelta(minutes=1), now() + timedelta(days=1)
    ledger.open([NewDelivery(f"{each % HOSTS}-{each}", DAY, due, end) for each in range(number)], {})


async def all_done(ledger: Ledger, bells: Sequence[Doorbell], couriers: Couriers) -> None:
    """One planner at the first bell, and a worker at each."""
    stop = asyncio.Event()
    ringer = Ringer(ledger, bells[0], places, again=SOON)
    workers = [Worker(couriers.dispatcher, ledger.database, now) for _ in bells]
    running = [asyncio.create_task(each.run(bell, stop)) for each, bell in zip(workers, bells, strict=True)]
    try:
        async with asyncio.timeout(60):
            while reports.counts(ledger.database)[State.DELIVERED] < DELIVERIES:
                await ringer.dispatch(now())
                await ringer.returned(0.02)
    finally:
        stop.set()
        await asyncio.gather(*running)


@pytest.mark.parametrize("seed", [SEED], ids=[f"THISDAY_SEED={SEED}"])
def test_rings_may_be_lost_doubled_late_and_out_of_order(store: Engine, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "SHARD", 20)
    dice, ledger = random.Random(seed), Ledger(store)
    bell, couriers = Bell(dice), Couriers(ledger, dice)
    opened(ledger, DELIVERIES)

    asyncio.run(all_done(ledger, [bell] * WORKERS, couriers))

    assert bell.lost
    assert bell.doubled
    assert set(couriers.posted.values()) == {1}
    assert len(couriers.posted) == DELIVERIES
    assert reports.counts(store)[State.DELIVERED] == DELIVERIES


def test_the_bell_of_procrastinate_is_heard_by_all_workers(store: Engine, cluster: Cluster) -> None:
    address, ledger = cluster.fresh(), Ledger(store)
    couriers = Couriers(ledger, random.Random(SEED))
    opened(ledger, DELIVERIES)

    async def story() -> None:
        async with doorbell(address, store) as one, doorbell(address, store) as two:
            await all_done(ledger, [one, two], couriers)
            await one.forget()

    asyncio.run(story())

    assert set(couriers.posted.values()) == {1}
    assert len(couriers.posted) == DELIVERIES


def test_a_worker_leaves_though_its_bell_fails_when_it_is_asked_to() -> None:
    """As procrastinate does whose server is away: its end comes out as the failure of its last statement."""
    listening = asyncio.Event()

    class Away:
        tasks: ClassVar[list[object]] = []

        def task(self, **_: str) -> Callable[[object], None]:
            return self.tasks.append

        async def run_worker_async(self, **_: object) -> None:
            listening.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise ConnectionError("the server is away") from None

    async def story() -> None:
        bell = Procrastinate(Away())  # type: ignore[arg-type]  # as far as it is used here
        answering = asyncio.create_task(bell.answer(lambda _: asyncio.sleep(0)))
        await listening.wait()
        answering.cancel()
        await asyncio.wait((answering,), timeout=10)
        assert answering.cancelled()

    asyncio.run(story())


RATE = Rate(5, timedelta(seconds=1))


def of_one_account(names: Iterable[str]) -> dict[str, Place]:
    return {name: Place("host", "account", name, Pace(account=RATE)) for name in names}


class Watched(Traffic):
    """Notes when it lets a delivery go."""

    def __init__(self, went: list[datetime]) -> None:
        super().__init__()
        self.went = went

    def ask(self, delivery: Delivery, place: Place, now: datetime) -> Hold | None:
        hold = super().ask(delivery, place, now)
        self.went += [now] if hold is None else []
        return hold


def test_three_workers_keep_the_limit_of_an_account_together(
    store: Engine, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "SHARD", 4)
    address, ledger, number = cluster.fresh(), Ledger(store), 30
    couriers, went = Couriers(ledger, random.Random(SEED)), list[datetime]()
    due, end = now() - timedelta(minutes=1), now() + timedelta(days=1)
    ledger.open([NewDelivery(f"{each}", DAY, due, end) for each in range(number)], {})

    def worker() -> Worker:
        """One that knows only what it has let go itself, and what others hand on."""
        own = Watched(went)
        return Worker(lambda among: Dispatcher(among, couriers, couriers, of_one_account, own), store, now, own)

    async def story() -> None:
        stop = asyncio.Event()
        async with doorbell(address, store) as one, doorbell(address, store) as two, doorbell(address, store) as three:
            ringer = Ringer(ledger, one, of_one_account, again=SOON)
            running = [asyncio.create_task(worker().run(bell, stop)) for bell in (one, two, three)]
            async with asyncio.timeout(60):
                while reports.counts(store)[State.DELIVERED] < number:
                    await ringer.dispatch(now())
                    await ringer.returned(0.05)
            stop.set()
            await asyncio.gather(*running)

    asyncio.run(story())

    went.sort()
    assert len(went) >= number
    assert min(later - earlier for earlier, later in zip(went, went[RATE.most :], strict=False)) >= RATE.within


def test_shards_of_a_counted_account_are_named_after_it(store: Engine) -> None:
    ledger, bell = Ledger(store), Bell(random.Random(SEED), faults=0)
    ledger.open([NewDelivery("a", DAY, now() - timedelta(minutes=1), now() + timedelta(days=1))], {})

    asyncio.run(Ringer(ledger, bell, of_one_account).dispatch(now()))
    asyncio.run(Ringer(ledger, bell, places).dispatch(now()))

    assert [each.account for each in bell.rung] == ["account", ""]


def test_a_shard_is_of_one_host_and_of_five_hundred_at_most(store: Engine) -> None:
    ledger, bell = Ledger(store), Bell(random.Random(SEED), faults=0)
    opened(ledger, HOSTS * 501)

    assert asyncio.run(Ringer(ledger, bell, places).dispatch(now())) == HOSTS * 501

    assert Counter(len(each.numbers) for each in bell.rung) == {500: HOSTS, 1: HOSTS}
    hosts = {each.id: each.subscription.partition("-")[0] for each in reports.find(store, limit=HOSTS * 501)}
    assert all(len({hosts[each] for each in shard.numbers}) == 1 for shard in bell.rung)


def test_what_was_rung_for_is_rung_for_again_only_after_a_while(store: Engine) -> None:
    ledger, bell, begun = Ledger(store), Bell(random.Random(SEED), faults=0), now()
    ringer = Ringer(ledger, bell, places)
    opened(ledger, 1)

    def rung(*seconds: int) -> list[int]:
        return [asyncio.run(ringer.dispatch(begun + timedelta(seconds=each))) for each in seconds]

    assert rung(0, 1, 30, 3599, 3600, 3630) == [1, 0, 0, 0, 1, 0]  # while nobody has heard it
    bell.hear()
    assert rung(3629, 3630, 3631, 10) == [0, 1, 0, 1]  # at last the clock was set back


@pytest.mark.parametrize("seed", [SEED], ids=[f"THISDAY_SEED={SEED}"])
def test_a_planner_and_workers_that_are_killed_post_each_edition_once(tmp_path: Path, cluster: Cluster, seed: int) -> None:
    with outside(tmp_path, seed) as witness:
        crew = Crew(witness, tmp_path, cluster.fresh(), random.Random(seed), channels=60, days=35)
        found = crew.killed(workers=3, kills=4)

    assert found.wrong == ()
    assert (found.lost, found.doubled) == (0, 0)
    assert found.delivered == found.deliveries == 60 * 35
    assert crew.left == [0] * 3  # each worker drained and left when it was asked to


def app_of(text: str, folder: Path) -> App:
    return App(config_from(text, "config.yaml", folder, options_of, kind_names), cache=None)


def test_a_crowded_hour_is_spread_by_name(tmp_path: Path) -> None:
    app = app_of("spread: 15m\nchannels: {a: {kind: console}}\n", tmp_path)
    names = [f"channel-{each}" for each in range(3000)]
    offsets = [offset(each, timedelta(minutes=15)) for each in names]

    assert app.scheduler().spread == timedelta(minutes=15)
    assert offsets == [offset(each, timedelta(minutes=15)) for each in names]
    minutes = Counter(each // timedelta(minutes=1) for each in offsets)
    assert set(minutes) == set(range(15))
    assert min(minutes.values()) > 140


def test_a_spread_delivery_keeps_its_day_and_comes_at_its_moment(tmp_path: Path) -> None:
    app = app_of("spread: 15m\nchannels: {a: {kind: console}}\n", tmp_path)
    at = datetime(2026, 3, 2, 8, 59, tzinfo=UTC)
    scheduler = app.scheduler()
    scheduler.plan(at)
    scheduler.plan(at + timedelta(minutes=1))

    (only,) = reports.find(app.database)
    app.database.close()

    assert only.day == DAY
    assert only.due_at - (at + timedelta(minutes=1)) == offset("a", timedelta(minutes=15)) // timedelta(
        microseconds=1
    ) * timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--role", "planner"], "that others reach"), (["--role", "worker", "--once"], "do not go together")],
)
def test_a_role_needs_a_server(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("channels: {a: {kind: console}}\n", encoding="utf-8")

    assert main(["run", *arguments]) == MISTAKE

    assert said in capsys.readouterr().err
