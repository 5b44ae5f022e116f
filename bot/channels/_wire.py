"""What must whoever carries requests do? Say when one leaves, send it once, and go to no address that is not public."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import httpx

from bot import __version__
from bot.channels import Request

CONNECT = 5.0  # seconds, for the connection and again for TLS
POOL = 30.0  # seconds that a request may wait for its turn
IDLE = 5.0  # seconds that an unused connection stays open
MOST_BYTES = 1 << 20  # of an answer's body
FIXED_HEADERS = {
    "user-agent": f"thisday/{__version__} (+https://example.org/thisday)",
    "accept": "*/*",
    "accept-encoding": "identity",
}
Leaving = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. The names of its headers are in small letters."""

    status: int
    headers: dict[str, tuple[str, ...]]
    body: bytes


class Wire(Protocol):
    """HTTP/1.1 without proxies, redirects, cookies or retries. Entered once; what goes wrong is raised as httpx names it."""

    async def send(self, request: Request, leaving: Leaving) -> Reply:
        """Awaits `leaving` once, right before the first byte. If that raises, nothing is sent, and its error passes."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...


def gathered(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, tuple[str, ...]]:
    """Headers by name, with all the values of each. Bytes beyond ASCII are read as Latin-1 (RFC 9110, 5.5)."""
    found: dict[str, tuple[str, ...]] = {}
    for raw, value in headers:
        name = raw.decode("latin-1").lower()
        found[name] = (*found.get(name, ()), value.decode("latin-1"))
    return found


def endless() -> httpx.ReadError:
    """An answer of more than `MOST_BYTES`."""
    return httpx.ReadError("the answer has no end")
