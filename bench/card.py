"""What does a card cost? Milliseconds of one core and kilobytes, over days of the year in both sizes; the first one apart.

The first card of a process also loads Pillow, the fonts and, for Persian, the tables of joining.
"""

from __future__ import annotations

import json
import statistics
import time
from datetime import date, timedelta
from itertools import product

from bot.calendars.almanac import Almanac
from bot.calendars.shelf import Shelf, shipped_folders
from bot.config import Theme
from bot.editions import Choice, Edition, edition
from bot.rendering.cards import Look, Size, card, strip
from bot.rendering.cards.drawing import drawn
from bot.rendering.phrases import phrases

DAYS = 60


def main() -> None:
    calendar = Shelf(shipped_folders()).calendar("iran-hostage-crisis")
    almanac, first = Almanac([calendar]), date(2026, 1, 1)
    editions = [edition(almanac, first + timedelta(days=6 * number), Choice()) for number in range(DAYS)]
    found = {}
    for size, language in product(Size, ("en", "fa")):
        look = Look(Theme.LIGHT, size, language)
        cards = [card(each, [calendar], look, phrases(language)) for each in editions if isinstance(each, Edition)]
        costs, weights = [], []
        for each in cards:
            begin = time.process_time()
            weights.append(len(drawn(each)) / 1000)
            costs.append((time.process_time() - begin) * 1000)
        found[f"{size} {language}"] = {
            "first_ms": round(costs[0], 1),
            "median_ms": round(statistics.median(costs[1:]), 1),
            "slowest_ms": round(max(costs[1:]), 1),
            "largest_kb": round(max(weights), 1),
        }
    begin = time.process_time()
    whole = strip.drawn(strip.strip([calendar], Look()))
    found["whole"] = {"ms": round((time.process_time() - begin) * 1000, 1), "kb": round(len(whole) / 1000, 1)}
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
