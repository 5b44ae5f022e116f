"""How is a letter handed to a mail server, and what did its answers mean? One step at a time, so that it can be stopped.

RFC 5321 (SMTP), 3207 (STARTTLS), 4954 (AUTH), 1870 (SIZE), 3463 (enhanced codes).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from bot.channels import Claim, Failure, InDoubt, Refused, Scope, Throttled, Unavailable
from bot.channels._answers import Reaction

T = TypeVar("T")
CONNECT, ANSWER, TAKING, LEAVING = 20.0, 60.0, 300.0, 5.0  # seconds; after the last dot a server may take its time
GREYLISTED = timedelta(minutes=5)
GO_AHEAD = 354
_NAMED = 160  # so much of a server's words is shown
_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_FIRST_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rule:
    """One answer of a mail server: its code or a class such as "5xx", and its enhanced code if that tells more."""

    id: str
    reaction: Reaction
    smtp: int | str | tuple[int, ...]
    enhanced: tuple[str, ...] = ()
    says: str = ""

    def fits(self, code: int, enhanced: str) -> bool:
        several = self.smtp if isinstance(self.smtp, tuple) else (self.smtp,)
        known = code in several or f"{code // 100}xx" in several
        return known and (not self.enhanced or enhanced in self.enhanced)


RULES = (
    Rule("ok", Reaction.SUCCESS_ASYNC, 250),
    Rule("shutting-down", Reaction.RETRY_BACKOFF, 421, says="it has no time now"),
    Rule("greylist", Reaction.RETRY_BACKOFF, (450, 451), says="it asks to come again later"),
    Rule("storage", Reaction.RETRY_BACKOFF, 452, says="it has no room now"),
    Rule("auth-temp", Reaction.RETRY_BACKOFF, 454, says="it cannot check the password now"),
    Rule("auth", Reaction.DISABLE_ACCOUNT, (530, 534, 535, 538), says="check username and password"),
    Rule(
        "no-mailbox",
        Reaction.DISABLE_DESTINATION,
        550,
        ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"),
        says="there is no such mailbox; take it off the list",
    ),
    Rule(
        "mailbox-disabled", Reaction.DISABLE_DESTINATION, 550, ("5.2.1",), says="the mailbox is closed; take it off the list"
    ),
    Rule(
        "policy",
        Reaction.OWNER_ACTION,
        550,
        ("5.7.1", "5.7.25", "5.7.26", "5.7.27"),
        says="it is the sender that is not liked: check SPF, DKIM and DMARC",
    ),
    Rule("over-quota", Reaction.OWNER_ACTION, 552, ("5.2.2",), says="the mailbox is full"),
    Rule("too-large", Reaction.DEGRADE, 552, ("5.3.4",), says="the letter is too large"),
    Rule("bad-address", Reaction.DISABLE_DESTINATION, (551, 553), says="the address is wrong; take it off the list"),
    Rule("rejected", Reaction.OWNER_ACTION, 554, says="it takes nothing from here"),
    Rule("perm", Reaction.FAIL_MESSAGE, "5xx"),
    Rule("temp", Reaction.RETRY_BACKOFF, "4xx"),
)


class TooLargeError(Failure):
    """The server has room for a smaller letter; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered."""

    code: int
    text: str = ""

    @property
    def enhanced(self) -> str:
        found = _ENHANCED.match(self.text)
        return found[1] if found else ""


def classify(code: int, enhanced: str = "") -> Rule | None:
    """The first rule that fits; None for what is no answer to a letter."""
    return next((rule for rule in RULES if rule.fits(code, enhanced)), None)


def failure(reply: Reply, *, committed: bool = False) -> Failure:
    """What an answer that is no yes comes to. After the last dot an answer that SMTP does not know leaves a doubt."""
    rule = classify(reply.code, reply.enhanced)
    if rule is None or rule.reaction is Reaction.SUCCESS_ASYNC:
        why = "the mail server gave an answer that is not SMTP"
        return InDoubt(why) if committed else Unavailable(why)
    return _meant(rule, _why(rule, reply))


def _meant(rule: Rule, why: str) -> Failure:
    match rule.reaction:
        case Reaction.RETRY_BACKOFF:
            return Throttled(why, GREYLISTED) if rule.id == "greylist" else Unavailable(why)
        case Reaction.DISABLE_ACCOUNT:
            return Refused(Scope.ACCOUNT, why)
        case Reaction.DISABLE_DESTINATION:
            return Refused(Scope.DESTINATION, why)
        case Reaction.OWNER_ACTION:
            return Refused(Scope.DESTINATION, why, lasting=False)
        case Reaction.DEGRADE:
            return TooLargeError(why)
        case _:
            return Refused(Scope.MESSAGE, why)


def _why(rule: Rule, reply: Reply) -> str:
    """In the server's own words, except where it may repeat a password."""
    words = "" if rule.id.startswith("auth") else " ".join(reply.text.split())[:_NAMED]
    shown = "".join(each for each in words if each.isprintable())
    return f"the mail server answered {reply.code}{f' {shown}' if shown else ''}{f'; {rule.says}' if rule.says else ''}"


def dot_stuffed(content: bytes) -> bytes:
    """A line that begins with a dot gets another one, so that none ends the letter (RFC 5321, 4.5.2)."""
    return _FIRST_DOT.sub(b"..", content)


@dataclass(frozen=True, slots=True)
class Server:
    """Where letters are handed in. `tls` is starttls, implicit or none; `authority` a certificate to trust, as PEM."""

    host: str
    port: int
    tls: str
    username: str = ""
    password: str = field(default="", repr=False)
    authority: str = ""

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.authority or None)


