"""Does one file keep what it was given, for its owner only, whoever else uses it and whatever is wrong with it?"""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from bot.database import Database, DatabaseError, Migration, instant, micros, migrations, open_database
from bot.errors import BotError

PUT = "INSERT INTO fact (name, value, at) VALUES (:name, '{}', 0)"
NAMES = "SELECT name FROM fact ORDER BY name"


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root, text=True)  # noqa: S603 (our own code)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def put(database: Database, *names: str) -> None:
    with database.transaction() as tx:
        tx.execute_many(PUT, ({"name": name} for name in names))


def names(database: Database) -> list[str]:
    return [row["name"] for row in database.fetch(NAMES)]


def test_what_a_transaction_wrote_is_there_after_reopening(tmp_path: Path) -> None:
    first = open_database(tmp_path / "a.db")
    put(first, "one", "two")
    first.close()

    again = open_database(f"sqlite:///{tmp_path}/a.db")

    assert names(again) == ["one", "two"]
    again.close()


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        put(database, "one", "two", "one")

    assert names(database) == []


def test_the_number_of_changed_rows_is_told(database: Database) -> None:
    with database.transaction() as tx:
        tx.execute_many(PUT, ({"name": name} for name in "abc"))
        assert tx.changed == 3
        tx.execute("UPDATE fact SET at = 1 WHERE name <> 'a'")
        assert tx.changed == 2


def test_many_threads_write_at_once_and_nothing_is_lost(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: put(database, f"{number:03}"), range(100)))

    assert len(names(database)) == 100


