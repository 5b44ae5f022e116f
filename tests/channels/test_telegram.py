"""What is true of Telegram alone: its HTML, pictures without alternative text, groups that move, options."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels import Answer, Finds, Posted, Receipt, Refused, Request
from bot.channels._pictures import STILL, WITHOUT
from bot.channels._telegram_text import BUDGET, HTML, TEXT, visible
from bot.channels.telegram import Telegram, TelegramOptions
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.budget import Unit, length
from bot.rendering.cards.drawing import drawn
from bot.rendering.message import Image
from tests.channels.asking import CARD, DRAWN, asked, held, post, said
from tests.channels.test_contract import validator

TOKEN = "123456:fake"
IMAGE = Image("https://img.example.org/1969.jpg", "Bootprint in lunar soil", "NASA")
TAKEN = said({"ok": True, "result": {"message_id": 4711, "chat": {"id": -100123, "username": "on_this_day"}}})
SIGNS = [*'@a_<>&" \n/.:من', "न", "👨\u200d👩", "\u200d", "é", "&amp;", "https://e.org/", "@everyone"]
FOREIGN = st.lists(st.sampled_from(SIGNS), max_size=40).map("".join)


def telegram(**more: Any) -> Telegram:
    return Telegram(TelegramOptions.model_validate({"bot_token": TOKEN, "chat": "@on_this_day", **more}))


def body(request: Request) -> Any:
    return json.loads(request.content)


def posted(*answers: Answer, channel: Telegram | None = None, **more: Any) -> tuple[Any, list[Any]]:
    found, steps = held((channel or telegram()).post(post(**more), {}), *answers)
    return found, steps


def no(description: str, **parameters: int) -> Answer:
    return said({"ok": False, "error_code": 400, "description": description, "parameters": parameters}, 400)


def method(request: Request) -> str:
    return request.url.rpartition("/")[2]


# words


class _Read(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@example("https://e.org/<@everyone https://e.org/@everyone")
@given(FOREIGN)
def test_foreign_text_is_literal_and_calls_nobody(text: str) -> None:
    read = _Read(HTML.escape(text))

    assert read.tags == []
    assert read.text.replace("\u200b", "") == text
    assert not re.search(r"@[A-Za-z0-9_]", re.sub(r"https://e\.org/[^\s<>\"]*", "", read.text))


@given(FOREIGN)
def test_what_is_counted_is_what_is_seen(text: str) -> None:
    shown = HTML.strong(HTML.escape(text)) + HTML.link('https://example.org/?a=1&b="2', text)

    assert visible(shown) == _Read(shown).text
    assert BUDGET.size(shown) == length(_Read(shown).text, Unit.UTF16)


def test_an_at_sign_inside_of_an_address_stays() -> None:
    assert HTML.escape("see https://social.example.org/@otd, @otd") == "see https://social.example.org/@otd, @\u200botd"


def test_an_at_sign_behind_what_only_looks_like_an_address_is_parted() -> None:
    assert HTML.escape("https://@otd") == "https://@\u200botd"


def test_only_the_web_is_linked_because_a_link_to_a_user_calls_them() -> None:
    assert HTML.link("https://e.org/?a=1&b=2", "<x>") == '<a href="https://e.org/?a=1&amp;b=2">&lt;x&gt;</a>'
    assert HTML.link("tg://user?id=1", "you") == "you"
    assert HTML.link("https://e.org", " ") == '<a href="https://e.org">https://e.org</a>'


# pictures


def test_a_picture_carries_the_text_as_its_caption_and_its_words_in_it() -> None:
    request = asked(telegram().post(post("<b>1969</b> Apollo 11 lands.", image=IMAGE), {}))

    validator("telegram.sendPhoto").validate(body(request))
    assert method(request) == "sendPhoto"
    assert body(request)["photo"] == IMAGE.url
    assert body(request)["caption"] == "<b>1969</b> Apollo 11 lands.\n\n🖼 Bootprint in lunar soil (NASA)"


def form(request: Request) -> dict[str, tuple[str, bytes]]:
    """What a form says: the head and the content of each part, by its name."""
    boundary = request.headers["content-type"].removeprefix("multipart/form-data; boundary=")
    first, *parts, last = request.content.split(f"--{boundary}".encode())
    assert (first, last) == (b"", b"--\r\n")
    split = [part.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n") for part in parts]
    return {re.findall(rb' name="(\w+)"', head)[0].decode(): (head.decode(), content) for head, _, content in split}


def test_a_card_travels_with_its_caption_which_says_what_it_shows() -> None:
    channel = telegram(topic=7, silent=True)

    found, (publish,) = posted(TAKEN, channel=channel, text="<b>Day 20</b>", image=DRAWN, reply_to=Receipt("12"))

    sent = form(publish)
    assert method(publish) == "sendPhoto"
    assert (publish.commits, publish.timeout) == (True, 60)
    assert {name: content.decode() for name, (_, content) in sent.items() if name != "photo"} == {
        "chat_id": "@on_this_day",
        "caption": "<b>Day 20</b>",
        "parse_mode": "HTML",
        "message_thread_id": "7",
        "disable_notification": "true",
        "reply_parameters": '{"message_id":12,"allow_sending_without_reply":true}',
    }
    assert sent["photo"][1] == drawn(CARD)
    assert 'filename="picture.png"\r\ncontent-type: image/png' in sent["photo"][0]
    assert found.note == ""


@pytest.mark.parametrize("description", ["IMAGE_PROCESS_FAILED", "PHOTO_INVALID_DIMENSIONS"])
def test_a_card_that_is_refused_is_left_out(description: str) -> None:
    found, steps = posted(no(f"Bad Request: {description}"), TAKEN, image=DRAWN)

    assert [method(each) for each in steps] == ["sendPhoto", "sendMessage"]
    assert found.note == WITHOUT


def test_a_text_too_long_for_a_caption_goes_without_its_card() -> None:
    found, steps = posted(TAKEN, text="a" * 1025, image=DRAWN)

    assert method(steps[0]) == "sendMessage"
    assert found.note == WITHOUT
    assert telegram().beside_picture({}).limit == 1024


# edits

IMAGE_URL = "failed to get HTTP URL content"


def edited(*answers: Answer, **more: Any) -> tuple[Receipt, list[Any]]:
    corrected = post(slot="2026-07-20/edit-1", corrects=Posted("4711", "k", "2026-07-20"), **more)
    return held(telegram().edit(corrected, {}), *answers)


def test_an_edit_draws_the_card_anew_with_its_caption() -> None:
    found, (change,) = edited(TAKEN, text="<b>Day 21</b>", image=DRAWN)

    sent = form(change)
    assert (method(change), change.commits, change.timeout) == ("editMessageMedia", True, 60)
    assert {name: content.decode() for name, (_, content) in sent.items() if name != "photo"} == {
        "chat_id": "@on_this_day",
        "message_id": "4711",
        "media": '{"type":"photo","media":"attach://photo","caption":"<b>Day 21</b>","parse_mode":"HTML"}',
    }
    assert sent["photo"][1] == drawn(CARD)
    assert (found.id, found.note) == ("4711", "")


def test_an_edit_shows_another_picture_by_its_address() -> None:
    found, (change,) = edited(TAKEN, text="Apollo 11 lands.", image=IMAGE)

    assert method(change) == "editMessageMedia"
    assert body(change)["media"] == {
        "type": "photo",
        "media": IMAGE.url,
        "caption": "Apollo 11 lands.\n\n🖼 Bootprint in lunar soil (NASA)",
        "parse_mode": "HTML",
    }
    assert found.note == ""


@pytest.mark.parametrize(("image", "why"), [(DRAWN, "IMAGE_PROCESS_FAILED"), (IMAGE, IMAGE_URL)])
def test_where_a_new_picture_is_refused_the_caption_is_changed_and_the_owner_told(image: Image, why: str) -> None:
    found, steps = edited(no(f"Bad Request: {why}"), TAKEN, image=image)

    assert [method(each) for each in steps] == ["editMessageMedia", "editMessageCaption"]
    assert found.note == STILL


def test_a_picture_that_is_refused_for_a_post_of_words_is_left_out() -> None:
    words = no("Bad Request: there is no caption in the message to edit")

    found, steps = edited(no(f"Bad Request: {IMAGE_URL}"), words, TAKEN, image=IMAGE)

    assert [method(each) for each in steps] == ["editMessageMedia", "editMessageCaption", "editMessageText"]
    assert body(steps[2])["link_preview_options"] == {"is_disabled": True}
    assert found.note == WITHOUT


def test_a_picture_that_there_should_no_longer_be_stays_and_the_owner_is_told() -> None:
    found, steps = edited(no("Bad Request: there is no text in the message to edit"), TAKEN)

    assert [method(each) for each in steps] == ["editMessageText", "editMessageCaption"]
    assert found.note == STILL


def test_a_caption_that_cannot_be_read_keeps_its_picture_and_loses_its_markup() -> None:
    found, steps = edited(no("Bad Request: can't parse entities"), TAKEN, text="<b>Day 21</b>", plain="Day 21", image=DRAWN)

    assert [method(each) for each in steps] == ["editMessageMedia"] * 2
    assert json.loads(form(steps[1])["media"][1]) == {"type": "photo", "media": "attach://photo", "caption": "Day 21"}
    assert found.note == ""


def test_a_long_text_shows_its_picture_above_itself_in_an_edit_too() -> None:
    found, (change,) = edited(TAKEN, text="a" * 2000, image=IMAGE)

    assert method(change) == "editMessageText"
    assert body(change)["link_preview_options"]["url"] == IMAGE.url
    assert found.note == ""


def test_a_draft_shows_the_caption_but_not_the_bytes() -> None:
    draft = telegram().draft(post("Day 20", image=DRAWN))

    validator("telegram.sendPhoto").validate(body(draft))
    assert body(draft)["photo"] == "attach://photo"


def test_a_text_too_long_for_a_caption_shows_the_picture_above_itself() -> None:
    request = asked(telegram().post(post("a" * 1000, image=IMAGE), {}))

    validator("telegram.sendMessage").validate(body(request))
    assert method(request) == "sendMessage"
    assert body(request)["text"].endswith("🖼 Bootprint in lunar soil (NASA)")
    assert body(request)["link_preview_options"]["url"] == IMAGE.url


def test_the_words_of_a_picture_are_shortened_between_words_to_what_is_left() -> None:
    image = Image(IMAGE.url, "one two three four five six seven", "")

    request = asked(telegram().post(post("a" * (TEXT - 31), image=image), {}))

    assert body(request)["text"].endswith("\n\n🖼 one two three four five …")
    assert length(body(request)["text"], Unit.UTF16) <= TEXT


def test_a_full_text_goes_without_its_picture_and_says_so() -> None:
    found, steps = posted(TAKEN, text="a" * TEXT, image=IMAGE)

    assert "url" not in body(steps[0])["link_preview_options"]
    assert found.note == WITHOUT


@pytest.mark.parametrize("image", [Image("", "alt", "c"), Image("file:///etc/passwd", "alt", "c")])
def test_what_has_no_address_on_the_web_is_no_picture(image: Image) -> None:
    found, steps = posted(TAKEN, image=image)

    assert method(steps[0]) == "sendMessage"
    assert found.note == WITHOUT


@pytest.mark.parametrize(
    "description", ["PHOTO_INVALID_DIMENSIONS", "failed to get HTTP URL content", "message caption is too long"]
)
def test_a_refused_picture_is_left_out(description: str) -> None:
    found, steps = posted(no(f"Bad Request: {description}"), TAKEN, image=IMAGE)

    assert [method(each) for each in steps] == ["sendPhoto", "sendMessage"]
    assert body(steps[1])["text"] == "Apollo 11 lands."
    assert found == Receipt("4711", "https://t.me/on_this_day/4711", WITHOUT)


# what is left out, and what is not


def test_formatting_that_is_refused_is_left_out_and_still_nobody_is_called() -> None:
    _, steps = posted(no("Bad Request: can't parse entities"), TAKEN, text="<b>x", plain="x, @otd: https://e.org")

    assert body(steps[1])["text"] == "x, @\u200botd: https://e.org"
    assert "parse_mode" not in body(steps[1])


def test_a_plain_text_that_is_too_long_gives_way_to_what_would_have_been_seen() -> None:
    _, steps = posted(no("Bad Request: ENTITIES_TOO_LONG"), TAKEN, text="<b>a &amp; b</b>", plain="x" * 5000)

    assert body(steps[1])["text"] == "a & b"


def test_a_topic_that_is_gone_and_a_reply_that_is_gone_are_left_out_one_after_the_other() -> None:
    gone = no("Bad Request: message thread not found"), no("Bad Request: message to be replied not found")

    _, steps = posted(*gone, TAKEN, channel=telegram(topic=7), reply_to=Receipt("4710"))

    assert body(steps[0])["reply_parameters"] == {"message_id": 4710, "allow_sending_without_reply": True}
    assert body(steps[1]).keys() == body(steps[0]).keys() - {"message_thread_id"}
    assert body(steps[2]).keys() == body(steps[1]).keys() - {"reply_parameters"}


def test_a_group_that_has_moved_is_followed_once_and_the_owner_is_told() -> None:
    moved = no("Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1001)

    found, steps = posted(moved, TAKEN, channel=telegram(chat=-1, silent=True))

    assert [body(each)["chat_id"] for each in steps] == [-1, -1001]
    assert found.note == "the group has moved: write chat: -1001"
    assert body(steps[0])["disable_notification"] is True
    with pytest.raises(Refused):
        posted(moved, moved, channel=telegram(chat=-1))


def test_telegram_cannot_be_asked_for_a_post() -> None:
    assert not isinstance(telegram(), Finds)


def test_a_check_names_the_bot_and_the_chat() -> None:
    me, chat = said({"ok": True, "result": {"username": "otd_bot"}}), said({"ok": True, "result": {"title": "On this day"}})

    words, steps = held(telegram().check(), me, chat)

    assert words == "@otd_bot in On this day"
    assert not [step for step in steps if isinstance(step, Request) and step.commits]


def test_a_check_of_a_chat_without_the_bot_says_what_to_do() -> None:
    with pytest.raises(Refused, match="add the bot to it"):
        held(telegram().check(), said({"ok": True, "result": {}}), no("Bad Request: chat not found"))


# options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bot_token": "AA-no-number"}, "copy it from @BotFather"),
        ({"chat": "on_this_day"}, "write @name"),
        ({"api_url": "http://telegram.example.org"}, "write https://"),
    ],
)
def test_a_mistake_in_the_options_says_what_to_write(options: dict[str, Any], words: str) -> None:
    with pytest.raises(Problems) as caught:
        check(parse(json.dumps({"bot_token": TOKEN, "chat": 1, **options}), "config.yaml", []), TelegramOptions)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("address", "chat"),
    [("telegram://1:AA@otd", "@otd"), ("telegram://1:AA@@otd", "@otd"), ("telegram://1:AA@-1001", -1001)],
)
def test_an_address_names_the_bot_and_the_chat(address: str, chat: str | int) -> None:
    assert Telegram.from_address(address, named=False) == {"bot_token": "1:AA", "chat": chat}


@pytest.mark.parametrize("address", ["telegram://otd", "telegram://1:AA@", "https://t.me/otd"])
def test_an_address_without_a_bot_or_a_chat_is_none_of_telegram(address: str) -> None:
    assert Telegram.from_address(address, named=True) is None


def test_a_number_in_quotes_is_a_number() -> None:
    assert TelegramOptions.model_validate({"bot_token": TOKEN, "chat": "-1001"}).chat == -1001
