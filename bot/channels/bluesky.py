"""What does a Bluesky server (PDS) want to be asked, and what do its answers mean?

A post is put under a key that is the same for every attempt, and only where nothing is yet: a repeat finds the first.
https://docs.bsky.app/docs/advanced-guides/posts
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from pydantic import Field, SecretStr, field_validator

from bot.channels import Answer, Conversation, Doubt, Failure, InDoubt, Pace, Post, Rate, Receipt, Refused, Request, Scope
from bot.channels._addresses import checked_address, checked_token, compact
from bot.channels._answers import SUCCESSES, UNKNOWN, Reaction, Rule, classify, dotted, failure
from bot.channels._bluesky_record import COLLECTION, Blob, receipt, record, rkey
from bot.channels._bluesky_text import BUDGET, RICH_TEXT
from bot.channels._pictures import WITHOUT, fetched, had
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import Budget
from bot.rendering.markup import Markup
from bot.rendering.message import Image

MOST_PICTURE = 976_000  # bytes; newer servers take twice as much
MOST_SESSIONS = 1000
_UPLOAD_TIMEOUT = 60.0
_JSON = {"content-type": "application/json"}
_HANDLE = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{0,62}|did:[a-z]+:[A-Za-z0-9._:%-]+")
_PDS = re.compile(r"https://[^\s/?#@]+/?")
_ERROR = re.compile(r"[A-Za-z]{1,60}")  # the name of an error; anything else is not shown
_ERROR_SHOWN = 200


class BlueskyOptions(Strict):
    handle: str = Field(description="the account's handle, such as daily.example.org")
    app_password: SecretStr = Field(description="an app password; never the account's own")
    server: str = Field(default="https://bsky.social", description="where the account logs in")

    @field_validator("handle")
    @classmethod
    def _handle(cls, value: str) -> str:
        if not _HANDLE.fullmatch(value.removeprefix("@")):
            raise mistake(f"{value!r} is not a handle", "write it whole, such as daily.bsky.social")
        return value.removeprefix("@")

    @field_validator("app_password")
    @classmethod
    def _password(cls, value: SecretStr) -> SecretStr:
        checked_token(value.get_secret_value(), "app_password")
        return value

    @field_validator("server")
    @classmethod
    def _server(cls, value: str) -> str:
        checked_address(value, "server", bare=True)
        return value.rstrip("/")


def _errs(rule_id: str, reaction: Reaction, errors: str, http: int | tuple[()] = (), says: str = "") -> Rule:
    """An answer by the name of its error."""
    return Rule(rule_id, reaction, http=http, json={"error": tuple(errors.split())}, says=says)


_NEW_PASSWORD = "make a new app password"  # noqa: S105  # advice
_BAD_BLOB = "InvalidMimeType InvalidSize BlobNotFound BlobTooLarge"
RULES = (
    Rule("ok", Reaction.SUCCESS, http=200),
    _errs("expired", Reaction.REFRESH_AUTH, "ExpiredToken", 400),
    _errs("invalid-token", Reaction.REFRESH_AUTH, "InvalidToken AuthMissing"),
    _errs("bad-password", Reaction.DISABLE_ACCOUNT, "AuthenticationRequired", 401, _NEW_PASSWORD),
    _errs(
        "2fa", Reaction.DISABLE_ACCOUNT, "AuthFactorTokenRequired", 401, "write an app password instead of the account's own"
    ),
    _errs("takedown", Reaction.DISABLE_ACCOUNT, "AccountTakedown AccountDeactivated AccountSuspended"),
    _errs("swap", Reaction.SUCCESS, "InvalidSwap", 400),
    Rule("record-exists-500", Reaction.VERIFY, http=500, endpoint="createRecord", repeated_key=True),
    _errs("blob-bad", Reaction.DEGRADE, _BAD_BLOB, 400),
    _errs("invalid-record", Reaction.FAIL_MESSAGE, "InvalidRequest", 400),
    Rule("payload", Reaction.DEGRADE, http=413),
    Rule("media-type", Reaction.FAIL_MESSAGE, http=415),
    Rule("rate", Reaction.RETRY_AFTER, http=429, json={"error": "RateLimitExceeded"}, wait=300),
    Rule("rate-plain", Reaction.RETRY_AFTER, http=429, wait=300),
    Rule("upstream", Reaction.RETRY_BACKOFF, http=(502, 503, 504)),
    Rule("server", Reaction.RETRY_BACKOFF, http="5xx"),
)


@dataclass(frozen=True, slots=True)
class Session:
    """Who is logged in, and where its data is."""

    did: str
    handle: str
    pds: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)


# Logging in is allowed 300 times a day, so a session is kept for as long as the process lives; a restart logs in once.
SESSIONS: dict[str, Session] = {}


class Bluesky:
    """One account."""

    kind: ClassVar[str] = "bluesky"
    title: ClassVar[str] = "Bluesky"
    markup: ClassVar[Markup] = RICH_TEXT
    doubt: ClassVar[Doubt] = Doubt(repeat_within=timedelta(days=1))  # for ever, but nobody waits longer
    # 5,000 points in an hour; a post costs up to 3, and what it asks for before costs some as well.
    pace: ClassVar[Pace] = Pace(account=Rate(1000, timedelta(minutes=60)), named=Scope.ACCOUNT)
    continues: ClassVar[bool] = True
    Options: ClassVar[type[BlueskyOptions]] = BlueskyOptions
    example: ClassVar[Mapping[str, Any]] = {"handle": "made-up.example", "app_password": "made-upxx-made-upxx"}

    def __init__(self, options: BlueskyOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:  # noqa: ARG003  # one form only
        """`bluesky://HANDLE:APP-PASSWORD@server`, such as `@bsky.social`."""
        scheme, _, rest = address.partition("://")
        account, _, server = rest.rpartition("@")
        handle, _, password = account.rpartition(":")
        if scheme != "bluesky" or not handle or not password or not server:
            return None
        return {"handle": handle, "app_password": password, "server": f"https://{server}"}

    @property
    def account(self) -> str:
        return self.destination

    @property
    def destination(self) -> str:
        return f"{self._host}/{self.options.handle}"

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # the same everywhere
        return BUDGET

    beside_picture = budget

    def check(self) -> Conversation[str]:
        session = yield from self._login()
        return f"@{session.handle} on {urlsplit(session.pds).netloc}"

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # no facts needed
        """Put only where nothing is yet. What is there under this key is the post of an earlier attempt."""
        image = had(post.message.image)
        whole = record(post, (yield from self._blob(image)) if image else None)
        while True:
            answer = yield from self._asked(lambda session: self._put(session, post, whole))
            rule = classify(RULES, answer, endpoint="putRecord")
            if rule.id == "swap":
                return (yield from self._adopted(post))
            if rule.reaction in SUCCESSES:
                return self._taken(answer, whole, WITHOUT if post.message.image and "embed" not in whole else "")
            if rule.reaction is not Reaction.DEGRADE or whole.pop("embed", None) is None:
                raise self._failure(rule, answer)

    def draft(self, post: Post) -> Request:
        """The request that publishes, before anybody has logged in; without a picture."""
        return self._put(
            Session("did:plc:yours", self.options.handle, self.options.server, "", ""), post, record(post, None)
        )

    def find(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt | None]:  # noqa: ARG002  # no facts needed
        """The post under its key."""
        answer = yield from self._asked(lambda session: self._get(session, rkey(post)))
        content = answer.json()
        if answer.status == 400 and dotted(content, "error") == "RecordNotFound":
            return None
        uri, cid, value = (dotted(content, name) for name in ("uri", "cid", "value"))
        if answer.status != 200 or not uri:
            raise self._failure(classify(RULES, answer), answer, commits=False)
        return receipt(str(uri), str(cid), value if isinstance(value, dict) else {})

    def _adopted(self, post: Post) -> Conversation[Receipt]:
        found = yield from self.find(post, {})
        if found is None:
            raise InDoubt(f"{self._host}: something is there under the key of this post, and then it is not")
        return found

    # sessions

    @property
    def _account(self) -> str:
        secret = f"{self.options.server}|{self.options.handle}|{self.options.app_password.get_secret_value()}"
        return hashlib.sha256(secret.encode()).hexdigest()

    def _asked(self, ask: Callable[[Session], Request]) -> Conversation[Answer]:
        """The answer to a request of the logged-in account; a session that has run out is renewed once."""
        session = SESSIONS.get(self._account) or (yield from self._login())
        answer = yield ask(session)
        if classify(RULES, answer).reaction is Reaction.REFRESH_AUTH:
            session = yield from self._renewed(session)
            answer = yield ask(session)
        return answer

    def _login(self) -> Conversation[Session]:
        """https://docs.bsky.app/docs/api/com-atproto-server-create-session"""
        asked = {"identifier": self.options.handle, "password": self.options.app_password.get_secret_value()}
        answer = yield Request("POST", f"{self.options.server}/xrpc/com.atproto.server.createSession", _JSON, compact(asked))
        return self._kept(answer, self.options.server)

    def _renewed(self, old: Session) -> Conversation[Session]:
        """https://docs.bsky.app/docs/api/com-atproto-server-refresh-session"""
        SESSIONS.pop(self._account, None)
        headers = {"authorization": f"Bearer {old.refresh}"}
        answer = yield Request("POST", f"{old.pds}/xrpc/com.atproto.server.refreshSession", headers)
        if classify(RULES, answer).reaction is Reaction.REFRESH_AUTH:
            return (yield from self._login())
        return self._kept(answer, old.pds)

    def _kept(self, answer: Answer, pds: str) -> Session:
        """The session of an answer, kept for the next post; raises a failure if there is none."""
        content = answer.json()
        did, access, refresh = (dotted(content, name) for name in ("did", "accessJwt", "refreshJwt"))
        if answer.status != 200:
            raise self._failure(classify(RULES, answer), answer, commits=False)
        if not (isinstance(did, str) and isinstance(access, str) and isinstance(refresh, str)):
            raise self._failure(_NOT_UNDERSTOOD, answer, commits=False)
        if dotted(content, "active") is False:
            raise Refused(Scope.ACCOUNT, f"{self._host}: the account is not active")
        session = Session(did, str(dotted(content, "handle")), _pds(content, pds), access, refresh)
        while len(SESSIONS) >= MOST_SESSIONS:
            SESSIONS.pop(next(iter(SESSIONS)))
        SESSIONS[self._account] = session
        return session

    # requests

    @property
    def _host(self) -> str:
        return urlsplit(self.options.server).netloc

    def _put(self, session: Session, post: Post, whole: Mapping[str, Any]) -> Request:
        """https://docs.bsky.app/docs/api/com-atproto-repo-put-record"""
        place = {"repo": session.did, "collection": COLLECTION, "rkey": rkey(post)}
        sent = {**place, "swapRecord": None, "validate": True, "record": whole}  # None: nothing may be there
        url, headers = f"{session.pds}/xrpc/com.atproto.repo.putRecord", {**_bearer(session), **_JSON}
        return Request("POST", url, headers, compact(sent), commits=True)

    def _get(self, session: Session, key: str) -> Request:
        asked = urlencode({"repo": session.did, "collection": COLLECTION, "rkey": key})
        return Request("GET", f"{session.pds}/xrpc/com.atproto.repo.getRecord?{asked}", _bearer(session))

    def _blob(self, image: Image) -> Conversation[Blob | None]:
        """The picture in the server's store; None where it cannot be had or the server does not take it."""
        picture = yield from fetched(image, MOST_PICTURE)
        if picture is None:
            return None

        def upload(session: Session) -> Request:
            headers = {**_bearer(session), "content-type": picture.media_type}
            url = f"{session.pds}/xrpc/com.atproto.repo.uploadBlob"
            return Request("POST", url, headers, picture.data, timeout=_UPLOAD_TIMEOUT)

        try:
            answer = yield from self._asked(upload)
        except Failure:
            return None
        reference = dotted(answer.json(), "blob")
        return Blob(reference, picture, image) if answer.status == 200 and isinstance(reference, dict) else None

    # answers

    def _taken(self, answer: Answer, whole: Mapping[str, Any], note: str) -> Receipt:
        uri, cid = (dotted(answer.json(), name) for name in ("uri", "cid"))
        if not uri or not cid:
            raise self._failure(_NOT_UNDERSTOOD, answer)
        return receipt(str(uri), str(cid), whole, note)

    def _failure(self, rule: Rule, answer: Answer, *, commits: bool = True) -> Failure:
        return failure(rule, answer, self._host, self._said(answer), commits=commits)

    def _said(self, answer: Answer) -> str:
        """The error's name and what it says, without what we must not repeat."""
        error, said = (str(dotted(answer.json(), name) or "") for name in ("error", "message"))
        shown = re.sub(r"\s+", " ", said).replace(self.options.app_password.get_secret_value(), "…")[:_ERROR_SHOWN]
        return ": ".join(each for each in (error if _ERROR.fullmatch(error) else "", shown) if each)


_NOT_UNDERSTOOD = next(rule for rule in UNKNOWN if rule.id == "not-understood")


def _pds(content: Any, otherwise: str) -> str:
    """Where the account's data is, by its own document; an own server in the clear keeps everything to itself."""
    services = dotted(content, "didDoc.service")
    listed = [each for each in services if isinstance(each, dict)] if isinstance(services, list) else []
    found = next((each.get("serviceEndpoint") for each in listed if str(each.get("id")).endswith("#atproto_pds")), None)
    usable = isinstance(found, str) and _PDS.fullmatch(found) and otherwise.startswith("https://")
    return str(found).rstrip("/") if usable else otherwise


def _bearer(session: Session) -> dict[str, str]:
    return {"authorization": f"Bearer {session.access}"}
