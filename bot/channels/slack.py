"""What does Slack want to be asked, and what do its answers mean? By incoming webhook or with a bot token.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/
https://docs.slack.dev/reference/methods/chat.postMessage
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar, Self
from urllib.parse import urlencode, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.channels import Answer, Conversation, Doubt, Failure, InDoubt, Pace, Post, Rate, Receipt, Request, Scope, Wait
from bot.channels._addresses import checked_address, compact, known_by
from bot.channels._answers import SUCCESSES, Reaction, Rule, classify, dotted, failure
from bot.channels._pictures import WITHOUT, fetched
from bot.channels._slack_answers import API_RULES, EDIT_RULES, WEBHOOK_RULES
from bot.channels._slack_text import BUDGET, MRKDWN, alternative, blocks, fallback
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import Budget
from bot.rendering.markup import Markup
from bot.rendering.message import Image, Message

HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
PAGE, MOST_PAGES = 15, 4  # of a channel's history; apps outside of Slack's directory get 15 at once
EARLIER = timedelta(seconds=60)  # how far Slack's clock may be behind ours
PATIENCE, PAUSE = 6, Wait(2)  # tries of a post whose file Slack is still at work on
UPLOAD_TIMEOUT = 60.0
MOST_BYTES = 10 * 1024 * 1024  # of a picture
FILE_ALT = 1000  # code points of a file's alternative text
_FILE = re.compile(r"F[A-Z0-9]+")
_ADDRESS = r"https?://[^\s<>\"]+"
_CODE = re.compile(r"[a-z_]{2,80}")  # Slack's words for an error; anything else is not shown
_TS = re.compile(r"[0-9]{10}\.[0-9]{6}")
_JSON = {"content-type": "application/json; charset=utf-8"}
_FORM = {"content-type": "application/x-www-form-urlencoded"}


class SlackOptions(Strict):
    """Either `webhook_url`, or `bot_token` and `channel`."""

    webhook_url: SecretStr | None = Field(default=None, description="the address of an incoming webhook; a secret")
    bot_token: SecretStr | None = Field(
        default=None, description="a bot token (xoxb-…) with the scope chat:write; for cards also files:write"
    )
    channel: str | None = Field(default=None, description="the ID of the channel, for a bot token")
    api_url: str = Field(default="https://slack.com/api", description="where the Web API is; GovSlack has another")

    @field_validator("webhook_url")
    @classmethod
    def _webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = checked_address(value.get_secret_value(), "webhook_url")
            if (parts.hostname or "").endswith(("slack.com", "slack-gov.com")) and not _is_hook(parts.hostname, parts.path):
                raise mistake(
                    "this is not the address of a webhook", "it looks like https://hooks.slack.com/services/T…/B…/…"
                )
        return value

    @field_validator("bot_token")
    @classmethod
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"xoxb-[A-Za-z0-9-]+", value.get_secret_value()):
            raise mistake("this is not a bot token", "copy the one that begins with xoxb- from OAuth & Permissions")
        return value

    @field_validator("channel")
    @classmethod
    def _channel(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[CGDU][A-Z0-9]{2,}", value):
            raise mistake(f"{value!r} is not the ID of a channel", "copy the ID (C0123ABCDEF) from the channel's details")
        return value

    @field_validator("api_url")
    @classmethod
    def _api(cls, value: str) -> str:
        checked_address(value, "api_url")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.webhook_url is None) == (self.bot_token is None):
            raise mistake("a Slack channel needs either webhook_url or bot_token", "write one of the two")
        if (self.bot_token is None) != (self.channel is None):
            raise mistake("bot_token and channel belong together", "add channel: with the ID of the channel")
        return self


def _is_hook(host: str | None, path: str) -> bool:
    return host in HOSTS and path.startswith("/services/")


class Slack:
    """One Slack channel: by webhook, which cannot be asked what it posted, or as a `SlackBot`, which can."""

    kind: ClassVar[str] = "slack"
    title: ClassVar[str] = "Slack"
    markup: ClassVar[Markup] = MRKDWN
    doubt: ClassVar[Doubt] = Doubt()
    pace: ClassVar[Pace] = Pace(Rate(1, timedelta(seconds=1)))
    Options: ClassVar[type[SlackOptions]] = SlackOptions
    example: ClassVar[Mapping[str, Any]] = {"webhook_url": "https://hooks.slack.com/services/T00000000/B00000000/made-up"}
    rules: ClassVar[tuple[Rule, ...]] = WEBHOOK_RULES

    def __new__(cls, options: SlackOptions) -> Self:
        """Chooses the way by the options, so that `isinstance(channel, Finds)` tells the truth."""
        chosen: type[Any] = SlackBot if options.bot_token else cls
        made: Self = object.__new__(chosen)
        return made

    def __init__(self, options: SlackOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:
        """A webhook's address, or `slack://TOKEN@CHANNEL` for a bot."""
        parts = urlsplit(address)
        if parts.scheme == "slack" and parts.username:
            # Not `hostname`, which is in lower case: the id of a channel is not.
            return {"bot_token": parts.username, "channel": parts.netloc.rpartition("@")[2]}
        return {"webhook_url": address} if named or _is_hook(parts.hostname, parts.path) else None

    @property
    def account(self) -> str:
        return self.destination

    @cached_property
    def destination(self) -> str:
        address = _clear(self.options.webhook_url)
        return known_by(urlsplit(address).hostname, address)

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # Slack's limits are the same everywhere
        return BUDGET

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # likewise
        """Sent whole first; what Slack clearly refuses (blocks, the thread) is left out and the rest sent once more."""
        return (yield from self._taken(post, self._request, self.rules))

    def _taken(
        self, post: Post, request: Callable[[dict[str, Any]], Request], rules: Sequence[Rule]
    ) -> Conversation[Receipt]:
        file, note = yield from self._file(post.message)
        body, unready = self._body(post, file), 0
        while True:
            answer = yield request(body)
            rule = classify(rules, answer)
            if rule.reaction in SUCCESSES:
                return self._receipt(answer, note)
            if rule.id == "blocks-bad" and file:  # it is at work on the file for a few seconds, and then says this
                unready += 1
                if unready == PATIENCE:
                    file, note, body = "", WITHOUT, self._body(post, "")
                yield PAUSE
                continue
            spare = "thread_ts" if rule.id == "thread-bad" else "blocks"
            if rule.reaction not in {Reaction.DEGRADE, Reaction.SPLIT} or body.pop(spare, None) is None:
                raise failure(rule, answer, self.title, _said(answer))

    def _body(self, post: Post, file: str) -> dict[str, Any]:
        message = post.message
        body: dict[str, Any] = {"text": fallback(message), "unfurl_links": False, "unfurl_media": False}
        built = blocks(message, file)
        return {**body, "blocks": built} if built else body

    def _request(self, body: Mapping[str, Any]) -> Request:
        return Request("POST", _clear(self.options.webhook_url), _JSON, compact(body), commits=True)

    def _file(self, message: Message) -> Conversation[tuple[str, str]]:  # noqa: ARG002  # a webhook takes no files
        """The id of the uploaded picture; where there is none and one was wished, why not."""
        yield from ()
        return "", ""

    def _receipt(self, answer: Answer, note: str) -> Receipt:  # noqa: ARG002  # a webhook says "ok" and no more
        return Receipt(note=note)


