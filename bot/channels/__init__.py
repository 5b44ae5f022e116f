"""Where does a message go, and what did the platform's answer mean?

A platform is a class in a file of its own. It says what to ask (a conversation that yields requests) and what the
answers meant; it never sends, waits or repeats. `_http` drives the conversations, `delivery` decides about retries.
Every outcome is a `Receipt` or one of four failures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, runtime_checkable

from bot.rendering.budget import Budget
from bot.rendering.markup import Markup
from bot.rendering.message import Message

if TYPE_CHECKING:
    from pydantic import BaseModel
    from typing_extensions import TypeIs

R = TypeVar("R")


class Scope(StrEnum):
    """How far a refusal reaches: this message, everything to this destination, everything of this account."""

    MESSAGE = "message"
    DESTINATION = "destination"
    ACCOUNT = "account"


class Failure(Exception):  # noqa: N818  # the world's answers are failures, not errors
    """The world's answer when it is not a receipt. `why` is in the reader's words and never holds a secret."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Refused(Failure):
    """A clear no. `lasting` is false where the owner can mend it and the next slot may be tried (no pause)."""

    def __init__(self, scope: Scope, why: str, *, lasting: bool = True) -> None:
        super().__init__(why)
        self.scope, self.lasting = scope, lasting


class Throttled(Failure):
    """A clear not-yet: nothing was posted; try again after `wait`, if the platform named one.

    `scope` says whose limit it is, if the answer told; else the `pace` of the kind does.
    """

    def __init__(self, why: str, wait: timedelta | None = None, scope: Scope | None = None) -> None:
        super().__init__(why)
        self.wait, self.scope = wait, scope


class Unavailable(Failure):
    """It never got there, or a clear and passing no: nothing was posted."""


class InDoubt(Failure):
    """It may have got there."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's own id and address of the post; empty where it only says "taken"."""

    id: str = ""
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """A post that is there: the id of its receipt, and the key and slot it was posted under."""

    id: str
    key: str
    slot: str


@dataclass(frozen=True, slots=True)
class Post:
    """One message to be posted. `key` is the same for every attempt of a delivery; `now` is the time of this attempt.

    `slot` names the day (and hand-made run) of the delivery. `first_tried` is when an earlier attempt may have got
    through, None if surely none did. `reply_to` is the receipt of the post that this one answers: the previous part of a
    thread, or what an erratum is about. `due` is the instant of the slot, the same for every attempt; None where there is
    no slot, as for a test. `corrects` is the post that is to be edited, or that an erratum corrects. `others` are posts of
    other deliveries that read the same, which `find` passes over.
    """

    message: Message
    key: str
    slot: str
    now: datetime
    first_tried: datetime | None = None
    reply_to: Receipt | None = None
    due: datetime | None = None
    corrects: Posted | None = None
    others: frozenset[Receipt] = frozenset()


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a conversation. `commits` marks the step that makes the post public."""

    method: str
    url: str = field(repr=False)  # a webhook address is a secret
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)
    commits: bool = False
    timeout: float = 20.0


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause inside a conversation: the platform is still at work on something that we gave it."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: header names in lower case, the values of repeated headers in order, and when it came."""

    status: int
    headers: Mapping[str, tuple[str, ...]]
    body: bytes
    at: datetime

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


