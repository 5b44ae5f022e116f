"""What does a Zulip server want to be asked, and what do its answers mean? As a bot, into a topic of a channel.

https://zulip.com/api/send-message
https://zulip.com/api/rest-error-handling
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlencode, urlsplit

from pydantic import Field, SecretStr, field_validator

from bot.channels import Answer, Conversation, Doubt, InDoubt, Pace, Post, Rate, Receipt, Request, Scope
from bot.channels._addresses import checked_address, checked_token
from bot.channels._answers import AS_NEW, SUCCESSES, Reaction, Rule, classify, dotted, failure
from bot.channels._markdown_text import GAP, NOTHING, address, on_one_line, parted, strong, without_brackets
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import Budget, Unit, cut
from bot.rendering.markup import Markup
from bot.rendering.message import Image

MOST, TOPIC = 10_000, 60  # code points; what is longer is cut by the server, and it does not say so
ALT, CREDIT, ADDRESS = 500, 300, 2000
ROOM = ALT + CREDIT + ADDRESS + 20  # of a post, for a picture below the text
LEAST = 500  # of text, whatever a server says
PAGE = 50  # of the topic's newest messages
CLOCKS = timedelta(minutes=5)  # how far the server's clock may be from ours
_EMAIL = re.compile(r"[^@\s:]+@[^@\s:/]+")
_CODE = re.compile(r"[A-Z_]{2,60}")
_PICTURE = re.compile(r"https?://\S+")
_FORM = {"content-type": "application/x-www-form-urlencoded"}
# `@**Name**`, `@*group*`; `@_**Name**` is silent by itself. In an address too: Zulip looks for names first.
quiet = parted(r"@(?=\*|\Z)", NOTHING)
_unlinked = parted(r"\](?=\()")
# Zulip has no backslash: at the beginning of a line, a zero-width space makes a sign literal.
_LEADING = re.compile(r"^(?=[ \t]*(?:[>#]|[-+*][ \t]|[0-9]+[.)][ \t]|`{3}|~{3}))", re.MULTILINE)


def escape(text: str) -> str:
    """Text that calls nobody, links nothing and begins no list. Zulip cannot escape stars and backquotes; they stay."""
    return _LEADING.sub(GAP, _unlinked(quiet(text)))


def link(url: str, label: str) -> str:
    """A backslash at the end would be taken for an escape by some of Zulip's apps."""
    shown = quiet(without_brackets(label)).translate(str.maketrans("[]", "()")).rstrip("\\")
    return f"[{shown or address(url)}]({address(url)})"


MARKDOWN = Markup("markdown", escape, strong, link)


class ZulipOptions(Strict):
    server: str = Field(description="the organization's address, such as https://example.zulipchat.com")
    email: str = Field(description="the bot's e-mail address, as Zulip shows it")
    api_key: SecretStr = Field(description="the bot's API key; a secret")
    channel: str = Field(description="the channel's name or its ID", min_length=1)
    topic: str = Field(default="On this day", description="the topic to post in", min_length=1)

    @field_validator("server")
    @classmethod
    def _server(cls, value: str) -> str:
        checked_address(value, "server", bare=True)
        return value.rstrip("/")

    @field_validator("email")
    @classmethod
    def _email(cls, value: str) -> str:
        if not _EMAIL.fullmatch(value):
            raise mistake(f"{value!r} is not the e-mail address of a bot", "copy it from Settings → Bots")
        return value

    @field_validator("api_key")
    @classmethod
    def _key(cls, value: SecretStr) -> SecretStr:
        checked_token(value.get_secret_value(), "api_key")
        return value

    @field_validator("topic")
    @classmethod
    def _topic(cls, value: str) -> str:
        if len(value) > TOPIC:
            raise mistake(f"topic is {len(value)} characters long", f"write at most {TOPIC}; Zulip would cut it")
        return value


def _coded(rule_id: str, reaction: Reaction, *codes: str, http: int = 400, says: str = "") -> Rule:
    return Rule(rule_id, reaction, http=http or (), json={"code": codes if len(codes) > 1 else codes[0]}, says=says)


