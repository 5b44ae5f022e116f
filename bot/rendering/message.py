"""What is a message? An edition in words for one kind of channel, within its budget.

It is stored with the first attempt of a delivery, so that every later attempt sends the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class Image:
    """A picture by address, with its alternative text and the name of who made it."""

    url: str
    alt: str
    credit: str


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
    plain["image"] = Image(**plain["image"]) if plain["image"] else None
    return Message(**plain)