def test_the_file_is_its_owners_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        database = open_database(tmp_path / "a.db")
        put(database, "one")
        modes = {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    finally:
        os.umask(before)
    database.close()

    assert modes == {0o600}


def test_every_commit_is_on_the_disk_and_references_are_kept(database: Database) -> None:
    assert database.fetch("PRAGMA journal_mode") == [{"journal_mode": "wal"}]
    assert database.fetch("PRAGMA synchronous") == [{"synchronous": 2}]
    assert database.fetch("PRAGMA foreign_keys") == [{"foreign_keys": 1}]


def test_a_second_runner_is_refused_with_the_first_ones_number_and_may_run_after_it(tmp_path: Path) -> None:
    code = (
        "import sys; from bot.database import open_database; d = open_database(sys.argv[1])\n"
        "with d.exclusive():\n    print('held', flush=True); sys.stdin.read()"
    )
    database = open_database(tmp_path / "a.db")
    with python(code, tmp_path / "a.db") as runner:
        assert said(runner) == "held\n"

        with pytest.raises(BotError, match=rf"another thisday runs on this database \(pid {runner.pid}, ") as refused:
            database.exclusive().__enter__()
        put(database, "a short write beside the runner")
        runner.kill()

    assert "stop it first" in str(refused.value)
    with database.exclusive():
        assert (tmp_path / "a.db.lock").read_text() == f"{os.getpid()}\n"
    database.close()


def test_a_reader_is_not_kept_waiting_by_a_writer_in_another_process(tmp_path: Path) -> None:
    code = (
        "import sys; from bot.database import open_database; d = open_database(sys.argv[1])\n"
        "with d.transaction() as tx:\n"
        "    tx.execute(\"INSERT INTO fact VALUES ('x', '', 0)\"); print('in', flush=True); sys.stdin.read()"
    )
    database = open_database(tmp_path / "a.db")
    with python(code, tmp_path / "a.db") as writer:
        assert said(writer) == "in\n"

        during = names(database)
        writer.communicate("")

    assert during == []
    assert names(database) == ["x"]
    database.close()


def test_processes_that_create_one_database_at_once_all_succeed(tmp_path: Path) -> None:
    code = (
        "import sys; from bot.database import open_database; print('ready', flush=True); sys.stdin.read()\n"
        "open_database(sys.argv[1]).close()"
    )
    racers = [python(code, tmp_path / "a.db") for _ in range(4)]
    assert [said(racer) for racer in racers] == ["ready\n"] * 4
    for racer in racers:
        racer.communicate("")

    assert [racer.returncode for racer in racers] == [0, 0, 0, 0]


def test_a_file_that_another_is_just_creating_is_waited_for(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        creator = sqlite3.connect(tmp_path / "a.db", isolation_level=None, check_same_thread=False)
        creator.execute("BEGIN EXCLUSIVE")
        opening = pool.submit(open_database, tmp_path / "a.db")
        with pytest.raises(TimeoutError):
            opening.result(timeout=0.1)
        creator.execute("ROLLBACK")
        opening.result(timeout=5).close()
        creator.close()


def test_a_file_that_stays_locked_is_told_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.database.sqlite.PATIENCE", 0.05)
    creator = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    creator.execute("BEGIN EXCLUSIVE")

    with pytest.raises(DatabaseError, match="was locked by another program"):
        open_database(tmp_path / "a.db")
    creator.close()


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    first = open_database(tmp_path / "a.db")
    schema = first.fetch("SELECT * FROM schema_version")
    first.close()

    again = open_database(tmp_path / "a.db")

    assert again.fetch("SELECT * FROM schema_version") == schema
    assert [row["version"] for row in schema] == [each.version for each in migrations()]
    again.close()


def test_a_migration_is_cut_at_its_semicolons_without_its_comments() -> None:
    step = Migration(7, "x", "-- one; two\nCREATE TABLE a (\n  -- what; why\n  b TEXT\n);\n\nDROP TABLE a;\n")

    assert list(step.statements) == ["CREATE TABLE a (\n\n  b TEXT\n)", "DROP TABLE a"]


def test_a_database_of_a_newer_thisday_is_refused_and_left_alone(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db")
    with database.transaction() as tx:
        tx.execute("INSERT INTO schema_version VALUES (999, 'from the future')")
    database.close()

    with pytest.raises(DatabaseError, match=r"a\.db was written by a newer thisday \(schema 999, .*update thisday"):
        open_database(tmp_path / "a.db")


def test_a_file_that_is_no_database_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("shopping: eggs, milk, bread\n" * 50)

    with pytest.raises(DatabaseError, match=r"notes\.txt is not a SQLite database; name another file"):
        open_database(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text().startswith("shopping")


def test_a_damaged_database_is_told_with_advice(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db")
    put(database, *(f"{number:04}" for number in range(2000)))
    database.close()
    content = bytearray((tmp_path / "a.db").read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    (tmp_path / "a.db").write_bytes(content)

    with pytest.raises(DatabaseError, match="is damaged; stop thisday, keep a copy, and restore a backup"):
        open_database(tmp_path / "a.db")


@pytest.mark.parametrize("place", ["missing/a.db", "."])
def test_a_place_where_no_file_can_be_is_told_with_advice(tmp_path: Path, place: str) -> None:
    with pytest.raises(DatabaseError, match="its folder must exist and be writable"):
        open_database(tmp_path / place)


def test_a_mistake_in_our_sql_is_no_advice_to_a_person(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        database.fetch("SELECT * FROM nowhere")


@pytest.mark.parametrize("address", ["postgresql://db.example/thisday", "postgres://x", "postgresql+psycopg://x"])
def test_postgresql_is_announced_and_not_yet_there(address: str) -> None:
    with pytest.raises(BotError, match="SQLite only; PostgreSQL comes with the extra `postgres`"):
        open_database(address)


def test_an_instant_is_stored_to_the_microsecond_whatever_its_zone() -> None:
    moment = datetime(2026, 7, 20, 9, 0, 0, 123457, tzinfo=timezone(timedelta(hours=3, minutes=30)))

    assert micros(moment) == 1_784_525_400_123_457
    assert instant(micros(moment)) == moment
    assert instant(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert instant(micros(datetime(1, 1, 1, tzinfo=UTC))) == datetime(1, 1, 1, tzinfo=UTC)