_WILDCARDS = ("STREAM_WILDCARD_MENTION_NOT_ALLOWED", "TOPIC_WILDCARD_MENTION_NOT_ALLOWED")
_OFF = ("USER_DEACTIVATED", "REALM_DEACTIVATED")
RULES = (
    Rule("ok", Reaction.SUCCESS, http=200, json={"result": "success"}),
    _coded("stream-gone", Reaction.DISABLE_DESTINATION, "STREAM_DOES_NOT_EXIST", says="check channel: in the config"),
    _coded("wildcard", Reaction.FAIL_MESSAGE, *_WILDCARDS),
    Rule("bad-key", Reaction.DISABLE_ACCOUNT, http=401, says="copy email and api_key again from Settings → Bots"),
    _coded("deactivated", Reaction.DISABLE_ACCOUNT, *_OFF, http=0, says="the bot or the organization is deactivated"),
    Rule("rate", Reaction.RETRY_AFTER, http=429, json={"code": "RATE_LIMIT_HIT"}, wait_at="retry-after", wait=60),
    Rule("bad", Reaction.FAIL_MESSAGE, http=400),
    Rule("server", Reaction.VERIFY, http="5xx"),
)
# Zulip has one code for a message that is gone and for one that may no longer be edited.
EDIT_RULES = (
    _coded(
        "post-fixed", Reaction.FAIL_MESSAGE, "BAD_REQUEST", says=f"the message is gone, or too old to be edited; {AS_NEW}"
    ),
    *RULES,
)


