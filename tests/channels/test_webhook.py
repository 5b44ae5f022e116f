"""What is true of signed webhooks alone: a stable id, a new time, exact bytes, two secrets at once."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from bot import signing
from bot.channels.webhook import Webhook, WebhookOptions
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.message import message_from
from tests.channels.asking import NOW, asked, post

OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
URL = "https://receiver.example.org/hook"


def webhook(secret: Any = NEW) -> Webhook:
    return Webhook(WebhookOptions.model_validate({"url": URL, "secret": secret}))


def test_a_receiver_can_check_the_very_bytes_that_are_sent() -> None:
    request = asked(webhook().post(post("امروز 👨\u200d👩\u200d👧", "تاریخ"), {}))

    assert signing.verify(NEW, request.headers, request.content, NOW)
    assert "امروز" in request.content.decode()


def test_an_attempt_an_hour_later_has_the_same_id_and_body_and_a_new_time_and_signature() -> None:
    first, later = (asked(webhook().post(post(now=NOW + timedelta(hours=hours)), {})) for hours in (0, 1))

    assert first.headers["webhook-id"] == later.headers["webhook-id"]
    assert first.content == later.content
    assert int(later.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 3600
    assert first.headers["webhook-signature"] != later.headers["webhook-signature"]


def test_a_message_read_back_from_the_ledger_is_sent_in_the_same_bytes() -> None:
    written = post(data={"events": [{"title": "b", "id": "a"}], "day": "2026-07-20"})
    again = post(data=message_from(written.message.json).data)

    assert asked(webhook().post(again, {})).content == asked(webhook().post(written, {})).content


@pytest.mark.parametrize("key", ["a.b c", "é", "0123"])
def test_an_id_never_holds_a_full_stop_or_a_space(key: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", asked(webhook().post(post(key=key), {})).headers["webhook-id"])


def test_while_a_secret_is_changed_both_sign() -> None:
    request = asked(webhook([NEW, OLD]).post(post(), {}))

    assert signing.verify(NEW, request.headers, request.content, NOW)
    assert signing.verify(OLD, request.headers, request.content, NOW)


@pytest.mark.parametrize("slot", ["2026-07-20", "2026-07-20/again-1"])
def test_the_time_in_the_body_is_the_day_of_the_slot(slot: str) -> None:
    written = json.loads(asked(webhook().post(post(slot=slot), {})).content)

    assert (written["timestamp"], written["data"]["slot"]) == ("2026-07-20T00:00:00Z", slot)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"secret": "whsec_c2hvcnQ="}, "has 24 to 64 bytes, this one has 5; make one with: openssl rand -base64 32"),
        ({"secret": []}, "write one or two secrets"),
        ({"secret": [NEW, "whsec_?"]}, "base64"),
        ({"url": "ftp://example.org/"}, "with https:// in front"),
        ({"url": "http://receiver.example.org/"}, "write https://"),
    ],
)
def test_a_mistake_in_the_options_says_what_to_write(options: dict[str, Any], words: str) -> None:
    with pytest.raises(Problems, match=re.escape(words)):
        check(parse(json.dumps({"url": URL, "secret": NEW, **options}), "config.yaml", []), WebhookOptions)