class Session:
    """A connection, opened when it is first needed. Each step runs in a thread and none runs into the next."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None
        self._trouble: Failure | None = None

    async def ready(self) -> None:
        """Connects, encrypts and logs in, unless that has been done. What could not be opened is not tried again."""
        if self._trouble is not None:
            raise self._trouble
        if self._smtp is None:
            try:
                await self._step(self._open)
            except Failure as failure:
                self._trouble = failure
                raise

    async def send(self, letter: bytes, sender: str, recipient: str, claim: Claim) -> None:
        """Hands in one letter, with the claim between the server's go-ahead and the first byte of its content."""
        envelope = await self._step(lambda: self._envelope(sender, recipient, len(letter)))
        if envelope.code != GO_AHEAD:
            raise failure(envelope)
        try:
            await claim()
        except BaseException:
            self.close()  # before the last dot: the server throws away what it has
            raise
        taken = await self._step(lambda: self._content(letter), committed=True)
        if taken.code // 100 != 2:
            raise failure(taken, committed=True)

    async def leave(self) -> None:
        """Says goodbye; what goes wrong in that goes wrong for nobody."""
        with contextlib.suppress(Failure):
            await self._step(self._quit)
        self.close()

    def close(self) -> None:
        """Ends the connection at once, also under a thread that waits for an answer."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        if isinstance(smtp.sock, socket.socket):
            with contextlib.suppress(OSError):
                smtp.sock.shutdown(socket.SHUT_RDWR)
        smtp.close()

    async def _step(self, do: Callable[[], T], *, committed: bool = False) -> T:
        try:
            return await asyncio.to_thread(do)
        except BaseException as error:
            self.close()
            found = _failure_of(error, committed=committed) if isinstance(error, OSError) else None
            if found is None:
                raise
            raise found from error

    def _open(self) -> None:
        server = self._server
        if server.tls == "implicit":
            self._smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=CONNECT, context=server.trust())
        else:
            self._smtp = smtplib.SMTP(server.host, server.port, timeout=CONNECT)
        self._patient(ANSWER)
        if server.tls == "starttls":
            self._smtp.starttls(context=server.trust())
        if server.username:
            self._smtp.login(server.username, server.password)

    def _envelope(self, sender: str, recipient: str, size: int) -> Reply:
        """The go-ahead, or the first answer that is none; then the server has forgotten sender and recipient."""
        smtp = self._connected()
        self._patient(ANSWER)
        smtp.ehlo_or_helo_if_needed()
        sized = [f"size={size}"] if smtp.has_extn("size") else []
        steps: tuple[Callable[[], Reply], ...] = (
            lambda: _on_size(_reply(*smtp.mail(sender, sized)), sized),
            lambda: _reply(*smtp.rcpt(recipient)),
            lambda: _reply(*smtp.docmd("DATA")),
        )
        for ask in steps:
            reply = ask()
            if reply.code // 100 != 2 and reply.code != GO_AHEAD:
                self._forget()
                break
        return reply

    def _content(self, letter: bytes) -> Reply:
        smtp = self._connected()
        self._patient(TAKING)
        smtp.send(dot_stuffed(letter) + b".\r\n")
        return _reply(*smtp.getreply())

    def _forget(self) -> None:
        """So that the next letter starts afresh; a server that has hung up is called again for it."""
        try:
            self._connected().rset()
        except OSError:
            self.close()

    def _quit(self) -> None:
        if self._smtp is not None:
            self._patient(LEAVING)
            self._smtp.quit()

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            raise smtplib.SMTPServerDisconnected("closed by us")
        return self._smtp

    def _patient(self, seconds: float) -> None:
        sock = self._connected().sock
        if sock is not None:
            sock.settimeout(seconds)


def _reply(code: int, text: bytes | str) -> Reply:
    return Reply(code, text.decode("utf-8", "replace") if isinstance(text, bytes) else text)


def _on_size(reply: Reply, declared: list[str]) -> Reply:
    """The answer to MAIL. A bare 552 to a declared size is about the size (RFC 1870, 6.1), not a full mailbox."""
    return Reply(reply.code, f"5.3.4 {reply.text}") if declared and reply.code == 552 and not reply.enhanced else reply


def _failure_of(error: OSError, *, committed: bool) -> Failure:
    """What an error of a step comes to; smtplib's own errors are OSErrors too."""
    if committed:
        return InDoubt(f"{_what(error)}, after it had the whole letter")
    match error:
        case ssl.SSLCertVerificationError():
            return _owners(f"its certificate is not trusted ({error.verify_message}); renew it, or give its authority as ca")
        case ssl.SSLError() | smtplib.SMTPNotSupportedError():
            return _owners("it offers no encryption or no login as it was asked; check port and tls")
        case smtplib.SMTPAuthenticationError():
            return _login_refused(error)
        case smtplib.SMTPResponseException():
            return failure(_reply(error.smtp_code, error.smtp_error))
    return Unavailable(_what(error))


def _owners(what: str) -> Refused:
    return Refused(Scope.DESTINATION, f"nothing was handed to the mail server: {what}", lasting=False)


def _login_refused(error: smtplib.SMTPAuthenticationError) -> Failure:
    """Whatever code a lasting no to a login has, it is about the account."""
    said = failure(Reply(error.smtp_code))
    return said if isinstance(said, Unavailable | Throttled) else Refused(Scope.ACCOUNT, said.why)


def _what(error: OSError) -> str:
    match error:
        case socket.gaierror():
            return "the name of the mail server has no address"
        case TimeoutError():
            return "the mail server did not answer in time"
        case smtplib.SMTPServerDisconnected():
            return "the mail server ended the connection"
    return f"the connection to the mail server failed: {error.strerror or type(error).__name__}"
