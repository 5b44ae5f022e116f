"""Does a late answer count, and is nothing doubled, when a program slept past its lease with its requests out?"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.channels._http import Within
from bot.database import DatabaseError, micros, open_database
from bot.delivery import statements as sql
from bot.delivery.ledger import Ledger
from tests.postgres import Cluster
from tests.witness.suspended import AT_ONCE, suspended
from tests.witness.witness import SEED, Outside


@pytest.mark.parametrize(
    ("fresh", "taken_over", "personality"),
    [("sqlite", False, "hook"), ("postgres", True, "hook"), ("postgres", True, ("ignores", "receiver")[SEED % 2])],
    indirect=["fresh"],
)
def test_a_late_answer_ends_in_delivered(
    witness: Outside, tmp_path: Path, fresh: Callable[[], str], personality: str, *, taken_over: bool
) -> None:
    found = suspended(witness, tmp_path, personality, 1, fresh, taken_over=taken_over)

    assert found.wrong == []
    assert found.in_flight == AT_ONCE
    assert (found.delivered, found.in_doubt, found.lost, found.doubled) == (AT_ONCE, 0, 0, 0)


async def _waits(answer: float, sleeps: float) -> bool:
    """Waits a tenth of a second for an answer that comes by another thread, on a computer that stands still meanwhile."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bool] = loop.create_future()
    coming = threading.Timer(answer, loop.call_soon_threadsafe, (future.set_result, True))
    coming.start()
    try:
        async with Within(0.1):
            loop.call_soon(time.sleep, sleeps)
            return await future
    finally:
        coming.cancel()


def test_what_came_before_the_computer_woke_up_counts_although_the_limit_has_passed() -> None:
    assert asyncio.run(_waits(answer=0.05, sleeps=0.3))


def test_what_does_not_come_ends_at_the_limit() -> None:
    with pytest.raises(TimeoutError):
        asyncio.run(_waits(answer=5, sleeps=0))


def test_a_program_that_stands_still_in_the_middle_of_writing_does_not_stop_the_others(cluster: Cluster) -> None:
    address, at = cluster.fresh(), datetime(2026, 7, 20, tzinfo=UTC)
    still, other = open_database(address), open_database(address)
    shown = still.fetch("SHOW idle_in_transaction_session_timeout")
    Ledger(other).open([], {"a": at})

    def stands_still() -> None:
        with still.transaction() as tx:
            tx.execute("SET LOCAL idle_in_transaction_session_timeout = '200ms'")
            tx.execute(sql.ADVANCE, {"subscription": "a", "until": micros(at) + 1})
            Ledger(other).open([], {"a": at + timedelta(days=1)})  # waits for the lock, and gets it
            tx.execute(sql.CURSORS)

    with pytest.raises(DatabaseError, match="stood still in the middle of writing"):
        stands_still()
    assert shown == [{"idle_in_transaction_session_timeout": "30s"}]
    assert Ledger(still).cursors() == {"a": at + timedelta(days=1)}
    still.close()
    other.close()
