"""How does the witness read requests and write answers? HTTP/1.1 by hand, so that it can be broken at every byte."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request, header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any = ""
    headers: Sequence[tuple[str, str]] = ()

    def encoded(self) -> bytes:
        content = (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()
        head = [f"HTTP/1.1 {self.status} Told", f"content-length: {len(content)}", *(f"{a}: {b}" for a, b in self.headers)]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + content


@dataclass
class Line:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    open: bool = field(default=True)

    async def head(self) -> Asked | None:
        """The next request as far as its headers; None when the other side has gone."""
        try:
            raw = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError):
            return None
        first, *rest = raw.decode("latin-1").strip().split("\r\n")
        method, target, _ = first.split(" ")
        parts = urlsplit(target)
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in rest)}
        return Asked(method, parts.path, dict(parse_qsl(parts.query)), headers)

    async def rest(self, asked: Asked) -> Asked:
        body = await self.reader.readexactly(int(asked.headers.get("content-length", "0")))
        return Asked(asked.method, asked.path, asked.query, asked.headers, body)

    async def send(self, content: bytes) -> None:
        self.writer.write(content)
        await self.writer.drain()

    def reset(self) -> None:
        """Closes with RST instead of FIN."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.writer.close()
        self.open = False


def ask(port: int, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """Asks the witness itself; a POST if there is a body. Blocking, a connection for each question."""
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\ncontent-length: {len(content)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(head.encode() + content)
        with line.makefile("rb") as answer:
            answer.readline()
            headers = dict(each.decode().strip().split(": ", 1) for each in iter(answer.readline, b"\r\n"))
            return json.loads(answer.read(int(headers["content-length"])))
