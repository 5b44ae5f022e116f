"""What is true of ntfy alone: titles, pictures by address, sequences, older servers, options."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.channels import Answer, Receipt, Refused
from bot.channels._pictures import WITHOUT
from bot.channels.ntfy import BUDGET, Ntfy, NtfyOptions
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.message import Image
from tests.channels.asking import FIRST, KEY, asked, held, post, said

TOPIC = "fake-topic"
IMAGE = Image("https://img.example.org/1969.jpg", "Bootprint in lunar soil", "NASA")


def ntfy(**more: Any) -> Ntfy:
    return Ntfy(NtfyOptions.model_validate({"topic": TOPIC, **more}))


def body(**more: Any) -> Any:
    return json.loads(asked(ntfy().post(post(**more), {})).content)


def taken(message: str = "Apollo 11 lands.", **more: Any) -> Answer:
    return said({"id": "sPs71M8A2T", "event": "message", "message": message, "sequence_id": KEY, **more})


def posted(*answers: Answer, **more: Any) -> Receipt:
    found, _ = held(ntfy().post(post(**more), {}), *answers)
    assert isinstance(found, Receipt)
    return found


# what is sent


def test_a_title_stands_above_the_text_with_the_number_of_its_part() -> None:
    assert body(title="On this day", part=2, parts=3)["title"] == "On this day (2/3)"
    assert len(body(title="a" * 300, part=2, parts=3)["title"]) == 250
    assert "title" not in body(title=" ")


def test_a_picture_is_attached_by_its_address_and_told_in_words() -> None:
    sent = body(image=IMAGE)

    assert sent["attach"] == IMAGE.url
    assert sent["message"] == "Apollo 11 lands.\n\n🖼 Bootprint in lunar soil (NASA)"


def test_the_words_of_a_picture_never_make_a_file_of_the_text() -> None:
    long = "م" * (BUDGET.limit // 2 - 20)

    assert len(body(text=long, image=Image(IMAGE.url, "lunar soil " * 50, "")).get("message", "").encode()) <= BUDGET.limit
    assert "attach" not in body(text="a" * BUDGET.limit, image=IMAGE)


def test_a_picture_without_a_safe_address_is_left_out_and_the_owner_is_told() -> None:
    image = Image("http://img.example.org/1969.jpg", "Bootprint", "NASA")

    assert "attach" not in body(image=image)
    assert posted(taken(), image=image).note == WITHOUT


def test_a_refused_picture_is_left_out() -> None:
    refusal = said({"code": 40013, "http": 400, "error": "invalid request: attachment URL is invalid"}, 400)

    found, steps = held(ntfy().post(post(image=IMAGE), {}), refusal, taken())

    assert [("attach" in json.loads(step.content)) for step in steps] == [True, False]  # type: ignore[union-attr]  # requests
    assert found.note == WITHOUT


# what came of it


def test_a_text_that_became_a_file_is_told() -> None:
    made = taken("You received a file: attachment.txt", attachment={"name": "attachment.txt"})

    assert posted(made).note == "the server made a file of the text"


def test_a_repeat_on_a_server_that_knows_no_sequences_is_told() -> None:
    old = said({"id": "1", "event": "message", "message": "Apollo 11 lands."})

    assert "older than ntfy 2.16" in posted(old, first_tried=FIRST).note
    assert posted(old).note == ""
    assert posted(taken(), first_tried=FIRST).note == ""


# looking for a post


def lines(*messages: dict[str, Any]) -> Answer:
    return said("\n".join(json.dumps({"event": "message", **each}) for each in messages) + "\n")


def found(page: Answer, **more: Any) -> Any:
    result, steps = held(ntfy().find(post(first_tried=FIRST, **more), {}), page)
    assert steps[0].url == "https://ntfy.sh/fake-topic/json?poll=1&since=1784526900"  # type: ignore[union-attr]  # a request
    return result


def test_a_post_is_found_by_its_sequence() -> None:
    assert found(lines({"id": "1", "sequence_id": "other"}, {"id": "2", "sequence_id": KEY})) == Receipt("2")


def test_a_post_on_an_older_server_is_found_by_its_words() -> None:
    same = {"title": "On this day", "message": "Apollo 11 lands."}

    assert found(lines({"id": "1", "message": "Apollo 11 lands."}, {"id": "2", **same})) == Receipt("2")
    assert found(lines({"id": "3", "sequence_id": "other", **same})) is None


def test_the_post_of_another_delivery_is_passed_over() -> None:
    same = {"title": "On this day", "message": "Apollo 11 lands."}
    alike = lines({"id": "1", **same}, {"id": "2", **same})

    assert found(alike, others=frozenset({Receipt("1")})) == Receipt("2")
    assert found(alike, others=frozenset({Receipt("1"), Receipt("2")})) is None


def test_what_is_no_message_is_passed_over() -> None:
    assert found(said('{"event":"keepalive"}\nnot json\n[]\n')) is None


def test_a_topic_that_may_not_be_read_does_not_tell() -> None:
    with pytest.raises(Refused):
        held(ntfy().find(post(first_tried=FIRST), {}), said({"code": 40301, "http": 403, "error": "forbidden"}, 403))


# credentials and options


def test_a_check_names_who_would_post() -> None:
    assert held(ntfy().check(), said({"username": "*", "role": "anonymous"}))[0] == "anyone on ntfy.sh"
    assert held(ntfy(token="tk_fake").check(), said({"username": "phil"}))[0] == "phil on ntfy.sh"
    with pytest.raises(Refused, match="make a new access token"):
        held(ntfy(token="tk_fake").check(), said({"code": 40101, "http": 401, "error": "unauthorized tk_fake"}, 401))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"topic": "a b"}, "use 1 to 64 letters"),
        ({"priority": "loud"}, "min, low, default, high or max"),
        ({"priority": 6}, "write 1 to 5"),
        ({"tags": ["a,b"]}, "without a comma"),
        ({"server": "http://ntfy.example.org"}, "write https://"),
        ({"server": "https://ntfy.example.org/topic"}, "write only https://ntfy.example.org"),
        ({"token": "a b"}, "copy it again"),
    ],
)
def test_a_mistake_in_the_options_says_what_to_write(options: dict[str, Any], words: str) -> None:
    with pytest.raises(Problems) as caught:
        check(parse(json.dumps({"topic": TOPIC, **options}), "config.yaml", []), NtfyOptions)

    assert words in str(caught.value)


def test_a_priority_may_be_a_word() -> None:
    assert NtfyOptions.model_validate({"topic": TOPIC, "priority": "high"}).priority == 4


@pytest.mark.parametrize(
    ("address", "named", "options"),
    [
        ("https://ntfy.sh/daily", False, {"server": "https://ntfy.sh", "topic": "daily"}),
        ("ntfy://ntfy.example.org/daily", False, {"server": "https://ntfy.example.org", "topic": "daily"}),
        (
            "ntfy://tk_x@ntfy.example.org/daily",
            False,
            {"server": "https://ntfy.example.org", "topic": "daily", "token": "tk_x"},
        ),
        ("https://ntfy.example.org/daily", True, {"server": "https://ntfy.example.org", "topic": "daily"}),
        ("https://ntfy.example.org/daily", False, None),
        ("https://ntfy.sh/", True, None),
        ("ntfy://ntfy.sh", False, None),
    ],
)
def test_an_address_names_server_and_topic(address: str, named: bool, options: Any) -> None:  # noqa: FBT001  # a parameter of the table
    assert Ntfy.from_address(address, named=named) == options
