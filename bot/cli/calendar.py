"""Which events are there, what should be mended in them, and what does a change of them change for subscribers?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from bot.calendars.events import Calendar, Event
from bot.calendars.rules import Recurrence
from bot.calendars.written import gregorian
from bot.cli.main import DONE, NOT_ALL
from bot.cli.opening import open_app
from bot.cli.output import as_json, table
from bot.rendering.words import day_month

if TYPE_CHECKING:
    from bot.calendars.difference import Change, Difference
    from bot.calendars.lint import Finding

_YEAR = 2028  # a leap year, for events whose date differs by year


@click.group("calendar", invoke_without_command=True)
@click.option("--month", type=click.IntRange(1, 12), help="Events of this month.")
@click.option("--date", "on", help="Events of this date, MM-DD, of whatever year.")
@click.option("--search", help="Events with these words in title, text, people or places.")
@click.option("--tag", help="Events with this tag.")
@click.option("--calendar", "names", multiple=True, help="Of this calendar; those of the config if not given.")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def command(
    ctx: click.Context,
    month: int | None,
    on: str | None,
    search: str | None,
    tag: str | None,
    names: tuple[str, ...],
    *,
    json_: bool,
) -> None:
    """List events, sorted by date; or lint calendars, or compare two."""
    if ctx.invoked_subcommand is not None:
        return
    app = open_app(ctx)
    calendars = app.paper.calendars(names or app.config.top.calendars)
    where = _Where(month, _month_day(on), (search or "").casefold(), tag)
    found = sorted(_matching(calendars, where), key=lambda pair: (pair[0], pair[1].began or date.min, pair[1].key))
    if json_:
        as_json([_plain(day, event) for day, event in found])
    else:
        table([_row(day, event) for day, event in found], empty="No event matches.")


class _Where:
    """What an event must match; what is None or empty matches all."""

    def __init__(self, month: int | None, on: tuple[int, int] | None, words: str, tag: str | None) -> None:
        self.month, self.on, self.words, self.tag = month, on, words, tag

    def matches(self, day: date, event: Event) -> bool:
        return (
            (self.month is None or day.month == self.month)
            and (self.on is None or (day.month, day.day) == self.on)
            and (self.tag is None or self.tag in event.tags)
            and self.words in _all_words(event)
        )


def _month_day(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    try:
        written = gregorian(text)
    except ValueError as error:
        raise click.BadParameter("; ".join(error.args), param_hint="--date") from None
    if written.month is None or written.day is None:
        raise click.BadParameter("write MM-DD, such as 11-04", param_hint="--date")
    return written.month, written.day


def _all_words(event: Event) -> str:
    return " ".join((event.title, event.text, event.more, *event.people, *event.places)).casefold()


def _matching(calendars: list[Calendar], where: _Where) -> Iterator[tuple[date, Event]]:
    for calendar in calendars:
        for event in calendar.events:
            yield from ((day, event) for day in _days(event) if where.matches(day, event))


def _days(event: Event) -> tuple[date, ...]:
    """The date of a dated event; the days of an example year for the others."""
    if event.began is not None and not isinstance(event.rule, Recurrence):
        return (event.began,)
    return event.rule.days(_YEAR)


def _shown(day: date, event: Event) -> str:
    if event.began is None:
        return f"{day:%m-%d}"
    return {"month": f"{day:%Y-%m}", "year": f"{day:%Y}"}.get(event.precision.value, day.isoformat())


def _row(day: date, event: Event) -> dict[str, Any]:
    return {"date": _shown(day, event), "event": event.key, "title": event.title}


def _plain(day: date, event: Event) -> dict[str, Any]:
    return {
        **_row(day, event),
        "calendar": event.calendar,
        "text": event.text,
        "importance": event.importance,
        "tone": event.tone,
        "certainty": event.certainty,
        "tags": event.tags,
        "sources": [{"title": each.title, "publisher": each.publisher, "url": each.url} for each in event.sources],
    }


@command.command("lint")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def lint(ctx: click.Context, names: tuple[str, ...], *, json_: bool) -> int:
    """Tell what to mend in calendars, by name or path; those of the config if none is named.

    Exit code 0: nothing to mend; 1: findings.
    """
    from bot.calendars.lint import lint as lint_texts

    app = open_app(ctx)
    wanted = names or app.config.top.calendars
    found = [each for name in wanted for each in lint_texts(app.paper.shelf.texts(name), app.now().date())]
    if json_:
        as_json([_finding(each) for each in found])
        return NOT_ALL if found else DONE
    for each in found:
        click.echo(str(each))
    if not found:
        click.echo(f"Nothing to mend in {', '.join(wanted)}.")
    return NOT_ALL if found else DONE


def _finding(found: Finding) -> dict[str, Any]:
    where = found.where
    place = {"file": where.source, "line": where.line, "column": where.column}
    return {**place, "rule": found.rule, "what": found.what, "instead": found.instead}


@command.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--json", "json_", is_flag=True, help="As JSON.")
@click.pass_context
def diff(ctx: click.Context, old: str, new: str, *, json_: bool) -> int:
    """Tell what subscribers will see change from calendar OLD to NEW, day by day of a year.

    OLD and NEW are paths of files or folders, or names. Exit code 0: no difference; 1: differences.
    """
    from bot.calendars.difference import difference

    shelf = open_app(ctx).paper.shelf
    found = difference(shelf.calendar(old), shelf.calendar(new))
    if json_:
        as_json(asdict(found) | {"days": [_changed_day(*each) for each in found.days]})
    else:
        _tell(found)
    return NOT_ALL if found else DONE


def _changed_day(day: date, changes: tuple[Change, ...]) -> dict[str, Any]:
    return {"day": f"{day:%m-%d}", "changes": [asdict(each) for each in changes]}


def _tell(found: Difference) -> None:
    sections = [(day_month(day), changes) for day, changes in found.days]
    sections += [("Told on no day of the year", found.never), ("Head and counters", found.head)]
    for title, changes in sections:
        if changes:
            click.secho(title, bold=True)
        for each in changes:
            click.echo(_line(each))
    count = len(found.days)
    click.echo(f"{count} day{' reads' if count == 1 else 's read'} differently." if found else "No difference.")


def _line(change: Change) -> str:
    """`+ what: …` for what is new, `- what: …` for what is gone, `~ what, part: … → …` for what is changed."""
    name = change.what if change.part == "event" else f"{change.what}, {change.part}"
    if not change.before or not change.after:
        return f"  {'-' if change.before else '+'} {name}: {change.before or change.after}"
    return f"  ~ {name}: {change.before} → {change.after}"
