"""Telegram: an emulator of the Bot API that keeps messages, and Telegram's own parser of them (TDLib) in this process."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.peers import installing
from tests.peers.peer import Peer, Seen, channel
from tests.peers.running import call, free_port, started

EMULATOR = "telegram-test-api@4.2.1"
LIBRARY = "@prebuilt-tdlib/linux-x64-glibc@0.1008065.0"
TOKEN = "123:made-up"
CALLING = {"textEntityTypeMention", "textEntityTypeMentionName"}  # a command is only offered to be tapped
_SHELL = Path(__file__).with_name("telegram.mjs")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What Telegram shows: the text without its markup, and the sort and the words of each entity."""

    text: str
    entities: tuple[tuple[str, str], ...]

    @property
    def units(self) -> int:
        return len(self.text.encode("utf-16-le")) // 2

    def of(self, sort: str) -> list[str]:
        return [words for name, words in self.entities if name == sort]


@cache
def _library() -> Any:
    (place,) = installing.npm(LIBRARY).glob("node_modules/@prebuilt-tdlib/*/libtdjson.so")
    library = ctypes.CDLL(str(place))
    library.td_execute.restype, library.td_execute.argtypes = ctypes.c_char_p, [ctypes.c_char_p]
    library.td_execute(b'{"@type": "setLogVerbosityLevel", "new_verbosity_level": 0}')
    return library


def _execute(kind: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_library().td_execute(json.dumps({"@type": kind, **more}).encode()))
    return answer


def parsed(html: str) -> Parsed:
    """Raises `ValueError` with Telegram's words where the Bot API would answer 400."""
    answer = _execute("parseTextEntities", text=html, parse_mode={"@type": "textParseModeHTML"})
    if answer["@type"] == "error":
        raise ValueError(answer["message"])
    text = answer["text"]
    found = _execute("getTextEntities", text=text)["entities"]
    return Parsed(text, tuple(_entity(text, each) for each in (*answer["entities"], *found)))


def _entity(text: str, entity: dict[str, Any]) -> tuple[str, str]:
    units, start = text.encode("utf-16-le"), 2 * entity["offset"]
    return entity["type"]["@type"], units[start : start + 2 * entity["length"]].decode("utf-16-le")


@contextmanager
def running(folder: Path) -> Iterator[Peer]:
    packages, port = installing.npm(EMULATOR), free_port()
    with started([installing.node().program, _SHELL], folder, {"PACKAGES": str(packages), "PORT": str(port)}) as server:
        server.until_it_says("listening")
        url = f"http://127.0.0.1:{port}"
        yield Peer(
            channel("telegram", bot_token=TOKEN, chat=1, api_url=url),
            posts=lambda: [_seen(each) for each in call(f"{url}/getUpdatesHistory", {"token": TOKEN})["result"]],
            shows=lambda text: text.replace("@", "@\u200b"),  # which is what keeps it from calling anybody
            threads=True,
            checks=False,  # it knows no getChat
            uploads=False,  # nor sendPhoto
        )


def _seen(update: dict[str, Any]) -> Seen:
    """The emulator keeps the markup as it was sent; Telegram's own parser says what would be shown."""
    message = update["message"]
    shown = parsed(message["text"])
    return Seen(
        str(update["messageId"]),
        shown.text,
        answers=str(message.get("reply_parameters", {}).get("message_id", "")),
        mentions=tuple(words for sort, words in shown.entities if sort in CALLING),
    )
