"""What is true of Discord alone: pictures that are uploaded, threads and forums, limits of an embed, options."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import InDoubt, Posted, Receipt, Refused, Request, Throttled, Unavailable
from bot.channels._discord_text import ALL_EMBEDS, ALT, BUDGET, CONTENT, FOOTER, content, embed, embed_total, escape
from bot.channels._pictures import WITHOUT
from bot.channels.discord import Discord, DiscordOptions
from bot.delivery.pace import Traffic, place_of
from bot.delivery.states import Delivery, State
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.cards.drawing import drawn
from bot.rendering.message import Image
from tests.channels.asking import CARD, DRAWN, NOW, asked, held, post, said
from tests.channels.test_contract import said as sent_with
from tests.channels.test_contract import validator

HOOK = "https://discord.com/api/webhooks/223704706495545344/fake-token_abc"
ASKED = "https://discord.com/api/v10/webhooks/223704706495545344/fake-token_abc"
IMAGE = Image("https://img.example.org/1969.gif", "Bootprint in lunar soil", "NASA")
GIF = "GIF89a\x01\x00\x01\x00"
TAKEN = said({"id": "1393862400000000001"})
WORDS = st.lists(
    st.sampled_from([*"aé漢 \n*_~`|#>@", "👨\u200d👩\u200d👧", "سلام ", "@everyone", "<@80351110224678912>"])
).map("".join)


def discord(**options: Any) -> Discord:
    return Discord(DiscordOptions.model_validate({"webhook_url": HOOK, **options}))


def body(request: Request) -> Any:
    return json.loads(request.content)


def query(request: Request) -> dict[str, list[str]]:
    return parse_qs(urlsplit(request.url).query)


def no(code: int, status: int = 400) -> Any:
    return said({"code": code, "message": "told"}, status)


# pictures


def test_a_picture_is_fetched_and_uploaded_with_its_words() -> None:
    found, steps = held(discord().post(post(image=IMAGE), {}), said(GIF), TAKEN)

    fetch, publish = (step for step in steps if isinstance(step, Request))
    assert found == Receipt("1393862400000000001")
    assert (fetch.method, fetch.url, fetch.commits) == ("GET", IMAGE.url, False)
    assert "authorization" not in fetch.headers
    boundary = publish.headers["content-type"].removeprefix("multipart/form-data; boundary=")
    start, payload, file, end = publish.content.split(f"--{boundary}".encode())
    head, _, sent = payload.partition(b"\r\n\r\n")
    assert start == b""
    assert b'name="payload_json"\r\ncontent-type: application/json' in head
    assert json.loads(sent)["attachments"] == [
        {"id": "0", "filename": "picture.gif", "description": "Bootprint in lunar soil"}
    ]
    assert json.loads(sent)["embeds"][0]["image"] == {"url": "attachment://picture.gif"}
    assert file == (
        b'\r\ncontent-disposition: form-data; name="files[0]"; filename="picture.gif"'
        b"\r\ncontent-type: image/gif\r\n\r\n" + GIF.encode() + b"\r\n"
    )
    assert end == b"--\r\n"


@pytest.mark.parametrize("there", [said("gone", 404), said("<html>"), said("")])
def test_a_picture_that_cannot_be_had_stands_by_its_address_with_its_words_below(there: Any) -> None:
    _, steps = held(discord().post(post(image=IMAGE), {}), there, TAKEN)

    assert isinstance(steps[1], Request)
    sent = body(steps[1])
    assert sent["embeds"][0]["image"] == {"url": IMAGE.url}
    assert sent["embeds"][0]["footer"] == {"text": "Bootprint in lunar soil · NASA"}
    assert "attachments" not in sent


def test_a_server_of_pictures_that_is_down_does_not_hold_the_post_up() -> None:
    conversation = discord().post(post(image=IMAGE), {})
    next(conversation)

    publish: Any = conversation.throw(Unavailable("img.example.org cannot be reached"))

    assert publish.commits
    assert body(publish)["embeds"][0]["image"] == {"url": IMAGE.url}


def test_a_refused_file_leaves_the_picture_by_its_address() -> None:
    _, steps = held(discord().post(post(image=IMAGE), {}), said(GIF), no(40005, 413), TAKEN)

    assert isinstance(steps[2], Request)
    assert body(steps[2])["embeds"][0]["image"] == {"url": IMAGE.url}


def test_a_card_is_uploaded_with_its_words_and_stands_in_the_embed() -> None:
    found, (publish,) = held(discord().post(post(image=DRAWN), {}), TAKEN)

    assert isinstance(publish, Request)
    assert publish.commits
    sent = sent_with(publish)
    assert sent["attachments"] == [{"id": "0", "filename": "picture.png", "description": CARD.alt}]
    assert sent["embeds"][0]["image"] == {"url": "attachment://picture.png"}
    validator("discord.execute-webhook").validate(sent)
    assert publish.content.count(drawn(CARD)) == 1
    assert found == Receipt("1393862400000000001")


def test_a_card_that_is_refused_is_left_out_and_that_is_noted() -> None:
    found, (_, again) = held(discord().post(post(image=DRAWN), {}), no(50046), TAKEN)

    assert isinstance(again, Request)
    assert "image" not in body(again)["embeds"][0]
    assert found.note == WITHOUT


def test_an_edit_puts_a_new_card_in_the_place_of_the_old_one() -> None:
    wanted = post(image=DRAWN, corrects=Posted("139", "k", "2026-07-20"))

    found, (change,) = held(discord().edit(wanted, {}), TAKEN)

    assert isinstance(change, Request)
    assert (change.method, drawn(CARD) in change.content) == ("PATCH", True)
    assert b'"attachments":[{"id":"0"' in change.content
    assert found == Receipt("139")


def test_an_edit_takes_away_a_picture_that_the_post_should_no_longer_have() -> None:
    found, (change,) = held(discord().edit(post(corrects=Posted("139", "k", "2026-07-20")), {}), TAKEN)

    assert isinstance(change, Request)
    assert body(change)["attachments"] == []
    assert found == Receipt("139")


def test_a_draft_is_what_goes_out_where_there_is_no_picture() -> None:
    assert discord(forum=True).draft(post()) == asked(discord(forum=True).post(post(), {}))
    assert body(discord().draft(post(image=IMAGE)))["embeds"][0]["image"] == {"url": IMAGE.url}


# threads and forums


def test_a_thread_that_is_gone_is_left_and_the_channel_has_the_post() -> None:
    _, steps = held(discord(thread_id="41771983423143937").post(post(), {}), no(10003, 404), TAKEN)

    first, second = (query(step) for step in steps if isinstance(step, Request))
    assert first == {"wait": ["true"], "thread_id": ["41771983423143937"]}
    assert second == {"wait": ["true"]}


def test_a_channel_that_turns_out_to_be_a_forum_gets_a_thread_named_by_the_title() -> None:
    _, steps = held(discord().post(post(title="T" * 200), {}), no(220001), TAKEN)

    assert isinstance(steps[1], Request)
    assert body(steps[1])["thread_name"] == "T" * 100


def test_the_second_part_goes_into_the_thread_that_the_first_one_opened() -> None:
    reply = post(reply_to=Receipt("1393862400000000000"), part=2, parts=2)

    request = asked(discord(forum=True, tags=["1"]).post(reply, {}))

    assert query(request)["thread_id"] == ["1393862400000000000"]
    assert not {"thread_name", "applied_tags"} & set(body(request))


def test_all_parts_go_into_one_thread_of_a_forum_and_are_edited_there() -> None:
    thread, receipt = "1393862400000000001", None
    for number in ("1393862400000000001", "1393862400000000002", "1393862400000000003"):
        receipt, steps = held(discord(forum=True).post(post(reply_to=receipt), {}), said({"id": number}))
        (sent,) = (each for each in steps if isinstance(each, Request))
        assert query(sent).get("thread_id", [thread]) == [thread]

    assert receipt == Receipt(f"1393862400000000003|{thread}")
    edit = asked(discord(forum=True).edit(post(corrects=Posted(receipt.id, "k", "2026-07-20")), {}))
    assert urlsplit(edit.url).path.endswith("/messages/1393862400000000003")
    assert query(edit)["thread_id"] == [thread]


def test_a_receipt_without_an_id_opens_a_thread() -> None:
    assert body(asked(discord(forum=True).post(post(reply_to=Receipt()), {})))["thread_name"] == "On this day"


def test_two_wrong_answers_in_turn_come_to_an_end() -> None:
    with pytest.raises(Refused):
        held(discord().post(post(), {}), no(220001), no(220003), no(220001))


# words


def test_a_title_has_the_number_of_its_part() -> None:
    assert content(post().message) == "**On this day**"
    assert content(post(part=2, parts=3).message) == "**On this day** (2/3)"


@given(title=WORDS, alt=st.text(max_size=3000), credit=st.text(max_size=3000), size=st.integers(0, BUDGET.limit))
def test_a_full_budget_with_the_longest_words_is_still_taken(title: str, alt: str, credit: str, size: int) -> None:
    message = post("w" * size, title * 20, image=Image("https://img.example.org/a.png", alt, credit)).message

    made = embed(message)

    assert embed_total([made]) <= ALL_EMBEDS
    assert len(content(message)) <= CONTENT
    assert len(made.get("footer", {"text": ""})["text"]) <= FOOTER


def test_alternative_text_is_cut_at_its_limit() -> None:
    image = Image("https://img.example.org/a.gif", "a" * 2000, "")

    _, steps = held(discord().post(post(image=image), {}), said(GIF), TAKEN)

    assert isinstance(steps[1], Request)
    assert b'"description":"' + b"a" * ALT + b'"' in steps[1].content


@given(text=WORDS)
def test_every_create_says_that_nobody_is_called(text: str) -> None:
    assert body(asked(discord().post(post(escape(text)), {})))["allowed_mentions"] == {"parse": []}


# asking


def test_an_answer_that_is_not_discords_is_a_doubt() -> None:
    with pytest.raises(InDoubt):
        held(discord().post(post(), {}), said("<html>login</html>"))


def test_a_webhook_tells_its_name_and_its_channel() -> None:
    there = said({"id": "223704706495545344", "name": "On this day", "channel_id": "199737254929760256"})

    found, steps = held(discord().check(), there)

    assert found == "On this day in channel 199737254929760256"
    assert isinstance(steps[0], Request)
    assert (steps[0].method, steps[0].url, steps[0].commits) == ("GET", ASKED, False)
    assert steps[0].headers["user-agent"].startswith("DiscordBot (https://")
    with pytest.raises(Refused, match="the webhook was removed"):
        held(discord().check(), no(10015, 404))


# addresses and options


@pytest.mark.parametrize(
    ("pasted", "url"),
    [
        (HOOK, ASKED),
        (HOOK.replace("discord.com", "discordapp.com"), ASKED),
        (HOOK.replace("discord.com", "canary.discord.com"), ASKED),
        (HOOK.replace("/api/", "/api/v9/"), ASKED),
        (f"{HOOK}/github", ASKED),
        (f"{HOOK}?wait=false", ASKED),
        ("http://127.0.0.1:4010/webhooks/1/fake", "http://127.0.0.1:4010/webhooks/1/fake"),
        ("http://127.0.0.1:4010/api/v10/webhooks/1/fake", "http://127.0.0.1:4010/api/v10/webhooks/1/fake"),
    ],
)
def test_every_form_of_an_address_is_asked_in_one(pasted: str, url: str) -> None:
    assert asked(discord(webhook_url=pasted).post(post(), {})).url == f"{url}?wait=true"


def test_an_address_is_known_by_its_host_and_may_name_a_thread() -> None:
    assert Discord.from_address(HOOK, named=False) == {"webhook_url": HOOK}
    assert Discord.from_address(f"{HOOK}?thread_id=41", named=False) == {"webhook_url": HOOK, "thread_id": "41"}
    assert Discord.from_address("https://discord.com/channels/1/2", named=False) is None
    assert Discord.from_address("https://evil.example/api/webhooks/1/x", named=False) is None
    assert Discord.from_address("https://notdiscord.com/api/webhooks/1/x", named=False) is None
    assert Discord.from_address("http://127.0.0.1:1/webhooks/1/x", named=True) == {
        "webhook_url": "http://127.0.0.1:1/webhooks/1/x"
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"webhook_url": "https://discord.com/channels/1/2"}, "this is not the address of a webhook"),
        ({"webhook_url": "http://discord.com/api/webhooks/1/fake"}, "would send secrets in the clear"),
        ({"webhook_url": HOOK, "thread_id": "general"}, "'general' is not the ID of a thread"),
        ({"webhook_url": HOOK, "tags": ["news"]}, "'news' is not the ID of a tag"),
        ({"webhook_url": HOOK, "tags": ["1", "2", "3", "4", "5", "6"]}, "a thread can have 5"),
    ],
)
def test_a_mistake_in_the_options_says_what_to_write(options: Any, words: str) -> None:
    with pytest.raises(Problems, match=re.escape(words)):
        check(parse(json.dumps(options), "config.yaml", []), DiscordOptions)


# Discord has a limit for all webhooks of a computer


def webhook(number: int) -> Any:
    return discord(webhook_url=f"https://discord.com/api/webhooks/{number}/made-up")


def waiting() -> Delivery:
    return Delivery(2, "second", NOW.date(), 1, "", State.WAITING, NOW, NOW, NOW + timedelta(hours=6))


def throttled(content: dict[str, Any], headers: dict[str, str]) -> Throttled:
    with pytest.raises(Throttled) as caught:
        held(webhook(1).post(post(), {}), said(content, 429, **headers))
    return caught.value


@pytest.mark.parametrize(
    ("content", "headers", "waits"),
    [
        ({"global": True, "retry_after": 2.5}, {}, True),
        ({"retry_after": 2.5}, {"x-ratelimit-global": "true"}, True),
        ({"retry_after": 2.5}, {"x-ratelimit-scope": "global"}, True),
        ({"global": False, "retry_after": 2.5}, {"x-ratelimit-scope": "user"}, False),
    ],
)
def test_the_limit_of_all_webhooks_stops_them_all_however_it_is_told(
    content: dict[str, Any], headers: dict[str, str], *, waits: bool
) -> None:
    traffic = Traffic()

    traffic.heard(place_of(webhook(1)), throttled(content, headers), NOW)

    hold = traffic.ask(waiting(), place_of(webhook(2)), NOW)
    assert (hold.until - NOW if hold else None) == (timedelta(seconds=2.5) if waits else None)
