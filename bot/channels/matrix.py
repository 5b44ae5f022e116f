"""What does a Matrix server want to be asked, and what do its answers mean?

A transaction id names every attempt of a post: for the same access token the server answers a repeat with the first event.
https://spec.matrix.org/latest/client-server-api/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlencode

from pydantic import Field, SecretStr, field_validator

from bot.channels import Answer, Conversation, Doubt, Failure, InDoubt, Pace, Post, Receipt, Refused, Request, Scope
from bot.channels._addresses import checked_address, checked_token, compact, known_by
from bot.channels._answers import GONE, SUCCESSES, Reaction, Rule, classify, dotted, failure
from bot.channels._matrix_text import BUDGET, HTML, Uploaded, content, event_and_root, replacement, without_markup
from bot.channels._pictures import WITHOUT, fetched, had
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import Budget
from bot.rendering.markup import Markup
from bot.rendering.message import Image

MOST_PICTURE = 1_000_000  # bytes
PAGE, MOST_PAGES = 50, 4  # of a room's history
EARLIER = timedelta(minutes=5)  # how far the server's clock may be behind ours
_CLIENT = "/_matrix/client/v3"
_UPLOAD_TIMEOUT = 60.0
_DAY = 86_400_000  # milliseconds
_ERROR_SHOWN = 200
_MXC = re.compile(r"mxc://[^/\s]+/[A-Za-z0-9_-]+")
_BASE = re.compile(r"https://[^\s/?#@]+(?:/[^\s?#@]*)?")


class MatrixOptions(Strict):
    server: str = Field(description="the address of the homeserver, or a server's name, whose homeserver is then looked up")
    access_token: SecretStr = Field(description="the access token of the bot's own account")
    room: str = Field(description="the id (!…) or an alias (#…:server) of the room")

    @field_validator("server")
    @classmethod
    def _server(cls, value: str) -> str:
        checked_address(value if "://" in value else f"https://{value}", "server", bare=True)
        return value.rstrip("/")

    @field_validator("access_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        checked_token(value.get_secret_value(), "access_token")
        return value

    @field_validator("room")
    @classmethod
    def _room(cls, value: str) -> str:
        if not re.fullmatch(r"![^\s/?#]+|#[^\s:]+:[^\s/?#]+", value):
            raise mistake(f"{value!r} is not a room", "write its id (!…) or an alias (#name:server)")
        return value


def _errs(rule_id: str, reaction: Reaction, errors: str, http: int | tuple[()] = (), says: str = "", **more: Any) -> Rule:
    """An answer by its `errcode`. https://spec.matrix.org/latest/client-server-api/#standard-error-response"""
    return Rule(rule_id, reaction, http=http, json={"errcode": tuple(errors.split()), **more}, says=says)


_LOG_IN = "log in again with the same device id, so that repeats stay safe, and write the new access_token"
_SUSPENDED = "M_USER_LOCKED M_USER_SUSPENDED M_USER_DEACTIVATED"
_FULL = "M_RESOURCE_LIMIT_EXCEEDED M_USER_LIMIT_EXCEEDED"
RULES = (
    Rule("ok", Reaction.SUCCESS, http=200, json_has="event_id"),
    Rule("rate", Reaction.RETRY_AFTER, http=429, json={"errcode": "M_LIMIT_EXCEEDED"}, wait=5),
    _errs("soft-logout", Reaction.REFRESH_AUTH, "M_UNKNOWN_TOKEN", 401, _LOG_IN, soft_logout=True),
    _errs("unknown-token", Reaction.DISABLE_ACCOUNT, "M_UNKNOWN_TOKEN M_MISSING_TOKEN", 401, _LOG_IN),
    _errs("locked", Reaction.DISABLE_ACCOUNT, _SUSPENDED),
    _errs("forbidden", Reaction.OWNER_ACTION, "M_FORBIDDEN", 403, "invite the bot to the room and let it post"),
    _errs("resource-limit", Reaction.OWNER_ACTION, _FULL, says="the server is at its limit"),
    _errs("not-found", Reaction.DISABLE_DESTINATION, "M_NOT_FOUND", 404),
    _errs("unrecognized", Reaction.OWNER_ACTION, "M_UNRECOGNIZED", says="check the address in server"),
    _errs("too-large", Reaction.SPLIT, "M_TOO_LARGE", 413),
    Rule("bad", Reaction.FAIL_MESSAGE, http=400),
    Rule("server", Reaction.RETRY_BACKOFF, http="5xx"),
)
EDIT_RULES = (_errs("post-gone", Reaction.FAIL_MESSAGE, "M_NOT_FOUND", 404, GONE), *RULES)


