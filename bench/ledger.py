"""What does the ledger cost? Planning, claiming and settling on SQLite and PostgreSQL; medians, in one run.

Every claim and every answer is on the disk before it counts, so the disk decides: its `fsync` is measured beside them.
PostgreSQL runs on this machine, started for the occasion (see tests/postgres.py).
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.channels import Receipt
from bot.database import Engine, micros, open_database
from bot.delivery import statements as sql
from bot.delivery.ledger import Ledger
from bot.delivery.states import Decision, Delivery, NewDelivery, State
from tests.postgres import running

NOON = datetime(2026, 7, 20, 12, tzinfo=UTC)
PLANNED = 100_000
SENT = 2_000
THREADS = 8
ROUNDS = 5
DONE = Decision(State.DELIVERED)
MESSAGE = json.dumps({"title": "On this day", "text": "Something happened here, told in some sentences. " * 24})

# A table for each month, as it would have to be: the key of a partitioned table holds what it is divided by.
PARTITIONED = """
DROP TABLE attempt;
ALTER TABLE delivery RENAME TO whole;
CREATE TABLE delivery (LIKE whole INCLUDING DEFAULTS INCLUDING IDENTITY, PRIMARY KEY (id, day),
  UNIQUE (subscription, day, part, run)) PARTITION BY RANGE (day);
CREATE INDEX ON delivery (next_at);
CREATE TABLE attempt (delivery BIGINT, number INTEGER, fence BIGINT, started_at BIGINT, ended_at BIGINT,
  outcome TEXT, detail TEXT, PRIMARY KEY (delivery, number))
"""
MONTHS = [f"{2025 + month // 12}-{month % 12 + 1:02}" for month in range(6, 22)]


def seconds(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def median(acts: Iterator[float]) -> float:
    return statistics.median(list(acts))


def deliveries(number: int, at: datetime) -> list[NewDelivery]:
    return [NewDelivery(f"channel-{each:06}", at.date(), at, at + timedelta(hours=12)) for each in range(number)]


def planning(ledger: Ledger, rounds: int) -> dict[str, float]:
    """Opening what 100,000 channels have at one moment, with their cursors; each round is another day."""
    elapsed, busy = [], []
    for number in range(rounds):
        at = NOON + timedelta(days=number)
        new = deliveries(PLANNED, at)
        cursors = {each.subscription: at for each in new}
        begin = time.process_time()
        elapsed.append(seconds(partial(ledger.open, new, cursors)))
        busy.append(time.process_time() - begin)
    return {"median": statistics.median(elapsed), "best": min(elapsed), "of our processor": statistics.median(busy)}


def send(ledger: Ledger, delivery: Delivery) -> None:
    """All that the ledger writes for one post."""
    fence = ledger.claim(delivery.id, delivery.fence, NOON, words=[MESSAGE])
    assert fence is not None
    ledger.settle(delivery.id, fence, DONE, NOON, "delivered", Receipt("1234567890", "https://fake.example/1234567890"))


def sending(ledger: Ledger, threads: int) -> float:
    """Milliseconds for each post: claimed with its message, settled; two commits."""
    ledger.open(deliveries(SENT, NOON), {})
    due = ledger.due(NOON, SENT)
    with ThreadPoolExecutor(threads) as pool:
        took = seconds(lambda: list(pool.map(lambda each: send(ledger, each), due)))
    return took / len(due) * 1000


def fsync(folder: Path) -> float:
    """Milliseconds for 4 KiB to reach the disk."""
    with (folder / "probe").open("wb", buffering=0) as handle:

        def once() -> None:
            handle.write(b"x" * 4096)
            os.fdatasync(handle.fileno())

        return median(seconds(once) for _ in range(200)) * 1000


def hot(engine: Engine) -> float:
    """The share of updates that touched no index."""
    engine.fetch("SELECT pg_stat_force_next_flush()")
    rows = engine.fetch(
        "SELECT n_tup_hot_upd AS hot, n_tup_upd AS every FROM pg_stat_user_tables WHERE relname = 'delivery'"
    )
    return max((row["hot"] / row["every"] for row in rows if row["every"]), default=0.0)


def partitioned(address: str) -> Engine:
    """A ledger whose deliveries are in a table for each month, with a year of them."""
    engine = open_database(address)
    statements = [*PARTITIONED.split(";"), *(_month(*months) for months in pairwise(MONTHS))]
    with engine.transaction() as tx:
        for statement in statements:
            tx.execute(statement)
    return engine


def _month(month: str, after: str) -> str:
    name = "delivery_" + month.replace("-", "_")
    return f"CREATE TABLE {name} PARTITION OF delivery FOR VALUES FROM ('{month}-01') TO ('{after}-01')"


def a_year(engine: Engine) -> Engine:
    """10,000 deliveries that ended in each of the last twelve months."""
    ledger = Ledger(engine)
    for month in range(1, 13):
        at = NOON - timedelta(days=30 * month)
        ledger.open((replace(each, state=State.SKIPPED) for each in deliveries(10_000, at)), {})
    return engine


def measured(fresh: Callable[[], str], rounds: int) -> dict[str, object]:
    with closing(open_database(fresh())) as engine:
        planned = planning(Ledger(engine), rounds)
    found: dict[str, object] = {"planning 100k, s": planned}
    for threads in (1, THREADS):
        with closing(open_database(fresh())) as engine:
            found[f"keep, claim and settle, {threads} at once, ms each"] = sending(Ledger(engine), threads)
            if "://" in engine.place:
                found["updates that touched no index"] = hot(engine)
    return found


def claiming(ledger: Ledger) -> float:
    """Milliseconds for the statement of a claim alone: many in one transaction, so that no disk is waited for."""
    ledger.open(deliveries(SENT, NOON), {})
    due = ledger.due(NOON, SENT)
    moment = {"now": micros(NOON), "lease_until": micros(NOON), "state": "waiting"}
    with ledger.database.transaction() as tx:
        took = seconds(lambda: [tx.execute(sql.CLAIM, {"id": each.id, "fence": each.fence, **moment}) for each in due])
    return took / len(due) * 1000


def shapes(fresh: Callable[[], str]) -> dict[str, float]:
    """The same claims on one table and on a table for each month, in turn."""
    found: dict[str, list[float]] = {"one table": [], "a table for each month": []}
    for _ in range(ROUNDS):
        for label, make in (("one table", open_database), ("a table for each month", partitioned)):
            with closing(a_year(make(fresh()))) as engine:
                found[label].append(claiming(Ledger(engine)))
    return {label: statistics.median(each) for label, each in found.items()}


def main() -> None:
    servers = running()
    with tempfile.TemporaryDirectory() as name, closing(servers):
        folder, cluster = Path(name), next(servers)
        names = (str(folder / f"{number}.db") for number in count())
        found: dict[str, object] = {"fdatasync of 4 KiB, ms": fsync(folder)}
        found["sqlite"] = measured(lambda: next(names), ROUNDS)
        found["postgres"] = measured(cluster.fresh, ROUNDS)
        found["postgres with a year behind it, the statement of a claim, ms each"] = shapes(cluster.fresh)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
