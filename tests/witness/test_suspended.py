"""Does a late answer count, and is nothing doubled, when a program slept past its lease with its requests out?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

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
