"""What does a mail server do that behaves, and one that does not? SMTP on loopback, written by hand, line by line."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "otd", "fake-secret-canary"


@dataclass(frozen=True)
class Taken:
    """One letter that the server has taken: its envelope and its content, dots unstuffed."""

    sender: str
    recipient: str
    content: bytes


@dataclass
class MailServer:
    """`says` holds other answers than the usual: by a beginning of the command, `.` for the end of a letter.

    Each list of answers is used up, the last stays; an answer of "" is a connection that ends without one.
    """

    says: dict[str, list[str]] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("SIZE 1000000", "AUTH PLAIN")
    tls: ssl.SSLContext | None = None
    letters: list[Taken] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    waits: asyncio.Event = field(default_factory=asyncio.Event)  # for the content of a letter
    cut_short: asyncio.Event = field(default_factory=asyncio.Event)  # a connection ended before the last dot
    connections: int = 0

    @asynccontextmanager
    async def listening(self, *, implicit: bool = False) -> AsyncIterator[int]:
        """The port that it listens on."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls if implicit else None)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._talk(_Line(reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _talk(self, line: _Line) -> None:
        sender = recipient = ""
        await line.say(self._answer("CONNECT", "220 mail.example.org ESMTP"))
        while command := await line.hear():
            verb, _, rest = command.partition(" ")
            verb = verb.upper()
            self.heard.append(f"{verb} {rest}".strip())
            answer = self._answer(command, self._usual(command, secure=line.secure))
            await line.say(answer)
            if answer == "" or verb == "QUIT":
                return
            if verb == "STARTTLS" and answer.startswith("220") and self.tls is not None:
                await line.encrypt(self.tls)
            if verb == "MAIL":
                sender = _between(command)
            if verb == "RCPT":
                recipient = _between(command)
            if answer.startswith("354") and not await self._letter(line, sender, recipient):
                return

    async def _letter(self, line: _Line, sender: str, recipient: str) -> bool:
        self.waits.set()
        content = await line.content()
        if content is None:
            self.cut_short.set()
            return False
        answer = self._answer(f". {recipient}", "250 2.0.0 taken")
        if answer in {"", "250 2.0.0 taken"}:
            self.letters.append(Taken(sender, recipient, content))
        await line.say(answer)
        return answer != ""

    def _answer(self, command: str, usual: str) -> str:
        for beginning, answers in self.says.items():
            if command.upper().startswith(beginning.upper()):
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return usual

    def _usual(self, command: str, *, secure: bool) -> str:
        match command.split(maxsplit=1)[0].upper():
            case "EHLO":
                offered = [*self.extensions, *(["STARTTLS"] if self.tls and not secure else [])]
                return "\r\n".join(["250-mail.example.org", *(f"250-{each}" for each in offered), "250 8BITMIME"])
            case "STARTTLS":
                return "220 2.0.0 go ahead"
            case "AUTH":
                expected = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
                return "235 2.7.0 welcome" if command.endswith(expected) else f"535 5.7.8 no: {command}"
            case "DATA":
                return "354 go on"
            case "QUIT":
                return "221 bye"
        return "250 2.1.0 fine"


@dataclass
class _Line:
    """The wire, as lines."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def secure(self) -> bool:
        return self.writer.get_extra_info("ssl_object") is not None

    async def say(self, text: str) -> None:
        if text:
            self.writer.write(f"{text}\r\n".encode())
            await self.writer.drain()

    async def hear(self) -> str:
        return (await self.reader.readline()).decode().strip()

    async def encrypt(self, context: ssl.SSLContext) -> None:
        await self.writer.start_tls(context)

    async def content(self) -> bytes | None:
        """A letter without its last dot, None if the connection ends before."""
        lines: list[bytes] = []
        while (line := await self.reader.readline()) != b".\r\n":
            if not line.endswith(b"\r\n"):
                return None
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)


def _between(command: str) -> str:
    return command.partition("<")[2].partition(">")[0]


def certificate(folder: Path) -> tuple[ssl.SSLContext, str]:
    """A server's context with a certificate signed by itself for 127.0.0.1, and that certificate as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.org")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    place = folder / "mail.pem"
    place.write_bytes(private + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place)
    return context, pem.decode()
