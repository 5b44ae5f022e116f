"""Slack: the stateful emulator that is the Slack part of `emulate`, spoken to by a bot's token and by a webhook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.channels._slack_text import escape
from tests.peers import installing
from tests.peers.peer import Peer, Seen, channel
from tests.peers.running import call, fetch, free_port, started

PACKAGE = "emulate@0.12.2"  # what the name's newest version holds is another program
TOKEN, WEAK_TOKEN = "xoxb-fake-daily", "xoxb-fake-reader"
_SCOPES = ["chat:write", "channels:read", "channels:history", "files:read", "files:write"]
_CALLING = re.compile(r"<[@!#][^>]*>")
_WORKSPACE = {
    "team": {"name": "Test", "domain": "test"},
    "users": [{"name": "ann", "real_name": "Ann Example", "email": "ann@example.org"}],
    "channels": [{"name": "general", "topic": "General"}, {"name": "daily", "topic": "Daily"}],
    "bots": [{"name": "daily-bot"}],
    "tokens": [
        {"token": TOKEN, "type": "bot", "user": "ann", "scopes": _SCOPES},
        {"token": WEAK_TOKEN, "type": "bot", "user": "ann", "scopes": ["channels:read"]},
    ],
    "strict_scopes": True,
}


@dataclass(frozen=True, slots=True)
class Workspace:
    """A running emulator, and the channel for the posts."""

    url: str
    channels: dict[str, str]  # ids by name

    def bot(self, token: str = TOKEN, **more: Any) -> Any:
        own = {"bot_token": token, "channel": self.channels["daily"], "api_url": f"{self.url}/api"}
        return channel("slack", **{**own, **more})

    def webhook(self) -> Any:
        """The one that every workspace has. It posts into `general`."""
        return channel("slack", webhook_url=f"{self.url}/services/T000000001/B000000001/X000000001")

    def messages(self, name: str = "daily") -> list[dict[str, Any]]:
        """Oldest first, with those in threads."""
        page = self._asked("conversations.history", name)
        threads = [self._asked("conversations.replies", name, ts=each["ts"]) for each in page]
        found = {each["ts"]: each for each in (*page, *(reply for thread in threads for reply in thread))}
        return [found[ts] for ts in sorted(found)]

    def file(self, number: str) -> bytes:
        """What was uploaded under the id of a file."""
        answer = call(f"{self.url}/api/files.info", {"file": number}, TOKEN)
        return fetch(answer["file"]["url_private_download"], TOKEN)

    def _asked(self, method: str, name: str, **more: Any) -> list[dict[str, Any]]:
        answer = call(f"{self.url}/api/{method}", {"channel": self.channels[name], "limit": 100, **more}, TOKEN)
        assert answer["ok"], answer
        found: list[dict[str, Any]] = answer["messages"]
        return found


@contextmanager
def workspace(folder: Path) -> Iterator[Workspace]:
    program, port = installing.npm(PACKAGE) / "node_modules" / "emulate" / "dist" / "index.js", free_port()
    (folder / "slack.yaml").write_text(yaml.safe_dump({"slack": _WORKSPACE}), encoding="ascii")
    words = ["start", "--host", "127.0.0.1", "-p", str(port), "-s", "slack", "--seed", "slack.yaml"]
    with started([installing.node().program, program, *words], folder) as server:
        url = f"http://127.0.0.1:{port}"
        server.until_it_answers(url)
        listed = call(f"{url}/api/conversations.list", {}, TOKEN)["channels"]
        yield Workspace(url, {each["name"]: each["id"] for each in listed})


@contextmanager
def running(folder: Path) -> Iterator[Peer]:
    """By a bot's token."""
    with workspace(folder) as there:
        yield Peer(there.bot(), lambda: [_seen(each, there) for each in there.messages()], shows=escape, threads=True)


@contextmanager
def running_webhook(folder: Path) -> Iterator[Peer]:
    with workspace(folder) as there:
        yield Peer(there.webhook(), lambda: [_seen(each, there) for each in there.messages("general")], shows=escape)


def _seen(message: dict[str, Any], there: Workspace) -> Seen:
    thread = message.get("thread_ts", "")
    called = _CALLING.findall(f"{message['text']} {message.get('blocks')}")
    shown = next((each for each in message.get("blocks") or () if "slack_file" in each), None)
    return Seen(
        message["ts"],
        message["text"],
        shown["alt_text"] if shown else "",
        there.file(shown["slack_file"]["id"]) if shown else b"",
        "" if thread == message["ts"] else thread,
        tuple(called),
    )
