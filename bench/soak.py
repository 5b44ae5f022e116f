"""Is the promise kept over hours? The long runs of tests/witness: kills, suspensions; figures as a table and as JSON.

THISDAY_KILLS     kills of each kind (1000)            THISDAY_SUSPENSIONS  of each kind (34, so 204 in all)
THISDAY_SECONDS   at most so long for each kind (1800)  THISDAY_KINDS        only these, as native-slow,hook-calm
THISDAY_STORES    sqlite,postgres (three at once)       THISDAY_RESULTS      where the JSON goes
THISDAY_SEED      decides what goes wrong and when
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.postgres import running
from tests.witness.kills import all_kinds, files, killed
from tests.witness.suspended import suspended
from tests.witness.witness import SEED, Outside, outside

KILLS = int(os.environ.get("THISDAY_KILLS", "1000"))
SUSPENSIONS = int(os.environ.get("THISDAY_SUSPENSIONS", "34"))
SECONDS = float(os.environ.get("THISDAY_SECONDS", "1800"))
STORES = os.environ.get("THISDAY_STORES", "sqlite,postgres").split(",")
WORKERS = {"sqlite": 1, "postgres": 3}
KINDS = os.environ.get("THISDAY_KINDS", "")
COUNTED = ("kills", "suspensions", "deliveries", "delivered", "in_doubt", "lost", "doubled")
COLUMNS = (*COUNTED, "claimed_at_kills", "seen_at_kills", "seconds")


@contextmanager
def stage(store: str) -> Iterator[tuple[Outside, Path, Callable[[], str]]]:
    """A witness, a folder, and a maker of empty databases."""
    with tempfile.TemporaryDirectory() as name, outside(Path(name), SEED) as witness, contextmanager(running)() as cluster:
        yield witness, Path(name), cluster.fresh if store == "postgres" else files(Path(name))


def kills(store: str) -> Iterator[dict[str, Any]]:
    workers = WORKERS[store]
    for kind in all_kinds():
        if KILLS and (not KINDS or "-".join(kind) in KINDS.split(",")):
            with stage(store) as (witness, folder, fresh):
                found = killed(witness, folder, kind, KILLS, SECONDS, store=fresh, workers=workers)
                yield {"story": f"kill -9, {store} ({workers}), {'-'.join(kind)}", **found.table()}


def suspensions(store: str) -> Iterator[dict[str, Any]]:
    for personality, over in product(("hook", "ignores", "receiver"), (False, True)):
        if SUSPENSIONS and (not KINDS or personality in KINDS.split(",")):
            begun = time.monotonic()
            with stage(store) as (witness, folder, fresh):
                found = suspended(witness, folder, personality, SUSPENSIONS, fresh, taken_over=over).table()
            story = f"asleep past the lease, {store}, {personality}{', taken over' if over else ''}"
            yield {"story": story, **found, "seconds": round(time.monotonic() - begun, 1)}


def row(cells: Sequence[object]) -> str:
    first, *rest = map(str, cells)
    return f"{first:52}" + "".join(f"{each:>17}" for each in rest)


def main() -> int:
    print(f"THISDAY_SEED={SEED}", row(["story", *COLUMNS]), sep="\n", flush=True)
    found = []
    for each in chain.from_iterable(story(store) for store in STORES for story in (kills, suspensions)):
        found.append(each)
        print(row([each["story"], *(each.get(name, "") for name in COLUMNS)]), flush=True)
        print(*each["wrong"], sep="\n", end="\n" if each["wrong"] else "", flush=True)
    results = os.environ.get("THISDAY_RESULTS")
    if results:
        Path(results).write_text(
            json.dumps({"seed": SEED, "cores": os.cpu_count(), "stories": found}, indent=2) + "\n", "utf-8"
        )
    return int(any(each["wrong"] for each in found))


if __name__ == "__main__":
    sys.exit(main())
