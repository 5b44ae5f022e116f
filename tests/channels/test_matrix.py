"""What is true of Matrix alone: events, rooms by alias, servers by name, pictures, threads, looking for a post."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Answer, InDoubt, Posted, Receipt, Refused, Request, Unavailable
from bot.channels._matrix_text import BUDGET, EVENT, HTML
from bot.channels._pictures import WITHOUT
from bot.channels.matrix import Matrix, MatrixOptions, txn_id
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.cards.drawing import drawn
from bot.rendering.message import Image
from tests.channels.asking import CARD, DRAWN, FIRST, KEY, asked, held, post, said
from tests.channels.test_contract import validator
from tests.channels.test_pictures import PNG
from tests.channels.test_pictures import answer as bytes_of

TOKEN = "fake-token"
IMAGE = Image("https://img.example.org/1969.png", "Bootprint in lunar soil", "NASA")
TAKEN = said({"event_id": "$new"})
EMPTY = said({"chunk": []})
GONE = said({"errcode": "M_NOT_FOUND", "error": "Event not found."}, 404)
FOREIGN = st.lists(st.sampled_from([*'a<>&"\\ \n@مé', "न", "👨\u200d👩", "@room", "<b>", "&amp;"]), max_size=60).map("".join)


def matrix(**more: str) -> Matrix:
    options = {"server": "https://matrix.example.org", "access_token": TOKEN, "room": "!daily:example.org"}
    return Matrix(MatrixOptions.model_validate({**options, **more}))


def body(request: Any) -> Any:
    return json.loads(request.content)


def urls(steps: list[Any]) -> list[str]:
    return [step.url for step in steps]


# words


@given(text=FOREIGN, times=st.integers(1, 400))
def test_what_fits_the_budget_is_an_event_that_fits(text: str, times: int) -> None:
    shown = "\n".join([HTML.strong(HTML.escape(text)) + HTML.link('https://e.org/?a="&b', text)] * times)
    while not BUDGET.fits(shown):
        shown = shown[: len(shown) // 2]
    plain = f"{text} https://e.org\n"[: len(shown)]

    request = asked(matrix().post(post(shown or "x", plain=plain or "x"), {}))

    validator("matrix.room-message").validate(body(request))
    assert len(request.content) <= EVENT
    assert body(request)["m.mentions"] == {}


def test_only_the_web_is_linked_because_other_links_show_a_person_or_a_room() -> None:
    assert HTML.link("https://e.org/?a=1&b=2", "<x>") == '<a href="https://e.org/?a=1&amp;b=2">&lt;x&gt;</a>'
    assert HTML.link("https://matrix.to/#/@otd:example.org", "otd") == "otd"
    assert HTML.link("matrix:u/otd:example.org", "") == "matrix:u/otd:example.org"


def test_a_plain_text_that_is_longer_than_it_should_be_goes_without_markup() -> None:
    sent = body(asked(matrix().post(post("x" * 20_000, plain="x" * 50_000), {})))

    assert "formatted_body" not in sent
    assert "format" not in sent


# where it goes


def test_an_alias_is_resolved_first() -> None:
    _, steps = held(matrix(room="#daily:example.org").post(post(), {}), said({"room_id": "!x:example.org"}), TAKEN)

    assert urls(steps) == [
        "https://matrix.example.org/_matrix/client/v3/directory/room/%23daily%3Aexample.org",
        f"https://matrix.example.org/_matrix/client/v3/rooms/%21x%3Aexample.org/send/m.room.message/{txn_id(KEY)}",
    ]


def test_an_alias_that_nobody_knows_is_a_refusal() -> None:
    with pytest.raises(Refused):
        held(matrix(room="#daily:example.org").post(post(), {}), GONE)


@pytest.mark.parametrize(
    ("well_known", "host"),
    [
        (said({"m.homeserver": {"base_url": "https://hs.example.org/"}}), "hs.example.org"),
        (said({"m.homeserver": {"base_url": "http://hs.example.org"}}), "example.org"),
        (said({"m.homeserver": {"base_url": "https://user@hs.example.org"}}), "example.org"),
        (said([]), "example.org"),
        (said("not found", 404), "example.org"),
        (said({"m.homeserver": {"base_url": "https://hs.example.org"}}, 302), "example.org"),
    ],
)
def test_a_server_by_name_is_asked_for_its_homeserver(well_known: Answer, host: str) -> None:
    _, steps = held(matrix(server="example.org").post(post(), {}), well_known, TAKEN)

    assert urls(steps)[0] == "https://example.org/.well-known/matrix/client"
    assert urlsplit(urls(steps)[1]).hostname == host


# pictures


def test_a_picture_is_uploaded_and_carries_the_text_as_its_caption() -> None:
    uploaded = said({"content_uri": "mxc://example.org/AQwafuaFswefuhsfAFAgsw"})

    found, steps = held(matrix().post(post("<strong>Apollo</strong>", image=IMAGE), {}), bytes_of(PNG), uploaded, TAKEN)
    sent = body(steps[2])

    validator("matrix.room-message").validate(sent)
    assert urls(steps)[:2] == [IMAGE.url, "https://matrix.example.org/_matrix/media/v3/upload?filename=picture.png"]
    assert steps[0].headers == {"accept": "image/*"}  # type: ignore[union-attr]  # a request
    assert (sent["msgtype"], sent["filename"]) == ("m.image", "picture.png")
    assert sent["info"] == {"w": 1200, "h": 675, "mimetype": "image/png", "size": len(PNG)}
    assert sent["body"].endswith("\n\n🖼 Bootprint in lunar soil (NASA)")
    assert sent["formatted_body"] == "<strong>Apollo</strong><br/><br/>🖼 Bootprint in lunar soil (NASA)"
    assert found.note == ""


def test_a_card_is_uploaded_and_its_caption_says_what_it_shows() -> None:
    uploaded = said({"content_uri": "mxc://example.org/AQwafuaFswefuhsfAFAgsw"})

    found, steps = held(matrix().post(post("<strong>Day 20</strong>", image=DRAWN), {}), uploaded, TAKEN)
    sent = body(steps[1])

    assert isinstance(steps[0], Request)
    assert (steps[0].content, steps[0].commits) == (drawn(CARD), False)
    validator("matrix.room-message").validate(sent)
    assert (sent["msgtype"], sent["info"]["w"], sent["info"]["h"]) == ("m.image", 1200, 675)
    assert sent["formatted_body"] == "<strong>Day 20</strong>"
    assert found.note == ""


@pytest.mark.parametrize(
    "answers",
    [(bytes_of(b"<html>"),), (bytes_of(PNG), said({"errcode": "M_TOO_LARGE"}, 413)), (bytes_of(PNG), said("login"))],
)
def test_a_post_never_fails_for_want_of_its_picture(answers: tuple[Answer, ...]) -> None:
    found, steps = held(matrix().post(post(image=IMAGE), {}), *answers, TAKEN)

    assert body(steps[-1])["msgtype"] == "m.notice"
    assert found.note == WITHOUT


def test_an_upload_that_does_not_arrive_is_done_without() -> None:
    conversation = matrix().post(post(image=IMAGE), {})
    next(conversation)
    conversation.send(bytes_of(PNG))

    request = conversation.throw(Unavailable("the server is away"))

    assert isinstance(request, Request)
    assert request.commits


# threads


@pytest.mark.parametrize(("kept", "root"), [("$first", "$first"), ("$second|$first", "$first")])
def test_a_part_stands_in_the_thread_of_the_first(kept: str, root: str) -> None:
    found, steps = held(matrix().post(post(reply_to=Receipt(kept)), {}), TAKEN)

    validator("matrix.room-message").validate(body(steps[0]))
    assert body(steps[0])["m.relates_to"]["event_id"] == root
    assert body(steps[0])["m.relates_to"]["m.in_reply_to"] == {"event_id": kept.partition("|")[0]}
    assert found.id == f"$new|{root}"


def test_a_receipt_that_names_no_event_is_no_thread() -> None:
    assert "m.relates_to" not in body(asked(matrix().post(post(reply_to=Receipt("")), {})))


# repeats


def page(*events: dict[str, Any], end: str = "") -> Answer:
    return said({"chunk": list(events), **({"end": end} if end else {})})


def event(number: int, txn: str = "other", at: int = 1784527201000, content: Any = None) -> dict[str, Any]:
    return {"event_id": f"${number}", "origin_server_ts": at, "unsigned": {"transaction_id": txn}, "content": content or {}}


def test_a_post_is_found_by_its_transaction_on_a_later_page() -> None:
    relation = {"rel_type": "m.thread", "event_id": "$first"}
    pages = page(event(1), end="next"), page(event(2, txn_id(KEY), content={"m.relates_to": relation}))

    found, steps = held(matrix().find(post(first_tried=FIRST), {}), *pages)

    assert found.id == "$2|$first"
    assert parse_qs(urlsplit(urls(steps)[1]).query)["from"] == ["next"]


@pytest.mark.parametrize(
    "last", [EMPTY, page(event(1, at=0), end="next"), page({"event_id": "$1", "origin_server_ts": "?"})]
)
def test_a_history_back_to_before_the_first_try_without_it_says_no(last: Answer) -> None:
    assert held(matrix().find(post(first_tried=FIRST), {}), last)[0] is None


def test_a_history_that_does_not_end_is_a_doubt() -> None:
    with pytest.raises(InDoubt, match="further back"):
        held(matrix().find(post(first_tried=FIRST), {}), *[page(event(1), end="next")] * 4)


# a check


def test_a_check_names_the_account_and_refuses_an_encrypted_room() -> None:
    who = said({"user_id": "@otd:example.org"})

    assert held(matrix().check(), who, GONE)[0] == "@otd:example.org in !daily:example.org"
    with pytest.raises(Refused, match="the room is encrypted"):
        held(matrix().check(), who, said({"algorithm": "m.megolm.v1.aes-sha2"}))
    with pytest.raises(Refused, match="invite the bot"):
        held(matrix().check(), who, said({"errcode": "M_FORBIDDEN", "error": "no"}, 403))


# options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"room": "daily"}, "write its id (!…) or an alias"),
        ({"room": "#daily"}, "write its id (!…) or an alias"),
        ({"server": "http://matrix.example.org"}, "write https://"),
        ({"server": "matrix.example.org/path"}, "write only https://matrix.example.org"),
        ({"access_token": "a b"}, "copy it again"),
    ],
)
def test_a_mistake_in_the_options_says_what_to_write(options: dict[str, str], words: str) -> None:
    written = {"server": "example.org", "access_token": TOKEN, "room": "!a", **options}
    with pytest.raises(Problems) as caught:
        check(parse(json.dumps(written), "config.yaml", []), MatrixOptions)

    assert words in str(caught.value)


@pytest.mark.parametrize("room", ["!a:example.org", "#a:example.org", "%23a%3Aexample.org"])
def test_an_address_names_server_token_and_room(room: str) -> None:
    options = Matrix.from_address(f"matrix://syt_x@example.org/{room}", named=False)

    assert options is not None
    assert MatrixOptions.model_validate(options).room in {"!a:example.org", "#a:example.org"}
    assert options["server"] == "example.org"


@pytest.mark.parametrize("address", ["matrix://example.org/!a", "matrix://t@example.org", "https://example.org"])
def test_an_address_without_one_of_them_is_none_of_matrix(address: str) -> None:
    assert Matrix.from_address(address, named=True) is None


def test_a_draft_is_the_request_without_a_question() -> None:
    draft = matrix(server="example.org", room="#daily:example.org").draft(post(image=IMAGE))

    assert (draft.commits, body(draft)["msgtype"]) == (True, "m.notice")


# edits


@pytest.mark.parametrize(("size", "markup", "told"), [(100, True, True), (20_000, False, True), (29_950, False, False)])
def test_an_edit_fits_into_an_event_with_what_old_programs_show(size: int, *, markup: bool, told: bool) -> None:
    wanted = post("x" * size, plain="x" * size, corrects=Posted("$first|$root", "k", "2026-07-20"))

    _, (_, request) = held(matrix().edit(wanted, {}), said({"event_id": "$first"}), TAKEN)

    assert isinstance(request, Request)
    sent = body(request)
    assert len(request.content) <= EVENT
    assert sent["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$first"}
    assert (sent["m.mentions"], sent["m.new_content"]["m.mentions"]) == ({}, {})
    assert sent["m.new_content"]["body"] == "x" * size
    assert ("formatted_body" in sent["m.new_content"], sent["body"] == f"* {'x' * size}") == (markup, told)


@pytest.mark.parametrize(
    ("upload", "shown", "note"),
    [(said({"content_uri": "mxc://example.org/new"}), "mxc://example.org/new", ""), (said("", 500), None, WITHOUT)],
)
def test_an_edit_shows_the_new_card_or_says_that_it_has_none(upload: Answer, shown: str | None, note: str) -> None:
    wanted = post(image=DRAWN, corrects=Posted("$first", "k", "2026-07-20"))

    found, (*_, change) = held(matrix().edit(wanted, {}), said({"event_id": "$first"}), upload, TAKEN)

    assert body(change)["m.new_content"].get("url") == shown
    assert found.note == note
