"""Channels that share an account and their words: is there a post for each delivery, and no post more?

The platform ignores keys and shows only words, so that nobody can say whose a post is. The witness counts them.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.channels import Doubt
from bot.channels.mastodon import Mastodon
from bot.database import Database, open_database
from bot.delivery import reports
from bot.delivery.ledger import Ledger
from bot.delivery.states import Delivery, State
from bot.rendering.message import Message
from tests.builders import SOAK
from tests.witness.checker import EVERYTHING
from tests.witness.kills import Figures, Loop
from tests.witness.life import finished, until
from tests.witness.stage import Setting, channel, days_ago, places
from tests.witness.witness import Outside

TWINS = 3
Fresh = Callable[[], str]
PROGRAMS = {"sqlite": 1, "postgres": 2}  # of which each looks for what any of them lost


def alike(delivery: Delivery, _facts: Mapping[str, Any]) -> list[Message]:
    """A message that names its day, and not for whom it is."""
    text = f"edition={delivery.slot} of a test"
    return [Message(delivery.slot, text, text)]


def shared(witness: Outside, folder: Path, accounts: list[str], database: str, days: int) -> Setting:
    """Some channels on each account, for which days have come."""
    channels = {f"{each}-{number}": channel(each, witness.ports) for each in accounts for number in range(TWINS)}
    scene = Setting(folder, database, channels, witness.pace, says=alike)
    opened = open_database(database)
    scene.planned_until(Ledger(opened), days_ago(scene.now(), days))
    opened.close()
    return scene


def run(scene: Setting, expected: int, programs: int = 1) -> App:
    """Until all has ended, by so many programs at once; returns one of them."""
    apps = [scene.app() for _ in range(programs)]

    async def together() -> None:
        await asyncio.gather(*(until(app, lambda: finished(apps[0].database, expected)) for app in apps))

    asyncio.run(together())
    for app in apps[1:]:
        app.database.close()
    return apps[0]


def counted(database: Database) -> Counter[str]:
    """For each day, how many posts there are by the ledger. No two have one receipt."""
    kept = reports.find(database, limit=EVERYTHING)
    assert {each.state for each in kept} == {State.DELIVERED}
    assert len({(each.receipt_id, each.receipt_url) for each in kept}) == len(kept)
    return Counter(each.slot for each in kept)


@pytest.mark.parametrize("fresh", ["sqlite", "postgres"], indirect=True)
@pytest.mark.parametrize("fault", ["trouble", "slow", "lateacceptance", "halfanswer"])
def test_there_is_a_post_for_each(
    witness: Outside, tmp_path: Path, request: pytest.FixtureRequest, fresh: Fresh, fault: str
) -> None:
    store = request.node.callspec.params["fresh"]
    accounts, days = places("ignores", fault, 12 if SOAK else 3), 6
    scene = shared(witness, tmp_path, accounts, fresh(), days)
    expected = len(accounts) * TWINS * days

    app = run(scene, expected, PROGRAMS[store])

    assert counted(app.database) == witness.counts()
    assert sum(witness.counts().values()) == expected
    app.database.close()


class Twins(Loop):
    """Kills programs whose channels share their accounts."""

    def _scene(self) -> Setting:
        accounts = places("ignores", self.figures.fault, self.channels // TWINS)
        return shared(self.outside, self.folder, accounts, self.store(), self.days)

    def _judge(self, database: Database, expected: int) -> None:
        assert counted(database) == self.outside.counts()
        self.figures.batches += 1
        self.figures.deliveries += expected


ALL = [(store, fault) for store in PROGRAMS for fault in ("trouble", "slow")]


@pytest.mark.parametrize(("fresh", "fault"), ALL if SOAK else ALL[1:3], indirect=["fresh"])
def test_there_is_a_post_for_each_after_kills(
    witness: Outside, tmp_path: Path, request: pytest.FixtureRequest, fresh: Fresh, fault: str
) -> None:
    workers = PROGRAMS[request.node.callspec.params["fresh"]]
    kills, channels, days = (200, 8 * TWINS, 10) if SOAK else (3, 2 * TWINS, 5)
    dice, figures = random.Random(f"{witness.seed}/{fault}"), Figures("ignores", fault)

    Twins(witness, tmp_path, dice, figures, fresh, workers, channels, days).run(kills, 900)

    assert figures.kills == kills


@pytest.mark.parametrize("fresh", ["sqlite", "postgres"], indirect=True)
@pytest.mark.parametrize("safe", [True, False], ids=["as it is", "without it"])
def test_without_the_ledger_asked_a_lost_post_would_count_as_delivered(
    witness: Outside, tmp_path: Path, fresh: Fresh, monkeypatch: pytest.MonkeyPatch, *, safe: bool
) -> None:
    if not safe:
        monkeypatch.setattr(Mastodon, "doubt", Doubt(Mastodon.doubt.repeat_within))
    scene = shared(witness, tmp_path, ["ignores-resetheaders-1"], fresh(), 1)

    app = run(scene, TWINS)

    kept = reports.find(app.database, state=State.DELIVERED)
    app.database.close()
    assert len(kept) == TWINS
    assert (sum(witness.counts().values()) == len(kept)) is safe
