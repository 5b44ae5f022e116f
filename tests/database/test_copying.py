"""Does everything arrive in the other database, and is it noticed if it does not?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.database import DatabaseError, Engine, connect, open_database
from bot.database.copying import BATCH, KEYS, content, copy
from bot.delivery import reports
from bot.delivery.ledger import Ledger
from bot.delivery.states import NewDelivery
from bot.errors import Mistake
from tests.database.steps import filled, names, put
from tests.delivery.fakes import DAY, NOON
from tests.postgres import Cluster


@pytest.fixture
def pair(fresh: Callable[[], str], tmp_path: Path, cluster: Cluster) -> Iterator[tuple[Engine, Engine]]:
    """A database of one sort, with something in it, and an empty one of the other."""
    here = fresh()
    there = str(tmp_path / "other.db") if "://" in here else cluster.fresh()
    with closing(filled(open_database(here))) as source, closing(open_database(there)) as target:
        yield source, target


def test_every_table_has_a_key_here(database: Engine) -> None:
    listing = (
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()"
        if "://" in database.place
        else "SELECT name FROM sqlite_master WHERE type = 'table'"
    )

    assert {row["name"] for row in database.fetch(listing)} == {*KEYS, "schema_version"}


def test_everything_arrives_in_the_other_engine_and_is_the_same(pair: tuple[Engine, Engine]) -> None:
    source, target = pair

    copied = copy(source, target)

    assert copied == {table: content(source, table) for table in KEYS} == {table: content(target, table) for table in KEYS}
    assert all(each.rows for each in copied.values())
    assert reports.find(source) == reports.find(target)


def test_the_copy_goes_on_counting_after_the_last_number(pair: tuple[Engine, Engine]) -> None:
    source, target = pair
    copy(source, target)

    Ledger(target).open([NewDelivery("new", DAY, NOON, NOON)], {})

    newest, before = reports.find(target, limit=2)
    assert newest.subscription == "new"
    assert newest.id > before.id


def test_more_rows_than_fit_a_batch_arrive_too_and_progress_is_told(pair: tuple[Engine, Engine]) -> None:
    source, target = pair
    put(source, *(f"{number:05}" for number in range(BATCH * 2)))
    told: list[tuple[str, int]] = []

    copied = copy(source, target, lambda table, rows: told.append((table, rows)))

    assert copied["fact"].rows == BATCH * 2 + 1
    assert [rows for table, rows in told if table == "fact"] == [BATCH, BATCH, 1]
    assert sum(rows for _, rows in told) == sum(each.rows for each in copied.values())


def test_a_target_with_anything_in_it_is_refused_and_left_alone(pair: tuple[Engine, Engine]) -> None:
    source, target = pair
    put(target, "mine")

    with pytest.raises(Mistake, match=r"is not empty \(fact\), and two ledgers cannot be mixed"):
        copy(source, target)

    assert names(target) == ["mine"]
    assert reports.find(target) == []


def test_what_is_written_meanwhile_is_noticed(pair: tuple[Engine, Engine]) -> None:
    source, target = pair

    def meddle(table: str, _rows: int) -> None:
        if table == "fact":
            put(source, "a")

    with pytest.raises(DatabaseError, match=r"the copy differs: fact has 2 rows in .* and 1 in"):
        copy(source, target, meddle)


def test_one_changed_character_is_noticed(pair: tuple[Engine, Engine]) -> None:
    source, target = pair

    def meddle(table: str, _rows: int) -> None:
        with target.transaction() as tx:
            tx.execute("UPDATE delivery SET reason = 'Why' WHERE reason = 'why'")

    with pytest.raises(DatabaseError, match="the copy differs: delivery has"):
        copy(source, target, meddle)


def test_a_database_without_the_schema_is_no_source(pair: tuple[Engine, Engine], tmp_path: Path) -> None:
    _, target = pair
    with closing(connect(tmp_path / "empty.db")) as empty, pytest.raises(DatabaseError, match="has schema 0"):
        copy(empty, target)


def test_a_hash_is_of_the_rows_and_not_of_where_they_are(database: Engine) -> None:
    empty = content(database, "fact")
    put(database, "a", "b")
    both = content(database, "fact")
    with database.transaction() as tx:
        tx.execute("DELETE FROM fact")
    put(database, "b")
    put(database, "a")

    assert content(database, "fact") == both != replace(empty, rows=2)
