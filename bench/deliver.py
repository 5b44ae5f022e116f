"""How fast do posts leave? 10,000 channels over 200 hosts and over one, against others on the same server; medians, in turn.

    python bench/deliver.py [--posts 10000] [--hosts 200 1] [--rounds 5] [--tls | --no-tls]

thisday plans, composes, and writes each claim and each answer to the disk; the others only send the same bytes. Each
contestant is a process of its own, and what it needs before the first post (config, clients, parsed addresses) is not
counted. The server (bench/sink.py) is a process too, with TLS, as every platform has it, and without. The table goes to the
terminal, all figures as JSON to bench/results/.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import platform
import re
import resource
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import product
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

RESULTS = HERE / "results"
AT_ONCE = 512  # requests under way, for those that let one say so
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = "whsec_bWFkZS11cC1zZWNyZXQtbm90LXRvLWJlLXVzZWQ="  # noqa: S105  # made up
TYPE = {"content-type": "application/json"}
SECONDS_OF_WRK = 5


class Measured:
    """Seconds by the clock and of this process's processor, for what happens in the block; and whether all got there."""

    whole = True

    def __enter__(self) -> Self:
        self._begun = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        begun, busy = self._begun
        self.seconds, self.processor = time.perf_counter() - begun, time.process_time() - busy


# --- the contestants: each is given the addresses and the bytes, and answers what it measured


def thisday(urls: Sequence[str], trust: ssl.SSLContext | None, client: str, database: str = "thisday.db") -> Measured:
    from bot.app import App, read_config
    from bot.channels._http import Http
    from bot.cli.run import _faster_loop

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "config.yaml"
        path.write_text(config(urls, client, database), "utf-8")
        at = [NOON - timedelta(minutes=1)]
        begun = time.monotonic()
        app = App(read_config(path), now=lambda: at[0] + timedelta(seconds=time.monotonic() - begun))
        app.database.clock = app.now  # type: ignore[method-assign]  # a server knows another time than this race
        if trust:  # a certificate that was made for this race
            app.http = Http(allow_private=True, now=app.now, fast=client == "aiohttp", verify=trust)
        with asyncio.Runner(loop_factory=_faster_loop() if client == "aiohttp" else None) as runner:
            return runner.run(_thisday(app, at, len(urls)))


async def _thisday(app: Any, at: list[datetime], posts: int) -> Measured:
    async with app.http:
        scheduler = app.scheduler()
        app.prepare()
        await scheduler.once()  # notes where it begins
        gc.freeze()  # as `thisday run` does
        at[0] = NOON
        with Measured() as measured:
            await scheduler.once()
    there = app.database.fetch("SELECT COUNT(*) AS number FROM delivery WHERE state = 'delivered'")[0]["number"]
    assert there == posts, f"{there} of {posts} are there"
    app.database.close()
    return measured


def config(urls: Sequence[str], client: str, database: str = "thisday.db") -> str:
    top = ["calendars: [iran-hostage-crisis]", "timezone: UTC", "at: '12:00'", f"database: '{database}'"]
    network = f"network: {{allow_private: true, client: {client}}}"
    channels = (f"  c{number:05}: {{kind: webhook, url: '{url}', secret: {SECRET}}}" for number, url in enumerate(urls))
    return "\n".join([*top, network, "channels:", *channels])


def apprise(urls: Sequence[str], body: bytes, *, threads: bool) -> Measured:
    import logging
    import warnings

    from apprise import Apprise

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")  # that it does not look at certificates, which costs it less than looking
    service = Apprise()
    for url in urls:
        service.add(url.replace("http", "json", 1) + "?verify=no")
    text = {"title": "On this day", "body": body.decode()}
    with Measured() as measured:
        done = service.notify(**text) if threads else asyncio.run(service.async_notify(**text))
    measured.whole = bool(done)
    return measured


async def aiohttp(urls: Sequence[str], trust: ssl.SSLContext | None, body: bytes) -> Measured:
    from aiohttp import ClientSession, TCPConnector

    async with ClientSession(connector=TCPConnector(limit=AT_ONCE, ssl=trust or True)) as session:

        async def one(url: str) -> None:
            async with session.post(url, data=body, headers=TYPE) as answer:
                assert answer.status == 200
                await answer.read()

        return await _all(one, urls)


