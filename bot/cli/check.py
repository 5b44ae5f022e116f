"""Is everything right before anything is posted? Config, calendars, templates and, online, the credentials."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import click

from bot.app import App
from bot.calendars.events import Event
from bot.channels import Channel, Checks, Failure, Uploads
from bot.cli.main import DONE, NOT_ALL
from bot.cli.opening import open_app, resolved
from bot.cli.output import as_json
from bot.delivery.facts import Facts
from bot.errors import Mistake, Problem, Problems, Where
from bot.languages import base, nearest
from bot.scheduling import heartbeat
from bot.subscriptions.subscription import Subscription


@click.command("check")
@click.option("--online", is_flag=True, help="Also ask each platform whether the credentials work; nothing is posted.")
@click.option("--running", is_flag=True, help="Only ask whether `thisday run` is alive: it left a sign within 45 seconds.")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def command(ctx: click.Context, *, online: bool, running: bool, json_: bool) -> int:
    """Check config, calendars and templates, and with --online the credentials, without posting."""
    app = open_app(ctx)
    if running:
        return _is_running(app, json_=json_)
    wanted = app.known()
    problems = sorted({problem for each in wanted for problem in _problems(app, each)})
    if problems:
        raise Problems(problems)
    asked = asyncio.run(_ask(app, wanted)) if online else []
    if json_:
        notes = [note for each in wanted for note in _notes(app, each)]
        as_json({"channels": [each.name for each in wanted], "notes": notes, "online": asked})
    else:
        _tell(app, wanted, asked)
    return DONE if all(each["works"] is not False for each in asked) else NOT_ALL


def _is_running(app: App, *, json_: bool) -> int:
    sign = heartbeat.last(app.database) if app.has_database() else None
    alive = heartbeat.is_alive(sign, app.now())
    if json_:
        as_json({"running": alive, "at": sign.at if sign else None, **(sign.values if sign else {})})
    else:
        click.echo(_sign(sign, alive=alive))
    return DONE if alive else NOT_ALL


def _sign(sign: Facts | None, *, alive: bool) -> str:
    if sign is None:
        return "thisday has never run on this database."
    words = "is running" if alive else "is not running"
    coming = sign.values.get("next") or "nothing is planned"
    return f"thisday {words}; its last sign was at {sign.at:%Y-%m-%d %H:%M:%S} UTC. Next post: {coming}"


def _problems(app: App, wanted: Subscription) -> Iterator[Problem]:
    """What is wrong with the calendars and templates of a subscription."""
    try:
        app.paper.calendars(wanted.calendars)
        channel = app.channel(wanted)
        app.paper.messages(wanted, channel, resolved("today", app, wanted.timezone), {})
        if wanted.card:
            _check_card(channel)
    except Problems as found:
        yield from found.problems
    except Mistake as found:
        yield Problem(Where(f"channel {wanted.name}"), found.what, found.instead)


def _notes(app: App, wanted: Subscription) -> Iterator[str]:
    """What is no mistake, and may still surprise: what readers get in another language than theirs."""
    spoken = app.paper.phrases(wanted)
    if spoken.borrowed:
        which = "" if len(spoken.borrowed) == len(spoken.said) else f" for {', '.join(spoken.borrowed)}"
        yield f"channel {wanted.name}: there are no words in {wanted.language!r}{which}; English ones stand in"
    for calendar in app.paper.calendars(wanted.calendars):
        told, own = sum(_is_told_in(wanted.language, event) for event in calendar.events), calendar.language
        if told < len(calendar.events) and base(own) != base(wanted.language):
            counted = f"{told} of {len(calendar.events)} events of {calendar.key}"
            yield f"channel {wanted.name}: {counted} are told in {wanted.language!r}, the others in {own!r}"


def _is_told_in(language: str, event: Event) -> bool:
    return nearest(language, (event.told_in(language).language,)) is not None


def _check_card(channel: Channel) -> None:
    """Raises `Mistake` where a card is wished that cannot be made or sent; a post would go out without."""
    from bot.rendering.cards.lettering import needed

    if not isinstance(channel, Uploads):
        raise Mistake(f"{channel.title} cannot take a card here", "leave card: out, or use a kind that uploads pictures")
    for module in ("PIL.ImageFont", "arabic_reshaper", "bidi.algorithm"):
        needed(module)


async def _ask(app: App, wanted: Sequence[Subscription]) -> list[dict[str, Any]]:
    async with app.http:
        return list(await asyncio.gather(*(_ask_one(app, each) for each in wanted)))


async def _ask_one(app: App, wanted: Subscription) -> dict[str, Any]:
    channel = app.channel(wanted)
    if not isinstance(channel, Checks):
        return {"channel": wanted.name, "works": None, "words": "this kind cannot be asked without posting"}
    try:
        return {"channel": wanted.name, "works": True, "words": await app.http.run(channel.check(), _no_claim)}
    except Failure as failure:
        return {"channel": wanted.name, "works": False, "words": failure.why}


async def _no_claim() -> None:
    """Nothing is posted, so nothing is claimed."""


def _tell(app: App, wanted: Sequence[Subscription], asked: list[dict[str, Any]]) -> None:
    names = {name: len(app.paper.calendars((name,))[0].events) for each in wanted for name in each.calendars}
    for name, count in names.items():
        click.echo(f"calendar {name}: {count} events")
    for each in wanted:
        click.echo(f"channel {each.name} ({each.kind}): {each.at:%H:%M} {each.timezone}, to {app.channel(each).destination}")
        for note in _notes(app, each):
            click.echo(note)
    for one in asked:
        sign = {True: "works", False: "does not work", None: "not asked"}[one["works"]]
        click.echo(f"online {one['channel']}: {sign}: {one['words']}")
    click.echo("All right." if all(one["works"] is not False for one in asked) else "Some credentials do not work.")
