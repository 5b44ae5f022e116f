"""Does a late answer count, and is nothing doubled, when a program slept past its lease with its requests out?"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.channels._http import Within
from tests.witness.suspended import AT_ONCE, suspended
from tests.witness.witness import Outside


@pytest.mark.parametrize(
    ("fresh", "taken_over"), [("sqlite", False), ("postgres", True)], ids=["alone", "taken over"], indirect=["fresh"]
)
@pytest.mark.parametrize("personality", ["hook", "ignores", "receiver"])
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
