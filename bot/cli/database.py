"""Is the database in order, and how does it move, grow old and get copied?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from bot.app import App
from bot.cli.main import DONE, NOT_ALL
from bot.cli.opening import open_app
from bot.cli.output import as_json, table
from bot.database import Engine, connect, is_postgres, open_database
from bot.errors import Mistake


class Age(click.ParamType[timedelta]):
    """A length of time such as 400d."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        from pydantic import TypeAdapter, ValidationError

        from bot.fields import Duration

        try:
            return TypeAdapter[timedelta](Duration).validate_python(value)
        except ValidationError:
            return self.fail(f"{value!r} is not a length of time; write 400d", param, ctx)


@click.group("database")
def command() -> None:
    """Migrate, copy, check, back up and prune the database."""


@command.command("migrate")
@click.pass_context
def migrate(ctx: click.Context) -> None:
    """Bring the schema of the database to this version of thisday.

    thisday run does the same when it starts. Stop it before: a runner of another version is refused.
    """
    app = open_app(ctx)
    with closing(connect(app.config.database)) as engine, engine.exclusive():
        before, after = engine.migrate()
    said = f"schema {before} → {after}" if after > before else f"schema {after}, nothing to do"
    click.echo(f"{engine.place}: {said}", err=True)


@command.command("copy")
@click.argument("source")
@click.argument("target")
@click.option("--json", "json_", is_flag=True, help="What was copied, as JSON.")
def copy(source: str, target: str, *, json_: bool) -> None:
    """Copy everything from SOURCE into an empty TARGET, and compare both.

    Each is the path of a SQLite file or a postgresql:// address. No thisday may run on either.
    """
    from bot.database.copying import KEYS, rows
    from bot.database.copying import copy as copied

    with ExitStack() as held:
        first = held.enter_context(closing(connect(source, must_exist=True)))
        held.enter_context(first.exclusive())
        second = held.enter_context(closing(open_database(target)))
        held.enter_context(second.exclusive())
        done = held.enter_context(_progress(lambda: sum(rows(first, each) for each in KEYS)))
        found = copied(first, second, lambda _, count: done(count))
    length = 64 if json_ else 16
    told = [{"table": name, "rows": each.rows, "sha256": each.hash[:length]} for name, each in found.items()]
    as_json(told) if json_ else table(told, empty="")
    click.echo(f"Copied to {second.place}; rows and hashes agree. Now name it under `database` in the config.", err=True)


@contextmanager
def _progress(total: Any) -> Iterator[Any]:
    """A bar on a terminal, nothing elsewhere; `total` is asked only if it is shown."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=total(), label="Copying", file=sys.stderr) as bar:
        yield bar.update


@command.command("check")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def check(ctx: click.Context, *, json_: bool) -> int:
    """Look for what cannot be: damage, illegal states, lost leases, cursors in the future.

    Exits with 1 if something is found. Reads only.
    """
    from bot.database.schema import require_current
    from bot.delivery import reports
    from bot.delivery.audit import audit

    app = open_app(ctx)
    with _existing(app) as engine:
        require_current(engine)
        findings, version, counts = audit(engine, app.now()), engine.version(), reports.counts(engine)
    shown = [{"finding": each.what, "count": each.count, "examples": ", ".join(each.examples)} for each in findings]
    if json_:
        as_json({"database": engine.place, "schema": version, "deliveries": counts, "findings": shown})
    else:
        table([{"state": state, "deliveries": number} for state, number in counts.items()], empty="")
        click.echo()
        table(shown, empty=f"{engine.place}: schema {version}, nothing amiss.")
    return NOT_ALL if findings else DONE


@command.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def backup(ctx: click.Context, file: Path) -> None:
    """Write a whole copy of a SQLite database to a new FILE, readable by you only; thisday may run meanwhile.

    For PostgreSQL it says which command does that.
    """
    with _existing(open_app(ctx)) as engine:
        engine.back_up(file)
    click.echo(f"{file}: {file.stat().st_size} bytes. Keep the key file of the database with it, if there is one.", err=True)


@command.command("prune")
@click.option("--older-than", "older", type=Age(), default="400d", show_default=True, help="Keep what is younger.")
@click.option("--dry-run", is_flag=True, help="Say how many, and forget nothing.")
@click.pass_context
def prune(ctx: click.Context, older: timedelta, *, dry_run: bool) -> None:
    """Forget deliveries that ended long ago, with their attempts.

    What waits or is in doubt stays. Nothing is posted again for it: how far each channel is planned stays as well.
    """
    from bot.database.schema import require_current
    from bot.delivery.retention import prune as pruned

    app = open_app(ctx)
    with _existing(app) as engine:
        require_current(engine)
        now = engine.clock() or app.now()
        deliveries, attempts = pruned(engine, now, older, app.config.top.catch_up, dry_run=dry_run)
    said = "would be forgotten" if dry_run else "forgotten"
    click.echo(f"{deliveries} deliveries and {attempts} attempts {said}.", err=True)


@contextmanager
def _existing(app: App) -> Iterator[Engine]:
    """The configured database, which none of these commands makes."""
    address = app.config.database
    with closing(connect(address, must_exist=True)) as engine:
        if is_postgres(address) and not engine.version():
            raise Mistake(f"there is no database of thisday at {engine.place}", "run thisday database migrate")
        yield engine
