"""What may be written in a file? Its JSON Schema, for editors; the copies in docs/reference are checked for freshness."""

from __future__ import annotations

from typing import Any

import click

from bot.cli.output import as_json


@click.command("schema")
@click.argument("what", type=click.Choice(["calendar", "events", "config"]))
def command(what: str) -> None:
    """Print the JSON Schema of a calendar, of a file of events in a calendar folder, or of config.yaml."""
    as_json(schema(what))


def schema(what: str) -> dict[str, Any]:
    if what == "config":
        from bot.channels import kinds
        from bot.config import schema as config_schema

        return config_schema({name: kind.Options for name, kind in sorted(kinds().items())})
    from bot.calendars.format import CalendarFile, EventsFile
    from bot.calendars.format import schema as calendar_schema

    return calendar_schema(CalendarFile if what == "calendar" else EventsFile)
