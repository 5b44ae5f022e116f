"""What is true of Mattermost alone: a picture in Markdown, a text that never becomes two posts, options."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.mattermost import BUDGET, MOST, Mattermost, MattermostOptions
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.message import Image
from tests.channels.asking import asked, post

HOOK = "https://mattermost.example.org/hooks/fakefakefakefakefakefakefa"


def sent(**more: Any) -> Any:
    channel = Mattermost(MattermostOptions.model_validate({"webhook_url": HOOK}))
    return json.loads(asked(channel.post(post(**more), {})).content)


@given(alt=st.text(max_size=3000), credit=st.text(max_size=3000), url=st.text(max_size=3000))
def test_a_full_budget_with_the_longest_words_is_one_post(alt: str, credit: str, url: str) -> None:
    image = Image(f"https://img.example.org/{url}", alt, credit)

    assert len(sent(text="w" * BUDGET.limit, image=image)["text"]) <= MOST


def test_a_picture_has_its_words_and_calls_nobody() -> None:
    image = Image("https://img.example.org/a_(1).jpg", "A [sign]: @all", "@here")

    assert sent(text="x", image=image)["text"] == (
        "x\n\n![A \\[sign\\]: @\u200ball](https://img.example.org/a_%281%29.jpg)\n@\u200bhere"
    )


@pytest.mark.parametrize("url", ["ftp://example.org/a.jpg", "https://img.example.org/" + "x" * 2000])
def test_a_picture_that_cannot_be_shown_is_left_out(url: str) -> None:
    assert sent(text="x", image=Image(url, "words", ""))["text"] == "x"


def test_a_post_without_text_has_its_title() -> None:
    assert sent(text=" \n") == {"text": "On this day"}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://mattermost.example.org/hooks/short", "this is not the address of an incoming webhook"),
        ("https://mattermost.example.org/team/channels/town-square", "https://SERVER/hooks/ and 26 letters"),
        ("http://mattermost.example.org/hooks/fakefakefakefakefakefakefa", "would send secrets in the clear"),
    ],
)
def test_a_mistake_in_the_options_says_what_to_write(url: str, words: str) -> None:
    with pytest.raises(Problems, match=re.escape(words)):
        check(parse(json.dumps({"webhook_url": url}), "config.yaml", []), MattermostOptions)


def test_an_address_tells_no_kind_by_itself() -> None:
    assert Mattermost.from_address(HOOK, named=False) is None
    assert Mattermost.from_address(HOOK, named=True) == {"webhook_url": HOOK}
