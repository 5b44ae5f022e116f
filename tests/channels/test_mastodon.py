"""What is true of Mastodon's API alone: counting, learning limits, looking first, pictures, warnings."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Answer, InDoubt, Posted, Receipt, Refused, Request, Throttled, Unavailable, Wait
from bot.channels._mastodon_text import count, quiet, same
from bot.channels._pictures import STILL, WITHOUT, Picture
from bot.channels.mastodon import Mastodon as Channel
from bot.channels.mastodon import MastodonOptions
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.cards.drawing import drawn
from bot.rendering.message import Image
from tests.channels.asking import CARD, DRAWN, FIRST, KEY, asked, held, post, said
from tests.channels.test_contract import validator
from tests.channels.test_pictures import PNG
from tests.channels.test_pictures import answer as bytes_of

ME = {"id": "14715", "acct": "otd", "bot": True}
SERVER = "https://mastodon.example.org"
LINK = "https://example.org/a/very/long/address/that/is/longer/than/23"


def mastodon(**options: Any) -> Channel:
    return Channel(MastodonOptions.model_validate({"server": SERVER, "access_token": "fake", **options}))


def body(request: Any) -> Any:
    return json.loads(request.content)


# counting


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("https://example.org/a(b)c", 23),
        ("https://example.org/a(b", 23 + 2),
        ("see https://example.org/wiki/Foo_(bar).", 4 + 23 + 1),
        ("https://example.org/a?b=c!", 23 + 1),
        ("https://localhost/a", len("https://localhost/a")),
        ("xhttps://example.org", len("xhttps://example.org")),
        ("\u201chttps://example.org/\u201d", 25),
        ("https://m\u00fcnchen.example/", 23),
        ("https://example.org/@user@other.example.org", 23),
        ("https://example.org,https://example.org", 23 + 1 + 23),
        ("https://a.b", len("https://a.b")),
        ("@a_b.c@example.org.", len("@a_b.c.")),
        ("a@b@c.example", len("a@b@c.example")),
        ("@", 1),
    ],
)
def test_addresses_and_mentions_are_weighed_and_all_else_counted(status: str, expected: int) -> None:
    assert count(status) == expected


def test_the_servers_own_weight_of_an_address_counts() -> None:
    assert count(f"a {LINK}", url_weight=30) == 32


@given(st.text(st.sampled_from("ab.:/@?&=()#漢é\u200d👋 \nhtps"), max_size=80))
def test_counting_any_text_ends_and_is_never_negative(text: str) -> None:
    assert 0 <= count(text) <= len(text) + 23 * text.count("http")


def test_counting_a_hostile_text_takes_no_time() -> None:
    assert count("https://" + "a." * 20_000 + "((((" * 5_000) > 0
    assert count("@" + "a." * 30_000 + "@") > 0


# words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@alice and @bob@example.org", "@\u200balice and @\u200bbob@example.org"),
        ("(@alice)", "(@\u200balice)"),
        ("mail a@example.org", "mail a@example.org"),
        ("https://example.org/@alice stays", "https://example.org/@alice stays"),
        ("5 @ 3", "5 @ 3"),
        ("@علی", "@\u200bعلی"),
        ("#tag :shortcode:", "#tag :shortcode:"),
    ],
)
def test_foreign_text_calls_nobody(text: str, expected: str) -> None:
    assert quiet(text) == expected
    assert quiet(quiet(text)) == expected


def test_a_link_is_label_and_address() -> None:
    assert Channel.markup.link("https://example.org/@a", "by @a") == "by @\u200ba: https://example.org/@a"


def test_the_html_of_a_status_is_the_same_as_what_was_sent() -> None:
    html = '<p>Tom &amp; Jerry&#39;s &lt;3<br />line two</p><p><a href="x"><span class="invisible">https://</span>example.org</a></p>'

    assert same(html, "Tom & Jerry's <3\nline two\n\nhttps://example.org")
    assert not same(html, "Tom & Jerry's <3")


def test_a_server_that_reads_markdown_shows_the_same_status() -> None:
    """Hollo, Akkoma and GoToSocial do, the latter where an account asks for it."""
    html = "<p>Ends <em>stars</em> <code>ticks</code> &ldquo;quoted&rdquo;</p><ul><li>one &ndash; two</li></ul>"

    assert same(html, 'Ends *stars* `ticks` "quoted"\n\n- one -- two')
    assert not same(html, "Ends *stars* `ticks` quoted\n\n- one -- three")
    assert same("<p>👩‍🚀 !</p>", "👩‍🚀\n!")
    assert not same("<p>👩‍🚀</p>", "👨‍🚀")


# budget and limits


def test_the_budget_is_the_servers_less_the_content_warning() -> None:
    budget = mastodon(content_warning="history").budget({"max_characters": 1000})

    assert budget.limit == 993
    assert budget.size(f"see {LINK}") == 27
    assert mastodon().budget({}).limit == 500


def test_gotosocial_counts_addresses_and_code_points_in_full() -> None:
    budget = mastodon().budget({"max_characters": 5000, "counts_in_full": True})

    assert budget.size(LINK) == len(LINK)
    assert budget.size("👨\u200d👩\u200d👧") == 5
    assert budget.size("https://a.co") == 23


def test_limits_are_learnt_from_the_server() -> None:
    instance = {
        "version": "4.4.0",
        "source_url": "https://github.com/mastodon/mastodon",
        "configuration": {
            "statuses": {"max_characters": 1000, "characters_reserved_per_url": 25, "max_media_attachments": 6},
            "media_attachments": {"description_limit": 5000, "image_size_limit": 1, "image_matrix_limit": "big"},
        },
    }

    found, steps = held(mastodon().learn(), said(instance))

    assert found == {
        "max_characters": 1000,
        "characters_reserved_per_url": 25,
        "max_media_attachments": 6,
        "description_limit": 5000,
        "image_size_limit": 1,
        "counts_in_full": False,
    }
    assert json.loads(json.dumps(found)) == found
    assert isinstance(steps[0], Request)
    assert steps[0].url == f"{SERVER}/api/v2/instance"


def test_an_older_server_is_asked_in_the_older_way() -> None:
    found, steps = held(
        mastodon().learn(), said({"error": "Not Found"}, 404), said({"version": "2.7.2", "max_toot_chars": 5000})
    )

    assert found == {"max_characters": 5000, "counts_in_full": False}
    assert [step.url for step in steps if isinstance(step, Request)][1] == f"{SERVER}/api/v1/instance"


@pytest.mark.parametrize(
    "told", [{"version": "0.20.0", "source_url": "https://example.org/gotosocial"}, {"version": "GoToSocial 0.20"}]
)
def test_gotosocial_is_recognised(told: dict[str, str]) -> None:
    assert held(mastodon().learn(), said(told))[0]["counts_in_full"] is True


def test_limits_that_make_no_sense_are_not_believed() -> None:
    instance = {"configuration": {"statuses": {"max_characters": 0, "characters_reserved_per_url": True}}}

    assert held(mastodon().learn(), said(instance))[0] == {"counts_in_full": False}


def test_a_page_that_is_no_mastodon_is_the_owners_to_mend() -> None:
    with pytest.raises(Refused, match="does not answer as a Mastodon server does") as caught:
        held(mastodon().learn(), said("<html>hello</html>"))
    assert not caught.value.lasting


def test_a_server_that_is_down_says_nothing_about_limits() -> None:
    with pytest.raises(Unavailable):
        held(mastodon().learn(), said("", 502))


# posting


def test_a_solemn_message_carries_the_warning_and_others_only_if_wished() -> None:
    def warning(tone: str, **options: str) -> Any:
        return body(asked(mastodon(content_warning="history", **options).post(post(tone=tone), {}))).get("spoiler_text")

    assert warning("solemn") == "history"
    assert warning("neutral") is None
    assert warning("neutral", content_warning_for="all") == "history"


def test_what_the_owner_chose_is_always_said() -> None:
    written = body(asked(mastodon(visibility="private", sensitive=True).post(post(language="fa"), {})))

    assert (written["visibility"], written["language"], written["sensitive"]) == ("private", "fa", True)


def test_a_reply_whose_target_is_gone_is_posted_alone_with_the_same_key() -> None:
    conversation = mastodon().post(post(reply_to=Receipt("42"), part=2, parts=2), {})

    found, steps = held(conversation, said({"error": "Record not found"}, 404), said({"id": "43", "url": "u"}))

    assert found == Receipt("43", "u")
    requests = [step for step in steps if isinstance(step, Request)]
    assert [body(each).get("in_reply_to_id") for each in requests] == ["42", None]
    assert {each.headers["idempotency-key"] for each in requests} == {KEY}
    assert all(each.commits for each in requests)


# looking


def status(
    number: int, content: str = "something else", created: str = "2026-07-20T06:00:01Z", **more: str
) -> dict[str, Any]:
    return {"id": str(number), "url": f"u/{number}", "content": f"<p>{content}</p>", "created_at": created, **more}


def test_a_repeat_reads_on_where_much_was_posted_since() -> None:
    first = [status(number) for number in range(20)]

    found, steps = held(
        mastodon().find(post("hello", first_tried=FIRST), {}), said(ME), said(first), said([status(99, "hello")])
    )

    assert found == Receipt("99", "u/99")
    assert isinstance(steps[1], Request)
    assert isinstance(steps[2], Request)
    assert steps[1].url == f"{SERVER}/api/v1/accounts/14715/statuses?limit=20&exclude_reblogs=true"
    assert steps[2].url.endswith("&max_id=19")


def test_a_look_that_comes_to_no_end_is_a_doubt() -> None:
    page = said([status(number) for number in range(20)])

    with pytest.raises(InDoubt):
        held(mastodon().find(post("hello", first_tried=FIRST), {}), said(ME), *[page] * 5)


def test_of_several_that_read_the_same_the_oldest_is_found_that_is_none_of_the_others() -> None:
    newest = said([status(9, "hello"), *(status(number) for number in range(19))])
    alike = [said(ME), newest, said([status(5, "hello"), status(4, "hello")])]
    others = [Receipt("4", "u/4"), Receipt("5", "u/5"), Receipt("9", "u/9")]

    def found(*known: Receipt) -> Receipt | None:
        again = post("hello", first_tried=FIRST, others=frozenset(known))
        receipt, _ = held(mastodon().find(again, {}), *alike)
        assert receipt is None or isinstance(receipt, Receipt)
        return receipt

    assert found() == others[0]
    assert found(others[0]) == others[1]
    assert found(*others[:2]) == others[2]
    assert found(*others) is None
    assert found(Receipt("4", "another server's/4")) == others[0]


@pytest.mark.parametrize(
    ("wanted", "there", "same"),
    [("public", "unlisted", True), ("unlisted", "unlisted", True), ("private", "public", False), ("direct", "direct", True)],
)
def test_a_post_for_other_readers_is_another_post(wanted: str, there: str, *, same: bool) -> None:
    page = said([status(4, "hello", visibility=there)])

    found, _ = held(mastodon(visibility=wanted).find(post("hello", first_tried=FIRST), {}), said(ME), page)

    assert (found is not None) is same


def test_a_look_that_is_throttled_posts_nothing() -> None:
    with pytest.raises(Throttled):
        held(mastodon().post(post(first_tried=FIRST), {}), said(ME), said({"error": "Too many requests"}, 429))


def test_a_private_account_is_not_looked_at_without_its_token() -> None:
    with pytest.raises(Refused):
        held(mastodon(visibility="private").find(post(first_tried=FIRST), {}), said(ME), said({"error": "no"}, 403))


def test_a_token_is_tried_without_posting() -> None:
    assert held(mastodon().check(), said(ME))[0] == "@otd on mastodon.example.org"
    assert "does not say that it is a bot" in held(mastodon().check(), said({**ME, "bot": False}))[0]


# pictures

IMAGE = Image("https://img.example.org/1969.png", "Bootprint", "NASA")
PICTURE = Picture(b"\x89PNG\r\n", "image/png", 4, 3)
NO_SCOPE = said({"error": "This action is outside the authorized scopes"}, 403)
READY = said({"id": "7", "url": "u"})
_FIELD = re.compile(rb'\r\ncontent-disposition: form-data; name="(\w+)"\r\n\r\n(.*)\r\n', re.DOTALL)


def parts(upload: Request) -> list[bytes]:
    boundary = upload.headers["content-type"].removeprefix("multipart/form-data; boundary=")
    first, *found, last = upload.content.split(f"--{boundary}".encode())
    assert (first, last) == (b"", b"--\r\n")
    return found


def fields(upload: Request) -> dict[str, str]:
    """The fields of a form that are no file, as the server reads them."""
    named = map(_FIELD.fullmatch, parts(upload))
    return {found[1].decode(): found[2].decode() for found in named if found}


def requests(steps: list[Any]) -> list[Request]:
    return [step for step in steps if isinstance(step, Request)]


def test_a_picture_is_uploaded_with_its_words_and_waited_for() -> None:
    conversation = mastodon().upload(PICTURE, IMAGE, {})

    found, steps = held(conversation, said({"id": "7", "url": None}, 202), said({"id": "7"}, 206), READY)

    assert found == "7"
    assert [type(step) for step in steps] == [Request, Wait, Request, Wait, Request]
    upload = requests(steps)[0]
    assert (upload.method, upload.url, upload.commits, upload.timeout) == ("POST", f"{SERVER}/api/v2/media", False, 60)
    assert fields(upload) == {"description": "Bootprint (NASA)"}
    assert parts(upload)[1].endswith(b'filename="picture.png"\r\ncontent-type: image/png\r\n\r\n\x89PNG\r\n\r\n')


def test_the_words_of_a_picture_are_cut_to_the_servers_limit() -> None:
    upload = asked(mastodon().upload(PICTURE, Image("", "a" * 2000, ""), {"description_limit": 100}))

    assert fields(upload) == {"description": "a" * 100}


def test_a_picture_that_is_never_ready_is_given_up_for_now() -> None:
    with pytest.raises(Unavailable, match="still at work"):
        held(mastodon().upload(PICTURE, IMAGE, {}), said({"id": "7"}, 202), *[said({"id": "7"}, 206)] * 30)


def test_a_card_is_uploaded_before_the_post_and_attached() -> None:
    found, steps = held(mastodon().post(post(image=DRAWN), {}), READY, said({"id": "43", "url": "u"}))

    upload, publish = requests(steps)
    validator("mastodon.media.multipart").validate(fields(upload))
    assert fields(upload) == {"description": CARD.alt, "focus": "-0.30,0.30"}
    assert parts(upload)[2].endswith(drawn(CARD) + b"\r\n")
    assert (upload.commits, publish.commits) == (False, True)
    assert body(publish)["media_ids"] == ["7"]
    validator("mastodon.status").validate(body(publish))
    assert found == Receipt("43", "u")


def test_a_picture_by_address_is_fetched_without_a_credential() -> None:
    _, steps = held(mastodon().post(post(image=IMAGE), {}), bytes_of(PNG), READY, said({"id": "43"}))

    fetch, upload, publish = requests(steps)
    assert (fetch.method, fetch.url) == ("GET", IMAGE.url)
    assert "authorization" not in fetch.headers
    assert fields(upload) == {"description": "Bootprint (NASA)"}
    assert body(publish)["media_ids"] == ["7"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said({"error": "Validation failed: File content type is invalid"}, 422), ""),
        (
            said({"error": "This action is outside the authorized scopes"}, 403),
            ": mastodon.example.org answered 403: This action is outside",
        ),
        (said({"error": "Too many requests"}, 429), ": mastodon.example.org answered 429"),
        (said("", 500), ": mastodon.example.org"),
    ],
)
def test_a_post_never_fails_for_want_of_its_picture(answer: Answer, why: str) -> None:
    found, steps = held(mastodon().post(post(image=DRAWN), {}), answer, said({"id": "43"}))

    assert "media_ids" not in body(requests(steps)[-1])
    assert found.note.startswith(f"{WITHOUT}{why}")


def test_an_upload_that_does_not_arrive_is_done_without() -> None:
    conversation = mastodon().post(post(image=DRAWN), {})
    next(conversation)

    request = conversation.throw(Unavailable("the server is away"))

    assert isinstance(request, Request)
    assert request.commits
    assert "media_ids" not in body(request)


def test_a_post_whose_picture_is_not_ready_after_all_waits_for_it_with_the_same_key() -> None:
    not_ready = said({"error": "Cannot attach files that have not finished processing. Try again in a moment!"}, 422)

    found, steps = held(mastodon().post(post(image=DRAWN), {}), READY, not_ready, not_ready, said({"id": "43"}))

    assert [type(step) for step in steps] == [Request, Request, Wait, Request, Wait, Request]
    assert {each.headers["idempotency-key"] for each in requests(steps)[1:]} == {KEY}
    assert {body(each)["media_ids"][0] for each in requests(steps)[1:]} == {"7"}
    assert found.note == ""


def test_a_picture_that_is_refused_with_the_post_is_left_out() -> None:
    gone = said({"error": "Bad Request: media not found: 7"}, 400)

    found, steps = held(mastodon().post(post(image=DRAWN), {}), READY, gone, said({"id": "43"}))

    assert ["media_ids" in body(each) for each in requests(steps)[1:]] == [True, False]
    assert found.note == WITHOUT


def test_a_repeat_looks_before_it_uploads_anything() -> None:
    again = post("hello", image=DRAWN, first_tried=FIRST)

    found, steps = held(mastodon().post(again, {}), said(ME), said([status(9, "hello")]))

    assert found == Receipt("9", "u/9")
    assert [each.method for each in requests(steps)] == ["GET", "GET"]


def edited(*answers: Answer, **more: Any) -> tuple[Receipt, list[Request]]:
    """A correction of a status that has a picture."""
    there = said({"id": "42", "media_attachments": [{"id": "3"}]})
    corrected = post(corrects=Posted("42", "k", "2026-07-20"), **more)
    found, steps = held(mastodon().edit(corrected, {}), there, *answers)
    return found, requests(steps)


@pytest.mark.parametrize(("image", "before"), [(DRAWN, ()), (IMAGE, (bytes_of(PNG),))])
def test_an_edit_puts_a_new_picture_in_the_place_of_the_old_one(image: Image, before: tuple[Answer, ...]) -> None:
    found, steps = edited(*before, READY, said({"id": "42", "url": "u"}), image=image)

    assert (steps[-1].method, body(steps[-1])["media_ids"]) == ("PUT", ["7"])
    assert found == Receipt("42", "u")


@pytest.mark.parametrize("answer", [said("", 500), said({"error": "Validation failed"}, 422)])
def test_where_a_new_picture_is_not_taken_an_edit_keeps_the_old_one_and_says_so(answer: Answer) -> None:
    found, steps = edited(answer, said({"id": "42"}), image=DRAWN)

    assert body(steps[-1])["media_ids"] == ["3"]
    assert found.note.startswith(STILL)


def test_a_server_that_keeps_the_old_picture_whatever_it_is_asked_is_told_of() -> None:
    found, _ = edited(READY, said({"id": "42", "media_attachments": [{"id": "3"}]}), image=DRAWN)

    assert found.note == STILL


def test_a_picture_that_there_is_no_other_for_stays_and_the_owner_is_told() -> None:
    found, (_, change) = edited(said({"id": "42"}))

    assert body(change)["media_ids"] == ["3"]
    assert found.note == STILL


def test_a_draft_is_the_post_without_its_picture() -> None:
    draft = mastodon().draft(post(image=DRAWN))

    assert draft.commits
    assert "media_ids" not in body(draft)


# options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"server": "mastodon.example.org"}, "write it whole, with https://"),
        ({"server": "https://mastodon.example.org/@otd"}, "write only https://mastodon.example.org"),
        ({"server": "http://mastodon.example.org"}, "write https://"),
        ({"access_token": "two words"}, "copy it again"),
        ({"access_token": ""}, "copy it again"),
        ({"visibility": "followers"}, "known are public, unlisted, private, direct"),
        ({"visibility": "pubic"}, "did you mean 'public'?"),
    ],
)
def test_a_mistake_in_the_options_says_what_to_write(options: dict[str, str], words: str) -> None:
    with pytest.raises(Problems, match=re.escape(words)):
        check(parse(json.dumps({"server": SERVER, "access_token": "fake", **options}), "config.yaml", []), MastodonOptions)
