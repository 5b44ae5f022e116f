"""How is a channel added without touching the config? By the address that people paste."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Any
from urllib.parse import urlsplit

import click

from bot import config as settings
from bot.app import App, kind_names, options_of
from bot.channels import Addressed, kinds
from bot.cli.channels import send_test
from bot.cli.main import DONE
from bot.cli.opening import open_app
from bot.config import Told
from bot.documents import Document, check, suggestion
from bot.errors import Mistake
from bot.subscriptions.subscription import Subscription


@click.command("subscribe")
@click.argument("url")
@click.option("--kind", "kind_name", help="The kind of channel, where the address does not tell.")
@click.option("--name", help="What to call it; made from kind and host if not given.")
@click.option("--at", help="Local time of the post, HH:MM.")
@click.option("--timezone", help="Name of the tz database, such as Europe/Berlin.")
@click.option("--days", help="daily, mon-fri, or mon,wed,fri.")
@click.option("--calendar", "calendars", multiple=True, help="A calendar; may be repeated.")
@click.option("--language", help="Language tag, such as en or fa.")
@click.option("--test", is_flag=True, help="Post a test message now.")
@click.pass_context
def command(ctx: click.Context, /, url: str, kind_name: str | None, name: str | None, *, test: bool, **told: Any) -> int:
    """Subscribe the channel behind URL: a Slack webhook, mastodon://TOKEN@server, or any address with --kind.

    URL may be "-": it is then read from standard input, where no other user of this machine can see it.
    """
    app = open_app(ctx)
    address = sys.stdin.readline().strip() if url == "-" else url
    kind, options = _recognised(address, kind_name)
    settings_ = {key: list(value) if isinstance(value, tuple) else value for key, value in told.items() if value}
    _check_told(settings_)
    app.paper.calendars(told["calendars"])
    own = _name(app, name, kind, address)
    app.store.add(own, kind, options, settings_, app.now())
    click.echo(f"{own}: subscribed to {kind}; see thisday channels", err=True)
    _show_new_secrets(app.subscription(own), address)
    return asyncio.run(send_test(app, app.subscription(own))) if test else DONE


def _recognised(address: str, kind_name: str | None) -> tuple[str, dict[str, Any]]:
    """Which kind an address is of, and the options that are in it. The address never shows in a message."""
    if kind_name and options_of(kind_name) is None:
        raise Mistake(f"there is no kind of channel {kind_name!r}", suggestion(kind_name, kind_names()))
    for name, kind in kinds().items():
        reader: Any = kind if issubclass(kind, Addressed) else None
        if reader is not None and kind_name in {None, name}:
            options = reader.from_address(address, named=kind_name is not None)
            if options is not None:
                return name, options
    raise Mistake("this address tells no kind of channel", f"say it with --kind: {', '.join(kind_names())}")


def _show_new_secrets(made: Subscription, address: str) -> None:
    """A secret that we made is shown this once: the receiver needs it to verify signatures."""
    for secret in settings.secrets_in(made.options):
        if secret not in address:
            click.echo(f"{made.name}: its secret, shown only now: {secret}")


def _check_told(told: dict[str, Any]) -> None:
    """Raises `Problems` that name the option instead of a line."""
    check(Document("the options of subscribe", told, None), Told)


def _name(app: App, wanted: str | None, kind: str, address: str) -> str:
    """The given name, which must be free, or a free one made from kind and host."""
    taken = {each.name for each in app.subscriptions()}
    if wanted is None:
        host = re.sub(r"[^A-Za-z0-9.-]", "", urlsplit(address).hostname or "") or "channel"
        stem = f"{kind}-{host}"
        return next(
            name for number in range(1, len(taken) + 2) if (name := f"{stem}-{number}" if number > 1 else stem) not in taken
        )
    if not re.fullmatch(settings.NAME, wanted):
        raise Mistake(f"{wanted!r} is no name for a channel", "use letters, digits, '.', '_' and '-'")
    if wanted in taken:
        raise Mistake(f"there is a channel {wanted!r} already", "choose another name, or unsubscribe it first")
    return wanted
