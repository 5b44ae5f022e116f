"""What have servers said about their limits, and when?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.channels import Channel
from bot.database import Database, instant, micros
from bot.delivery import statements as sql


@dataclass(frozen=True, slots=True)
class Facts:
    values: dict[str, Any]
    at: datetime


def facts(database: Database, name: str) -> Facts | None:
    rows = database.fetch(sql.FACT, {"name": name})
    return Facts(json.loads(rows[0]["value"]), instant(rows[0]["at"])) if rows else None


def keep_facts(database: Database, name: str, values: dict[str, Any], now: datetime) -> None:
    text = json.dumps(values, ensure_ascii=False, sort_keys=True)
    with database.transaction() as tx:
        tx.execute(sql.PUT_FACT, {"name": name, "value": text, "now": micros(now)})


def about(channel: Channel) -> str:
    """The name of what a channel's server said."""
    return f"{channel.kind} {channel.destination}"
