"""How long until everybody has his post, and how large does it all get? A model of the most crowded hour, up to 10 million.

    python bench/drain.py [--rate 150] [--workers 4] [--crowd 0.25]

What limits a platform is taken from the kinds of bot/channels; what people choose is assumed, and stands below. Second by
second, waiting posts leave as the workers and the limits allow: a platform that needs less leaves its share to the others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.channels import Pace, kinds

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
SPREADS = (0, 15, 60)  # minutes
# Assumed. The share of channels of each kind, and how many accounts they share: one bot for all, one for each machine's
# address (Discord counts the webhooks of an address together), a server for each thousand, or one for each channel (0).
MIX: Mapping[str, tuple[float, int]] = {
    "slack": (0.40, 0),
    "discord": (0.20, -1),
    "mastodon": (0.15, 0),
    "telegram": (0.10, 1),
    "email": (0.10, 1),
    "webhook": (0.05, 0),
}
LETTERS = 50.0  # a second that one mail server takes from us; ask yours
# Measured, see docs/explanation/scale.md: bytes of a delivery with its message, its attempt and their indexes.
BYTES = {"SQLite": 340, "PostgreSQL": 490}


@dataclass(frozen=True, slots=True)
class Platform:
    name: str
    posts: float
    limit: float  # posts a second, over all of its accounts


def limit_of(kind: str, accounts: int, workers: int) -> float:
    """What the accounts of a kind may send in a second; without end where each channel has its own."""
    if kind == "email":
        return LETTERS
    pace = getattr(kinds()[kind], "pace", Pace())
    if accounts == 0 or pace.account is None:
        return float("inf")
    of_one: float = pace.account.most / pace.account.within.total_seconds()
    return of_one * (workers if accounts < 0 else accounts)


def platforms(posts: float, workers: int) -> list[Platform]:
    return [Platform(kind, posts * share, limit_of(kind, of, workers)) for kind, (share, of) in MIX.items()]


def shares(wanted: Mapping[str, float], capacity: float) -> dict[str, float]:
    """Max-min fair: who wants less than his share gets it, and the others share what he leaves."""
    given, left = {}, capacity
    for number, (name, wish) in enumerate(sorted(wanted.items(), key=lambda each: each[1])):
        given[name] = min(wish, left / (len(wanted) - number))
        left -= given[name]
    return given


def drained(all_of: list[Platform], capacity: float, spread: float) -> dict[str, float]:
    """Seconds after the hour at which the last post of each platform leaves, if they come due over `spread` seconds."""
    waiting, due = dict.fromkeys((each.name for each in all_of), 0.0), {each.name: each.posts for each in all_of}
    done: dict[str, float] = {}
    second = 0
    while len(done) < len(all_of):
        for each in all_of:
            coming = min(due[each.name], each.posts / spread) if spread else due[each.name]
            waiting[each.name] += coming
            due[each.name] -= coming
        given = shares({each.name: min(waiting[each.name], each.limit) for each in all_of}, capacity)
        second += 1
        for name, sent in given.items():
            waiting[name] -= sent
            if waiting[name] < 0.5 and due[name] < 0.5:
                done.setdefault(name, second)
    return done


def rows(rate: float, workers: int, crowd: float) -> Iterator[dict[str, object]]:
    for channels in SIZES:
        # As many workers as can send the crowded hour's posts within a quarter of an hour, if nothing else limits them.
        needed = max(workers, round(channels * crowd / rate / 900 + 0.5))
        for spread in SPREADS:
            found = drained(platforms(channels * crowd, needed), needed * rate, spread * 60)
            yield {
                "channels": channels,
                "in the crowded hour": round(channels * crowd),
                "workers": needed,
                "spread, min": spread,
                "half of the kinds by": clock(sorted(found.values())[len(found) // 2]),
                "the last by": clock(max(found.values())),
                "which is": max(found, key=lambda name: found[name]),
            }


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def growth() -> Iterator[dict[str, object]]:
    for channels in SIZES:
        yield {"channels": channels, "rows a day": channels} | {
            f"{store}, GB a year": round(channels * 365 * size / 1e9, 1) for store, size in BYTES.items()
        }


def table(lines: list[dict[str, object]]) -> str:
    cells = [
        list(lines[0]),
        *([f"{each:,}" if isinstance(each, int) else str(each) for each in line.values()] for line in lines),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)) for line in cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=150, help="posts that a worker sends in a second")
    parser.add_argument("--workers", type=int, default=4, help="at least")
    parser.add_argument("--crowd", type=float, default=0.25, help="share of all channels in the most crowded hour")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = {"drain": list(rows(asked.rate, asked.workers, asked.crowd)), "growth": list(growth())}
    print(json.dumps(found, indent=2) if asked.json else "\n\n".join(map(table, found.values())))


if __name__ == "__main__":
    main()
