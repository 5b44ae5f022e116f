"""How is a dead, expired or held delivery tried again? A person says so."""

from __future__ import annotations

import click

from bot.cli.deliveries import row
from bot.cli.opening import open_app
from bot.delivery import reports
from bot.errors import Mistake


@click.command("retry")
@click.argument("delivery", type=click.IntRange(1))
@click.pass_context
def command(ctx: click.Context, delivery: int) -> None:
    """Put DELIVERY (its number in `thisday deliveries`) back in line; the running thisday sends it."""
    app = open_app(ctx)
    if app.ledger.retry(delivery, app.now()) is not None:
        click.echo(f"{delivery}: waiting; thisday run sends it", err=True)
        return
    found = reports.get(app.database, delivery)
    if found is None:
        raise Mistake(f"there is no delivery {delivery}", "see thisday deliveries")
    raise Mistake(f"delivery {delivery} is {row(found)['state']} and cannot be tried again", "see thisday why")
