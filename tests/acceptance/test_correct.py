"""Does `thisday correct` put right what was posted, from a config, in a process of its own?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.platforms import BOT_TOKEN, CHANNEL, HOOK, RECEIVER, SECRET, Platforms
from tests.acceptance.test_post import CANARIES, CONFIG, thisday

CALENDAR = """\
calendar: town
title: Our town
events:
  - key: bridge
    date: 1974-11-20
    title: The bridge is opened
    text: "{text}"
    sources:
      - title: The chronicle
        publisher: Town archive
        url: https://example.org/bridge
"""
WRONG, RIGHT = "It was 66 metres long.", "It was 52 metres long."
DAY = "2026-11-20"


@pytest.fixture
def platforms() -> Iterator[Platforms]:
    with Platforms() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, platforms: Platforms) -> Path:
    config = CONFIG.format(url=platforms.url, channel=CHANNEL, receiver=RECEIVER, secret=SECRET)
    (tmp_path / "config.yaml").write_text(f"calendars: [town.yaml]\n{config}", encoding="utf-8")
    (tmp_path / "bot-token").write_text(f"{BOT_TOKEN}\n", encoding="utf-8")
    says(tmp_path, WRONG)
    return tmp_path


def says(folder: Path, text: str) -> None:
    (folder / "town.yaml").write_text(CALENDAR.format(text=text), encoding="utf-8")


@pytest.fixture
def wrong(folder: Path, platforms: Platforms) -> Path:
    """What was posted is wrong, and the calendar was mended since."""
    assert thisday(folder, platforms, "post", "--date", DAY).returncode == 0
    says(folder, RIGHT)
    return folder


def test_what_can_be_edited_is_edited_in_place_once(wrong: Path, platforms: Platforms) -> None:
    platforms.posts["mastodon"][0]["media_attachments"] = [{"id": "22", "description": "The bridge"}]

    done = thisday(wrong, platforms, "correct", DAY, "--channel", "masto", "--channel", "bot")
    again = thisday(wrong, platforms, "correct", DAY, "--channel", "masto")

    assert done.returncode == 0
    assert f"-{WRONG}\n+{RIGHT}\n" in done.stdout
    assert f"masto: {DAY} corrected in place https://mastodon.example/@otd/" in done.stderr
    assert RIGHT in platforms.posts["mastodon"][0]["content"]
    assert platforms.posts["mastodon"][0]["media_attachments"] == [{"id": "22", "description": "The bridge"}]
    assert RIGHT in platforms.posts["bot"][0]["text"]
    assert (again.returncode, len(platforms.edits)) == (2, 2)
    assert [len(posts) for posts in platforms.posts.values()] == [1, 1, 1, 1]


def test_elsewhere_an_erratum_is_posted_with_its_reason(wrong: Path, platforms: Platforms) -> None:
    done = thisday(wrong, platforms, "correct", DAY, "--channel", "hook", "--reason", "The length  was wrong")
    again = thisday(wrong, platforms, "correct", DAY, "--channel", "hook", "--reason", "Said in other words")

    assert (done.returncode, again.returncode) == (0, 2)
    assert done.stderr == f"hook: {DAY} erratum posted\n"
    _, erratum = platforms.posts["hook"]
    assert erratum["blocks"][0]["text"]["text"] == "Correction: On this day: 20 November"
    assert "*Correction*: The length was wrong" in erratum["blocks"][1]["text"]["text"]
    assert RIGHT in erratum["blocks"][1]["text"]["text"]


def test_a_receiver_that_is_a_program_is_told_what_is_corrected(wrong: Path, platforms: Platforms) -> None:
    thisday(wrong, platforms, "correct", DAY, "--channel", "receiver", "--reason", "wrong length")

    first, second = (each["data"] for each in platforms.posts["receiver"])
    assert first["slot"] == second["erratum"]["slot"] == f"{DAY}/hand-1"
    assert (second["slot"], second["erratum"]["reason"]) == (f"{DAY}/erratum-1-hand-1", "wrong length")


def test_all_channels_that_told_the_date_are_corrected_by_one_command(wrong: Path, platforms: Platforms) -> None:
    done = thisday(wrong, platforms, "correct", DAY, "--all", "--json")

    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert {each["channel"]: each["how"] for each in told} == {
        "hook": "erratum",
        "bot": "edit",
        "masto": "edit",
        "receiver": "erratum",
    }
    assert {each["deliveries"][0]["state"] for each in told} == {"delivered"}
    assert all(WRONG in each["before"][0] and RIGHT in each["after"][0] for each in told)
    assert thisday(wrong, platforms, "correct", DAY, "--all").returncode == 0
    assert [len(posts) for posts in platforms.posts.values()] == [2, 1, 1, 2]


def test_as_new_posts_an_erratum_that_answers_the_post(wrong: Path, platforms: Platforms) -> None:
    done = thisday(wrong, platforms, "correct", DAY, "--channel", "masto", "--as-new")

    first, second = platforms.posts["mastodon"]
    assert done.returncode == 0
    assert second["in_reply_to_id"] == first["id"]
    assert WRONG in first["content"]
    assert RIGHT in second["content"]


def test_a_post_that_was_deleted_is_told_with_the_way_out(wrong: Path, platforms: Platforms) -> None:
    platforms.posts["mastodon"].clear()

    done = thisday(wrong, platforms, "correct", DAY, "--channel", "masto")

    assert done.returncode == 1
    assert "the post is no longer there; thisday correct --as-new posts an erratum instead" in done.stderr
    assert thisday(wrong, platforms, "correct", DAY, "--channel", "masto", "--as-new").returncode == 0


def test_a_dry_run_changes_nothing(wrong: Path, platforms: Platforms) -> None:
    before = len(platforms.seen)

    done = thisday(wrong, platforms, "correct", DAY, "--channel", "masto", "--dry-run")

    assert done.returncode == 0
    assert f"+{RIGHT}" in done.stdout
    assert len(platforms.seen) == before
    assert f"+{RIGHT}" in thisday(wrong, platforms, "correct", DAY, "--channel", "masto", "--dry-run").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("correct", "2026-11-21", "--channel", "masto"), "nothing was posted to masto on 2026-11-21"),
        (("correct", "2026-11-21", "--all"), "no channel told 2026-11-21"),
        (("correct", DAY), "name the channel with --channel, or say --all"),
        (("correct", DAY, "--channel", "nobody"), "there is no channel 'nobody'"),
        (("correct", DAY, "--channel", "hook", "--reason", "x" * 201), "the reason is 201 characters long"),
    ],
)
def test_what_cannot_be_corrected_is_a_mistake_that_says_why(
    wrong: Path, platforms: Platforms, words: tuple[str, ...], said: str
) -> None:
    done = thisday(wrong, platforms, *words)

    assert done.returncode == 2
    assert said in done.stderr


def test_unchanged_words_are_a_mistake_that_says_so(folder: Path, platforms: Platforms) -> None:
    thisday(folder, platforms, "post", "--date", DAY)

    done = thisday(folder, platforms, "correct", DAY, "--channel", "hook")

    assert (done.returncode, done.stdout) == (2, "")
    assert f"hook says for {DAY} what the calendar says now" in done.stderr


def test_before_anything_was_posted_no_database_is_made(folder: Path, platforms: Platforms) -> None:
    done = thisday(folder, platforms, "correct", DAY, "--all")

    assert done.returncode == 2
    assert "nothing was posted yet" in done.stderr
    assert not list(folder.glob("thisday.db*"))


def test_no_correction_shows_a_secret(wrong: Path, platforms: Platforms) -> None:
    said = [thisday(wrong, platforms, "-v", "correct", DAY, "--all", *more) for more in (("--dry-run",), ("--json",), ())]
    kept = b"".join(path.read_bytes() for path in wrong.glob("thisday.db*"))

    for canary in (*CANARIES, HOOK):
        assert not [each for each in said if canary in each.stdout + each.stderr]
        assert canary.encode() not in kept
