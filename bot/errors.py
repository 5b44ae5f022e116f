"""What went wrong, in whose file, and what to write instead?

There are two families. People's mistakes are `Problem`s: gathered, then raised together as `Problems`,
so that one run shows them all. The world's answers live in `bot.channels` and never appear here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in a file a person wrote; line and column count from 1, and 0 means the whole file."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: where it stands, what is wrong, and what to write instead."""

    where: Where
    what: str
    instead: str = ""

    def __str__(self) -> str:
        advice = f"; {self.instead}" if self.instead else ""
        return f"{self.where}: {self.what}{advice}"


class BotError(Exception):
    """Anything a user can cause. `bot.cli.main` turns it into text and an exit code."""


class Problems(BotError):  # noqa: N818  # what people make are problems, not errors
    """All the mistakes of one run, in the order of the files, each once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


class Mistake(BotError):  # noqa: N818  # likewise
    """A mistake on the command line, where no file can be named: what is wrong, what to write instead."""

    def __init__(self, what: str, instead: str = "") -> None:
        self.what, self.instead = what, instead
        super().__init__(f"{what}; {instead}" if instead else what)
