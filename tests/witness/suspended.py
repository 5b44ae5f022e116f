"""What becomes of a post whose program stands still while the answer is on its way, and wakes when its lease is over?

A closed laptop, a paused machine. Meanwhile another program may have taken over, or nobody.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psycopg

from bot.database import DatabaseError, Engine, open_database
from bot.database.sqlite import Sqlite
from bot.delivery.ledger import LEASE, QUIET, Ledger
from tests.witness.checker import verdict
from tests.witness.life import live
from tests.witness.pace import SPEED, Pace
from tests.witness.stage import POLICIES, Setting, days_ago, places, setting
from tests.witness.witness import PROCESSES, Outside, ended, started

PATIENCE = 60.0
AT_ONCE = 8  # channels with one post each
SENDING = "SELECT id FROM delivery WHERE state = 'sending'"


@dataclass
class Figures:
    personality: str
    taken_over: bool
    suspensions: int = 0
    in_flight: int = 0
    deliveries: int = 0
    delivered: int = 0
    in_doubt: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: list[str] = field(default_factory=list)

    def table(self) -> dict[str, Any]:
        return asdict(self)


def suspended(
    outside: Outside, folder: Path, personality: str, times: int, store: Callable[[], str], *, taken_over: bool
) -> Figures:
    """Stops a program with its requests out, lets the answers go, wakes it when its leases are over; again and again."""
    figures, clock = Figures(personality, taken_over), Pace()
    for _ in range(times):
        outside.forget()
        outside.clock(clock() + timedelta(days=1))
        database = store()
        scene = setting(folder, outside.ports, places(personality, "held", AT_ONCE), clock, database)
        _once(outside, replace(scene, speed=SPEED / 3), figures)  # no request may be given up before all are out
        opened = open_database(database)
        found = verdict(opened, outside.counts(), AT_ONCE)
        opened.close()
        figures.suspensions += 1
        for name in ("deliveries", "delivered", "in_doubt", "lost", "doubled"):
            setattr(figures, name, getattr(figures, name) + getattr(found, name))
        figures.wrong += found.wrong
    return figures


def _once(outside: Outside, scene: Setting, figures: Figures) -> None:
    opened = open_database(scene.database)
    scene.planned_until(Ledger(opened), days_ago(scene.now(), 1))
    first = _living(scene)
    _await(lambda: len(outside.on_the_wire()) == AT_ONCE)
    assert first.pid is not None
    _stop(first.pid, opened)
    try:
        figures.in_flight += len(opened.fetch(SENDING))
        opened.close()
        outside.release()
        _stand_still(scene, figures)
    finally:
        with suppress(ProcessLookupError):
            os.kill(first.pid, signal.SIGCONT)
    _ends(first)


def _stop(pid: int, opened: Engine) -> None:
    """Stops a program in a moment at which it holds no lock: with one, nobody else could write until it wakes."""
    if isinstance(opened, Sqlite):
        opened._connection.execute("PRAGMA busy_timeout = 20")
    os.kill(pid, signal.SIGSTOP)
    while not _free(opened):
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.01)
        os.kill(pid, signal.SIGSTOP)


def _free(opened: Engine) -> bool:
    try:
        with opened.transaction() as tx:
            tx.execute("SELECT 1" if isinstance(opened, Sqlite) else "SELECT 1 FROM cursor FOR UPDATE NOWAIT")
    except (DatabaseError, psycopg.Error):
        return False
    return True


def _stand_still(scene: Setting, figures: Figures) -> None:
    """Longer than the lease; if another takes over, until it has done what it can."""
    time.sleep((LEASE.total_seconds() + 5) / SPEED)
    if figures.taken_over:
        second = _living(scene)
        if POLICIES[figures.personality] == "hold":
            time.sleep((QUIET.total_seconds() + 30) / SPEED)
            ended(second)
        else:
            _ends(second)


def _living(scene: Setting) -> BaseProcess:
    """A program that does not insist on being alone, as in a fleet."""
    ours, theirs = PROCESSES.Pipe()
    life = started(live, scene, AT_ONCE, theirs, False)
    theirs.close()
    assert ours.poll(PATIENCE)
    ours.close()
    return life


def _ends(life: BaseProcess) -> None:
    life.join(PATIENCE)
    code = life.exitcode
    ended(life)
    assert code == 0, f"a program ended with {code}"


def _await(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)
