"""What does a Rocket.Chat server want to be asked, and what do its answers mean? By an incoming integration.

https://docs.rocket.chat/docs/incoming-webhook-integration
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, field_validator

from bot.channels import Conversation, Doubt, Post, Receipt, Request
from bot.channels._addresses import checked_address, compact, known_by
from bot.channels._answers import SUCCESSES, Reaction, Rule, classify, failure
from bot.channels._markdown_text import escaper, on_one_line, parted, without_brackets
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import Budget, Unit, cut
from bot.rendering.markup import Markup
from bot.rendering.message import Image

MOST = 5000  # UTF-16 units: how JavaScript counts; a server's admin may set another limit
ALT, CREDIT = 1000, 300
_HOOK = re.compile(r".*/hooks/[\w-]+/[\w-]+/?")
_SECURE = re.compile(r"https://[^\s]+")
_IN_PATH = "/$-_.&=%!~+"  # what an address may hold for Rocket.Chat's parser; `@` stays out, so that it calls nobody
_quiet = parted(r"(?<![A-Za-z0-9])@(?=[\w.-]|\Z)")
_literal = escaper(
    r"[\\*_~`]|^[ \t]*[->](?=[ \t])|^#{1,4}(?=[ \t])|^[0-9]+\.(?=[ \t])"
    r"|!?\[(?=[\s\S]{0,2000}?\]\()|<(?=https?://[^<>\s]*\|)"
)


def escape(text: str) -> str:
    """Text without formatting that calls nobody."""
    return _quiet(_literal(text))


def strong(text: str) -> str:
    """Bold by one star. Inside of bold nothing can be escaped, so a text with escapes stays as it is."""
    bare = text.strip()
    return text if not bare or re.search(r"[\\*\n]", bare) else text.replace(bare, f"*{bare}*", 1)


def link(url: str, label: str) -> str:
    """`<address|label>`: the form in which a label may hold parentheses, and all signs are literal."""
    return f"<{_address(url)}|{_quiet(without_brackets(label))}>"


def _address(url: str) -> str:
    """What the parser would end an address at is percent-encoded."""
    parts = urlsplit(url.strip())
    query, fragment = (quote(each, safe="$-_.&=%!~+") for each in (parts.query, parts.fragment))
    whole = f"{parts.scheme}://{quote(parts.netloc, safe='.:[]')}{quote(parts.path, safe=_IN_PATH)}"
    return whole + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")


MARKUP = Markup("rocketchat", escape, strong, link)


class RocketchatOptions(Strict):
    webhook_url: SecretStr = Field(description="the address of an incoming integration; a secret")
    max_characters: int = Field(
        default=MOST, ge=500, le=200_000, description="the server's own limit, where its admin has changed it"
    )

    @field_validator("webhook_url")
    @classmethod
    def _webhook(cls, value: SecretStr) -> SecretStr:
        if not _HOOK.fullmatch(checked_address(value.get_secret_value(), "webhook_url").path):
            raise mistake("this is not the address of an integration", "it looks like https://SERVER/hooks/ID/TOKEN")
        return value


def _says(rule_id: str, reaction: Reaction, has: str, says: str = "") -> Rule:
    """An answer known by its words: the status has changed from version to version."""
    return Rule(rule_id, reaction, http=400, has=has, says=says)


_REMOVED = "the integration was removed, or its token has changed"
RULES = (
    Rule("ok", Reaction.SUCCESS, http=200, json={"success": True}),
    _says("override", Reaction.FAIL_MESSAGE, "overriding destination channel is disabled"),
    Rule(
        "invalid-integration",
        Reaction.DISABLE_DESTINATION,
        has="Invalid integration id or token provided",
        says=_REMOVED,
    ),
    _says("invalid-channel", Reaction.DISABLE_DESTINATION, "invalid-channel", "the room is gone"),
    _says("too-long", Reaction.SPLIT, "error-message-size-exceeded", "set max_characters to the server's own limit"),
    _says("no-access", Reaction.OWNER_ACTION, "error-not-allowed", "the integration's user may not post in the room"),
    _says("readonly", Reaction.OWNER_ACTION, "the room is readonly"),
    _says("muted", Reaction.OWNER_ACTION, "You_have_been_muted", "the integration's user is muted in the room"),
    _says("blocked", Reaction.DISABLE_DESTINATION, "room_is_blocked", "the room is blocked"),
    _says("room-gone", Reaction.DISABLE_DESTINATION, "error-invalid-room", "the room is gone"),
    _says("script", Reaction.OWNER_ACTION, "error-running-script", "the integration's own script failed"),
    Rule("failure", Reaction.FAIL_MESSAGE, http=400),
    Rule("unauthorized", Reaction.DISABLE_DESTINATION, http=401, says=_REMOVED),
    Rule("rate", Reaction.RETRY_AFTER, http=429, wait=60),
    Rule("disabled", Reaction.OWNER_ACTION, http=503, has="Service Unavailable", says="the integration is disabled"),
    Rule("server", Reaction.VERIFY, http="5xx"),
)


class Rocketchat:
    """One Rocket.Chat room, by an integration, which cannot be asked what it posted."""

    kind: ClassVar[str] = "rocketchat"
    title: ClassVar[str] = "Rocket.Chat"
    markup: ClassVar[Markup] = MARKUP
    doubt: ClassVar[Doubt] = Doubt()
    Options: ClassVar[type[RocketchatOptions]] = RocketchatOptions
    example: ClassVar[Mapping[str, Any]] = {"webhook_url": "https://rocketchat.example.org/hooks/made-up/made-up"}

    def __init__(self, options: RocketchatOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:
        """An integration's address, with `--kind rocketchat`."""
        return {"webhook_url": address} if named else None

    @cached_property
    def destination(self) -> str:
        address = self.options.webhook_url.get_secret_value()
        return known_by(urlsplit(address).hostname, address)

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # an integration cannot ask for the limit
        return Budget(self.options.max_characters, Unit.UTF16)

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # likewise
        """Never an empty body: the server would answer that all is well, and post nothing."""
        message = post.message
        body: dict[str, Any] = {
            "text": message.text.strip() or escape(message.title).strip() or post.slot,
            "parseUrls": False,
        }
        if message.image and _SECURE.fullmatch(message.image.url):
            body["attachments"] = [_attachment(message.image)]
        content = compact(body)
        answer = yield Request("POST", self.options.webhook_url.get_secret_value(), _JSON, content, commits=True)
        rule = classify(RULES, answer)
        if rule.reaction not in SUCCESSES:
            raise failure(rule, answer, self.title)  # its words are in `says`; others might repeat our address
        return Receipt()


_JSON = {"content-type": "application/json; charset=utf-8"}


def _attachment(image: Image) -> dict[str, str]:
    """Rocket.Chat has no alternative text for a picture by address; its words stand above it as a title."""
    words = ((image.alt or image.credit, ALT), (image.credit, CREDIT))
    title, credit = (_quiet(cut(on_one_line(each), most, Unit.CODEPOINTS)) for each, most in words)
    return {"title": title, "image_url": image.url, **({"text": escape(credit)} if credit else {})}
