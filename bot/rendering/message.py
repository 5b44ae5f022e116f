"""What is a message? An edition in words for one kind of channel, within its budget.

It is stored with the first attempt of a delivery, so that every later attempt sends the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from bot.rendering.cards import Card, card_from


@dataclass(frozen=True, slots=True)
class Image:
    """A picture with its alternative text and the name of who made it: by its address, or a card that is to be drawn."""

    url: str
    alt: str
    credit: str
    card: Card | None = None

    @property
    def plain(self) -> dict[str, str]:
        """What a program is told that reads the message."""
        return {"url": self.url, "alt": self.alt, "credit": self.credit}


@dataclass(frozen=True)
class Message:
    """`text` is in the platform's markup and within its budget; `title` and `plain` are without markup.

    `data` is the edition as plain values, for receivers that are programs. `part` of `parts` numbers a thread.
    """

    title: str
    text: str
    plain: str
    language: str = "en"
    tone: str = "neutral"
    link: str = ""
    image: Image | None = None
    part: int = 1
    parts: int = 1
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """All of it that a reader may see, as one text: equal texts are the same post."""
        return replace(self, data={}).json

    @cached_property
    def json(self) -> str:
        """Compact and with sorted keys, so that equal messages are equal bytes."""
        # Without `asdict`, which copies all of `data`, value by value.
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values["image"] = asdict(self.image) if self.image else None
        return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def message_from(text: str) -> Message:
    """The message that is written as `json`."""
    plain = json.loads(text)
    plain["image"] = _image_from(plain["image"]) if plain["image"] else None
    return Message(**plain)


def _image_from(plain: dict[str, Any]) -> Image:
    """A message that was stored before there were cards says nothing of one."""
    kept = plain.get("card")
    return Image(**{**plain, "card": card_from(kept) if kept else None})
