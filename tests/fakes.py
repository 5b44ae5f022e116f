"""What does a server do that behaves, and one that does not? A platform on loopback, written by hand, byte by byte.

It counts what it took in before it goes wrong, so that a test can ask the outside witness how often something was posted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Taken:
    """A request as it came in: header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Line:
    """One connection, as a behaviour sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    platform: FakePlatform
    ahead: bytes = b""
    open: bool = True

    async def send(self, content: bytes) -> None:
        self.writer.write(content)
        await self.writer.drain()

    def reset(self) -> None:
        """Closes with RST instead of FIN."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.close()
        self.open = False


Behaviour = Callable[[Line], Awaitable[None]]


def answering(status: int = 200, body: bytes | str | Any = b"ok", headers: list[tuple[str, str]] | None = None) -> Behaviour:
    """Takes the request in and answers."""

    async def behave(line: Line) -> None:
        await line.platform.take(line)
        await line.send(_answer(status, body, headers or []))

    return behave


def after(seconds: float, then: Behaviour) -> Behaviour:
    """Takes nothing in for a while, then behaves."""

    async def behave(line: Line) -> None:
        await asyncio.sleep(seconds)
        await then(line)

    return behave


async def resets_in_headers(line: Line) -> None:
    """Resets the connection at the first byte."""
    line.reset()


async def resets_after_request(line: Line) -> None:
    await line.platform.take(line)
    line.reset()


async def closes_after_request(line: Line) -> None:
    """Takes the request in and hangs up: posted, but the answer is lost."""
    await line.platform.take(line)
    line.writer.close()
    line.open = False


async def half_an_answer(line: Line) -> None:
    await line.platform.take(line)
    await line.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" + b"x" * 40)
    line.writer.close()
    line.open = False


async def no_http(line: Line) -> None:
    await line.platform.take(line)
    await line.send(b"SSH-2.0-fake\r\n\r\n")


async def never_answers(line: Line) -> None:
    await line.platform.take(line)
    await asyncio.sleep(60)


async def drips(line: Line) -> None:
    """One byte now and then: each read succeeds, the answer never ends."""
    await line.platform.take(line)
    await line.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    while True:
        await line.send(b"x")
        await asyncio.sleep(0.02)


async def never_ends(line: Line) -> None:
    await line.platform.take(line)
    await line.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    while True:
        await line.send(chunk)


def _answer(status: int, body: Any, headers: list[tuple[str, str]]) -> bytes:
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Told", f"content-length: {len(content)}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class FakePlatform:
    """Answers each request by the next behaviour of its script, and by the last one for ever."""

    def __init__(self, *script: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.script = deque(script or (answering(),))
        self.taken: list[Taken] = []
        self.connections = 0
        self.bytes_in = 0
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def posts(self) -> int:
        """How often something was posted, whatever became of the answer."""
        return sum(each.method == "POST" for each in self.taken)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        self.connections += 1
        try:
            await self._serve(Line(reader, writer, self))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side has gone, or the test is over
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, line: Line) -> None:
        while line.open and (first := await line.reader.read(1)):
            self.bytes_in += 1
            line.ahead = first
            behave = self.script[0] if len(self.script) == 1 else self.script.popleft()
            await behave(line)

    async def take(self, line: Line) -> Taken:
        """Reads one whole request and counts it."""
        head = line.ahead + await line.reader.readuntil(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in rest)}
        body = await line.reader.readexactly(int(headers.get("content-length", "0")))
        taken = Taken(method, path, headers, body)
        self.taken.append(taken)
        return taken
