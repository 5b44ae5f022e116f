"""Is a machine whose clock is wrong kept from planning?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.database import open_database
from bot.database.clock import ClockError, check_clock, drift
from tests.postgres import Cluster


def off_by(seconds: float) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize("seconds", [0, 29, -29])
def test_a_clock_that_is_about_right_may_plan(cluster: Cluster, seconds: float) -> None:
    with closing(open_database(cluster.fresh())) as database:
        check_clock(database, off_by(seconds))


@pytest.mark.parametrize(("seconds", "words"), [(47, "47 seconds ahead of"), (-3600, "3600 seconds behind")])
def test_a_clock_that_is_off_is_told_by_how_much(cluster: Cluster, seconds: float, words: str) -> None:
    with (
        closing(open_database(cluster.fresh())) as database,
        pytest.raises(ClockError, match=rf"{words} the database's, so nothing is planned or sent from here; set it"),
    ):
        check_clock(database, off_by(seconds))


def test_a_slow_answer_is_no_drift(cluster: Cluster) -> None:
    moments = iter((datetime.now(UTC) - timedelta(minutes=5), datetime.now(UTC) + timedelta(minutes=5)))
    with closing(open_database(cluster.fresh())) as database:
        assert drift(database, lambda: next(moments)) == timedelta()


def test_a_file_has_the_clock_of_its_machine(tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "a.db")) as database:
        assert database.clock() is None
        check_clock(database, off_by(-9999))
