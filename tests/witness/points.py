"""Where can a program end? Every named point on the way of a delivery, and how it is made to end there.

Nothing of this stands in the product: a point is a statement of the ledger, an event of the HTTP client, a step of the
schema. The program ends with `os._exit`: no handler runs, no file is closed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from bot.app import App
from bot.channels import Request, _wire_httpx
from bot.channels._wire import Leaving
from bot.database import NOTHING, Database, Parameters, Row, Transaction, schema
from bot.delivery import statements as sql
from bot.delivery.ledger import Ledger

GONE = 9  # the exit code of a program that came to its point
EVERY = ("look", "key", "hold")


@dataclass(frozen=True)
class Point:
    """`first` is the point at which an earlier life must have ended, so that this one is come to at all."""

    when: str  # before or after a statement, committed after it, at an event, while composing, in a step of the schema
    what: str = ""
    policies: tuple[str, ...] = EVERY
    first: str = ""


# plan, compose, claim, wire, settle, sweep, settle a doubt, migrate
POINTS = {
    "before opening": Point("before", sql.OPEN),
    "opened": Point("after", sql.OPEN),
    "cursors moved": Point("after", sql.ADVANCE),
    "planned": Point("committed", sql.ADVANCE),
    "composing": Point("compose"),
    "message written": Point("after", sql.KEEP_MESSAGE),
    "before the claim": Point("before", sql.CLAIM),
    "claiming": Point("after", sql.CLAIM),
    "attempt written": Point("after", sql.OPEN_ATTEMPT),
    "claimed": Point("committed", sql.OPEN_ATTEMPT),
    "message kept": Point("committed", sql.KEEP_MESSAGE),
    "first byte": Point("event", "send_request_headers.started"),
    "headers out": Point("event", "send_request_headers.complete"),
    "body out": Point("event", "send_request_body.complete"),
    "answer begun": Point("event", "receive_response_headers.complete"),
    "answer whole": Point("event", "receive_response_body.complete"),
    "before settling": Point("before", sql.CLOSE_ATTEMPT),
    "attempt closed": Point("after", sql.CLOSE_ATTEMPT),
    "settling": Point("after", sql.SETTLE),
    "settled": Point("committed", sql.SETTLE),
    "before the sweep": Point("before", sql.LEASE_OVER, first="body out"),
    "lease over": Point("after", sql.LEASE_OVER, first="body out"),
    "lost attempt closed": Point("after", sql.CLOSE_ATTEMPT, first="body out"),
    "swept": Point("committed", sql.LEASE_OVER, first="body out"),
    "before the look counts": Point("before", sql.RECORD, ("look",), first="body out"),
    "look written": Point("after", sql.RECORD, ("look",), first="body out"),
    "looked": Point("committed", sql.RECORD, ("look",), first="body out"),
    "not there": Point("committed", sql.RECORD, ("look",), first="first byte"),
    "repeat claimed": Point("committed", sql.OPEN_ATTEMPT, ("look", "key"), first="first byte"),
    "repeat out": Point("event", "send_request_body.complete", ("look", "key"), first="first byte"),
    "repeat settled": Point("committed", sql.SETTLE, ("key",), first="body out"),
    "holding": Point("after", sql.HOLD, ("hold",), first="body out"),
    "held": Point("committed", sql.HOLD, ("hold",), first="body out"),
    "before the schema": Point("migrate", "0"),
    "amid the schema": Point("migrate", "4"),
    "after the schema": Point("migrate", "-1"),
}


def gone() -> None:
    os._exit(GONE)


def doomed(app: App, point: Point) -> None:
    """From now on the app ends the process when it comes to the point."""
    if point.when == "compose":
        app.courier = replace(app.courier, compose=lambda *_: gone())  # type: ignore[arg-type]  # does not return
    elif point.when == "event":
        _end_at_event(point.what)
    elif point.when != "migrate":
        app.database = Doomed(app.database, point)
        app.ledger = Ledger(app.database)
        app.courier = replace(app.courier, ledger=app.ledger)


def _end_at_event(event: str) -> None:
    """Ends at an event of the request that publishes."""
    known = _wire_httpx._request

    def ending(request: Request, leaving: Leaving) -> httpx.Request:
        made = known(request, leaving)
        told = made.extensions["trace"]

        async def trace(name: str, info: dict[str, Any]) -> None:
            await told(name, info)
            if name.endswith(event) and request.commits:
                gone()

        made.extensions["trace"] = trace
        return made

    _wire_httpx._request = ending


def end_in_migration(step: int) -> None:
    """Ends before one statement of the schema, or after the last."""
    known = vars(schema.Migration)["statements"].fget

    def statements(migration: schema.Migration) -> Iterator[str]:
        for number, statement in enumerate(known(migration)):
            if number == step:
                gone()
            yield statement
        gone()

    schema.Migration.statements = property(statements)  # type: ignore[assignment, method-assign]  # likewise


@dataclass
class Doomed:
    """A database whose program ends at one statement."""

    real: Database
    point: Point
    written: list[str] = field(default_factory=list)  # what is to be committed together
    grouped: bool = False

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        own: list[str] = []
        with self.real.transaction() as tx:
            yield _Doomed(tx, self.point, own.append)
        self.written += own
        if not self.grouped:
            self._committed()

    @property
    def together(self) -> Callable[[], AbstractContextManager[None]] | None:
        return self._together if self.real.together else None

    @contextmanager
    def _together(self) -> Iterator[None]:
        assert self.real.together
        self.grouped = True
        try:
            with self.real.together():
                yield
        finally:
            self.grouped = False
        self._committed()

    def _committed(self) -> None:
        if self.point.when == "committed" and self.point.what in self.written:
            gone()
        self.written.clear()

    def fetch(self, statement: str, parameters: Parameters = NOTHING, /) -> list[Row]:
        return self.real.fetch(statement, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


@dataclass
class _Doomed:
    real: Transaction
    point: Point
    passed: Callable[[str], None]

    @property
    def changed(self) -> int:
        return self.real.changed

    def execute(self, statement: str, parameters: Parameters = NOTHING, /) -> list[Row]:
        self._end("before", statement)
        rows = self.real.execute(statement, parameters)
        self._end("after", statement)
        if rows or statement != sql.LEASE_OVER:
            self.passed(statement)
        return rows

    def execute_many(self, statement: str, parameters: Iterable[Parameters], /) -> None:
        some = list(parameters)
        if some:
            self._end("before", statement)
        self.real.execute_many(statement, some)
        if some:
            self._end("after", statement)
            self.passed(statement)

    def _end(self, when: str, statement: str) -> None:
        if (self.point.when, self.point.what) == (when, statement):
            gone()
