"""Mastodon: a stateful mock of its API, written for testing clients, which keeps keys, statuses and their history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.channels._mastodon_text import quiet
from tests.peers import installing
from tests.peers.peer import Peer, Seen, channel
from tests.peers.running import call, fetch, free_port, started

PACKAGE = "mastodon-mock==0.6.1"
TOKEN = "mock_token"  # the one that it comes with


@dataclass(frozen=True, slots=True)
class Instance:
    """A running mock and one account on it."""

    url: str

    def account(self, **more: Any) -> Any:
        return channel("mastodon", **{"server": self.url, "access_token": TOKEN, **more})

    def statuses(self) -> list[dict[str, Any]]:
        """The statuses of the account, oldest first."""
        me = call(f"{self.url}/api/v1/accounts/verify_credentials", token=TOKEN)["id"]
        found = call(f"{self.url}/api/v1/accounts/{me}/statuses?limit=40", token=TOKEN)
        return sorted(found, key=lambda each: int(each["id"]))

    def words(self, status: str) -> str:
        text: str = call(f"{self.url}/api/v1/statuses/{status}/source", token=TOKEN)["text"]
        return text

    def goes_wrong(self, effect: str, path: str = "/api/v1/statuses", **more: Any) -> None:
        """The next request to a path is not answered as it should be."""
        fault = {"match": {"path": path}, "effect": {"type": effect, **more}, "count": 1}
        call(f"{self.url}/api/v1/_mock/faults", fault)


@contextmanager
def instance(folder: Path) -> Iterator[Instance]:
    program, port = installing.python(PACKAGE) / "bin" / "mastodon_mock", free_port()
    words = ["serve", "--in-memory", "--host", "127.0.0.1", "--port", str(port)]
    with started([program, *words], folder) as server:
        url = f"http://127.0.0.1:{port}"
        server.until_it_answers(f"{url}/api/v2/instance")
        yield Instance(url)


@contextmanager
def running(folder: Path) -> Iterator[Peer]:
    with instance(folder) as there:
        yield Peer(
            there.account(),
            posts=lambda: [_seen(there, each) for each in there.statuses()],
            shows=quiet,
            pictures=True,
            threads=True,
            edits_pictures=False,  # it keeps the first picture, whatever an edit names
        )


def _seen(there: Instance, status: dict[str, Any]) -> Seen:
    media = status["media_attachments"]
    return Seen(
        status["id"],
        there.words(status["id"]),
        str(media[0]["description"]) if media else "",
        fetch(media[0]["url"]) if media else b"",
        status["in_reply_to_id"] or "",
        tuple(each["acct"] for each in status["mentions"]),
    )
