"""How does everything get from one database into another, and how do we know that it did?

Rows are read in the order of their keys, a batch at a time. Afterwards both sides are read again, and the number of
rows and a hash of all of them must agree, table by table.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.database import Database, DatabaseError, Engine, Row
from bot.database.schema import require_current
from bot.errors import Mistake

# Every table but the one of the schema's versions, with its key; what is referred to comes first.
KEYS = {
    "subscription": ("name",),
    "cursor": ("subscription",),
    "message": ("key",),
    "delivery": ("id",),
    "attempt": ("delivery", "number"),
    "pause": ("subscription",),
    "fact": ("name",),
}
BATCH = 1000  # rows in one transaction
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds: so many rows, and the SHA-256 of them in the order of their keys."""

    rows: int
    hash: str


def copy(source: Engine, target: Engine, progress: Progress = lambda _table, _rows: None) -> dict[str, Content]:
    """Copies every table into an empty database and compares. Raises `DatabaseError` if a table differs afterwards."""
    require_current(source)
    require_current(target)
    _require_empty(target)
    for table in KEYS:
        for batch in batches(source, table):
            with target.transaction() as tx:
                tx.execute_many(_insert(table, batch[0]), batch)
            progress(table, len(batch))
    for table in (name for name, key in KEYS.items() if key == ("id",)):
        target.renumber(table)
    return {table: _compared(source, target, table) for table in KEYS}


def content(database: Database, table: str) -> Content:
    digest, count = hashlib.sha256(), 0
    for batch in batches(database, table):
        for row in batch:
            digest.update(json.dumps({name: _plain(value) for name, value in row.items()}, sort_keys=True).encode())
        count += len(batch)
    return Content(count, digest.hexdigest())


def batches(database: Database, table: str) -> Iterator[list[Row]]:
    """All rows in the order of their keys. Nothing is held open in between."""
    first, following = _pages(table)
    rows = database.fetch(first)
    while rows:
        yield rows
        rows = database.fetch(following, rows[-1])


def rows(database: Database, table: str) -> int:
    return int(database.fetch(f"SELECT COUNT(*) AS number FROM {table}")[0]["number"])  # noqa: S608  # a table of ours


def _pages(table: str) -> tuple[str, str]:
    key = ", ".join(KEYS[table])
    last = ", ".join(f":{name}" for name in KEYS[table])
    rest = f"ORDER BY {key} LIMIT {BATCH}"
    return f"SELECT * FROM {table} {rest}", f"SELECT * FROM {table} WHERE ({key}) > ({last}) {rest}"  # noqa: S608  # ours


def _insert(table: str, row: Row) -> str:
    values = ", ".join(f":{name}" for name in row)
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})"  # noqa: S608  # names of our own schema


def _plain(value: Any) -> Any:
    """PostgreSQL cannot keep a NUL in a text; bot/database/postgres.py writes this for it."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value


def _require_empty(target: Engine) -> None:
    filled = [table for table in KEYS if rows(target, table)]
    if filled:
        raise Mistake(
            f"{target.place} is not empty ({', '.join(filled)}), and two ledgers cannot be mixed",
            "name a new file, or a new database",
        )


def _compared(source: Engine, target: Engine, table: str) -> Content:
    there, here = content(source, table), content(target, table)
    if there != here:
        raise DatabaseError(
            f"the copy differs: {table} has {there.rows} rows in {source.place} and {here.rows} in {target.place}, or they "
            "are not the same; was something written meanwhile? Do not use the copy: remove it and copy again"
        )
    return here
