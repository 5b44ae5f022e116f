"""Which record is a post on Bluesky, under which key, and what does its receipt keep?

The key comes from the slot and the delivery, so that a repeat meets the post that is there.
https://atproto.com/specs/tid
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels import Post, Receipt
from bot.channels._answers import dotted
from bot.channels._bluesky_text import rich
from bot.channels._pictures import Picture, words
from bot.rendering.message import Image

COLLECTION = "app.bsky.feed.post"
_SIGNS = "234567abcdefghijklmnopqrstuvwxyz"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LANGUAGE = re.compile(r"(?:i|[a-z]{2,3})(?:-[A-Za-z0-9]+)*")
_POST = re.compile(r"at://(?P<did>did:[a-z]+:[A-Za-z0-9._:%-]+)/[a-zA-Z0-9.]+/(?P<rkey>[A-Za-z0-9._:~-]{1,512})")


@dataclass(frozen=True, slots=True)
class Blob:
    """A picture that the server has: `reference` goes into the record as it came."""

    reference: Any
    picture: Picture
    image: Image


def tid(micros: int, clock: int) -> str:
    """Thirteen signs that sort by time: microseconds since 1970, and ten bits more."""
    number = micros << 10 | clock
    return "".join(_SIGNS[number >> shift & 31] for shift in range(60, -1, -5))


def rkey(post: Post) -> str:
    """The same for every attempt. Thirty bits of the delivery's key keep two posts of one second apart."""
    drawn = int.from_bytes(hashlib.sha256(post.key.encode()).digest()[:8], "big")
    second = int(_slot(post).timestamp())
    return tid(second * 1_000_000 + drawn // 1024 % 1_000_000, drawn % 1024)


def _slot(post: Post) -> datetime:
    """The instant of the slot, or midnight of its day; a post without either is of now."""
    if post.due is not None:
        return post.due
    found = _DAY.match(post.slot)
    return datetime.fromisoformat(found[0]).replace(tzinfo=UTC) if found else post.now


def record(post: Post, blob: Blob | None) -> dict[str, Any]:
    """The parts of a thread are a millisecond apart, so that they sort."""
    message = post.message
    shown = rich(message.text.strip() or message.title)
    created = _slot(post).astimezone(UTC) + timedelta(milliseconds=message.part - 1)
    whole: dict[str, Any] = {
        "$type": COLLECTION,
        "text": shown.text,
        "createdAt": f"{created:%Y-%m-%dT%H:%M:%S}.{created.microsecond // 1000:03d}Z",
        "langs": [message.language if _LANGUAGE.fullmatch(message.language) else "en"],
    }
    reply = reply_in(post.reply_to.id if post.reply_to else "")
    more = {"facets": shown.facets, "reply": reply, "embed": _embed(blob) if blob else None}
    return {**whole, **{name: value for name, value in more.items() if value}}


def _embed(blob: Blob) -> dict[str, Any]:
    size = {"width": blob.picture.width, "height": blob.picture.height}
    shown = {"alt": words(blob.image), "aspectRatio": size, "image": blob.reference}
    return {"$type": "app.bsky.embed.images", "images": [shown]}


def reply_in(kept: str) -> dict[str, Any] | None:
    """Where a post goes that answers the one of a receipt; None where the receipt does not say."""
    uri, _, rest = kept.partition("|")
    cid, _, root = rest.partition("|")
    root_uri, _, root_cid = root.partition("|")
    if not _POST.fullmatch(uri) or not cid:
        return None
    parent = {"uri": uri, "cid": cid}
    return {"root": {"uri": root_uri, "cid": root_cid} if root_cid else parent, "parent": parent}


def receipt(uri: str, cid: str, whole: Mapping[str, Any], note: str = "") -> Receipt:
    """Its id keeps what an answer to the post needs: its own address and content, and those of the thread's root."""
    root = dotted(whole.get("reply"), "root") or {}
    parts = [uri, cid, *(str(root.get(name, "")) for name in ("uri", "cid") if root)]
    return Receipt("|".join(parts), web_url(uri), note)


def web_url(uri: str) -> str:
    found = _POST.fullmatch(uri)
    return f"https://bsky.app/profile/{found['did']}/post/{found['rkey']}" if found else ""
