"""What is a subscription? A destination with its calendars, hour, time zone and language, and who owns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot.config import ChannelConfig, Config, Hold, Mode, OnDoubt, QuietDays, Rhythm, Theme, Told, Top

_TOLD = tuple(Told.model_fields)


class Owner(StrEnum):
    """Who may change it: the config file, or the commands (it then lives in the database)."""

    CONFIG = "config"
    STORED = "database"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription, every setting resolved. `options` are the kind's own and may hold secrets."""

    name: str
    kind: str
    options: BaseModel = field(repr=False)
    at: time
    timezone: str
    days: frozenset[int]
    calendars: tuple[str, ...]
    language: str
    quiet_days: QuietDays
    nearest_within: int
    rhythm: Rhythm
    most: int
    mode: Mode
    start: date | None
    hold: Hold
    in_doubt: OnDoubt
    roll_up: bool
    thread: bool
    card: Theme | None
    templates: Path | None
    owner: Owner

    def falls_on(self, weekday: int) -> bool:
        """Whether a post is due on this weekday (Monday is 0): each of `days`, or the first of them if weekly."""
        return weekday == min(self.days, default=None) if self.rhythm is Rhythm.WEEKLY else weekday in self.days


def subscription(config: Config, channel: ChannelConfig, owner: Owner = Owner.CONFIG) -> Subscription:
    """A channel's settings over those at the top of the file; its own templates folder beside the config."""
    told = _resolved(config.top, channel.told)
    told["templates"] = config.place(channel.told.templates) if channel.told.templates else None
    hour, minute = str(told.pop("at")).split(":")
    return Subscription(
        name=channel.name,
        kind=channel.kind,
        options=channel.options,
        at=time(int(hour), int(minute)),
        owner=owner,
        **told,
    )


def _resolved(top: Top, told: Told) -> dict[str, Any]:
    own: Mapping[str, Any] = dict(told)
    return {name: own[name] if own[name] is not None else getattr(top, name, None) for name in _TOLD}


def from_config(config: Config) -> list[Subscription]:
    """The subscriptions that the config file owns."""
    return [subscription(config, channel) for channel in config.channels]
