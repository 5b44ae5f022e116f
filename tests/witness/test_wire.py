"""Whatever goes wrong on the wire, does the ledger say what the witness saw, and is nothing there twice?

All places of all personalities live at once, so that the waits of one are those of all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.database import open_database
from bot.delivery import reports
from bot.delivery.ledger import Ledger
from bot.delivery.states import Delivery, State
from tests.witness.faults import ONCE
from tests.witness.life import finished, until
from tests.witness.pace import Pace
from tests.witness.personalities import PERSONALITIES
from tests.witness.stage import POLICIES, Setting, days_ago, edition, places, setting
from tests.witness.witness import Outside

FAULTS = [each for each in ONCE if each not in {"held", "heldback"}]
NEVER_THERE = {"redirect", "errorbody"}  # a clear no to those that can hear it
CLEAR = {"seconds", "date", "fraction", "twoheaders"}  # a clear not yet


@dataclass(frozen=True)
class Ending:
    delivery: Delivery
    posts: int


def opened(scene: Setting) -> None:
    database = open_database(scene.database)
    scene.planned_until(Ledger(database), days_ago(scene.now(), 1))
    database.close()


async def _lived(scene: Setting, *, listens: Outside | None = None) -> list[Delivery]:
    opened(scene)
    app = scene.app()
    if listens is not None:
        asyncio.get_running_loop().call_later(0.3, listens.listen)
    async with asyncio.timeout(60):
        await until(app, lambda: finished(app.database, len(scene.channels)))
    found = reports.find(app.database, limit=1000)
    app.database.close()
    return found


def lived(scene: Setting, *, listens: Outside | None = None) -> list[Delivery]:
    return asyncio.run(_lived(scene, listens=listens))


@pytest.fixture(scope="module")
def endings(running: Outside, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Ending]:
    """How each place's one delivery ended."""
    running.forget()
    names = [f"{personality}-{fault}-1" for personality in PERSONALITIES for fault in FAULTS]
    found = lived(setting(tmp_path_factory.mktemp("wire"), running.ports, names, running.pace))
    posts = running.counts()
    assert running.followed() == 0
    return {each.subscription: Ending(each, posts.get(edition(each), 0)) for each in found}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("personality", PERSONALITIES)
def test_each_delivery_has_one_of_its_ends(endings: Mapping[str, Ending], personality: str, fault: str) -> None:
    ending = endings[f"{personality}-{fault}-1"]

    if ending.delivery.state is State.DELIVERED:
        assert ending.posts == 1
    elif ending.delivery.state is State.DEAD:
        assert ending.posts == 0
        assert fault in NEVER_THERE
    else:
        assert (ending.delivery.state, ending.delivery.next_at) == (State.IN_DOUBT, None)
        assert ending.posts <= 1
        assert POLICIES[personality] == "hold"
        assert fault not in NEVER_THERE | CLEAR


def test_a_port_that_refuses_and_then_listens_gets_the_post_once(witness: Outside, tmp_path: Path) -> None:
    names = [f"{personality}-prompt-1" for personality in PERSONALITIES]

    found = lived(setting(tmp_path, witness.ports, names, Pace(), on="refusing"), listens=witness)

    assert {each.state for each in found} == {State.DELIVERED}
    assert set(witness.counts().values()) == {1}
    assert all(each.attempts > 1 for each in found)


def test_connections_that_are_reset_at_their_first_byte_lose_and_double_nothing(witness: Outside, tmp_path: Path) -> None:
    names = [place for personality in PERSONALITIES for place in places(personality, "prompt", 4)]

    found = lived(setting(tmp_path, witness.ports, names, witness.pace, on="rude"))

    counts = witness.counts()
    for each in found:
        surely = POLICIES[each.subscription.partition("-")[0]] != "hold"
        assert each.state is State.DELIVERED or not surely
        assert counts.get(edition(each), 0) == (each.state is State.DELIVERED)


def test_a_certificate_that_nobody_vouches_for_ends_the_matter_before_anything_is_said(
    witness: Outside, tmp_path: Path
) -> None:
    names = [f"{personality}-prompt-1" for personality in PERSONALITIES]

    found = lived(setting(tmp_path, witness.ports, names, Pace(), on="secure"))

    assert {each.state for each in found} == {State.DEAD}
    assert all("certificate is not valid" in each.reason for each in found)
    assert witness.counts() == {}
