"""How does it run? In the foreground until it is told to stop, or once, for cron and the like."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import click

from bot.app import App
from bot.cli.main import DONE, IN_DOUBT, NOT_ALL
from bot.cli.opening import open_app
from bot.database import is_postgres
from bot.delivery import reports
from bot.delivery.states import State
from bot.errors import Mistake

FILES = 65_536  # open at once, if the system lets us


@click.command("run")
@click.option("--once", is_flag=True, help="Send what is due and exit; for cron, CI jobs, Kubernetes.")
@click.option(
    "--role",
    type=click.Choice(["all", "planner", "worker"]),
    default="all",
    show_default=True,
    help="On many machines over one PostgreSQL: one plans, the others send.",
)
@click.pass_context
def command(ctx: click.Context, *, once: bool, role: str) -> int:
    """Post to every channel at its own hour, until stopped.

    On its first start it posts nothing of the past. After a stop it catches up what came due in the meantime, no later
    than `catch_up` allows; what is older is recorded as expired.
    """
    gc.enable()
    app = open_app(ctx)
    _can_be(role, app, once=once)
    app.prepare()
    if role != "all":
        return _in_a_fleet(app, role)
    with app.database.exclusive():
        return _run(app, _once(app) if once else _until_stopped(app))


def _can_be(role: str, app: App, *, once: bool) -> None:
    if role != "all" and once:
        raise Mistake(f"--once and --role {role} do not go together", "leave one of them out")
    if role != "all" and not is_postgres(app.config.database):
        raise Mistake(
            f"a {role} needs a database that others reach, too", "name one in config.yaml: database: postgresql://…"
        )


def _in_a_fleet(app: App, role: str) -> int:
    """Any number of planners and workers share the database; a thisday that does all by itself is kept away."""
    with app.database.shared():
        return _run(app, _planning(app) if role == "planner" else _working(app))


def _allow_many_connections() -> None:
    """Each host that is posted to keeps a connection for some seconds, and many systems begin with 1024 files."""
    try:
        import resource
    except ImportError:  # Windows knows no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _run(app: App, serving: Coroutine[Any, Any, int]) -> int:
    """On uvloop, where the extra `fast` is in use and has it."""
    _allow_many_connections()
    gc.freeze()  # what is ready stays as long as we run; the collector need not go through it again and again
    with asyncio.Runner(loop_factory=_faster_loop() if app.fast else None) as runner:
        return runner.run(serving)


def _faster_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # there is none for Windows and PyPy
        return None
    return uvloop.new_event_loop


async def _planning(app: App) -> int:
    from bot.scheduling.doorbell import doorbell

    stop = _asked_to_stop()
    async with doorbell(app.config.database, app.database) as bell:
        await app.planner(bell).run(stop, lambda coming: _started(app, coming))
    click.echo("Stopped; what is planned is in the ledger.", err=True)
    return DONE


async def _working(app: App) -> int:
    from bot.scheduling.doorbell import doorbell

    stop = _asked_to_stop()
    async with app.http, doorbell(app.config.database, app.database) as bell:
        click.echo("Working for whoever plans. Stop with ctrl-C.", err=True)
        await app.worker().run(bell, stop)
    click.echo("Stopped; what was under way is finished or will be taken up again.", err=True)
    return DONE


def _asked_to_stop() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    return stop


async def _once(app: App) -> int:
    before = reports.counts(app.database)
    async with app.http:
        await app.scheduler().once()
    after = reports.counts(app.database)
    return _exit_code(before, after)


def _exit_code(before: dict[State, int], after: dict[State, int]) -> int:
    if after[State.IN_DOUBT]:
        return IN_DOUBT
    worse = after[State.DEAD] > before[State.DEAD] or after[State.WAITING]
    return NOT_ALL if worse else DONE


async def _until_stopped(app: App) -> int:
    stop = _asked_to_stop()
    async with app.http:
        await app.scheduler().run(stop, lambda coming: _started(app, coming))
    click.echo("Stopped; what was under way is finished or will be taken up again.", err=True)
    return DONE


def _started(app: App, coming: datetime | None) -> None:
    count = len(app.subscriptions())
    when = f"the next post is due at {coming:%Y-%m-%d %H:%M} UTC" if coming else "nothing is planned"
    click.echo(f"Running for {count} channel(s); {when}. Stop with ctrl-C.", err=True)
