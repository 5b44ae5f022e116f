"""Where does what must not be forgotten live? In a SQLite file or in PostgreSQL, by one SQL text for both.

The interface is synchronous; asynchronous code calls it through `asyncio.to_thread`. What both engines must agree on:
parameters are written `:name`, flags and counts are integers, a day is text (`2026-07-20`), an instant is a whole
number of microseconds since 1970 in UTC (exact, comparable, and the same in both engines), a conflict is answered by
`ON CONFLICT`, changed rows come back by `RETURNING`, text is compared byte by byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from bot.errors import BotError, Mistake

Row = dict[str, Any]
Parameters = Mapping[str, Any]
NOTHING: Parameters = {}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_POSTGRES = re.compile(r"postgres(ql)?(\+\w+)?://")


class DatabaseError(BotError):
    """The database cannot be used as it is; the text says what to do."""


class Transaction(Protocol):
    """Statements that become true together. `changed` is the number of rows that the last one wrote."""

    @property
    def changed(self) -> int: ...

    def execute(self, sql: str, parameters: Parameters = NOTHING, /) -> list[Row]: ...

    def execute_many(self, sql: str, parameters: Iterable[Parameters], /) -> None: ...


class Database(Protocol):
    """Durable storage, usable from several threads. What a transaction wrote is on the disk when it ends.

    A connection that was lost is made anew by the next call; the call that lost it raises `DatabaseError`. Nothing is
    tried twice in here.
    """

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Writes; all of it or, if the block raises, none."""
        ...

    @property
    def together(self) -> Callable[[], AbstractContextManager[None]] | None:
        """A block that makes one wait for the disk of many: what its thread's transactions wrote is there when it ends.

        Each of them is still all or nothing. None where writers need not wait for each other.
        """
        ...

    def fetch(self, sql: str, parameters: Parameters = NOTHING, /) -> list[Row]:
        """Reads one consistent picture; never waits for a writer in another process."""
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """Held by the one process that sends; a second one is refused. Short writes of others need no such hold."""
        ...

    def clock(self) -> datetime | None:
        """The time by the database's own clock; None where that is the clock of this machine."""
        ...

    def close(self) -> None: ...


class Engine(Database, Protocol):
    """A database with what is done to it as a whole. `place` names it for people and holds no password."""

    @property
    def place(self) -> str: ...

    def shared(self) -> AbstractContextManager[None]:
        """Held by each of many that send together; refused beside an exclusive hold, which is refused beside it."""
        ...

    def version(self) -> int:
        """The schema it has; 0 for none."""
        ...

    def migrate(self) -> tuple[int, int]:
        """Takes the steps of the schema that are missing, each whole or not at all; says from and to which version."""
        ...

    def defects(self) -> list[str]:
        """What the engine itself finds broken in its storage."""
        ...

    def back_up(self, target: Path) -> None:
        """Writes a whole copy to a new file while others go on working, or says how that is done."""
        ...

    def renumber(self, table: str) -> None:
        """After rows came in with their numbers: new rows of the table get numbers after them."""
        ...


def is_postgres(address: str | Path) -> bool:
    return _POSTGRES.match(str(address)) is not None


def connect(address: str | Path, *, must_exist: bool = False) -> Engine:
    """The database at a path, `sqlite:///path` or `postgresql://…`, its schema left as it is.

    A SQLite file is created, readable by its owner only, unless it must exist.
    """
    if is_postgres(address):
        return _postgres(_POSTGRES.sub("postgresql://", str(address)))
    from bot.database.sqlite import Sqlite

    return Sqlite(Path(str(address).removeprefix("sqlite:///")).expanduser(), must_exist=must_exist)


def open_database(address: str | Path) -> Engine:
    """The database at an address, with the schema of this version."""
    opened = connect(address)
    try:
        opened.migrate()
    except BaseException:
        opened.close()
        raise
    return opened


def _postgres(address: str) -> Engine:
    try:
        from bot.database.postgres import Postgres
    except ImportError as error:
        advice = "install it with the extra: pip install 'thisday[postgres]'"
        raise Mistake(f"a database in PostgreSQL needs a driver that is not here ({error})", advice) from error
    return Postgres(address)


def micros(instant: datetime) -> int:
    """An aware instant as stored: microseconds since 1970 in UTC."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    return _EPOCH + stored * _MICROSECOND
