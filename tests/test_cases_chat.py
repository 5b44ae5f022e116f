"""Do the golden cases of Discord and the chat webhooks hold? Teams, Google Chat, Mattermost, Rocket.Chat and Zulip."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import jsonschema
import pytest
import yaml

from bot.channels import Channel, _discord_text, discord, googlechat, kind, mattermost, rocketchat, teams, zulip
from bot.channels._addresses import compact
from bot.channels._answers import classify, waiting_time
from bot.rendering.budget import Unit, length
from tests.channels.asking import post
from tests.test_cases import CONTRACTS, Case, answer, as_in_the_contract, cases, in_the_contract, spoken, written_rules

CASES = cases({"discord", "chat-hooks"})
TABLES = {
    "discord": discord.RULES,
    "teams": teams.RULES,
    "googlechat": googlechat.RULES,
    "mattermost": mattermost.RULES,
    "rocketchat": rocketchat.RULES,
    "zulip": zulip.RULES,
}


def unfolded(value: Any) -> Any:
    """`spoken`, and the other short forms that stand for lists and lengths."""
    match value:
        case {"repeat_item": item, "times": times}:
            return [unfolded(item)] * times
        case {"range_as_strings": [first, last]}:
            return [str(number) for number in range(first, last + 1)]
        case {"length": int(size)}:
            return "x" * size
        case dict() if set(value) != {"repeat", "times"}:
            return {key.removesuffix("_length"): _of_length(key, each) for key, each in value.items()}
        case list():
            return [unfolded(each) for each in value]
    return spoken(value)


def _of_length(key: str, value: Any) -> Any:
    return "x" * value if key.endswith("_length") else unfolded(value)


def file(name: str) -> Any:
    return json.loads((CONTRACTS / "specs" / name).read_text(encoding="utf-8"))


@cache
def limits() -> Any:
    return yaml.safe_load((CONTRACTS / "specs" / "limits.yaml").read_text(encoding="utf-8"))


@cache
def schema(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(file(f"requests/{name}.schema.json"))


@cache
def official_webhook() -> jsonschema.Draft202012Validator:
    """Discord's own description of a webhook's message."""
    components = file("discord/openapi-webhooks.trimmed.json")["components"]
    wanted = {"$ref": "#/components/schemas/IncomingWebhookRequestPartial", "components": components}
    return jsonschema.Draft202012Validator(wanted)


@cache
def official_card() -> jsonschema.Draft6Validator:
    return jsonschema.Draft6Validator(file("adaptivecards/adaptive-card-1.5.schema.json"))


def made(name: str, **options: str) -> Channel:
    chosen = kind(name)
    assert chosen is not None
    return chosen(chosen.Options.model_validate({**chosen.example, **options}))


def sent(channel: Channel, text: str) -> Any:
    """What goes out for a text that is in the platform's markup already."""
    request: Any = next(channel.post(post(text), {}))
    body = request.content.decode()
    return json.loads(body) if body.startswith("{") else dict(parse_qsl(body, strict_parsing=True))


# Discord


def unmentioned_on_discord(given: Case) -> Case:
    """What our own request says of mentions; the content is the case's."""
    allowed = sent(made("discord"), given["content"])["allowed_mentions"]
    return {"payload": {"content": given["content"], "allowed_mentions": allowed}, "pings": len(allowed["parse"])}


def mention_default(given: Case) -> Case:
    """What Discord does where nothing is said of mentions: the reason why we always say it."""
    everything = ["users", "roles", "everyone"] if given["via"] == "bot" else ["users"]
    return {"parsed": everything if given.get("content") else []}


def embed_total(given: Case) -> Case:
    total = _discord_text.embed_total(given["embeds"])
    return {"total": total, "fits": total <= _discord_text.ALL_EMBEDS}


def rate_limit_wait(given: Case) -> Case:
    said = answer(given)
    rule = classify(discord.RULES, said)
    wait = waiting_time(said, rule.wait, rule.wait_at)
    assert wait is not None
    pause = "all" if rule.id in discord.EVERYWHERE else "webhook"
    return {"wait_seconds": wait.total_seconds(), "pause": pause, "reaction": rule.reaction.value}


def discord_url(given: Case) -> Case:
    channel = made("discord", **given)
    request: Any = next(channel.post(post(), {}))
    return {"url": request.url}


# Teams


def card_valid(given: Case) -> Case:
    card = given["card"]
    theirs = {key: value for key, value in card.items() if key != "msteams"}
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {
        "official_schema": official_card().is_valid(theirs),
        "bot_schema": schema("teams.workflow-webhook").is_valid({"type": "message", "attachments": [attachment]}),
    }


