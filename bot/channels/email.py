"""What does a mail server need to be told to send a letter? Recipients one by one, each with a letter of its own.

Nobody sees who else gets it. A recipient who is refused does not stop the others; who has it already gets it no second
time while this process lives.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from email.utils import parseaddr
from typing import Any, ClassVar, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.channels import Claim, Conversation, Doubt, Failure, InDoubt, Post, Receipt, Refused, Scope, Throttled, Unavailable
from bot.channels._email_letter import Letter, envelope, list_id, mailbox, message_id, subject, unsubscribing
from bot.channels._email_smtp import Server, Session, TooLargeError
from bot.channels._html_text import HTML, page
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import Budget, Unit
from bot.rendering.markup import Markup
from bot.rendering.message import Message

BUDGET = Budget(90_000, Unit.UTF8_BYTES)  # Gmail clips a letter at 102 KB, and the page around the text is HTML too
PORTS = {"starttls": 587, "implicit": 465, "none": 25}
SMALLER = "sent without its HTML"
_HOST = re.compile(r"[A-Za-z0-9.:_-]+")
_ADDRESS = re.compile(r"(https://|mailto:)[\x21\x23-\x3b\x3d\x3f-\x7e]{3,900}")  # neither blank nor quote nor bracket
_TOKEN = "{token}"  # noqa: S105  # a place in an address


class EmailOptions(Strict):
    server: str = Field(description="the host of the mail server")
    port: int | None = Field(None, ge=1, le=65535, description="587 for starttls, 465 for implicit, if left out")
    tls: Literal["starttls", "implicit", "none"] = Field("starttls", description="how the connection is encrypted")
    ca: str = Field("", description="the certificate of an authority of your own, as PEM: file:PATH")
    username: str = Field("", description="who logs in; nobody, if left out")
    password: SecretStr | None = Field(None, description="the password of that name")
    sender: str = Field(description="who writes: On this day <otd@news.example.org>")
    to: str | tuple[str, ...] = Field(description="who gets it: an address, or a list")
    bounces: str = Field("", description="where undeliverable letters go back to; the sender, if left out")
    unsubscribe: str | tuple[str, ...] = Field((), description="https: or mailto: addresses; {token} is the recipient's own")
    unsubscribe_secret: SecretStr | None = Field(None, description="what the {token} of each recipient is made with")
    stream: str = Field("", pattern=r"^[\w.-]*$", description="what letters of this channel are told apart by in Message-ID")
    feedback_id: str = Field("", pattern=r"^[\w.:-]*$", description="Feedback-ID, for statistics of Gmail")

    @field_validator("server")
    @classmethod
    def _server(cls, value: str) -> str:
        if not _HOST.fullmatch(value):
            raise mistake(f"{value!r} is not the name of a mail server", "write smtp.example.org, without smtp://")
        return value

    @field_validator("ca")
    @classmethod
    def _ca(cls, value: str) -> str:
        if value and "-----BEGIN CERTIFICATE-----" not in value:
            raise mistake("ca is no certificate", "write file: and the path of a PEM file")
        return value

    @field_validator("password", "unsubscribe_secret")
    @classmethod
    def _secret(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value is not None else "-"
        if not text or not text.isascii() or not text.isprintable():
            raise mistake("this secret is empty, or holds a line break or a letter that is not ASCII", "copy it again")
        return value

    @field_validator("sender")
    @classmethod
    def _sender(cls, value: str) -> str:
        name, address = parseaddr(value)
        if not value.isprintable() or not address:
            raise mistake(f"{value!r} is not a sender", "write On this day <otd@news.example.org>")
        _checked(address)
        return _shown(name, address)

    @field_validator("bounces")
    @classmethod
    def _bounces(cls, value: str) -> str:
        return _checked(value) if value else value

    @field_validator("to")
    @classmethod
    def _to(cls, value: str | tuple[str, ...]) -> tuple[str, ...]:
        several = (value,) if isinstance(value, str) else value
        if not several:
            raise mistake("to is an empty list", "write an address")
        return tuple(dict.fromkeys(_checked(each) for each in several))

    @field_validator("unsubscribe")
    @classmethod
    def _unsubscribe(cls, value: str | tuple[str, ...]) -> tuple[str, ...]:
        several = (value,) if isinstance(value, str) else value
        for each in several:
            if not _ADDRESS.fullmatch(each):
                raise mistake(f"{each!r} is no address to unsubscribe at", "write https://… or mailto:…")
        if sum(each.startswith("https:") for each in several) > 1:
            raise mistake("unsubscribe has two addresses with https", "keep one: a mail program would know no click for two")
        return several

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if bool(self.username) is not (self.password is not None):
            raise mistake("username and password belong together", "give both, or neither")
        if self.password is not None and self.tls == "none":
            raise mistake("the password would be sent in the clear", "leave out tls: none, or username and password")
        if any(_TOKEN in each for each in self.unsubscribe) and self.unsubscribe_secret is None:
            raise mistake("{token} needs a secret to be made with", "make one: openssl rand -hex 32, as unsubscribe_secret")
        return self


def _shown(name: str, address: str) -> str:
    return f"{name} <{address}>" if name else address


def _checked(address: str) -> str:
    try:
        return envelope(address)
    except (ValueError, UnicodeError) as error:
        raise mistake(f"{address!r} is no mail address", f"check it: {error}") from None


Settled = dict[str, str | Refused]  # by recipient: a note, mostly empty, for who has the letter, or why one never will


class _Kept(OrderedDict[str, Settled]):
    """What is settled, by the key of a post; of the newest posts only."""

    MOST = 1000

    def of(self, key: str) -> Settled:
        found = self.setdefault(key, {})
        while len(self) > self.MOST:
            self.popitem(last=False)
        return found


SETTLED = _Kept()


class Email:
    """Letters with a text and an HTML part, handed to a mail server by SMTP."""

    kind: ClassVar[str] = "email"
    title: ClassVar[str] = "E-mail"
    markup: ClassVar[Markup] = HTML
    # Receivers tell a repeat by its Message-ID. A server may be at work on a letter for ten minutes (RFC 5321, 4.5.3.2.6).
    doubt: ClassVar[Doubt] = Doubt(repeat_within=timedelta(days=1), quiet=timedelta(minutes=10))
    Options: ClassVar[type[EmailOptions]] = EmailOptions
    example: ClassVar[Mapping[str, Any]] = {
        "server": "smtp.example.org",
        "username": "otd",
        "password": "made-up",
        "sender": "On this day <otd@news.example.org>",
        "to": ["ann@example.org"],
    }

    def __init__(self, options: EmailOptions) -> None:
        self.options = options
        self._name, self._sender = parseaddr(options.sender)

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:  # noqa: ARG003  # the seam
        """`smtp://USER:PASSWORD@HOST/?from=SENDER&to=RECIPIENT`, or `smtps://…` for implicit TLS; `to` may stand twice."""
        parts = urlsplit(address)
        if parts.scheme not in {"smtp", "smtps"}:
            return None
        asked = parse_qs(parts.query)
        login = {"username": unquote(parts.username), "password": unquote(parts.password or "")} if parts.username else {}
        port = {"port": parts.port} if parts.port else {}
        tls = "implicit" if parts.scheme == "smtps" else "starttls"
        sender = (asked.get("from") or [""])[0]
        return {"server": parts.hostname or "", **port, "tls": tls, **login, "sender": sender, "to": asked.get("to", [])}

    @property
    def destination(self) -> str:
        """Server and sender. Not the recipients: the same list with one more is no other place."""
        return f"{self.options.server}/{self._sender}"

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # no server tells
        return BUDGET

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # the seam
        raise TypeError("a mail server is spoken to by `deliver`; it knows no HTTP")

    async def deliver(self, post: Post, claim: Claim) -> Receipt:
        """One letter after the other. Raises a failure where one recipient may not have it yet, or nobody ever will."""
        settled = SETTLED.of(post.key)
        still = await self._round(post, settled, claim)
        if not still:
            SETTLED.pop(post.key, None)
        return _outcome(settled, still, self._receipt(post, settled))

    async def _round(self, post: Post, settled: Settled, claim: Claim) -> dict[str, Failure]:
        """Hands in every letter that is not settled; returns who may not have theirs yet, and why."""
        session, still = Session(self._server()), dict[str, Failure]()
        try:
            for recipient in [each for each in self.options.to if each not in settled]:
                outcome = await self._hand_in(session, post, recipient, claim)
                if isinstance(outcome, str | Refused):
                    settled[recipient] = outcome
                else:
                    still[recipient] = outcome
            await session.leave()
        finally:
            session.close()
        return still

    async def _hand_in(self, session: Session, post: Post, recipient: str, claim: Claim) -> Failure | str:
        """One letter, without its HTML where the whole of it is too large. A note if it was taken, else why not."""
        sender = self.options.bounces or self._sender
        try:
            await session.ready()
            for html, note in ((True, ""), (False, SMALLER)):
                with suppress(TooLargeError):
                    await session.send(self.letter(post, recipient, html=html).content(), sender, recipient, claim)
                    return note
        except Failure as failure:
            return failure
        return Refused(Scope.MESSAGE, "the mail server finds the letter too large, even without its HTML")

    def letter(self, post: Post, recipient: str, *, html: bool = True) -> Letter:
        """The letter to one recipient. Raises `Refused` where its title cannot stand in a header."""
        message, domain = post.message, self._sender.rpartition("@")[2]
        title = _title(message)
        try:
            on_the_wire = subject(title)
        except ValueError as error:
            raise Refused(Scope.MESSAGE, str(error)) from error
        return Letter(
            sender=mailbox(self._name, self._sender),
            recipient=recipient,
            subject=on_the_wire,
            date=post.due or post.now,
            id=self._id(post, recipient),
            text=_plain(message),
            html=page("email/letter.html.j2", message, title) if html else "",
            language=message.language,
            more=(*self._thread(post, recipient, domain), *self._list(recipient)),
        )

    def _id(self, post: Post, recipient: str) -> str:
        """Without a stream of its own, the key of the post tells two channels apart that write to the same people."""
        slot = post.slot if post.message.part == 1 else f"{post.slot}.{post.message.part}"
        return message_id(self.options.stream or post.key, slot, recipient, self._sender.rpartition("@")[2])

    def _thread(self, post: Post, recipient: str, domain: str) -> Iterable[tuple[str, str]]:
        """What holds the parts of a long edition together: a root that all of them name, and that need not exist.

        An erratum answers the letter that this recipient has got.
        """
        if post.corrects is not None:
            first = replace(post.message, part=1)
            before = self._id(replace(post, message=first, key=post.corrects.key, slot=post.corrects.slot), recipient)
            yield "In-Reply-To", before
            yield "References", before
        elif post.message.parts > 1:
            yield "References", message_id(f"{self._sender}|thread", post.slot, recipient, domain)

    def _list(self, recipient: str) -> Iterable[tuple[str, str]]:
        yield "List-Id", list_id(self._name, self._sender)
        yield from unsubscribing([each.replace(_TOKEN, self.token(recipient)) for each in self.options.unsubscribe]).items()
        if self.options.feedback_id:
            yield "Feedback-ID", self.options.feedback_id

    def token(self, recipient: str) -> str:
        """What only we can make for a recipient: HMAC-SHA256 of the address in small letters."""
        secret = self.options.unsubscribe_secret
        key = secret.get_secret_value().encode() if secret else b""
        return hmac.new(key, recipient.lower().encode(), hashlib.sha256).hexdigest()[:32]

    def _receipt(self, post: Post, settled: Settled) -> Receipt:
        """The id of the first letter, and who did not get one."""
        taken = {each: note for each, note in settled.items() if isinstance(note, str)}
        refused = _refused(settled)
        told = [*sorted({*taken.values()} - {""}), *([f"not sent to {_told(refused)}"] if refused else [])]
        return Receipt(id=self._id(post, next(iter(taken))) if taken else "", note="; ".join(told))

    def _server(self) -> Server:
        options = self.options
        password = options.password.get_secret_value() if options.password else ""
        port = options.port or PORTS[options.tls]
        return Server(options.server, port, options.tls, options.username, password, options.ca)


def _title(message: Message) -> str:
    return f"{message.title} ({message.part}/{message.parts})" if message.parts > 1 else message.title


def _plain(message: Message) -> str:
    """The text, and the words for a picture that it cannot show."""
    image = message.image
    if image is None:
        return message.plain
    words = ". ".join(each for each in (image.alt, image.credit) if each)
    return f"{message.plain}\n\n[{words}]\n{image.url}"


def _refused(settled: Settled) -> dict[str, Refused]:
    return {each: why for each, why in settled.items() if isinstance(why, Refused)}


def _outcome(settled: Settled, still: Mapping[str, Failure], receipt: Receipt) -> Receipt:
    """The receipt, if nobody is left who may still get it; else what that comes to for all of them together."""
    refused = _refused(settled)
    if not still and receipt.id:
        return receipt
    if not still:
        raise _widest(list(refused.values()), _told(refused))
    why = _told({**still, **refused})
    if receipt.id or any(isinstance(each, InDoubt) for each in still.values()):
        raise InDoubt(f"{why}; the others have it" if receipt.id else why)
    waits = [each.wait for each in still.values() if isinstance(each, Throttled) and each.wait is not None]
    raise Throttled(why, max(waits)) if waits else Unavailable(why)


def _widest(refusals: Sequence[Refused], why: str) -> Refused:
    """The account before the message before the destination: one good address is enough to go on."""
    order = (Scope.ACCOUNT, Scope.MESSAGE, Scope.DESTINATION)
    scope = min((each.scope for each in refusals), key=order.index)
    return Refused(scope, why, lasting=all(each.lasting for each in refusals))


def _told(failures: Mapping[str, Failure]) -> str:
    """Who, and why, those with the same reason together."""
    whys = list(dict.fromkeys(each.why for each in failures.values()))
    return "; ".join(f"{', '.join(who for who, each in failures.items() if each.why == why)}: {why}" for why in whys)
