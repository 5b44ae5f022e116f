"""How is a conversation held in a test? Answers in, requests out, no network."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from bot.channels import Answer, Conversation, Post, Request, Wait
from bot.rendering.cards import Card, Progress
from bot.rendering.message import Image, Message

NOW = datetime(2026, 7, 20, 6, 0, 5, tzinfo=UTC)
FIRST = datetime(2026, 7, 20, 6, 0, tzinfo=UTC)
CARD = Card("Day 20 of 444", "The crisis", "23 November 1979", "A warning", progress=Progress(20, 444, "1979", "1981"))
DRAWN = Image("", CARD.alt, "", CARD)
KEY = "0123456789abcdef0123456789abcdef"


def said(body: Any = "", status: int = 200, **headers: str) -> Answer:
    content = body if isinstance(body, str) else json.dumps(body)
    return Answer(status, {name: (value,) for name, value in headers.items()}, content.encode(), NOW)


def held(conversation: Conversation[Any], *answers: Answer) -> tuple[Any, list[Request | Wait]]:
    """What a conversation comes to, and its steps. A failure is raised as it is."""
    steps: list[Request | Wait] = []
    left = list(answers)
    try:
        step = next(conversation)
        while True:
            steps.append(step)
            step = next(conversation) if isinstance(step, Wait) else conversation.send(left.pop(0))
    except StopIteration as end:
        assert not left, "not every answer was asked for"
        return end.value, steps


def asked(conversation: Conversation[Any]) -> Request:
    """The first request."""
    step = next(conversation)
    assert isinstance(step, Request)
    return step


def post(text: str = "Apollo 11 lands.", title: str = "On this day", **more: Any) -> Post:
    """A post; what is no part of a `Message` is the post's own."""
    parts = {each.name for each in fields(Message)}
    message = {"title": title, "text": text, "plain": text, **{name: more.pop(name) for name in parts & set(more)}}
    return Post(**{"message": Message(**message), "key": KEY, "slot": "2026-07-20", "now": NOW, **more})
