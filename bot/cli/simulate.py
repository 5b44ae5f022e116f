"""What would be posted in these years, and is anything wrong with it? Nothing is sent, and no clock is waited for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from time import monotonic
from typing import Any

import click

from bot.app import App
from bot.channels import kinds
from bot.cli.main import DONE, NOT_ALL
from bot.cli.opening import Day, chosen, open_app, resolved
from bot.cli.output import as_json, table
from bot.config import ChannelConfig, Rhythm, Told
from bot.simulation import ZONES, Report, Run, simulate
from bot.subscriptions.subscription import subscription

_PATIENCE = 1.0  # seconds without a word on a terminal
_LISTED = 20  # findings of a channel, of more only the number


class _Zones(click.ParamType[tuple[str, ...]]):
    """`Europe/Berlin,Asia/Tehran`."""

    name = "zones"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        from zoneinfo import available_timezones

        from bot.documents import suggestion

        found = tuple(each.strip() for each in str(value).split(","))
        for each in found:
            if each not in available_timezones():
                advice = suggestion(each, sorted(available_timezones()), otherwise="write names such as Europe/Berlin")
                self.fail(f"there is no time zone {each!r}; {advice}", param, ctx)
        return found


@click.command("simulate")
@click.option("--from", "first", type=Day(), required=True, help="The first day.")
@click.option("--to", "last", type=Day(), required=True, help="The last day.")
@click.option(
    "--channel", "names", multiple=True, help="Only this channel; every kind with made-up credentials, if not given."
)
@click.option(
    "--timezones", type=_Zones(), help="Time zones, with commas between; else the channel's own, or a choice of 12."
)
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    first: str | date,
    last: str | date,
    names: tuple[str, ...],
    timezones: tuple[str, ...] | None,
    *,
    json_: bool,
) -> int:
    """Schedule and render all days from one to another, offline, and report what is odd.

    Exit code 0: nothing is; 1: findings.
    """
    app = open_app(ctx)
    begin, end = (resolved(day, app, app.config.top.timezone) for day in (first, last))
    if begin > end:
        raise click.BadParameter(f"{end} is before {begin}", param_hint="--to")
    runs = list(_chosen(app, names, timezones) if names else _every_kind(app, timezones or ZONES))
    reports = simulate(app.paper, app.agenda, runs, begin, end, _progress())
    if json_:
        as_json([asdict(each) for each in reports])
    else:
        _tell(reports)
    return NOT_ALL if any(each.findings for each in reports) else DONE


def _chosen(app: App, names: tuple[str, ...], timezones: tuple[str, ...] | None) -> Iterator[Run]:
    for each in chosen(app, names):
        yield Run(each, app.channel(each), timezones or (each.timezone,))


def _every_kind(app: App, timezones: tuple[str, ...]) -> Iterator[Run]:
    """Every kind with its example options, daily and weekly, so that each shipped template is used."""
    for name, kind in sorted(kinds().items()):
        options = kind.Options.model_validate(dict(kind.example))
        daily = subscription(app.config, ChannelConfig(name, name, options, Told.model_validate({})))
        channel = app.channel(daily)
        for each in (daily, replace(daily, name=f"{name} weekly", rhythm=Rhythm.WEEKLY)):
            yield Run(replace(each, templates=None), channel, timezones)


def _progress() -> Any:
    """Says how far it is, on a terminal, once there is something to wait for."""
    begun = monotonic()

    def tell(done: int, total: int) -> None:
        if sys.stderr.isatty() and monotonic() - begun > _PATIENCE:
            click.echo(f"\r{done} of {total} channels …", nl=False, err=True)

    return tell


def _tell(reports: list[Report]) -> None:
    table([_row(each) for each in reports], empty="No channel.")
    for report in reports:
        for each in report.findings[:_LISTED]:
            place = f" in {each.timezone}" if each.timezone else ""
            click.echo(f"{report.channel}, {each.day}{place}: {each.kind}: {each.what}")
        if len(report.findings) > _LISTED:
            click.echo(f"{report.channel}: and {len(report.findings) - _LISTED} more")
    count = sum(len(each.findings) for each in reports)
    click.echo(f"{count} finding{'s' * (count != 1)}." if count else "Nothing odd.")


def _row(report: Report) -> dict[str, Any]:
    found = [each.kind for each in report.findings]
    kinds_ = {
        "too long": "too-long",
        "empty days": "empty",
        "two posts": "two-posts",
        "repeated": "repeated",
        "clock": "clock",
    }
    counted = {name: found.count(kind) for name, kind in kinds_.items()}
    about = {"channel": report.channel, "zones": len(report.timezones), "posts": report.posts}
    return {**about, **counted, "notes": len(report.notes)}
