"""What is a peer to a test? A channel to it, and its own word on what it has: text, picture, place in a thread."""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from bot.calendars.events import Picture, Source
from bot.channels import Channel, Continues, kind
from bot.rendering.compose import compose
from bot.rendering.message import Message
from tests.builders import edition_of, event, style_of

DAY = date(2026, 11, 4)
ALT = 'A blindfolded man & "his guards", drawn <by hand>'
# Letters that a platform could read as its own markup, as a mention or as a tag, and some that are hard to count.
HOSTILE = "Ends <b>bold</b> & *stars* _lines_ `ticks` [a](https://e.org) | ~x~ @everyone @room <!channel> <@U1> #tag 👩‍🚀🏳️‍🌈"
PERSIAN = "گروگان‌ها پس از ۴۴۴ روز آزاد شدند"  # Persian
HINDI = "बंधक रिहा हुए"
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Seen:
    """A post as the peer tells of it. `answers` is the id of the post that it stands below."""

    id: str
    text: str
    alt: str = ""
    picture: bytes = field(default=b"", repr=False)
    answers: str = ""
    mentions: tuple[str, ...] = ()  # whoever was called by it


@dataclass(frozen=True, slots=True)
class Peer:
    """A running server. `posts` asks it, oldest first; `id_of` is how a receipt's id is called there.

    `shows` says how text comes back that was posted: some peers keep it in their own markup.
    """

    channel: Channel
    posts: Callable[[], list[Seen]]
    id_of: Callable[[str], str] = str
    shows: Callable[[str], str] = str
    pictures: bool = False
    threads: bool = False
    checks: bool = True
    uploads: bool = True
    edits_pictures: bool = True


Start = Callable[[Path], AbstractContextManager[Peer]]


def channel(name: str, **options: Any) -> Channel:
    """A channel of ours, its options checked as those of a config are."""
    chosen = kind(name)
    assert chosen is not None
    return chosen(chosen.Options.model_validate(options))


def messages(channel: Channel, picture: str = "") -> list[Message]:
    """Two parts of a thread in a channel's own markup, through the shipped template; the first has a picture.

    No two calls give the same words: some platforms know a post again by them.
    """
    number = next(_NUMBERS)
    shown = Picture(ALT, "Ann Example", picture) if picture else None
    source = Source("A & B <history>", "Example Press", "https://example.org/a?b=1&c=2")
    text = f"{PERSIAN}. {HINDI}. {number}."
    first = event("first", date(1979, 11, 4), title=HOSTILE, text=text, picture=shown, sources=(source,))
    second = event("second", date(1981, 1, 20), title=f"The second part, {number}: {PERSIAN}")
    parts = [compose(edition_of(day, each), _style(channel)) for day, each in ((DAY, first), (date(2026, 1, 20), second))]
    return [replace(each, part=part, parts=len(parts)) for part, each in enumerate(parts, 1)]


def _style(channel: Channel) -> Any:
    continues = isinstance(channel, Continues) and channel.continues
    return replace(style_of(channel.budget({}), channel.markup, kind=channel.kind), continues=continues)


def png(width: int = 160, height: int = 90) -> bytes:
    """A small picture that any program can read: a gradient in grey."""
    rows = b"".join(b"\0" + bytes((x + y) % 256 for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@contextmanager
def gallery(picture: bytes) -> Iterator[str]:
    """The address of a picture on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "image/png")
            self.end_headers()
            self.wfile.write(picture)

        def log_message(self, *_: Any) -> None:  # silence
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/picture.png"
        finally:
            server.shutdown()
