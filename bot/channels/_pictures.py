"""What is a picture, for a platform that wants its bytes, its size, or words in its place?

A picture is fetched by its address, and a card drawn, before the post leaves. A post never fails for want of its picture.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.channels import Conversation, Failure, Request
from bot.errors import Mistake
from bot.rendering.budget import Budget
from bot.rendering.cards import Card
from bot.rendering.message import Image

WITHOUT = "posted without its picture"
STILL = "its picture is still the old one"
_TIMEOUT = 60.0
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_WORDS = 5  # of a description at least, or it says nothing
_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # the JPEG segments that tell width and height


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of a picture, what they are, and its size in pixels."""

    data: bytes = field(repr=False)
    media_type: str
    width: int
    height: int

    @property
    def name(self) -> str:
        return f"picture.{self.media_type.partition('/')[2].replace('jpeg', 'jpg')}"


def addressed(image: Image | None) -> Image | None:
    """The image, if it has an address on the web."""
    return image if image is not None and _ADDRESS.fullmatch(image.url) else None


def had(image: Image | None) -> Image | None:
    """The image, if its bytes can be had: it has an address on the web, or is a card."""
    return image if image is not None and image.card else addressed(image)


def fetched(image: Image, most: int) -> Conversation[Picture | None]:
    """The picture of a card or behind an address; None where it cannot be had, is no picture, or has over `most` bytes."""
    if image.card is not None:
        return _drawn(image.card, most)
    if addressed(image) is None:
        return None
    try:
        answer = yield Request("GET", image.url, {"accept": "image/*"}, timeout=_TIMEOUT)
    except Failure:
        return None
    return picture(answer.body) if answer.status == 200 and len(answer.body) <= most else None


def _drawn(card: Card, most: int) -> Picture | None:
    """None where it can no longer be drawn: the extra was taken away since the post was composed."""
    from bot.rendering.cards.drawing import drawn

    try:
        data = drawn(card)
    except Mistake:
        return None
    return picture(data) if len(data) <= most else None


def described(text: str, image: Image, escape: Callable[[str], str], budget: Budget) -> str | None:
    """The text and, behind it, the words for its picture, shortened to what the budget leaves; None if that is too little.

    For platforms that know no alternative text. The sign in front is read aloud as "framed picture" in any language.
    """
    spoken = words(image).split()
    if not spoken or image.card:  # the words of a card are those of its post
        return text
    for count in range(len(spoken), min(_WORDS, len(spoken)) - 1, -1):
        ending = " …" if count < len(spoken) else ""
        whole = f"{text}\n\n🖼 {escape(' '.join(spoken[:count]))}{ending}".strip()
        if budget.fits(whole):
            return whole
    return None


def words(image: Image) -> str:
    """What a picture says to those who do not see it, and who made it."""
    alt, credit = image.alt.strip(), image.credit.strip()
    return f"{alt} ({credit})" if alt and credit else alt or credit


def picture(data: bytes) -> Picture | None:
    """What a PNG, GIF, JPEG or WebP says about itself; None for anything else."""
    readers = ((b"\x89PNG\r\n\x1a\n", _png), (b"GIF8", _gif), (b"\xff\xd8", _jpeg), (b"RIFF", _webp))
    read = next((each for sign, each in readers if data.startswith(sign)), None)
    try:
        found = read(data) if read else None
    except (struct.error, IndexError):
        return None
    return found if found and found.width > 0 and found.height > 0 else None


def _png(data: bytes) -> Picture:
    return Picture(data, "image/png", *struct.unpack(">II", data[16:24]))


def _gif(data: bytes) -> Picture:
    return Picture(data, "image/gif", *struct.unpack("<HH", data[6:10]))


def _jpeg(data: bytes) -> Picture | None:
    """Goes from segment to segment until one tells the size."""
    at = 2
    while data[at] == 0xFF:
        kind, length = struct.unpack(">BH", data[at + 1 : at + 4])
        if kind in _SIZES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Picture(data, "image/jpeg", width, height)
        at += 2 + length
    return None


def _webp(data: bytes) -> Picture | None:
    """Its three forms keep the size in different places. https://developers.google.com/speed/webp/docs/riff_container"""
    match data[8:16]:
        case b"WEBPVP8 ":
            width, height = (size & 0x3FFF for size in struct.unpack("<HH", data[26:30]))
        case b"WEBPVP8L":
            (bits,) = struct.unpack("<I", data[21:25])
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"WEBPVP8X":
            width, height = (int.from_bytes(data[start : start + 3], "little") + 1 for start in (24, 27))
        case _:
            return None
    return Picture(data, "image/webp", width, height)
