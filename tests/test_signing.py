"""Are signatures right, and is all else refused? The golden cases are in `test_cases`; here is what they leave open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot import signing

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 7, 20, 6, tzinfo=UTC)


def headers(signature: str, at: datetime = NOW) -> dict[str, str]:
    return {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


def test_two_secrets_make_two_signatures_and_either_receiver_accepts() -> None:
    signature = signing.sign([SECRET, OLD], "msg_1", NOW, b"{}")

    assert len(signature.split(" ")) == 2
    assert signing.verify(SECRET, headers(signature), b"{}", NOW)
    assert signing.verify(OLD, headers(signature), b"{}", NOW)


def test_a_receiver_that_holds_two_secrets_accepts_either() -> None:
    assert signing.verify([OLD, SECRET], headers(signing.sign(SECRET, "msg_1", NOW, b"{}")), b"{}", NOW)


def test_the_same_instant_in_another_zone_is_the_same_signature() -> None:
    teheran = timezone(timedelta(hours=3, minutes=30))

    assert signing.sign(SECRET, "msg_1", NOW.astimezone(teheran), b"") == signing.sign(SECRET, "msg_1", NOW, b"")


def test_a_datetime_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        signing.sign(SECRET, "msg_1", NOW.replace(tzinfo=None), b"")


def test_an_id_with_a_full_stop_is_refused() -> None:
    with pytest.raises(ValueError, match="full stop"):
        signing.sign(SECRET, "msg.1", NOW, b"")


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY=", "has 24 to 64 bytes, this one has 23"),
        ("whsec_" + "A" * 88, "this one has 66"),
        ("whsec_not/base64?", "base64"),
        ("", "this one has 0"),
    ],
)
def test_a_secret_of_the_wrong_shape_is_refused_without_being_shown(secret: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        signing.key(secret)

    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_not_valid(missing: str) -> None:
    given = headers(signing.sign(SECRET, "msg_1", NOW, b"{}"))
    del given[missing]

    assert not signing.verify(SECRET, given, b"{}", NOW)


WIDE = "\uff11\uff17\uff18\uff14\uff15\uff12\uff17\uff12\uff10\uff10"  # digits, but not ASCII


@pytest.mark.parametrize("stamp", ["", "-1784527200", "1784527200.0", " 1784527200", WIDE, "9" * 400, "nan"])
def test_only_plain_digits_are_a_timestamp(stamp: str) -> None:
    signature = signing.sign_slack("secret", stamp, b"")

    assert not signing.verify_slack("secret", stamp, signature, b"", NOW)


def test_a_signature_that_is_not_ascii_is_not_valid_and_no_crash() -> None:
    assert not signing.verify_slack("secret", "1784527200", "v0=é", b"", NOW)
    assert not signing.verify(SECRET, headers("v1,é"), b"{}", NOW)


@pytest.mark.parametrize(("off", "valid"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_a_request_of_slack_may_be_five_minutes_off_in_both_directions(off: int, valid: bool) -> None:  # noqa: FBT001  # a parameter of the table
    signature = signing.sign_slack("secret", "1784527200", b"a=b")

    assert signing.verify_slack("secret", "1784527200", signature, b"a=b", NOW + timedelta(seconds=off)) is valid
