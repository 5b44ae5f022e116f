"""What does a server with Mastodon's API want to be asked, and what do its answers mean?

Mastodon, GoToSocial, Hollo, Pleroma and others. The idempotency key cannot be relied on (GoToSocial ignores it), so a
repeat looks at the account's own statuses first. https://docs.joinmastodon.org/methods/statuses/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urlencode, urlsplit

from pydantic import Field, SecretStr, field_validator

from bot.channels import (
    Answer,
    Conversation,
    Doubt,
    Failure,
    InDoubt,
    Pace,
    Post,
    Rate,
    Receipt,
    Refused,
    Request,
    Scope,
    Unavailable,
    Wait,
)
from bot.channels._addresses import checked_address, checked_token, compact, known_by
from bot.channels._answers import AS_NEW, GONE, SUCCESSES, Reaction, Rule, classify, dotted, failure
from bot.channels._forms import Part, multipart
from bot.channels._mastodon_answers import created, limits, media_of, same_readers
from bot.channels._mastodon_text import URL_WEIGHT, Counted, quiet, same
from bot.channels._pictures import STILL, WITHOUT, Picture, fetched, had, words
from bot.fields import Strict
from bot.rendering.budget import Budget, Unit, cut
from bot.rendering.markup import Markup
from bot.rendering.message import Image, Message

MOST_CHARACTERS, DESCRIPTION = 500, 1500  # Mastodon's own, where the server does not say
PAGE, MOST_PAGES = 20, 5  # of the account's own statuses
CLOCKS = timedelta(minutes=5)  # how far the server's clock may be from ours
PATIENCE = 30  # looks at media that the server is still at work on
PAUSE = Wait(2)
UPLOAD_TIMEOUT = 60.0
MOST_BYTES = 16 * 1024 * 1024  # of a picture, where the server does not say
_STATUSES = "/api/v1/statuses"
_ERROR_SHOWN = 200
_JSON = {"content-type": "application/json"}


class MastodonOptions(Strict):
    server: str = Field(description="the server's address, such as https://mastodon.example")
    access_token: SecretStr = Field(
        description="a token with write:statuses and read:accounts, read:statuses; for pictures also write:media"
    )
    visibility: Literal["public", "unlisted", "private", "direct"] = "unlisted"
    content_warning: str = Field(default="", description="a text that hides the post until a reader opens it")
    content_warning_for: Literal["solemn", "all"] = Field(default="solemn", description="which messages carry the warning")
    sensitive: bool = Field(default=False, description="hide pictures until a reader opens them")

    @field_validator("server")
    @classmethod
    def _server(cls, value: str) -> str:
        checked_address(value, "server", bare=True)
        return value.rstrip("/")

    @field_validator("access_token")
    @classmethod
    def _token(cls, value: SecretStr) -> SecretStr:
        checked_token(value.get_secret_value(), "access_token")
        return value


RULES = (
    Rule("ok", Reaction.SUCCESS, http=200, json_has="id"),
    Rule("media-accepted", Reaction.WAIT_PROCESSING, http=202, endpoint="media"),
    Rule("media-processing", Reaction.WAIT_PROCESSING, http=206, endpoint="media"),
    Rule("bad-request", Reaction.FAIL_MESSAGE, http=400),
    Rule("token-dead", Reaction.DISABLE_ACCOUNT, http=401, says="make a new access token"),
    Rule("account-disabled", Reaction.DISABLE_ACCOUNT, http=403, has="login is currently disabled"),
    Rule("account-unconfirmed", Reaction.DISABLE_ACCOUNT, http=403, has="confirmed e-mail"),
    Rule("account-pending", Reaction.DISABLE_ACCOUNT, http=403, has="pending approval"),
    Rule("scope", Reaction.DISABLE_ACCOUNT, http=403, has="outside the authorized scopes", says="give it more scopes"),
    Rule("forbidden", Reaction.OWNER_ACTION, http=403),
    Rule("reply-target-gone", Reaction.DEGRADE, http=404),
    Rule("gone", Reaction.DISABLE_ACCOUNT, http=410, says="the server is shut down or the account suspended"),
    Rule("media-not-ready", Reaction.WAIT_PROCESSING, http=422, has="have not finished processing"),
    Rule("too-long", Reaction.SPLIT, http=422, has="character limit", says="the server's limit has changed"),
    Rule("media-bad", Reaction.DEGRADE, http=422, endpoint="media"),
    Rule("validation", Reaction.FAIL_MESSAGE, http=422),
    Rule("rate", Reaction.RETRY_AFTER, http=429, wait=300),
    Rule("idempotent-bug", Reaction.VERIFY, http=500, endpoint="statuses", repeated_key=True),
    Rule("race", Reaction.RETRY_BACKOFF, http=503, has="temporary problem", harmless=True),
    Rule("server", Reaction.RETRY_BACKOFF, http="5xx"),
)
_NO_EDITS = f"the server cannot edit posts; {AS_NEW}"  # as older versions of GoToSocial and Pleroma
EDIT_RULES = (
    Rule("cannot-edit", Reaction.FAIL_MESSAGE, http=(404, 405, 501), endpoint="edit", says=_NO_EDITS),
    Rule("post-gone", Reaction.FAIL_MESSAGE, http=404, says=GONE),
    *RULES,
)
_EDITABLE = ("status", "language", "sensitive", "spoiler_text")


# A clear no, perhaps because of the picture. Servers word it differently; the post is worth a try without.
_FOR_ITS_PICTURE = {"media-not-ready", "validation", "bad-request"}


class Mastodon:
    """One account on one server."""

    kind: ClassVar[str] = "mastodon"
    title: ClassVar[str] = "Mastodon"
    markup: ClassVar[Markup] = Markup("plain", quiet, str, lambda url, label: f"{quiet(label)}: {url}")
    doubt: ClassVar[Doubt] = Doubt(repeat_within=timedelta(hours=1), by_words=True)  # with the same key, and after a look
    # 300 requests in 5 minutes; a post asks up to three times.
    pace: ClassVar[Pace] = Pace(account=Rate(100, timedelta(minutes=5)), named=Scope.ACCOUNT)
    Options: ClassVar[type[MastodonOptions]] = MastodonOptions
    example: ClassVar[Mapping[str, Any]] = {"server": "https://mastodon.example", "access_token": "made-up-token"}

    def __init__(self, options: MastodonOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:  # noqa: ARG003  # one form only
        """`mastodon://TOKEN@server`."""
        scheme, _, rest = address.partition("://")
        token, _, server = rest.rpartition("@")
        return {"server": f"https://{server}", "access_token": token} if scheme == "mastodon" and token else None

    @property
    def account(self) -> str:
        return self.destination

    @cached_property
    def destination(self) -> str:
        token = self.options.access_token.get_secret_value()
        return known_by(self._host, token)

    def budget(self, facts: Mapping[str, Any]) -> Budget:
        """What the server said, less the content warning."""
        weight = _number(facts, "characters_reserved_per_url", URL_WEIGHT)
        limit = _number(facts, "max_characters", MOST_CHARACTERS) - len(self.options.content_warning)
        return Budget(limit, Unit.GRAPHEMES, Counted(weight, in_full=bool(facts.get("counts_in_full"))))

    def learn(self) -> Conversation[dict[str, Any]]:
        """The server's limits. https://docs.joinmastodon.org/methods/instance/"""
        answer = yield self._ask("GET", "/api/v2/instance")
        if answer.status == 404:  # before Mastodon 4
            answer = yield self._ask("GET", "/api/v1/instance")
        content = answer.json()
        if answer.status != 200 or not isinstance(content, dict):
            raise self._no_api(answer)
        return dict(limits(content))

    def check(self) -> Conversation[str]:
        account = yield from self._account()
        bot = "" if account.get("bot") else "; its profile does not say that it is a bot"
        return f"@{account.get('acct', '?')} on {self._host}{bot}"

    def find(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt | None]:  # noqa: ARG002  # no facts needed
        """Looks for the same words, for the same readers, among the account's own statuses since the first try."""
        account = yield from self._account()
        since = (post.first_tried or post.now) - CLOCKS
        path, asked = f"/api/v1/accounts/{account['id']}/statuses", {"limit": str(PAGE), "exclude_reblogs": "true"}
        alike: list[Receipt] = []
        for _ in range(MOST_PAGES):
            statuses = yield from self._listed(f"{path}?{urlencode(asked)}")
            recent = [each for each in statuses if created(each) >= since]
            alike += [_receipt(each) for each in recent if self._is_like(each, post)]
            if len(recent) < PAGE:
                return alike[-1] if alike else None
            asked["max_id"] = str(recent[-1].get("id"))
        if alike:
            return alike[-1]
        raise InDoubt(f"{self._host}: so much was posted since that the post may be further back")

    def _is_like(self, status: Mapping[str, Any], post: Post) -> bool:
        said = same(str(status.get("content")), post.message.text)
        return said and same_readers(status, self.options.visibility) and _receipt(status) not in post.others

    beside_picture = budget

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:
        """On a repeat it looks first. The picture is uploaded before; what the server clearly refuses is left out."""
        repeated = post.first_tried is not None
        if repeated:
            found = yield from self.find(post, facts)
            if found is not None:
                return found
        status = self._status(post)
        note = yield from self._pictured(status, post.message.image, facts)
        unready = 0
        while True:
            answer = yield self._publish(status, post.key)
            rule = classify(RULES, answer, endpoint="statuses", repeated_key=repeated)
            if rule.reaction in SUCCESSES:
                return _receipt(answer.json(), note)
            if rule.id == "media-not-ready" and "media_ids" in status and unready < PATIENCE:
                unready += 1
                yield PAUSE
            elif rule.id in _FOR_ITS_PICTURE and status.pop("media_ids", None):
                note = WITHOUT
            elif rule.id != "reply-target-gone" or status.pop("in_reply_to_id", None) is None:
                raise self._failure(rule, answer, repeated=repeated)

    def edit(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:
        """The picture is uploaded anew. Where there is none, the old one is named, as a person may have attached it:
        a server takes away what an edit does not name.

        https://docs.joinmastodon.org/methods/statuses/#edit
        """
        assert post.corrects is not None
        path = f"{_STATUSES}/{quote(post.corrects.id, safe='')}"
        there = yield from self._status_at(path)
        status = {name: value for name, value in self._status(post).items() if name in _EDITABLE}
        note = yield from self._pictured(status, post.message.image, facts)
        before = media_of(there)
        if before and "media_ids" not in status:
            status["media_ids"], note = before, note.replace(WITHOUT, STILL) or STILL
        answer = yield Request("PUT", self.options.server + path, self._headers(_JSON), compact(status), commits=True)
        rule = classify(EDIT_RULES, answer, endpoint="edit")
        if rule.reaction not in SUCCESSES:
            raise self._failure(rule, answer)
        stayed = {*before} & {*media_of(answer.json())} - {*status.get("media_ids", ())}
        return _receipt(answer.json(), note or (STILL if stayed else ""))

    def draft(self, post: Post) -> Request:
        """The request that publishes, before the picture is uploaded."""
        return self._publish(self._status(post), post.key)

    def _pictured(self, status: dict[str, Any], image: Image | None, facts: Mapping[str, Any]) -> Conversation[str]:
        """Attaches the picture; says why, where the post has to go without."""
        if image is None:
            return ""
        try:
            picture = (yield from fetched(image, _number(facts, "image_size_limit", MOST_BYTES))) if had(image) else None
            media_id = (yield from self.upload(picture, image, facts)) if picture else None
        except Failure as failed:
            return f"{WITHOUT}: {failed.why}"
        if media_id is None:
            return WITHOUT
        status["media_ids"] = [media_id]
        return ""

    def upload(self, picture: Picture, image: Image, facts: Mapping[str, Any]) -> Conversation[str | None]:
        """The id of a picture, ready to be attached; None where the server does not take it.

        https://docs.joinmastodon.org/methods/media/#v2
        """
        alt = cut(words(image), _number(facts, "description_limit", DESCRIPTION), Unit.CODEPOINTS)
        kind, content = multipart([*_about(image, alt), Part("file", picture.data, picture.media_type, picture.name)])
        answer = yield self._ask("POST", "/api/v2/media", {"content-type": kind}, content, timeout=UPLOAD_TIMEOUT)
        media_id = str(dotted(answer.json(), "id"))
        for _ in range(PATIENCE):
            rule = classify(RULES, answer, endpoint="media")
            if rule.reaction in SUCCESSES:
                return media_id
            if rule.reaction in {Reaction.DEGRADE, Reaction.SPLIT}:
                return None
            if rule.reaction is not Reaction.WAIT_PROCESSING:
                raise self._failure(rule, answer, commits=False)
            yield PAUSE
            answer = yield self._ask("GET", f"/api/v1/media/{media_id}")
        raise Unavailable(f"{self._host} is still at work on the picture")

    # requests

    @property
    def _host(self) -> str:
        return urlsplit(self.options.server).netloc

    def _ask(
        self, method: str, path: str, more: Mapping[str, str] | None = None, content: bytes = b"", timeout: float = 20
    ) -> Request:
        return Request(method, self.options.server + path, self._headers(more), content, timeout=timeout)

    def _headers(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {"authorization": f"Bearer {self.options.access_token.get_secret_value()}", **(more or {})}

    def _publish(self, status: Mapping[str, Any], key: str) -> Request:
        content = compact(status)
        return Request(
            "POST", self.options.server + _STATUSES, self._headers({**_JSON, "idempotency-key": key}), content, commits=True
        )

    def _status(self, post: Post) -> dict[str, Any]:
        message = post.message
        status: dict[str, Any] = {
            "status": message.text,
            "visibility": self.options.visibility,
            "language": message.language,
            "sensitive": self.options.sensitive,
        }
        if self._warns(message):
            status["spoiler_text"] = self.options.content_warning
        if post.reply_to is not None and post.reply_to.id:
            status["in_reply_to_id"] = post.reply_to.id
        return status

    def _warns(self, message: Message) -> bool:
        wanted = self.options.content_warning_for == "all" or message.tone == "solemn"
        return wanted and bool(self.options.content_warning)

    # answers

    def _account(self) -> Conversation[dict[str, Any]]:
        answer = yield self._ask("GET", "/api/v1/accounts/verify_credentials")
        rule = classify(RULES, answer)
        if rule.id in {"scope", "forbidden"}:
            raise Refused(Scope.DESTINATION, f"{self._host}: the token needs the scope read:accounts", lasting=False)
        if rule.reaction not in SUCCESSES:
            raise self._failure(rule, answer, commits=False)
        account: dict[str, Any] = answer.json()
        return account

    def _listed(self, path: str) -> Conversation[list[dict[str, Any]]]:
        answer = yield from self._read(path)
        content = answer.json()
        if answer.status == 200 and isinstance(content, list):
            return [each for each in content if isinstance(each, dict)]
        raise self._failure(classify(RULES, answer), answer, commits=False)

    def _status_at(self, path: str) -> Conversation[dict[str, Any]]:
        answer = yield from self._read(path)
        rule = classify(EDIT_RULES, answer)
        if rule.reaction not in SUCCESSES:
            raise self._failure(rule, answer, commits=False)
        status: dict[str, Any] = answer.json()
        return status

    def _read(self, path: str) -> Conversation[Answer]:
        """A token without read:statuses sees less than no token at all."""
        answer = yield self._ask("GET", path)
        if answer.status == 403 and self.options.visibility in {"public", "unlisted"}:
            answer = yield Request("GET", self.options.server + path)
        return answer

    def _failure(self, rule: Rule, answer: Answer, *, commits: bool = True, repeated: bool = False) -> Failure:
        if rule.id == "reply-target-gone":
            return self._no_api(answer)
        if rule.id == "race" and repeated:  # the server is still at work on the first try
            return InDoubt(f"{self._host} is at work on the same post")
        return failure(rule, answer, self._host, self._said(answer), commits=commits)

    def _no_api(self, answer: Answer) -> Failure:
        if answer.status not in {200, 404}:
            return self._failure(classify(RULES, answer), answer, commits=False)
        return Refused(Scope.DESTINATION, f"{self._host} does not answer as a Mastodon server does", lasting=False)

    def _said(self, answer: Answer) -> str:
        said = dotted(answer.json(), "error")
        token = self.options.access_token.get_secret_value()
        return re.sub(r"\s+", " ", said).replace(token, "…")[:_ERROR_SHOWN] if isinstance(said, str) else ""


def _receipt(status: Mapping[str, Any], note: str = "") -> Receipt:
    return Receipt(id=str(status.get("id") or ""), url=str(status.get("url") or ""), note=note)


def _number(facts: Mapping[str, Any], name: str, default: int) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) and value > 0 else default


def _about(image: Image, alt: str) -> Iterator[Part]:
    """The words of a picture, and, of a card, what must stay in view where it is cropped."""
    yield Part("description", alt.encode())
    if image.card:
        yield Part("focus", ",".join(f"{each:.2f}" for each in image.card.focus).encode())
