"""Can this be an address or a token in a channel's options, how is it called without its secret, and what is sent to it?

Its shape only; whether an address may be reached is judged when a request is sent.
"""

from __future__ import annotations

import hashlib
import json
import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from bot.documents import mistake

_TOKEN = re.compile(r"[\x21-\x7e]+")


def checked_address(value: str, name: str, *, bare: bool = False) -> SplitResult:
    """The parts of an https address; http only on this machine or a private network. The value, a secret, is not shown.

    `bare` asks for nothing after the host.
    """
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise mistake(f"{name} is not an address", "write https://host/…") from None
    if parts.scheme not in {"http", "https"} or not host or re.search(r"\s", value):
        raise mistake(f"{name} is not an address", "write it whole, with https:// in front")
    if parts.scheme == "http" and not _near(host):
        raise mistake(f"{name} would send secrets in the clear", "write https:// instead of http://")
    if parts.username is not None or parts.password is not None:
        raise mistake(f"{name} holds a user name", "leave out what stands before the @")
    if bare and (parts.path not in {"", "/"} or parts.query or parts.fragment):
        raise mistake(f"{name} has a path", f"write only {parts.scheme}://{parts.netloc}")
    return parts


def _near(host: str) -> bool:
    """This machine, or an address of a private network written as a number."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


def checked_token(value: str, name: str) -> None:
    """A token goes into a header, where only visible ASCII fits."""
    if not _TOKEN.fullmatch(value):
        raise mistake(f"{name} is empty or holds a space, a line break or a letter that is not ASCII", "copy it again")


def known_by(host: str | None, secret: str) -> str:
    """A name for a destination that tells it from others of its host and gives nothing of its secret away."""
    return f"{host}/{hashlib.sha256(secret.encode()).hexdigest()[:8]}"


def compact(body: Any) -> bytes:
    """JSON as small as it gets: escaped letters would make a Persian text three times as long, and break limits."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
