"""What does a Discord webhook want to be asked, and what do its answers mean?

https://docs.discord.com/developers/resources/webhook (execute webhook)
https://docs.discord.com/developers/topics/opcodes-and-status-codes
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import Field, SecretStr, field_validator

from bot import __version__
from bot.channels import Answer, Conversation, Doubt, Pace, Post, Posted, Rate, Receipt, Request, Scope
from bot.channels._addresses import checked_address, compact
from bot.channels._answers import GONE, SUCCESSES, Reaction, Rule, classify, dotted, failure
from bot.channels._discord_text import ALT, BUDGET, MARKDOWN, SILENT, THREAD_NAME, by_address, content, embed
from bot.channels._forms import Part, multipart
from bot.channels._markdown_text import on_one_line
from bot.channels._pictures import WITHOUT, Picture, fetched
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import Budget, Unit, cut
from bot.rendering.markup import Markup
from bot.rendering.message import Image

HOSTS = ("discord.com", "discordapp.com")
USER_AGENT = f"DiscordBot (https://example.org/thisday, {__version__})"  # another form may be blocked
UPLOAD_TIMEOUT = 60.0
MOST_BYTES = 10 * 1024 * 1024  # of a file
MOST_TAGS = 5
_HOOK = re.compile(r"(?P<before>.*?)(?P<api>/api(?:/v[0-9]+)?)?/webhooks/(?P<id>[0-9]{1,20})/(?P<token>[\w-]+)(?:/\w+)?/?")
_SNOWFLAKE = re.compile(r"[1-9][0-9]{0,19}")


def _is_discord(host: str | None) -> bool:
    return any(host == each or (host or "").endswith(f".{each}") for each in HOSTS)


class DiscordOptions(Strict):
    webhook_url: SecretStr = Field(description="the address of a webhook; a secret")
    thread_id: str | None = Field(default=None, description="the ID of a thread to post in")
    forum: bool = Field(default=False, description="the channel is a forum: each post opens a thread, named by its title")
    tags: tuple[str, ...] = Field(default=(), description="in a forum, the IDs of up to five tags for each thread")

    @field_validator("webhook_url")
    @classmethod
    def _webhook(cls, value: SecretStr) -> SecretStr:
        parts = checked_address(value.get_secret_value(), "webhook_url")
        if not _HOOK.fullmatch(parts.path):
            raise mistake("this is not the address of a webhook", "it looks like https://discord.com/api/webhooks/…/…")
        return value

    @field_validator("thread_id")
    @classmethod
    def _thread(cls, value: str | None) -> str | None:
        return None if value is None else _id(value, "a thread")

    @field_validator("tags")
    @classmethod
    def _tags(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > MOST_TAGS:
            raise mistake(f"there are {len(value)} tags", f"a thread can have {MOST_TAGS}")
        return tuple(_id(each, "a tag") for each in value)


def _id(value: str, of: str) -> str:
    if not _SNOWFLAKE.fullmatch(value):
        raise mistake(f"{value!r} is not the ID of {of}", "switch developer mode on in Discord, and copy the ID")
    return value


def _coded(rule_id: str, reaction: Reaction, *codes: int, http: int = 400, says: str = "", has: str = "") -> Rule:
    """An answer that Discord names by a number of its own."""
    return Rule(rule_id, reaction, http=http or (), json={"code": codes if len(codes) > 1 else codes[0]}, has=has, says=says)


_GONE = "the webhook was removed"
RULES = (
    Rule("ok", Reaction.SUCCESS, http=200, json_has="id"),
    Rule("ok-nowait", Reaction.SUCCESS_ASYNC, http=204),
    _coded("unknown-webhook", Reaction.DISABLE_DESTINATION, 10015, http=404, says=_GONE),
    _coded("unknown-channel", Reaction.DEGRADE, 10003, http=404, says="the thread is gone"),
    Rule("not-found", Reaction.DISABLE_DESTINATION, http=404, says=_GONE),
    Rule("bad-token", Reaction.DISABLE_DESTINATION, http=401, says="the webhook's token is not valid"),
    Rule("forbidden", Reaction.OWNER_ACTION, http=403, says="the webhook may not post here"),
    _coded("automod", Reaction.FAIL_MESSAGE, 200000, 200001, 240000, says="the server's AutoMod blocked the words"),
    _coded("empty", Reaction.FAIL_MESSAGE, 50006),
    _coded("forum-needs-thread", Reaction.DEGRADE, 220001, says="the channel is a forum; set forum: true"),
    _coded("forum-both", Reaction.FAIL_MESSAGE, 220002),
    _coded("not-forum", Reaction.DEGRADE, 220003, says="the channel is no forum"),
    _coded("tag-required", Reaction.OWNER_ACTION, 40067, says="the forum wants a tag; set tags"),
    _coded("archived-thread", Reaction.DEGRADE, 50083, says="the thread is archived"),
    _coded("thread-locked", Reaction.DEGRADE, 160005, says="the thread is locked"),
    _coded("file-too-large", Reaction.DEGRADE, 50045, 40005, http=0),
    _coded("file-invalid", Reaction.DEGRADE, 50046, 400001, http=0),
    _coded("invalid-json", Reaction.FAIL_MESSAGE, 50109),
    _coded("form-body-length", Reaction.SPLIT, 50035, has="BASE_TYPE_MAX_LENGTH"),
    _coded("form-body-embed-size", Reaction.SPLIT, 50035, has="MAX_EMBED_SIZE_EXCEEDED"),
    _coded("form-body", Reaction.FAIL_MESSAGE, 50035),
    Rule("bad-request", Reaction.FAIL_MESSAGE, http=400),
    Rule("rate-cloudflare", Reaction.RETRY_AFTER, http=429, content_type="text/html", wait=3600, scope=Scope.ACCOUNT),
    Rule(
        "rate-global", Reaction.RETRY_AFTER, 429, json={"global": True}, wait_at="retry_after", wait=60, scope=Scope.ACCOUNT
    ),
    Rule("rate", Reaction.RETRY_AFTER, http=429, wait_at="retry_after", wait=60),
    Rule("server", Reaction.VERIFY, http="5xx"),
)
EDIT_RULES = (_coded("post-gone", Reaction.FAIL_MESSAGE, 10008, http=404, says=GONE), *RULES)
EVERYWHERE = {"rate-cloudflare", "rate-global"}  # these limits hold for all webhooks that this computer posts to
_NO_THREAD = {"unknown-channel", "archived-thread", "thread-locked"}
_NO_FILE = {"file-too-large", "file-invalid"}
_TOO_LONG = {"form-body-length", "form-body-embed-size"}


@dataclass(frozen=True, slots=True)
class _Draft:
    """A post on its way to being taken: what Discord clearly refuses is left out or put right, once each."""

    post: Post
    thread_id: str = ""
    thread_name: str = ""
    upload: Picture | None = None
    picture: bool = True
    edits: bool = False

    def body(self, tags: tuple[str, ...]) -> dict[str, Any]:
        message = self.post.message if self.picture else replace(self.post.message, image=None)
        name = self.upload.name if self.upload else ""
        body: dict[str, Any] = {
            "content": content(message),
            "embeds": [embed(message, name)],
            "allowed_mentions": dict(SILENT),
        }
        if self.upload and message.image:
            alt = cut(message.image.alt.strip() or message.image.credit, ALT, Unit.CODEPOINTS)
            body["attachments"] = [{"id": "0", "filename": name, "description": alt}]
        elif self.edits:
            body["attachments"] = []  # what is not named is taken away
        if self.thread_name:
            body |= {"thread_name": self.thread_name} | ({"applied_tags": list(tags)} if tags else {})
        return body

    def shows(self, image: Image | None) -> bool:
        """Whether the picture that was wished is there, uploaded or by its address."""
        return image is None or self.upload is not None or (self.picture and by_address(image))

    def mended(self, rule: Rule) -> _Draft | None:
        """What to try after this answer; None if nothing is left to try."""
        if rule.id in _NO_THREAD and self.thread_id:
            return replace(self, thread_id="")
        if rule.id == "forum-needs-thread" and not (self.thread_id or self.thread_name):
            return self.in_forum()
        if rule.id == "not-forum" and self.thread_name:
            return replace(self, thread_name="")
        if rule.id in _NO_FILE and self.upload:
            return replace(self, upload=None)
        if rule.id in _TOO_LONG and self.picture and self.post.message.image:
            return replace(self, upload=None, picture=False)
        return None

    def in_forum(self) -> _Draft:
        """A thread of its own, or the one that the first part opened."""
        thread = _thread(self.post.reply_to.id) if self.post.reply_to else ""
        if _SNOWFLAKE.fullmatch(thread):
            return replace(self, thread_id=thread)
        title = on_one_line(self.post.message.title) or self.post.slot
        return replace(self, thread_name=cut(title, THREAD_NAME, Unit.CODEPOINTS))


class Discord:
    """One Discord channel, by a webhook. It cannot be asked what it posted: without an answer there is no ID to ask for."""

    kind: ClassVar[str] = "discord"
    title: ClassVar[str] = "Discord"
    markup: ClassVar[Markup] = MARKDOWN
    doubt: ClassVar[Doubt] = Doubt()
    # Its own numbers are secret; those for a webhook were seen, and the one for all webhooks of a computer is documented.
    pace: ClassVar[Pace] = Pace(Rate(1, timedelta(seconds=2)), Rate(50, timedelta(seconds=1)))
    Options: ClassVar[type[DiscordOptions]] = DiscordOptions
    example: ClassVar[Mapping[str, Any]] = {"webhook_url": "https://discord.com/api/webhooks/100000000000000000/made-up"}

    def __init__(self, options: DiscordOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:
        """A webhook's address, with `?thread_id=…` for a thread."""
        parts = urlsplit(address)
        if not named and not (_is_discord(parts.hostname) and _HOOK.fullmatch(parts.path)):
            return None
        thread = parse_qs(parts.query).get("thread_id", [])
        return {"webhook_url": address.partition("?")[0], **({"thread_id": thread[0]} if thread else {})}

    @property
    def account(self) -> str:
        return self._hook["host"]

    @property
    def destination(self) -> str:
        thread = f"/{self.options.thread_id}" if self.options.thread_id else ""
        return f"{self._hook['host']}/{self._hook['id']}{thread}"

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # Discord's limits are the same everywhere
        return BUDGET

    beside_picture = budget

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # likewise
        """The picture is fetched and uploaded; what Discord clearly refuses is put right, once for each reason."""
        image = post.message.image
        upload = (yield from fetched(image, MOST_BYTES)) if image else None
        answer, draft = yield from self._taken(self._begun(post, upload), RULES)
        message = str(dotted(answer.json(), "id") or "")
        followed = message and draft.thread_id and draft.thread_id != self.options.thread_id
        receipt_id = f"{message}|{draft.thread_id}" if followed else message
        return Receipt(receipt_id, note="" if draft.shows(image) else WITHOUT)

    def edit(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # likewise
        """The picture is uploaded again in place of the one that is there; nobody is called by an edit either.

        https://docs.discord.com/developers/resources/webhook (edit webhook message)
        """
        assert post.corrects is not None
        image = post.message.image
        upload = (yield from fetched(image, MOST_BYTES)) if image else None
        draft = _Draft(post, self._thread_of(post.corrects), upload=upload, edits=True)
        _, draft = yield from self._taken(draft, EDIT_RULES)
        return Receipt(post.corrects.id, note="" if draft.shows(image) else WITHOUT)

    def _taken(self, draft: _Draft, rules: Sequence[Rule]) -> Conversation[tuple[Answer, _Draft]]:
        """The answer of success, and what was taken. What Discord clearly refuses is put right, once for each reason."""
        seen = set[str]()
        while True:
            answer = yield self._request(draft)
            rule = classify(rules, answer)
            if rule.reaction in SUCCESSES:
                return answer, draft
            mended = None if rule.id in seen else draft.mended(rule)
            if mended is None:
                raise failure(_reaching(rule, answer), answer, self.title, _said(answer))
            seen.add(rule.id)
            draft = mended

    def _thread_of(self, posted: Posted) -> str:
        """The thread that a post stands in; in a forum the one that it opened, or that it followed into."""
        forum = self.options.forum or "|" in posted.id
        return self.options.thread_id or (_thread(posted.id) if forum else "")

    def draft(self, post: Post) -> Request:
        """The request that publishes, with the picture by its address."""
        return self._request(self._begun(post, None))

    def check(self) -> Conversation[str]:
        """https://docs.discord.com/developers/resources/webhook (get webhook with token)"""
        answer = yield Request("GET", self._hook["url"], {"user-agent": USER_AGENT})
        rule = classify(RULES, answer)
        if rule.reaction not in SUCCESSES:
            raise failure(_reaching(rule, answer), answer, self.title, _said(answer), commits=False)
        return f"{dotted(answer.json(), 'name') or 'a webhook'} in channel {dotted(answer.json(), 'channel_id') or '?'}"

    def _begun(self, post: Post, upload: Picture | None) -> _Draft:
        draft = _Draft(post, self.options.thread_id or "", upload=upload)
        return draft.in_forum() if self.options.forum and not draft.thread_id else draft

    @property
    def _hook(self) -> dict[str, str]:
        """Whatever of its forms was pasted: the host, the webhook's ID, and the address to ask, of version 10."""
        parts = urlsplit(self.options.webhook_url.get_secret_value())
        match = _HOOK.fullmatch(parts.path)
        assert match is not None  # its options are checked
        host, api = ("discord.com", "/api/v10") if _is_discord(parts.hostname) else (parts.netloc, match["api"] or "")
        path = f"{match['before']}{api}/webhooks/{match['id']}/{match['token']}"
        return {"host": host, "id": match["id"], "url": f"{parts.scheme}://{host}{path}"}

    def _request(self, draft: _Draft) -> Request:
        thread = {"thread_id": draft.thread_id} if draft.thread_id else {}
        corrects = draft.post.corrects if draft.edits else None
        method, place = ("PATCH", f"/messages/{corrects.id.partition('|')[0]}") if corrects else ("POST", "")
        asked = urlencode(thread if corrects else {"wait": "true", **thread})
        url = f"{self._hook['url']}{place}{'?' if asked else ''}{asked}"
        body = compact(draft.body(self.options.tags))
        headers = {"user-agent": USER_AGENT, "content-type": "application/json"}
        if draft.upload is None:
            return Request(method, url, headers, body, commits=True)
        upload = draft.upload
        file = Part("files[0]", upload.data, upload.media_type, upload.name)
        kind, whole = multipart([Part("payload_json", body, "application/json"), file])
        return Request(method, url, {**headers, "content-type": kind}, whole, commits=True, timeout=UPLOAD_TIMEOUT)


def _thread(receipt_id: str) -> str:
    """The thread of a post in a forum. A receipt names the one that it followed into; else it opened one, of its own ID."""
    message, _, followed = receipt_id.partition("|")
    return followed or message


def _reaching(rule: Rule, answer: Answer) -> Rule:
    """How far an answer reaches. A thread that is gone, and that could not be left out, is no fault of the message.

    A limit of all webhooks may be told by a header only.
    """
    if rule.id in _NO_THREAD:
        return replace(rule, reaction=Reaction.DISABLE_DESTINATION)
    everywhere = answer.headers.get("x-ratelimit-global", ()), answer.headers.get("x-ratelimit-scope", ())
    return replace(rule, scope=Scope.ACCOUNT) if "true" in everywhere[0] or "global" in everywhere[1] else rule


def _said(answer: Answer) -> str:
    """Discord's number for what is wrong; its words may be another page's, and that may repeat our address."""
    code = dotted(answer.json(), "code")
    return f"code {code}" if isinstance(code, int) else ""