async def httpx(urls: Sequence[str], trust: ssl.SSLContext | None, body: bytes, *, each_host: bool) -> Measured:
    from httpx import AsyncClient, Limits, create_ssl_context

    limits = Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    context = trust or create_ssl_context()

    def host(url: str) -> str:
        return url.split("/")[2] if each_host else ""

    clients = {name: AsyncClient(limits=limits, verify=context, trust_env=False) for name in set(map(host, urls))}

    async def one(url: str) -> None:
        answer = await clients[host(url)].post(url, content=body, headers=TYPE)
        assert answer.status_code == 200

    measured = await _all(one, urls)
    for client in clients.values():
        await client.aclose()
    return measured


async def _all(one: Callable[[str], Coroutine[Any, Any, None]], urls: Sequence[str]) -> Measured:
    waiting = iter(urls)

    async def sender() -> None:
        for url in waiting:
            await one(url)

    with Measured() as measured:
        await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
    return measured


Contestant = Callable[[Sequence[str], ssl.SSLContext | None, bytes], Measured]
CONTESTANTS: dict[str, Contestant] = {
    "thisday": lambda urls, trust, _: thisday(urls, trust, "httpx"),
    "thisday[fast]": lambda urls, trust, _: thisday(urls, trust, "aiohttp"),
    "apprise, async": lambda urls, _, body: apprise(urls, body, threads=False),
    "apprise, threads": lambda urls, _, body: apprise(urls, body, threads=True),
    "httpx, one client": lambda urls, trust, body: asyncio.run(httpx(urls, trust, body, each_host=False)),
    "httpx, a client for each host": lambda urls, trust, body: asyncio.run(httpx(urls, trust, body, each_host=True)),
    "aiohttp": lambda urls, trust, body: asyncio.run(aiohttp(urls, trust, body)),
}


# --- the race


@contextmanager
def sink(hosts: int, certificate: Path | None) -> Iterator[list[str]]:
    words = [sys.executable, str(HERE / "sink.py"), str(hosts), *([str(certificate)] if certificate else [])]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            scheme = "https" if certificate else "http"
            yield [f"{scheme}://127.0.0.1:{port}" for port in json.loads(server.stdout.readline())]
        finally:
            server.terminate()


def certificate(path: Path) -> Path:
    """One of this hour for loopback, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def body() -> bytes:
    """What thisday sends in this race, as a post of its own."""
    from bot.app import App, read_config
    from bot.channels import Post

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "config.yaml"
        path.write_text(config(["https://receiver.example.org/"], "httpx"), "utf-8")
        app = App(read_config(path))
        wanted = app.subscription("c00000")
        channel = app.channel(wanted)
        (message,) = app.paper.messages(wanted, channel, NOON.date(), {})  # type: ignore[misc]  # one, and something to tell
        request: Any = next(channel.post(Post(message, "key", str(NOON.date()), NOON, None, None, NOON), {}))
        content: bytes = request.content
        return content


def run(name: str, hosts: Sequence[str], posts: int, content: Path, trusted: Path | None) -> dict[str, float]:
    count = posts // 5 if _slow(name, hosts) else posts
    task = {"name": name, "hosts": hosts, "posts": count, "body": str(content), "trusted": str(trusted or "")}
    words = [sys.executable, __file__, "--task", json.dumps(task)]
    said = subprocess.run(words, check=False, capture_output=True, text=True)
    if said.returncode:
        raise SystemExit(f"{name}: {said.stderr.strip().splitlines()[-1]}")
    found: dict[str, float] = json.loads(said.stdout.splitlines()[-1])
    return found


def _slow(name: str, hosts: Sequence[str]) -> bool:
    """For whom a fifth of the posts says enough: one pool over many hosts, a new connection with TLS for every post."""
    return (name == "httpx, one client" and len(hosts) > 1) or (name.startswith("apprise") and hosts[0].startswith("https"))


def perform(task: dict[str, Any]) -> None:
    """One contestant, in the process that was started for it."""
    hosts, posts = task["hosts"], task["posts"]
    urls = [f"{hosts[number % len(hosts)]}/hook/{number}" for number in range(posts)]
    trust = ssl.create_default_context(cafile=task["trusted"]) if task["trusted"] else None
    measured = CONTESTANTS[task["name"]](urls, trust, Path(task["body"]).read_bytes())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {
        "a second": posts / measured.seconds,
        "processor, us": measured.processor / posts * 1e6,
        "peak, MB": peak,
        "not all there": float(not measured.whole),
    }
    print(json.dumps(figures))


def wrk(host: str, content: Path) -> dict[str, float] | None:
    """What the server can take from one host, told by a client in C; None where Debian's package `wrk` is missing."""
    if shutil.which("wrk") is None:
        return None
    script = content.with_suffix(".lua")
    script.write_text(f'wrk.method="POST"\nlocal f=io.open("{content}")\nwrk.body=f:read("*a")\nf:close()\n', "utf-8")
    words = ("wrk", "-t1", "-c64", f"-d{SECONDS_OF_WRK}s", "-s", str(script), f"{host}/hook/1")
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    found = re.search(r"Requests/sec:\s*([\d.]+)", said)
    return {"a second": float(found[1])} if found else None


