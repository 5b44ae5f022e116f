"""Whom does a calendar tell about? The people of its list, from the public record."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from bot.calendars.events import Person
from bot.cli.opening import open_app
from bot.cli.output import as_json, table


@click.command("people")
@click.option("--search", help="People with these words in name, role, group, place or note.")
@click.option("--group", help="People of this group.")
@click.option("--calendar", "names", multiple=True, help="Of this calendar; those of the config if not given.")
@click.option("--json", "json_", is_flag=True, help="As JSON, with notes and sources.")
@click.pass_context
def command(ctx: click.Context, search: str | None, group: str | None, names: tuple[str, ...], *, json_: bool) -> None:
    """List the people whom calendars tell about."""
    app = open_app(ctx)
    calendars = app.paper.calendars(names or app.config.top.calendars)
    people = [person for calendar in calendars for person in calendar.people]
    found = [each for each in people if _matches(each, (search or "").casefold()) and group in {None, each.group}]
    if json_:
        as_json([asdict(each) for each in found])
    else:
        table([_row(each) for each in found], empty="Nobody matches.")


def _matches(person: Person, words: str) -> bool:
    told = (person.name, person.full_name, person.role, person.group, person.where, person.note)
    return words in " ".join(told).casefold()


def _row(person: Person) -> dict[str, Any]:
    return {
        "name": person.full_name or person.name,
        "group": person.group,
        "role": person.role,
        "captured": person.captured,
        "released": person.released,
        "died": person.died,
    }
