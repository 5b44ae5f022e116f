"""E-mail: MailDev, which shows what it got; smtp-server with STARTTLS, AUTH and SIZE; Postfix's sink, which goes wrong."""

from __future__ import annotations

import email
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from tests.channels.mailserver import PASSWORD, USER, certificate
from tests.peers import installing
from tests.peers.peer import Peer, Seen, channel
from tests.peers.running import call, fetch, free_port, started

MAILDEV = "maildev@3.0.0"
SUBMISSION = "smtp-server@3.21.6"
SINK = "postfix"  # Debian's, in the version of the machine
SENDER, READER = "On this day <otd@news.example.org>", "ann@example.org"
MOST = 200_000  # bytes that the server with a limit takes
_SHELL = Path(__file__).with_name("submission.mjs")


def letters(port: int, **more: Any) -> Any:
    return channel("email", **{"server": "127.0.0.1", "port": port, "sender": SENDER, "to": READER, **more})


@dataclass(frozen=True, slots=True)
class MailDev:
    """A running MailDev: its port for letters, its address for programs, its certificate."""

    port: int
    url: str
    authority: str

    def letters(self) -> list[EmailMessage]:
        """Oldest first, as they came over the wire."""
        ids = [each["id"] for each in sorted(call(f"{self.url}/api/email"), key=lambda each: str(each["time"]))]
        return [parsed(fetch(f"{self.url}/api/email/{each}/download")) for each in ids]


@contextmanager
def maildev(folder: Path) -> Iterator[MailDev]:
    """TLS from the first byte, and only who logs in may hand in a letter."""
    program = installing.npm(MAILDEV) / "node_modules" / "maildev" / "dist" / "bin" / "maildev.js"
    _, authority = certificate(folder)
    port, web = free_port(), free_port()
    options = {
        "--ip": "127.0.0.1",
        "--smtp": port,
        "--web-ip": "127.0.0.1",
        "--web": web,
        "--incoming-user": USER,
        "--incoming-pass": PASSWORD,
        "--incoming-cert": folder / "mail.pem",
        "--incoming-key": folder / "mail.pem",
        "--mail-directory": folder / "mail",
    }
    words = [str(word) for pair in options.items() for word in pair]
    with started([installing.node().program, program, "--incoming-secure", *words], folder) as server:
        url = f"http://127.0.0.1:{web}"
        server.until_it_answers(url)
        server.until_it_listens(port)
        yield MailDev(port, url, authority)


@contextmanager
def submission(folder: Path) -> Iterator[Any]:
    """A channel to nodemailer's server: STARTTLS, then AUTH, letters of at most `MOST` bytes."""
    _, authority = certificate(folder)
    packages, port = installing.npm(SUBMISSION), free_port()
    asked = {"PACKAGES": str(packages), "PORT": str(port), "MOST": str(MOST), "NAME": USER, "SECRET": PASSWORD}
    with started([installing.node().program, _SHELL], folder, asked) as server:
        server.until_it_says("listening")
        yield letters(port, tls="starttls", ca=authority, username=USER, password=PASSWORD)


def handed_in(folder: Path) -> list[EmailMessage]:
    """What nodemailer's server has kept, oldest first."""
    return [parsed(each.read_bytes()) for each in sorted(folder.glob("*.eml"))]


@contextmanager
def sink(folder: Path, *faults: str) -> Iterator[Any]:
    """A channel to Postfix's `smtp-sink`, which does wrong what its options say. See its manual page."""
    unpacked = installing.debian(SINK)
    port, program = free_port(), unpacked / "usr" / "sbin" / "smtp-sink"
    who = ["-u", "nobody"] if os.getuid() == 0 else []
    libraries = {"LD_LIBRARY_PATH": str(unpacked / "usr" / "lib" / "postfix")}
    with started([program, *who, *faults, f"127.0.0.1:{port}", "32"], folder, libraries) as server:
        server.until_it_listens(port)
        yield letters(port, tls="none")


def parsed(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=default)


@contextmanager
def running(folder: Path) -> Iterator[Peer]:
    with maildev(folder) as server:
        login = {"tls": "implicit", "ca": server.authority, "username": USER, "password": PASSWORD}
        yield Peer(letters(server.port, **login), lambda: [_seen(each) for each in server.letters()])


def _seen(letter: EmailMessage) -> Seen:
    text = letter.get_body(("plain",))
    return Seen(str(letter["Message-ID"]), text.get_content() if text else "", answers=str(letter.get("In-Reply-To", "")))
