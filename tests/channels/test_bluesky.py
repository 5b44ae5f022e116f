"""What is true of Bluesky alone: facets, keys, sessions, pictures, threads, adopting what is there."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels import Answer, InDoubt, Post, Receipt, Refused, Request, Unavailable
from bot.channels._bluesky_record import record, rkey, tid
from bot.channels._bluesky_text import BUDGET, RICH_TEXT, detect, rich, short
from bot.channels._pictures import WITHOUT
from bot.channels.bluesky import MOST_SESSIONS, SESSIONS, Bluesky, BlueskyOptions, Session
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.budget import Unit, length
from bot.rendering.cards.drawing import drawn
from bot.rendering.message import Image
from tests.channels.asking import CARD, DRAWN, FIRST, asked, held, post, said
from tests.channels.test_contract import validator
from tests.channels.test_pictures import PNG
from tests.channels.test_pictures import answer as bytes_of

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
CID = "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi"
URI = f"at://{DID}/app.bsky.feed.post/3mr2mixma2222"
IMAGE = Image("https://img.example.org/1969.png", "Bootprint in lunar soil", "NASA")
BLOB = {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/png", "size": len(PNG)}
LOGGED_IN = said({"did": DID, "handle": "otd.example", "accessJwt": "access", "refreshJwt": "refresh", "active": True})
TAKEN = said({"uri": URI, "cid": CID})
SIGNS = [
    *"a@#$.\\[]()!\n 1",
    "م",
    "न",
    "ि",
    "👨\u200d👩\u200d👧",
    "🇩🇪",
    "\u200d",
    "é",
    "#otd",
    "https://",
    "e.org/x",
    "@bsky.app",
]
FOREIGN = st.lists(st.sampled_from(SIGNS), max_size=60).map("".join)


def bluesky(**more: str) -> Bluesky:
    return Bluesky(BlueskyOptions.model_validate({"handle": "otd.example", "app_password": "fake-pass", **more}))


def no(error: str, status: int = 400) -> Answer:
    return said({"error": error, "message": "…"}, status)


def names(steps: list[Any]) -> list[str]:
    """The methods that were called."""
    return [step.url.rpartition("/")[2].partition("?")[0].rpartition(".")[2] for step in steps]


def body(step: Any) -> Any:
    return json.loads(step.content)


# words


def bytes_at(text: str, facet: dict[str, Any]) -> str:
    return text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()


@example("https://) http://x")
@example("#a(https://b.org")
@given(FOREIGN)
def test_foreign_text_is_literal_and_every_facet_is_whole_and_calls_nobody(text: str) -> None:
    found = rich(RICH_TEXT.escape(text) + "\n" + RICH_TEXT.link("https://e.org/(a)?b=\\", text))
    validated = {"$type": "app.bsky.feed.post", "text": "", "createdAt": "2026-07-20T06:00:00Z", "langs": ["en"]}

    validator("bluesky.post-record").validate({**validated, "facets": found.facets})
    ends = [0, *(each["index"][end] for each in found.facets for end in ("byteStart", "byteEnd"))]
    assert ends == sorted(ends), "they overlap"
    for each in found.facets:
        assert bytes_at(found.text, each)
        assert "#mention" not in each["features"][0]["$type"]
    assert not [each for each in found.facets if re.fullmatch(r"https?://", each["features"][0].get("uri", ""))]
    if "//" not in text and ".org" not in text:
        assert found.text == f"{text}\n{text if text.strip() else 'e.org/(a)?b=' + chr(92)}"


@given(text=FOREIGN, times=st.integers(1, 30))
def test_what_fits_the_budget_fits_both_limits(text: str, times: int) -> None:
    long = (RICH_TEXT.escape(text) + RICH_TEXT.link("https://example.org/a/very/long/address/of/a/page", "more")) * times
    while not BUDGET.fits(long):
        long = long[: len(long) // 2]

    shown = record(post(long or "x"), None)["text"]

    assert length(shown, Unit.GRAPHEMES) <= 300
    assert length(shown, Unit.UTF8_BYTES) <= 3000


def test_an_address_in_a_text_is_shown_short_and_linked_whole() -> None:
    url = "https://www.example.org/1979/11/04/archives/teheran-students-seize.html"

    found = rich(RICH_TEXT.escape(f"امروز ({url})."))

    assert found.text == "امروز (example.org/1979/11/04/archiv…)."
    assert found.facets[0]["features"][0]["uri"] == url
    assert bytes_at(found.text, found.facets[0]) == "example.org/1979/11/04/archiv…"


def test_a_link_says_its_label_and_a_link_elsewhere_is_only_its_label() -> None:
    assert RICH_TEXT.link("https://e.org/a_(b)", "x [1]") == r"[x \[1\]](https://e.org/a_\(b\))"
    assert rich(RICH_TEXT.link("https://e.org", " ")).text == "e.org"
    assert RICH_TEXT.link("at://did:plc:x", "[x]") == r"\[x]"
    assert short("https://e.org/") == "e.org"


def test_a_scheme_in_capitals_is_written_small_in_the_facet() -> None:
    assert rich("HTTPS://e.org/A").facets[0]["features"][0]["uri"] == "https://e.org/A"


def test_a_handle_is_found_only_so_that_it_is_no_link() -> None:
    assert [each.kind for each in detect("@bsky.app #otd")] == ["mention", "tag"]
    assert [each["features"][0]["$type"] for each in rich("@bsky.app #otd").facets] == ["app.bsky.richtext.facet#tag"]


# keys


def slot(**more: Any) -> Post:
    return replace(post(), due=datetime(2026, 7, 20, 6, tzinfo=UTC), **more)


def test_a_key_is_the_same_for_every_attempt_and_another_for_every_post() -> None:
    attempts = {rkey(slot(now=FIRST + timedelta(hours=hour), first_tried=FIRST)) for hour in range(5)}
    others = {rkey(slot(key=f"{number:032x}")) for number in range(2000)}

    assert len(attempts) == 1
    assert len(others) == 2000
    assert {len(each) for each in others} == {13}
    assert min(others) >= "3mr2mixma2222", "no earlier than the slot"
    assert max(others) < tid(1784527201_000_000, 0), "within its second"


def test_a_post_is_dated_by_its_slot_and_its_part() -> None:
    assert record(slot(), None)["createdAt"] == "2026-07-20T06:00:00.000Z"
    assert record(slot(message=post(part=2, parts=2).message), None)["createdAt"] == "2026-07-20T06:00:00.001Z"
    assert record(post(slot="2026-07-20/by-hand"), None)["createdAt"] == "2026-07-20T00:00:00.000Z"
    assert record(post(slot="test-20260720T060005"), None)["createdAt"] == "2026-07-20T06:00:05.000Z"


def test_a_language_that_is_no_tag_is_english() -> None:
    assert record(post(language="fa"), None)["langs"] == ["fa"]
    assert record(post(language="Farsi language"), None)["langs"] == ["en"]


# sessions


def test_a_second_post_does_not_log_in_again() -> None:
    _, first = held(bluesky().post(post(), {}), LOGGED_IN, TAKEN)
    _, second = held(bluesky().post(post(), {}), TAKEN)

    assert names(first) == ["createSession", "putRecord"]
    assert names(second) == ["putRecord"]


def test_another_password_is_another_session() -> None:
    held(bluesky().post(post(), {}), LOGGED_IN, TAKEN)

    _, steps = held(bluesky(app_password="changed").post(post(), {}), LOGGED_IN, TAKEN)

    assert names(steps) == ["createSession", "putRecord"]


def test_a_session_that_has_run_out_is_renewed_with_its_other_token() -> None:
    renewed = said({"did": DID, "handle": "otd.example", "accessJwt": "access-2", "refreshJwt": "refresh-2"})

    _, steps = held(bluesky().post(post(), {}), LOGGED_IN, no("ExpiredToken"), renewed, TAKEN)
    _, later = held(bluesky().post(post(), {}), TAKEN)

    assert names(steps) == ["createSession", "putRecord", "refreshSession", "putRecord"]
    assert steps[2].headers["authorization"] == "Bearer refresh"  # type: ignore[union-attr]  # a request
    assert later[0].headers["authorization"] == "Bearer access-2"  # type: ignore[union-attr]  # a request


def test_a_session_that_cannot_be_renewed_is_logged_in_once_and_no_more() -> None:
    dead = no("InvalidToken")

    with pytest.raises(Refused):
        held(bluesky().post(post(), {}), LOGGED_IN, dead, dead, no("AuthenticationRequired", 401))


def test_sessions_do_not_pile_up() -> None:
    SESSIONS.update({str(number): Session("", "", "", "", "") for number in range(MOST_SESSIONS)})

    held(bluesky().post(post(), {}), LOGGED_IN, TAKEN)

    assert len(SESSIONS) == MOST_SESSIONS


def test_no_token_is_shown() -> None:
    held(bluesky().post(post(), {}), LOGGED_IN, TAKEN)

    assert "access" not in repr(SESSIONS)
    assert "refresh" not in repr(SESSIONS)


@pytest.mark.parametrize(
    ("server", "endpoint", "used"),
    [
        ("https://bsky.social", "https://pds.example.org/", "https://pds.example.org"),
        ("https://bsky.social", "http://pds.example.org", "https://bsky.social"),
        ("https://bsky.social", "https://user@pds.example.org", "https://bsky.social"),
        ("https://bsky.social", None, "https://bsky.social"),
        ("http://127.0.0.1:2583", "https://localhost", "http://127.0.0.1:2583"),
    ],
)
def test_the_server_that_holds_the_account_is_asked(server: str, endpoint: str | None, used: str) -> None:
    document = {"service": [{"id": "#other"}, "x", {"id": "#atproto_pds", "serviceEndpoint": endpoint}]}
    session = said({**LOGGED_IN.json(), "didDoc": document})

    _, steps = held(bluesky(server=server).post(post(), {}), session, TAKEN)

    assert steps[1].url == f"{used}/xrpc/com.atproto.repo.putRecord"  # type: ignore[union-attr]  # a request


# pictures


def test_a_picture_is_embedded_with_its_words_and_its_shape() -> None:
    answers = bytes_of(PNG), LOGGED_IN, said({"blob": BLOB}), TAKEN

    found, steps = held(bluesky().post(post(image=IMAGE), {}), *answers)
    sent = body(steps[3])

    validator("bluesky.putRecord").validate(sent)
    assert names(steps)[1:] == ["createSession", "uploadBlob", "putRecord"]
    assert steps[2].headers["content-type"] == "image/png"  # type: ignore[union-attr]  # a request
    assert sent["record"]["embed"]["images"] == [
        {"alt": "Bootprint in lunar soil (NASA)", "aspectRatio": {"width": 1200, "height": 675}, "image": BLOB}
    ]
    assert found.note == ""


def test_a_card_is_uploaded_and_embedded_with_its_words() -> None:
    found, steps = held(bluesky().post(post(image=DRAWN), {}), LOGGED_IN, said({"blob": BLOB}), TAKEN)
    sent = body(steps[2])

    validator("bluesky.putRecord").validate(sent)
    assert names(steps) == ["createSession", "uploadBlob", "putRecord"]
    assert isinstance(steps[1], Request)
    assert (steps[1].content, steps[1].commits) == (drawn(CARD), False)
    assert sent["record"]["embed"]["images"] == [
        {"alt": CARD.alt, "aspectRatio": {"width": 1200, "height": 675}, "image": BLOB}
    ]
    assert found.note == ""


@pytest.mark.parametrize(
    "answers",
    [
        (bytes_of(b"<html>"), LOGGED_IN),
        (bytes_of(PNG), LOGGED_IN, no("PayloadTooLarge", 413)),
        (bytes_of(PNG), LOGGED_IN, said({})),
        (bytes_of(PNG), LOGGED_IN, said({"blob": BLOB}), no("InvalidMimeType")),
    ],
)
def test_a_post_never_fails_for_want_of_its_picture(answers: tuple[Answer, ...]) -> None:
    found, steps = held(bluesky().post(post(image=IMAGE), {}), *answers, TAKEN)

    assert "embed" not in body(steps[-1])["record"]
    assert found.note == WITHOUT


def test_an_upload_that_does_not_arrive_is_done_without() -> None:
    conversation = bluesky().post(post(image=IMAGE), {})
    next(conversation)
    conversation.send(bytes_of(PNG))
    conversation.send(LOGGED_IN)

    request = conversation.throw(Unavailable("the server is away"))

    assert isinstance(request, Request)
    assert request.commits


# threads, and what is there already


def test_a_part_answers_the_one_before_and_names_the_first() -> None:
    second = URI.replace("2222", "2322")

    found, steps = held(bluesky().post(post(reply_to=Receipt(f"{second}|{CID}|{URI}|{CID}")), {}), LOGGED_IN, TAKEN)

    validator("bluesky.putRecord").validate(body(steps[1]))
    assert body(steps[1])["record"]["reply"] == {"root": {"uri": URI, "cid": CID}, "parent": {"uri": second, "cid": CID}}
    assert found == Receipt(f"{URI}|{CID}|{URI}|{CID}", f"https://bsky.app/profile/{DID}/post/3mr2mixma2222")


@pytest.mark.parametrize("kept", ["", "3mr2mixma2222", f"{URI}|", "at://|x"])
def test_a_receipt_that_names_no_post_is_no_thread(kept: str) -> None:
    assert "reply" not in record(post(reply_to=Receipt(kept)), None)


def test_what_is_there_under_the_key_is_adopted_with_its_thread() -> None:
    value = {"text": "corrected since", "reply": {"root": {"uri": URI, "cid": CID}, "parent": {"uri": URI, "cid": CID}}}

    found, steps = held(
        bluesky().post(post(), {}), LOGGED_IN, no("InvalidSwap"), said({"uri": URI, "cid": CID, "value": value})
    )

    assert names(steps) == ["createSession", "putRecord", "getRecord"]
    assert found.id == f"{URI}|{CID}|{URI}|{CID}"


def test_a_post_is_found_under_its_key_or_it_is_not_there() -> None:
    there = said({"uri": URI, "cid": CID, "value": {}})

    assert held(bluesky().find(post(), {}), LOGGED_IN, there)[0].id == f"{URI}|{CID}"
    assert held(bluesky().find(post(), {}), no("RecordNotFound"))[0] is None
    with pytest.raises(Unavailable):
        held(bluesky().find(post(), {}), no("InternalServerError", 500))
    with pytest.raises(InDoubt):
        held(bluesky().post(post(), {}), no("InvalidSwap"), no("RecordNotFound"))


# credentials and options


def test_a_check_logs_in_and_names_the_account() -> None:
    assert held(bluesky().check(), LOGGED_IN)[0] == "@otd.example on bsky.social"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"handle": "otd"}, "write it whole"),
        ({"handle": "me@example.org"}, "write it whole"),
        ({"app_password": "a b"}, "copy it again"),
        ({"server": "https://bsky.social/xrpc"}, "write only https://bsky.social"),
    ],
)
def test_a_mistake_in_the_options_says_what_to_write(options: dict[str, str], words: str) -> None:
    written = {"handle": "otd.example", "app_password": "x", **options}
    with pytest.raises(Problems) as caught:
        check(parse(json.dumps(written), "config.yaml", []), BlueskyOptions)

    assert words in str(caught.value)


def test_an_at_sign_before_the_handle_is_taken_off() -> None:
    assert bluesky(handle="@otd.example").options.handle == "otd.example"


def test_an_address_names_account_password_and_server() -> None:
    found = Bluesky.from_address("bluesky://otd.example:ab-cd@bsky.social", named=False)
    by_did = Bluesky.from_address(f"bluesky://{DID}:ab-cd@bsky.social", named=False)

    assert found == {"handle": "otd.example", "app_password": "ab-cd", "server": "https://bsky.social"}
    assert by_did is not None
    assert by_did["handle"] == DID


@pytest.mark.parametrize("address", ["bluesky://otd.example@bsky.social", "bluesky://a:b", "https://bsky.app"])
def test_an_address_without_one_of_them_is_none_of_bluesky(address: str) -> None:
    assert Bluesky.from_address(address, named=True) is None


def test_a_draft_is_the_request_without_a_login() -> None:
    draft = bluesky().draft(post(image=IMAGE))

    validator("bluesky.putRecord").validate(body(draft))
    assert draft.commits
    assert asked(bluesky().post(post(), {})).commits is False
