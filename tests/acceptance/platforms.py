"""What do Slack, Mastodon and a webhook receiver answer? A server written from their documents, not from our code.

It keeps every request, judges it as the platform would, and posts what it accepts. It binds 127.0.0.1 only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, Self
from urllib.parse import parse_qs

HOOK = "/services/T00000001/B00000001/fake-hook-canary"
BOT_TOKEN = "xoxb-fake-bot-canary"
MASTODON_TOKEN = "fake-mastodon-canary"
RECEIVER = "/receiver/fake-path-canary"
SECRET = "whsec_" + base64.b64encode(b"canary-secret-of-32-bytes-length").decode()
CHANNEL = "C0123ABCDEF"


@dataclass
class Seen:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Platforms:
    """The server and what it has: all requests, and the posts that became public."""

    seen: list[Seen] = field(default_factory=list)
    posts: dict[str, list[Any]] = field(default_factory=lambda: {"hook": [], "bot": [], "mastodon": [], "receiver": []})
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    media: dict[str, int] = field(default_factory=dict)  # by id: how often it was asked for since its upload
    files: dict[str, bytes] = field(default_factory=dict)  # by id
    shared: set[str] = field(default_factory=set)  # the files that were completed
    edits: list[Any] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)  # of posts; no platform gives one a second time
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"platforms": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def to(self, path: str, method: str = "POST") -> list[Seen]:
        return [each for each in self.seen if each.path.partition("?")[0] == path and each.method == method]


class _Handler(BaseHTTPRequestHandler):
    platforms: Platforms
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Quiet."""

    def _serve(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        seen = Seen(method, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        with self.platforms.lock:
            self.platforms.seen.append(seen)
            status, headers, answer = _route(self.platforms, seen)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


Reply = tuple[int, dict[str, str], bytes]


def _text(status: int, text: str) -> Reply:
    return status, {"content-type": "text/plain"}, text.encode()


def _json(status: int, value: Any, headers: dict[str, str] | None = None) -> Reply:
    return status, {"content-type": "application/json", **(headers or {})}, json.dumps(value).encode()


def _route(platforms: Platforms, seen: Seen) -> Reply:
    path = seen.path.partition("?")[0]
    if path.startswith("/services/"):
        return _slack_hook(platforms, seen)
    if path.startswith(("/slack-upload/", "/slack-api/files.")):
        return _slack_file(platforms, seen, path.rpartition("/")[2])
    if path.startswith("/slack-api/"):
        return _slack_api(platforms, seen, path.rpartition("/")[2])
    if path.startswith("/api/"):
        return _mastodon(platforms, seen, path)
    if path == RECEIVER:
        return _receiver(platforms, seen)
    return _text(404, "Not Found")


def _slack_hook(platforms: Platforms, seen: Seen) -> Reply:
    if seen.path != HOOK:
        return _text(404, "no_service")
    try:
        body = seen.json
    except ValueError:
        return _text(400, "invalid_payload")
    if not body.get("text"):
        return _text(400, "no_text")
    if not all(isinstance(block, dict) and block.get("type") for block in body.get("blocks", [])):
        return _text(400, "invalid_blocks")
    platforms.posts["hook"].append(body)
    return _text(200, "ok")


def _slack_api(platforms: Platforms, seen: Seen, method: str) -> Reply:
    if seen.headers.get("authorization") != f"Bearer {BOT_TOKEN}":
        return _json(200, {"ok": False, "error": "invalid_auth"})
    if method == "auth.test":
        return _json(200, {"ok": True, "team": "Example", "user": "otd", "user_id": "U1", "bot_id": "B1"})
    if method == "conversations.history":
        return _json(200, {"ok": True, "messages": list(reversed(platforms.posts["bot"]))})
    body = seen.json
    if body.get("channel") != CHANNEL:
        return _json(200, {"ok": False, "error": "channel_not_found"})
    shown = {block["slack_file"]["id"] for block in body.get("blocks", []) if "slack_file" in block}
    if shown - platforms.shared:
        return _json(200, {"ok": False, "error": "invalid_blocks"})
    return _updated(platforms, body) if method == "chat.update" else _posted(platforms, body)


def _posted(platforms: Platforms, body: Any) -> Reply:
    ts = f"17845272{next(platforms.numbers):02}.000300"
    platforms.posts["bot"].append({**body, "ts": ts})
    return _json(
        200, {"ok": True, "channel": CHANNEL, "ts": ts, "message": {"type": "message", "text": body["text"], "ts": ts}}
    )


def _slack_file(platforms: Platforms, seen: Seen, what: str) -> Reply:
    """Three steps: an address for the bytes, the bytes, and that they are all."""
    if what in platforms.files:
        platforms.files[what] = seen.body
        return _text(200, f"OK - {len(seen.body)}")
    if seen.headers.get("authorization") != f"Bearer {BOT_TOKEN}":
        return _json(200, {"ok": False, "error": "invalid_auth"})
    if what == "files.completeUploadExternal":
        platforms.shared |= {each["id"] for each in seen.json["files"] if platforms.files.get(each["id"])}
        return _json(200, {"ok": True, "files": seen.json["files"]})
    asked = {name: value for name, (value,) in parse_qs(seen.body.decode()).items()}
    if len(asked.get("alt_txt", "")) > 1000 or int(asked["length"]) < 1:
        return _json(200, {"ok": False, "error": "invalid_arguments"})
    file = f"F{len(platforms.files):04}"
    platforms.files[file] = b""
    return _json(200, {"ok": True, "upload_url": f"{platforms.url}/slack-upload/{file}", "file_id": file})


def _updated(platforms: Platforms, body: Any) -> Reply:
    found = next((each for each in platforms.posts["bot"] if each["ts"] == body.get("ts")), None)
    if found is None:
        return _json(200, {"ok": False, "error": "message_not_found"})
    found |= {name: body[name] for name in ("text", "blocks", "metadata") if name in body}
    platforms.edits.append(body)
    return _json(200, {"ok": True, "channel": CHANNEL, "ts": body["ts"], "text": body["text"]})


def _mastodon(platforms: Platforms, seen: Seen, path: str) -> Reply:
    if path == "/api/v2/instance":
        statuses = {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23}
        return _json(200, {"version": "4.5.0", "configuration": {"statuses": statuses}})
    if seen.headers.get("authorization") != f"Bearer {MASTODON_TOKEN}":
        return _json(401, {"error": "The access token is invalid"})
    if path == "/api/v1/accounts/verify_credentials":
        return _json(200, {"id": "14715", "acct": "otd", "bot": True})
    if path == "/api/v1/accounts/14715/statuses":
        return _json(200, list(reversed(platforms.posts["mastodon"])))
    if path == "/api/v1/statuses" and seen.method == "POST":
        return _status(platforms, seen)
    return _one_status(platforms, seen, path) if "/statuses/" in path else _medium(platforms, path.rpartition("/")[2])


def _one_status(platforms: Platforms, seen: Seen, path: str) -> Reply:
    """Read, or edited as Mastodon does: what is not named is taken away, and equal words are no new revision."""
    status = next((each for each in platforms.posts["mastodon"] if path == f"/api/v1/statuses/{each['id']}"), None)
    if status is None:
        return _json(404, {"error": "Record not found"})
    if seen.method == "GET":
        return _json(200, status)
    body = seen.json
    if status["content"] != f"<p>{body['status']}</p>":
        platforms.edits.append(body)
    kept = [each for each in status["media_attachments"] if each["id"] in body.get("media_ids", [])]
    status |= {"content": f"<p>{body['status']}</p>", "media_attachments": kept, "edited_at": "2026-11-04T10:00:00.000Z"}
    return _json(200, status)


def _medium(platforms: Platforms, number: str) -> Reply:
    """An upload is taken in, and ready at the second look."""
    if number == "media":
        number = str(115041 + len(platforms.media))
        platforms.media[number] = 0
        return _json(202, {"id": number, "url": None})
    if number not in platforms.media:
        return _json(404, {"error": "Record not found"})
    platforms.media[number] += 1
    ready = platforms.media[number] > 1
    return _json(200 if ready else 206, {"id": number, "url": "https://mastodon.example/a.png" if ready else None})


def _status(platforms: Platforms, seen: Seen) -> Reply:
    """The key is remembered, and a repeat gets the first status again."""
    key, body = seen.headers.get("idempotency-key", ""), seen.json
    if key in platforms.keys:
        return _json(200, platforms.keys[key])
    if any(platforms.media.get(each, 0) < 2 for each in body.get("media_ids", [])):
        return _json(422, {"error": "Cannot attach files that have not finished processing. Try again in a moment!"})
    number = 116822046110229504 + next(platforms.numbers)
    status = {
        "id": str(number),
        "created_at": "2026-11-04T09:00:01.204Z",
        "url": f"https://mastodon.example/@otd/{number}",
        "content": f"<p>{body['status']}</p>",
        "visibility": body["visibility"],
        "media_attachments": [{"id": each} for each in body.get("media_ids", [])],
        "in_reply_to_id": body.get("in_reply_to_id"),
    }
    platforms.posts["mastodon"].append(status)
    if key:
        platforms.keys[key] = status
    return _json(200, status)


def _receiver(platforms: Platforms, seen: Seen) -> Reply:
    """Verifies as the specification tells receivers to."""
    signed = f"{seen.headers['webhook-id']}.{seen.headers['webhook-timestamp']}.".encode() + seen.body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    if expected not in seen.headers["webhook-signature"].split(" "):
        return _text(401, "bad signature")
    platforms.posts["receiver"].append(seen.json)
    return _text(204, "")
