"""Which request would publish a message? Shown without its secrets: host only, no authorization."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from bot.channels import Channel, Direct, Drafts, Post, Request
from bot.rendering.message import Message

_SECRET_HEADERS = {"authorization", "webhook-signature", "webhook-timestamp"}


def payload(channel: Channel, message: Message, day: date, secrets: Iterable[str] = ()) -> dict[str, Any]:
    """The request that posts `message`; for a channel without requests, its text.

    It is the first of its conversation, or, where others come before it, what the channel drafts without an answer to them.
    """
    if isinstance(channel, Direct):
        return {"text": message.text}
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    post = Post(message, "preview", str(day), midnight)
    request = channel.draft(post) if isinstance(channel, Drafts) else next(channel.post(post, {}))
    assert isinstance(request, Request)
    return {
        "method": request.method,
        "host": urlsplit(request.url).hostname,
        **_headers(request),
        "body": _body(request, secrets),
    }


def _headers(request: Request) -> dict[str, Any]:
    shown = {name: "…" if name.lower() in _SECRET_HEADERS else value for name, value in request.headers.items()}
    return {"headers": shown}


def _body(request: Request, secrets: Iterable[str]) -> Any:
    text = request.content.decode("utf-8", "replace")
    for secret in secrets:
        text = text.replace(secret, "…")
    try:
        return json.loads(text)
    except ValueError:
        return text
