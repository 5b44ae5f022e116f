"""Does every kind keep the contract of a channel? The list comes from the table of kinds, the cases from `fixtures/`.

A fixture holds, for each way of using a kind, a post, the request that we expect, and what each answer must come to;
`before`, the answers to what is asked first (a login), and `can`, what the way is able to do beside posting. What edits
has the same under `edit`, with the post that was made before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from referencing import Registry, Resource

from bot.channels import (
    Answer,
    Channel,
    Checks,
    Conversation,
    Direct,
    Edits,
    Failure,
    Finds,
    InDoubt,
    Learns,
    Post,
    Posted,
    Receipt,
    Refused,
    Request,
    Rewrites,
    Throttled,
    Unavailable,
    Wait,
    kind,
    kinds,
)
from bot.channels._answers import Rule
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.message import Image, Message

FIXTURES = Path(__file__).parent / "fixtures"
SPECS = Path(__file__).parents[3] / "shared" / "contracts" / "specs"
NOW = datetime(2026, 7, 20, 6, 0, 5, tzinfo=UTC)
Case = dict[str, Any]


def ways() -> Iterator[tuple[str, Case]]:
    for name in kinds():
        yield from ((name, way) for way in json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8")))


WAYS = [pytest.param(name, way, id=f"{name}-{way['name']}") for name, way in ways()]
ASKED = [  # the others send no request of ours
    pytest.param(name, way, id=f"{name}-{way['name']}") for name, way in ways() if "direct" not in way.get("can", [])
]
EXCHANGES = [
    pytest.param(name, way, exchange, id=f"{name}-{way['name']}-{number}-{exchange['name']}")
    for name, way in ways()
    for number, exchange in enumerate(way["exchanges"])
]


EDITED = [pytest.param(name, way, id=f"{name}-{way['name']}") for name, way in ways() if "edits" in way.get("can", [])]
EDITS = [
    pytest.param(name, way, exchange, id=f"{name}-{way['name']}-edit-{number}-{exchange['name']}")
    for name, way in ways()
    for number, exchange in enumerate(way.get("edit", {}).get("exchanges", []))
]


def channel(name: str, way: Case) -> Channel:
    chosen = kinds()[name]
    return chosen(chosen.Options.model_validate(way["options"]))


def post(way: Case, exchange: Case | None = None) -> Post:
    written, more = way["post"], exchange or {}
    image = written["message"]["image"]
    return Post(
        message=Message(**{**written["message"], "image": Image(**image) if image else None}),
        key=written["key"],
        slot=written["slot"],
        now=datetime.fromisoformat(written["now"]),
        first_tried=datetime.fromisoformat(more["first_tried"]) if "first_tried" in more else None,
        reply_to=Receipt(more["reply_to"]) if "reply_to" in more else None,
    )


def answer(written: Case) -> Answer:
    body = written["body"] if isinstance(written["body"], str) else json.dumps(written["body"])
    headers = {
        name.lower(): tuple(value) if isinstance(value, list) else (value,)
        for name, value in written.get("headers", {}).items()
    }
    return Answer(written["status"], headers, body.encode(), NOW)


def told(conversation: Conversation[Any], answers: list[Case]) -> tuple[Any, list[Request]]:
    """The result of a conversation that is given these answers, and what it asked."""
    asked: list[Request] = []
    left = [answer(each) for each in answers]
    try:
        step = next(conversation)
        while True:
            if isinstance(step, Wait):
                step = next(conversation)
                continue
            asked.append(step)
            assert left, f"asked once more than expected: {step.method} {step.url}"
            step = conversation.send(left.pop(0))
    except StopIteration as end:
        return end.value, asked
    except Failure as failure:
        return failure, asked


def committing(name: str, way: Case, wanted: Post | None = None) -> Request:
    """The request that publishes, after the steps that prepare it."""
    return _committing(channel(name, way).post(wanted or post(way), {}), way.get("before", []))


def editing(name: str, way: Case) -> Conversation[Receipt]:
    """The conversation that gives an earlier post the message of this one."""
    found = channel(name, way)
    assert isinstance(found, Edits)
    return found.edit(replace(post(way), corrects=Posted(**way["edit"]["posted"])), {})


def _committing(conversation: Conversation[Receipt], answers: list[Case]) -> Request:
    before = [answer(each) for each in answers]
    step = next(conversation)
    while isinstance(step, Request) and not step.commits:
        step = conversation.send(before.pop(0))
    assert isinstance(step, Request)
    return step


def said(request: Request) -> Any:
    """What a body says: JSON, a form, or the JSON part of a form with files."""
    kind = {name.lower(): value for name, value in request.headers.items()}.get("content-type", "application/json")
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(request.content.decode(), keep_blank_values=True, strict_parsing=True))
    if kind.startswith("multipart/form-data"):
        return json.loads(next(part for part in request.content.split(b"\r\n") if part.startswith(b"{")))
    return json.loads(request.content)


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    if not SPECS.exists():
        pytest.skip("the contracts are not beside this checkout")
    contents = [json.loads(path.read_text(encoding="utf-8")) for path in SPECS.glob("requests/*.json")]
    contents.append(json.loads((SPECS / "slack" / "block-kit.schema.json").read_text(encoding="utf-8")))
    registry: Any = Registry().with_resources(
        (each["$id"], Resource.from_contents(each)) for each in contents if "$id" in each
    )
    schema = json.loads((SPECS / "requests" / f"{name}.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema, registry=registry)


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_a_kind_states_its_facts(name: str, way: Case) -> None:
    found = kinds()[name]

    assert found.kind == name
    assert found.title
    assert issubclass(found.Options, BaseModel)
    assert isinstance(channel(name, way), Channel)
    assert found is kind(name)


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_a_destination_is_named_without_a_secret(name: str, way: Case) -> None:
    assert re.fullmatch(way["destination"], channel(name, way).destination)


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_an_unknown_option_is_a_mistake_with_its_place(name: str, way: Case) -> None:
    options = {**way["options"], "colour_of_horse": "white"}

    with pytest.raises(Problems) as caught:
        check(parse(json.dumps(options), "config.yaml", []), kinds()[name].Options)

    assert "unknown key 'colour_of_horse'" in str(caught.value)


@pytest.mark.parametrize(("name", "way"), ASKED)
def test_a_post_is_the_request_that_is_expected(name: str, way: Case) -> None:
    request, expected = committing(name, way), way["request"]

    assert (request.method, request.url, request.commits) == (expected["method"], expected["url"], True)
    assert {**request.headers, **expected["headers"]} == request.headers
    assert said(request) == expected["json"]
    if request.content.startswith(b"{"):
        assert request.content.decode() == json.dumps(said(request), ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize(("name", "way"), ASKED)
def test_a_request_satisfies_the_schema_of_its_platform(name: str, way: Case) -> None:
    request = committing(name, way)

    judge(way, request)
    if "headers_schema" in way:
        validator(way["headers_schema"]).validate(dict(request.headers))


def judge(way: Case, request: Request) -> None:
    """The schema of a platform, and the length in bytes that a schema cannot express."""
    judged = validator(way["schema"])
    judged.validate(said(request))
    if isinstance(judged.schema, dict):
        assert len(request.content) <= judged.schema.get("x-maxUtf8Bytes", len(request.content))


@pytest.mark.parametrize(("name", "way"), ASKED)
def test_every_attempt_sends_the_same_body(name: str, way: Case) -> None:
    later = {**way, "post": {**way["post"], "now": "2026-07-20T23:59:59+00:00"}}

    assert committing(name, later).content == committing(name, way).content


@pytest.mark.parametrize(("name", "way"), EDITED)
def test_an_edit_is_the_request_that_is_expected(name: str, way: Case) -> None:
    request, expected = _committing(editing(name, way), way["edit"].get("before", [])), way["edit"]["request"]

    assert (request.method, request.url, request.commits) == (expected["method"], expected["url"], True)
    assert {**request.headers, **expected["headers"]} == request.headers
    assert said(request) == expected["json"]


@pytest.mark.parametrize(("name", "way", "exchange"), EDITS)
def test_an_answer_to_an_edit_comes_to_its_outcome(name: str, way: Case, exchange: Case) -> None:
    found, asked = told(editing(name, way), exchange["answers"])

    assert outcome(found) == {key: value for key, value in exchange["outcome"].items() if key != "says"}
    assert exchange["outcome"].get("says", "") in str(found)
    assert len(asked) == len(exchange["answers"])
    assert not [secret for secret in way["secrets"] if secret in str(found)]


@pytest.mark.parametrize(("name", "way"), EDITED)
def test_every_answer_that_only_an_edit_gets_has_an_exchange(name: str, way: Case) -> None:
    tables = [way["edit"]["rules"].partition(":"), way["rules"].partition(":")]
    edits, posts = ({rule.id for rule in getattr(import_module(module), table)} for module, _, table in tables)
    shown = {exchange["name"] for _, each in ways() for exchange in each.get("edit", {}).get("exchanges", [])}

    assert edits - posts <= shown


@pytest.mark.parametrize(("name", "way"), EDITED)
@pytest.mark.parametrize("status", [404, 500])
def test_no_edit_shows_a_secret_that_an_answer_repeats(name: str, way: Case, status: int) -> None:
    echo = {"status": status, "body": {"ok": False, "error": " ".join(way["secrets"]), "description": way["secrets"][0]}}

    found, _ = told(editing(name, way), [*way["edit"].get("before", []), *[echo] * 9])

    assert not [secret for secret in way["secrets"] if secret in str(found)]


@pytest.mark.parametrize(("name", "way", "exchange"), EXCHANGES)
def test_an_answer_comes_to_its_outcome(name: str, way: Case, exchange: Case) -> None:
    before: list[Case] = exchange["before"] if "before" in exchange else way.get("before", [])
    answers = [*before, *exchange["answers"]]

    found, asked = told(channel(name, way).post(post(way, exchange), {}), answers)

    assert outcome(found) == {key: value for key, value in exchange["outcome"].items() if key != "says"}
    assert exchange["outcome"].get("says", "") in str(found)
    assert len(asked) == len(answers)


def outcome(found: Receipt | Failure) -> Case:
    match found:
        case Receipt():
            return {"receipt": [found.id, found.url]}
        case Refused():
            return {"refused": found.scope.value, "lasting": found.lasting}
        case Throttled():
            return {"throttled": found.wait.total_seconds() if found.wait else None}
        case Unavailable():
            return {"unavailable": True}
        case InDoubt():
            return {"in_doubt": True}
    raise AssertionError(found)


@pytest.mark.parametrize(("name", "way"), ASKED)
def test_every_rule_of_a_table_has_an_exchange(name: str, way: Case) -> None:
    module, _, table = way["rules"].partition(":")
    rules: tuple[Rule, ...] = getattr(import_module(module), table)
    shown = {exchange["name"] for exchange in way["exchanges"]} | set(way.get("not_by_posting", []))

    assert {rule.id for rule in rules} <= shown


@pytest.mark.parametrize(("name", "way"), ASKED)
@pytest.mark.parametrize("status", [200, 202, 302, 400, 401, 403, 404, 410, 418, 422, 429, 500, 503])
def test_no_secret_is_shown_even_where_an_answer_repeats_it(name: str, way: Case, status: int) -> None:
    asked = channel(name, way)
    echo = {"status": status, "body": {"ok": False, "error": " ".join(way["secrets"]), "needed": way["secrets"][0]}}
    plain = {"status": status, "body": " ".join(way["secrets"])}

    found = [_after(asked, way, each) for each in (echo, plain)]

    shown = [repr(asked), str(asked), repr(asked.__dict__), repr(committing(name, way)), asked.destination]
    assert not [secret for secret in way["secrets"] for text in [*shown, *map(repr, found)] if secret in text]


def _after(asked: Channel, way: Case, written: Case) -> Any:
    """What a conversation comes to that is always given the same answer."""
    return told(asked.post(post(way), {}), [written] * 9)[0]


@pytest.mark.parametrize(("name", "way"), ASKED)
@pytest.mark.parametrize("wrong", ["canary of a secret", "canary\nsecret", ""])
def test_a_mistake_in_a_secret_does_not_show_it(name: str, way: Case, wrong: str) -> None:
    model = kinds()[name].Options
    for key in way["options"]:
        if "Secret" in str(model.model_fields[key].annotation):
            with pytest.raises(Problems) as caught:
                check(parse(json.dumps({**way["options"], key: wrong}), "config.yaml", []), model)
            assert not wrong or wrong not in str(caught.value)


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_equal_channels_have_equal_room(name: str, way: Case) -> None:
    """So that they share their words: what reads differently is composed anew for each post."""
    facts = {"max_characters": 1000, "counts_in_full": True, "max_message_length": 5000}

    assert channel(name, way).budget({}) == channel(name, way).budget({})
    assert channel(name, way).budget(facts) == channel(name, way).budget(dict(facts))


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_options_are_frozen(name: str, way: Case) -> None:
    options = kinds()[name].Options.model_validate(way["options"])
    with pytest.raises(ValidationError):
        setattr(options, next(iter(type(options).model_fields)), "other")


CAPABILITIES: dict[str, Any] = {
    "direct": Direct,
    "finds": Finds,
    "checks": Checks,
    "learns": Learns,
    "edits": Edits,
    "rewrites": Rewrites,
}


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_capabilities_are_what_they_say(name: str, way: Case) -> None:
    found = channel(name, way)

    assert {word for word, one in CAPABILITIES.items() if isinstance(found, one)} == set(way.get("can", []))


# Budgets and markup

CHUNKS = [*"aé漢👋🏽\u200d👩\n .&<>|*_~`@#:/", "https://example.org/a?b=1&c=2 ", "<!channel>", "@everyone", "&amp;"]
FOREIGN = st.lists(st.sampled_from(CHUNKS), max_size=300).map("".join)


@pytest.mark.skipif(not SPECS.exists(), reason="the contracts are not beside this checkout")
@pytest.mark.parametrize(("name", "way"), ASKED)
@settings(max_examples=40)
@given(text=FOREIGN, title=FOREIGN.filter(str.strip), times=st.integers(1, 30))
def test_what_fits_the_budget_is_taken_by_the_platform(name: str, way: Case, text: str, title: str, times: int) -> None:
    asked = channel(name, way)
    long = "\n\n".join([asked.markup.escape(text)] * times).strip()
    while not asked.budget({}).fits(long):
        long = long[: len(long) // 2]

    request = committing(name, way, Post(Message(title, long or "x", long or "x"), "k" * 32, "2026-07-20", NOW))

    judge(way, request)


@pytest.mark.parametrize(("name", "way"), WAYS)
@settings(max_examples=40)
@given(text=FOREIGN)
def test_escaping_only_adds(name: str, way: Case, text: str) -> None:
    """Every letter of foreign text is still there, in its order."""
    left = iter(channel(name, way).markup.escape(text))

    assert all(letter in left for letter in text.replace("<", "").replace(">", ""))
