"""What would be posted? Nothing is sent, and no database is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.app import App
from bot.channels import Channel, kind
from bot.cli.opening import Day, Language, chosen, open_app, resolved
from bot.cli.output import as_json, heading, say
from bot.editions import NothingToTell
from bot.errors import Mistake
from bot.rendering.message import Message
from bot.subscriptions.subscription import Subscription

if TYPE_CHECKING:
    from bot.cli.preview_page import Column


@click.command("preview")
@click.option("--date", "day", type=Day(), default="today", help="ISO date, today or tomorrow.")
@click.option("--days", type=click.IntRange(1, 366), default=1, help="So many days from that date.")
@click.option("--channel", "names", multiple=True, help="Only this channel; may be repeated.")
@click.option("--kind", "kind_names", multiple=True, help="As this kind would show it, without one configured; repeatable.")
@click.option("--language", type=Language(), help="In this language, such as fa or de-AT; else the channel's own.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "payload", "html"]), default="text", help="How to show it."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where --format html goes; else it is printed.")
@click.pass_context
def command(
    ctx: click.Context,
    day: str | date,
    days: int,
    names: tuple[str, ...],
    kind_names: tuple[str, ...],
    language: str | None,
    form: str,
    out: Path | None,
) -> None:
    """Show what would be posted, without posting.

    With --format html, as a page on which the posts stand side by side, roughly as each platform shows them.
    """
    if out and form != "html":
        raise click.BadParameter("only a page goes to a file; add --format html", param_hint="--out")
    app = open_app(ctx)
    wanted = [_as_kind(app, each) for each in kind_names] if kind_names else list(chosen(app, names))
    if language:
        wanted = [replace(each, language=language) for each in wanted]
    if form == "html":
        _to_page([each for one in wanted for each in _columns(app, one, day, days)], out)
        return
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


def _columns(app: App, wanted: Subscription, day: str | date, days: int) -> Iterator[Column]:
    from bot.cli.preview_page import column

    first, channel = resolved(day, app, wanted.timezone), app.channel(wanted)
    return (column(app.paper, wanted, channel, first + timedelta(days=number)) for number in range(days))


def _to_page(columns: Sequence[Column], out: Path | None) -> None:
    from bot.cli.preview_page import page

    text = page(columns)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Mistake(f"{out} cannot be written: {error.strerror}", "name another file") from None
    click.echo(f"wrote {out}", err=True)


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
