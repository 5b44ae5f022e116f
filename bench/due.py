"""How long does it take to know what is due in the next minute? By number of subscriptions; milliseconds, median of many."""

from __future__ import annotations

import json
import random
import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import available_timezones

from bot.app import kind_names, options_of
from bot.config import config_from
from bot.scheduling.due import EVERYONE, daily
from bot.scheduling.timetable import Timetable
from bot.subscriptions.subscription import Subscription, from_config

START = datetime(2026, 11, 4, tzinfo=UTC)
ROUNDS = 60


def many(count: int) -> list[Subscription]:
    """So many subscriptions in all zones, most of them at whole and half hours, as people choose."""
    plain = from_config(config_from("channels: {a: {kind: console}}", "config.yaml", Path(), options_of, kind_names))[0]
    dice, zones = random.Random(1), sorted(available_timezones())
    hours = [replace(plain, at=plain.at.replace(hour=hour, minute=minute)) for hour in range(24) for minute in (0, 15, 30)]
    return [replace(dice.choice(hours), name=f"s{number}", timezone=dice.choice(zones)) for number in range(count)]


def measured(count: int) -> dict[str, float]:
    known = many(count)
    begin = time.perf_counter()
    table = Timetable(known, daily)
    cursors = dict.fromkeys([each.name for each in known], START - timedelta(days=1))
    table.due({**cursors, EVERYONE: START}, START, timedelta(hours=12))
    built, now, seconds, found = time.perf_counter() - begin, START, [], 0
    for _ in range(ROUNDS):
        cursors[EVERYONE] = now
        now += timedelta(minutes=1)
        begin = time.perf_counter()
        found += len(table.due(cursors, now, timedelta(hours=12)))
        seconds.append(time.perf_counter() - begin)
    return {
        "subscriptions": count,
        "zones": len({each.timezone for each in known}),
        "build_ms": built * 1000,
        "next_minute_ms": statistics.median(seconds) * 1000,
        "worst_minute_ms": max(seconds) * 1000,
        "due_in_an_hour": found,
    }


if __name__ == "__main__":
    print(json.dumps([measured(count) for count in (1_000, 10_000, 100_000, 1_000_000)], indent=2))
