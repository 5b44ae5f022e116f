"""What is true of Zulip alone: a text that is never cut, looking for a post, the server's limits, options."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import InDoubt, Receipt, Refused, Request
from bot.channels.zulip import MARKDOWN, MOST, PAGE, Zulip, ZulipOptions
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.message import Image
from tests.channels.asking import FIRST, asked, held, post, said

OPTIONS = {
    "server": "https://zulip.example.org/",
    "email": "otd-bot@zulip.example.org",
    "api_key": "fake",
    "channel": "general",
}
TOLD_AT = int(FIRST.timestamp())


def zulip(**more: Any) -> Zulip:
    return Zulip(ZulipOptions.model_validate({**OPTIONS, **more}))


def form(**more: Any) -> dict[str, str]:
    content = asked(zulip().post(post(**more), {})).content.decode()
    return {name: value for name, (value,) in parse_qs(content, strict_parsing=True).items()}


def message(content: str, at: int = TOLD_AT, number: int = 42) -> dict[str, Any]:
    return {"id": number, "content": content, "timestamp": at}


def page(*messages: Any) -> Any:
    return said({"result": "success", "msg": "", "messages": list(messages)})


# posting


@given(alt=st.text(max_size=2000), credit=st.text(max_size=2000), url=st.text(max_size=3000))
def test_a_full_budget_with_the_longest_words_is_not_cut(alt: str, credit: str, url: str) -> None:
    image = Image(f"https://img.example.org/{url}", alt, credit)

    assert len(form(text="w" * zulip().budget({}).limit, image=image)["content"]) <= MOST


def test_a_picture_is_a_link_that_zulip_opens_named_by_its_words() -> None:
    image = Image("https://img.example.org/a_(1).jpg", "A [sign]: @**all**", "NASA")

    assert form(text="x", image=image)["content"] == (
        "x\n\n[A (sign): @\u200b**all**](https://img.example.org/a_%281%29.jpg)\nNASA"
    )
    assert form(text="x", image=Image("ftp://example.org/a.jpg", "words", ""))["content"] == "x"


def test_nul_is_left_out_and_a_post_without_text_has_its_title() -> None:
    assert form(text="a\0b")["content"] == "ab"
    assert form(text="\0")["content"] == "On this day"


def test_a_line_that_begins_like_a_list_stays_a_line() -> None:
    assert MARKDOWN.escape("1. a\n- b\n> c\nd - e") == "\u200b1. a\n\u200b- b\n\u200b> c\nd - e"
    assert MARKDOWN.escape("[a](https://evil.example)") == "[a]\u200b(https://evil.example)"


def test_nobody_is_called_by_what_looks_like_an_address() -> None:
    assert "@**" not in MARKDOWN.escape("https://example.org/@**all** and https://example.org/?x=@*team*")


# looking


def test_a_post_is_found_by_its_words_since_the_first_try() -> None:
    there = page(message("another", number=41), message("Apollo 11 lands.", number=43))

    found, steps = held(zulip(channel="12").find(post(first_tried=FIRST), {}), there)

    assert found == Receipt("43", "https://zulip.example.org/#narrow/near/43")
    assert isinstance(steps[0], Request)
    assert not steps[0].commits
    query = {name: value for name, (value,) in parse_qs(urlsplit(steps[0].url).query).items()}
    assert json.loads(query.pop("narrow")) == [
        {"operator": "channel", "operand": 12},
        {"operator": "topic", "operand": "On this day"},
        {"operator": "sender", "operand": "otd-bot@zulip.example.org"},
    ]
    assert query == {"anchor": "newest", "num_before": str(PAGE), "num_after": "0", "apply_markdown": "false"}


def test_the_post_of_another_delivery_is_passed_over() -> None:
    there = page(message("Apollo 11 lands.", number=41), message("Apollo 11 lands.", number=43))
    first, second = (Receipt(each, f"https://zulip.example.org/#narrow/near/{each}") for each in ("41", "43"))

    assert held(zulip().find(post(first_tried=FIRST), {}), there)[0] == first
    assert held(zulip().find(post(first_tried=FIRST, others=frozenset({first})), {}), there)[0] == second
    assert held(zulip().find(post(first_tried=FIRST, others=frozenset({first, second})), {}), there)[0] is None


def test_the_same_words_of_another_day_are_not_this_post() -> None:
    there = page(message("Apollo 11 lands.", TOLD_AT - 86400))

    assert held(zulip().find(post(first_tried=FIRST), {}), there)[0] is None


def test_a_channel_named_by_words_is_asked_for_by_them() -> None:
    request = asked(zulip().find(post(), {}))

    assert '{"operator": "channel", "operand": "general"}' in parse_qs(urlsplit(request.url).query)["narrow"][0]


def test_a_look_that_comes_to_no_end_is_a_doubt_and_not_a_no() -> None:
    with pytest.raises(InDoubt):
        held(zulip().find(post(first_tried=FIRST), {}), page(*[message("another")] * PAGE))


def test_a_look_that_is_refused_is_no_answer() -> None:
    with pytest.raises(Refused, match="UNAUTHORIZED"):
        held(zulip().find(post(first_tried=FIRST), {}), said({"result": "error", "code": "UNAUTHORIZED"}, 401))


@pytest.mark.parametrize("messages", [None, "x", {"a": 1}, [1, "x", {}]])
def test_nonsense_for_a_list_finds_nothing(messages: Any) -> None:
    there = said({"result": "success", "messages": messages})

    assert held(zulip().find(post(first_tried=FIRST), {}), there)[0] is None


# asking


def test_a_server_tells_its_own_limit() -> None:
    limits = held(zulip().learn(), said({"result": "success", "max_message_length": 20_000}))[0]

    assert limits == {"max_message_length": 20_000}
    assert zulip().budget(limits).limit == zulip().budget({}).limit + 10_000


@pytest.mark.parametrize("limit", [None, -5, "many", True, 0])
def test_nonsense_for_a_limit_gives_the_default(limit: Any) -> None:
    limits = held(zulip().learn(), said({"result": "success", "max_message_length": limit}))[0]

    assert zulip().budget(limits).limit == zulip().budget({}).limit


def test_a_key_is_tried_without_posting() -> None:
    assert (
        held(zulip().check(), said({"result": "success", "full_name": "On this day"}))[0]
        == "On this day on zulip.example.org"
    )
    assert held(zulip().check(), said({"result": "success"}))[0] == "otd-bot@zulip.example.org on zulip.example.org"


# options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"server": "https://zulip.example.org/api"}, "server has a path"),
        ({"email": "the bot"}, "'the bot' is not the e-mail address of a bot"),
        ({"api_key": "two words"}, "api_key is empty or holds a space"),
        ({"topic": "t" * 61}, "topic is 61 characters long; write at most 60"),
    ],
)
def test_a_mistake_in_the_options_says_what_to_write(options: dict[str, str], words: str) -> None:
    with pytest.raises(Problems, match=re.escape(words)):
        check(parse(json.dumps({**OPTIONS, **options}), "config.yaml", []), ZulipOptions)


def test_an_address_holds_all_of_it() -> None:
    whole = "zulip://otd-bot@example.zulipchat.com:fake@example.zulipchat.com/general/On%20this%20day"

    assert Zulip.from_address(whole, named=False) == {
        "server": "https://example.zulipchat.com",
        "email": "otd-bot@example.zulipchat.com",
        "api_key": "fake",
        "channel": "general",
        "topic": "On this day",
    }
    without_topic = Zulip.from_address(whole.rpartition("/")[0], named=False)
    assert without_topic is not None
    assert "topic" not in without_topic
    assert Zulip.from_address("https://example.zulipchat.com/", named=True) is None
