"""How is the database kept in one file? SQLite with a write-ahead log, every commit on the disk before it counts."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import IO

from bot.database import NOTHING, DatabaseError, Parameters, Row
from bot.database.dialect import rows_at_once
from bot.database.schema import pending, take
from bot.errors import BotError, Mistake

PATIENCE = 10.0  # seconds that a writer waits for another process; our transactions last milliseconds

_ADVICE = {
    sqlite3.SQLITE_NOTADB: "is not a SQLite database; name another file under `database`, or move this one away",
    sqlite3.SQLITE_CORRUPT: "is damaged; stop thisday, keep a copy, and restore a backup or run `sqlite3 FILE .recover`",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full; make room, nothing that was written is lost",
    sqlite3.SQLITE_READONLY: "cannot be written; give the file and its folder to the user that runs thisday",
    sqlite3.SQLITE_PERM: "cannot be written; give the file and its folder to the user that runs thisday",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; its folder must exist and be writable, and the name must be a file's",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk reports an error; look at the disk before anything else",
    sqlite3.SQLITE_BUSY: f"was locked by another program for more than {PATIENCE:.0f} seconds; end that program",
}


@contextmanager
def _told(place: Path) -> Iterator[None]:
    """Turns what a person can mend into words; our own mistakes in SQL keep their traceback."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if primary not in _ADVICE:
            raise
        raise DatabaseError(f"the database {place} {_ADVICE[primary]}") from error
    except OSError as error:
        advice = _ADVICE[sqlite3.SQLITE_CANTOPEN]
        raise DatabaseError(f"the database {place} {advice} ({error.strerror})") from error


class _Statements:
    """A transaction under way on the one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.changed = 0

    def execute(self, sql: str, parameters: Parameters = NOTHING, /) -> list[Row]:
        cursor = self._connection.execute(sql, parameters)
        rows: list[Row] = cursor.fetchall()
        self.changed = cursor.rowcount
        return rows

    def execute_many(self, sql: str, parameters: Iterable[Parameters], /) -> None:
        many = rows_at_once(sql, "?")
        if many is None:
            self.changed = self._connection.executemany(sql, parameters).rowcount
        else:
            self.changed = sum(self._connection.execute(*each).rowcount for each in many.batches(parameters))


class Sqlite:
    """`Database` in one file. One connection, used by one thread at a time."""

    def __init__(self, path: Path, *, must_exist: bool = False) -> None:
        self.path = path
        self._lock = RLock()
        self._grouped = False  # whether `together` is under way
        if must_exist and not path.is_file():
            raise Mistake(f"there is no database at {path}", "name another, or let thisday run make it")
        with _told(path):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    @property
    def place(self) -> str:
        return str(self.path)

    def _prepare(self) -> None:
        self._connection.row_factory = _as_mapping
        self._write_ahead()
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")

    def _write_ahead(self) -> None:
        """Two processes that create one file at once: SQLite's own patience does not cover this switch."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return

    def migrate(self) -> tuple[int, int]:
        before = self.version()
        for step in pending(before, self.place):
            with self.transaction() as tx:
                if step.version > self.version():  # else another process was faster
                    take(step, tx)
        return before, self.version()

    def version(self) -> int:
        if not self.fetch("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'"):
            return 0
        return int(self.fetch("SELECT COALESCE(MAX(version), 0) AS version FROM schema_version")[0]["version"])

    @contextmanager
    def transaction(self) -> Iterator[_Statements]:
        with self._lock, _told(self.path), self._part() if self._grouped else self._whole():
            yield _Statements(self._connection)

    @contextmanager
    def together(self) -> Iterator[None]:
        with self._lock, _told(self.path), self._whole():
            self._grouped = True
            try:
                yield
                self._require_open()
            finally:
                self._grouped = False

    def _whole(self) -> AbstractContextManager[None]:
        return self._undone("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))

    def _part(self) -> AbstractContextManager[None]:
        """One of several transactions that are committed together."""
        self._require_open()
        return self._undone("SAVEPOINT part", "RELEASE part", ("ROLLBACK TO part", "RELEASE part"))

    def _require_open(self) -> None:
        if not self._connection.in_transaction:
            raise DatabaseError(f"what was to be written to {self.path} was undone: another part of it failed")

    @contextmanager
    def _undone(self, begin: str, end: str, undo: tuple[str, ...]) -> Iterator[None]:
        """A block that is undone if it raises."""
        self._connection.execute(begin)
        try:
            yield
            self._connection.execute(end)
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled back by itself
                for statement in undo:
                    self._connection.execute(statement)
            raise

    def fetch(self, sql: str, parameters: Parameters = NOTHING, /) -> list[Row]:
        with self._lock, _told(self.path):
            rows: list[Row] = self._connection.execute(sql, parameters).fetchall()
            return rows

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """The hold is the operating system's, so that it ends with the process, however that ends."""
        place = self.path.with_name(self.path.name + ".lock")
        with _told(place):
            handle = os.fdopen(os.open(place, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="ascii")
        with handle:
            _take(handle, self.path)
            handle.truncate(0)
            handle.write(f"{os.getpid()}\n")
            handle.flush()
            yield

    shared = exclusive  # a file is for one alone

    def clock(self) -> None:
        """A file has no clock of its own."""

    def defects(self) -> list[str]:
        said = [row["integrity_check"] for row in self.fetch("PRAGMA integrity_check")]
        lost = self.fetch("PRAGMA foreign_key_check")
        return [*(each for each in said if each != "ok"), *(f"a row of {row['table']} refers to nothing" for row in lost)]

    def back_up(self, target: Path) -> None:
        """Whole or not at all: the copy gets its name when it is on the disk."""
        if target.exists():
            raise Mistake(f"{target} is there already", "name a new file")
        beside = target.with_name(f"{target.name}.{os.getpid()}")
        try:
            with _told(target):
                self._copy_to(beside)
                beside.rename(target)
        finally:
            beside.unlink(missing_ok=True)

    def _copy_to(self, path: Path) -> None:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(path)) as copy:
            with self._lock, _told(self.path):
                self._connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # so that one file is all of it
        with path.open("rb") as handle:
            os.fsync(handle.fileno())

    def renumber(self, table: str) -> None:
        """A new row gets the number after the highest anyway."""

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _take(handle: IO[str], database: Path) -> None:
    try:
        _hold(handle.fileno())
    except OSError as error:
        pid = handle.read().strip() or "unknown"
        raise BotError(
            f"another thisday runs on this database (pid {pid}, {database}); "
            "stop it first, or name another file under `database`"
        ) from error
    handle.seek(0)


def _hold(descriptor: int) -> None:
    """Takes the file for this process or raises OSError at once."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # a byte beyond the text, which others must be able to read
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _as_mapping(cursor: sqlite3.Cursor, row: tuple[object, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}
