"""How do platforms differ in what they know of a repeat? Written from what real servers were seen to do.

A place is `personality-fault-name`. It is a Mastodon account's token, the end of a Slack bot's token, or the last
part of a webhook's path, so that each place has its own posts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.witness.memory import Memory, Published
from tests.witness.wire import Asked, Reply

WINDOW = timedelta(hours=1)  # in which a native key is known
PERSONALITIES = ("native", "ignores", "atonce", "bot", "hook", "receiver")
BUSY = Reply(503, {"error": "There was a temporary problem serving your request, please try again"})
GONE = Reply(404, {"error": "Record not found"})
Acceptance = Callable[[], Any]


def place_of(asked: Asked) -> str:
    """Which room, account or receiver a request is about."""
    if asked.path.startswith(("/hook/", "/receiver/")):
        return asked.path.rpartition("/")[2]
    return asked.token.removeprefix("xoxb-")


def publishes(asked: Asked) -> bool:
    paths = ("/hook/", "/receiver/", "/slack/chat.postMessage", "/slack/chat.update", "/api/v1/statuses")
    return asked.method in {"POST", "PUT"} and asked.path.startswith(paths)


async def accept(memory: Memory, asked: Asked, work: float) -> Reply:
    """Publishes, edits, or knows the repeat, as the personality does; being at work on it takes a while."""
    edits = asked.method == "PUT" or asked.path.endswith("/chat.update")
    return await (_edited if edits else _posted)(memory, asked, work)


async def _posted(memory: Memory, asked: Asked, work: float) -> Reply:
    place = place_of(asked)
    match place.partition("-")[0]:
        case "native":
            return await _locked(memory, asked, work)
        case "atonce":
            return await _remembered(memory, asked, work)
        case "receiver":
            return await _received(memory, asked, work)
        case "ignores":
            await asyncio.sleep(work)
            return Reply(200, memory.publish(place, asked.body, asked.json()["status"]).status)
        case "bot":
            await asyncio.sleep(work)
            return Reply(200, {"ok": True, **_said(memory, asked).message})
        case _:
            await asyncio.sleep(work)
            memory.publish(place, asked.body, asked.json()["text"])
            return Reply(200, "ok")


async def _edited(memory: Memory, asked: Asked, work: float) -> Reply:
    """By every personality that can: the last edit to come is the one that stays."""
    await asyncio.sleep(work)
    content, posts = asked.json(), memory.posts[place_of(asked)]
    number = asked.path.rpartition("/")[2]
    post = next((each for each in posts if content.get("ts", number) in {each.ts, str(each.number)}), None)
    if post is None:
        return Reply(200, {"ok": False, "error": "message_not_found"}) if "ts" in content else GONE
    post.edit(content["text"] if "ts" in content else content["status"])
    return Reply(200, {"ok": True, "ts": post.ts} if "ts" in content else post.status)


async def _locked(memory: Memory, asked: Asked, work: float) -> Reply:
    """Like Mastodon: the key holds for an hour, and whoever comes while the first is under way is sent away."""
    key = (place_of(asked), asked.headers["idempotency-key"])
    if key in memory.under_way:
        return BUSY
    memory.under_way.add(key)
    try:
        return await _remembered(memory, asked, work)
    finally:
        memory.under_way.discard(key)


async def _remembered(memory: Memory, asked: Asked, work: float) -> Reply:
    """Like Hollo: the key is looked up before the work and written after it, so that two at once are two posts."""
    key = (place_of(asked), asked.headers["idempotency-key"])
    known = _known(memory, key)
    await asyncio.sleep(work)
    if known is None:
        known = memory.publish(key[0], asked.body, asked.json()["status"])
        memory.keys[key] = (memory.now(), known)
    return Reply(200, known.status)


def _known(memory: Memory, key: tuple[str, str]) -> Published | None:
    since, post = memory.keys.get(key, (None, None))
    return post if since is not None and memory.now() - since < WINDOW else None


async def _received(memory: Memory, asked: Asked, work: float) -> Reply:
    """A receiver that keeps to Standard Webhooks: one `webhook-id` is one message, for good, at once too."""
    key = (place_of(asked), asked.headers["webhook-id"])
    await asyncio.sleep(work)
    if key not in memory.keys:
        memory.keys[key] = (memory.now(), memory.publish(key[0], asked.body, asked.json()["data"]["text"]))
    return Reply(204)


def _said(memory: Memory, asked: Asked) -> Published:
    content = asked.json()
    return memory.publish(place_of(asked), asked.body, content["text"], content["metadata"]["event_payload"]["digest"])


def read(memory: Memory, asked: Asked) -> Reply:
    """What is asked for without publishing."""
    place = place_of(asked)
    match asked.path.split("/"):
        case [*_, "instance"]:
            return Reply(200, {"version": "4.5.0", "configuration": {"statuses": {"max_characters": 500}}})
        case [*_, "verify_credentials"]:
            return Reply(200, {"id": place, "acct": place, "bot": True})
        case [*_, "accounts", account, "statuses"]:
            return Reply(200, _page(memory.posts[account], asked.query))
        case [*_, "v1", "statuses", number]:
            found = next((each for each in memory.posts[place] if str(each.number) == number), None)
            return Reply(200, found.status) if found else GONE
        case [*_, "conversations.history"]:
            return Reply(200, _history(memory.posts[place], asked.query))
        case _:
            memory.followed += 1
            return Reply(404, {"error": "Record not found"})


def _page(posts: list[Published], query: dict[str, str]) -> list[dict[str, Any]]:
    """Newest first, before `max_id`."""
    before = int(query.get("max_id", 1 << 60))
    found = [each.status for each in reversed(posts) if each.number < before]
    return found[: int(query.get("limit", "20"))]


def _history(posts: list[Published], query: dict[str, str]) -> dict[str, Any]:
    start, limit = int(query.get("cursor") or 0), int(query["limit"])
    found = [each.message for each in reversed(posts) if float(each.ts) >= float(query["oldest"])]
    more = str(start + limit) if len(found) > start + limit else ""
    return {"ok": True, "messages": found[start : start + limit], "response_metadata": {"next_cursor": more}}
