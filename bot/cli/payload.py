"""Which request would publish a message? Shown without its secrets: host only, no authorization."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from bot.channels import Channel, Direct, Post, Request
from bot.rendering.message import Message

_SECRET_HEADERS = {"authorization", "webhook-signature", "webhook-timestamp"}


def payload(channel: Channel, message: Message, day: date) -> dict[str, Any]:
    """The first request of the conversation that posts `message`; for a channel without requests, its text."""
    if isinstance(channel, Direct):
        return {"text": message.text}
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    request = next(channel.post(Post(message, "preview", str(day), midnight), {}))
    assert isinstance(request, Request)
    return {"method": request.method, "host": urlsplit(request.url).hostname, **_headers(request), "body": _body(request)}


def _headers(request: Request) -> dict[str, Any]:
    shown = {name: "…" if name.lower() in _SECRET_HEADERS else value for name, value in request.headers.items()}
    return {"headers": shown}


def _body(request: Request) -> Any:
    try:
        return json.loads(request.content)
    except ValueError:
        return request.content.decode("utf-8", "replace")