class SlackBot(Slack):
    """With a bot token: posts carry their key as metadata, and the channel's history can be read for it."""

    rules: ClassVar[tuple[Rule, ...]] = API_RULES
    # Beside the limit of each channel, a workspace has one that is not published.
    pace: ClassVar[Pace] = Pace(Rate(1, timedelta(seconds=1)), named=Scope.ACCOUNT)

    @property
    def account(self) -> str:
        token = _clear(self.options.bot_token)
        return f"{urlsplit(self.options.api_url).hostname}/{hashlib.sha256(token.encode()).hexdigest()[:8]}"

    @cached_property
    def destination(self) -> str:
        return f"{urlsplit(self.options.api_url).hostname}/{self.options.channel}"

    def beside_picture(self, facts: Mapping[str, Any]) -> Budget:
        return self.budget(facts)

    def draft(self, post: Post) -> Request:
        """The request that publishes, before a picture is uploaded."""
        return self._request(self._body(post, ""))

    def find(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt | None]:  # noqa: ARG002  # no facts needed
        """Looks for the key in what was posted since the first try. https://docs.slack.dev/reference/methods/conversations.history"""
        oldest = (post.first_tried or post.now) - EARLIER
        asked = {"channel": self.options.channel, "oldest": f"{oldest.timestamp():.6f}", "limit": PAGE}
        asked["include_all_metadata"] = "true"
        for _ in range(MOST_PAGES):
            page = yield from self._read("conversations.history", asked)
            found = next((each for each in _messages(page) if _key_of(each) == post.key), None)
            if found is not None:
                return Receipt(id=str(found.get("ts", "")))
            asked["cursor"] = dotted(page, "response_metadata.next_cursor")
            if not asked["cursor"]:
                return None
        raise InDoubt("Slack: so much was posted since that the post may be further back")

    def edit(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # no facts needed
        """It keeps the key it was posted with, so that it is still found. https://docs.slack.dev/reference/methods/chat.update"""
        assert post.corrects is not None
        place = {"ts": post.corrects.id, "parse": "none", "link_names": False}

        def update(body: Mapping[str, Any]) -> Request:
            kept = {name: value for name, value in body.items() if not name.startswith("unfurl_")}
            return self._sent("chat.update", {**kept, **place})

        as_posted = replace(post, key=post.corrects.key, slot=post.corrects.slot, reply_to=None)
        return (yield from self._taken(as_posted, update, EDIT_RULES))

    def check(self) -> Conversation[str]:
        answer = yield Request("POST", f"{self.options.api_url}/auth.test", self._headers(_FORM))
        content = self._understood(answer)
        return f"{content.get('user', 'a bot')} in {content.get('team', 'a workspace')}"

    def _file(self, message: Message) -> Conversation[tuple[str, str]]:
        """A card is uploaded; a picture by address is shown from there."""
        image = message.image
        if image is None or image.card is None:
            return "", ""
        try:
            file = yield from self._uploaded(image, message.title)
        except Failure as failed:
            return "", f"{WITHOUT}: {failed.why}"
        return file, "" if file else WITHOUT

    def _uploaded(self, image: Image, title: str) -> Conversation[str]:
        """The id of a file that has no place of its own; "" where Slack does not take it.

        https://docs.slack.dev/messaging/working-with-files/#uploading_files
        """
        picture = yield from fetched(image, MOST_BYTES)
        if picture is None:
            return ""
        asked = {"filename": picture.name, "length": len(picture.data), "alt_txt": alternative(image, title, FILE_ALT)}
        answer = yield self._call("files.getUploadURLExternal", _FORM, urlencode(asked).encode())
        given = self._understood(answer)
        url, file = str(dotted(given, "upload_url") or ""), str(dotted(given, "file_id") or "")
        if not _FILE.fullmatch(file) or not re.fullmatch(_ADDRESS, url):
            return ""
        taken = yield Request("POST", url, {"content-type": picture.media_type}, picture.data, timeout=UPLOAD_TIMEOUT)
        if taken.status != 200:
            return ""
        done = compact({"files": [{"id": file, "title": title}]})
        self._understood((yield self._call("files.completeUploadExternal", _JSON, done)))
        return file

    def _call(self, method: str, headers: Mapping[str, str], content: bytes) -> Request:
        return Request("POST", f"{self.options.api_url}/{method}", self._headers(headers), content)

    def _read(self, method: str, asked: Mapping[str, Any]) -> Conversation[Any]:
        """A reading method by GET; some servers that speak Slack's language know only POST."""
        url, form = f"{self.options.api_url}/{method}", urlencode(asked)
        answer = yield Request("GET", f"{url}?{form}", self._headers())
        if answer.status in {404, 405}:
            answer = yield Request("POST", url, self._headers(_FORM), form.encode())
        return self._understood(answer)

    def _understood(self, answer: Answer) -> Any:
        rule = classify(self.rules, answer)
        if rule.reaction not in SUCCESSES:
            raise failure(rule, answer, self.title, _said(answer), commits=False)
        return answer.json()

    def _body(self, post: Post, file: str) -> dict[str, Any]:
        payload = {"slot": post.slot, "part": post.message.part, "digest": post.key}
        body = {
            "channel": self.options.channel,
            **super()._body(post, file),
            "metadata": {"event_type": "daily_post", "event_payload": payload},
        }
        if post.reply_to is not None and _TS.fullmatch(post.reply_to.id):
            body["thread_ts"] = post.reply_to.id
        return body

    def _request(self, body: Mapping[str, Any]) -> Request:
        return self._sent("chat.postMessage", body)

    def _sent(self, method: str, body: Mapping[str, Any]) -> Request:
        return Request("POST", f"{self.options.api_url}/{method}", self._headers(_JSON), compact(body), commits=True)

    def _headers(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {"authorization": f"Bearer {_clear(self.options.bot_token)}", **(more or {})}

    def _receipt(self, answer: Answer, note: str) -> Receipt:
        cut_off = "message_truncated" in str(dotted(answer.json(), "response_metadata.warnings"))
        notes = ["Slack cut the text"] if cut_off else []
        return Receipt(id=str(answer.json().get("ts", "")), note="; ".join([*notes, note] if note else notes))


def _clear(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _said(answer: Answer) -> str:
    """Slack's own word for what is wrong. A page that is not Slack's may repeat our address, and is not shown."""
    content = answer.json()
    word = str(dotted(content, "error") or answer.text.strip())
    needed = str(dotted(content, "needed") or "")
    return (word if _CODE.fullmatch(word) else "") + (f" (needs {needed})" if re.fullmatch(r"[a-z:.,_]+", needed) else "")


def _messages(page: Any) -> list[dict[str, Any]]:
    found = dotted(page, "messages")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _key_of(message: dict[str, Any]) -> Any:
    return dotted(message, "metadata.event_payload.digest")
