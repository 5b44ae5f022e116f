"""What do many tests need? A real database of either sort, and a ledger on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from bot.database import Engine, open_database
from bot.delivery.ledger import Ledger
from tests.postgres import Cluster, running

settings.register_profile("thisday", deadline=None)  # tests run beside others; time is measured in bench/
settings.load_profile("thisday")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of the tests' own."""
    yield from running()


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes addresses of empty databases: once of files, once on a server."""
    if request.param == "postgres":
        cluster: Cluster = request.getfixturevalue("cluster")
        return cluster.fresh
    names = ("thisday.db" if number == 0 else f"thisday-{number}.db" for number in count())
    return lambda: str(tmp_path / next(names))


@pytest.fixture
def address(fresh: Callable[[], str]) -> str:
    return fresh()


@pytest.fixture
def database(address: str) -> Iterator[Engine]:
    opened = open_database(address)
    yield opened
    opened.close()


@pytest.fixture
def ledger(database: Engine) -> Ledger:
    return Ledger(database)
