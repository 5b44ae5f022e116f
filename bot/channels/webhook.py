"""What does a receiver of Standard Webhooks want to be sent? The edition as data, signed; repeats are its to discard.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from bot import signing
from bot.channels import Conversation, Doubt, Post, Receipt, Request
from bot.channels._addresses import checked_address, known_by
from bot.channels._answers import SUCCESSES, Reaction, Rule, classify, failure
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import Budget, Unit
from bot.rendering.markup import PLAIN, Markup
from bot.rendering.message import message_from

TYPE = "daily.published"
BUDGET = Budget(8000, Unit.UTF8_BYTES)  # of 20 KB that a body should have at most; the edition comes as data too
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class WebhookOptions(Strict):
    url: SecretStr = Field(description="where the edition is sent; treated as a secret")
    secret: SecretStr | tuple[SecretStr, ...] = Field(description="whsec_…; a list while it is being changed")

    @field_validator("url")
    @classmethod
    def _url(cls, value: SecretStr) -> SecretStr:
        checked_address(value.get_secret_value(), "url")
        return value

    @field_validator("secret")
    @classmethod
    def _secret(cls, value: SecretStr | tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        several = value if isinstance(value, tuple) else (value,)
        if not several:
            raise mistake("secret is an empty list", "write one or two secrets")
        for each in several:
            try:
                signing.key(each.get_secret_value())
            except ValueError as error:
                raise mistake(str(error), "make one with: openssl rand -base64 32, and put whsec_ in front") from None
        return several


RULES = (
    Rule("ok", Reaction.SUCCESS, http="2xx"),
    Rule("gone", Reaction.DISABLE_DESTINATION, http=410, says="the receiver wants no more"),
    Rule("rate", Reaction.RETRY_AFTER, http=429),
    Rule("redirect", Reaction.OWNER_ACTION, http="3xx", says="write the address that it redirects to"),
    Rule("overload", Reaction.RETRY_AFTER, http=(502, 503, 504)),
    Rule("other", Reaction.RETRY_BACKOFF, http=("4xx", "5xx"), harmless=True),
)


class Webhook:
    """One receiver. The same `webhook-id` names every attempt, so that it can tell a repeat."""

    kind: ClassVar[str] = "webhook"
    title: ClassVar[str] = "Webhook"
    markup: ClassVar[Markup] = PLAIN
    doubt: ClassVar[Doubt] = Doubt(repeat_within=timedelta(days=3), quiet=timedelta(0))  # longer than the retry schedule
    Options: ClassVar[type[WebhookOptions]] = WebhookOptions
    example: ClassVar[Mapping[str, Any]] = {
        "url": "https://receiver.example.org/thisday",
        "secret": "whsec_bWFkZS11cC1zZWNyZXQtbm90LXRvLWJlLXVzZWQ=",
    }

    def __init__(self, options: WebhookOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:
        """Any address, if the person says that it is one; `#whsec_…` behind it is its secret, else one is made."""
        url, _, secret = address.partition("#")
        made = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
        return {"url": url, "secret": secret or made} if named else None

    @cached_property
    def destination(self) -> str:
        address = self.options.url.get_secret_value()
        return known_by(urlsplit(address).hostname, address)

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # no server has limits of its own
        return BUDGET

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # likewise
        content = _body(post.message.json, post.slot, _day(post))
        address = self.options.url.get_secret_value()
        answer = yield Request("POST", address, self._headers(post, content), content, commits=True)
        rule = classify(RULES, answer)
        if rule.reaction not in SUCCESSES:
            raise failure(rule, answer, self.title)
        return Receipt(id=_id(post))

    def _headers(self, post: Post, content: bytes) -> dict[str, str]:
        """The time and the signature are new in each attempt."""
        several = self.options.secret if isinstance(self.options.secret, tuple) else (self.options.secret,)
        keys = [each.get_secret_value() for each in several]
        return {
            "content-type": "application/json",
            "webhook-id": _id(post),
            "webhook-timestamp": str(signing.seconds(post.now)),
            "webhook-signature": signing.sign(keys, _id(post), post.now, content),
        }


def _id(post: Post) -> str:
    return "msg_" + re.sub(r"[^A-Za-z0-9_-]", "_", post.key)


@lru_cache(maxsize=64)  # thousands of channels get the same words
def _body(written: str, slot: str, day: str) -> bytes:
    """Equal bytes for every attempt: sorted, and nothing of the time at which it is sent."""
    message = message_from(written)
    data = {
        **message.data,
        "slot": slot,
        "part": message.part,
        "parts": message.parts,
        "title": message.title,
        "text": message.text,
        "language": message.language,
        "tone": message.tone,
        "link": message.link,
        "image": message.image.plain if message.image else None,
    }
    body = {"type": TYPE, "timestamp": f"{day}T00:00:00Z", "data": data}
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _day(post: Post) -> str:
    """The civil day that the post is for, out of the slot's name."""
    found = _DAY.search(post.slot) or _DAY.search(str(post.message.data.get("day")))
    return found[0] if found else f"{post.now:%Y-%m-%d}"