def body_size(given: Case) -> Case:
    """The smallest card of the contract with this text, as our own encoder writes it."""
    text = {"type": "TextBlock", "text": given["text"], "wrap": True}
    card = {**teams._HEAD, "fallbackText": "On this day", "lang": "en", "body": [text]}
    kind = "application/vnd.microsoft.card.adaptive"
    whole = {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}
    size, escaped = len(compact(whole)), len(json.dumps(whole))
    most = limits()["teams"]["body"]["max"]
    return {
        "utf8_bytes_compact": size,
        "fits_28672": size <= most,
        "bytes_if_ascii_escaped": escaped,
        "ascii_escaped_fits": escaped <= most,
    }


# Google Chat, Mattermost, Rocket.Chat, Zulip


def googlechat_url(given: Case) -> Case:
    channel = made("googlechat", webhook_url=given["webhook_url"])
    request: Any = next(channel.post(post(key=given["requestId"]), {}))
    return {"url": request.url}


def message_id_valid(given: Case) -> Case:
    pattern = limits()["googlechat"]["message_id"]["pattern"]
    return {"valid": re.fullmatch(pattern, given["messageId"]) is not None}


def text_size(given: Case) -> Case:
    size = length(given["text"], Unit.UTF8_BYTES)
    return {"utf8_bytes": size, "fits": size <= googlechat.MOST_BYTES}


def server_split(given: Case) -> Case:
    """What Mattermost does with a long text; ours is never so long."""
    assert made("mattermost").budget({}).limit <= mattermost.MOST
    return {"posts": -(-len(given["text"]) // mattermost.MOST)}


def server_truncates(given: Case) -> Case:
    """What Zulip does with a long text or topic; ours are never so long."""
    assert made("zulip").budget({}).limit <= zulip.MOST
    name, ending = ("topic", "...") if "topic" in given else ("content", "\n[message truncated]")
    text, most = given[name], zulip.TOPIC if name == "topic" else zulip.MOST
    stored = text if len(text) <= most else text[: most - len(ending)] + ending
    return {"stored_length": len(stored), "tail": stored[-5:] if name == "topic" else stored[-20:]}


def classify_response(given: Case) -> Case:
    rule = classify(TABLES[given["api"]], answer(given), endpoint=given.get("endpoint", ""))
    return {"rule": rule.id, "reaction": rule.reaction.value}


def body_valid(name: str) -> Callable[[Case], Case]:
    return lambda given: {"valid": schema(name).is_valid(given.get("body", given.get("form")))}


def text(escape: Callable[[str], str]) -> Callable[[Case], Case]:
    return lambda given: {"text": escape(given["text"])}


ASKED: dict[str, Callable[[Case], Case]] = {
    "discord mention_suppression": unmentioned_on_discord,
    "discord mention_default": mention_default,
    "discord escape_mentions": text(_discord_text.quiet),
    "discord escape_markdown": text(_discord_text.literal),
    "discord official_schema_valid": lambda given: {"valid": official_webhook().is_valid(given["payload"])},
    "discord embed_total": embed_total,
    "discord rate_limit_wait": rate_limit_wait,
    "discord timestamp_token": lambda given: {
        "text": _discord_text.time_token(datetime.fromisoformat(given["utc"]), given["style"])
    },
    "discord snowflake_time": lambda given: {"utc": _discord_text.created(given["id"]).isoformat()},
    "discord url": discord_url,
    "teams card_valid": card_valid,
    "teams envelope_valid": body_valid("teams.workflow-webhook"),
    "teams body_size": body_size,
    "teams textblock_escape": text(teams.escape),
    "googlechat body_valid": body_valid("googlechat.message"),
    "googlechat mention_suppression": text(googlechat.escape),
    "googlechat message_id_valid": message_id_valid,
    "googlechat url": googlechat_url,
    "googlechat text_size": text_size,
    "mattermost mention_suppression": text(mattermost.quiet),
    "mattermost server_split": server_split,
    "mattermost body_valid": body_valid("mattermost.incoming-webhook"),
    "rocketchat mention_and_markup": text(rocketchat.escape),
    "rocketchat body_valid": body_valid("rocketchat.incoming-webhook"),
    "zulip mention_suppression": lambda given: {"content": zulip.quiet(given["content"])},
    "zulip server_truncates": server_truncates,
    "zulip body_valid": body_valid("zulip.messages"),
}


@pytest.mark.skipif(not CASES, reason="the contracts are not beside this checkout")
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_golden_case_holds(case: Case) -> None:
    ask = ASKED.get(f"{case['platform']} {case['kind']}", classify_response)

    found = ask(unfolded(case["input"]))

    expected = {name: value for name, value in unfolded(case["expected"]).items() if name in found}
    assert expected, "nothing was compared"
    assert found == {**found, **expected}


@pytest.mark.parametrize(("api", "written"), written_rules(TABLES))
def test_a_table_says_what_the_contract_says_in_the_same_order(api: str, written: list[Case]) -> None:
    assert as_in_the_contract(TABLES[api]) == in_the_contract(written)
