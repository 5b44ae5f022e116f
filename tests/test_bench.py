"""Do the measurements still run, and is the model of the crowded hour right where the answer is known?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import drain

BENCH = Path(__file__).parents[1] / "bench"
WHOLE = 10.0


def test_a_race_is_run_to_its_end_and_its_figures_are_kept(tmp_path: Path) -> None:
    """The small form: both clients of thisday and one other, over TLS."""
    names = ["thisday", "thisday[fast]", "aiohttp"]
    words = ["--posts", "30", "--rounds", "1", "--hosts", "3", "--tls", "--results", str(tmp_path), "--only", *names]

    said = subprocess.run(
        [sys.executable, BENCH / "deliver.py", *words], check=True, capture_output=True, text=True, timeout=120
    )

    (kept,) = tmp_path.glob("deliver-*.json")
    rows = json.loads(kept.read_text("utf-8"))["3 host(s), TLS"]
    assert list(rows) == names
    assert all(row["a second"] > 0 and row["to aiohttp"] > 0 for row in rows.values())
    assert all(name in said.stdout for name in names)


def test_a_delivery_is_measured_on_both_ledgers() -> None:
    words = ["--posts", "20", "40", "--rounds", "1"]

    said = subprocess.run(
        [sys.executable, BENCH / "flat.py", *words], check=True, capture_output=True, text=True, timeout=240
    ).stdout

    rows = [line.split() for line in said.splitlines()[1:]]
    assert [row[:2] for row in rows] == [["sqlite", "20"], ["sqlite", "40"], ["postgres", "20"], ["postgres", "40"]]
    assert all(float(each) > 0 for row in rows for each in (row[2], row[4], row[5], row[6]))


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ({"a": 2.0, "b": 3.0}, {"a": 2.0, "b": 3.0}),
        ({"a": 20.0, "b": 20.0}, {"a": 5.0, "b": 5.0}),
        ({"a": 1.0, "b": 20.0, "c": 20.0}, {"a": 1.0, "b": 4.5, "c": 4.5}),
    ],
)
def test_who_needs_less_leaves_his_share_to_the_others(wanted: dict[str, float], given: dict[str, float]) -> None:
    assert drain.shares(wanted, WHOLE) == pytest.approx(given)


def test_what_is_drained_is_limited_by_the_workers_and_by_each_platform() -> None:
    free, slow = drain.Platform("free", 80, float("inf")), drain.Platform("slow", 60, 2)

    assert drain.drained([free, slow], WHOLE, 0) == {"free": 10, "slow": 30}
    assert drain.drained([free], WHOLE, 0) == {"free": 8}
    assert drain.drained([free], WHOLE, 20) == {"free": 20}


def test_the_limits_of_the_model_are_those_of_the_kinds() -> None:
    assert drain.limit_of("telegram", 1, workers=4) == 30
    assert drain.limit_of("telegram", 3, workers=4) == 90
    assert drain.limit_of("discord", -1, workers=4) == 200
    assert drain.limit_of("mastodon", 0, workers=4) == float("inf")
