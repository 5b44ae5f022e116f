"""What is true of Teams alone: cards that are always legal and small enough, old connectors, options."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Receipt, Request
from bot.channels._addresses import compact
from bot.channels.teams import BODY, BUDGET, Teams, TeamsOptions, envelope, escape
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.message import Image, Message
from tests.channels.asking import asked, held, post, said
from tests.channels.test_contract import SPECS, validator

FLOW = "https://prod-01.westeurope.logic.azure.com:443/workflows/0/triggers/manual/paths/invoke?api-version=1&sig=fake"
IMAGE = Image("https://img.example.org/1969.jpg", "Bootprint in lunar soil", "NASA")
TEXTS = st.lists(
    st.sampled_from([*'aé漢 \n"\\*_[]<', "\n\n", "👨\u200d👩\u200d👧", "سلام ", "<at>all</at>"]), max_size=200
).map("".join)


def teams(url: str = FLOW) -> Teams:
    return Teams(TeamsOptions.model_validate({"webhook_url": url}))


def card(message: Message) -> Any:
    return envelope(message)["attachments"][0]["content"]


def official() -> jsonschema.Draft6Validator:
    path = SPECS / "adaptivecards" / "adaptive-card-1.5.schema.json"
    if not path.exists():
        pytest.skip("the contracts are not beside this checkout")
    return jsonschema.Draft6Validator(json.loads(path.read_text(encoding="utf-8")))


# cards


@given(text=TEXTS, title=TEXTS, alt=TEXTS, credit=TEXTS, link=st.sampled_from(["", "https://example.org/a", "http://x.org"]))
def test_every_card_is_legal_by_microsofts_schema_and_by_ours(
    text: str, title: str, alt: str, credit: str, link: str
) -> None:
    message = post(text, title, image=Image(IMAGE.url, alt, credit), link=link, language="fa").message

    whole = envelope(message)

    validator("teams.workflow-webhook").validate(whole)
    official().validate({key: value for key, value in card(message).items() if key != "msteams"})


@given(text=TEXTS, extra=st.integers(1, 400), title=TEXTS, words=TEXTS)
def test_a_full_budget_with_the_longest_words_is_small_enough(text: str, extra: int, title: str, words: str) -> None:
    long = text * extra
    while not BUDGET.fits(long):
        long = long[: len(long) // 2]
    image = Image("https://img.example.org/".ljust(2000, "x"), words * 20, words * 20)
    message = post(long, title * 20, image=image, link="https://example.org/".ljust(2000, "x")).message

    assert len(compact(envelope(message))) <= BODY


def test_a_line_is_a_line_and_a_paragraph_a_block() -> None:
    blocks = card(post("one\ntwo\n\n\nthree", "").message)["body"]

    assert [block["text"] for block in blocks] == ["one\n\ntwo", "three"]


def test_a_title_is_a_heading_with_the_number_of_its_part() -> None:
    heading = card(post("x", "20 July *1969*", part=2, parts=3).message)["body"][0]

    assert heading["text"] == "20 July \\*1969\\* (2/3)"
    assert heading["style"] == "heading"


def test_a_picture_without_https_is_left_out_because_teams_shows_none() -> None:
    shown = card(post(image=Image("http://img.example.org/a.jpg", "words", "NASA")).message)

    assert [block["type"] for block in shown["body"]] == ["TextBlock", "TextBlock"]


def test_a_picture_without_words_has_the_title_instead() -> None:
    assert card(post(image=Image(IMAGE.url, " ", "")).message)["body"][-1] == {
        "type": "Image",
        "url": IMAGE.url,
        "altText": "On this day",
    }


def test_persian_runs_from_right_to_left() -> None:
    assert card(post(language="fa").message)["rtl"] is True
    assert card(post(language="fa-AF").message)["lang"] == "fa"  # a card knows no regions
    assert "rtl" not in card(post(language="en").message)


def test_a_button_is_named_by_where_it_leads() -> None:
    shown = card(post(link="https://www.example.org/1969").message)

    assert shown["actions"] == [{"type": "Action.OpenUrl", "title": "example.org", "url": "https://www.example.org/1969"}]


def test_no_card_mentions_anyone() -> None:
    whole = json.dumps(envelope(post(escape("<at>everyone</at>")).message))

    assert "entities" not in whole
    assert "\\\\<at>" in whole


# asking


def test_a_card_that_is_too_large_goes_without_its_picture() -> None:
    found, steps = held(teams().post(post(image=IMAGE), {}), said("", 413), said("", 202))

    assert isinstance(found, Receipt)
    assert "only its owner can see" in found.note
    first, second = (step.content for step in steps if isinstance(step, Request))
    assert b"img.example.org" in first
    assert b"img.example.org" not in second


def test_the_address_is_asked_as_it_is() -> None:
    assert asked(teams().post(post(), {})).url == FLOW


# options


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://example.webhook.office.com/webhookb2/fake", "Microsoft has switched connectors off"),
        ("https://outlook.office.com/webhook/fake", "make a workflow in Teams"),
        (FLOW.partition("&sig")[0], "is not whole"),
        ("http://prod-01.westeurope.logic.azure.com/workflows/0?sig=fake", "would send secrets in the clear"),
    ],
)
def test_a_mistake_in_the_options_says_what_to_write(url: str, words: str) -> None:
    with pytest.raises(Problems, match=re.escape(words)):
        check(parse(json.dumps({"webhook_url": url}), "config.yaml", []), TeamsOptions)


def test_an_address_is_known_by_its_host_also_an_old_one_so_that_it_can_be_refused() -> None:
    new = "https://default0.environment.api.powerplatform.com/powerautomate/automations/direct/workflows/0?sig=fake"
    old = "https://example.webhook.office.com/webhookb2/fake"

    assert Teams.from_address(FLOW, named=False) == {"webhook_url": FLOW}
    assert Teams.from_address(new, named=False) == {"webhook_url": new}
    assert Teams.from_address(old, named=False) == {"webhook_url": old}
    assert Teams.from_address("https://logic.azure.com.evil.example/workflows/0", named=False) is None
    assert Teams.from_address("https://flow.example.org/x", named=True) == {"webhook_url": "https://flow.example.org/x"}
