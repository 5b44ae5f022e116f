"""What do tests of databases do again and again? Other processes, and a few rows."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from bot.channels import Receipt
from bot.database import Database
from bot.delivery import facts, pauses, reports
from bot.delivery.ledger import Ledger
from bot.delivery.states import Decision, NewDelivery, State
from bot.errors import BotError
from tests.delivery.fakes import DAY, NOON

D = TypeVar("D", bound=Database)
OPENING = "import sys; from bot.database import open_database; d = open_database(sys.argv[1])\n"
HOLDING = OPENING + "with d.exclusive():\n    print('held', flush=True); sys.stdin.read()"


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root, text=True)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@contextmanager
def ended(hold: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """The hold, once a process that was killed has lost it: a server needs a moment to see that."""
    end = time.monotonic() + 10
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(hold())
            except BotError:
                assert time.monotonic() < end
                time.sleep(0.01)
            else:
                break
        yield


def put(database: Database, *names: str) -> None:
    with database.transaction() as tx:
        insert = "INSERT INTO fact (name, value, at) VALUES (:name, '{}', 0)"
        tx.execute_many(insert, ({"name": name} for name in names))


def names(database: Database) -> list[str]:
    return [row["name"] for row in database.fetch("SELECT name FROM fact ORDER BY name")]


def filled(engine: D) -> D:
    """Something in every table and every state; attempts, a doubt, a thread, text of all sorts."""
    ledger = Ledger(engine)
    channels = ["general", "science", "history", "Zürich", "été"]
    new = [
        NewDelivery(name, DAY - timedelta(days=age), NOON, NOON + timedelta(hours=6))
        for name in channels
        for age in range(9)
    ]
    ledger.open(new, dict.fromkeys(channels, NOON))
    waiting = ledger.due(NOON, 100)
    answers = [State.DELIVERED, State.WAITING, State.DEAD, State.IN_DOUBT, State.EXPIRED]
    for delivery, state in zip(waiting, answers * 6, strict=False):
        words = ["On this day 🕯 “quoted” \\ ' ; :name %s", "its second part"]
        fence = ledger.claim(delivery.id, delivery.fence, NOON, words=words)
        assert fence is not None
        at = NOON + timedelta(minutes=1) if state in {State.WAITING, State.IN_DOUBT} else None
        ledger.settle(delivery.id, fence, Decision(state, at, "why"), NOON, "said", Receipt("7", "https://fake.example/7"))
    ledger.skip(waiting[-1], "nothing to say")
    ledger.claim(waiting[-2].id, 0, NOON)
    pauses.pause(engine, "history", "moving house", "Ann", NOON)
    facts.keep_facts(engine, "a server", {"limit": 500, "name": "é"}, NOON)
    with engine.transaction() as tx:
        row = {"name": "stored", "settings": '{"kind": "console"}', "at": 1}
        tx.execute("INSERT INTO subscription (name, settings, created_at) VALUES (:name, :settings, :at)", row)
    assert all(reports.counts(engine).values())
    return engine
