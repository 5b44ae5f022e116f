"""What does a Microsoft Teams workflow want to be sent, and what do its answers mean? An Adaptive Card, by a webhook.

https://support.microsoft.com/office/create-incoming-webhooks-with-workflows-for-microsoft-teams
https://adaptivecards.microsoft.com
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, field_validator

from bot.channels import Conversation, Doubt, Pace, Post, Rate, Receipt, Request
from bot.channels._addresses import checked_address, compact, known_by
from bot.channels._answers import SUCCESSES, Reaction, Rule, classify, failure
from bot.channels._markdown_text import NOTHING, address, escaper, on_one_line, strong, without_brackets
from bot.documents import mistake
from bot.fields import Strict
from bot.languages import is_right_to_left
from bot.rendering.budget import Budget, Unit, cut
from bot.rendering.markup import Markup
from bot.rendering.message import Image, Message

BODY = 25_000  # bytes of the whole request; Teams takes about 28 KB, and says nothing where a card is too large
TITLE, ALT, CREDIT, ADDRESS = 500, 1500, 500, 2000  # bytes, so that title, picture and link fit beside a full text
_OLD = ("webhook.office.com", "outlook.office.com", "outlook.office365.com")
_FLOWS = (".logic.azure.com", ".logic.azure.us", ".api.powerplatform.com", ".api.powerplatform.us")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:-[A-Za-z0-9]+)*")
_SECURE = re.compile(r"https://[^\s]+")
# The least version that shows all there is; `style` and `rtl` are of 1.5, and where that is not known, they are left out.
_HEAD = {"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4"}
# A backslash is only a sign where it stands before another.
_SIGNS = r"[*_\[\]`~<]|\\(?=[!-/:-@\[-`{-~]|$)|^[ \t]*[-+#]|^[ \t]*[0-9]+\."
_literal = escaper(_SIGNS, NOTHING)


def escape(text: str) -> str:
    """Text without formatting. An address is treated like any text: a card makes no link of it by itself."""
    return _literal(text)


def link(url: str, label: str) -> str:
    return f"[{escape(without_brackets(label))}]({address(url)})"


def _size(text: str) -> int:
    """How long a text is in the request: its blocks as JSON."""
    return len(compact(list(_text_blocks(text))))


MARKDOWN = Markup("markdown", escape, strong, link)
BUDGET = Budget(17_000, Unit.UTF8_BYTES, _size)


class TeamsOptions(Strict):
    webhook_url: SecretStr = Field(description="the address of a workflow that posts to a channel; a secret")

    @field_validator("webhook_url")
    @classmethod
    def _webhook(cls, value: SecretStr) -> SecretStr:
        parts = checked_address(value.get_secret_value(), "webhook_url")
        if _is(parts.hostname, _OLD):
            raise mistake(
                "this is a connector, and Microsoft has switched connectors off",
                "make a workflow in Teams (Send webhook alerts to a channel), and copy its address",
            )
        if _is(parts.hostname, _FLOWS) and "sig" not in parse_qs(parts.query):
            raise mistake("this address of a workflow is not whole", "copy all of it; it ends with &sig=…")
        return value


def _is(host: str | None, known: tuple[str, ...]) -> bool:
    return bool(host) and f".{host}".endswith(tuple(f".{each.lstrip('.')}" for each in known))


_NEW = "make a new workflow, and copy its address"
RULES = (
    Rule("accepted", Reaction.SUCCESS_ASYNC, http=202),
    Rule("ok", Reaction.SUCCESS_ASYNC, http=200),
    Rule(
        "trigger-disabled",
        Reaction.DISABLE_DESTINATION,
        http=400,
        has="WorkflowTriggerIsNotEnabled",
        says="the workflow is switched off",
    ),
    Rule("bad-payload", Reaction.FAIL_MESSAGE, http=400),
    Rule("unauthorized", Reaction.DISABLE_DESTINATION, http=401, says="let anyone trigger the workflow; else " + _NEW),
    Rule("forbidden", Reaction.DISABLE_DESTINATION, http=403, says="let anyone trigger the workflow; else " + _NEW),
    Rule("not-found", Reaction.DISABLE_DESTINATION, http=404, says="the workflow was deleted; " + _NEW),
    Rule("gone", Reaction.DISABLE_DESTINATION, http=410, says=_NEW),
    Rule("too-large", Reaction.SPLIT, http=413),
    Rule("rate", Reaction.RETRY_AFTER, http=429, wait=60),
    Rule("bad-gateway", Reaction.VERIFY, http=(502, 504)),
    Rule("server", Reaction.RETRY_BACKOFF, http="5xx"),
)


class Teams:
    """One Teams channel, by a workflow. Its answer says that the workflow has begun, not that it has posted."""

    kind: ClassVar[str] = "teams"
    title: ClassVar[str] = "Microsoft Teams"
    markup: ClassVar[Markup] = MARKDOWN
    doubt: ClassVar[Doubt] = Doubt()
    pace: ClassVar[Pace] = Pace(Rate(4, timedelta(seconds=1)))
    Options: ClassVar[type[TeamsOptions]] = TeamsOptions
    example: ClassVar[Mapping[str, Any]] = {
        "webhook_url": "https://made-up.logic.azure.com/workflows/made-up/triggers/manual/paths/invoke?sig=made-up"
    }

    def __init__(self, options: TeamsOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:
        """A workflow's address."""
        host = urlsplit(address).hostname
        return {"webhook_url": address} if named or _is(host, _FLOWS) or _is(host, _OLD) else None

    @property
    def account(self) -> str:
        return self.destination

    @cached_property
    def destination(self) -> str:
        address = self.options.webhook_url.get_secret_value()
        return known_by(urlsplit(address).hostname, address)

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # Teams' limit is the same everywhere
        return BUDGET

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # likewise
        """With the picture first; where the whole is too large, without it."""
        whole, bare = compact(envelope(post.message)), compact(envelope(post.message, picture=False))
        content = whole if len(whole) <= BODY else bare
        while True:
            answer = yield self._request(content)
            rule = classify(RULES, answer)
            if rule.reaction in SUCCESSES:
                return Receipt(note="the workflow has begun; whether it posted, only its owner can see")
            if rule.reaction is not Reaction.SPLIT or content == bare:
                raise failure(rule, answer, self.title)
            content = bare

    def _request(self, content: bytes) -> Request:
        headers = {"content-type": "application/json; charset=utf-8"}
        return Request("POST", self.options.webhook_url.get_secret_value(), headers, content, commits=True)


