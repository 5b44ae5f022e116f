"""How often is a post lost or doubled when its program is killed at random moments, hundreds of times?"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from bot.database import Database, open_database
from bot.delivery.ledger import Ledger
from tests.witness.checker import Verdict, verdict
from tests.witness.life import finished, live
from tests.witness.stage import POLICIES, Setting, days_ago, places, setting
from tests.witness.witness import PROCESSES, Outside, ended, started

SENDING = "SELECT id, fence FROM delivery WHERE state = 'sending'"
CHANNELS, DAYS = 40, 30
ALL = ("all", "together")
EACH = (
    *(("native", "trouble"), ("ignores", "slow"), ("atonce", "slow")),
    *(("bot", "trouble"), ("receiver", "trouble"), ("hook", "calm")),
)
LIFE = (0.02, 0.4)  # seconds until a life is ended
GROWN = 0.8  # of the lives are killed after their first round, the others while they start and plan
PATIENCE = 120.0  # seconds for what is left when there are no more kills


@dataclass
class Figures:
    """What was measured over all batches of one personality."""

    personality: str
    fault: str
    kills: int = 0
    batches: int = 0
    deliveries: int = 0
    delivered: int = 0
    in_doubt: int = 0
    lost: int = 0
    doubled: int = 0
    claimed_at_kills: int = 0  # by the ledger, when the program was gone
    seen_at_kills: int = 0  # by the witness: requests that it was at work on
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, found: Verdict) -> None:
        self.batches += 1
        for name in ("deliveries", "delivered", "in_doubt", "lost", "doubled"):
            setattr(self, name, getattr(self, name) + getattr(found, name))
        self.wrong += found.wrong

    def table(self) -> dict[str, Any]:
        return {name: round(value, 1) if isinstance(value, float) else value for name, value in asdict(self).items()}


@dataclass
class Loop:
    """Kills one life after the other, and compares when all has ended. `store` makes addresses of empty databases."""

    outside: Outside
    folder: Path
    dice: random.Random
    figures: Figures
    store: Callable[[], str]
    workers: int = 1
    channels: int = CHANNELS
    days: int = DAYS
    claims: set[tuple[int, int, int]] = field(default_factory=set)  # found open after a kill: batch, delivery, fence
    lives: list[Life] = field(default_factory=list)

    def run(self, kills: int, seconds: float) -> Figures:
        begun = time.monotonic()
        while self.figures.kills < kills and time.monotonic() < begun + seconds:
            self._batch(kills, begun + seconds)
        self.figures.seconds = time.monotonic() - begun
        return self.figures

    def _batch(self, kills: int, end: float) -> None:
        self.outside.forget()
        scene, expected = self._scene(), self.channels * self.days
        while not self._done(scene, expected):
            if self.figures.kills < kills and time.monotonic() < end:
                self._killed(scene, expected)
            else:
                self._last(scene, expected)
        self._end()
        database = open_database(scene.database)
        self._judge(database, expected)
        database.close()

    def _judge(self, database: Database, expected: int) -> None:
        self.figures.add(verdict(database, self.outside.counts(), expected))

    def _scene(self) -> Setting:
        own = (self.figures.personality, self.figures.fault)
        several = EACH if own == ALL else (own,)
        names = [place for kind in several for place in places(*kind, self.channels // len(several))]
        scene = setting(self.folder, self.outside.ports, names, self.outside.pace, self.store())
        opened = open_database(scene.database)
        scene.planned_until(Ledger(opened), days_ago(self.outside.pace(), self.days))
        opened.close()
        return scene

    def _killed(self, scene: Setting, expected: int) -> None:
        """Starts who is missing, waits a little, and kills one of them."""
        self._staff(scene, expected)
        life = self.dice.choice(self.lives)
        if self.dice.random() < GROWN:
            life.ready.poll(PATIENCE)  # its first round is over, or it has ended
        life.process.join(self.dice.uniform(*LIFE))
        at = time.time()
        life.process.kill()
        life.process.join()
        if life.process.exitcode == -signal.SIGKILL:
            self.figures.kills += 1
            self._note(scene, at)
        self.lives.remove(life)
        life.close()

    def _staff(self, scene: Setting, expected: int) -> None:
        while len(self.lives) < self.workers:
            ours, theirs = PROCESSES.Pipe()
            self.lives.append(Life(started(live, scene, expected, theirs, self.workers == 1), ours))
            theirs.close()

    def _note(self, scene: Setting, at: float) -> None:
        self.figures.seen_at_kills += len(self.outside.on_the_wire(at))
        database = open_database(scene.database)
        self.claims |= {(self.figures.batches, row["id"], row["fence"]) for row in database.fetch(SENDING)}
        self.figures.claimed_at_kills = len(self.claims)
        database.close()

    def _last(self, scene: Setting, expected: int) -> None:
        self._staff(scene, expected)
        self._end()

    def _end(self) -> None:
        while self.lives:
            life = self.lives.pop()
            life.process.join(PATIENCE)
            code = life.process.exitcode
            life.close()
            assert code == 0, f"a life without a kill ends with {code}"

    def _done(self, scene: Setting, expected: int) -> bool:
        database = open_database(scene.database)
        try:
            return finished(database, expected)
        finally:
            database.close()


@dataclass
class Life:
    """A process that lives, and the end of a pipe at which it says that it sends."""

    process: BaseProcess
    ready: Connection

    def close(self) -> None:
        ended(self.process)
        self.ready.close()


def files(folder: Path) -> Callable[[], str]:
    """Addresses of new SQLite files."""
    numbers = count()
    return lambda: str(folder / f"ledger-{next(numbers)}.db")


def killed(outside: Outside, folder: Path, kind: tuple[str, str], kills: int, seconds: float, **more: Any) -> Figures:
    """Runs one personality with one fault until there were so many kills, or the time is over; `more` as `Loop` has it."""
    dice, store = random.Random(f"{outside.seed}/{kind}"), more.pop("store", files(folder))
    loop = Loop(outside, folder, dice, Figures(*kind), store, **more)
    return loop.run(kills, seconds)


def all_kinds() -> Iterator[tuple[str, str]]:
    """Each personality with delays up to the timeout; those that settle doubts also with trouble."""
    for personality, policy in POLICIES.items():
        yield personality, {"look": "slow", "key": "fine", "hold": "calm"}[policy]
        if policy != "hold":
            yield personality, "trouble"
