"""What became of a delivery in doubt? A person looked, and says."""

from __future__ import annotations

import click

from bot.cli.opening import open_app
from bot.delivery import reports
from bot.delivery.states import State
from bot.errors import Mistake


@click.command("settle")
@click.argument("delivery", type=click.IntRange(1))
@click.argument("state", type=click.Choice(["delivered", "dead"]))
@click.pass_context
def command(ctx: click.Context, delivery: int, state: str) -> None:
    """Say of a DELIVERY in doubt that it was delivered, or that it is to be given up."""
    app = open_app(ctx)
    if app.ledger.decide(delivery, State(state), "a person at the command line") is not None:
        click.echo(f"{delivery}: {state}", err=True)
        return
    found = reports.get(app.database, delivery)
    if found is None:
        raise Mistake(f"there is no delivery {delivery}", "see thisday deliveries")
    raise Mistake(
        f"delivery {delivery} is {found.state} and cannot be settled as {state}", "only what is in doubt can be settled"
    )
