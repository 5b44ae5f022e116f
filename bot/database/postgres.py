"""How is the database kept in PostgreSQL? The same SQL over a few connections, each made anew when it was lost."""

from __future__ import annotations

import os
import platform
import re
import shlex
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

import psycopg
from psycopg import conninfo
from psycopg.pq import ConnStatus, TransactionStatus
from psycopg.rows import dict_row
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumper

from bot.database import NOTHING, DatabaseError, Parameters, Row, instant
from bot.database.dialect import percent, rows_at_once
from bot.database.schema import pending, take
from bot.errors import BotError, Mistake

CONNECTIONS = 8  # of one process; a transaction of ours lasts a few milliseconds
NUL = "\ufffd"  # is kept in its place
_LOCKS = 20_260_704  # ours among the advisory locks of a database: any number that nobody else uses

# Both sides notice within a minute that the other is gone; a lock is waited for as long as in SQLite. A program that
# stands still in the middle of writing (a suspended machine) has its lock taken away.
# What is due comes in the order of an index, page by page; a server that has not counted the table yet would rather read
# all of it, sort it, and compile that.
_SESSION = (
    "-c enable_bitmapscan=off -c jit=off "
    "-c idle_in_transaction_session_timeout=30s -c lock_timeout=10s -c client_min_messages=warning "
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
)
_PATIENCE: dict[str, str | int] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
# A server that answers before the disk has it would make a claim a guess.
_DURABLE = """
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""
_UNREACHABLE = "cannot be reached; see that PostgreSQL runs and lets this machine in. The next call tries again"
# By the SQLSTATE or its class.
_ADVICE = {
    "08": _UNREACHABLE,
    "23505": "was told the same by two at once, and this one was undone; the next call may do it again",
    "25P03": "took its lock back from this program, which stood still in the middle of writing; the next call begins anew",
    "25006": "is read-only (a standby?); name the one that can be written",
    "28": "does not let this user in; see the user and the password (in the URL, in PGPASSWORD or in ~/.pgpass)",
    "3D000": "is not there; make it: createdb --encoding=UTF8 NAME",
    "3F000": "has no schema to put tables into; see search_path",
    "40": "had two transactions in each other's way, and this one was undone; the next call may do it again",
    "42501": "does not allow this to this user, who must own the tables or be granted the rights on them",
    "53100": "cannot grow: its disk is full; make room, nothing that was written is lost",
    "53": "has no room for this (connections or memory); see max_connections",
    "55P03": "was locked by another program for more than 10 seconds; end that program",
    "57": "stopped what was under way (a restart, or a time limit). The next call tries again",
    "58": "reports an error of its disk; look at the disk before anything else",
    "XX": "reports damage; stop thisday, keep a copy, and restore a backup",
}
# A server that does not let us in says why in words only.
_AT_THE_DOOR = {
    "28": re.compile(r"authentication failed|no password supplied|role \".*\" does not exist|no pg_hba\.conf entry"),
    "3D000": re.compile(r"database \".*\" does not exist"),
    "53": re.compile(r"too many clients|too many connections|remaining connection slots"),
}


class _Statements:
    """A transaction under way on one connection."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection
        self.changed = 0

    def execute(self, sql: str, parameters: Parameters = NOTHING, /) -> list[Row]:
        rows, self.changed = _run(self._connection, sql, parameters)
        return rows

    def execute_many(self, sql: str, parameters: Iterable[Parameters], /) -> None:
        many = rows_at_once(sql, "$")
        if many is None:
            with self._connection.cursor() as cursor:
                cursor.executemany(percent(sql), map(_without_nul, parameters))
                self.changed = cursor.rowcount
        else:
            self.changed = sum(_write(self._connection, *each) for each in many.batches(map(_without_nul, parameters)))


def _run(connection: psycopg.Connection[Row], sql: str, parameters: Parameters) -> tuple[list[Row], int]:
    with connection.cursor() as cursor:
        cursor.execute(percent(sql), _without_nul(parameters))
        return cursor.fetchall() if cursor.description else [], cursor.rowcount


def _write(connection: psycopg.Connection[Row], sql: str, values: Sequence[Any]) -> int:
    """A statement with `$1` for its values: the driver need not look for them in a text of thousands."""
    with psycopg.RawCursor(connection) as cursor:
        return cursor.execute(sql, values).rowcount


