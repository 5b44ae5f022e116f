"""Killed at random moments and started again, is nothing lost and nothing doubled? Short; `make soak` does it for long."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.witness.kills import ALL, killed
from tests.witness.witness import Outside

KILLS, SECONDS = 8, 15.0
CHANNELS, DAYS = 36, 4


@pytest.mark.parametrize(("fresh", "workers"), [("sqlite", 1), ("postgres", 3)], indirect=["fresh"])
def test_each_post_is_there_once_or_shown_as_in_doubt(
    witness: Outside, tmp_path: Path, fresh: Callable[[], str], workers: int
) -> None:
    """All personalities live in one program, so that the kills of one are those of all."""
    more = {"store": fresh, "workers": workers, "channels": CHANNELS, "days": DAYS}

    found = killed(witness, tmp_path, ALL, KILLS, SECONDS, **more)

    assert found.wrong == []
    assert (found.lost, found.doubled) == (0, 0)
    assert found.kills >= 1
    assert found.delivered + found.in_doubt == found.deliveries == found.batches * CHANNELS * DAYS
    assert found.in_doubt <= found.claimed_at_kills
