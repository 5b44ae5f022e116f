"""A platform that behaves: counts its posts, remembers keys if it is of that sort, and goes wrong when told to."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel

from bot.channels import Answer, Channel, Claim, Conversation, Doubt, Failure, Post, Receipt, Refused, Request, Scope, Wait
from bot.channels._answers import GONE
from bot.delivery.courier import Courier, Skip
from bot.delivery.ledger import Ledger
from bot.delivery.states import Delivery, NewDelivery
from bot.rendering.budget import Budget
from bot.rendering.markup import PLAIN, Markup
from bot.rendering.message import Message

R = TypeVar("R")
NOON = datetime(2026, 7, 20, 12, 0, tzinfo=UTC)
DAY = date(2026, 7, 20)
TOKEN = "fake-token-that-must-not-be-kept"


class Killed(BaseException):
    """The process is gone: nothing may catch this."""


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


Fault = Callable[[], None]


def raises(error: BaseException) -> Fault:
    def fault() -> None:
        raise error

    return fault


@dataclass
class Platform:
    """The outside witness. `before` and `after` hold one fault for each coming post or edit: before it counts, or after it.

    `revisions` has, for each id, every text that the post has had; `answers` the id that it was posted as an answer to.
    """

    keyed: bool = False
    posts: list[tuple[str, str]] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    revisions: dict[str, list[str]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    edits: int = 0
    before: deque[Fault | None] = field(default_factory=deque)
    after: deque[Fault | None] = field(default_factory=deque)
    asked: deque[Failure] = field(default_factory=deque)

    def answer(self, request: Request) -> dict[str, Any]:
        if request.method == "GET":
            if self.asked:
                raise self.asked.popleft()
            return self._read(request.url)
        _strike(self.before)
        content = json.loads(request.content)
        taken = self._take(**content) if request.method == "POST" else self._edit(**content)
        _strike(self.after)
        return {"id": taken}

    def _read(self, url: str) -> dict[str, Any]:
        if url.endswith("/limits"):
            return {"limit": 500}
        alike = [str(number) for number, (_, text) in enumerate(self.posts, start=1) if url == f"words/{text}"]
        return {"ids": alike} if url.startswith("words/") else {"id": self.known.get(url)}

    def _take(self, key: str, text: str, reply_to: str) -> str:
        if self.keyed and key in self.known:
            return self.known[key]
        self.posts.append((key, text))
        self.known[key] = number = str(len(self.posts))
        self.revisions[number], self.answers[number] = [text], reply_to
        return number

    def _edit(self, id: str, text: str) -> str:  # noqa: A002  # as the request calls it
        """As platforms do: the same text again is no new revision, and what is gone cannot be edited."""
        self.edits += 1
        if id not in self.revisions:
            return ""
        if self.revisions[id][-1] != text:
            self.revisions[id].append(text)
        return id


def _strike(faults: deque[Fault | None]) -> None:
    fault = faults.popleft() if faults else None
    if fault is not None:
        fault()


@dataclass
class FakeHttp:
    """Drives conversations as `_http` does: the claim comes last before a committing request leaves."""

    platform: Platform
    unclaimed: deque[Fault | None] = field(default_factory=deque)

    async def run(self, conversation: Conversation[R], claim: Claim, /) -> R:
        try:
            step = next(conversation)
            while True:
                step = conversation.send(await self._exchange(step, claim))
        except StopIteration as end:
            result: R = end.value
            return result

    async def _exchange(self, step: Request | Wait, claim: Claim) -> Answer:
        assert isinstance(step, Request)
        if step.commits:
            _strike(self.unclaimed)
            await claim()
        return Answer(200, {}, json.dumps(self.platform.answer(step)).encode(), NOON)


class Options(BaseModel):
    token: str = TOKEN


class Plain:
    """A channel like a webhook of Slack: no key, no reading back."""

    kind: ClassVar[str] = "plain"
    title: ClassVar[str] = "Plain"
    markup: ClassVar[Markup] = PLAIN
    doubt: ClassVar[Doubt] = Doubt()
    Options: ClassVar[type[BaseModel]] = Options
    example: ClassVar[Mapping[str, Any]] = {"token": "fake-token"}

    def __init__(self, options: Any = None) -> None:
        self.options = options or Options()

    @property
    def destination(self) -> str:
        return "fake.example#1a2b"

    def budget(self, facts: Mapping[str, Any]) -> Budget:
        return Budget(facts.get("limit", 100))

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:
        body = {"key": post.key, "text": post.message.text, "reply_to": post.reply_to.id if post.reply_to else ""}
        answer = yield self.request("POST", body)
        return Receipt(answer.json()["id"])

    def request(self, method: str, body: Mapping[str, Any]) -> Request:
        headers = {"Authorization": f"Bearer {self.options.token}"}
        return Request(method, "https://fake.example/posts", headers, json.dumps(body).encode(), commits=True)


class Keyed(Plain):
    """A channel like Mastodon's: the same key within an hour is the same post."""

    kind = "keyed"
    doubt = Doubt(repeat_within=timedelta(hours=1))


