"""What is in a letter? Its addresses, its headers on the wire, and its two parts; the same bytes for every attempt.

RFC 5322 (letters), 2047 (words that are not ASCII), 2369 and 8058 (unsubscribing), 2919 (List-Id), 3834 (Auto-Submitted).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.charset import SHORTEST, Charset
from email.header import Header
from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from urllib.parse import parse_qs

ONE_CLICK = "List-Unsubscribe=One-Click"
LINE = 998  # the longest that SMTP takes, in bytes
_WANTED = 76
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")
_POLICY = SMTP.clone(cte_type="7bit")  # passes through any server


def envelope(address: str) -> str:
    """The address as it is sent, its domain in ASCII. Raises ValueError where no letter can go."""
    local, _, domain = address.rpartition("@")
    if not _LOCAL.fullmatch(local) or len(local) > 64:
        raise ValueError("what stands before the @ is no name of a mailbox")
    host = domain.encode("idna").decode() if not domain.isascii() else domain
    if not host or len(host) > 253 or not all(map(_LABEL.fullmatch, host.split("."))):
        raise ValueError("what stands behind the @ is no name of a domain")
    return f"{local}@{host}"


def message_id(stream: str, slot: str, recipient: str, domain: str) -> str:
    """The same for every attempt, so that a receiver can tell a repeat."""
    digest = hashlib.sha256(f"{stream}|{slot}|{recipient.lower()}".encode()).hexdigest()[:32]
    return f"<{digest}.{_SAFE.sub('-', slot).strip('.-')}@{domain}>"


def subject(text: str) -> str:
    """As it stands on the wire. Raises ValueError for a line break, which would begin a header of its own."""
    if text.splitlines() not in ([], [text]) or "\0" in text:
        raise ValueError("the title holds a line break")
    return _worded(text.strip(), "Subject")


def _worded(text: str, header: str) -> str:
    """In words of RFC 2047 where it is not plain ASCII, or would be taken for such words."""
    plain = text.isascii() and text.isprintable() and "=?" not in text and max(map(len, text.split()), default=0) < _WANTED
    charset = Charset("us-ascii" if plain else "utf-8")
    # The library's table may have been changed by another package (Apprise does), and an attempt sends the same bytes.
    if not plain:
        charset.header_encoding = SHORTEST
    return Header(text, charset, _WANTED, header).encode(linesep="\r\n")


def mailbox(name: str, address: str) -> str:
    """A name and an address, as in From."""
    if not name or name.isascii():
        return formataddr((name, address))
    return f"{_worded(name, 'From')} <{address}>"


def list_id(name: str, address: str) -> str:
    """The list is named as its sender: otd@news.example.org is otd.news.example.org."""
    shown = f"{_worded(name, 'List-Id')} " if name else ""
    return f"{shown}<{address.replace('@', '.')}>"


def unsubscribing(addresses: Sequence[str]) -> dict[str, str]:
    """The headers that tell a mail program how to unsubscribe; by one click, if one address is of the web."""
    if not addresses:
        return {}
    value = ", ".join(f"<{each}>" for each in addresses)
    return {"List-Unsubscribe": value, **({"List-Unsubscribe-Post": ONE_CLICK} if takes_one_click(value) else {})}


def takes_one_click(value: str) -> bool:
    """Whether a List-Unsubscribe has exactly one https address, as RFC 8058 asks."""
    addresses: list[str] = re.findall(r"<([^<>]*)>", value)
    return sum(each.lower().startswith("https://") for each in addresses) == 1


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to one recipient."""

    sender: str  # From, as on the wire
    recipient: str
    subject: str  # as on the wire
    date: datetime
    id: str
    text: str
    html: str = ""
    language: str = "en"
    more: tuple[tuple[str, str], ...] = ()  # further headers, as on the wire

    def content(self) -> bytes:
        """The whole letter. A letter without HTML is one of plain text."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self._headers())
        return head.encode("ascii") + self._body().as_bytes()

    def _headers(self) -> Iterator[tuple[str, str]]:
        yield "From", self.sender
        yield "To", self.recipient
        yield "Subject", self.subject
        yield "Date", format_datetime(self.date)
        yield "Message-ID", self.id
        yield "Content-Language", self.language
        yield from self.more
        yield "Auto-Submitted", "auto-generated"
        yield "Precedence", "bulk"

    def _body(self) -> EmailMessage:
        body = EmailMessage(policy=_POLICY)
        body.set_content(f"{self.text.strip()}\n")
        if self.html:
            body.add_alternative(self.html, subtype="html")
            body.set_boundary(f"=_{hashlib.sha256(f'{self.id}{self.html}'.encode()).hexdigest()[:32]}")
        return body


def one_click(method: str, content_type: str, body: bytes) -> bool:
    """Whether a request is the click of RFC 8058: a form by POST. Never a GET, as virus scanners follow links."""
    named = body
    if content_type.lower().startswith("multipart/form-data"):
        form = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace") + body)
        fields = form.get_payload() if form.is_multipart() else []
        named = b"&".join(_field(each) for each in fields if isinstance(each, Message))
    elif not content_type.lower().startswith("application/x-www-form-urlencoded"):
        return False
    name, _, value = ONE_CLICK.partition("=")
    return method == "POST" and value in parse_qs(named.decode("latin-1")).get(name, [])


def _field(part: Message) -> bytes:
    name = part.get_param("name", "", "Content-Disposition")
    content = part.get_payload(decode=True)
    return f"{name}=".encode() + (content.strip() if isinstance(content, bytes) else b"")
