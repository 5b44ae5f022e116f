"""Webhook: a receiver that believes only what the reference library of Standard Webhooks believes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.peers import installing
from tests.peers.peer import Peer, Seen, channel
from tests.peers.running import call, free_port, started

PACKAGE = "standardwebhooks==1.1.0"
SECRET, OLD_SECRET = (f"whsec_{base64.b64encode(each * 4).decode()}" for each in (b"new-fake", b"old-fake"))
_SHELL = Path(__file__).with_name("receiver.py")


def hook(url: str, *secrets: str) -> Any:
    return channel("webhook", url=url, secret=secrets or SECRET)


@contextmanager
def running(folder: Path) -> Iterator[Peer]:
    python, port = installing.python(PACKAGE) / "bin" / "python", free_port()
    with started([python, _SHELL, str(port), SECRET], folder) as server:
        url = f"http://127.0.0.1:{port}"
        server.until_it_answers(url)
        yield Peer(hook(f"{url}/hook"), lambda: [_seen(*each) for each in call(url).items()])


def _seen(name: str, payload: dict[str, Any]) -> Seen:
    return Seen(name, payload["data"]["text"], (payload["data"]["image"] or {}).get("alt", ""))