def _without_nul(parameters: Parameters) -> Parameters:
    """PostgreSQL keeps no NUL in a text, and what a platform said must not fail for one."""
    if not any("\x00" in value for value in parameters.values() if isinstance(value, str)):
        return parameters
    return {name: value.replace("\x00", NUL) if isinstance(value, str) else value for name, value in parameters.items()}


class Postgres:
    """`Database` on a server. A thread takes a connection for each call; at most `connections` are open for calls."""

    together = None  # its writers wait for the disk together by themselves

    def __init__(self, address: str, connections: int = CONNECTIONS) -> None:
        asked = _parsed(address)
        self.place = _shown(asked)
        self._settings: dict[str, Any] = {
            **_PATIENCE,
            **asked,
            "application_name": f"thisday {os.getpid()} on {platform.node()}"[:63],
            "client_encoding": "UTF8",
            "options": f"{_SESSION} {asked.get('options', '')}".strip(),
        }
        self._room = BoundedSemaphore(connections)
        self._idle: deque[psycopg.Connection[Row]] = deque()
        self._closed = False
        self._guard: _Guard | None = None

    # what every database does

    @contextmanager
    def transaction(self) -> Iterator[_Statements]:
        with self._connected() as connection, connection.transaction():
            yield _Statements(connection)

    def fetch(self, sql: str, parameters: Parameters = NOTHING, /) -> list[Row]:
        with self._connected() as connection:
            return _run(connection, sql, parameters)[0]

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """The hold is the server's and ends with our session; lost with the server, it is taken again by the next call."""
        with self._guarded(shared=False):
            yield

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Held by each of many that send together; refused beside an exclusive hold, which is refused beside it."""
        with self._guarded(shared=True):
            yield

    def clock(self) -> datetime:
        rows = self.fetch("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now")
        return instant(rows[0]["now"])

    def close(self) -> None:
        self._closed = True
        while self._idle:
            self._idle.popleft().close()

    # what is done to it as a whole

    def version(self) -> int:
        return _version(self.fetch)

    def migrate(self) -> tuple[int, int]:
        before = self.version()
        for step in pending(before, self.place):
            self._require_unicode()
            with self.transaction() as tx:
                tx.execute(f"SELECT pg_advisory_xact_lock({_LOCKS})")
                if step.version > _version(tx.execute):  # else another process was faster
                    take(step, tx, _dialect)
        return before, self.version()

    def defects(self) -> list[str]:
        """Of its storage the server knows itself; pg_amcheck looks deeper."""
        found = self.fetch("SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid")
        return [f"the index {row['name']} is not valid; run REINDEX" for row in found]

    def back_up(self, target: Path) -> None:
        command = f"pg_dump --format=custom --file={shlex.quote(str(target))} {shlex.quote(self.place)}"
        raise Mistake("PostgreSQL is backed up with its own program", f"run: {command}")

    def renumber(self, table: str) -> None:
        self.fetch(
            f"SELECT setval(pg_get_serial_sequence(:table, 'id'), (SELECT COALESCE(MAX(id), 0) + 1 FROM {table}), false)",  # noqa: S608  # a table of ours
            {"table": table},
        )

    def _require_unicode(self) -> None:
        encoding = self.fetch("SHOW server_encoding")[0]["server_encoding"]
        if encoding != "UTF8":
            raise DatabaseError(f"the database {self.place} has the encoding {encoding}; make one with --encoding=UTF8")

    # connections

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Row]]:
        with self._room, self._told():
            if self._guard is not None:
                self._guard.renew()
            connection = self._taken()
            try:
                yield connection
            except psycopg.Error as error:
                if connection.closed and error.sqlstate is None:
                    raise psycopg.OperationalError(str(error)) from error  # whatever the driver calls it
                raise
            finally:
                self._returned(connection)

    def _taken(self) -> psycopg.Connection[Row]:
        """The connection that was used last, or a new one; those that a restart has cut are put away."""
        while self._idle:
            connection = self._idle.pop()
            if _alive(connection):
                return connection
            connection.close()
        return self._connect()

    def _returned(self, connection: psycopg.Connection[Row]) -> None:
        sound = connection.pgconn.transaction_status == TransactionStatus.IDLE
        if sound and not self._closed:
            self._idle.append(connection)
        else:
            connection.close()

    def _connect(self) -> psycopg.Connection[Row]:
        connection = psycopg.Connection.connect(autocommit=True, row_factory=dict_row, **self._settings)
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        connection.adapters.register_dumper(int, Int8Dumper)
        connection.adapters.register_dumper(str, StrDumper)
        try:
            _run(connection, _DURABLE, NOTHING)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _guarded(self, *, shared: bool) -> Iterator[None]:
        guard = _Guard(self, shared=shared)
        with self._told():
            guard.renew()
        self._guard = guard
        try:
            yield
        finally:
            self._guard = None
            guard.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns what a person can mend into words; our own mistakes in SQL keep their traceback."""
        try:
            yield
        except psycopg.Error as error:
            advice = _advice(error)
            if advice is None:
                raise
            said = str(error).strip().partition("\n")[0]
            raise DatabaseError(f"the database {self.place} {advice} ({said})") from error


