"""What does the witness remember? Every post that became public, and how far each request for one has come."""

from __future__ import annotations

import asyncio
import html
import math
import re
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_EDITION = re.compile(r"edition=([A-Za-z0-9_./-]+)")


def edition_of(body: bytes) -> str:
    """The edition that a request would publish: our test messages name it, others count as one."""
    found = _EDITION.search(body.decode("utf-8", "replace"))
    return found[1] if found else "?"


@dataclass
class Published:
    """One post that readers can see; `edits` are the texts that it got since, each named as an edition of its own."""

    number: int
    edition: str
    text: str
    digest: str
    at: datetime
    edits: list[str] = field(default_factory=list)

    def edit(self, text: str) -> None:
        """The same text again changes nothing."""
        if text != self.text:
            self.text = text
            self.edits.append(edition_of(text.encode()))

    @property
    def status(self) -> dict[str, Any]:
        """As Mastodon shows it."""
        content = f"<p>{html.escape(self.text)}</p>"
        return {"id": str(self.number), "url": f"http://127.0.0.1/{self.number}", "content": content, **self._dated}

    @property
    def _dated(self) -> dict[str, Any]:
        return {"created_at": self.at.isoformat().replace("+00:00", "Z"), "visibility": "unlisted"}

    @property
    def ts(self) -> str:
        return f"{int(self.at.timestamp())}.{self.number % 1_000_000:06}"

    @property
    def message(self) -> dict[str, Any]:
        """As Slack shows it."""
        return {"ts": self.ts, "text": self.text, "metadata": {"event_payload": {"digest": self.digest}}}


@dataclass
class Stay:
    """One request on the wire, in seconds since 1970 by this machine's clock."""

    edition: str
    begun: float = field(default_factory=time.time)
    answered: float = math.inf


@dataclass
class Memory:
    """`requests` has, for each request for an edition, when its body was here and when its answer was all out."""

    posts: defaultdict[str, list[Published]] = field(default_factory=lambda: defaultdict(list))
    requests: list[Stay] = field(default_factory=list)
    keys: dict[tuple[str, str], tuple[datetime, Published]] = field(default_factory=dict)
    under_way: set[tuple[str, str]] = field(default_factory=set)
    followed: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    told: datetime | None = None
    clock: Callable[[], datetime] | None = None
    _number: int = 0

    def now(self) -> datetime:
        return self.told or (self.clock() if self.clock else datetime.now(UTC))

    def publish(self, place: str, body: bytes, text: str, digest: str = "") -> Published:
        self._number += 1
        post = Published(self._number, edition_of(body), text, digest, self.now())
        self.posts[place].append(post)
        return post

    def counts(self) -> dict[str, int]:
        """How often each edition was published, as a post or by an edit of one."""
        found: defaultdict[str, int] = defaultdict(int)
        for post in (post for each in self.posts.values() for post in each):
            for edition in (post.edition, *post.edits):
                found[edition] += 1
        return found

    def on_the_wire(self, at: float) -> list[str]:
        return [each.edition for each in self.requests if each.begun <= at < each.answered]
