"""How is an edition posted by hand? Under a key of its own, so that it neither eats nor doubles a scheduled post."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import click

from bot.app import App
from bot.cli.main import DONE, IN_DOUBT, NOT_ALL
from bot.cli.opening import Day, chosen, open_app, resolved
from bot.cli.output import as_json
from bot.delivery import reports
from bot.delivery.states import Delivery, NewDelivery, State
from bot.delivery.turn import in_turn
from bot.subscriptions.subscription import Subscription

_PATIENCE = timedelta(hours=12)  # how long a post that did not get there may still be tried by a running thisday
_BY_HAND = re.compile(r"hand-(\d+)")


@click.command("post")
@click.option("--date", "day", type=Day(), default="today", help="ISO date, today or tomorrow.")
@click.option("--channel", "names", multiple=True, help="Only this channel; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Compose and say what would be done, but post nothing.")
@click.option("--again", is_flag=True, help="Post even if this date was posted by hand before.")
@click.option("--json", "json_", is_flag=True, help="The outcome as JSON.")
@click.pass_context
def command(ctx: click.Context, day: str | date, names: tuple[str, ...], *, dry_run: bool, again: bool, json_: bool) -> int:
    """Post an edition now, once, to all channels or to some."""
    app = open_app(ctx)
    wanted = [(each, resolved(day, app, each.timezone)) for each in chosen(app, names)]
    if dry_run:
        return _dry_run(app, wanted)
    outcomes = asyncio.run(_post(app, wanted, again=again))
    if json_:
        as_json([plain(each) for each in outcomes])
    for each in outcomes:
        _tell(each)
    return exit_code(outcomes)


def _dry_run(app: App, wanted: list[tuple[Subscription, date]]) -> int:
    for each, day in wanted:
        found = app.paper.messages(each, app.channel(each), day, {})
        if isinstance(found, tuple):
            click.echo(
                f"{each.name}: would post {len(found)} message(s) for {day} to {app.channel(each).destination}", err=True
            )
        else:
            click.echo(f"{each.name}: would post nothing for {day}: {found.reason}", err=True)
    return DONE


async def _post(app: App, wanted: list[tuple[Subscription, date]], *, again: bool) -> list[Delivery]:
    """Each delivery with all its parts, side by side."""
    async with app.http:
        return list(await asyncio.gather(*(_one(app, each, day, again=again) for each, day in wanted)))


async def _one(app: App, wanted: Subscription, day: date, *, again: bool) -> Delivery:
    delivery = await asyncio.to_thread(_opened, app, wanted.name, day, again=again)
    while delivery.state is State.WAITING:
        after = await in_turn(app.courier, delivery, app.channel(wanted), waits(wanted.name))
        following = _part(app, after, after.part + 1) if after.state is State.DELIVERED else None
        if following is None:
            return after
        delivery = following
    return delivery


def _opened(app: App, name: str, day: date, *, again: bool) -> Delivery:
    """The delivery by hand of this day: the one that was opened before, or a new one if it has ended and `again` is said."""
    before = _by_hand(app, name, day)
    if before and (before.state is State.WAITING or not again):
        return before
    number = int(_BY_HAND.fullmatch(before.run)[1]) + 1 if before else 1  # type: ignore[index]  # _by_hand matched it
    now = app.now()
    app.ledger.open([NewDelivery(name, day, now, now + _PATIENCE, run=f"hand-{number}")], {})
    opened = _by_hand(app, name, day)
    assert opened is not None
    return opened


def _by_hand(app: App, name: str, day: date) -> Delivery | None:
    """The latest delivery by hand of this day: its first part that is not delivered, else its last part."""
    told = [each.delivery for each in reports.history(app.database, day, name)]
    runs = [each for each in told if _BY_HAND.fullmatch(each.run)]
    if not runs:
        return None
    latest = max(runs, key=lambda each: int(each.run.removeprefix("hand-"))).run
    parts = sorted((each for each in runs if each.run == latest), key=lambda each: each.part)
    return next((each for each in parts if each.state is not State.DELIVERED), parts[-1])


def _part(app: App, delivery: Delivery, part: int) -> Delivery | None:
    told = reports.history(app.database, delivery.day, delivery.subscription)
    return next((each.delivery for each in told if each.delivery.run == delivery.run and each.delivery.part == part), None)


def waits(name: str) -> Callable[[str], None]:
    """Says on standard error that a channel waits, and why."""
    return lambda why: click.echo(f"{name}: {why}", err=True)


def _tell(delivery: Delivery) -> None:
    where = f" {delivery.receipt_url}" if delivery.receipt_url else ""
    why = f": {delivery.reason}" if delivery.reason else ""
    later = "; it stays open for a running thisday or the next post" if delivery.state is State.WAITING else ""
    click.echo(f"{delivery.subscription}: {delivery.day} {delivery.state}{where}{why}{later}", err=True)


def plain(delivery: Delivery) -> dict[str, Any]:
    """What became of a delivery, for machines."""
    return {
        "id": delivery.id,
        "channel": delivery.subscription,
        "day": delivery.day,
        "state": delivery.state,
        "reason": delivery.reason,
        "receipt": delivery.receipt_id,
        "url": delivery.receipt_url,
    }


def exit_code(outcomes: Iterable[Delivery]) -> int:
    """What deliveries come to for a shell: all done, not all, or something in doubt."""
    states = {each.state for each in outcomes}
    if states & {State.IN_DOUBT, State.SENDING}:
        return IN_DOUBT
    return DONE if states <= {State.DELIVERED, State.SKIPPED} else NOT_ALL
