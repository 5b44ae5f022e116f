"""What is true of Slack alone: blocks that are always legal, threads, looking for a post, options."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Answer, Finds, InDoubt, Posted, Receipt, Refused, Request, Unavailable, Uploads
from bot.channels._pictures import WITHOUT
from bot.channels._slack_text import (
    ALL_BLOCKS,
    BUDGET,
    SECTION,
    blocks,
    escape,
    escaped_within,
    fallback,
    link,
    pieces,
    strong,
)
from bot.channels.slack import Slack, SlackBot, SlackOptions
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.cards.drawing import drawn
from bot.rendering.message import Image
from tests.channels.asking import CARD, DRAWN, FIRST, KEY, asked, held, post, said
from tests.channels.test_contract import validator

HOOK = {"webhook_url": "https://hooks.slack.com/services/T0FAKE/B0FAKE/fake"}
BOT = {"bot_token": "xoxb-fake", "channel": "C0123ABCDEF"}


def slack(**options: str) -> Any:
    return Slack(SlackOptions.model_validate(options))


def body(request: Request) -> Any:
    return json.loads(request.content)


def test_the_options_choose_the_way_and_only_a_bot_can_look() -> None:
    assert type(slack(**HOOK)) is Slack
    assert type(slack(**BOT)) is SlackBot
    assert not isinstance(slack(**HOOK), Finds)
    assert isinstance(slack(**BOT), Finds)


# words


def test_a_text_with_a_star_is_not_made_bold_because_the_star_would_end_it() -> None:
    assert strong("Apollo 11") == "*Apollo 11*"
    assert strong("5 * 3") == "5 * 3"
    assert strong("  ") == "  "


@given(url=st.text(max_size=60), label=st.text(max_size=60))
def test_no_label_and_no_address_breaks_out_of_a_link(url: str, label: str) -> None:
    inside = link(url, label)[1:-1]

    assert inside.count("|") == 1
    assert not set("<>") & set(inside)


def test_a_title_is_cut_to_a_header_between_graphemes_and_never_in_an_entity() -> None:
    family, entity = "👨\u200d👩\u200d👧\u200d👧", "&"

    header = blocks(post(title=family * 40).message)[0]["text"]["text"]
    escaped = escaped_within(entity * 60, 150)

    assert header == family * 21 + "…"
    assert escaped == "&amp;" * 29 + "…"


def test_the_notification_says_title_and_plain_text_and_is_at_most_4000_long() -> None:
    assert fallback(post(title="A & B", plain="<x>").message) == "A &amp; B\n&lt;x&gt;"
    assert len(fallback(post(plain="é" * 9000).message)) == 4000


# dividing


def test_a_long_text_is_divided_at_a_paragraph() -> None:
    assert list(pieces("one two.\n\nthree four.\nfive", 22)) == ["one two.\n\nthree four.", "five"]
    assert list(pieces("aaaa aaaa.\n\nbbbb\nbbbb", 18)) == ["aaaa aaaa.", "bbbb\nbbbb"]


def test_without_a_paragraph_it_is_a_line_then_a_sentence_then_a_word() -> None:
    assert list(pieces("aaaa aaaa\nbbbb bbbb", 16)) == ["aaaa aaaa", "bbbb bbbb"]
    assert list(pieces("Aaaa aaa. Bbbb bbbb.", 16)) == ["Aaaa aaa.", "Bbbb bbbb."]
    assert list(pieces("aaaa aaaa bbbb bbbb", 16)) == ["aaaa aaaa bbbb", "bbbb"]


def test_a_link_or_an_entity_is_never_divided() -> None:
    assert list(pieces("word word <http://a.org|b c>", 20)) == ["word word", "<http://a.org|b c>"]
    assert list(pieces("xxxxxxxx&amp;", 10)) == ["xxxxxxxx", "&amp;"]


def test_a_link_that_no_piece_can_hold_leaves_its_label() -> None:
    assert list(pieces("word <https://example.org/|a label> end", 20)) == ["word a label end"]


PARTS = st.sampled_from(
    ["word ", "漢字", "👨\u200d👩\u200d👧", "\n", "\n\n", "End. ", "&amp;", "&lt;", "<https://example.org/a|a b>"]
)


@given(parts=st.lists(PARTS, max_size=120), limit=st.integers(40, 200))
def test_pieces_are_within_the_limit_whole_and_lose_only_space(parts: list[str], limit: int) -> None:
    text = "".join(parts)

    found = list(pieces(text, limit))

    assert all(0 < len(piece) <= limit for piece in found)
    assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", text)
    assert all(piece.count("<") == piece.count(">") and not re.search(r"&[a-z]*$", piece) for piece in found)


@given(text=st.text(min_size=1, max_size=400), limit=st.integers(1, 20))
def test_any_text_can_be_divided(text: str, limit: int) -> None:
    assert all(len(piece) <= limit for piece in pieces(text, limit))


# blocks


def test_a_full_budget_with_the_longest_picture_text_is_still_taken() -> None:
    image = Image("https://img.example.org/a.jpg", "alt " * 600, "credit " * 90)

    built = blocks(post("word " * (BUDGET.limit // 5), title="t" * 400, image=image).message)

    texts = [block["text"]["text"] for block in built if "text" in block]
    assert [block["type"] for block in built] == ["header", "section", "section", "section", "image", "context"]
    assert max(map(len, texts)) <= SECTION
    assert sum(map(len, texts)) + len(built[4]["alt_text"]) + len(built[5]["elements"][0]["text"]) <= ALL_BLOCKS


def test_a_text_beyond_all_blocks_is_sent_as_text_only() -> None:
    assert blocks(post("word " * 2000).message) == []
    assert "blocks" not in body(asked(slack(**HOOK).post(post("word " * 2000), {})))


@pytest.mark.parametrize(
    "url", ["", "ftp://example.org/a.png", "https://example.org/a b.png", "https://example.org/" + "a" * 3000]
)
def test_a_picture_that_slack_would_refuse_is_left_out(url: str) -> None:
    assert [block["type"] for block in blocks(post(image=Image(url, "alt", "")).message)] == ["header", "section"]


def test_a_picture_without_words_is_described_by_the_title() -> None:
    built = blocks(post(title="Moon", image=Image("https://img.example.org/a.jpg", "", "")).message)

    assert built[-1] == {"type": "image", "image_url": "https://img.example.org/a.jpg", "alt_text": "Moon"}


# posting


def test_refused_blocks_are_left_out_and_the_text_is_sent_once_more() -> None:
    found, steps = held(slack(**HOOK).post(post(), {}), said("invalid_blocks", 400), said("ok"))

    assert found == Receipt()
    assert [("blocks" in body(step), step.commits) for step in steps if isinstance(step, Request)] == [
        (True, True),
        (False, True),
    ]


def test_a_later_part_is_a_reply_and_stands_alone_where_replies_are_forbidden() -> None:
    conversation = slack(**BOT).post(post(part=2, parts=2, reply_to=Receipt("1784527201.000300")), {})

    found, steps = held(
        conversation,
        said({"ok": False, "error": "cannot_reply_to_message"}),
        said({"ok": True, "ts": "1784527202.000400"}),
    )

    assert found == Receipt("1784527202.000400")
    assert [body(step).get("thread_ts") for step in steps if isinstance(step, Request)] == ["1784527201.000300", None]


def test_what_slack_cut_off_is_noted() -> None:
    answer = {"ok": True, "ts": "1784527201.000300", "response_metadata": {"warnings": ["message_truncated"]}}

    assert held(slack(**BOT).post(post(), {}), said(answer))[0].note == "Slack cut the text"


# cards

ADDRESS = said({"ok": True, "upload_url": "https://files.slack.com/upload/v1/ABC", "file_id": "F0123ABC"})
STORED, COMPLETE = said("OK - 1234"), said({"ok": True, "files": [{"id": "F0123ABC", "title": "On this day"}]})
UPLOADED = (ADDRESS, STORED, COMPLETE)
POSTED = said({"ok": True, "ts": "1784527202.000400"})
NOT_YET = said({"ok": False, "error": "invalid_blocks"})
NO_SCOPE = said({"ok": False, "error": "missing_scope", "needed": "files:write"})
STRANGE = said({"ok": True, "upload_url": "ftp://files.slack.com/a", "file_id": "F1"})


def requests(steps: list[Any]) -> list[Request]:
    return [step for step in steps if isinstance(step, Request)]


def shows(request: Request) -> list[Any]:
    return [each for each in body(request)["blocks"] if each["type"] == "image"]


def test_a_card_is_uploaded_in_three_steps_and_stands_in_the_post() -> None:
    found, steps = held(slack(**BOT).post(post(image=DRAWN), {}), *UPLOADED, POSTED)

    ask, store, complete, publish = requests(steps)
    assert [each.url for each in requests(steps)] == [
        "https://slack.com/api/files.getUploadURLExternal",
        "https://files.slack.com/upload/v1/ABC",
        "https://slack.com/api/files.completeUploadExternal",
        "https://slack.com/api/chat.postMessage",
    ]
    assert [each.commits for each in requests(steps)] == [False, False, False, True]
    form = {name: value for name, (value,) in parse_qs(ask.content.decode()).items()}
    assert form == {"filename": "picture.png", "length": str(len(drawn(CARD))), "alt_txt": CARD.alt}
    validator("slack.files.getUploadURLExternal").validate({**form, "length": int(form["length"])})
    assert (store.content, store.headers) == (drawn(CARD), {"content-type": "image/png"}), "without the token"
    validator("slack.files.completeUploadExternal").validate(body(complete))
    assert body(complete) == {"files": [{"id": "F0123ABC", "title": "On this day"}]}, "in no channel: the post shows it"
    assert shows(publish) == [{"type": "image", "slack_file": {"id": "F0123ABC"}, "alt_text": CARD.alt}]
    validator("slack.chat.postMessage").validate(body(publish))
    assert found == Receipt("1784527202.000400")


def test_while_slack_is_at_work_on_the_file_the_post_waits() -> None:
    found, steps = held(slack(**BOT).post(post(image=DRAWN), {}), *UPLOADED, NOT_YET, NOT_YET, POSTED)

    assert [type(step).__name__ for step in steps[3:]] == ["Request", "Wait", "Request", "Wait", "Request"]
    assert all(shows(each) for each in requests(steps)[3:])
    assert found.note == ""


def test_a_file_that_is_never_ready_is_left_out_and_the_other_blocks_stay() -> None:
    found, steps = held(slack(**BOT).post(post(image=DRAWN), {}), *UPLOADED, *[NOT_YET] * 6, POSTED)

    assert [bool(shows(each)) for each in requests(steps)[3:]] == [True] * 6 + [False]
    assert found.note == WITHOUT


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ((NO_SCOPE,), ": Slack answered 200: missing_scope (needs files:write); add the scope to the app"),
        ((said("", 503),), ": Slack"),
        ((said({"ok": True}),), ""),
        ((STRANGE,), ""),
        ((ADDRESS, said("no", 500)), ""),
        ((ADDRESS, STORED, said({"ok": False, "error": "file_not_found"})), ": Slack"),
    ],
)
def test_a_post_never_fails_for_want_of_its_card(answers: tuple[Answer, ...], why: str) -> None:
    found, steps = held(slack(**BOT).post(post(image=DRAWN), {}), *answers, POSTED)

    assert shows(requests(steps)[-1]) == []
    assert found.note.startswith(f"{WITHOUT}{why}")


def test_an_upload_that_does_not_arrive_is_done_without() -> None:
    conversation = slack(**BOT).post(post(image=DRAWN), {})
    next(conversation)
    conversation.send(ADDRESS)

    request = conversation.throw(Unavailable("files.slack.com is away"))

    assert isinstance(request, Request)
    assert request.commits
    assert shows(request) == []


def test_an_edit_shows_the_new_card() -> None:
    wanted = post(image=DRAWN, corrects=Posted("1784527201.000200", "k", "2026-07-20"))

    found, steps = held(slack(**BOT).edit(wanted, {}), *UPLOADED, said({"ok": True, "ts": "1784527201.000200"}))

    change = requests(steps)[-1]
    assert change.url.endswith("/chat.update")
    assert shows(change) == [{"type": "image", "slack_file": {"id": "F0123ABC"}, "alt_text": CARD.alt}]
    assert found == Receipt("1784527201.000200")


def test_a_webhook_takes_no_card_and_a_draft_shows_none() -> None:
    assert isinstance(slack(**BOT), Uploads)
    assert not isinstance(slack(**HOOK), Uploads)
    assert shows(asked(slack(**HOOK).post(post(image=DRAWN), {}))) == []
    assert shows(slack(**BOT).draft(post(image=DRAWN))) == []


# looking


def message(key: str, ts: str = "1784527201.000300") -> dict[str, Any]:
    return {"ts": ts, "metadata": {"event_type": "daily_post", "event_payload": {"digest": key}}}


def test_a_post_is_found_by_its_key_among_those_since_the_first_try() -> None:
    page = {"ok": True, "messages": [{"ts": "1"}, message("another"), message(KEY, "1784527203.000100")]}

    found, steps = held(slack(**BOT).find(post(first_tried=FIRST), {}), said(page))

    assert found == Receipt("1784527203.000100")
    assert isinstance(steps[0], Request)
    query = parse_qs(urlsplit(steps[0].url).query)
    assert query == {
        "channel": ["C0123ABCDEF"],
        "oldest": [f"{FIRST.timestamp() - 60:.6f}"],
        "limit": ["15"],
        "include_all_metadata": ["true"],
    }
    assert steps[0].headers["authorization"] == "Bearer xoxb-fake"
    assert not steps[0].commits


def test_a_post_that_is_not_there_is_not_found() -> None:
    assert held(slack(**BOT).find(post(first_tried=FIRST), {}), said({"ok": True, "messages": []}))[0] is None


def test_a_busy_channel_is_read_page_by_page() -> None:
    first = {"ok": True, "messages": [message("another")], "response_metadata": {"next_cursor": "next=="}}

    found, steps = held(
        slack(**BOT).find(post(first_tried=FIRST), {}), said(first), said({"ok": True, "messages": [message(KEY)]})
    )

    assert found == Receipt("1784527201.000300")
    assert isinstance(steps[1], Request)
    assert parse_qs(urlsplit(steps[1].url).query)["cursor"] == ["next=="]


def test_a_look_that_comes_to_no_end_is_a_doubt_and_not_a_no() -> None:
    page = said({"ok": True, "messages": [], "response_metadata": {"next_cursor": "next=="}})

    with pytest.raises(InDoubt):
        held(slack(**BOT).find(post(first_tried=FIRST), {}), page, page, page, page)


def test_a_server_that_reads_only_by_post_is_asked_so() -> None:
    conversation = slack(**BOT).find(post(first_tried=FIRST), {})

    found, steps = held(conversation, said("", 404), said({"ok": True, "messages": [message(KEY)]}))

    assert found == Receipt("1784527201.000300")
    assert [step.method for step in steps if isinstance(step, Request)] == ["GET", "POST"]


def test_a_token_is_tried_without_posting() -> None:
    assert held(slack(**BOT).check(), said({"ok": True, "user": "otd", "team": "Example"}))[0] == "otd in Example"
    with pytest.raises(Refused, match="invalid_auth"):
        held(slack(**BOT).check(), said({"ok": False, "error": "invalid_auth"}))


# options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "needs either webhook_url or bot_token"),
        ({**HOOK, **BOT}, "needs either webhook_url or bot_token"),
        ({"bot_token": "xoxb-fake"}, "bot_token and channel belong together"),
        ({**HOOK, "channel": "C0123ABCDEF"}, "bot_token and channel belong together"),
        ({**BOT, "channel": "#general"}, "'#general' is not the ID of a channel"),
        ({**BOT, "bot_token": "xoxp-fake"}, "copy the one that begins with xoxb-"),
        ({"webhook_url": "https://example.slack.com/archives/C0123ABCDEF"}, "this is not the address of a webhook"),
        ({"webhook_url": "https://hooks.slack.com/triggers/T0FAKE/1/fake"}, "this is not the address of a webhook"),
        ({"webhook_url": "http://hooks.example.org/services/fake"}, "would send secrets in the clear"),
        ({"webhook_url": "hooks.slack.com/services/T/B/fake"}, "write it whole, with https://"),
        ({"webhook_url": "https://me:fake@example.org/"}, "holds a user name"),
        ({**BOT, "api_url": "slack"}, "api_url is not an address"),
    ],
)
def test_a_mistake_in_the_options_says_what_to_write(options: dict[str, str], words: str) -> None:
    with pytest.raises(Problems, match=re.escape(words)):
        check(parse(json.dumps(options), "config.yaml", []), SlackOptions)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/services/T/B/x", "http://localhost/x", "https://chat.example.org/hooks/x"]
)
def test_servers_that_speak_slacks_language_are_taken(url: str) -> None:
    assert asked(slack(webhook_url=url).post(post(), {})).url == url


def test_foreign_text_calls_nobody() -> None:
    assert escape("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
