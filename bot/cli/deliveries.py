"""What has been posted, what waits, and what is in doubt?"""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from bot.cli.opening import Day, open_app, resolved
from bot.cli.output import as_json, table
from bot.delivery import reports
from bot.delivery.states import Delivery, State


@click.command("deliveries")
@click.option("--date", "day", type=Day(), help="Of this date.")
@click.option("--channel", "name", default="", help="Of this channel.")
@click.option("--state", type=click.Choice([state.value for state in State]), help="In this state.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="The newest so many.")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def command(ctx: click.Context, day: str | date | None, name: str, state: str | None, limit: int, *, json_: bool) -> None:
    """List deliveries, newest first."""
    app = open_app(ctx)
    on = resolved(day, app, app.config.top.timezone) if day is not None else None
    found = reports.find(app.database, day=on, subscription=name, state=State(state) if state else None, limit=limit)
    rows = [row(each) for each in found]
    as_json(rows) if json_ else table(rows, empty="No delivery matches.")


def row(delivery: Delivery) -> dict[str, Any]:
    """A delivery as a line of a listing."""
    return {
        "id": delivery.id,
        "day": delivery.day,
        "channel": delivery.subscription,
        "run": delivery.run or "scheduled",
        "part": delivery.part,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next": f"{delivery.next_at:%Y-%m-%d %H:%M:%S}Z" if delivery.next_at else "",
        "post": delivery.receipt_url or delivery.receipt_id,
        "reason": delivery.reason,
    }
