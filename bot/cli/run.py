"""How does it run? In the foreground until it is told to stop, or once, for cron and the like."""

from __future__ import annotations

import asyncio
import gc
import signal
from datetime import datetime

import click

from bot.app import App
from bot.cli.main import DONE, IN_DOUBT, NOT_ALL
from bot.cli.opening import open_app
from bot.delivery import reports
from bot.delivery.states import State


@click.command("run")
@click.option("--once", is_flag=True, help="Send what is due and exit; for cron, CI jobs, Kubernetes.")
@click.pass_context
def command(ctx: click.Context, *, once: bool) -> int:
    """Post to every channel at its own hour, until stopped.

    On its first start it posts nothing of the past. After a stop it catches up what came due in the meantime, no later
    than `catch_up` allows; what is older is recorded as expired.
    """
    gc.enable()
    app = open_app(ctx)
    app.paper.calendars(tuple({name for each in app.subscriptions() for name in each.calendars}))
    with app.database.exclusive():
        return asyncio.run(_once(app) if once else _until_stopped(app))


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
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    async with app.http:
        await app.scheduler().run(stop, lambda coming: _started(app, coming))
    click.echo("Stopped; what was under way is finished or will be taken up again.", err=True)
    return DONE


def _started(app: App, coming: datetime | None) -> None:
    count = len(app.subscriptions())
    when = f"the next post is due at {coming:%Y-%m-%d %H:%M} UTC" if coming else "nothing is planned"
    click.echo(f"Running for {count} channel(s); {when}. Stop with ctrl-C.", err=True)
