"""Does a letter get there, whole and once, and is it known what happened where it does not? Against a server on loopback."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels import Failure, InDoubt, Post, Posted, Receipt, Refused, Scope, Throttled, Unavailable
from bot.channels import email as kind
from bot.channels._email_letter import Letter, mailbox, subject
from bot.channels.email import SETTLED, Email, EmailOptions
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.compose import compose, style
from bot.rendering.message import Image
from bot.resources import shipped
from tests.channels import asking
from tests.channels.mailserver import PASSWORD, USER, MailServer, certificate

SENDER, ANN, BOB = "On this day <otd@news.example.org>", "ann@example.org", "bob@example.org"
DUE = datetime(2026, 7, 20, 6, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    SETTLED.clear()
    yield
    SETTLED.clear()


def options(**more: Any) -> EmailOptions:
    return EmailOptions.model_validate({"server": "127.0.0.1", "tls": "none", "sender": SENDER, "to": ANN, **more})


def post(text: str = "Apollo 11 lands.", **more: Any) -> Post:
    return asking.post(text, **{"due": DUE, **more})


async def claimed() -> None:
    return


Claim = Callable[[], Awaitable[None]]


def delivered(
    server: MailServer, wanted: Post | None = None, *, implicit: bool = False, claim: Claim = claimed, **more: Any
) -> Receipt:
    """What comes of one attempt. A failure is raised as it is."""

    async def attempt() -> Receipt:
        async with server.listening(implicit=implicit) as port:
            return await Email(options(port=port, **more)).deliver(wanted or post(), claim)

    return asyncio.run(attempt())


def failed(server: MailServer, **more: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        delivered(server, **more)
    return caught.value


def read(content: bytes) -> EmailMessage:
    found = email.message_from_bytes(content, policy=email.policy.SMTP)
    assert isinstance(found, EmailMessage)
    return found


def parts(letter: EmailMessage) -> dict[str, str]:
    return {part.get_content_type(): part.get_content() for part in letter.iter_parts()}


# what is sent


def test_a_letter_says_what_a_list_letter_has_to_say() -> None:
    server = MailServer()

    found = delivered(server, unsubscribe=["https://example.org/u/abc123", "mailto:unsub@example.org"], stream="otd")

    (taken,) = server.letters
    letter = read(taken.content)
    assert (taken.sender, taken.recipient) == ("otd@news.example.org", ANN)
    assert dict(letter.items()) == {
        "From": SENDER,
        "To": ANN,
        "Subject": "On this day",
        "Date": "Mon, 20 Jul 2026 06:00:00 +0000",
        "Message-ID": "<ce128b5946f67ae2f0875615ef9d6456.2026-07-20@news.example.org>",
        "Content-Language": "en",
        "List-Id": "On this day <otd.news.example.org>",
        "List-Unsubscribe": "<https://example.org/u/abc123>, <mailto:unsub@example.org>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "Content-Type": letter["Content-Type"],
        "MIME-Version": "1.0",
    }
    assert found == Receipt(id="<ce128b5946f67ae2f0875615ef9d6456.2026-07-20@news.example.org>")


def test_the_text_comes_as_text_and_as_html() -> None:
    server = MailServer()
    message = post("<strong>Apollo 11</strong> lands.\nTwo walk.\n\nMore", plain="Apollo 11 lands.\nTwo walk.\n\nMore")

    delivered(server, message)

    letter = read(server.letters[0].content)
    found = parts(letter)
    assert letter.get_content_type() == "multipart/alternative"
    assert list(found) == ["text/plain", "text/html"]
    assert found["text/plain"].replace("\r\n", "\n") == "Apollo 11 lands.\nTwo walk.\n\nMore\n"
    page = found["text/html"].replace("\r\n", "\n")
    each = '<p dir="auto" style="unicode-bidi: plaintext">'  # every line runs as its own words do
    assert f"{each}<strong>Apollo 11</strong> lands.<br>\nTwo walk.</p>\n{each}More</p>" in page


@pytest.mark.parametrize(
    ("language", "direction"), [("fa", "rtl"), ("ar", "rtl"), ("he", "rtl"), ("de", "ltr"), ("fa-IR", "rtl")]
)
def test_html_names_its_language_and_its_direction(language: str, direction: str) -> None:
    server = MailServer()

    delivered(server, post("امروز", title="امروز در تاریخ", language=language))

    letter = read(server.letters[0].content)
    assert letter["Subject"] == "امروز در تاریخ"
    assert f'<html lang="{language}" dir="{direction}">' in parts(letter)["text/html"]
    assert server.letters[0].content.isascii()


def test_a_picture_is_shown_with_its_words_and_told_in_the_text() -> None:
    server = MailServer()

    delivered(server, post(image=Image("https://img.example.org/a.jpg", 'A "bootprint" & dust', "NASA")))

    found = parts(read(server.letters[0].content))
    assert 'alt="A &#34;bootprint&#34; &amp; dust"' in found["text/html"]
    assert '[A "bootprint" & dust. NASA]' in found["text/plain"]


def test_a_title_is_escaped_in_html() -> None:
    server = MailServer()

    delivered(server, post(title="<script>alert(1)</script>"))

    html = parts(read(server.letters[0].content))["text/html"]
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_an_edition_is_composed_for_letters() -> None:
    from bot.calendars.almanac import Almanac
    from bot.editions import Choice, edition
    from tests.builders import SHELF

    day = datetime(2026, 11, 4, tzinfo=UTC).date()
    found: Any = edition(Almanac([SHELF.calendar("iran-hostage-crisis")]), day, Choice())
    channel = Email(options())

    message = compose(found, style((shipped("templates"),), "email", channel.markup, channel.budget({}), "en"))

    assert "<strong>" in message.text
    assert "<" not in message.plain
    assert not message.plain.startswith(message.title)


def test_every_attempt_sends_the_same_bytes() -> None:
    server = MailServer()

    for minute in (0, 1):
        delivered(server, replace(post(), now=asking.NOW + timedelta(minutes=minute)))

    first, second = server.letters
    assert first == second


def test_two_channels_that_write_to_the_same_people_have_letters_of_their_own() -> None:
    server = MailServer()

    for key in ("a" * 32, "b" * 32):
        delivered(server, post(key=key))

    first, second = (read(each.content)["Message-ID"] for each in server.letters)
    assert first != second


def test_the_parts_of_a_long_edition_are_held_together() -> None:
    server = MailServer()

    for part in (1, 2):
        delivered(server, post(part=part, parts=2, key=str(part) * 32), stream="otd")

    first, second = (read(each.content) for each in server.letters)
    assert first["References"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]
    assert [first["Subject"], second["Subject"]] == ["On this day (1/2)", "On this day (2/2)"]


def test_each_recipient_has_a_token_of_its_own() -> None:
    channel = Email(options(unsubscribe="https://example.org/u/{token}", unsubscribe_secret="fake", to=[ANN, BOB]))

    tokens = {channel.token(each) for each in (ANN, BOB)}

    assert len(tokens) == 2
    assert channel.token("Ann@Example.org") == channel.token(ANN)
    assert f"https://example.org/u/{channel.token(BOB)}".encode() in channel.letter(post(), BOB).content()


def test_a_long_address_to_unsubscribe_at_is_never_broken() -> None:
    address = f"https://example.org/u/{'a' * 300}"

    content = Email(options(unsubscribe=address)).letter(post(), ANN).content()

    assert f"List-Unsubscribe: <{address}>\r\n".encode() in content


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=200)


@settings(max_examples=200)
@given(title=TEXTS, text=st.text(max_size=3000).map(lambda each: each.encode("utf-8", "replace").decode()))
def test_no_line_is_too_long_and_no_header_is_added(title: str, text: str) -> None:
    wire = subject(title)

    letter = Letter(mailbox(title, "a@example.org"), ANN, wire, DUE, "<1@example.org>", text, f"<p>{text}</p>").content()

    head, _, _ = letter.partition(b"\r\n\r\n")
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert max(map(len, letter.split(b"\r\n"))) <= 998
    assert letter.isascii()
    assert names[:4] == [b"From", b"To", b"Subject", b"Date"]
    assert len(names) == 10


@pytest.mark.parametrize(
    "title", ["On this day", "امروز در تاریخ " * 9, "👩\u200d🚀" * 40, "=?utf-8?q?x?=", "x" * 200, "a  \u2013  b"]
)
def test_a_title_is_read_as_it_was_written(title: str) -> None:
    found = email.message_from_string(f"Subject: {subject(title)}\r\n\r\n", policy=email.policy.SMTP)

    assert found["Subject"] == title.strip()


@pytest.mark.parametrize("title", ["Hi\r\nBcc: x@e.org", "Hi\n", "Hi\r", "Hi\u2028there", "Hi\0"])
def test_a_title_with_a_line_break_is_refused(title: str) -> None:
    server = MailServer()

    found = failed(server, wanted=post(title=title))

    assert isinstance(found, Refused)
    assert found.scope is Scope.MESSAGE
    assert server.letters == []


def test_a_line_that_begins_with_a_dot_arrives_as_it_is() -> None:
    server = MailServer()

    delivered(server, post(".hidden\n.\n..x", plain=".hidden\n.\n..x"))

    assert parts(read(server.letters[0].content))["text/plain"].replace("\r\n", "\n") == ".hidden\n.\n..x\n"


# the connection


@pytest.mark.parametrize("implicit", [False, True])
def test_a_letter_goes_through_tls_after_a_login(tmp_path: Path, *, implicit: bool) -> None:
    context, authority = certificate(tmp_path)
    server = MailServer(tls=context)

    delivered(
        server, implicit=implicit, tls="implicit" if implicit else "starttls", ca=authority, username=USER, password=PASSWORD
    )

    assert [each.recipient for each in server.letters] == [ANN]
    assert ("STARTTLS" in server.heard) is not implicit


def test_a_certificate_that_nobody_vouches_for_is_a_matter_of_the_owner(tmp_path: Path) -> None:
    server = MailServer(tls=certificate(tmp_path)[0])

    found = failed(server, tls="starttls", username=USER, password=PASSWORD)

    assert isinstance(found, Refused)
    assert not found.lasting
    assert "not trusted" in found.why
    assert not [each for each in server.heard if each.startswith("AUTH")]


def test_a_server_without_encryption_gets_neither_password_nor_letter() -> None:
    server = MailServer()

    found = failed(server, tls="starttls", username=USER, password=PASSWORD)

    assert isinstance(found, Refused)
    assert not found.lasting
    assert "check port and tls" in found.why
    assert not [each for each in server.heard if each.startswith(("AUTH", "MAIL"))]


def test_a_wrong_password_stops_the_account_and_is_not_shown(tmp_path: Path) -> None:
    context, authority = certificate(tmp_path)
    server = MailServer(tls=context)

    found = failed(server, tls="starttls", ca=authority, username=USER, password="wrong-canary", to=[ANN, BOB])

    assert isinstance(found, Refused)
    assert (found.scope, found.lasting) == (Scope.ACCOUNT, True)
    assert "535" in found.why
    assert "canary" not in repr(found)
    assert server.connections == 1


def test_where_nobody_listens_nothing_was_sent() -> None:
    with pytest.raises(Unavailable, match="connection to the mail server failed"):
        asyncio.run(Email(options(port=1)).deliver(post(), claimed))


def test_a_server_that_is_not_one_of_mail_is_unavailable() -> None:
    assert isinstance(failed(MailServer(says={"CONNECT": ["HTTP/1.1 400 Bad Request"]})), Unavailable)


# answers, in the words of the table

ANSWERS: list[tuple[str, str, type[Failure], Any]] = [
    ("CONNECT", "421 too busy", Unavailable, None),
    ("CONNECT", "554 5.7.1 blocked", Refused, (Scope.DESTINATION, False)),
    ("MAIL", "421 4.3.2 going down", Unavailable, None),
    ("MAIL", "530 5.7.0 log in first", Refused, (Scope.ACCOUNT, True)),
    ("MAIL", "550 5.7.26 DMARC", Refused, (Scope.DESTINATION, False)),
    ("RCPT", "450 4.2.0 greylisted", Throttled, timedelta(minutes=5)),
    ("RCPT", "451 4.7.1 greylisted", Throttled, timedelta(minutes=5)),
    ("RCPT", "452 4.2.2 full", Unavailable, None),
    ("RCPT", "550 5.1.1 no such user", Refused, (Scope.DESTINATION, True)),
    ("RCPT", "550 5.2.1 disabled", Refused, (Scope.DESTINATION, True)),
    ("RCPT", "550 no", Refused, (Scope.MESSAGE, True)),
    ("RCPT", "552 5.2.2 over quota", Refused, (Scope.DESTINATION, False)),
    ("RCPT", "553 no such address", Refused, (Scope.DESTINATION, True)),
    ("DATA", "554 5.6.0 no", Refused, (Scope.DESTINATION, False)),
    (".", "451 4.3.0 try again", Throttled, timedelta(minutes=5)),
    (".", "554 5.7.1 spam", Refused, (Scope.DESTINATION, False)),
    (".", "552 5.3.4 too large", Refused, (Scope.MESSAGE, True)),
]


@pytest.mark.parametrize(("at", "answer", "outcome", "more"), ANSWERS, ids=[f"{each[0]} {each[1]}" for each in ANSWERS])
def test_an_answer_comes_to_its_outcome(at: str, answer: str, outcome: type[Failure], more: Any) -> None:
    server = MailServer(says={at: [answer]})

    found = failed(server)

    assert type(found) is outcome
    assert more == (
        found.wait if isinstance(found, Throttled) else (found.scope, found.lasting) if isinstance(found, Refused) else None
    )
    assert server.letters == []


@pytest.mark.parametrize("at", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_connection_that_ends_before_the_letter_left_is_no_doubt(at: str) -> None:
    assert isinstance(failed(MailServer(says={at: [""]})), Unavailable)


@pytest.mark.parametrize("answer", ["", "what?", "354 more"])
def test_after_the_last_dot_only_an_answer_takes_the_doubt_away(answer: str) -> None:
    assert isinstance(failed(MailServer(says={".": [answer]})), InDoubt)


@pytest.mark.parametrize("answer", ["552 5.3.4 too large", "552 message exceeds fixed maximum message size"])
def test_what_is_too_large_is_sent_without_its_html(answer: str) -> None:
    server = MailServer(says={"MAIL": [answer, "250 fine"]})

    found = delivered(server)

    assert found.note == "sent without its HTML"
    assert read(server.letters[0].content).get_content_type() == "text/plain"


def test_a_bare_552_is_about_the_size_only_where_a_size_was_told() -> None:
    server = MailServer(says={"MAIL": ["552 exceeded storage allocation"]}, extensions=())

    assert isinstance(failed(server), Refused)
    assert server.heard.count("MAIL FROM:<otd@news.example.org>") == 1


# several recipients


def test_each_recipient_gets_a_letter_of_its_own_by_one_connection() -> None:
    server = MailServer()

    delivered(server, to=[ANN, BOB])

    assert [each.recipient for each in server.letters] == [ANN, BOB]
    assert [read(each.content)["To"] for each in server.letters] == [ANN, BOB]
    assert server.letters[0].content != server.letters[1].content
    assert server.connections == 1


@pytest.mark.parametrize("at", ["RCPT TO:<ann", ". ann"])
def test_one_who_is_refused_does_not_stop_the_others_and_is_told(at: str) -> None:
    server = MailServer(says={at: ["550 5.1.1 no such user"]})

    found = delivered(server, to=[ANN, BOB])

    assert [each.recipient for each in server.letters] == [BOB]
    assert "not sent to ann@example.org" in found.note
    assert "take it off the list" in found.note
    assert found.id == read(server.letters[0].content)["Message-ID"]


def test_one_connection_that_ends_does_not_stop_the_others() -> None:
    server = MailServer(says={"RCPT TO:<ann": ["", "250 fine"]})

    assert isinstance(failed(server, to=[ANN, BOB]), InDoubt)

    assert [each.recipient for each in server.letters] == [BOB]
    delivered(server, to=[ANN, BOB])
    assert [each.recipient for each in server.letters] == [BOB, ANN]


def test_who_has_the_letter_gets_it_no_second_time() -> None:
    server = MailServer(says={"RCPT TO:<bob": ["450 4.2.0 greylisted", "250 fine"]})

    found = failed(server, to=[ANN, BOB])

    assert isinstance(found, InDoubt)
    assert "bob@example.org: the mail server answered 450" in found.why
    delivered(server, to=[ANN, BOB])
    assert [each.recipient for each in server.letters] == [ANN, BOB]


def test_where_all_are_refused_the_widest_reason_counts() -> None:
    server = MailServer(says={"RCPT TO:<ann": ["550 5.1.1 no such user"], "RCPT TO:<bob": ["552 5.2.2 full"]})

    found = failed(server, to=[ANN, BOB])

    assert isinstance(found, Refused)
    assert (found.scope, found.lasting) == (Scope.DESTINATION, False)
    assert ANN in found.why
    assert BOB in found.why


def test_a_person_may_try_again_what_was_refused() -> None:
    server = MailServer(says={"RCPT": ["550 5.1.1 no such user", "250 fine"]})
    failed(server)

    delivered(server)

    assert [each.recipient for each in server.letters] == [ANN]


# claims


def test_the_claim_is_taken_before_the_content_leaves() -> None:
    server, heard = MailServer(), []

    async def claim() -> None:
        heard.append((server.heard[-1], len(server.letters)))

    delivered(server, to=[ANN, BOB], claim=claim)

    assert heard == [("DATA", 0), ("DATA", 1)]


def test_without_a_claim_the_letter_is_thrown_away() -> None:
    server = MailServer()

    async def lost() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        delivered(server, claim=lost)
    assert server.letters == []


def test_a_cancelled_attempt_ends_its_connection_and_sends_nothing() -> None:
    server = MailServer()

    async def slow() -> None:
        await asyncio.sleep(30)

    async def attempt() -> None:
        async with server.listening() as port:
            task = asyncio.create_task(Email(options(port=port)).deliver(post(), slow))
            await server.waits.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await server.cut_short.wait()

    asyncio.run(attempt())

    assert server.letters == []


# options

MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"server": "smtp://mail.example.org"}, "is not the name of a mail server"),
    ({"to": []}, "to is an empty list"),
    ({"to": [ANN, "a b@example.org"]}, "is no mail address"),
    ({"to": "ann@example.org\r\nBcc: x@y.z"}, "is no mail address"),
    ({"sender": "otd"}, "is no mail address"),
    ({"sender": "On this day\nBcc: x <otd@example.org>"}, "is not a sender"),
    ({"bounces": "nobody"}, "is no mail address"),
    ({"username": "otd"}, "username and password belong together"),
    ({"username": "otd", "password": "x"}, "in the clear"),
    ({"unsubscribe": "http://example.org/u"}, "is no address to unsubscribe at"),
    ({"unsubscribe": "https://example.org/u>,<x"}, "is no address to unsubscribe at"),
    ({"unsubscribe": ["https://example.org/1", "https://example.org/2"]}, "two addresses with https"),
    ({"unsubscribe": "https://example.org/{token}"}, "needs a secret"),
    ({"ca": "/etc/ca.pem"}, "ca is no certificate"),
]


@pytest.mark.parametrize(("wrong", "says"), MISTAKES, ids=[says for _, says in MISTAKES])
def test_a_mistake_is_told_in_words(wrong: dict[str, Any], says: str) -> None:
    given_ = {"server": "smtp.example.org", "tls": "none", "sender": SENDER, "to": ANN, **wrong}

    with pytest.raises(Problems, match=says):
        check(parse(json.dumps(given_), "config.yaml", []), EmailOptions)


@pytest.mark.parametrize("wrong", ["canary\nsecret", "canary-é", ""])
def test_a_mistake_in_the_password_does_not_show_it(wrong: str) -> None:
    given_ = {"server": "smtp.example.org", "sender": SENDER, "to": ANN, "username": "otd", "password": wrong}

    with pytest.raises(Problems) as caught:
        check(parse(json.dumps(given_), "config.yaml", []), EmailOptions)

    assert "canary" not in str(caught.value)


def test_no_secret_is_shown() -> None:
    made = options(tls="starttls", username=USER, password=PASSWORD, unsubscribe_secret="canary-2")
    channel = Email(made)

    shown = [repr(channel), repr(channel.__dict__), repr(channel._server()), channel.destination]

    assert not [text for text in shown if PASSWORD in text or "canary" in text]


def test_an_address_holds_all_options() -> None:
    address = "smtps://otd:p%40ss@smtp.example.org:4650/?from=otd%40example.org&to=ann%40example.org&to=bob%40example.org"

    found = Email.from_address(address, named=False)

    assert found is not None
    made = EmailOptions.model_validate(found)
    assert (made.server, made.port, made.tls, made.to) == ("smtp.example.org", 4650, "implicit", (ANN, BOB))
    assert made.password is not None
    assert made.password.get_secret_value() == "p@ss"
    assert Email.from_address("https://example.org", named=True) is None


def test_a_domain_that_is_not_ascii_is_written_in_ascii() -> None:
    assert options(to="a@bücher.example").to == ("a@xn--bcher-kva.example",)


def test_what_is_settled_is_kept_for_the_newest_posts_only() -> None:
    kept = kind._Kept()

    for number in range(kept.MOST + 5):
        kept.of(str(number))

    assert len(kept) == kept.MOST
    assert "0" not in kept


def test_an_erratum_answers_the_letter_that_each_recipient_has() -> None:
    server, corrected = MailServer(), Posted("", "1" * 32, "2026-07-20")
    delivered(server, post(key="1" * 32), to=[ANN, BOB])

    delivered(server, post(key="2" * 32, slot="2026-07-20/erratum-1", corrects=corrected), to=[ANN, BOB])

    letters = [read(each.content) for each in server.letters]
    assert [each["In-Reply-To"] for each in letters] == [None, None, letters[0]["Message-ID"], letters[1]["Message-ID"]]
    assert len({each["Message-ID"] for each in letters}) == 4
