"""What does Telegram want to be asked, and what do its answers mean?

A bot cannot read what it posted, and the same request posts twice: a lost answer stays in doubt.
https://core.telegram.org/bots/api
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from bot.channels import Answer, Conversation, Doubt, Failure, Pace, Post, Posted, Rate, Receipt, Request, Scope
from bot.channels._addresses import checked_address, compact
from bot.channels._answers import AS_NEW, GONE, SUCCESSES, Reaction, Rule, classify, dotted, failure
from bot.channels._forms import Part, multipart
from bot.channels._pictures import STILL, WITHOUT, Picture, addressed, described, fetched
from bot.channels._telegram_text import BUDGET, CAPTION_BUDGET, HTML, TEXT, quiet, visible
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import Budget, Unit, length
from bot.rendering.markup import Markup
from bot.rendering.message import Message

API = "https://api.telegram.org"
UPLOADED = "attach://photo"  # stands for a picture that travels with the request
UPLOAD_TIMEOUT = 60.0
MOST_BYTES = 10_000_000  # of a photo
_JSON = {"content-type": "application/json"}
_NAME = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}")
_ERROR_SHOWN = 200
MOST_EDITS = 4  # tries of one edit, each without what Telegram refused before
# What a post can do without, if Telegram refuses it.
TOPIC, REPLY, FORMAT, PICTURE = "topic", "reply", "format", "picture"


class TelegramOptions(Strict):
    bot_token: SecretStr = Field(description="the token that @BotFather gave, such as 123456:AA…")
    chat: int | str = Field(description="@name of a public channel or group, or the number of a chat")
    topic: int | None = Field(default=None, description="the number of a topic, in a group that has topics")
    silent: bool = Field(default=False, description="post without a sound")
    api_url: str = Field(default=API, description="where the Bot API is; you may run a server of your own")

    @field_validator("bot_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", value.get_secret_value()):
            raise mistake("this is not the token of a bot", "copy it from @BotFather; it looks like 123456:AA…")
        return value

    @field_validator("chat")
    @classmethod
    def _chat(cls, value: int | str) -> int | str:
        if isinstance(value, int) or re.fullmatch(r"-?[0-9]{1,20}", value):
            return int(value)
        if not _NAME.fullmatch(value):
            raise mistake(f"{value!r} is not a chat", "write @name, or the number of the chat such as -1001234567890")
        return value

    @field_validator("api_url")
    @classmethod
    def _api(cls, value: str) -> str:
        checked_address(value, "api_url")
        return value.rstrip("/")


def _says(rule_id: str, http: int, has: str, reaction: Reaction, says: str = "") -> Rule:
    """An answer known by a part of its description; Telegram promises none of these words."""
    return Rule(rule_id, reaction, http=http, has=has, says=says)


_GONE, _OWNER, _DEGRADE, _SPLIT = (
    Reaction.DISABLE_DESTINATION,
    Reaction.OWNER_ACTION,
    Reaction.DEGRADE,
    Reaction.SPLIT,
)
RULES = (
    Rule("ok", Reaction.SUCCESS, http=200, json={"ok": True}),
    Rule("migrated", Reaction.MOVE_DESTINATION, http=400, json_has="parameters.migrate_to_chat_id"),
    Rule("rate", Reaction.RETRY_AFTER, http=429, json_has="parameters.retry_after", wait_at="parameters.retry_after"),
    Rule("unauthorized", Reaction.DISABLE_ACCOUNT, http=401, says="get a new token from @BotFather"),
    Rule("bad-token-shape", Reaction.DISABLE_ACCOUNT, http=404, says="check bot_token and api_url"),
    _says("blocked", 403, "bot was blocked by the user", _GONE, "they do not want posts"),
    _says("kicked", 403, "bot was kicked", _GONE, "add the bot again"),
    _says("not-member", 403, "bot is not a member", _GONE, "add the bot to the channel as administrator"),
    _says("deactivated", 403, "user is deactivated", _GONE),
    _says("deleted-group", 403, "group chat was deleted", _GONE),
    _says("not-started", 403, "can't initiate conversation", _GONE, "they must write to the bot first"),
    Rule("forbidden", _GONE, http=403),
    _says("chat-not-found", 400, "chat not found", _GONE, "check chat, and add the bot to it"),
    _says("no-rights", 400, "not enough rights", _OWNER, "let the bot post messages"),
    _says("need-admin", 400, "need administrator rights", _OWNER, "make the bot an administrator"),
    _says("have-no-rights", 400, "have no rights to send", _OWNER, "let the bot post messages"),
    _says("topic-closed", 400, "TOPIC_CLOSED", _OWNER, "open the topic, or choose another"),
    _says("thread-gone", 400, "message thread not found", _DEGRADE),
    _says("reply-gone", 400, "message to be replied not found", _DEGRADE),
    _says("too-long", 400, "message is too long", _SPLIT),
    _says("caption-too-long", 400, "caption is too long", _SPLIT),
    _says("entities-too-long", 400, "ENTITIES_TOO_LONG", _SPLIT),
    _says("parse", 400, "can't parse entities", _DEGRADE),
    _says("photo-dim", 400, "PHOTO_INVALID_DIMENSIONS", _DEGRADE),
    _says("photo-url", 400, "failed to get HTTP URL content", _DEGRADE),
    _says("photo-url-2", 400, "wrong file identifier/HTTP URL specified", _DEGRADE),
    _says("empty", 400, "message text is empty", Reaction.FAIL_MESSAGE),
    Rule("bad-request", Reaction.FAIL_MESSAGE, http=400),
    Rule("too-large", _DEGRADE, http=413),
    Rule("server", Reaction.VERIFY, http="5xx"),
)
EDIT_RULES = (
    _says("same", 400, "message is not modified", Reaction.SUCCESS),
    _says("post-gone", 400, "message to edit not found", Reaction.FAIL_MESSAGE, GONE),
    _says("post-unknown", 400, "MESSAGE_ID_INVALID", Reaction.FAIL_MESSAGE, GONE),
    _says("post-fixed", 400, "message can't be edited", Reaction.FAIL_MESSAGE, AS_NEW),
    _says("has-caption", 400, "there is no text in the message to edit", _DEGRADE),
    _says("has-text", 400, "there is no caption in the message to edit", _DEGRADE),
    _says("no-media", 400, "there is no media in the message to edit", _DEGRADE),
    Rule("moved", Reaction.FAIL_MESSAGE, http=400, json_has="parameters.migrate_to_chat_id", says=AS_NEW),
    *RULES,
)
MEDIA, CAPTION, WORDS = "media", "caption", "text"  # what of a message is edited
_OTHER = {"has-caption": CAPTION, "has-text": WORDS, "no-media": WORDS}
SPARE = {
    "thread-gone": TOPIC,
    "reply-gone": REPLY,
    "too-long": FORMAT,
    "entities-too-long": FORMAT,
    "parse": FORMAT,
    "caption-too-long": PICTURE,
    "photo-dim": PICTURE,
    "photo-url": PICTURE,
    "photo-url-2": PICTURE,
    "too-large": PICTURE,
    "bad-request": PICTURE,  # such as IMAGE_PROCESS_FAILED
}


class Telegram:
    """One chat, group or channel that a bot may post to."""

    kind: ClassVar[str] = "telegram"
    title: ClassVar[str] = "Telegram"
    markup: ClassVar[Markup] = HTML
    doubt: ClassVar[Doubt] = Doubt()
    # A group takes 20 in a minute. Whose limit was hit, the answer does not say.
    pace: ClassVar[Pace] = Pace(Rate(1, timedelta(seconds=3)), Rate(30, timedelta(seconds=1)), Scope.ACCOUNT)
    Options: ClassVar[type[TelegramOptions]] = TelegramOptions
    example: ClassVar[Mapping[str, Any]] = {"bot_token": "123456:made-up-token", "chat": "@made_up_channel"}

    def __init__(self, options: TelegramOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:  # noqa: ARG003  # one form only
        """`telegram://TOKEN@CHAT`, where CHAT is the name of a channel or the number of a chat."""
        scheme, _, rest = address.partition("://")
        token, _, chat = rest.rpartition("@")
        chat = chat.strip("/")
        if scheme != "telegram" or not token or not chat:
            return None
        numbered = re.fullmatch(r"-?[0-9]+", chat)
        return {"bot_token": token.rstrip("@"), "chat": int(chat) if numbered else f"@{chat}"}

    @property
    def account(self) -> str:
        token = self.options.bot_token.get_secret_value()
        return f"{urlsplit(self.options.api_url).netloc}/{hashlib.sha256(token.encode()).hexdigest()[:8]}"

    @cached_property
    def destination(self) -> str:
        return f"{urlsplit(self.options.api_url).netloc}/{self.options.chat}"

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # the same everywhere
        return BUDGET

    def beside_picture(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # likewise
        """A card has its text as a caption, which is shorter."""
        return CAPTION_BUDGET

    def check(self) -> Conversation[str]:
        bot = yield from self._read("getMe", {})
        chat = yield from self._read("getChat", {"chat_id": self.options.chat})
        return f"@{bot.get('username', '?')} in {chat.get('title') or chat.get('username') or self.options.chat}"

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # no facts needed
        """Sent whole first. A group that moved is followed once; what Telegram clearly refuses is left out."""
        image = post.message.image
        card = (yield from fetched(image, MOST_BYTES)) if image and image.card else None
        drawable = card is not None or image is None or image.card is None
        chat, without = self.options.chat, frozenset[str]() if drawable else frozenset({PICTURE})
        while True:
            body = self._body(post, chat, without)
            answer = yield self._publish(body, card)
            rule = classify(RULES, answer)
            if rule.reaction in SUCCESSES:
                return _receipt(answer, _notes(post.message, body, chat, self.options.chat))
            moved = dotted(answer.json(), "parameters.migrate_to_chat_id")
            spare = without | {SPARE.get(rule.id, "")}
            if rule.id == "migrated" and chat == self.options.chat and isinstance(moved, int):
                chat = moved
            elif self._body(post, chat, spare) != body:
                without = spare
            else:
                raise self._failure(rule, answer)

    def edit(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # no facts needed
        """The picture and its caption, or the text. A picture that is refused stays the old one: none can be taken away.

        https://core.telegram.org/bots/api#editmessagemedia
        """
        assert post.corrects is not None
        image = post.message.image
        card = (yield from fetched(image, MOST_BYTES)) if image and image.card else None
        drawable = card is not None or image is None or image.card is None
        way, without = _way(post.message, drawable=drawable), frozenset[str]()
        for _ in range(MOST_EDITS):
            sent = _edited(post.message, way, without)
            answer = yield self._change(post.corrects, way, sent, card)
            rule = classify(EDIT_RULES, answer)
            if rule.reaction in SUCCESSES:
                return replace(_receipt(answer, _lost(post.message, way, sent)), id=post.corrects.id)
            spare = SPARE.get(rule.id, "")
            if way == MEDIA and spare == PICTURE:
                way = CAPTION
            elif rule.reaction in {_DEGRADE, _SPLIT} and rule.id != "caption-too-long":
                way, without = _OTHER.get(rule.id, way), without | {spare}
            else:
                break
        raise self._failure(rule, answer)

    def draft(self, post: Post) -> Request:
        """The request that publishes, without the bytes of a picture."""
        body = self._body(post, self.options.chat, frozenset())
        return self._request("sendPhoto" if "photo" in body else "sendMessage", body, commits=True)

    # requests

    def _publish(self, body: Mapping[str, Any], card: Picture | None) -> Request:
        """A card travels in the request itself, the other fields beside it."""
        if "photo" not in body:
            return self._request("sendMessage", body, commits=True)
        if body["photo"] != UPLOADED or card is None:
            return self._request("sendPhoto", body, commits=True)
        return self._uploading("sendPhoto", {name: value for name, value in body.items() if name != "photo"}, card)

    def _change(self, posted: Posted, way: str, sent: Mapping[str, Any], card: Picture | None) -> Request:
        """The request of an edit: of the picture with its caption, of the caption alone, or of the text."""
        method, body = f"editMessage{way.title()}", {"chat_id": self.options.chat, "message_id": int(posted.id), **sent}
        if way == MEDIA and card is not None:
            return self._uploading(method, body, card)
        return self._request(method, body, commits=True)

    def _uploading(self, method: str, fields: Mapping[str, Any], card: Picture) -> Request:
        """A form: the fields, and the picture that one of them or the method itself speaks of."""
        parts = [Part(name, value.encode() if isinstance(value, str) else compact(value)) for name, value in fields.items()]
        kind, form = multipart([*parts, Part("photo", card.data, card.media_type, card.name)])
        request = self._request(method, {}, commits=True)
        return replace(request, headers={"content-type": kind}, content=form, timeout=UPLOAD_TIMEOUT)

    def _request(self, method: str, body: Mapping[str, Any], *, commits: bool = False) -> Request:
        url = f"{self.options.api_url}/bot{self.options.bot_token.get_secret_value()}/{method}"
        content = compact(body)
        return Request("POST", url, _JSON, content, commits=commits)

    def _body(self, post: Post, chat: int | str, without: frozenset[str]) -> dict[str, Any]:
        body: dict[str, Any] = {"chat_id": chat, **_content(post.message, without)}
        if self.options.topic is not None and TOPIC not in without:
            body["message_thread_id"] = self.options.topic
        if self.options.silent:
            body["disable_notification"] = True
        if post.reply_to is not None and post.reply_to.id.isdecimal() and REPLY not in without:
            body["reply_parameters"] = {"message_id": int(post.reply_to.id), "allow_sending_without_reply": True}
        return body

    # answers

    def _read(self, method: str, body: Mapping[str, Any]) -> Conversation[dict[str, Any]]:
        answer = yield self._request(method, body)
        rule, result = classify(RULES, answer), dotted(answer.json(), "result")
        if rule.reaction not in SUCCESSES or not isinstance(result, dict):
            raise self._failure(rule, answer, commits=False)
        return result

    def _failure(self, rule: Rule, answer: Answer, *, commits: bool = True) -> Failure:
        token, said = self.options.bot_token.get_secret_value(), dotted(answer.json(), "description")
        shown = re.sub(r"\s+", " ", said).replace(token, "…")[:_ERROR_SHOWN] if isinstance(said, str) else ""
        return failure(rule, answer, self.title, shown, commits=commits)


def _content(message: Message, without: frozenset[str]) -> dict[str, Any]:
    """A photo with the text as its caption; a longer text shows the picture above as its preview; else the text alone.

    Telegram knows no alternative text, so the picture's words end the text; those of a card are in it. https://core.telegram.org/bots/api#sendphoto
    """
    text = message.text.strip() or HTML.escape(message.title)
    if FORMAT in without:
        return {"text": _bare(message, text), "link_preview_options": {"is_disabled": True}}
    if message.image and message.image.card and PICTURE not in without and CAPTION_BUDGET.fits(text):
        return {"photo": UPLOADED, "caption": text, "parse_mode": "HTML"}
    image = None if PICTURE in without else addressed(message.image)
    if image is not None and (caption := described(text, image, HTML.escape, CAPTION_BUDGET)):
        return {"photo": image.url, "caption": caption, "parse_mode": "HTML"}
    if image is not None and (whole := described(text, image, HTML.escape, BUDGET)):
        preview = {"url": image.url, "prefer_large_media": True, "show_above_text": True}
        return {"text": whole, "parse_mode": "HTML", "link_preview_options": preview}
    return {"text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}


def _way(message: Message, *, drawable: bool) -> str:
    """What an edit to this message changes first; a message that has another form says so."""
    if "photo" not in _content(message, frozenset()):
        return WORDS
    return MEDIA if drawable else CAPTION


def _edited(message: Message, way: str, without: frozenset[str]) -> dict[str, Any]:
    """The new text of a post, the new caption of its picture, or its new picture with that."""
    if way == MEDIA:
        photo = _content(message, frozenset())["photo"]
        return {MEDIA: {"type": "photo", "media": photo, **_edited(message, CAPTION, without)}}
    content = _content(message, without)
    if way == WORDS and "photo" in content:
        content = _content(message, without | {PICTURE})
    told = content.get("caption") or content.get("text")
    formatted = {"parse_mode": "HTML"} if "parse_mode" in content else {}
    preview = {"link_preview_options": content.get("link_preview_options", {"is_disabled": True})}
    return {way: told, **formatted, **(preview if way == WORDS else {})}


def _lost(message: Message, way: str, sent: Mapping[str, Any]) -> str:
    """What the owner should know about the picture of an edited post."""
    if way == CAPTION:
        return STILL
    shown = way == MEDIA or "url" in sent["link_preview_options"]
    return "" if shown or message.image is None else WITHOUT


def _bare(message: Message, text: str) -> str:
    """Without formatting: the plain text with its addresses, or, where that is too long, what would have been seen."""
    plain = quiet(message.plain.strip())
    return plain if plain and length(plain, Unit.UTF16) <= TEXT else visible(text)


def _notes(message: Message, body: Mapping[str, Any], chat: int | str, configured: int | str) -> str:
    """What the owner should know about a post that was taken."""
    pictured = "photo" in body or "url" in body["link_preview_options"]
    notes = [f"the group has moved: write chat: {chat}"] if chat != configured else []
    return "; ".join([*notes, WITHOUT] if message.image and not pictured else notes)


def _receipt(answer: Answer, note: str) -> Receipt:
    result = dotted(answer.json(), "result")
    number, chat, name = (dotted(result, path) for path in ("message_id", "chat.id", "chat.username"))
    place = str(name) if name else f"c/{str(chat)[4:]}" if str(chat).startswith("-100") else ""
    return Receipt(str(number or ""), f"https://t.me/{place}/{number}" if place and number else "", note)
