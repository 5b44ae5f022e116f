"""Where does what must not be forgotten live? One SQL text for two engines; SQLite is the one that exists.

The interface is synchronous; asynchronous code calls it through `asyncio.to_thread`. What both engines must agree on:
parameters are written `:name`, flags and counts are integers, a day is text (`2026-07-20`), an instant is a whole
number of microseconds since 1970 in UTC (exact, comparable, and the same in both engines), a conflict is answered by
`ON CONFLICT`, changed rows come back by `RETURNING`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from bot.errors import BotError

Row = dict[str, Any]
Parameters = Mapping[str, Any]
NOTHING: Parameters = {}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class DatabaseError(BotError):
    """The database cannot be used as it is; the text says what to do."""


class Transaction(Protocol):
    """Statements that become true together. `changed` is the number of rows that the last one wrote."""

    @property
    def changed(self) -> int: ...

    def execute(self, sql: str, parameters: Parameters = NOTHING, /) -> list[Row]: ...

    def execute_many(self, sql: str, parameters: Iterable[Parameters], /) -> None: ...


class Database(Protocol):
    """Durable storage, usable from several threads. What a transaction wrote is on the disk when it ends."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Writes; all of it or, if the block raises, none."""
        ...

    def fetch(self, sql: str, parameters: Parameters = NOTHING, /) -> list[Row]:
        """Reads one consistent picture; never waits for a writer in another process."""
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """Held by the one process that sends; a second one is refused. Short writes of others need no such hold."""
        ...

    def close(self) -> None: ...


def open_database(address: str | Path) -> Database:
    """The database at a path or `sqlite:///path`, created (readable by its owner only) and migrated if need be."""
    text = str(address)
    if re.match(r"postgres(ql)?(\+\w+)?://", text):
        raise BotError(
            "this version keeps its ledger in SQLite only; PostgreSQL comes with the extra `postgres` of a later one. "
            "Write a path, for example `database: thisday.db`"
        )
    from bot.database.sqlite import Sqlite

    return Sqlite(Path(text.removeprefix("sqlite:///")).expanduser())


def micros(instant: datetime) -> int:
    """An aware instant as stored: microseconds since 1970 in UTC."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    return _EPOCH + stored * _MICROSECOND


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step of the schema, applied in one transaction."""

    version: int
    name: str
    sql: str

    @property
    def statements(self) -> Iterator[str]:
        """The file cut at its semicolons; comments are whole lines, and no text in it holds a semicolon."""
        bare = re.sub(r"^\s*--.*$", "", self.sql, flags=re.MULTILINE)
        return (each.strip() for each in bare.split(";") if each.strip())


def migrations() -> list[Migration]:
    """All steps that this version knows, oldest first."""
    folder = files("bot.database") / "migrations"
    found = (each for each in folder.iterdir() if each.name.endswith(".sql"))
    return sorted((_migration(each.name, each.read_text("utf-8")) for each in found), key=lambda each: each.version)


def _migration(file_name: str, sql: str) -> Migration:
    number, _, name = file_name.removesuffix(".sql").partition("_")
    return Migration(int(number), name, sql)


def pending(known: list[Migration], version: int, place: str) -> list[Migration]:
    """The steps still to be taken from `version`; refuses a database of a newer program."""
    newest = known[-1].version
    if version > newest:
        raise DatabaseError(
            f"{place} was written by a newer thisday (schema {version}, this one knows up to {newest}); "
            "update thisday, or name another file under `database`"
        )
    return [each for each in known if each.version > version]
