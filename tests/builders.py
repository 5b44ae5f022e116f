"""Small calendars, events, editions and styles, with everything filled in that a test does not talk about."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot.calendars.almanac import Almanac
from bot.calendars.counters import Counter
from bot.calendars.events import Calendar, Event
from bot.calendars.index import Indexed
from bot.calendars.loader import Text, load
from bot.calendars.rules import InMonth, OnDate, Rule
from bot.calendars.shelf import Shelf, shipped_folders
from bot.channels import Channel
from bot.config import Config, config_from
from bot.editions import Choice, Edition, edition
from bot.errors import Problems
from bot.rendering.budget import UNLIMITED, Budget
from bot.rendering.compose import Style, style
from bot.rendering.markup import PLAIN, Markup
from bot.rendering.message import Message
from bot.resources import shipped
from bot.subscriptions.paper import Paper
from bot.subscriptions.subscription import Subscription, from_config

SOAK = bool(os.environ.get("THISDAY_SOAK"))  # `make soak`: all of what `make test` takes samples of
FIRST, LAST = date(1970, 1, 1), date(2100, 12, 31)


class Options(BaseModel):
    """A kind that needs to know nothing."""


YEARS = range(1970, 2101)
SHELF = Shelf(shipped_folders())
CRISIS = "iran-hostage-crisis"


def event(key: str = "landing", on: date | None = date(1969, 7, 20), rule: Rule | None = None, **more: Any) -> Event:
    """An event on a date; with `on=None`, an observance."""
    plain = OnDate(on.month, on.day) if on else InMonth()
    return Event(**{"key": key, "calendar": "test", "title": key, "rule": rule or plain, "began": on, **more})


def calendar(events: Iterable[Event], counters: tuple[Counter, ...] = (), key: str = "test") -> Calendar:
    return Calendar(key, key.title(), Indexed(events), counters=counters)


def edition_of(day: date, *events: Event, counters: tuple[Counter, ...] = ()) -> Edition:
    found = edition(Almanac([calendar(events, counters)]), day, Choice())
    assert isinstance(found, Edition)
    return found


def style_of(budget: Budget = UNLIMITED, markup: Markup = PLAIN, *, folder: Path | None = None, kind: str = "demo") -> Style:
    """A style with the shipped templates, after those in `folder`."""
    folders = [folder, shipped("templates")] if folder else [shipped("templates")]
    return style(folders, kind, markup, budget, "en")


def loaded(text: str, **others: str) -> Calendar:
    """The calendar in a text; `others` are further files of a folder."""
    return load([Text("head.yaml", text), *(Text(f"{name}.yaml", each) for name, each in others.items())])


def problems_of(text: str, **others: str) -> list[str]:
    """What is wrong with a calendar, one line a problem; nothing, if it loads."""
    try:
        loaded(text, **others)
    except Problems as found:
        return [str(each) for each in found.problems]
    return []


def year(
    channel: Channel, *, thread: bool = False, first: int = 0, step: int = 1, language: str = "en"
) -> Iterator[Message]:
    """What a channel gets of the shipped calendar on the days of a leap year, from one on each or every `step`th."""
    paper = Paper(SHELF, (shipped("templates"),))
    wanted = subscription_of(calendars=(CRISIS,), thread=thread, language=language)
    for number in range(first, 366, step):
        found = paper.messages(wanted, channel, date(2028, 1, 1) + timedelta(days=number), {})
        yield from found if isinstance(found, tuple) else ()


def folder_of(root: Path, files: Mapping[str, str]) -> Path:
    """Writes files, with the folders they need, below `root`."""
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return root


def config_of(text: str, folder: Path = Path("/etc/thisday")) -> Config:
    """The config in a text, whose channels are of the kind `demo`."""
    return config_from(text, "config.yaml", folder, lambda kind: Options if kind == "demo" else None, lambda: ["demo"])


def subscription_of(name: str = "daily", **changes: Any) -> Subscription:
    """A daily subscription at 09:00 in Berlin to a made-up kind."""
    (plain,) = from_config(config_of("timezone: Europe/Berlin\nchannels: {daily: {kind: demo}}\n"))
    return replace(plain, name=name, **changes)
