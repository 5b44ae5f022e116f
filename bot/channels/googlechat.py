"""What does Google Chat want to be asked, and what do its answers mean? By the webhook of a space.

https://developers.google.com/workspace/chat/quickstart/webhooks
https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import Field, SecretStr, field_validator

from bot.channels import Answer, Conversation, Doubt, Pace, Post, Rate, Receipt, Request
from bot.channels._addresses import checked_address, compact
from bot.channels._answers import SUCCESSES, Reaction, Rule, classify, dotted, failure
from bot.channels._markdown_text import CLOSE, OPEN, address, without_brackets
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import Budget, Unit, cut
from bot.rendering.markup import Markup
from bot.rendering.message import Image

HOST = "chat.googleapis.com"
MOST_BYTES = 32_000  # of text and cards together
ALT, CREDIT, ADDRESS, THREAD_KEY = 1000, 300, 2000, 4000  # code points
_SPACE = re.compile(r"/v1/spaces/([^/]+)/messages")
_CREDENTIALS = ("key", "token")
_OURS = ("messageReplyOption", "requestId", "threadKey", "messageId")  # what an address may not bring along
_CALLING = re.compile(r"<(users/[^<>]*)(>?)")
_LINKED = re.compile(r"<(https?://[^<>|]*\|[^<>]*)>")
_STATUS = re.compile(r"[A-Z_]{2,40}")
_SECURE = re.compile(r"https://[^\s]+")


def escape(text: str) -> str:
    """Text that calls nobody and links nothing; the other signs of Chat have no escape, and stay."""
    quiet = _CALLING.sub(lambda match: OPEN + match[1] + (CLOSE if match[2] else ""), text)
    return _LINKED.sub(rf"{OPEN}\1{CLOSE}", quiet)


def strong(text: str) -> str:
    """Bold. A star inside would end it and has no escape, so a text with stars stays as it is, like one of two lines."""
    bare = text.strip()
    return text if not bare or "*" in bare or "\n" in bare else text.replace(bare, f"*{bare}*", 1)


def link(url: str, label: str) -> str:
    return f"<{address(url)}|{without_brackets(label)}>"


def _size(text: str) -> int:
    """Bytes as they are in the request, where quotes and line breaks take two."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


MARKUP = Markup("chat", escape, strong, link)
BUDGET = Budget(MOST_BYTES - 10_000, Unit.UTF8_BYTES, _size)  # the rest is for a picture with its words, and a thread


class GooglechatOptions(Strict):
    webhook_url: SecretStr = Field(description="the address of a space's webhook; a secret")
    thread_key: str | None = Field(default=None, description="any name: posts with the same one are in one thread")

    @field_validator("webhook_url")
    @classmethod
    def _webhook(cls, value: SecretStr) -> SecretStr:
        parts = checked_address(value.get_secret_value(), "webhook_url")
        if not _SPACE.fullmatch(parts.path):
            raise mistake("this is not the address of a webhook", f"it looks like https://{HOST}/v1/spaces/…/messages?key=…")
        if not set(_CREDENTIALS) <= set(parse_qs(parts.query)):
            raise mistake("this address is not whole", "copy all of it, with key= and token=")
        return value

    @field_validator("thread_key")
    @classmethod
    def _thread(cls, value: str | None) -> str | None:
        if value is not None and not 0 < len(value) <= THREAD_KEY:
            raise mistake("thread_key is empty or too long", f"write a name of at most {THREAD_KEY} characters")
        return value


RULES = (
    Rule("ok", Reaction.SUCCESS, http=200, json_has="name"),
    Rule("bad", Reaction.FAIL_MESSAGE, http=400),
    Rule("unauthenticated", Reaction.DISABLE_DESTINATION, http=401, says="the webhook is not valid"),
    Rule("forbidden", Reaction.DISABLE_DESTINATION, http=403, says="the webhook was removed, or an admin forbids webhooks"),
    Rule("thread-gone", Reaction.DEGRADE, http=404, endpoint="reply_or_fail"),
    Rule("not-found", Reaction.DISABLE_DESTINATION, http=404, says="the space or its webhook is gone"),
    Rule("already", Reaction.SUCCESS, http=409),
    Rule("rate", Reaction.RETRY_BACKOFF, http=429, says="a space takes 60 posts a minute from all its apps together"),
    Rule("server", Reaction.RETRY_BACKOFF, http="5xx"),
)


