"""How does one SQL text serve two drivers? Parameters are renamed, and many rows go in by one statement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from bot.database import Parameters

ROWS = 200  # in one statement; from here on more gain nothing
_WORD = re.compile(r"'[^']*'|(?<!:):(\w+)|%")
_VALUES = re.compile(r"\bVALUES\s*\(((?:\s*:\w+\s*,?)+)\)")
_NAME = re.compile(r":(\w+)")


@lru_cache(maxsize=512)
def percent(sql: str) -> str:
    """`:name` as `%(name)s`, except within quotes; a per cent sign is doubled everywhere."""

    def named(match: re.Match[str]) -> str:
        return f"%({match[1]})s" if match[1] else match[0].replace("%", "%%")

    return _WORD.sub(named, sql)


@dataclass(frozen=True, slots=True)
class RowsAtOnce:
    """An INSERT of one row, made an INSERT of many: its text around the values, and their names in order."""

    before: str
    after: str
    names: tuple[str, ...]
    mark: str

    def text(self, rows: int) -> str:
        """The statement with numbered marks for the values: `?1` in SQLite, `$1` in PostgreSQL."""
        numbers, width = range(1, rows * len(self.names) + 1), len(self.names)
        every = (
            ", ".join(f"{self.mark}{number}" for number in numbers[row * width : (row + 1) * width]) for row in range(rows)
        )
        return f"{self.before}VALUES ({'), ('.join(every)}){self.after}"

    def batches(self, parameters: Iterable[Parameters]) -> Iterator[tuple[str, list[Any]]]:
        """Statements with their values, up to `ROWS` rows each."""
        full, values = self.text(ROWS), itemgetter(*self.names)
        rows = iter(parameters)
        while batch := [values(row) for row in islice(rows, ROWS)]:
            text = full if len(batch) == ROWS else self.text(len(batch))
            yield text, list(chain.from_iterable(batch))


@lru_cache(maxsize=128)
def rows_at_once(sql: str, mark: str) -> RowsAtOnce | None:
    """The INSERT for many rows; None if this is another statement, or uses a parameter beside its values."""
    found = _VALUES.search(sql)
    if found is None:
        return None
    before, after = sql[: found.start()], sql[found.end() :]
    names = tuple(_NAME.findall(found[1]))
    alone = len(names) > 1 and not _NAME.search(before + after)
    return RowsAtOnce(before, after, names, mark) if alone else None
