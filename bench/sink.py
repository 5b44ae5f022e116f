"""A server that takes every post at once: so many ports on loopback, in a process of its own, until SIGTERM.

`python bench/sink.py PORTS [FILE]` prints the ports as JSON. With a file of a certificate and its key, they speak TLS.
"""

from __future__ import annotations

import asyncio
import json
import signal
import ssl
import sys

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok"
_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Sink(asyncio.Protocol):
    """One connection: whole requests are answered in their order, whatever pieces they come in."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.read = transport, b""

    def data_received(self, data: bytes) -> None:
        self.read += data
        while (size := _size(self.read)) is not None and len(self.read) >= size:
            self.read = self.read[size:]
            self.transport.write(ANSWER)


def _size(read: bytes) -> int | None:
    """Of the first request, head and body; None as long as its head is not complete."""
    end = read.find(_END)
    if end < 0:
        return None
    head = read[:end].lower()
    at = head.find(_LENGTH)
    length = int(head[at + len(_LENGTH) :].split(b"\r", 1)[0]) if at >= 0 else 0
    return end + len(_END) + length


def tls(certificate: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def main(ports: int, context: ssl.SSLContext | None) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    servers = [await loop.create_server(Sink, "127.0.0.1", 0, backlog=1024, ssl=context) for _ in range(ports)]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), tls(sys.argv[2]) if sys.argv[2:] else None))
