"""How does a peer run? On a free port of loopback, until the test is over; it is ended by its process, never by a name."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 60.0  # seconds until a peer answers
_LEAVING = 15.0  # seconds that it has to end in order
_SAID = 3000
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class PeerError(AssertionError):
    """A peer that does not start, or ended while it was needed. Shows the end of what it said."""


@dataclass(slots=True)
class Program:
    """A running peer, and where it writes what it says."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-_SAID:]

    def until_it_answers(self, url: str) -> None:
        """Waits for any HTTP answer but a 5xx."""
        self._until(lambda: _answers(url), url)

    def until_it_listens(self, port: int) -> None:
        self._until(lambda: _listens(port), f"port {port}")

    def until_it_says(self, word: str) -> dict[str, Any]:
        """The JSON behind the first line that begins with a word."""
        self._until(lambda: _line(self.log, word) is not None, f"a line with {word}")
        found: dict[str, Any] = json.loads(_line(self.log, word) or "{}")
        return found

    def _until(self, ready: Any, what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not ready():
            if self.process.poll() is not None:
                raise PeerError(f"the peer ended while it was waited for {what}:\n{self.said()}")
            if time.monotonic() > end:
                raise PeerError(f"the peer gave no sign of {what} in {PATIENCE:.0f} seconds:\n{self.said()}")
            time.sleep(0.05)


@contextmanager
def started(command: Sequence[str | Path], folder: Path, more: Mapping[str, str] | None = None) -> Iterator[Program]:
    """A program that runs in `folder` until the block is left."""
    log = folder / "said.log"
    with log.open("ab") as said:
        process = subprocess.Popen(
            [str(each) for each in command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd=folder,
            env={**os.environ, **(more or {})},
        )
    try:
        yield Program(process, log)
    finally:
        process.terminate()
        try:
            process.wait(_LEAVING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def call(url: str, body: Any = None, token: str = "", method: str = "") -> Any:
    """What a peer answers to JSON, for preparing it and for reading back what it has. Raises HTTPError."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"content-type": "application/json"}, method=method or None)  # noqa: S310  # loopback
    if token:
        request.add_header("authorization", f"Bearer {token}")
    with _DIRECT.open(request, timeout=20) as answer:
        return json.loads(answer.read() or b"null")


def fetch(url: str, token: str = "") -> bytes:
    """The bytes behind an address of a peer."""
    request = urllib.request.Request(url, headers={"authorization": f"Bearer {token}"} if token else {})  # noqa: S310  # loopback
    with _DIRECT.open(request, timeout=20) as answer:
        content: bytes = answer.read()
        return content


def _answers(url: str) -> bool:
    try:
        fetch(url)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
    return True


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _line(log: Path, word: str) -> str | None:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    whole = (each for each in lines if each.startswith(f"{word} ") and each.endswith("\n"))
    return next((each.removeprefix(f"{word} ") for each in whole), None)
