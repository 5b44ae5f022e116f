"""How does a thisday look that posts to the witness? Its config, and the app with a clock and messages of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import App, kind_names, options_of
from bot.config import config_from
from bot.delivery.courier import PATIENCE
from bot.delivery.ledger import Ledger
from bot.delivery.states import Delivery
from bot.rendering.message import Message
from bot.scheduling.due import EVERYONE
from tests.witness.pace import SPEED, Hurried
from tests.witness.server import Ports

SECRET = "whsec_bWFkZS11cC1zZWNyZXQtbm90LXRvLWJlLXVzZWQ="
# By which policy a doubt about a post to each personality is settled.
POLICIES = {"native": "look", "ignores": "look", "atonce": "look", "bot": "look", "receiver": "key", "hook": "hold"}


def channel(place: str, ports: Ports, *, on: str = "plain") -> dict[str, Any]:
    """The channel for a place at the witness, on one of its ports."""
    base = f"{'https' if on == 'secure' else 'http'}://127.0.0.1:{getattr(ports, on)}"
    match place.partition("-")[0]:
        case "bot":
            return {"kind": "slack", "bot_token": f"xoxb-{place}", "channel": "C0123ABCDEF", "api_url": f"{base}/slack"}
        case "hook":
            return {"kind": "slack", "webhook_url": f"{base}/hook/{place}"}
        case "receiver":
            return {"kind": "webhook", "url": f"{base}/receiver/{place}", "secret": SECRET}
        case _:
            return {"kind": "mastodon", "server": base, "access_token": place}


def places(personality: str, fault: str, number: int) -> list[str]:
    return [f"{personality}-{fault}-{each}" for each in range(number)]


def told(delivery: Delivery, _facts: Mapping[str, Any]) -> list[Message]:
    """A message that names its edition."""
    text = f"edition={edition(delivery)} of a test"
    return [Message(str(delivery.day), text, text)]


def edition(delivery: Delivery) -> str:
    return f"{delivery.subscription}/{delivery.slot}"


@dataclass(frozen=True)
class Setting:
    """What every process of one story shares; plain values, so that it can be handed to them."""

    folder: Path
    database: str
    channels: Mapping[str, Mapping[str, Any]]
    now: Callable[[], datetime]
    speed: float = SPEED
    at: str = "00:00"
    says: Callable[[Delivery, Mapping[str, Any]], list[Message]] = told

    def config(self) -> str:
        import json

        top = {"at": self.at, "database": self.database, "catch_up": "60d", "network": {"allow_private": True}}
        return json.dumps({**top, "channels": self.channels})  # JSON is YAML

    def app(self, *, fast: bool = False) -> App:
        """A thisday of its own: the real parts, on a clock and with timeouts that are as fast."""
        config = config_from(self.config(), "config.yaml", self.folder, options_of, kind_names)
        app = App(config, now=self.now, cache=None)
        vars(app.database)["clock"] = self.now  # a server whose clock runs as fast
        app.http = Hurried(self.now, self.speed, fast=fast)
        app.courier = replace(app.courier, compose=self.says, patience=PATIENCE / self.speed)
        return app

    def planned_until(self, ledger: Ledger, instant: datetime) -> None:
        """As if a thisday had run up to an instant, and stopped."""
        ledger.open([], dict.fromkeys((EVERYONE, *self.channels), instant))


def setting(
    folder: Path, ports: Ports, names: Iterable[str], now: Callable[[], datetime], database: str = "", on: str = "plain"
) -> Setting:
    channels = {place: channel(place, ports, on=on) for place in names}
    return Setting(folder, database or str(folder / "ledger.db"), channels, now)


def days_ago(now: datetime, days: int) -> datetime:
    """So that as many slots have come since as days."""
    return now.replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=days)
