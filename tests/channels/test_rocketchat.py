"""What is true of Rocket.Chat alone: never an empty body, links for its own parser, a limit of the server's, options."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.rocketchat import MARKUP, Rocketchat, RocketchatOptions
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.budget import Unit
from bot.rendering.message import Image
from tests.channels.asking import asked, post

HOOK = "https://rocketchat.example.org/hooks/65f0c2/fake"


def chat(**options: Any) -> Rocketchat:
    return Rocketchat(RocketchatOptions.model_validate({"webhook_url": HOOK, **options}))


def sent(**more: Any) -> Any:
    return json.loads(asked(chat().post(post(**more), {})).content)


@given(text=st.text(), title=st.text())
def test_a_body_is_never_empty(text: str, title: str) -> None:
    """The server would answer that all is well, and post nothing."""
    assert sent(text=text, title=title)["text"].strip()


def test_a_picture_has_its_words_above_it() -> None:
    image = Image("https://img.example.org/a.jpg", "A sign: @all", "a_b")

    assert sent(image=image)["attachments"] == [
        {"title": "A sign: @\u200ball", "image_url": "https://img.example.org/a.jpg", "text": "a\\_b"}
    ]
    assert "attachments" not in sent(image=Image("http://img.example.org/a.jpg", "words", ""))


def test_links_are_not_unfolded() -> None:
    assert sent()["parseUrls"] is False


def test_an_address_is_written_as_the_parser_reads_it() -> None:
    url = "https://en.wikipedia.org/wiki/Crisis_(1979),_a?x=a/b,c&d=é#e:f"

    assert MARKUP.link(url, "Wikipedia (English)") == (
        "<https://en.wikipedia.org/wiki/Crisis_%281979%29%2C_a?x=a%2Fb%2Cc&d=%C3%A9#e%3Af|Wikipedia (English)>"
    )


def test_an_address_that_is_encoded_already_is_not_encoded_twice() -> None:
    assert MARKUP.link("https://example.org/a%20b", "x") == "<https://example.org/a%20b|x>"


def test_bold_is_left_where_something_is_escaped_because_bold_knows_no_escapes() -> None:
    assert MARKUP.strong(MARKUP.escape("Apollo 11")) == "*Apollo 11*"
    assert MARKUP.strong(MARKUP.escape("a_b")) == "a\\_b"


def test_the_server_has_its_own_limit_in_utf_16_units() -> None:
    budget = chat(max_characters=1000).budget({})

    assert (budget.limit, budget.unit) == (1000, Unit.UTF16)
    assert budget.size("👋") == 2
    assert chat().budget({}).limit == 5000


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"webhook_url": "https://rocketchat.example.org/channel/general"}, "this is not the address of an integration"),
        ({"webhook_url": "http://rocketchat.example.org/hooks/a/b"}, "would send secrets in the clear"),
        ({"webhook_url": HOOK, "max_characters": 5}, "max_characters '5' is not right"),
    ],
)
def test_a_mistake_in_the_options_says_what_to_write(options: Any, words: str) -> None:
    with pytest.raises(Problems, match=re.escape(words)):
        check(parse(json.dumps(options), "config.yaml", []), RocketchatOptions)


def test_an_address_tells_no_kind_by_itself() -> None:
    assert Rocketchat.from_address(HOOK, named=False) is None
    assert Rocketchat.from_address(HOOK, named=True) == {"webhook_url": HOOK}
