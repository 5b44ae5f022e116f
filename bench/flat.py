"""Does a delivery cost the same whether a thousand are due or a hundred thousand? Planned, claimed, sent, settled.

    python bench/flat.py [--posts 1000 10000 100000] [--rounds 3] [--stores sqlite postgres]

Processor time of thisday and, on Linux, of PostgreSQL; over 200 hosts, with the extra `fast`, each size in a process and a
database of its own, all sizes in turn. What comes before the first post is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import deliver
from tests.postgres import Cluster, running

HOSTS = 200
TICK = os.sysconf("SC_CLK_TCK")  # of the processor times in /proc


def perform(hosts: list[str], posts: int, database: str) -> None:
    """One size, in the process that was started for it."""
    urls = [f"{hosts[number % len(hosts)]}/hook/{number}" for number in range(posts)]
    measured = deliver.thisday(urls, None, "aiohttp", database)
    print(json.dumps({"thisday": measured.processor / posts * 1e6, "clock": measured.seconds / posts * 1e6}))


def run(hosts: list[str], posts: int, cluster: Cluster | None) -> dict[str, float]:
    """Microseconds for each delivery."""
    database = cluster.fresh() if cluster else "thisday.db"
    before = busy(cluster) if cluster else 0.0
    words = [sys.executable, __file__, "--task", json.dumps([hosts, posts, database])]
    said = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    server = (busy(cluster) - before) / posts * 1e6 if cluster else 0.0
    return {**found, "server": server, "both": found["thisday"] + server}


def busy(cluster: Cluster) -> float:
    """Seconds of the processor that a server and all its children have had; 0 where there is no /proc."""
    root = int((cluster.folder / "data" / "postmaster.pid").read_text("ascii").split()[0])
    every = {int(path.parent.name): path for path in Path("/proc").glob("[0-9]*/stat")}
    return sum(_busy(path, root) for path in every.values())


def _busy(path: Path, root: int) -> float:
    try:
        name, _, rest = path.read_text("ascii", "replace").rpartition(")")
    except OSError:  # it has ended
        return 0.0
    values, pid = rest.split(), int(name.split()[0])
    own = int(values[11]) + int(values[12])
    ended_children = int(values[13]) + int(values[14]) if pid == root else 0
    return (own + ended_children) / TICK if root in {pid, int(values[1])} else 0.0


@contextmanager
def store(name: str) -> Iterator[Cluster | None]:
    if name == "sqlite":
        yield None
        return
    servers = running()
    try:
        yield next(servers)
    finally:
        servers.close()


def shown(name: str, found: dict[int, list[dict[str, float]]]) -> Iterator[str]:
    first = None
    for posts, each in found.items():
        row = {key: statistics.median(one[key] for one in each) for key in each[0]}
        first = first or row["both"]
        figures = "".join(f"{row[key]:>12.0f}" for key in ("thisday", "server", "both", "clock"))
        yield f"{name:>10}{posts:>10,}{figures}{row['both'] / first:>10.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stores", nargs="+", default=["sqlite", "postgres"])
    parser.add_argument("--task", type=json.loads, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.task:
        perform(*asked.task)
        return
    print("".join(f"{each:>{width}}" for each, width in zip(COLUMNS, WIDTHS, strict=True)))
    for name in asked.stores:
        found: dict[int, list[dict[str, float]]] = {posts: [] for posts in asked.posts}
        with store(name) as cluster, deliver.sink(HOSTS, None) as hosts:
            for _ in range(asked.rounds):
                for posts in asked.posts:
                    found[posts].append(run(hosts, posts, cluster))
        print(*shown(name, found), sep="\n", flush=True)


COLUMNS = ("store", "posts", "thisday, us", "server, us", "both, us", "clock, us", "to first")
WIDTHS = (10, 10, 12, 12, 12, 12, 10)

if __name__ == "__main__":
    main()