class Matrix:
    """One room. It must not be encrypted."""

    kind: ClassVar[str] = "matrix"
    title: ClassVar[str] = "Matrix"
    markup: ClassVar[Markup] = HTML
    doubt: ClassVar[Doubt] = Doubt(repeat_within=timedelta(days=1))  # with the same transaction id and access token
    # Each server has limits of its own; its answers tell.
    pace: ClassVar[Pace] = Pace(named=Scope.ACCOUNT)
    Options: ClassVar[type[MatrixOptions]] = MatrixOptions
    example: ClassVar[Mapping[str, Any]] = {
        "server": "https://matrix.example",
        "access_token": "made-up-token",
        "room": "!made-up:matrix.example",
    }

    def __init__(self, options: MatrixOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:  # noqa: ARG003  # one form only
        """`matrix://TOKEN@server/!room`, or with `#alias:server` for the room."""
        scheme, _, rest = address.partition("://")
        token, _, place = rest.partition("@")
        server, _, room = place.partition("/")
        if scheme != "matrix" or not token or not server or not room:
            return None
        return {"server": server, "access_token": token, "room": unquote(room)}

    @property
    def account(self) -> str:
        token = self.options.access_token.get_secret_value()
        return known_by(self._host, token)

    @property
    def destination(self) -> str:
        return f"{self._host}/{self.options.room}"

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # the same everywhere
        return BUDGET

    beside_picture = budget

    def check(self) -> Conversation[str]:
        """Also refuses an encrypted room: a plain event would be shown there with a warning."""
        base = yield from self._base()
        whoami = yield from self._read(base, "/account/whoami")
        room = yield from self._room(base)
        answer = yield self._ask("GET", f"{base}{_CLIENT}/rooms/{_quoted(room)}/state/m.room.encryption")
        if answer.status == 200:
            raise Refused(Scope.DESTINATION, f"{self._host}: the room is encrypted; choose another", lasting=False)
        if answer.status != 404:
            raise self._failure(classify(RULES, answer), answer, commits=False)
        return f"{whoami.get('user_id', '?')} in {self.options.room}"

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # no facts needed
        """Joins the room once, where it may; a text that is too large goes without its markup."""
        base = yield from self._base()
        room = yield from self._room(base)
        whole = yield from self._content(base, post)
        joined = False
        while True:
            answer = yield self._send(base, room, post.key, whole)
            rule = classify(RULES, answer)
            if rule.reaction in SUCCESSES:
                return self._receipt(room, answer.json()["event_id"], whole, _note(post, whole))
            if rule.id == "forbidden" and not joined:
                joined = yield from self._joined(base, room)
                if joined:
                    continue
            elif rule.id == "too-large" and "formatted_body" in whole:
                whole = without_markup(whole)
                continue
            raise self._failure(rule, answer)

    def edit(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # no facts needed
        """A new event that replaces the first one. https://spec.matrix.org/latest/client-server-api/#event-replacements"""
        assert post.corrects is not None
        base = yield from self._base()
        room = yield from self._room(base)
        yield from self._require_event(base, room, post.corrects.id.partition("|")[0])
        whole = yield from self._content(base, replace(post, reply_to=None))
        answer = yield self._send(base, room, post.key, replacement(whole, post.corrects.id))
        rule = classify(RULES, answer)
        if rule.reaction not in SUCCESSES:
            raise self._failure(rule, answer)
        event = post.corrects.id.partition("|")[0]
        return Receipt(post.corrects.id, f"https://matrix.to/#/{_quoted(room)}/{_quoted(event)}", _note(post, whole))

    def draft(self, post: Post) -> Request:
        """The request that publishes, before a server was asked for anything; without a picture."""
        whole = content(post.message, None, post.reply_to)
        return self._send(f"https://{self._host}", self.options.room, post.key, whole)

    def find(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt | None]:  # noqa: ARG002  # no facts needed
        """Looks for the transaction id, which a server shows to the token that sent it, in the room's history."""
        base = yield from self._base()
        room = yield from self._room(base)
        since = (post.first_tried or post.now) - EARLIER
        asked = {"dir": "b", "limit": str(PAGE), "filter": '{"types":["m.room.message"]}'}
        for _ in range(MOST_PAGES):
            page = yield from self._read(base, f"/rooms/{_quoted(room)}/messages?{urlencode(asked)}")
            events = [each for each in page.get("chunk") or () if isinstance(each, dict)]
            found = next((each for each in events if _is_ours(each, post.key)), None)
            if found is not None:
                return self._receipt(room, str(found.get("event_id", "")), dotted(found, "content") or {}, "")
            asked["from"] = str(page.get("end") or "")
            if not asked["from"] or any(_sent(each) < since for each in events):
                return None
        raise InDoubt(f"{self._host}: so much was posted since that the post may be further back")

    def _require_event(self, base: str, room: str, event: str) -> Conversation[None]:
        """A server takes an edit of what was removed, and shows nothing of it."""
        answer = yield self._ask("GET", f"{base}{_CLIENT}/rooms/{_quoted(room)}/event/{_quoted(event)}")
        rule = classify(EDIT_RULES, answer)
        if rule.reaction not in SUCCESSES:
            raise self._failure(rule, answer, commits=False)
        if dotted(answer.json(), "unsigned.redacted_because") is not None:
            raise Refused(Scope.MESSAGE, f"{self._host}: {GONE}")

    # where it goes

    @property
    def _host(self) -> str:
        return self.options.server.rpartition("://")[2]

    def _base(self) -> Conversation[str]:
        """The homeserver's address. https://spec.matrix.org/latest/client-server-api/#well-known-uris"""
        if "://" in self.options.server:
            return self.options.server
        answer = yield Request("GET", f"https://{self._host}/.well-known/matrix/client")
        return _base_url(answer) or f"https://{self._host}"

    def _room(self, base: str) -> Conversation[str]:
        """The id of the room; an alias cannot be posted to."""
        if self.options.room.startswith("!"):
            return self.options.room
        found = yield from self._read(base, f"/directory/room/{_quoted(self.options.room)}")
        return str(found.get("room_id", ""))

    def _joined(self, base: str, room: str) -> Conversation[bool]:
        answer = yield self._ask("POST", f"{base}{_CLIENT}/rooms/{_quoted(room)}/join", b"{}")
        return answer.status == 200

    # requests

    def _ask(self, method: str, url: str, sent: bytes = b"", media_type: str = "application/json") -> Request:
        headers = self._headers({"content-type": media_type} if sent else {})
        return Request(method, url, headers, sent, timeout=_UPLOAD_TIMEOUT if sent else 20)

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return {"authorization": f"Bearer {self.options.access_token.get_secret_value()}", **more}

    def _send(self, base: str, room: str, key: str, whole: Mapping[str, Any]) -> Request:
        url = base + path(room, txn_id(key))
        return Request("PUT", url, self._headers({"content-type": "application/json"}), compact(whole), commits=True)

    def _content(self, base: str, post: Post) -> Conversation[dict[str, Any]]:
        image = had(post.message.image)
        uploaded = (yield from self._uploaded(base, image)) if image else None
        return content(post.message, uploaded, post.reply_to)

    def _uploaded(self, base: str, image: Image) -> Conversation[Uploaded | None]:
        """The picture in the server's own store, where all pictures of a room have to be."""
        picture = yield from fetched(image, MOST_PICTURE)
        if picture is None:
            return None
        url = f"{base}/_matrix/media/v3/upload?{urlencode({'filename': picture.name})}"
        try:
            answer = yield self._ask("POST", url, picture.data, picture.media_type)
        except Failure:
            return None
        uri = dotted(answer.json(), "content_uri")
        return Uploaded(uri, picture, image) if answer.status == 200 and _MXC.fullmatch(str(uri)) else None

    # answers

    def _read(self, base: str, asked: str) -> Conversation[dict[str, Any]]:
        answer = yield self._ask("GET", f"{base}{_CLIENT}{asked}")
        found = answer.json()
        if answer.status != 200 or not isinstance(found, dict):
            raise self._failure(classify(RULES, answer), answer, commits=False)
        return found

    def _receipt(self, room: str, event: str, whole: Mapping[str, Any], note: str) -> Receipt:
        return Receipt(event_and_root(event, whole), f"https://matrix.to/#/{_quoted(room)}/{_quoted(event)}", note)

    def _failure(self, rule: Rule, answer: Answer, *, commits: bool = True) -> Failure:
        said, token = dotted(answer.json(), "error"), self.options.access_token.get_secret_value()
        shown = re.sub(r"\s+", " ", said).replace(token, "…")[:_ERROR_SHOWN] if isinstance(said, str) else ""
        return failure(timed(rule, answer), answer, self._host, shown, commits=commits)


def _note(post: Post, whole: Mapping[str, Any]) -> str:
    return WITHOUT if post.message.image and "url" not in whole else ""


def txn_id(key: str) -> str:
    """The same for every attempt of a post; its key is made of room, slot and part."""
    return f"otd-{key[:24]}"


def path(room: str, txn: str) -> str:
    return f"{_CLIENT}/rooms/{_quoted(room)}/send/m.room.message/{_quoted(txn)}"


def timed(rule: Rule, answer: Answer) -> Rule:
    """The rule with the wait that the body names in milliseconds; a header, which is newer, goes before it."""
    stated = dotted(answer.json(), "retry_after_ms")
    timely = rule.id == "rate" and isinstance(stated, int | float) and 0 <= stated <= _DAY
    return replace(rule, wait=stated / 1000) if timely else rule


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _base_url(answer: Answer) -> str:
    """The address in a server's own description of itself; "" where there is none that could be used."""
    described = answer.json()
    found = dotted(described.get("m.homeserver"), "base_url") if isinstance(described, dict) else None
    return found.rstrip("/") if isinstance(found, str) and _BASE.fullmatch(found) and answer.status == 200 else ""


def _is_ours(event: Mapping[str, Any], key: str) -> bool:
    return bool(dotted(event, "unsigned.transaction_id") == txn_id(key))


def _sent(event: Mapping[str, Any]) -> datetime:
    """When an event was sent; one that does not say so counts as recent."""
    stamp = event.get("origin_server_ts")
    return datetime.fromtimestamp(stamp / 1000, UTC) if isinstance(stamp, int) else datetime.max.replace(tzinfo=UTC)