class Googlechat:
    """One space. Its webhook takes a key for each post, and answers a repeat with the first message."""

    kind: ClassVar[str] = "googlechat"
    title: ClassVar[str] = "Google Chat"
    markup: ClassVar[Markup] = MARKUP
    doubt: ClassVar[Doubt] = Doubt(repeat_within=timedelta(days=1))  # Google names no end; a day is the life of a slot
    pace: ClassVar[Pace] = Pace(Rate(1, timedelta(seconds=1)))
    Options: ClassVar[type[GooglechatOptions]] = GooglechatOptions
    example: ClassVar[Mapping[str, Any]] = {
        "webhook_url": f"https://{HOST}/v1/spaces/MADEUP/messages?key=made-up&token=made-up"
    }

    def __init__(self, options: GooglechatOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:
        """A webhook's address."""
        parts = urlsplit(address)
        known = parts.hostname == HOST and _SPACE.fullmatch(parts.path)
        return {"webhook_url": address} if named or known else None

    @property
    def account(self) -> str:
        return self.destination

    @cached_property
    def destination(self) -> str:
        parts = urlsplit(self.options.webhook_url.get_secret_value())
        match = _SPACE.fullmatch(parts.path)
        assert match is not None  # its options are checked
        thread = f"/{self.options.thread_key}" if self.options.thread_key else ""
        return f"{parts.hostname}/{match[1]}{thread}"

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # the limit is the same everywhere
        return BUDGET

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # likewise
        """With its picture first; if Chat clearly refuses that, without."""
        body = self._body(post)
        while True:
            content = compact(body)
            answer = yield Request("POST", self._url(post), _JSON, content, commits=True)
            rule = classify(RULES, answer)
            if rule.reaction in SUCCESSES:
                return Receipt(id=str(dotted(answer.json(), "name") or ""))
            if rule.id != "bad" or body.pop("cardsV2", None) is None:
                raise failure(rule, answer, self.title, _said(answer))

    def _body(self, post: Post) -> dict[str, Any]:
        message = post.message
        body: dict[str, Any] = {"text": message.text.strip() or escape(message.title)}
        if message.image and len(message.image.url) <= ADDRESS and _SECURE.fullmatch(message.image.url):
            body["cardsV2"] = [{"cardId": "picture", "card": _card(message.image, message.title)}]
        slot = post.corrects.slot if post.corrects else post.slot  # an erratum joins what it corrects, if that is a thread
        key = self.options.thread_key or (f"thisday {slot}" if message.parts > 1 or post.corrects else "")
        return {**body, "thread": {"threadKey": key}} if key else body

    def _url(self, post: Post) -> str:
        """The address as it is; a thread that is gone is begun anew; a repeat gets the first message back."""
        base, _, query = self.options.webhook_url.get_secret_value().partition("?")
        theirs = [each for each in query.partition("#")[0].split("&") if each.partition("=")[0] not in _OURS]
        ours = ["messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", f"requestId={quote(post.key, safe='')}"]
        return f"{base}?{'&'.join([*theirs, *ours])}"


_JSON = {"content-type": "application/json; charset=utf-8"}


def _card(image: Image, title: str) -> dict[str, Any]:
    """A picture can only stand in a card, and there has words for those who do not see it."""
    alt = cut(image.alt.strip() or title.strip() or image.credit, ALT, Unit.CODEPOINTS)
    widgets: list[dict[str, Any]] = [{"image": {"imageUrl": image.url, "altText": alt}}]
    if image.credit.strip():
        widgets.append({"textParagraph": {"text": html.escape(cut(image.credit.strip(), CREDIT, Unit.CODEPOINTS))}})
    return {"sections": [{"widgets": widgets}]}


def _said(answer: Answer) -> str:
    """Google's own word for what is wrong, such as PERMISSION_DENIED."""
    word = str(dotted(answer.json(), "error.status") or "")
    return word if _STATUS.fullmatch(word) else ""
