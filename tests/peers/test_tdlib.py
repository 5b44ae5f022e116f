"""Does Telegram's own parser see what we mean? A year of posts, any text at all, links, and nobody called."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels import kind
from bot.channels._telegram_text import HTML, TEXT, quiet, visible
from bot.rendering.message import Message
from tests.builders import year
from tests.channels.asking import asked
from tests.peers.peer import channel, messages
from tests.peers.post_office import post
from tests.peers.telegram import CALLING, parsed

CHUNKS = [
    *"aé漢👋🏽\u200d👩\n .&<>\"'|*_~`@#:/$\\",
    "گروگان",
    "हिन्दी",
    "https://example.org/@ann?b=1&c=<2>",
    "@everyone",
    "/start",
    "&amp;",
    "&nbsp;",
    "&#64;ann",
    "<b>",
    "</a>",
    "t.me/ann",
    "tg://user?id=1",
]
FOREIGN = st.lists(st.sampled_from(CHUNKS), max_size=60).map("".join)


def telegram() -> Any:
    chosen = kind("telegram")
    assert chosen is not None
    return channel("telegram", **chosen.example)


def sent(message: Message) -> str:
    body = json.loads(asked(telegram().post(post(message), {})).content)
    text: str = body.get("text", body.get("caption"))
    return text


@pytest.mark.parametrize("thread", [False, True])
def test_every_post_of_a_year_is_parsed_as_it_was_meant(*, thread: bool) -> None:
    for message in year(telegram(), thread=thread):
        html = sent(message)
        shown = parsed(html)
        assert shown.text == visible(html)
        assert shown.units <= TEXT
        assert not CALLING & {sort for sort, _ in shown.entities}


def test_links_and_bold_stand_where_they_should() -> None:
    first, _ = messages(telegram())

    shown = parsed(sent(first))

    assert "Example Press" in shown.of("textEntityTypeTextUrl")
    assert shown.of("textEntityTypeBold")


@settings(max_examples=500)
@given(text=FOREIGN)
def test_foreign_text_is_shown_letter_by_letter_and_calls_nobody(text: str) -> None:
    shown = parsed(f"x {HTML.escape(text)} x")

    assert shown.text == f"x {quiet(text)} x"
    assert not CALLING & {sort for sort, _ in shown.entities}


@settings(max_examples=500)
@given(text=FOREIGN, label=FOREIGN)
def test_a_link_and_bold_are_parsed_and_counted_as_we_count_them(text: str, label: str) -> None:
    url = f"https://example.org/?a=1&b={text.split(' ', maxsplit=1)[0]}"
    html = f"{HTML.strong(HTML.escape(text))}|{HTML.link(url, label)}|"

    assert parsed(html).text == visible(html)


def test_the_parser_would_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="start tag"):
        parsed("a < b")