class Zulip:
    """One topic of a channel. Posts carry no key, but the topic can be read."""

    kind: ClassVar[str] = "zulip"
    title: ClassVar[str] = "Zulip"
    markup: ClassVar[Markup] = MARKDOWN
    doubt: ClassVar[Doubt] = Doubt(by_words=True)
    # 200 requests in a minute; a post asks up to three times.
    pace: ClassVar[Pace] = Pace(account=Rate(60, timedelta(minutes=1)), named=Scope.ACCOUNT)
    Options: ClassVar[type[ZulipOptions]] = ZulipOptions
    example: ClassVar[Mapping[str, Any]] = {
        "server": "https://zulip.example.org",
        "email": "thisday-bot@zulip.example.org",
        "api_key": "made-up",
        "channel": "general",
    }

    def __init__(self, options: ZulipOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:  # noqa: ARG003  # one form only
        """`zulip://BOT-EMAIL:KEY@server/channel/topic`; the topic may be left out, and a space is written `%20`."""
        parts = urlsplit(address)
        who, _, server = parts.netloc.rpartition("@")
        email, _, key = who.rpartition(":")
        channel, _, topic = parts.path.removeprefix("/").partition("/")
        if parts.scheme != "zulip" or not email:
            return None
        told = {"email": unquote(email), "api_key": unquote(key), "channel": unquote(channel)}
        return {"server": f"https://{server}", **told, **({"topic": unquote(topic)} if topic else {})}

    @property
    def account(self) -> str:
        return f"{self._host}/{self.options.email}"

    @property
    def destination(self) -> str:
        return f"{self._host}/{self.options.channel}/{self.options.topic}"

    def budget(self, facts: Mapping[str, Any]) -> Budget:
        """What the server said, less a picture with its words."""
        return Budget(max(_number(facts, "max_message_length", MOST) - ROOM, LEAST), Unit.CODEPOINTS)

    def learn(self) -> Conversation[dict[str, Any]]:
        """The server's limits. https://zulip.com/api/register-queue"""
        asked = {"event_types": '["realm"]', "fetch_event_types": '["realm"]'}
        answer = yield Request("POST", self._at("register"), self._headers(_FORM), urlencode(asked).encode())
        return {"max_message_length": _number(self._understood(answer), "max_message_length", MOST)}

    def check(self) -> Conversation[str]:
        answer = yield Request("GET", self._at("users/me"), self._headers())
        return f"{self._understood(answer).get('full_name') or self.options.email} on {self._host}"

    def find(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt | None]:  # noqa: ARG002  # no facts needed
        """Looks for the same words among the bot's newest messages in the topic, since the first try.

        https://zulip.com/api/get-messages
        """
        since = ((post.first_tried or post.now) - CLOCKS).timestamp()
        asked = {"anchor": "newest", "num_before": PAGE, "num_after": 0, "narrow": self._narrow(), "apply_markdown": "false"}
        answer = yield Request("GET", f"{self._at('messages')}?{urlencode(asked)}", self._headers())
        page = dotted(self._understood(answer), "messages")
        recent = [each for each in page or [] if isinstance(each, dict) and each.get("timestamp", since) >= since]
        alike = [self._receipt(each) for each in recent if _same(each.get("content"), _content(post))]
        found = next((each for each in alike if each not in post.others), None)
        if found is not None:
            return found
        if len(recent) >= PAGE:
            raise InDoubt("Zulip: so much was posted since that the post may be further back")
        return None

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # fitted already
        form = {"type": "stream", "to": self.options.channel, "topic": self.options.topic, "content": _content(post)}
        answer = yield Request("POST", self._at("messages"), self._headers(_FORM), urlencode(form).encode(), commits=True)
        return self._receipt(self._understood(answer, commits=True))

    def edit(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # fitted already
        """https://zulip.com/api/update-message"""
        assert post.corrects is not None
        url, form = f"{self._at('messages')}/{quote(post.corrects.id, safe='')}", {"content": _content(post)}
        answer = yield Request("PATCH", url, self._headers(_FORM), urlencode(form).encode(), commits=True)
        self._understood(answer, commits=True, rules=EDIT_RULES)
        return self._receipt({"id": post.corrects.id})

    @property
    def _host(self) -> str:
        return urlsplit(self.options.server).netloc

    def _at(self, method: str) -> str:
        return f"{self.options.server}/api/v1/{method}"

    def _headers(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        whole = f"{self.options.email}:{self.options.api_key.get_secret_value()}"
        return {"authorization": f"Basic {base64.b64encode(whole.encode()).decode()}", **(more or {})}

    def _narrow(self) -> str:
        channel = self.options.channel
        wanted = {"channel": int(channel) if channel.isdecimal() else channel}
        wanted |= {"topic": self.options.topic, "sender": self.options.email}
        return json.dumps([{"operator": name, "operand": value} for name, value in wanted.items()], ensure_ascii=False)

    def _understood(self, answer: Answer, *, commits: bool = False, rules: Sequence[Rule] = RULES) -> dict[str, Any]:
        rule = classify(rules, answer)
        if rule.reaction not in SUCCESSES:
            raise failure(rule, answer, self.title, _said(answer), commits=commits)
        content: dict[str, Any] = answer.json()
        return content

    def _receipt(self, message: Mapping[str, Any]) -> Receipt:
        number = str(message.get("id") or "")
        return Receipt(id=number, url=f"{self.options.server}/#narrow/near/{number}" if number else "")


def _content(post: Post) -> str:
    """The text, and a picture below it as a link that Zulip opens; its words are those of the link."""
    message = post.message
    text = message.text.replace("\0", "").strip() or message.title
    return text + _picture(message.image)


def _picture(image: Image | None) -> str:
    shown = address(image.url) if image else ""
    if image is None or len(shown) > ADDRESS or not _PICTURE.fullmatch(shown):
        return ""
    alt, credit = (
        cut(on_one_line(words), most, Unit.CODEPOINTS) for words, most in ((image.alt, ALT), (image.credit, CREDIT))
    )
    return f"\n\n{link(shown, alt or credit or 'picture')}" + (f"\n{escape(credit)}" if credit else "")


def _same(content: Any, sent: str) -> bool:
    return isinstance(content, str) and content.strip() == sent.strip()


def _number(facts: Mapping[str, Any], name: str, default: int) -> int:
    value = facts.get(name)
    return value if type(value) is int and value > 0 else default


def _said(answer: Answer) -> str:
    """Zulip's code for what is wrong; its words are in the server's language."""
    code = str(dotted(answer.json(), "code") or "")
    return code if _CODE.fullmatch(code) else ""
