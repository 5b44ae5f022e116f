"""What would be posted? Nothing is sent, and no database is made."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import click

from bot.app import App
from bot.channels import Channel, kind
from bot.cli.opening import Day, Language, chosen, open_app, resolved
from bot.cli.output import as_json, heading, say
from bot.editions import NothingToTell
from bot.errors import Mistake
from bot.rendering.message import Message
from bot.subscriptions.subscription import Subscription


@click.command("preview")
@click.option("--date", "day", type=Day(), default="today", help="ISO date, today or tomorrow.")
@click.option("--days", type=click.IntRange(1, 366), default=1, help="So many days from that date.")
@click.option("--channel", "names", multiple=True, help="Only this channel; may be repeated.")
@click.option("--kind", "kind_name", help="As this kind of channel would show it, without one configured.")
@click.option("--language", type=Language(), help="In this language, such as fa or de-AT; else the channel's own.")
@click.option("--format", "form", type=click.Choice(["text", "json", "payload"]), default="text", help="How to show it.")
@click.pass_context
def command(
    ctx: click.Context,
    day: str | date,
    days: int,
    names: tuple[str, ...],
    kind_name: str | None,
    language: str | None,
    form: str,
) -> None:
    """Show what would be posted, without posting."""
    app = open_app(ctx)
    wanted = [_as_kind(app, kind_name)] if kind_name else list(chosen(app, names))
    if language:
        wanted = [replace(each, language=language) for each in wanted]
    shown = [each for one in wanted for each in _previews(app, one, day, days, form)]
    if form != "text":
        as_json(shown)


def _as_kind(app: App, name: str) -> Subscription:
    """The first subscription, as if it were of another kind with made-up credentials."""
    from bot.documents import suggestion

    found = kind(name)
    if found is None:
        from bot.app import kind_names

        raise Mistake(f"there is no kind of channel {name!r}", suggestion(name, kind_names()))
    first = chosen(app, ())[0]
    return replace(first, name=name, kind=name, options=found.Options.model_validate(found.example))


def _previews(app: App, wanted: Subscription, day: str | date, days: int, form: str) -> list[dict[str, Any]]:
    first, channel = resolved(day, app, wanted.timezone), app.channel(wanted)
    found = []
    for number in range(days):
        each = first + timedelta(days=number)
        messages = app.paper.messages(wanted, channel, each, {})
        if form == "text":
            _print(wanted, channel, each, messages)
        else:
            found.append(_plain(wanted, channel, each, messages, form))
    return found


def _print(wanted: Subscription, channel: Channel, day: date, messages: tuple[Message, ...] | NothingToTell) -> None:
    if isinstance(messages, NothingToTell):
        heading(f"{wanted.name} ({wanted.kind}), {day}")
        click.echo(f"Nothing: {messages.reason}.\n")
        return
    budget = channel.budget({})
    for message in messages:
        size = f", {budget.size(message.text)} of {budget.limit} {budget.unit}" if budget.limit < 10**9 else ""
        heading(f"{wanted.name} ({wanted.kind}), {day}{size}")
        say(f"{message.text}\n")


def _plain(
    wanted: Subscription, channel: Channel, day: date, messages: tuple[Message, ...] | NothingToTell, form: str
) -> dict[str, Any]:
    about = {"channel": wanted.name, "kind": wanted.kind, "day": day}
    if isinstance(messages, NothingToTell):
        return {**about, "nothing": messages.reason}
    if form == "json":
        return {**about, "messages": [asdict(message) for message in messages]}
    from bot.cli.payload import payload
    from bot.config import secrets_in

    secrets = frozenset(secrets_in(wanted.options))
    return {**about, "requests": [payload(channel, message, day, secrets) for message in messages]}
