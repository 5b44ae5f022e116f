"""How does a test hold its witness and its processes? Started fresh, asked over the wire, ended by their ids."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.witness.pace import SPEED, Pace
from tests.witness.server import Ports, serve
from tests.witness.wire import ask

SEED = int(os.environ.get("THISDAY_SEED") or random.SystemRandom().randrange(1_000_000))

# Every process comes out of one that has imported everything and done nothing: a start takes milliseconds.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.witness.life"])


def started(target: Callable[..., None], *arguments: object) -> BaseProcess:
    process = PROCESSES.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


def ended(process: BaseProcess) -> None:
    """Ends a process that we started, if it has not ended."""
    process.kill()
    process.join()
    process.close()


@dataclass
class Outside:
    """The witness as a test sees it."""

    folder: Path
    seed: int
    pace: Pace

    def __enter__(self) -> Self:
        ours, theirs = PROCESSES.Pipe()
        self._process = started(serve, self.seed, self.pace, certificate(self.folder), theirs)
        self.ports: Ports = ours.recv()
        ours.close()
        theirs.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        ended(self._process)

    def counts(self) -> dict[str, int]:
        """How often each edition was published."""
        found: dict[str, int] = self._ask("counts")
        return found

    def on_the_wire(self, at: float | None = None) -> list[str]:
        """The editions whose request is here, and whose answer is not all out, now or at a moment."""
        found: list[str] = self._ask("wire" if at is None else f"wire?at={at}")
        return found

    def followed(self) -> int:
        """How many requests came to addresses that only a redirect knows."""
        found: int = self._ask("followed")
        return found

    def listen(self) -> None:
        """From now on the refusing port takes connections."""
        self._ask("listen", {})

    def release(self) -> None:
        """Answers that were kept back go out, now and later."""
        self._ask("release", {})

    def forget(self) -> None:
        self._ask("forget", {})

    def clock(self, at: dt.datetime) -> None:
        """The time by a clock that the test moves."""
        self._ask("clock", {"at": at.isoformat()})

    def _ask(self, what: str, body: dict[str, Any] | None = None) -> Any:
        return ask(self.ports.plain, f"/control/{what}", body)


def outside(folder: Path, seed: int, speed: float = SPEED) -> Outside:
    return Outside(folder, seed, Pace(speed))


def certificate(folder: Path) -> Path:
    """A certificate for this machine that nobody vouches for, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "witness.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
