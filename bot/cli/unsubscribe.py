"""How is a channel that was added by command taken away?"""

from __future__ import annotations

import click

from bot.cli.opening import open_app
from bot.errors import Mistake


@click.command("unsubscribe")
@click.argument("name")
@click.pass_context
def command(ctx: click.Context, name: str) -> None:
    """Forget a channel that was added by subscribe, with its credentials."""
    app = open_app(ctx)
    if name in {each.name for each in app.configured()}:
        raise Mistake(f"{name!r} stands in the config file", "remove it there")
    if not app.store.remove(name):
        app.subscription(name)
    click.echo(f"{name}: unsubscribed", err=True)