class Findable(Plain):
    """A channel like a bot of Slack: its posts can be read back."""

    kind = "findable"

    def find(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt | None]:
        answer = yield Request("GET", post.key)
        found = answer.json()["id"]
        return Receipt(found) if found else None


class Worded(Plain):
    """A channel like GoToSocial's: its posts can be read back, and nothing but their words tells them apart."""

    kind = "worded"
    doubt = Doubt(by_words=True)

    def find(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt | None]:
        answer = yield Request("GET", f"words/{post.message.text}")
        return next((each for each in map(Receipt, answer.json()["ids"]) if each not in post.others), None)


class Editable(Plain):
    """A channel like Telegram's: its posts can be edited, and nothing else is known of them."""

    kind = "editable"

    def edit(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:
        assert post.corrects is not None
        answer = yield self.request("PATCH", {"id": post.corrects.id, "text": post.message.text})
        if not answer.json()["id"]:
            raise Refused(Scope.MESSAGE, GONE)
        return Receipt(post.corrects.id)


class Learning(Plain):
    """A channel whose server sets its own limits."""

    kind = "learning"

    def learn(self) -> Conversation[dict[str, Any]]:
        answer = yield Request("GET", "https://fake.example/limits")
        learned: dict[str, Any] = answer.json()
        return learned


def message(text: str = "On this day") -> Message:
    return Message("20 July", text, text)


@dataclass
class Composer:
    """Gives the prepared messages and remembers what it was asked."""

    said: list[Message] | Skip = field(default_factory=lambda: [message()])
    asked: list[dict[str, Any]] = field(default_factory=list)
    fault: Fault | None = None

    def __call__(self, delivery: Delivery, facts: Mapping[str, Any], /) -> list[Message] | Skip:
        self.asked.append(dict(facts))
        if self.fault is not None:
            self.fault()
        return self.said


@dataclass
class World:
    """A ledger, a platform, a clock, and a courier between them."""

    ledger: Ledger
    platform: Platform = field(default_factory=Platform)
    clock: Clock = field(default_factory=Clock)
    compose: Composer = field(default_factory=Composer)
    http: FakeHttp = field(init=False)
    courier: Courier = field(init=False)

    def __post_init__(self) -> None:
        self.http = FakeHttp(self.platform)
        self.courier = Courier(self.ledger, self.http, self.compose, self.clock, lambda: 0.0)

    def opened(self, name: str = "general", *, run: str = "") -> Delivery:
        now = self.clock()
        self.ledger.open([NewDelivery(name, DAY, now, now + timedelta(hours=6), run)], {name: now})
        return next(each for each in self.ledger.due(now, 1000) if (each.subscription, each.run) == (name, run))

    async def live(self, channel: Channel, minutes: int, *, repeat: bool = False) -> None:
        """What the dispatcher does, minute after minute."""
        for _ in range(minutes):
            self.ledger.sweep(self.clock())
            for delivery in self.ledger.due(self.clock(), 100):
                await self.courier.deliver(delivery, channel)
            for delivery in self.ledger.doubtful(self.clock()):
                await self.courier.settle_doubt(delivery, channel, repeat=repeat)
            self.clock.move(minutes=1)
