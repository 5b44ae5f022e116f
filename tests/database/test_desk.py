"""Do many calls reach the disk together, and does each caller get what is his?"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bot.database import Database, DatabaseError, open_database
from bot.database.desk import Desk
from bot.database.sqlite import Sqlite

PUT = "INSERT INTO fact (name, value, at) VALUES (:name, '', 0)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Sqlite]:
    with closing(open_database(tmp_path / "thisday.db")) as opened:
        assert isinstance(opened, Sqlite)
        yield opened


def put(database: Database, name: str, mistake: Exception | None = None) -> str:
    with database.transaction() as tx:
        tx.execute(PUT, {"name": name})
        if mistake:
            raise mistake
    return name


def names(database: Database) -> list[str]:
    return [row["name"] for row in database.fetch("SELECT name FROM fact ORDER BY name")]


def committed(database: Sqlite) -> list[str]:
    """As another process sees it."""
    with closing(sqlite3.connect(database.path)) as other:
        return [name for (name,) in other.execute("SELECT name FROM fact ORDER BY name")]


def test_what_was_asked_for_together_is_written_by_one_commit(database: Sqlite) -> None:
    commits: list[int] = []
    desk = Desk(_counted(database, commits))

    async def story() -> list[str]:
        return await asyncio.gather(*(desk.do(put, database, f"{number:02}") for number in range(40)))

    said = asyncio.run(story())

    assert said == [f"{number:02}" for number in range(40)]
    assert committed(database) == said
    assert len(commits) <= 2


def _counted(database: Sqlite, commits: list[int]) -> Any:
    @contextmanager
    def block() -> Iterator[None]:
        with database.together():
            yield
        commits.append(1)

    return block


def test_whoever_is_told_can_rely_on_it(database: Sqlite) -> None:
    seen: list[list[str]] = []

    async def one(name: str) -> None:
        await Desk(database.together).do(put, database, name)
        seen.append(committed(database))

    asyncio.run(one("a"))

    assert seen == [["a"]]


def test_a_transaction_that_fails_takes_no_other_with_it(database: Sqlite) -> None:
    desk = Desk(database.together)

    async def story() -> list[str | BaseException]:
        asked = (desk.do(put, database, name, ValueError(name) if name == "b" else None) for name in "abc")
        return await asyncio.gather(*asked, return_exceptions=True)

    one, two, three = asyncio.run(story())

    assert (one, three) == ("a", "c")
    assert isinstance(two, ValueError)
    assert committed(database) == ["a", "c"]


def test_a_commit_that_fails_is_told_to_all_of_them(database: Sqlite) -> None:
    @contextmanager
    def full() -> Iterator[None]:
        with database.together():
            yield
            raise DatabaseError("the disk is full")

    desk = Desk(full)

    async def story() -> list[str | BaseException]:
        return await asyncio.gather(*(desk.do(put, database, name) for name in "abc"), return_exceptions=True)

    said = asyncio.run(story())

    assert [type(each) for each in said] == [DatabaseError] * 3
    assert committed(database) == []


def test_what_follows_an_undone_transaction_is_not_written_by_itself(database: Sqlite) -> None:
    """SQLite rolls back as a whole when the disk is full; a statement after that would be committed at once."""

    def lost() -> None:
        database._connection.execute("ROLLBACK")

    desk = Desk(database.together)

    async def story() -> list[Any]:
        asked = (desk.do(put, database, "a"), desk.do(lost), desk.do(put, database, "b"))
        return [*await asyncio.gather(*asked, return_exceptions=True)]

    said = asyncio.run(story())

    assert [type(each) for each in said] == [DatabaseError] * 3
    assert committed(database) == []
    assert put(database, "later") == "later"


def test_a_caller_who_is_cancelled_does_not_stop_the_others(database: Sqlite) -> None:
    desk = Desk(database.together)

    async def story() -> str:
        leaving = asyncio.create_task(desk.do(put, database, "a"))
        staying = asyncio.create_task(desk.do(put, database, "b"))
        await asyncio.sleep(0)
        leaving.cancel()
        with suppress(asyncio.CancelledError):
            await leaving
        return await staying

    assert asyncio.run(story()) == "b"
    assert committed(database) == ["a", "b"]


def test_a_desk_outlives_its_loop(database: Sqlite) -> None:
    desk = Desk(database.together)

    async def cut_off() -> None:
        for name in "abc":
            asyncio.create_task(desk.do(put, database, name)).set_name(name)  # the loop ends first
        await asyncio.sleep(0)

    asyncio.run(cut_off())
    said = asyncio.run(desk.do(put, database, "d"))

    assert said == "d"
    assert "d" in committed(database)


def test_where_writers_go_side_by_side_a_call_waits_for_no_other() -> None:
    desk = Desk(None)

    async def story() -> tuple[int, list[BaseException]]:
        said = await asyncio.gather(desk.do(int, "7"), desk.do(int, "no number"), return_exceptions=True)
        return said[0], [each for each in said if isinstance(each, ValueError)]  # type: ignore[return-value]  # as written

    seven, mistakes = asyncio.run(story())

    assert seven == 7
    assert len(mistakes) == 1


def test_a_reader_sees_all_of_a_group_or_nothing(database: Sqlite) -> None:
    with database.together():
        put(database, "a")
        assert committed(database) == []
        assert names(database) == ["a"]
    assert committed(database) == ["a"]
