"""Which channels are there, and do they take part? List, test, pause, resume."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from bot.app import App
from bot.channels import Direct, Failure, InDoubt, Post, Receipt, key_for
from bot.cli.main import DONE, IN_DOUBT, NOT_ALL
from bot.cli.opening import open_app
from bot.cli.output import as_json, table
from bot.delivery.pauses import pause, paused, resume
from bot.rendering.message import Message
from bot.subscriptions.subscription import Subscription

_TEST = "A test from thisday. If you can read this, this channel works."


@click.group("channels", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List, test, pause and resume channels."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_)


@command.command("list")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def list_(ctx: click.Context, *, json_: bool = False) -> None:
    """List all channels with their hour and place."""
    app = open_app(ctx)
    stopped = paused(app.database) if app.known() else {}
    rows = [_row(app, each, stopped) for each in app.known()]
    as_json(rows) if json_ else table(rows, empty="No channel is configured.")


def _row(app: App, each: Subscription, stopped: dict[str, Any]) -> dict[str, Any]:
    return {
        "channel": each.name,
        "kind": each.kind,
        "at": f"{each.at:%H:%M}",
        "timezone": each.timezone,
        "calendars": ", ".join(each.calendars),
        "destination": app.channel(each).destination,
        "from": each.owner,
        "paused": stopped[each.name].reason if each.name in stopped else "",
    }


@command.command("test")
@click.argument("name")
@click.pass_context
def test(ctx: click.Context, name: str) -> int:
    """Post a marked test message to a channel."""
    app = open_app(ctx)
    return asyncio.run(send_test(app, app.subscription(name)))


async def send_test(app: App, wanted: Subscription) -> int:
    """Posts the test message outside of the ledger; says what came of it and returns the exit code."""
    channel, now = app.channel(wanted), app.now()
    slot = f"test-{now:%Y%m%dT%H%M%S}"
    message = Message(
        title="A test", text=channel.markup.escape(_TEST), plain=_TEST, data={"test": True, "day": f"{now:%Y-%m-%d}"}
    )
    post = Post(message, key_for(channel.destination, slot, 1), slot, now)
    try:
        async with app.http:
            receipt = await _sent(app, channel, post)
    except Failure as failure:
        click.echo(f"{wanted.name}: {failure.why}", err=True)
        return IN_DOUBT if isinstance(failure, InDoubt) else NOT_ALL
    click.echo(f"{wanted.name}: posted{f', {receipt.url}' if receipt.url else ''}", err=True)
    return DONE


async def _sent(app: App, channel: Any, post: Post) -> Receipt:
    if isinstance(channel, Direct):
        return await channel.deliver(post, _unclaimed)
    receipt: Receipt = await app.http.run(channel.post(post, {}), _unclaimed)
    return receipt


async def _unclaimed() -> None:
    """A test is no delivery: there is nothing to claim."""


@command.command("pause")
@click.argument("name")
@click.pass_context
def pause_(ctx: click.Context, name: str) -> None:
    """Post nothing to a channel until it is resumed."""
    app = open_app(ctx)
    app.subscription(name)
    new = pause(app.database, name, "paused by hand", "command line", app.now())
    click.echo(f"{name}: {'paused' if new else 'was paused already'}", err=True)


@command.command("resume")
@click.argument("name")
@click.pass_context
def resume_(ctx: click.Context, name: str) -> None:
    """Post to a paused channel again; what waits and is not too late goes out."""
    app = open_app(ctx)
    app.subscription(name)
    click.echo(f"{name}: {'resumed' if resume(app.database, name) else 'was not paused'}", err=True)
