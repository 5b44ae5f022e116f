"""Do the golden cases of Telegram, Bluesky, Matrix and ntfy hold, and are our tables those of the contract?"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.channels import Answer, Post, Request, bluesky, key_for, matrix, ntfy, telegram
from bot.channels._answers import classify, dotted, waiting_time
from bot.channels._bluesky_record import tid, web_url
from bot.channels._bluesky_text import BUDGET as BLUESKY
from bot.channels._bluesky_text import RICH_TEXT, detect, rich
from bot.channels._matrix_text import HTML, formatted
from bot.channels._telegram_text import BUDGET as TELEGRAM
from bot.channels._telegram_text import CAPTION, TEXT, escape, visible
from bot.channels._telegram_text import HTML as TELEGRAM_HTML
from bot.rendering.budget import Unit, length
from bot.rendering.message import Message
from tests.channels.asking import NOW
from tests.channels.test_contract import validator
from tests.test_cases import (
    Case,
    answer,
    as_in_the_contract,
    cases,
    classify_response,
    holds,
    in_the_contract,
    require_absent,
    written_rules,
)

CASES = cases({"telegram", "bluesky", "matrix-ntfy"})
# What a case is about that thisday does not do, with the word that no module could do it without.
ABSENT = {
    "markdownv2_escape": ("markdownv2", "what goes to Telegram is HTML"),
    "header_encode": ("x-title", "what goes to ntfy is JSON, so that no title stands in a header"),
}
TABLES = {"telegram": telegram.RULES, "bluesky": bluesky.RULES, "matrix": matrix.RULES, "ntfy": ntfy.RULES}


def lengths(text: str) -> Case:
    return {"codepoints": length(text, Unit.CODEPOINTS), "utf16": length(text, Unit.UTF16)}


# Telegram


def html_escape(given: Case) -> Case:
    if given.get("inside") != "attribute":
        return {"text": escape(given["text"])}
    return {"text": TELEGRAM_HTML.link(given["text"], "x").removeprefix('<a href="').removesuffix('">x</a>')}


def visible_length(given: Case) -> Case:
    shown = visible(given["html"])
    fits = {
        "fits_message": length(shown, Unit.CODEPOINTS) <= TEXT,
        "fits_caption": length(shown, Unit.CODEPOINTS) <= CAPTION,
    }
    return {"visible": shown, **lengths(shown), **fits}


def length_limit(given: Case) -> Case:
    """Telegram was seen to count code points; our budget counts UTF-16 units and so is never the wider one."""
    found = lengths(given["text"])
    accepted = found["codepoints"] <= given["limit"]
    assert accepted or not (TELEGRAM.fits(given["text"]) and given["limit"] == TEXT)
    return {**found, "accepted": accepted}


def entity_offset(given: Case) -> Case:
    start, end = given["codepoint_start"], given["codepoint_end"]
    return {
        "offset": length(given["text"][:start], Unit.UTF16),
        "length": length(given["text"][start:end], Unit.UTF16),
    }


def error_parameters(given: Case) -> Case:
    said = answer(given)
    rule = classify(telegram.RULES, said)
    wait = waiting_time(said, rule.wait, rule.wait_at)
    found = {"chat_id": dotted(said.json(), "parameters.migrate_to_chat_id"), "wait_seconds": wait and wait.total_seconds()}
    return {"reaction": rule.reaction.value, **{name: value for name, value in found.items() if value is not None}}


# Bluesky


def facets(given: Case) -> Case:
    text = given["text"]
    found = [
        {
            "byteStart": len(text[: each.start].encode()),
            "byteEnd": len(text[: each.end].encode()),
            "type": each.kind,
            "value": each.value,
        }
        for each in detect(text)
    ]
    return {"facets": found, "graphemes": length(text, Unit.GRAPHEMES), "utf8_bytes": length(text, Unit.UTF8_BYTES)}


def facets_builder(given: Case) -> Case:
    written = "".join(
        RICH_TEXT.link(part["link"], part["text"]) if "link" in part else RICH_TEXT.escape(part["text"])
        for part in given["parts"]
    )
    built = rich(written)
    return {"text": built.text, "facets": [each["index"] for each in built.facets]}


def post_length(given: Case) -> Case:
    text = given["text"]
    counted = {"graphemes": length(text, Unit.GRAPHEMES), "utf8_bytes": length(text, Unit.UTF8_BYTES)}
    return {**counted, "valid": BLUESKY.fits(text)}


def lexicon_valid(given: Case) -> Case:
    """By the schema of our records, which also asks for the language that the lexicon lets be left out."""
    record = {"langs": ["en"], **given["record"]}
    return {"valid": validator("bluesky.post-record").is_valid(record)}


def rkey_valid_for_post(given: Case) -> Case:
    schema: Any = validator("bluesky.putRecord").schema
    pattern = schema["properties"]["rkey"]["pattern"]
    return {"valid": re.fullmatch(pattern, given["rkey"]) is not None}


def bluesky_tid(given: Case) -> Case:
    moment = datetime.fromisoformat(given["utc"])
    return {"rkey": tid(round(moment.timestamp() * 1_000_000) + given["plus_micros"], given["clock_id"])}


# Matrix and ntfy


def body_valid(given: Case) -> Case:
    if "content" in given:
        return {"valid": validator("matrix.room-message").is_valid(given["content"])}
    return {"valid": validator("ntfy.publish").is_valid(given["body"])}


def txn_id(given: Case) -> Case:
    return {"txn_id": matrix.txn_id(key_for(given["room_id"], given["slot"], given["part"]))}


def rate_limit_wait(given: Case) -> Case:
    said = answer(given)
    rule = matrix.timed(classify(matrix.RULES, said), said)
    wait = waiting_time(said, rule.wait)
    assert wait is not None
    return {"wait_seconds": wait.total_seconds(), "reaction": rule.reaction.value}


def idempotency(given: Case) -> Case:
    first, second = given["first"], given["second"]
    if isinstance(first, list):
        same = given["same_device"] and matrix.path(*first) == matrix.path(*second)
        return {"result": "same event_id" if same else "two events"}
    known = given["server"].startswith(">=") and "sequence_id" in first and first == second
    return {"result": "client replaces the notification; server cache holds both" if known else "two notifications"}


def message_size(given: Case) -> Case:
    """The limit of the documents; ours is one byte less, where servers were seen to make a file of the text."""
    size = length(given["message"], Unit.UTF8_BYTES)
    becomes_attachment = size > ntfy.BUDGET.limit + 1
    assert not (becomes_attachment and ntfy.BUDGET.fits(given["message"]))
    return {"utf8_bytes": size, "becomes_attachment": becomes_attachment}


def json_publish_url(given: Case) -> Case:
    channel = ntfy.Ntfy(ntfy.NtfyOptions.model_validate({"topic": "daily-x7Qp"}))
    request = next(channel.post(Post(Message("t", "x", "x"), "k", "2026-07-20", NOW), {}))
    assert isinstance(request, Request)
    assert urlsplit(request.url).path == "/"
    return {"parsed_as_json": urlsplit(given["url"]).path in {"", "/"}}


ASKED: dict[str, Callable[[Case], Case]] = {
    "classify_response": lambda given: classify_response(given, TABLES),
    "html_escape": html_escape,
    "visible_length": visible_length,
    "length_limit": length_limit,
    "entity_offset": entity_offset,
    "error_parameters": error_parameters,
    "facets": facets,
    "facets_builder": facets_builder,
    "post_length": post_length,
    "lexicon_valid": lexicon_valid,
    "tid": bluesky_tid,
    "rkey_valid_for_post": rkey_valid_for_post,
    "web_url": lambda given: {"url": web_url(given["uri"])},
    "path": lambda given: {"path": matrix.path(given["room_id"], given["txn_id"])},
    "txn_id": txn_id,
    "body_valid": body_valid,
    "formatted_body_text": lambda given: {"formatted_body": formatted(HTML.escape(given["text"]))},
    "rate_limit_wait": rate_limit_wait,
    "idempotency": idempotency,
    "message_size": message_size,
    "json_publish_url": json_publish_url,
    "priority_name": lambda given: {"id": ntfy.PRIORITIES[given["name"]]},
}


@pytest.mark.parametrize("case", [case for case in CASES if case["kind"] not in ABSENT], ids=lambda case: case["id"])
def test_a_golden_case_holds(case: Case) -> None:
    holds(case, ASKED)


def test_what_is_said_to_be_absent_is_absent() -> None:
    require_absent(ABSENT.values())


@pytest.mark.parametrize(("api", "written"), written_rules(TABLES))
def test_a_table_says_what_the_contract_says_in_the_same_order(api: str, written: list[Case]) -> None:
    assert as_in_the_contract(TABLES[api]) == in_the_contract(written)


def test_a_wait_beyond_reason_in_the_body_is_not_believed() -> None:
    said: Any = Answer(429, {}, b'{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1e18}', NOW)

    assert matrix.timed(classify(matrix.RULES, said), said).wait == 5
