"""How does a day look as a picture? Its card as a PNG file, or the whole span as a strip, with the words for both."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from bot.app import App
from bot.calendars.almanac import Almanac
from bot.calendars.events import Calendar
from bot.cli.opening import Day, Language, open_app, resolved
from bot.cli.output import say
from bot.config import Theme
from bot.editions import Choice, NothingToTell, edition
from bot.errors import Mistake
from bot.rendering import cards
from bot.rendering.cards import Look, Size
from bot.rendering.phrases import phrases


@click.command("card")
@click.option("--date", "day", type=Day(), help="ISO date, today or tomorrow; today if not given.")
@click.option("--whole", is_flag=True, help="Not one day, but all days of the counter, coloured by what each was about.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The PNG file to write.")
@click.option("--theme", type=click.Choice([each.value for each in Theme]), default=Theme.LIGHT.value, help="Its colours.")
@click.option(
    "--size",
    type=click.Choice([each.value for each in Size]),
    default=Size.WIDE.value,
    help="1200 by 675 pixels, or 1080 by 1080; the strip has its own size.",
)
@click.option("--language", type=Language(), help="The reader's language; that of the config if not given.")
@click.option("--calendar", "names", multiple=True, help="Of this calendar; those of the config if not given.")
@click.pass_context
def command(
    ctx: click.Context,
    day: str | date | None,
    out: Path,
    theme: str,
    size: str,
    language: str | None,
    names: tuple[str, ...],
    *,
    whole: bool,
) -> None:
    """Draw the picture of a day, and print its alternative text."""
    if whole and day is not None:
        raise click.UsageError("--whole is of all days; leave --date out", ctx)
    app = open_app(ctx)
    calendars = app.paper.calendars(names or app.config.top.calendars)
    look = Look(Theme(theme), Size(size), language or app.config.top.language)
    png, alt = _strip(calendars, look) if whole else _card(app, calendars, day or "today", look)
    try:
        out.write_bytes(png)
    except OSError as error:
        raise Mistake(f"cannot write {out}: {error.strerror}", "give another file with --out") from None
    click.echo(f"{out}: {len(png) / 1000:.0f} kB")
    say(f"Alternative text: {alt}")


def _strip(calendars: list[Calendar], look: Look) -> tuple[bytes, str]:
    from bot.rendering.cards import strip

    found = strip.strip(calendars, look)
    return strip.drawn(found), found.alt


def _card(app: App, calendars: list[Calendar], day: str | date, look: Look) -> tuple[bytes, str]:
    from bot.rendering.cards.drawing import drawn

    found = edition(Almanac(calendars), resolved(day, app, app.config.top.timezone), Choice())
    if isinstance(found, NothingToTell):
        raise Mistake(found.reason, "choose another day or calendar")
    made = cards.card(found, calendars, look, phrases(look.language, app.paper.templates))
    return drawn(made), made.alt
