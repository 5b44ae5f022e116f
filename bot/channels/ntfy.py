"""What does ntfy want to be asked, and what do its answers mean?

A topic is all the secret there is on an open server, so it is treated as one. Since ntfy 2.16, a notification with the
same `sequence_id` replaces the one before on the phone. https://docs.ntfy.sh/publish/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from pydantic import Field, SecretStr, field_validator

from bot.channels import Answer, Conversation, Doubt, Failure, Pace, Post, Rate, Receipt, Request, Scope
from bot.channels._addresses import checked_address, checked_token, compact, known_by
from bot.channels._answers import SUCCESSES, Reaction, Rule, classify, dotted, failure
from bot.channels._pictures import WITHOUT, addressed, described
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import Budget, Unit, cut
from bot.rendering.markup import PLAIN, Markup
from bot.rendering.message import Message

OPEN_SERVER = "https://ntfy.sh"
BUDGET = Budget(4095, Unit.UTF8_BYTES)  # the documents say 4096, but from there on servers make a file of the text
TITLE = 250
EARLIER = timedelta(minutes=5)  # how far the server's clock may be behind ours
PRIORITIES = {"min": 1, "low": 2, "default": 3, "high": 4, "max": 5, "urgent": 5}
_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
_HTTPS = re.compile(r"https://\S+")
_JSON = {"content-type": "application/json"}
_ERROR_SHOWN = 200


class NtfyOptions(Strict):
    server: str = Field(default=OPEN_SERVER, description="the server's address")
    topic: SecretStr = Field(description="the topic; whoever knows it can read it, so make it long and random")
    token: SecretStr | None = Field(default=None, description="an access token (tk_…), for a protected topic")
    priority: int | str = Field(default=3, description="1 to 5, or min, low, default, high, max")
    tags: tuple[str, ...] = Field(default=("calendar",), description="tags; names of emoji are shown as such")

    @field_validator("server")
    @classmethod
    def _server(cls, value: str) -> str:
        checked_address(value, "server", bare=True)
        return value.rstrip("/")

    @field_validator("topic")
    @classmethod
    def _topic(cls, value: SecretStr) -> SecretStr:
        if not _TOPIC.fullmatch(value.get_secret_value()):
            raise mistake("this is not the name of a topic", "use 1 to 64 letters, digits, - and _")
        return value

    @field_validator("token")
    @classmethod
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            checked_token(value.get_secret_value(), "token")
        return value

    @field_validator("priority")
    @classmethod
    def _priority(cls, value: int | str) -> int:
        found = PRIORITIES.get(value) if isinstance(value, str) else value
        if found is None or not 1 <= found <= 5:
            raise mistake(f"{value!r} is not a priority", "write 1 to 5, or min, low, default, high or max")
        return found

    @field_validator("tags")
    @classmethod
    def _tags(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > 10 or any(not each.strip() or "," in each for each in value):
            raise mistake("these are not tags", "write at most ten, each without a comma")
        return value


RULES = (
    Rule("ok", Reaction.SUCCESS, http=200, json={"event": "message"}),
    Rule("topic", Reaction.DISABLE_DESTINATION, json={"code": (40009, 40010)}, says="choose another topic"),
    Rule("attach", Reaction.DEGRADE, json={"code": (40013, 40014, 40015, 41301)}),
    Rule("icon", Reaction.DEGRADE, json={"code": 40021}),
    Rule("bad", Reaction.FAIL_MESSAGE, http=400),
    Rule("unauthorized", Reaction.DISABLE_ACCOUNT, http=401, says="make a new access token"),
    Rule("forbidden", Reaction.DISABLE_DESTINATION, http=403, says="give a token that may write to it"),
    Rule("json-too-large", Reaction.SPLIT, http=413, json={"code": 41303}),
    Rule("daily-quota", Reaction.OWNER_ACTION, http=429, json={"code": (42908, 42905)}, says="the day's quota is used up"),
    Rule(
        "auth-failures",
        Reaction.OWNER_ACTION,
        http=429,
        json={"code": 42909},
        says="too many wrong tokens",
    ),
    Rule("rate", Reaction.RETRY_BACKOFF, http=429),
    Rule("storage", Reaction.OWNER_ACTION, http=507, says="the server's disk is full"),
    Rule("server", Reaction.RETRY_BACKOFF, http="5xx"),
)


class Ntfy:
    """One topic on one server."""

    kind: ClassVar[str] = "ntfy"
    title: ClassVar[str] = "ntfy"
    markup: ClassVar[Markup] = PLAIN
    doubt: ClassVar[Doubt] = Doubt(by_words=True)
    # 60 at once and one more every 5 seconds, for all that one computer sends.
    pace: ClassVar[Pace] = Pace(account=Rate(60, timedelta(minutes=5)), named=Scope.ACCOUNT)
    Options: ClassVar[type[NtfyOptions]] = NtfyOptions
    example: ClassVar[Mapping[str, Any]] = {"topic": "made-up-topic-x7Qp2wL9"}

    def __init__(self, options: NtfyOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:
        """`ntfy://[TOKEN@]server/topic`, or `https://ntfy.sh/topic`; with `--kind ntfy`, any server's topic."""
        scheme, _, rest = address.partition("://")
        token, _, place = rest.rpartition("@")
        server, _, topic = place.partition("/")
        ours = scheme == "ntfy" or (scheme == "https" and (named or server == "ntfy.sh"))
        if not ours or not server or not topic.strip("/"):
            return None
        return {"server": f"https://{server}", "topic": topic.strip("/"), **({"token": token} if token else {})}

    @property
    def account(self) -> str:
        return self._host

    @cached_property
    def destination(self) -> str:
        return known_by(self._host, self._topic)

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # the same everywhere
        return BUDGET

    def check(self) -> Conversation[str]:
        answer = yield Request("GET", f"{self.options.server}/v1/account", self._headers())
        name = dotted(answer.json(), "username")
        if answer.status != 200 or not name:
            raise self._failure(classify(RULES, answer), answer, commits=False)
        return f"{'anyone' if name == '*' else name} on {self._host}"

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # no facts needed
        """JSON goes to the root; sent to the topic's address, it would become the text."""
        body = self._body(post)
        while True:
            content = compact(body)
            answer = yield Request("POST", f"{self.options.server}/", self._headers(_JSON), content, commits=True)
            rule = classify(RULES, answer)
            if rule.reaction in SUCCESSES:
                return _receipt(answer, "; ".join(_notes(post, body, answer)))
            if rule.id != "attach" or body.pop("attach", None) is None:
                raise self._failure(rule, answer)

    def edit(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:
        """Published once more in the same sequence, which replaces the first on every device. https://docs.ntfy.sh/publish/"""
        assert post.corrects is not None
        tried = post.first_tried or post.now  # this sequence is known there already, as by a repeat
        return (yield from self.post(replace(post, key=post.corrects.key, first_tried=tried), facts))

    def find(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt | None]:  # noqa: ARG002  # no facts needed
        """Looks for the same sequence, or on older servers the same text, in what the server keeps of the topic."""
        since = int(((post.first_tried or post.now) - EARLIER).timestamp())
        url = f"{self.options.server}/{self._topic}/json?{urlencode({'poll': 1, 'since': since})}"
        answer = yield Request("GET", url, self._headers())
        if answer.status != 200:
            raise self._failure(classify(RULES, answer), answer, commits=False)
        body = self._body(post)
        alike = (Receipt(str(each.get("id", ""))) for each in _messages(answer.text) if _same(each, body))
        return next((each for each in alike if each not in post.others), None)

    # requests

    @property
    def _host(self) -> str:
        return urlsplit(self.options.server).netloc

    @property
    def _topic(self) -> str:
        return self.options.topic.get_secret_value()

    def _headers(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        token = self.options.token
        return {**({"authorization": f"Bearer {token.get_secret_value()}"} if token else {}), **(more or {})}

    def _body(self, post: Post) -> dict[str, Any]:
        message = post.message
        text, attach = _told(message)
        body = {
            "topic": self._topic,
            "message": text,
            "title": _title(message),
            "tags": list(self.options.tags),
            "priority": self.options.priority,
            "click": message.link,
            "attach": attach,
            "sequence_id": re.sub(r"[^-_A-Za-z0-9]", "_", post.key)[:64],
        }
        return {name: value for name, value in body.items() if value}

    # answers

    def _failure(self, rule: Rule, answer: Answer, *, commits: bool = True) -> Failure:
        return failure(rule, answer, self._host, self._said(answer), commits=commits)

    def _said(self, answer: Answer) -> str:
        said = dotted(answer.json(), "error")
        shown = re.sub(r"\s+", " ", said) if isinstance(said, str) else ""
        for secret in (self.options.token, self.options.topic):
            shown = shown.replace(secret.get_secret_value(), "…") if secret else shown
        return shown[:_ERROR_SHOWN]


def _title(message: Message) -> str:
    """It stands above the text, so the template leaves it out."""
    number = f" ({message.part}/{message.parts})" if message.parts > 1 else ""
    return cut(message.title.strip(), TITLE - len(number), Unit.CODEPOINTS) + number if message.title.strip() else ""


def _told(message: Message) -> tuple[str, str]:
    """The text with the words of the picture, which has no others, and the picture's address; "" where it goes without."""
    text = message.text.strip() or message.title
    image = addressed(message.image)
    whole = described(text, image, str, BUDGET) if image is not None and _HTTPS.fullmatch(image.url) else None
    return (whole, image.url) if image is not None and whole else (text, "")


def _messages(lines: str) -> Iterator[dict[str, Any]]:
    """What a poll answers: one JSON object in each line."""
    for line in lines.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and found.get("event") == "message":
            yield found


def _same(kept: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    if "sequence_id" in kept:
        return bool(kept["sequence_id"] == body["sequence_id"])
    return (kept.get("title", ""), kept.get("message")) == (body.get("title", ""), body["message"])


def _notes(post: Post, body: Mapping[str, Any], answer: Answer) -> Iterator[str]:
    """What the owner should know about a post that was taken."""
    content = answer.json()
    if post.message.image and "attach" not in body:
        yield WITHOUT
    if dotted(content, "message") != body["message"] and "attachment.txt" in answer.text:
        yield "the server made a file of the text"
    if post.first_tried is not None and dotted(content, "sequence_id") != body["sequence_id"]:
        yield "the server is older than ntfy 2.16, so the post may be there twice"


def _receipt(answer: Answer, note: str) -> Receipt:
    return Receipt(id=str(dotted(answer.json(), "id") or ""), note=note)
