"""What do mail servers make of our letters, and we of their answers? Three programs that nobody here wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.channels import Failure, InDoubt, Refused, Scope, Throttled, Unavailable, email
from bot.channels.email import SMALLER
from tests.channels.mailserver import PASSWORD, USER
from tests.peers import mailservers
from tests.peers.mailservers import MOST, handed_in, letters
from tests.peers.peer import HINDI, HOSTILE, PERSIAN, messages
from tests.peers.post_office import post, send


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    email.SETTLED.clear()


def one(there: Any, **more: Any) -> Any:
    return post(messages(there)[0], **more)


def test_a_letter_reads_the_same_as_text_and_as_html_after_starttls_and_a_login(tmp_path: Path) -> None:
    with mailservers.submission(tmp_path) as there:
        send(there, one(there))

    (letter,) = handed_in(tmp_path)
    plain, html = (letter.get_body((sort,)) for sort in ("plain", "html"))
    assert plain is not None
    assert html is not None
    for word in (PERSIAN, HINDI):
        assert word in plain.get_content()
        assert word in html.get_content()
    assert HOSTILE in plain.get_content()
    assert there.markup.escape(HOSTILE) in html.get_content()
    assert letter.defects == []


def test_a_repeat_has_the_message_id_of_the_first_and_parts_are_held_together(tmp_path: Path) -> None:
    with mailservers.submission(tmp_path) as there:
        first, second = messages(there)
        begun = post(first)
        for each in (begun, begun, post(second)):
            send(there, each)

    ids = [letter["Message-ID"] for letter in handed_in(tmp_path)]
    assert ids[0] == ids[1] != ids[2]
    assert len({letter["References"] for letter in handed_in(tmp_path)}) == 1


def test_a_wrong_password_stops_the_account(tmp_path: Path) -> None:
    with mailservers.submission(tmp_path) as there:
        wrong = letters(there.options.port, ca=there.options.ca, username=USER, password="made-up")
        with pytest.raises(Refused) as caught:
            send(wrong, one(wrong))

    assert caught.value.scope is Scope.ACCOUNT
    assert handed_in(tmp_path) == []


def test_a_certificate_that_nobody_vouches_for_gets_no_password(tmp_path: Path) -> None:
    with mailservers.submission(tmp_path) as there:
        trusting = letters(there.options.port, username=USER, password=PASSWORD)
        with pytest.raises(Refused, match="certificate"):
            send(trusting, one(trusting))

    assert handed_in(tmp_path) == []


def test_a_letter_that_is_too_large_goes_without_its_html(tmp_path: Path) -> None:
    with mailservers.submission(tmp_path) as there:
        first = messages(there)[0]
        long = replace(first, plain="x" * (MOST // 2), text="y" * (MOST * 2 // 3))
        receipt = send(there, post(long))

    (letter,) = handed_in(tmp_path)
    assert receipt.note == SMALLER
    assert letter.get_body(("html",)) is None


@pytest.mark.parametrize(
    ("faults", "outcome"),
    [
        ("-r CONNECT", Throttled),
        ("-r MAIL", Throttled),
        ("-r RCPT", Throttled),
        ("-r DATA", Throttled),
        ("-r .", Throttled),
        ("-f MAIL", Refused),
        ("-f RCPT", Refused),
        ("-f DATA", Refused),
        ("-f .", Refused),
        ("-q CONNECT", Unavailable),
        ("-q MAIL", Unavailable),
        ("-q RCPT", Unavailable),
        ("-q DATA", Unavailable),
        ("-q .", InDoubt),
    ],
)
def test_a_fault_of_a_server_comes_to_its_outcome(tmp_path: Path, faults: str, outcome: type[Failure]) -> None:
    """Only a connection that ends after the last dot leaves a doubt."""
    with mailservers.sink(tmp_path, *faults.split()) as there, pytest.raises(Failure) as caught:
        send(there, one(there))

    assert type(caught.value) is outcome, caught.value.why


def test_a_server_that_takes_its_time_is_waited_for(tmp_path: Path) -> None:
    with mailservers.sink(tmp_path, "-w", "1") as there:
        assert send(there, one(there)).id
