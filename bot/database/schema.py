"""Which steps lead to the schema of today, and which of them are still to be taken?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files

from bot.database import DatabaseError, Engine, Transaction

_TAKEN = "INSERT INTO schema_version (version, name) VALUES (:version, :name)"


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


def newest() -> int:
    return migrations()[-1].version


def pending(version: int, place: str) -> list[Migration]:
    """The steps still to be taken from `version`; refuses a database of a newer program."""
    known = migrations()
    if version > known[-1].version:
        raise DatabaseError(
            f"{place} was written by a newer thisday (schema {version}, this one knows up to {known[-1].version}); "
            "update thisday, or name another database"
        )
    return [each for each in known if each.version > version]


def take(step: Migration, tx: Transaction, dialect: Callable[[str], str] = str) -> None:
    """Takes one step inside of a transaction. `dialect` turns its text into what the engine calls it."""
    for statement in step.statements:
        tx.execute(dialect(statement))
    tx.execute(_TAKEN, {"version": step.version, "name": step.name})


def require_current(engine: Engine) -> None:
    """Refuses a database whose schema is not that of this version, for those who may not change it."""
    version = engine.version()
    if pending(version, engine.place):
        raise DatabaseError(
            f"{engine.place} has schema {version}, and this thisday works with {newest()}; run thisday database migrate"
        )
