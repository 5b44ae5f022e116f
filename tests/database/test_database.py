"""Does a database keep what it was given, in both engines alike?"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest

from bot.database import Database, DatabaseError, Engine, connect, instant, micros, open_database
from bot.database.schema import Migration, migrations, newest, require_current
from bot.delivery import reports
from bot.errors import BotError, Mistake
from tests.database.steps import HOLDING, ended, names, put, python, said


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises((sqlite3.IntegrityError, DatabaseError)):
        put(database, "one", "two", "one")

    assert names(database) == []


def test_the_number_of_changed_rows_is_told(database: Database) -> None:
    with database.transaction() as tx:
        tx.execute_many("INSERT INTO fact (name, value, at) VALUES (:name, '', 0)", ({"name": name} for name in "abc"))
        assert tx.changed == 3
        tx.execute("UPDATE fact SET at = 1 WHERE name <> 'a'")
        assert tx.changed == 2


def test_many_threads_write_at_once_and_nothing_is_lost(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: put(database, f"{number:03}"), range(100)))

    assert len(names(database)) == 100


def test_a_reader_is_not_kept_waiting_by_a_writer_in_another_process(address: str) -> None:
    code = (
        "import sys; from bot.database import open_database; d = open_database(sys.argv[1])\n"
        "with d.transaction() as tx:\n"
        "    tx.execute(\"INSERT INTO fact VALUES ('x', '', 0)\"); print('in', flush=True); sys.stdin.read()"
    )
    database = open_database(address)
    with python(code, address) as writer:
        assert said(writer) == "in\n"

        during = names(database)
        writer.communicate("")

    assert during == []
    assert names(database) == ["x"]
    database.close()


def test_processes_that_create_one_database_at_once_all_succeed(address: str) -> None:
    code = (
        "import sys; from bot.database import open_database; print('ready', flush=True); sys.stdin.read()\n"
        "open_database(sys.argv[1]).close()"
    )
    racers = [python(code, address) for _ in range(4)]
    assert [said(racer) for racer in racers] == ["ready\n"] * 4
    for racer in racers:
        racer.communicate("")

    assert [racer.returncode for racer in racers] == [0, 0, 0, 0]


def test_migrating_twice_changes_nothing(address: str) -> None:
    first = open_database(address)
    schema = first.fetch("SELECT * FROM schema_version")
    first.close()

    again = open_database(address)

    assert again.fetch("SELECT * FROM schema_version") == schema
    assert [row["version"] for row in schema] == [each.version for each in migrations()]
    again.close()


def test_a_migration_is_cut_at_its_semicolons_without_its_comments() -> None:
    step = Migration(7, "x", "-- one; two\nCREATE TABLE a (\n  -- what; why\n  b TEXT\n);\n\nDROP TABLE a;\n")

    assert list(step.statements) == ["CREATE TABLE a (\n\n  b TEXT\n)", "DROP TABLE a"]


def test_a_database_of_a_newer_thisday_is_refused_and_left_alone(address: str) -> None:
    database = open_database(address)
    with database.transaction() as tx:
        tx.execute("INSERT INTO schema_version VALUES (999, 'from the future')")
    database.close()

    with pytest.raises(DatabaseError, match=r"was written by a newer thisday \(schema 999, .*update thisday"):
        open_database(address)


def test_what_a_transaction_wrote_is_there_after_reopening(address: str) -> None:
    first = open_database(address)
    put(first, "one", "two")
    first.close()

    again = open_database(address)

    assert names(again) == ["one", "two"]
    again.close()


def test_an_instant_is_stored_to_the_microsecond_whatever_its_zone() -> None:
    moment = datetime(2026, 7, 20, 9, 0, 0, 123457, tzinfo=timezone(timedelta(hours=3, minutes=30)))

    assert micros(moment) == 1_784_525_400_123_457
    assert instant(micros(moment)) == moment
    assert instant(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert instant(micros(datetime(1, 1, 1, tzinfo=UTC))) == datetime(1, 1, 1, tzinfo=UTC)


def test_a_mistake_in_our_sql_is_no_advice_to_a_person(database: Database) -> None:
    with pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedTable), match="nowhere"):
        database.fetch("SELECT * FROM nowhere")


def test_text_is_sorted_byte_by_byte_in_both(database: Database) -> None:
    put(database, "b", "B", "a", "é", "z", "_", "A", "𝄞")

    assert names(database) == ["A", "B", "_", "a", "b", "z", "é", "𝄞"]


def test_every_text_comes_back_as_it_was(database: Database) -> None:
    text = "🕯 “on this day” \\ ' \" ; :name %s %(x)s %% \n\t \u202e ﷺ"
    put(database, text)

    assert names(database) == [text]
    assert database.fetch("SELECT at FROM fact WHERE name = :name AND 100 % 7 = 2", {"name": text}) == [{"at": 0}]


def test_many_rows_are_written_at_once_and_only_the_new_ones_counted(database: Database) -> None:
    insert = "INSERT INTO fact (name, value, at) VALUES (:name, :name, :at) ON CONFLICT (name) DO NOTHING"
    with database.transaction() as tx:
        tx.execute_many(insert, ({"name": f"{number:04}", "at": number} for number in range(450)))
        assert tx.changed == 450
        tx.execute_many(insert, ({"name": f"{number:04}", "at": 0} for number in range(440, 460)))
        assert tx.changed == 10
        tx.execute_many(insert, ())
        assert tx.changed == 0

    assert database.fetch("SELECT name, value, at FROM fact WHERE at > 448") == [
        {"name": "0449", "value": "0449", "at": 449}
    ]
    assert len(names(database)) == 460


def test_a_second_runner_is_refused_and_may_run_after_the_first(address: str) -> None:
    database = open_database(address)
    with python(HOLDING, address) as runner:
        assert said(runner) == "held\n"

        with pytest.raises(BotError, match=r"another thisday runs on this database \(.*stop it first") as refused:
            database.exclusive().__enter__()
        put(database, "a short write beside the runner")
        runner.kill()

    assert str(runner.pid) in str(refused.value)
    with ended(database.exclusive):
        assert names(database) == ["a short write beside the runner"]
    database.close()


def test_an_older_schema_is_refused_where_it_may_not_be_changed(address: str) -> None:
    engine = connect(address)

    with pytest.raises(DatabaseError, match=rf"has schema 0, and this thisday works with {newest()}; run thisday database"):
        require_current(engine)
    assert engine.migrate() == (0, newest())
    assert engine.migrate() == (newest(), newest())
    require_current(engine)
    engine.close()


def test_a_sound_database_has_no_defects(database: Engine) -> None:
    assert database.defects() == []


def test_a_step_that_fails_leaves_the_schema_as_it_was(fresh: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [*migrations(), Migration(999, "broken", "CREATE TABLE half (a TEXT);\nCREATE TABLE half (a TEXT);")]
    monkeypatch.setattr("bot.database.schema.migrations", lambda: broken)
    engine = connect(fresh())

    with pytest.raises((sqlite3.OperationalError, psycopg.errors.DuplicateTable)):
        engine.migrate()

    assert engine.version() == broken[-2].version
    with pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedTable)):
        engine.fetch("SELECT * FROM half")
    engine.close()


def test_a_driver_that_is_not_there_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "bot.database.postgres")
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(Mistake, match=r"needs a driver that is not here .*pip install 'thisday\[postgres\]'"):
        open_database("postgres://thisday@db.example/thisday")


def test_a_database_of_the_first_schema_is_brought_up(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *later = migrations()
    monkeypatch.setattr("bot.database.schema.migrations", lambda: [first])
    old = open_database(address)
    with old.transaction() as tx:
        tx.execute(
            "INSERT INTO delivery (subscription, day, part, run, state, due_at, expires_at, receipt_id, message)"
            " VALUES ('general', '2026-07-20', 1, '', 'delivered', 0, 1, 'kept', 'its words')"
        )
    old.close()
    monkeypatch.setattr("bot.database.schema.migrations", lambda: [first, *later])

    database = open_database(address)

    (kept,) = reports.find(database)
    assert (database.version(), kept.receipt_id, kept.corrects) == (newest(), "kept", None)
    assert reports.text(database, kept.message) == "its words"
    database.close()
