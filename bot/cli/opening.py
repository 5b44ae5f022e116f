"""What do the commands share? Opening the app, reading dates and languages, choosing channels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import click

from bot.app import App, read_config
from bot.calendars.written import full_date
from bot.cli.logs import log_to_stderr
from bot.errors import Mistake
from bot.languages import advice
from bot.subscriptions.subscription import Subscription


def open_app(ctx: click.Context) -> App:
    """The app of the config that the command line names."""
    path, verbose = ctx.find_root().obj
    app = App(read_config(path))
    log_to_stderr(verbose=verbose, secrets=app.secrets)
    return app


class Day(click.ParamType[str | date]):
    """An ISO date, `today` or `tomorrow`. What day it is depends on the place, so the words stay words until then."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | date:
        if isinstance(value, date) or value in {"today", "tomorrow"}:
            return value  # type: ignore[no-any-return]  # a date or one of two words
        try:
            return full_date(str(value))
        except ValueError as error:
            return self.fail("; ".join(error.args) + "; or write today or tomorrow", param, ctx)


class Language(click.ParamType[str]):
    """A language tag, such as fa or de-AT."""

    name = "tag"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        wrong = advice(str(value))
        return self.fail("; ".join(wrong), param, ctx) if wrong else str(value)


def resolved(day: str | date, app: App, timezone: str) -> date:
    """The civil day that is meant, in a place."""
    from bot.scheduling.slots import local_day

    if isinstance(day, date):
        return day
    return local_day(app.now(), timezone) + timedelta(days=1 if day == "tomorrow" else 0)


def chosen(app: App, names: Iterable[str]) -> Sequence[Subscription]:
    """The subscriptions of these names, all of them if none is named. Raises `Mistake` for an unknown name."""
    names = tuple(dict.fromkeys(names))
    found = [app.subscription(name) for name in names] if names else app.known()
    if not found:
        raise Mistake("no channel is configured", "add one to config.yaml, or run thisday subscribe")
    return found
