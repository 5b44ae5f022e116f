"""One planner and four workers over PostgreSQL, five kills: is each edition there once? `make soak` runs it, too.

THISDAY_FLEET_CHANNELS and THISDAY_FLEET_DAYS say how much: as many deliveries as one times the other.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.postgres import running
from tests.witness.fleet import Crew
from tests.witness.witness import SEED, outside

CHANNELS = int(os.environ.get("THISDAY_FLEET_CHANNELS", "2001"))  # a third on each of three platforms
# What is older than catch_up, 60 days on this stage, expires as it should; and the clock there runs sixty times as fast.
DAYS = int(os.environ.get("THISDAY_FLEET_DAYS", "50"))
WORKERS, KILLS = 4, 5
BETWEEN = (5.0, 40.0)  # seconds from one kill to the next
PATIENCE = 7200.0


def main() -> int:
    servers = running()
    cluster = next(servers)
    try:
        with tempfile.TemporaryDirectory() as name, outside(Path(name), SEED) as witness:
            crew = Crew(witness, Path(name), cluster.fresh(), random.Random(SEED), CHANNELS, DAYS, patience=PATIENCE)
            found = crew.killed(WORKERS, KILLS, BETWEEN)
    finally:
        servers.close()
    figures = {name: getattr(found, name) for name in ("deliveries", "delivered", "in_doubt", "lost", "doubled")}
    print(json.dumps({"seed": SEED, "kills": crew.deaths, "seconds": round(crew.seconds, 1), **figures}))
    print(*found.wrong[:10], sep="\n", end="\n" if found.wrong else "", file=sys.stderr)
    return int(bool(found.wrong))


if __name__ == "__main__":
    sys.exit(main())
