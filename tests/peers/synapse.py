"""Matrix: Synapse, the reference homeserver, on SQLite and without federation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from tests.peers import installing
from tests.peers.peer import Peer, Seen, channel
from tests.peers.running import call, fetch, free_port, started

PACKAGE = "matrix-synapse==1.163.2"
_SECRET = "fake-secret-of-tests"
_API = "/_matrix/client/v3"


@dataclass(frozen=True, slots=True)
class Homeserver:
    """A running Synapse and its administrator, who may post without limit; others have the limits of the default."""

    url: str
    token: str

    def user(self, name: str) -> str:
        """The access token of a new user."""
        there = f"{self.url}/_synapse/admin/v2/users/@{name}:localhost"
        call(there, {"password": _SECRET}, self.token, "PUT")
        return self.log_in(name)

    def log_in(self, name: str, **more: str) -> str:
        return _log_in(self.url, name, **more)

    def room(self, token: str, **more: Any) -> str:
        made = call(f"{self.url}{_API}/createRoom", {"preset": "private_chat", **more}, token)
        found: str = made["room_id"]
        return found

    def events(self, room: str, token: str) -> list[dict[str, Any]]:
        """The messages of a room, oldest first."""
        page = call(f"{self.url}{_API}/rooms/{quote(room)}/messages?dir=b&limit=100", token=token)
        return [each for each in reversed(page["chunk"]) if each["type"] == "m.room.message"]

    def media(self, mxc: str, token: str) -> bytes:
        return fetch(f"{self.url}/_matrix/client/v1/media/download/{mxc.removeprefix('mxc://')}", token)


@contextmanager
def homeserver(folder: Path) -> Iterator[Homeserver]:
    programs = installing.python(PACKAGE) / "bin"
    port = free_port()
    (folder / "homeserver.yaml").write_text(yaml.safe_dump(_config(folder, port)), encoding="utf-8")
    (folder / "log.yaml").write_text("{version: 1, root: {level: WARNING}}", encoding="ascii")
    run: list[str | Path] = [programs / "python", "-m", "synapse.app.homeserver", "-c", "homeserver.yaml"]
    with started([*run, "--generate-keys"], folder) as keys:
        keys.process.wait(60)
    with started(run, folder) as server:
        url = f"http://127.0.0.1:{port}"
        server.until_it_answers(f"{url}/health")
        who = ["-c", "homeserver.yaml", "-u", "admin", "-p", _SECRET, "-a", url]
        with started([programs / "register_new_matrix_user", *who], folder) as registering:
            assert registering.process.wait(60) == 0, registering.said()
        token = _log_in(url, "admin")
        freely = {"messages_per_second": 0, "burst_count": 0}  # none
        call(f"{url}/_synapse/admin/v1/users/@admin:localhost/override_ratelimit", freely, token)
        yield Homeserver(url, token)


def _config(folder: Path, port: int) -> dict[str, Any]:
    listener = {"port": port, "tls": False, "type": "http", "bind_addresses": ["127.0.0.1"]}
    freely = {"per_second": 1000, "burst_count": 1000}  # for logging in; how fast may be posted is left as it is
    return {
        "rc_login": {"address": freely, "account": freely, "failed_attempts": freely},
        "server_name": "localhost",
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "report_stats": False,
        "listeners": [{**listener, "resources": [{"names": ["client"]}]}],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "log_config": str(folder / "log.yaml"),
        "pid_file": str(folder / "homeserver.pid"),
        "macaroon_secret_key": _SECRET,
        "registration_shared_secret": _SECRET,
        "trusted_key_servers": [],
        "federation_domain_whitelist": [],
        "suppress_key_server_warning": True,
    }


def _log_in(url: str, name: str, **more: str) -> str:
    who = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": name}, "password": _SECRET}
    token: str = call(f"{url}{_API}/login", {**who, **more})["access_token"]
    return token


@contextmanager
def running(folder: Path) -> Iterator[Peer]:
    with homeserver(folder) as server:
        room, token = server.room(server.token), server.token
        yield Peer(
            channel("matrix", server=server.url, access_token=token, room=room),
            posts=lambda: [_seen(server, each) for each in server.events(room, token) if not _is_edit(each)],
            id_of=lambda receipt: receipt.partition("|")[0],
            pictures=True,
            threads=True,
        )


def _is_edit(event: dict[str, Any]) -> bool:
    return bool(event["content"].get("m.relates_to", {}).get("rel_type") == "m.replace")


def shown(event: dict[str, Any]) -> dict[str, Any]:
    """What programs show of an event: its content, or what the server says has replaced it."""
    edited = event.get("unsigned", {}).get("m.relations", {}).get("m.replace")
    content: dict[str, Any] = edited["content"]["m.new_content"] if edited else event["content"]
    return content


def _seen(server: Homeserver, event: dict[str, Any]) -> Seen:
    content = shown(event)
    alt = content["body"].rpartition("🖼 ")[2] if "url" in content else ""
    return Seen(
        event["event_id"],
        content["body"],
        alt,
        server.media(content["url"], server.token) if "url" in content else b"",
        event["content"].get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id", ""),
        tuple(content["m.mentions"]),
    )
