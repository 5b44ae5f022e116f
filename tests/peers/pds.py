"""Bluesky: its own server, the PDS, with a directory of identities beside it. There is no network of others behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.peers import installing
from tests.peers.peer import Peer, Seen, channel
from tests.peers.running import call, fetch, free_port, started

SERVER, DIRECTORY = "@atproto/pds@0.5.35", "@did-plc/server@0.0.1"
HANDLE = "daily.test"
_SHELL = Path(__file__).with_name("pds.mjs")


@dataclass(frozen=True, slots=True)
class Account:
    """An account on a running PDS, and a password that its owner made for an app."""

    url: str
    did: str
    app_password: str

    def records(self) -> list[dict[str, Any]]:
        """The posts of the account, oldest key first."""
        asked = {"repo": self.did, "collection": "app.bsky.feed.post", "limit": 100, "reverse": "true"}
        found: list[dict[str, Any]] = call(f"{self.url}/xrpc/com.atproto.repo.listRecords?{urlencode(asked)}")["records"]
        return found

    def blob(self, reference: str) -> bytes:
        return fetch(f"{self.url}/xrpc/com.atproto.sync.getBlob?{urlencode({'did': self.did, 'cid': reference})}")


@contextmanager
def account(folder: Path, *, limits: bool = False) -> Iterator[Account]:
    packages, port = installing.npm(SERVER, DIRECTORY, compiles=True), free_port()
    asked = {"PACKAGES": packages, "PORT": port, "DIRECTORY_PORT": free_port(), "LIMITS": str(limits).lower()}
    with started([installing.node().program, _SHELL], folder, {name: str(value) for name, value in asked.items()}) as server:
        server.until_it_says("listening")
        url = f"http://127.0.0.1:{port}"
        who = {"handle": HANDLE, "email": "daily@example.org", "password": "fake-password-of-tests"}
        made = call(f"{url}/xrpc/com.atproto.server.createAccount", who)
        app = call(f"{url}/xrpc/com.atproto.server.createAppPassword", {"name": "daily"}, made["accessJwt"])
        yield Account(url, made["did"], app["password"])


def bluesky(there: Account, **more: Any) -> Any:
    return channel("bluesky", **{"server": there.url, "handle": HANDLE, "app_password": there.app_password, **more})


@contextmanager
def running(folder: Path) -> Iterator[Peer]:
    with account(folder) as there:
        yield Peer(
            bluesky(there),
            posts=lambda: [_seen(there, each) for each in there.records()],
            id_of=lambda receipt: receipt.partition("|")[0],
            shows=lambda text: text.replace("https://", ""),  # an address is shown short; its facet has the whole
            pictures=True,
            threads=True,
        )


def _seen(there: Account, record: dict[str, Any]) -> Seen:
    value = record["value"]
    images = value.get("embed", {}).get("images", [])
    features = [feature for facet in value.get("facets", []) for feature in facet["features"]]
    return Seen(
        record["uri"],
        value["text"],
        images[0]["alt"] if images else "",
        there.blob(images[0]["image"]["ref"]["$link"]) if images else b"",
        value.get("reply", {}).get("parent", {}).get("uri", ""),
        tuple(each["did"] for each in features if each["$type"].endswith("#mention")),
    )
