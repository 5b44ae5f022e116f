"""Do the golden cases hold? Every case of the contract that touches text, Slack, Mastodon or Standard Webhooks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml

import bot
from bot import signing
from bot.channels import Answer, Unavailable, Wait, _slack_answers, key_for, mastodon, webhook
from bot.channels._answers import Rule, classify, failure, waiting_time
from bot.channels._http import reaction_to
from bot.channels._mastodon_text import count
from bot.channels._pictures import Picture
from bot.channels._slack_text import MRKDWN, date_token
from bot.delivery.policy import webhook_wait
from bot.rendering.budget import Unit, cut, length
from bot.rendering.message import Image

CONTRACTS = Path(__file__).parents[2] / "shared" / "contracts"
GROUPS = {"text", "slack", "mastodon", "standard-webhooks"}
NOW = datetime(2026, 7, 20, 6, tzinfo=UTC)
TABLES = {
    "slack-webhook": _slack_answers.WEBHOOK_RULES,
    "slack-api": _slack_answers.API_RULES,
    "mastodon": mastodon.RULES,
    "generic-webhook": webhook.RULES,
}
Case = dict[str, Any]


def cases(groups: set[str]) -> list[Case]:
    return [case for case in _all_cases() if case["group"] in groups]


@cache
def _all_cases() -> list[Case]:
    path = CONTRACTS / "cases.yaml"
    if not path.exists():
        return []
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: list[Case] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)["cases"]  # noqa: S506  # a safe loader
    return found


CASES = cases(GROUPS)


def spoken(value: Any) -> Any:
    """`{repeat: s, times: n}` as the text that it stands for."""
    if isinstance(value, dict) and set(value) == {"repeat", "times"}:
        return value["repeat"] * value["times"]
    if isinstance(value, dict):
        return {key: spoken(each) for key, each in value.items()}
    return [spoken(each) for each in value] if isinstance(value, list) else value


def answer(given: Case, now: datetime = NOW) -> Answer:
    body = given.get("body", "")
    content = body if isinstance(body, str) else json.dumps(body)
    headers = {name.lower(): (value,) for name, value in given.get("headers", {}).items()}
    return Answer(given["status"], headers, content.encode(), now)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def lengths(given: Case) -> Case:
    units = {"codepoints": Unit.CODEPOINTS, "utf16": Unit.UTF16, "utf8_bytes": Unit.UTF8_BYTES, "graphemes": Unit.GRAPHEMES}
    return {name: length(given["text"], unit) for name, unit in units.items()}


def cut_to_utf8_bytes(given: Case) -> Case:
    prefix = cut(given["text"], given["max_bytes"], Unit.UTF8_BYTES)
    return {"prefix": prefix, "bytes": len(prefix.encode())}


def classify_exception(given: Case) -> Case:
    import ssl

    name = given["exception"]
    error = ssl.SSLError() if name == "SSLError" else getattr(httpx, name)("told by a test")
    return {"reaction": reaction_to(error).value}


def classify_response(given: Case, tables: Mapping[str, Sequence[Rule]] = TABLES) -> Case:
    rule = classify(
        tables[given["api"]],
        answer(given),
        endpoint=given.get("endpoint", ""),
        repeated_key=given.get("repeated_key", False),
    )
    return {"rule": rule.id, "reaction": rule.reaction.value}


def counted(given: Case) -> Case:
    found = count(given["status"], given["spoiler_text"], given["characters_reserved_per_url"])
    return {"length": found, "fits": found <= given["max_characters"]}


def rate_limit_wait(given: Case) -> Case:
    said = answer(given, datetime.fromisoformat(given["now"]) if "now" in given else NOW)
    rule = classify(mastodon.RULES, said)
    wait = waiting_time(said, rule.wait)
    assert wait is not None
    return {"wait_seconds": wait.total_seconds(), "reaction": rule.reaction.value}


def media_flow(given: Case) -> Case:
    options = mastodon.MastodonOptions.model_validate({"server": "https://social.example.org", "access_token": "fake"})
    conversation = mastodon.Mastodon(options).upload(Picture(b"bytes", "image/png", 1, 1), Image("", "a picture", ""), {})
    step = next(conversation)
    try:
        for exchange in given["exchange"]:
            while isinstance(step, Wait):
                step = next(conversation)
            method, _, path = exchange["request"].partition(" ")
            assert (step.method, step.url) == (method, f"https://social.example.org{path}")
            step = conversation.send(answer(exchange))
    except StopIteration as end:
        return {"next": "post_without_media" if end.value is None else "attach"}
    except Unavailable:
        return {"next": "retry_backoff"}
    return {"next": "poll"}


def sign(given: Case) -> Case:
    header = signing.sign(given["secret"], given["id"], at(given["timestamp"]), given["body"].encode())
    return {"webhook-signature": header, "signed_content": f"{given['id']}.{given['timestamp']}.{given['body']}"}


def sign_datetime_trap(given: Case) -> Case:
    moment = datetime.fromisoformat(given["datetime"])
    return {"right_signature": signing.sign(given["secret"], given["id"], moment, given["body"].encode())}


def verify(given: Case) -> Case:
    return {"valid": signing.verify(given["secret"], given["headers"], given["body"].encode(), at(given["now"]))}


def request_signature(given: Case) -> Case:
    found = signing.sign_slack(given["signing_secret"], given["timestamp"], given["body"].encode())
    return {"X-Slack-Signature": found}


def verify_signature(given: Case) -> Case:
    found = signing.verify_slack(
        given["signing_secret"], given["timestamp"], given["signature"], given["body"].encode(), at(given["now"])
    )
    return {"valid": found}


def retry_schedule(given: Case) -> Case:
    waits = [webhook_wait(attempt) or timedelta() for attempt in range(1, given["attempt"] + 1)]
    return {"seconds_since_start": sum(waits, timedelta()).total_seconds()}


@cache
def block_kit() -> jsonschema.Draft202012Validator:
    path = CONTRACTS / "specs" / "slack" / "block-kit.schema.json"
    return jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


def block_limit(given: Case) -> Case:
    """The limits that the schema knows; our own builder is held to it in `test_slack`."""
    return {"valid": block_kit().is_valid([_block(given["block"], given["field"], given["size"])])}


def _block(kind: str, name: str, size: int) -> Case:
    text, item = {"type": "mrkdwn", "text": "x"}, {"type": "mrkdwn", "text": "f"}
    plain: Case = {"type": "plain_text", "text": "x"}
    button: Case = {"type": "button", "text": plain}
    known: dict[str, Case] = {
        "header": {"type": "header", "text": plain},
        "section": {"type": "section", "text": text},
        "context": {"type": "context", "elements": [item]},
        "image": {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "x"},
        "actions": {"type": "actions", "elements": [button]},
        "button": {"type": "actions", "elements": [button]},
        "markdown": {"type": "markdown", "text": "x"},
        "divider": {"type": "divider"},
    }
    block = known[kind]
    if kind == "button":
        button[name] = "x" * size if name != "text" else {**plain, "text": "x" * size}
        if name == "url":
            button[name] = "https://example.org/".ljust(size, "x")
    elif name in {"fields", "elements"}:
        block[name] = [button if kind == "actions" else item] * size
    elif name == "text" and isinstance(block["text"], dict):
        block["text"] = {**block["text"], "text": "x" * size}
    else:
        block[name] = "https://example.org/".ljust(size, "x") if name == "image_url" else "x" * size
    return block


ASKED: dict[str, Callable[[Case], Case]] = {
    "lengths": lengths,
    "cut_to_utf8_bytes": cut_to_utf8_bytes,
    "classify_exception": classify_exception,
    "classify_response": classify_response,
    "mrkdwn_escape": lambda given: {"text": MRKDWN.escape(given["text"])},
    "mrkdwn_link": lambda given: {"text": MRKDWN.link(given["url"], given["label"])},
    "date_token": lambda given: {"text": date_token(given["epoch"], given["format"], given["fallback"])},
    "request_signature": request_signature,
    "verify_signature": verify_signature,
    "block_limit": block_limit,
    "count": counted,
    "rate_limit_wait": rate_limit_wait,
    "idempotency_key": lambda given: {"Idempotency-Key": key_for(given["account"], given["slot"], given["part"])},
    "media_flow": media_flow,
    "sign": sign,
    "sign_datetime_trap": sign_datetime_trap,
    "verify": verify,
    "retry_schedule": retry_schedule,
}


@pytest.mark.skipif(not CASES, reason="the contracts are not beside this checkout")
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_golden_case_holds(case: Case) -> None:
    holds(case, ASKED)


def holds(case: Case, asked: Mapping[str, Callable[[Case], Case]]) -> None:
    """What `asked` answers to a case is what the case expects, as far as it says something about it."""
    found = asked[case["kind"]](spoken(case["input"]))

    expected = {name: value for name, value in spoken(case["expected"]).items() if name in found}
    assert expected, "nothing was compared"
    assert found == {**found, **expected}


def require_absent(words: Iterable[tuple[str, str]]) -> None:
    """Each word, with the reason why its cases are not asked, stands in no module; else they are to be."""
    sources = [path.read_text(encoding="utf-8").lower() for path in Path(bot.__file__).parent.rglob("*.py")]

    assert sources
    for word, why in words:
        assert not any(word in source for source in sources), why


def written_rules(tables: Iterable[str]) -> list[Any]:
    """The rules of the contract for each of these APIs, as parameters of a test."""
    path = CONTRACTS / "specs" / "errors.yaml"
    written = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    return [pytest.param(api, written[api], id=api) for api in tables if api in written]


@pytest.mark.parametrize(("api", "written"), written_rules(TABLES))
def test_a_table_says_what_the_contract_says_in_the_same_order(api: str, written: list[Case]) -> None:
    assert as_in_the_contract(TABLES[api]) == in_the_contract(written)


def in_the_contract(written: list[Case]) -> list[Any]:
    return [(rule["id"], rule["reaction"], _when(rule["when"])) for rule in written]


def as_in_the_contract(table: Sequence[Rule]) -> list[Any]:
    """Our rules, in the words of the contract."""
    return [
        (
            rule.id,
            rule.reaction.value,
            _when(
                {
                    "http": rule.http,
                    "body": rule.body,
                    "body_has": rule.has,
                    "json": dict(rule.json),
                    "json_has": rule.json_has,
                    "content_type": rule.content_type,
                    "endpoint": rule.endpoint,
                    "repeated_key": rule.repeated_key,
                }
            ),
        )
        for rule in table
    ]


def _when(conditions: Case) -> Case:
    """Conditions with lists and single values alike, and without those that say nothing."""
    kept = {name: value for name, value in conditions.items() if value not in (None, "", (), {}, False)}
    return {name: _several(value) for name, value in kept.items()}


def _several(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _several(each) for name, each in value.items()}
    return list(value) if isinstance(value, list | tuple) else [value]


def test_a_failure_follows_from_each_reaction_that_the_contract_names() -> None:
    for table in TABLES.values():
        for rule in table:
            said = failure(rule, Answer(400, {}, b"", NOW), "Platform")
            assert "Platform answered 400" in said.why


def test_every_case_of_the_contract_is_read_by_one_module() -> None:
    """So that a new group cannot go unnoticed."""
    modules = [import_module(f"tests.{path.stem}") for path in Path(__file__).parent.glob("test_cases*.py")]

    read = Counter(case["id"] for module in modules for case in module.CASES)

    assert read == Counter(case["id"] for case in _all_cases())
