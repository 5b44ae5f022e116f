"""Why was this posted, or not? Everything the ledger knows of one channel on one day."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from bot.cli.deliveries import row
from bot.cli.opening import Day, open_app, resolved
from bot.cli.output import as_json
from bot.delivery import reports
from bot.delivery.reports import Told


@click.command("why")
@click.argument("day", type=Day())
@click.argument("channel")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def command(ctx: click.Context, day: str | date, channel: str, *, json_: bool) -> None:
    """Tell the story of a channel's post of a day: every delivery, every attempt."""
    app = open_app(ctx)
    wanted = app.subscription(channel)
    on = resolved(day, app, wanted.timezone)
    told = reports.history(app.database, on, channel)
    if json_:
        as_json([_plain(each) for each in told])
    elif not told:
        click.echo(f"Nothing was planned for {channel} on {on}: {_reason(wanted.falls_on(on.weekday()))}.")
    for each in () if json_ else told:
        _tell(each)


def _reason(falls: bool) -> str:  # noqa: FBT001  # one answer, two words
    if falls:
        return "its hour has not come, or thisday first saw this channel later"
    return "it is not one of its days"


def _tell(told: Told) -> None:
    one = told.delivery
    due = f"due {one.due_at:%Y-%m-%d %H:%M:%S}Z"
    what = f"{one.run or 'scheduled'}, part {one.part}" + (f", corrects {one.corrects}" if one.corrects else "")
    click.echo(f"delivery {one.id} ({what}), {due}: {_with_reason(one.state, one.reason)}")
    for each in told.attempts:
        ended = f"{(each.ended_at - each.started_at).total_seconds():.1f} s" if each.ended_at else "still under way"
        outcome = _with_reason(each.outcome or "no answer yet", each.detail)
        click.echo(f"  attempt {each.number}, {each.started_at:%Y-%m-%d %H:%M:%S}Z, {ended}: {outcome}")


def _with_reason(state: str, reason: str) -> str:
    return f"{state}: {reason}" if reason else state


def _plain(told: Told) -> dict[str, Any]:
    attempts = [
        {
            "number": each.number,
            "started": each.started_at,
            "ended": each.ended_at,
            "outcome": each.outcome,
            "detail": each.detail,
        }
        for each in told.attempts
    ]
    one = told.delivery
    return {**row(one), "corrects": one.corrects, "due": one.due_at, "tries": attempts}
