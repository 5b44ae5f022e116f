"""Does one file keep what it was given, for its owner only, whoever else uses it and whatever is wrong with it?"""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.database import DatabaseError, connect, open_database
from bot.database.copying import KEYS, content
from bot.errors import BotError, Mistake
from tests.database.steps import HOLDING, filled, names, put, python, said


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


def test_every_commit_is_on_the_disk_and_references_are_kept(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db")

    assert database.fetch("PRAGMA journal_mode") == [{"journal_mode": "wal"}]
    assert database.fetch("PRAGMA synchronous") == [{"synchronous": 2}]
    assert database.fetch("PRAGMA foreign_keys") == [{"foreign_keys": 1}]
    database.close()


def test_a_second_runner_is_refused_with_the_first_ones_number_and_may_run_after_it(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db")
    with python(HOLDING, tmp_path / "a.db") as runner:
        assert said(runner) == "held\n"

        with pytest.raises(BotError, match=rf"another thisday runs on this database \(pid {runner.pid}, ") as refused:
            database.exclusive().__enter__()
        put(database, "a short write beside the runner")
        runner.kill()

    assert "stop it first" in str(refused.value)
    with database.exclusive():
        assert (tmp_path / "a.db.lock").read_text() == f"{os.getpid()}\n"
    database.close()


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


def test_what_is_not_there_is_not_made_where_it_must_exist(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="there is no database at"):
        connect(tmp_path / "a.db", must_exist=True)

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_loses_nothing_and_writing_goes_on_when_there_is_room(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db")
    put(database, "before")
    pages = database.fetch("PRAGMA page_count")[0]["page_count"]
    database.fetch(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(DatabaseError, match="the disk is full; make room, nothing that was written is lost"):
        put(database, *(f"{number:0100}" for number in range(1000)))
    assert names(database) == ["before"]

    database.fetch("PRAGMA max_page_count = 100000")
    put(database, "after")
    assert names(database) == ["after", "before"]
    assert database.defects() == []
    database.close()


def test_a_disk_that_turned_read_only_loses_nothing_and_writing_goes_on_afterwards(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db")
    put(database, "before")
    database.fetch("PRAGMA query_only = 1")

    with pytest.raises(DatabaseError, match="cannot be written; give the file and its folder to the user"):
        put(database, "during")
    assert names(database) == ["before"]

    database.fetch("PRAGMA query_only = 0")
    put(database, "after")
    assert names(database) == ["after", "before"]
    database.close()


def test_a_file_of_somebody_else_is_refused_with_advice() -> None:
    """In a process that is not root, who may write everything."""
    code = (
        "import os, sys; from bot.database import open_database, DatabaseError; import bot.database.sqlite\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "try: open_database(sys.argv[1])\n"
        "except DatabaseError as error: print(error, flush=True)"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        open_database(folder / "a.db").close()
        (folder / "a.db").chmod(0o444)
        folder.chmod(0o755)

        with python(code, folder / "a.db") as other:
            refused = said(other)
            other.communicate()

    assert "a.db cannot be opened; its folder must exist and be writable" in refused
    assert "Permission denied" in refused


def test_a_lock_that_lasts_is_told_and_writing_goes_on_when_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.database.sqlite.PATIENCE", 0.05)
    database = open_database(tmp_path / "a.db")
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(DatabaseError, match="was locked by another program"):
        put(database, "during")
    other.execute("ROLLBACK")
    other.close()
    put(database, "after")

    assert names(database) == ["after"]
    database.close()


def test_a_backup_beside_a_writer_is_one_whole_file_for_its_owner(tmp_path: Path) -> None:
    database = filled(open_database(tmp_path / "a.db"))
    before = {table: content(database, table) for table in KEYS}

    with database.exclusive():
        database.back_up(tmp_path / "copy.db")
    put(database, "after the backup")

    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.glob("copy*")] == ["copy.db"]
    copy = open_database(tmp_path / "copy.db")
    assert {table: content(copy, table) for table in KEYS} == before
    copy.close()
    database.close()


def test_a_backup_never_writes_over_a_file_and_leaves_none_when_it_fails(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db")
    (tmp_path / "there").write_text("something dear")

    with pytest.raises(Mistake, match="is there already; name a new file"):
        database.back_up(tmp_path / "there")
    with pytest.raises(DatabaseError, match="its folder must exist"):
        database.back_up(tmp_path / "nowhere" / "copy.db")

    assert (tmp_path / "there").read_text() == "something dear"
    assert {each.name for each in tmp_path.iterdir()} == {"a.db", "a.db-wal", "a.db-shm", "there"}
    database.close()
