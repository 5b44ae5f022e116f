"""What does a Mattermost server want to be asked, and what do its answers mean? By an incoming webhook.

https://developers.mattermost.com/integrate/webhooks/incoming/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from bot.channels import Answer, Conversation, Doubt, Post, Receipt, Request
from bot.channels._addresses import checked_address, compact, known_by
from bot.channels._answers import SUCCESSES, Reaction, Rule, classify, dotted, failure
from bot.channels._markdown_text import NOTHING, address, escaper, on_one_line, parted, strong, without_brackets
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import Budget, Unit, cut
from bot.rendering.markup import Markup
from bot.rendering.message import Image

MOST = 16_383  # code points; a longer text becomes several posts
ALT, CREDIT, ADDRESS = 1000, 300, 2000
BUDGET = Budget(MOST - 2 * (ALT + CREDIT) - ADDRESS, Unit.CODEPOINTS)  # escaping may double what stands below the text
_HOOK = re.compile(r".*/hooks/[a-z0-9]{26}/?")
_ERROR = re.compile(r"(?:api|app|model|store|web)(?:\.[a-z_]+){1,8}")
_PICTURE = re.compile(r"https?://\S+")
# `<!channel>` and `<@user>` are Slack's words, which the server understands too.
quiet = parted(r"(?<![A-Za-z0-9])@(?=\w|\Z)|<!(?=\w)")
_SIGNS = r"[\\*_~`|]|^[ \t]*[-+#>]|^[ \t]*[0-9]+[.)]"
_literal = escaper(_SIGNS + r"|!?\[(?=[\s\S]{0,2000}?\]\()")
_label = escaper(_SIGNS + r"|[\[\]]", NOTHING)


def escape(text: str) -> str:
    """Text without formatting that calls nobody."""
    return quiet(_literal(text))


def link(url: str, label: str) -> str:
    return f"[{quiet(_label(without_brackets(label)))}]({address(url)})"


MARKDOWN = Markup("markdown", escape, strong, link)


class MattermostOptions(Strict):
    webhook_url: SecretStr = Field(description="the address of an incoming webhook; a secret")

    @field_validator("webhook_url")
    @classmethod
    def _webhook(cls, value: SecretStr) -> SecretStr:
        if not _HOOK.fullmatch(checked_address(value.get_secret_value(), "webhook_url").path):
            raise mistake(
                "this is not the address of an incoming webhook", "it looks like https://SERVER/hooks/ and 26 letters"
            )
        return value


def _named(rule_id: str, reaction: Reaction, http: int, error: str, says: str = "") -> Rule:
    return Rule(rule_id, reaction, http=http, json={"id": f"web.incoming_webhook.{error}.app_error"}, says=says)


RULES = (
    Rule("ok", Reaction.SUCCESS, http=200, body="ok"),
    _named("invalid-hook", Reaction.DISABLE_DESTINATION, 400, "invalid", "the webhook was removed"),
    _named("no-text", Reaction.FAIL_MESSAGE, 400, "text"),
    Rule("bad", Reaction.FAIL_MESSAGE, http=400),
    _named("locked", Reaction.FAIL_MESSAGE, 403, "channel_locked"),
    Rule("forbidden", Reaction.OWNER_ACTION, http=403, says="whoever made the webhook may no longer post there"),
    Rule("channel-gone", Reaction.DISABLE_DESTINATION, http=404, says="the channel is gone"),
    Rule("rate", Reaction.RETRY_AFTER, http=429, wait=10),
    Rule("disabled", Reaction.OWNER_ACTION, http=501, says="an admin has switched incoming webhooks off"),
    Rule("server", Reaction.VERIFY, http="5xx"),
)


class Mattermost:
    """One Mattermost channel, by a webhook, which cannot be asked what it posted."""

    kind: ClassVar[str] = "mattermost"
    title: ClassVar[str] = "Mattermost"
    markup: ClassVar[Markup] = MARKDOWN
    doubt: ClassVar[Doubt] = Doubt()
    Options: ClassVar[type[MattermostOptions]] = MattermostOptions
    example: ClassVar[Mapping[str, Any]] = {"webhook_url": "https://mattermost.example.org/hooks/madeupmadeupmadeupmadeupma"}

    def __init__(self, options: MattermostOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:
        """A webhook's address, with `--kind mattermost`."""
        return {"webhook_url": address} if named else None

    @cached_property
    def destination(self) -> str:
        address = self.options.webhook_url.get_secret_value()
        return known_by(urlsplit(address).hostname, address)

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # a webhook cannot ask for the limits
        return BUDGET

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # likewise
        message = post.message
        body = {"text": (message.text.strip() or escape(message.title)) + _picture(message.image)}
        content = compact(body)
        answer = yield Request("POST", self.options.webhook_url.get_secret_value(), _JSON, content, commits=True)
        rule = classify(RULES, answer)
        if rule.reaction not in SUCCESSES:
            raise failure(rule, answer, self.title, _said(answer))
        return Receipt()


_JSON = {"content-type": "application/json; charset=utf-8"}


def _picture(image: Image | None) -> str:
    """The picture below the text, with words for those who do not see it."""
    shown = address(image.url) if image else ""
    if image is None or len(shown) > ADDRESS or not _PICTURE.fullmatch(shown):
        return ""
    alt, credit = (_short(words, most) for words, most in ((image.alt or image.credit, ALT), (image.credit, CREDIT)))
    return f"\n\n![{alt}]({shown})" + (f"\n{credit}" if credit else "")


def _short(words: str, most: int) -> str:
    return quiet(_label(cut(on_one_line(words), most, Unit.CODEPOINTS)))


def _said(answer: Answer) -> str:
    """Mattermost's own word for what is wrong. A page that is not Mattermost's may repeat our address, and is not shown."""
    word = str(dotted(answer.json(), "id") or "")
    return word if _ERROR.fullmatch(word) else ""