class _Guard:
    """The hold of a runner: an advisory lock in a session of its own, one for each schema of a database."""

    def __init__(self, database: Postgres, *, shared: bool) -> None:
        self._database = database
        self._sql = f"SELECT pg_try_advisory_lock{'_shared' if shared else ''}({_LOCKS}, {_SCHEMA}) AS got"
        self._session: psycopg.Connection[Row] | None = None
        self._lock = Lock()

    def renew(self) -> None:
        """Takes the hold, or takes it again after its session was lost; refused if somebody else has it."""
        with self._lock:
            if self._session is not None and _alive(self._session):
                return
            self.close()
            session = self._database._connect()  # noqa: SLF001  # a guard is a part of its database
            if not _run(session, self._sql, NOTHING)[0][0]["got"]:
                holder = _run(session, _HOLDER, NOTHING)[0]
                session.close()
                raise BotError(_refusal(holder, self._database.place))
            self._session = session

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


_SCHEMA = "hashtext(COALESCE(current_schema(), '')) & 2147483647"
_HOLDER = f"""
SELECT a.application_name AS name, COALESCE(host(a.client_addr), 'the same machine') AS host
FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid JOIN pg_database AS d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()
  AND l.classid = {_LOCKS} AND l.objid = {_SCHEMA}
"""  # noqa: S608  # constants


def _version(ask: Callable[[str], list[Row]]) -> int:
    if ask("SELECT 1 WHERE to_regclass('schema_version') IS NULL"):
        return 0
    return int(ask("SELECT COALESCE(MAX(version), 0) AS version FROM schema_version")[0]["version"])


def _refusal(holder: list[Row], place: str) -> str:
    who = f"{holder[0]['name']}, from {holder[0]['host']}" if holder else "it has just ended"
    return f"another thisday runs on this database ({who}, {place}); stop it first, or name another database"


def _alive(connection: psycopg.Connection[Row]) -> bool:
    """Whether the other end is still there, as far as this end can know without asking."""
    try:
        connection.pgconn.consume_input()  # what the server said before it left
        connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return False
    return connection.pgconn.status == ConnStatus.OK


def _advice(error: psycopg.Error) -> str | None:
    state = error.sqlstate
    if state is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        said = str(error)
        state = next((state for state, words in _AT_THE_DOOR.items() if words.search(said)), "08")
    return _ADVICE.get(state or "") or _ADVICE.get((state or "")[:2])


def _parsed(address: str) -> dict[str, Any]:
    try:
        return conninfo.conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        # What libpq says of it may hold the password.
        raise Mistake(
            "the address of the database is not one of PostgreSQL", "write postgresql://user:password@host/name"
        ) from None


def _shown(asked: dict[str, Any]) -> str:
    """The address for people: without the password, which belongs in no log."""
    user = f"{asked['user']}@" if "user" in asked else ""
    port = f":{asked['port']}" if "port" in asked else ""
    return f"postgresql://{user}{asked.get('host', '')}{port}/{asked.get('dbname', '')}"


def _dialect(statement: str) -> str:
    """Text compares byte by byte as in SQLite, so that no update of the system's collations can break an index."""
    numbered = statement.replace("INTEGER PRIMARY KEY", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY")
    return re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', numbered)