def envelope(message: Message, *, picture: bool = True) -> dict[str, Any]:
    """The one attachment that a workflow posts. Without it, the workflow fails where nobody sees it."""
    kind = "application/vnd.microsoft.card.adaptive"
    return {
        "type": "message",
        "attachments": [{"contentType": kind, "contentUrl": None, "content": _card(message, picture=picture)}],
    }


def _card(message: Message, *, picture: bool) -> dict[str, Any]:
    title = _within(on_one_line(message.title), TITLE)
    shown = _picture(message.image, title) if picture else ()
    card: dict[str, Any] = {
        **_HEAD,
        "fallbackText": title or message.plain[:100] or "…",
        "body": [*_heading(title, message), *_text_blocks(message.text or message.plain or "…"), *shown],
        "msteams": {"width": "Full"},
    }
    if language := _LANGUAGE.fullmatch(message.language):
        card["lang"] = language[1]  # a card knows no regions
        card |= {"rtl": True} if is_right_to_left(language[1]) else {}
    actions = list(_button(message.link))
    return {**card, "actions": actions} if actions else card


def _heading(title: str, message: Message) -> Iterator[dict[str, Any]]:
    if title:
        number = f" ({message.part}/{message.parts})" if message.parts > 1 else ""
        look = {"weight": "Bolder", "size": "Medium", "style": "heading"}
        yield {"type": "TextBlock", "text": escape(title) + number, "wrap": True, **look}


def _text_blocks(text: str) -> Iterator[dict[str, Any]]:
    """A block for each paragraph; inside of one, an empty line is what Teams shows as a new line."""
    for paragraph in re.split(r"\n{2,}", text):
        if paragraph.strip():
            yield {"type": "TextBlock", "text": paragraph.strip().replace("\n", "\n\n"), "wrap": True}


def _picture(image: Image | None, title: str) -> Iterator[dict[str, Any]]:
    if image is None or not _SECURE.fullmatch(image.url) or len(image.url.encode()) > ADDRESS:
        return
    alt = _within(on_one_line(image.alt), ALT) or title or on_one_line(image.credit) or "picture"
    yield {"type": "Image", "url": image.url, "altText": alt}
    if image.credit.strip():
        credit = escape(_within(on_one_line(image.credit), CREDIT))
        yield {"type": "TextBlock", "text": credit, "wrap": True, "isSubtle": True, "size": "Small"}


def _button(url: str) -> Iterator[dict[str, Any]]:
    """Named by where it leads, which is the same in every language."""
    host = urlsplit(url).hostname if _SECURE.fullmatch(url) and len(url.encode()) <= ADDRESS else None
    if host:
        yield {"type": "Action.OpenUrl", "title": host.removeprefix("www."), "url": url}


def _within(text: str, most: int) -> str:
    """The text, cut between graphemes where it is longer than so many bytes."""
    return text if len(text.encode()) <= most else cut(text, most - 3, Unit.UTF8_BYTES).rstrip() + "…"
