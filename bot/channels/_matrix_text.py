"""What does an event of Matrix hold? A message as plain text and as HTML, a picture, its place in a thread.

https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.channels import Receipt
from bot.channels._addresses import compact
from bot.channels._pictures import Picture, described
from bot.rendering.budget import UNLIMITED, Budget, Unit
from bot.rendering.markup import Markup
from bot.rendering.message import Image, Message

EVENT = 60_000  # bytes, of the 65,536 that an event may have with what servers add
ENVELOPE = 2_000  # of an event's content beside its two texts
_EVENT_ID = re.compile(r"\$[^\s|]+")


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A picture that the server has, and what it is called there."""

    uri: str
    picture: Picture
    image: Image


def escape(text: str) -> str:
    return html.escape(text, quote=False)


def strong(text: str) -> str:
    return f"<strong>{text}</strong>" if text.strip() else text


def link(url: str, label: str) -> str:
    """Only to the web: a link to matrix.to or matrix: would be shown as a person or a room."""
    shown = escape(label if label.strip() else url)
    plain = re.match(r"https?://(?!matrix\.to/)", url, re.IGNORECASE)
    return f'<a href="{html.escape(url)}">{shown}</a>' if plain else shown


def formatted(text: str) -> str:
    return text.replace("\n", "<br/>")


def size(text: str) -> int:
    """The bytes that a text takes in an event: once with markup and once without, where it is never longer."""
    return 2 * len(compact(formatted(text)))


HTML = Markup("Matrix HTML", escape, strong, link)
BUDGET = Budget(EVENT - ENVELOPE, Unit.UTF8_BYTES, size)


def content(message: Message, picture: Uploaded | None, reply_to: Receipt | None) -> dict[str, Any]:
    """The content of the event. `m.mentions` is always there and empty: else old servers look for names in the text."""
    plain = message.plain.strip() or message.title
    text = message.text.strip() or escape(plain)
    if picture is not None:
        plain = described(plain, picture.image, str, UNLIMITED) or plain
        text = described(text, picture.image, escape, UNLIMITED) or text
    whole = {
        "msgtype": "m.notice",
        "body": plain,
        "format": "org.matrix.custom.html",
        "formatted_body": formatted(text),
        "m.mentions": {},
        **(_shown(picture) if picture else {}),
        **_placed(reply_to),
    }
    return whole if len(compact(whole)) <= EVENT else without_markup(whole)


def replacement(whole: Mapping[str, Any], receipt: str) -> dict[str, Any]:
    """The event that puts other content in the place of an earlier event; for old programs it has a text of its own."""
    edited = {
        "msgtype": "m.notice",
        "body": f"* {whole['body']}",
        "m.mentions": {},
        "m.new_content": dict(whole),
        "m.relates_to": {"rel_type": "m.replace", "event_id": receipt.partition("|")[0]},
    }
    if len(compact(edited)) > EVENT:
        edited["m.new_content"] = without_markup(whole)
    return edited if len(compact(edited)) <= EVENT else {**edited, "body": "* …"}


def without_markup(whole: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in whole.items() if name not in {"format", "formatted_body"}}


def _shown(uploaded: Uploaded) -> dict[str, Any]:
    picture = uploaded.picture
    info = {"w": picture.width, "h": picture.height, "mimetype": picture.media_type, "size": len(picture.data)}
    return {"msgtype": "m.image", "url": uploaded.uri, "filename": picture.name, "info": info}


def _placed(reply_to: Receipt | None) -> dict[str, Any]:
    """In the thread of the post before. https://spec.matrix.org/latest/client-server-api/#threading"""
    event, _, root = reply_to.id.partition("|") if reply_to else ("", "", "")
    if not _EVENT_ID.fullmatch(event):
        return {}
    thread = {"rel_type": "m.thread", "event_id": root or event, "is_falling_back": True}
    return {"m.relates_to": {**thread, "m.in_reply_to": {"event_id": event}}}


def event_and_root(event: str, whole: Mapping[str, Any]) -> str:
    """What a receipt keeps: the event and, where it stands in a thread, the event that the thread began with."""
    relation = whole.get("m.relates_to")
    root = relation.get("event_id") if isinstance(relation, dict) and relation.get("rel_type") == "m.thread" else None
    return f"{event}|{root}" if root else event
