"""After a kill at any step: is nothing lost, nothing doubled, and every doubt shown?"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from bot.channels import Channel
from bot.database import NOTHING, Database, Parameters, Row, Transaction, open_database
from bot.delivery import reports
from bot.delivery import statements as sql
from bot.delivery.ledger import Ledger
from bot.delivery.states import State
from tests.delivery.fakes import TOKEN, Findable, Keyed, Killed, Plain, Platform, World, raises

Die = Callable[[], None]

# The steps of a delivery. A statement names the moment after it ran and before its transaction is committed.
POINTS = {
    "opening": sql.OPEN,
    "composing": None,
    "before the claim": None,
    "keeping the message": sql.KEEP_MESSAGE,
    "claiming": sql.CLAIM,
    "writing the attempt": sql.OPEN_ATTEMPT,
    "claimed, before sending": None,
    "sent, before the answer": None,
    "closing the attempt": sql.CLOSE_ATTEMPT,
    "settling": sql.SETTLE,
}
CHANNELS: dict[str, Channel] = {"plain": Plain(), "keyed": Keyed(), "findable": Findable()}


@dataclass
class DyingTransaction:
    real: Transaction
    database: DyingDatabase

    @property
    def changed(self) -> int:
        return self.real.changed

    def execute(self, statement: str, parameters: Parameters = NOTHING, /) -> list[Row]:
        rows = self.real.execute(statement, parameters)
        self.database.passed(statement)
        return rows

    def execute_many(self, statement: str, parameters: Iterable[Parameters], /) -> None:
        some = list(parameters)
        self.real.execute_many(statement, some)
        if some:
            self.database.passed(statement)


@dataclass
class DyingDatabase:
    """A real database in a process that ends, once, in the middle of a transaction."""

    real: Database
    die: Die
    at: str | None

    def passed(self, statement: str) -> None:
        if statement == self.at:
            self.at = None
            self.die()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with self.real.transaction() as tx:
            yield DyingTransaction(tx, self)

    def fetch(self, statement: str, parameters: Parameters = NOTHING, /) -> list[Row]:
        return self.real.fetch(statement, parameters)

    @property
    def together(self) -> Callable[[], AbstractContextManager[None]] | None:
        return self.real.together

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        yield

    def clock(self) -> datetime | None:
        return self.real.clock()

    def close(self) -> None:
        self.real.close()


def doomed(address: str, platform: Platform, point: str, die: Die) -> World:
    """A world whose process ends at a point."""
    world = World(Ledger(DyingDatabase(open_database(address), die, POINTS[point])), platform)
    if point == "composing":
        world.compose.fault = die
    elif point == "before the claim":
        world.http.unclaimed.append(die)
    elif point == "claimed, before sending":
        world.platform.before.append(die)
    elif point == "sent, before the answer":
        world.platform.after.append(die)
    return world


def live_from_the_start(world: World, channel: Channel) -> None:
    world.opened()
    asyncio.run(world.live(channel, 1))


def restarted(address: str, dead: World) -> World:
    dead.ledger.database.close()
    return World(Ledger(open_database(address)), dead.platform, dead.clock)


@pytest.mark.parametrize("channel", list(CHANNELS))
@pytest.mark.parametrize("point", list(POINTS))
def test_a_kill_at_any_step_loses_nothing_and_doubles_nothing(address: str, point: str, channel: str) -> None:
    platform = Platform(keyed=channel == "keyed")
    dead = doomed(address, platform, point, raises(Killed()))
    with pytest.raises(Killed):
        live_from_the_start(dead, CHANNELS[channel])

    world = restarted(address, dead)
    if point == "opening":
        world.opened()
    asyncio.run(world.live(CHANNELS[channel], 30))

    (delivery,) = reports.find(world.ledger.database)
    world.ledger.database.close()
    on_the_wire = point in {"claimed, before sending", "sent, before the answer", "closing the attempt", "settling"}
    if channel == "plain" and on_the_wire:
        assert (delivery.state, delivery.next_at) == (State.IN_DOUBT, None)
        assert len(platform.posts) == (point != "claimed, before sending")
    else:
        assert (delivery.state, delivery.receipt_id) == (State.DELIVERED, "1")
        assert len(platform.posts) == 1


def test_a_kill_while_sweeping_sweeps_again(address: str) -> None:
    first = World(Ledger(open_database(address)))
    delivery = first.opened()
    first.ledger.claim(delivery.id, delivery.fence, first.clock())
    first.ledger.database.close()
    dying = Ledger(DyingDatabase(open_database(address), raises(Killed()), sql.LEASE_OVER))
    with pytest.raises(Killed):
        dying.sweep(first.clock.move(minutes=3))
    dying.database.close()

    again = Ledger(open_database(address))
    (lost,) = again.sweep(first.clock())
    again.database.close()

    assert (lost.state, lost.fence) == (State.IN_DOUBT, 1)


@pytest.mark.parametrize("point", ["claiming", "writing the attempt", "sent, before the answer", "settling"])
def test_a_real_exit_leaves_what_an_exception_leaves(address: str, point: str) -> None:
    code = (
        "import asyncio, os, sys\n"
        "from tests.delivery.test_faults import doomed; from tests.delivery.fakes import Plain, Platform\n"
        "world = doomed(sys.argv[1], Platform(), sys.argv[2], lambda: os._exit(9)); world.opened()\n"
        "asyncio.run(world.live(Plain(), 1))"
    )
    command = [sys.executable, "-c", code, address, point]
    ended = subprocess.run(command, cwd=Path(__file__).parents[2], env=os.environ, check=False)

    database = open_database(address)
    (delivery,) = reports.find(database)
    database.close()
    assert ended.returncode == 9
    unclaimed = point in {"claiming", "writing the attempt"}
    assert delivery.state is (State.WAITING if unclaimed else State.SENDING)
    assert delivery.attempts == (0 if unclaimed else 1)


def test_no_secret_comes_into_the_database(tmp_path: Path) -> None:
    world = World(Ledger(open_database(tmp_path / "a.db")))
    world.opened()
    asyncio.run(world.live(Plain(), 2))

    kept = b"".join(each.read_bytes() for each in tmp_path.iterdir())

    world.ledger.database.close()
    assert b"On this day" in kept
    assert TOKEN.encode() not in kept