Conversation = Generator[Request | Wait, Answer, R]
Claim = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Doubt:
    """What may be done about a post that may have got there.

    `repeat_within`: the same key repeats safely for so long after the first try (None: never). `quiet`: how long to
    wait before looking, longer than any request can still be under way. `by_words`: a post is looked for by its words, so
    that another one of the same words may be found; the id and address of a receipt then name one post in the world.
    """

    repeat_within: timedelta | None = None
    quiet: timedelta = timedelta(seconds=90)
    by_words: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many posts within so long."""

    most: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Pace:
    """How much a platform takes: for one destination, and for all that one account sends.

    `named` is what an answer speaks of that tells of a limit without saying whose.
    """

    destination: Rate | None = None
    account: Rate | None = None
    named: Scope = Scope.DESTINATION


@runtime_checkable
class Channel(Protocol):
    """A kind with credentials. The class attributes are facts of the platform; the reference page is made from them."""

    kind: ClassVar[str]
    title: ClassVar[str]
    markup: ClassVar[Markup]
    doubt: ClassVar[Doubt]
    Options: ClassVar[type[BaseModel]]
    example: ClassVar[Mapping[str, Any]]  # options with obviously made-up credentials, for previews and documents

    def __init__(self, options: Any) -> None: ...

    @property
    def destination(self) -> str:
        """Where posts appear, without any secret: host and a short hash, or a public name."""
        ...

    def budget(self, facts: Mapping[str, Any]) -> Budget:
        """How much a message may hold, by what `learn` found out (empty: the platform's defaults)."""
        ...

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:
        """The requests that publish a message, one of them marked as committing."""
        ...


@runtime_checkable
class Direct(Protocol):
    """A channel that is not spoken to by HTTP. It awaits `claim` just before the post can no longer be stopped."""

    async def deliver(self, post: Post, claim: Claim) -> Receipt: ...


@runtime_checkable
class Drafts(Protocol):
    """A platform that is asked for something before the post; the request that publishes can be shown without."""

    def draft(self, post: Post) -> Request: ...


@runtime_checkable
class Paced(Protocol):
    """A platform whose limits are known before they are hit."""

    pace: ClassVar[Pace]

    @property
    def account(self) -> str:
        """What shares the limit of an account, without any secret: often host and a short hash of the token."""
        ...


@runtime_checkable
class Continues(Protocol):
    """A platform with little room, where posts answer each other: a text may be a post of its own, under its title."""

    continues: ClassVar[bool]


@runtime_checkable
class Uploads(Protocol):
    """A platform that takes the bytes of a picture with a post."""

    def beside_picture(self, facts: Mapping[str, Any]) -> Budget:
        """How much a message may hold that has a picture of its own."""
        ...


@runtime_checkable
class Learns(Protocol):
    """A platform whose limits each server sets for itself."""

    def learn(self) -> Conversation[dict[str, Any]]:
        """Asks the server for its limits; plain values, kept for a week."""
        ...


@runtime_checkable
class Finds(Protocol):
    """A platform that can be asked whether a post got there."""

    def find(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt | None]:
        """The receipt of the post, None if it surely is not there; else a failure is raised.

        Where several may be meant (`Doubt.by_words`), the oldest since the first try that is none of `post.others`.
        """
        ...


@runtime_checkable
class Edits(Protocol):
    """A platform where a post can be changed in place. The same edit twice is one, so that it may always be repeated."""

    def edit(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:
        """The requests that give the post `post.corrects` the message of `post`, one of them marked as committing."""
        ...


@runtime_checkable
class Rewrites(Protocol):
    """As `Edits`, for a channel that is not spoken to by HTTP."""

    async def rewrite(self, post: Post, claim: Claim) -> Receipt: ...


@runtime_checkable
class Checks(Protocol):
    """A platform where credentials can be tried without posting."""

    def check(self) -> Conversation[str]:
        """Says in a few words whom the credential belongs to."""
        ...


@runtime_checkable
class Addressed(Protocol):
    """A kind that people name by pasting an address."""

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:
        """The options in an address, None if it is not of this kind. `named`: the person said that it is."""
        ...


A = TypeVar("A")
_offered: dict[tuple[type, type], bool] = {}


def offers(channel: object, ability: type[A]) -> TypeIs[A]:
    """`isinstance` for the protocols above, asked once for each class: a protocol takes its time to look."""
    key = (type(channel), ability)
    if key not in _offered:
        _offered[key] = isinstance(channel, ability)
    return _offered[key]


# The list of platforms. A kind is imported when it is first used.
BUILT_IN = {
    "apprise": "bot.channels.apprise:Apprise",
    "bluesky": "bot.channels.bluesky:Bluesky",
    "console": "bot.channels.console:Console",
    "discord": "bot.channels.discord:Discord",
    "email": "bot.channels.email:Email",
    "file": "bot.channels.file:File",
    "googlechat": "bot.channels.googlechat:Googlechat",
    "mastodon": "bot.channels.mastodon:Mastodon",
    "mattermost": "bot.channels.mattermost:Mattermost",
    "matrix": "bot.channels.matrix:Matrix",
    "ntfy": "bot.channels.ntfy:Ntfy",
    "rocketchat": "bot.channels.rocketchat:Rocketchat",
    "slack": "bot.channels.slack:Slack",
    "teams": "bot.channels.teams:Teams",
    "telegram": "bot.channels.telegram:Telegram",
    "webhook": "bot.channels.webhook:Webhook",
    "zulip": "bot.channels.zulip:Zulip",
}
ENTRY_POINTS = "bot.channels"


def key_for(destination: str, slot: str, part: int) -> str:
    """The key of a post: the same for every attempt, and nothing of its words, so that a corrected text cannot double it."""
    return hashlib.sha256(f"{destination}|{slot}|{part}".encode()).hexdigest()[:32]


def kinds() -> dict[str, type[Channel]]:
    """All kinds by name: ours, and those that installed packages declare in the entry-point group `bot.channels`."""
    found = {each.name: each.load for each in entry_points(group=ENTRY_POINTS)}
    built_in = {name: _loader(target) for name, target in BUILT_IN.items()}
    return {name: load() for name, load in {**found, **built_in}.items()}


def kind(name: str) -> type[Channel] | None:
    """One kind by name, importing no other; None if there is none."""
    if name in BUILT_IN:
        return _loader(BUILT_IN[name])()
    found = next(iter(entry_points(group=ENTRY_POINTS, name=name)), None)
    return found.load() if found else None


def _loader(target: str) -> Callable[[], type[Channel]]:
    module, _, name = target.partition(":")
    return lambda: getattr(import_module(module), name)
