"""Which number has a day, and which day a number? The counter both ways, with what held and happened on that day."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from bot.app import App
from bot.calendars.almanac import Almanac
from bot.calendars.counters import Counter, Reading
from bot.calendars.events import Event
from bot.cli.opening import Day, open_app, resolved
from bot.cli.output import as_json, say
from bot.documents import suggestion
from bot.errors import Mistake
from bot.rendering.words import full_date


@click.command("day")
@click.argument("day")
@click.option("--calendar", "names", multiple=True, help="Of this calendar; those of the config if not given.")
@click.option("--counter", "counter_key", help="Only this counter.")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def command(ctx: click.Context, day: str, names: tuple[str, ...], counter_key: str | None, *, json_: bool) -> None:
    """Tell the day number of a date (1980-02-29), or the date of a day number (118)."""
    app = open_app(ctx)
    almanac = Almanac(app.paper.calendars(names or app.config.top.calendars))
    counters = _counters(almanac, counter_key)
    found = (
        _of_number(counters, int(day))
        if day.isascii() and day.isdecimal() and len(day) < 4
        else _of_date(app, counters, day)
    )
    if json_:
        as_json([_plain(almanac, each) for each in found])
        return
    for reading in found:
        _tell(almanac, reading)


def _counters(almanac: Almanac, key: str | None) -> list[Counter]:
    spans = [each for calendar in almanac.calendars.values() for each in calendar.counters if each.span]
    chosen = [each for each in spans if key in {None, each.key}]
    if not chosen:
        known = suggestion(key, [each.key for each in spans]) if key and spans else "name a calendar that has one"
        raise Mistake(f"there is no counter {key!r}" if key else "no calendar here counts days", known)
    return chosen


def _of_number(counters: list[Counter], number: int) -> list[Reading]:
    dates = ((each, each.span.date_of(number)) for each in counters if each.span)
    found = [reading for each, day in dates if day and (reading := each.at(day))]
    if not found:
        spans = ", ".join(
            f"{each.key} has days {each.span.number(each.span.first)} to {each.span.total}" for each in counters if each.span
        )
        raise Mistake(f"no counter has a day {number}", spans)
    return found


def _of_date(app: App, counters: list[Counter], text: str) -> list[Reading]:
    """The reading of a date inside a span; for any other date, what is remembered on it."""
    day = resolved(Day().convert(text, None, None), app, app.config.top.timezone)
    inside = [reading for each in counters if (reading := each.at(day))]
    found = inside or [reading for each in counters for reading in each.readings(day)]
    if not found:
        raise Mistake(f"{day} carries no day of a counter", "give a date of the span, or a later anniversary of one")
    return found


def _tell(almanac: Almanac, reading: Reading) -> None:
    click.secho(f"{reading.label} · {full_date(reading.original)}", bold=True)
    for words in (*reading.told, reading.milestone):
        if words:
            click.echo(words)
    for event in _events(almanac, reading.original):
        click.echo(f"\n{event.title}")
        if event.text:
            say(event.text)
        for source in event.sources:
            say(f"  Source: {source.title}, {source.publisher}{f' <{source.url}>' if source.url else ''}")
    click.echo()


def _events(almanac: Almanac, day: date) -> list[Event]:
    """What happened on that very date, the most important first."""
    found = [each.event for each in almanac.on(day).occurrences if each.event.began == day]
    return sorted(found, key=lambda event: (-event.importance, event.time or "99", event.key))


def _plain(almanac: Almanac, reading: Reading) -> dict[str, Any]:
    return {
        "calendar": reading.counter.calendar,
        "counter": reading.counter.key,
        "date": reading.original,
        "number": reading.number,
        "total": reading.total,
        "label": reading.label,
        "milestone": reading.milestone,
        "series": reading.values,
        "events": [{"key": each.key, "title": each.title, "text": each.text} for each in _events(almanac, reading.original)],
    }