def race(
    hosts: int, posts: int, rounds: int, content: Path, names: Sequence[str], trusted: Path | None
) -> dict[str, list[dict[str, float]]]:
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    with sink(hosts, trusted) as addresses:
        for _ in range(rounds):
            for name in names:
                found[name].append(run(name, addresses, posts, content, trusted))
            if hosts == 1 and (said := wrk(addresses[0], content)):
                found.setdefault("wrk", []).append(said)
    return found


def table(found: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Medians, with the lowest and the highest rate; the ratio is of the medians, to the better mode of Apprise."""
    rows: dict[str, dict[str, float]] = {}
    for name, each in found.items():
        rates = [one["a second"] for one in each]
        rows[name] = {"a second": statistics.median(rates), "lowest": min(rates), "highest": max(rates)}
        rows[name] |= {key: statistics.median(one[key] for one in each) for key in each[0] if key != "a second"}
        rows[name]["not all there"] = sum(one.get("not all there", 0.0) for one in each)  # in so many rounds
    others = {"to apprise": [name for name in rows if name.startswith("apprise")], "to aiohttp": rows.keys() & {"aiohttp"}}
    for title, names in others.items():
        best = max((rows[name]["a second"] for name in names), default=None)
        for row in rows.values() if best else ():
            row[title] = row["a second"] / best
    return rows


def shown(rows: dict[str, dict[str, float]]) -> str:
    columns = ["a second", "lowest", "highest", "processor, us", "peak, MB", "not all there", "to apprise", "to aiohttp"]
    lines = [f"{'':32}" + "".join(f"{name:>15}" for name in columns)]
    for name, row in rows.items():
        cells = (f"{row[key]:.{2 if key.startswith('to ') else 0}f}" if key in row else "" for key in columns)
        lines.append(f"{name:32}" + "".join(f"{each:>15}" for each in cells))
    return "\n".join(lines)


def versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("thisday", "apprise", "httpx", "aiohttp", "uvloop")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--hosts", type=int, nargs="+", default=[200, 1])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tls", action=argparse.BooleanOptionalAction, help="only with TLS, or only without")
    parser.add_argument("--only", nargs="+", default=list(CONTESTANTS))
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder for the JSON")
    parser.add_argument("--task", type=json.loads, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.task:
        perform(asked.task)
        return
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "versions": versions()}
    results: dict[str, Any] = {"machine": machine, "posts": asked.posts, "rounds": asked.rounds}
    with tempfile.TemporaryDirectory() as name:
        content = Path(name) / "body"
        content.write_bytes(body())
        results["bytes of a post"] = content.stat().st_size
        made = certificate(Path(name) / "certificate.pem")
        for hosts, tls in product(asked.hosts, [True, False] if asked.tls is None else [asked.tls]):
            title = f"{hosts} host(s), {'TLS' if tls else 'no TLS'}"
            rows = table(race(hosts, asked.posts, asked.rounds, content, asked.only, made if tls else None))
            print(f"{asked.posts} posts, {title}\n{shown(rows)}\n", flush=True)
            results[title] = rows
    asked.results.mkdir(exist_ok=True)
    target = asked.results / f"deliver-{machine['versions']['thisday']}.json"
    target.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
