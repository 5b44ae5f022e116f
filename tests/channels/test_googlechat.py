"""What is true of Google Chat alone: bytes of text and card together, threads, an address with parameters, options."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Posted, Request
from bot.channels.googlechat import BUDGET, MOST_BYTES, Googlechat, GooglechatOptions, escape
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.message import Image
from tests.channels.asking import asked, held, post, said

HOOK = "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=K&token=fake%3D"
IMAGE = Image("https://img.example.org/1969.jpg", "Bootprint in lunar soil", "NASA & <others>")
TEXTS = st.lists(st.sampled_from([*'aé漢 \n"\\*_<', "👨\u200d👩\u200d👧", "سلام ", "<users/all>"]), max_size=200).map(
    "".join
)


def chat(**options: Any) -> Googlechat:
    return Googlechat(GooglechatOptions.model_validate({"webhook_url": HOOK, **options}))


def body(request: Request) -> Any:
    return json.loads(request.content)


@given(text=TEXTS, times=st.integers(1, 400), alt=TEXTS, credit=TEXTS)
def test_a_full_budget_with_the_longest_words_is_small_enough(text: str, times: int, alt: str, credit: str) -> None:
    long = (text * times).strip()
    while not BUDGET.fits(long):
        long = long[: len(long) // 2]
    image = Image("https://img.example.org/".ljust(2000, "x"), alt * 20, credit * 20)

    content = asked(chat(thread_key="k" * 1000).post(post(long, image=image), {})).content

    assert len(content) <= MOST_BYTES


def test_a_picture_stands_in_a_card_with_its_words() -> None:
    (card,) = body(asked(chat().post(post(image=IMAGE), {})))["cardsV2"]

    picture, credit = card["card"]["sections"][0]["widgets"]
    assert picture == {"image": {"imageUrl": IMAGE.url, "altText": "Bootprint in lunar soil"}}
    assert credit == {"textParagraph": {"text": "NASA &amp; &lt;others&gt;"}}


def test_a_refused_card_leaves_the_text() -> None:
    taken = said({"name": "spaces/AAAA/messages/B.C"})

    _, steps = held(chat().post(post(image=IMAGE), {}), said({"error": {"status": "INVALID_ARGUMENT"}}, 400), taken)

    assert isinstance(steps[1], Request)
    assert body(steps[1]) == {"text": "Apollo 11 lands."}


def test_a_picture_without_https_is_left_out() -> None:
    image = Image("http://img.example.org/a.jpg", "words", "")

    assert body(asked(chat().post(post(image=image), {}))) == {"text": "Apollo 11 lands."}


def test_the_parts_of_a_long_edition_are_in_one_thread() -> None:
    first, second = (body(asked(chat().post(post(part=part, parts=2), {}))) for part in (1, 2))

    assert first["thread"] == second["thread"] == {"threadKey": "thisday 2026-07-20"}
    assert "thread" not in body(asked(chat().post(post(), {})))


def test_every_attempt_has_the_same_request_id() -> None:
    urls = {asked(chat().post(post(now=now), {})).url for now in (post().now, post().now.replace(hour=23))}

    assert len(urls) == 1
    assert f"requestId={post().key}" in urls.pop()


def test_an_address_brings_no_parameter_that_is_ours() -> None:
    pasted = HOOK.replace("?", "?threadKey=x&requestId=y&") + "#fragment"

    url = asked(chat(webhook_url=pasted).post(post(key="k"), {})).url

    assert url == f"{HOOK}&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD&requestId=k"


def test_only_what_calls_or_links_is_changed() -> None:
    assert escape("a < b, <users/all> and <https://evil.example|here>") == (
        "a < b, \u2039users/all\u203a and \u2039https://evil.example|here\u203a"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"webhook_url": "https://chat.google.com/room/AAAA"}, "this is not the address of a webhook"),
        ({"webhook_url": HOOK.partition("&")[0]}, "this address is not whole"),
        ({"webhook_url": HOOK, "thread_key": ""}, "thread_key is empty or too long"),
        ({"webhook_url": HOOK, "thread_key": "k" * 4001}, "at most 4000"),
    ],
)
def test_a_mistake_in_the_options_says_what_to_write(options: Any, words: str) -> None:
    with pytest.raises(Problems, match=re.escape(words)):
        check(parse(json.dumps(options), "config.yaml", []), GooglechatOptions)


def test_an_address_is_known_by_its_host() -> None:
    assert Googlechat.from_address(HOOK, named=False) == {"webhook_url": HOOK}
    assert Googlechat.from_address("https://chat.google.com/room/AAAA", named=False) is None
    assert Googlechat.from_address("http://127.0.0.1:1/x", named=True) == {"webhook_url": "http://127.0.0.1:1/x"}


def test_an_erratum_joins_the_thread_of_what_it_corrects() -> None:
    parts = body(asked(chat().post(post(part=2, parts=2), {})))

    erratum = post(slot="2026-07-20/erratum-1", corrects=Posted("spaces/A/messages/B", "k", "2026-07-20"))

    assert body(asked(chat().post(erratum, {})))["thread"] == parts["thread"]
