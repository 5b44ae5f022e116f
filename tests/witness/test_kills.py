"""Killed at random moments and started again, is nothing lost and nothing doubled? Short; `make soak` does it for long."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.witness.kills import Figures, killed
from tests.witness.witness import Outside

KILLS, SECONDS, SIZE = 6, 20.0, (30, 5)


def loop(witness: Outside, folder: Path, personality: str, fault: str) -> Figures:
    found = killed(witness, folder, (personality, fault), KILLS, SECONDS, SIZE)
    assert found.wrong == []
    assert found.lost == 0
    assert found.doubled == 0
    assert found.kills >= 1
    return found


@pytest.mark.parametrize(
    ("personality", "fault"),
    [("native", "trouble"), ("ignores", "slow"), ("atonce", "slow"), ("bot", "trouble"), ("receiver", "trouble")],
)
def test_a_platform_that_can_be_asked_or_knows_a_repeat_has_each_post_once(
    witness: Outside, tmp_path: Path, personality: str, fault: str
) -> None:
    found = loop(witness, tmp_path, personality, fault)

    assert found.delivered == found.deliveries


def test_where_neither_helps_only_what_was_on_the_wire_is_in_doubt(witness: Outside, tmp_path: Path) -> None:
    found = loop(witness, tmp_path, "hook", "calm")

    assert found.in_doubt <= found.claimed_at_kills
    assert found.delivered + found.in_doubt == found.deliveries
