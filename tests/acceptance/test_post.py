"""Does `thisday post` reach the platforms as their documents say, from a config, in a process of its own?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.acceptance.platforms import (
    BOT_TOKEN,
    CHANNEL,
    HOOK,
    MASTODON_TOKEN,
    RECEIVER,
    SECRET,
    Platforms,
    Seen,
)

SPECS = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "specs"
CANARIES = ("fake-hook-canary", BOT_TOKEN, MASTODON_TOKEN, "fake-path-canary", SECRET)

CONFIG = """
network:
  allow_private: true
channels:
  hook:
    kind: slack
    webhook_url: ${{HOOK_URL}}
  bot:
    kind: slack
    bot_token: file:bot-token
    channel: {channel}
    api_url: {url}/slack-api
  masto:
    kind: mastodon
    server: {url}
    access_token: ${{MASTODON_TOKEN}}
    visibility: public
  receiver:
    kind: webhook
    url: {url}{receiver}
    secret: {secret}
"""


@pytest.fixture
def platforms() -> Iterator[Platforms]:
    with Platforms() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, platforms: Platforms) -> Path:
    config = CONFIG.format(url=platforms.url, channel=CHANNEL, receiver=RECEIVER, secret=SECRET)
    (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
    (tmp_path / "bot-token").write_text(f"{BOT_TOKEN}\n", encoding="utf-8")
    return tmp_path


def thisday(folder: Path, platforms: Platforms, *words: str) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it."""
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "HOOK_URL": f"{platforms.url}{HOOK}",
        "MASTODON_TOKEN": MASTODON_TOKEN,
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }
    command = [sys.executable, "-W", "error", "-m", "bot", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_every_channel_gets_the_edition_once(folder: Path, platforms: Platforms) -> None:
    done = thisday(folder, platforms, "post", "--date", "2026-11-04")

    assert (done.returncode, done.stdout) == (0, "")
    assert {name: len(posts) for name, posts in platforms.posts.items()} == {
        "hook": 1,
        "bot": 1,
        "mastodon": 1,
        "receiver": 1,
    }


def test_a_card_is_uploaded_and_attached_over_the_wire(folder: Path, platforms: Platforms) -> None:
    config = folder / "config.yaml"
    written = config.read_text(encoding="utf-8")
    for channel in ("bot", "masto"):
        written = written.replace(f"\n  {channel}:\n", f"\n  {channel}:\n    card: dark\n")
    config.write_text(written, encoding="utf-8")

    done = thisday(folder, platforms, "post", "--date", "2026-11-04")

    assert (done.returncode, done.stdout) == (0, "")
    assert "without its picture" not in done.stderr
    assert platforms.posts["mastodon"][0]["media_attachments"] == [{"id": "115041"}]
    assert [block for block in platforms.posts["bot"][0]["blocks"] if "slack_file" in block]
    (file,) = platforms.files.values()
    assert file.startswith(b"\x89PNG")
    (upload,) = platforms.to("/api/v2/media")
    assert upload.body.count(file) == 1
    assert b"Day 1 of 444, 4 November 1979" in upload.body
    (stored,) = platforms.to("/slack-upload/F0000")
    assert "authorization" not in stored.headers


def test_the_texts_say_what_the_day_is(folder: Path, platforms: Platforms) -> None:
    thisday(folder, platforms, "post", "--date", "2026-11-04")

    for text in (
        platforms.posts["hook"][0]["text"],
        platforms.posts["bot"][0]["text"],
        platforms.posts["mastodon"][0]["content"],
        platforms.posts["receiver"][0]["data"]["text"],
    ):
        assert "4 November" in text
        assert "Day 1 of 444 (1979) · 66 Americans held" in text
        assert "47 years ago" in text


def test_where_there_is_room_both_years_are_counted(folder: Path, platforms: Platforms) -> None:
    thisday(folder, platforms, "post", "--date", "2026-11-04")

    for text in (platforms.posts["hook"][0]["text"], platforms.posts["receiver"][0]["data"]["text"]):
        assert "Day 367 of 444 (1980) · 52 Americans held" in text


def test_a_second_post_of_the_same_date_is_done_already(folder: Path, platforms: Platforms) -> None:
    thisday(folder, platforms, "post", "--date", "2026-11-04")

    again = thisday(folder, platforms, "post", "--date", "2026-11-04")

    assert again.returncode == 0
    assert [len(posts) for posts in platforms.posts.values()] == [1, 1, 1, 1]


def test_again_posts_once_more_under_another_key(folder: Path, platforms: Platforms) -> None:
    thisday(folder, platforms, "post", "--date", "2026-11-04")

    again = thisday(folder, platforms, "post", "--date", "2026-11-04", "--again")

    assert again.returncode == 0
    assert [len(posts) for posts in platforms.posts.values()] == [2, 2, 2, 2]
    assert len({each.headers["idempotency-key"] for each in platforms.to("/api/v1/statuses")}) == 2
    assert len({each.headers["webhook-id"] for each in platforms.to(RECEIVER)}) == 2


def test_a_dry_run_sends_nothing(folder: Path, platforms: Platforms) -> None:
    done = thisday(folder, platforms, "post", "--date", "2026-11-04", "--dry-run")

    assert done.returncode == 0
    assert platforms.seen == []


def test_check_online_tries_the_credentials_and_posts_nothing(folder: Path, platforms: Platforms) -> None:
    done = thisday(folder, platforms, "check", "--online")

    assert done.returncode == 0
    assert "online bot: works" in done.stdout
    assert "online masto: works" in done.stdout
    assert [each.method for each in platforms.seen if "auth.test" not in each.path] == ["GET"] * (len(platforms.seen) - 1)
    assert all(not posts for posts in platforms.posts.values())


def test_a_wrong_token_is_told_and_the_others_are_posted(folder: Path, platforms: Platforms) -> None:
    (folder / "bot-token").write_text("xoxb-another-token", encoding="utf-8")

    done = thisday(folder, platforms, "post", "--date", "2026-11-04")

    assert done.returncode == 1
    assert "bot: 2026-11-04 dead" in done.stderr
    assert [len(platforms.posts[name]) for name in ("hook", "mastodon", "receiver")] == [1, 1, 1]


def test_no_secret_comes_out_anywhere(folder: Path, platforms: Platforms) -> None:
    """Not in what the commands print, however they end, nor in a byte of the database."""
    said = ""
    for words in (
        ("-v", "post", "--date", "2026-11-04"),
        ("post", "--json", "--date", "2026-11-05"),
        ("channels",),
        ("channels", "list", "--json"),
        ("channels", "test", "hook"),
        ("check", "--online", "--json"),
        ("preview", "--format", "payload"),
        ("preview", "--format", "json"),
        ("deliveries", "--json"),
        ("why", "2026-11-04", "hook", "--json"),
        ("subscribe", f"{platforms.url}/services/T0/B0/subscribed-canary-fake-hook-canary", "--kind", "slack", "--test"),
        ("subscribe", "mastodon://mastodon-canary@no such server"),
        ("post", "--channel", "nobody"),
    ):
        done = thisday(folder, platforms, *words)
        said += done.stdout + done.stderr
    kept = b"".join(path.read_bytes() for path in folder.glob("thisday.db*"))

    for canary in (*CANARIES, "subscribed-canary", "mastodon-canary"):
        assert canary not in said
        assert canary.encode() not in kept


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (HOOK, "slack.incoming-webhook"),
        ("/slack-api/chat.postMessage", "slack.chat.postMessage"),
        ("/api/v1/statuses", "mastodon.status"),
        (RECEIVER, "standard-webhooks.event"),
    ],
)
def test_the_request_is_as_the_contract_says(folder: Path, platforms: Platforms, path: str, name: str) -> None:
    thisday(folder, platforms, "post", "--date", "2026-11-04")

    (request,) = platforms.to(path)
    assert request.headers["content-type"].startswith("application/json")
    assert _violations(request, name) == []


def test_the_webhook_headers_are_as_the_contract_says(folder: Path, platforms: Platforms) -> None:
    thisday(folder, platforms, "post", "--date", "2026-11-04")

    (request,) = platforms.to(RECEIVER)
    assert _violations_of(dict(request.headers), "standard-webhooks.headers") == []


def _violations(request: Seen, name: str) -> list[str]:
    return _violations_of(request.json, name)


def _violations_of(value: Any, name: str) -> list[str]:
    """What the published schema finds; nothing can be asked of it where it is not at hand."""
    if not SPECS.is_dir():
        return []
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in SPECS.glob("**/*.schema.json")]
    registry = Registry().with_resources([(each["$id"], Resource.from_contents(each)) for each in schemas if "$id" in each])
    schema = json.loads((SPECS / "requests" / f"{name}.schema.json").read_text(encoding="utf-8"))
    return [error.message for error in Draft202012Validator(schema, registry=registry).iter_errors(value)]
