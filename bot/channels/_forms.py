"""How does a form with a file look on the wire? multipart/form-data (RFC 7578), the same bytes for the same form."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form; a file, where it has a name of a file. Names are our own and need no escape."""

    name: str
    data: bytes = field(repr=False)
    media_type: str = ""
    filename: str = ""


def multipart(parts: Sequence[Part]) -> tuple[str, bytes]:
    """The content type and the body. The boundary comes from the content, so equal forms are equal bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.data)
    boundary = digest.hexdigest()
    lines = [line for part in parts for line in _lines(boundary.encode(), part)]
    return f"multipart/form-data; boundary={boundary}", b"\r\n".join([*lines, b"--" + boundary.encode() + b"--\r\n"])


def _lines(boundary: bytes, part: Part) -> Iterator[bytes]:
    yield b"--" + boundary
    named = f'; filename="{part.filename}"' if part.filename else ""
    yield f'content-disposition: form-data; name="{part.name}"{named}'.encode()
    if part.media_type:
        yield f"content-type: {part.media_type}".encode()
    yield b""
    yield part.data
