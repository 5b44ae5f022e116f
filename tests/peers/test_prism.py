"""Does Discord's own document take what we send? A year of posts, the longest of them, a forum, an upload."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.channels import Answer, Failure, Receipt, Request
from tests.builders import year
from tests.channels.asking import NOW
from tests.channels.test_contract import said
from tests.peers import prism
from tests.peers.peer import ALT, HOSTILE, messages, png
from tests.peers.post_office import post, send
from tests.peers.prism import Judge


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    with prism.judge(tmp_path_factory.mktemp("prism")) as running:
        yield running


def taken(judge: Judge, there: Any, *posts: Any) -> str:
    """Posts; what Prism says about the first that it refuses, else nothing."""
    for each in posts:
        try:
            assert send(there, each).id
        except Failure as failure:
            return f"{failure.why}\n{judge.program.said()}"
    return ""


def test_a_hostile_text_and_the_second_part_in_a_thread_are_taken(judge: Judge) -> None:
    there = judge.webhook(thread_id="123456789012345679")

    assert taken(judge, there, *map(post, messages(there))) == ""


def test_a_forum_gets_a_thread_with_its_tags_and_then_the_second_part(judge: Judge) -> None:
    there = judge.webhook(forum=True, tags=("1", "2", "3", "4", "5"))
    first, second = messages(there)
    named = post(replace(first, title=HOSTILE * 5))

    assert taken(judge, there, named, post(second, reply_to=Receipt("123456789012345679"))) == ""


@pytest.mark.parametrize("thread", [False, True])
def test_every_post_of_a_year_is_taken(judge: Judge, *, thread: bool) -> None:
    there = judge.webhook()

    assert taken(judge, there, *map(post, year(there, thread=thread, step=3))) == ""


def test_the_longest_text_is_taken(judge: Judge) -> None:
    there = judge.webhook()
    text = there.markup.escape(HOSTILE) + "\n"
    long = text
    while there.budget({}).fits(long + text):
        long += text
    first, _ = messages(there)

    assert taken(judge, there, post(replace(first, text=long, plain=long, title=HOSTILE * 9))) == ""


def test_an_upload_says_what_the_schema_wants(judge: Judge, picture_address: str) -> None:
    there = judge.webhook()
    first, _ = messages(there, picture_address)
    wanted = post(first)
    upload = _publishing(there, wanted)

    assert taken(judge, there, wanted) == ""
    assert judge.has_against(said(upload)) == []
    assert said(upload)["attachments"][0]["description"] == ALT
    assert said(upload)["allowed_mentions"]["parse"] == []


def _publishing(there: Any, wanted: Any) -> Request:
    """The request with the picture in it."""
    conversation = there.post(wanted, {})
    next(conversation)
    request = conversation.send(Answer(200, {"content-type": ("image/png",)}, png(), NOW))
    assert isinstance(request, Request)
    return request


@pytest.mark.parametrize(
    "wrong",
    [
        {"content": "x" * 2001},
        {"embeds": [{"title": "x" * 257}]},
        {"embeds": [{"colour": 1}]},
        {"allowed_mentions": {"parse": ["nobody"]}},
        {"username": "x" * 81},
    ],
)
def test_the_schema_would_say_what_is_wrong(judge: Judge, wrong: dict[str, Any]) -> None:
    assert judge.has_against(wrong)
