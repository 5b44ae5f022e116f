"""After an end at every named point of a correction: is it made once, do ledger and witness agree?

An edit is made good by itself, whatever was known of it. An erratum is a post, and has the policies of posts.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.delivery import corrections, reports
from bot.delivery import statements as sql
from bot.delivery.ledger import Ledger
from bot.delivery.states import Delivery, State
from bot.errors import Mistake
from bot.rendering.message import Message
from tests.builders import SOAK
from tests.witness.checker import EVERYTHING, verdict
from tests.witness.points import GONE, POINTS, Point, doomed
from tests.witness.stage import Setting, setting
from tests.witness.test_crash_points import MINUTES, STORES, Steps, prepared, rounds
from tests.witness.witness import SEED, Outside, ended, started

# How the places take a correction: by edit, or by an erratum that is looked for, repeated or held.
PLACES = {"edit": "ignores-prompt-1", "update": "bot-prompt-1", "key": "receiver-prompt-1", "hold": "hook-prompt-1"}
EDITS = ("edit", "update")
# A correction comes with its words, and belongs to no cursor.
ON_THE_WAY = {
    "before opening": Point("before", sql.OPEN),
    "opening": Point("after", sql.OPEN),
    "opened": Point("committed", sql.OPEN),
    **{
        name: POINTS[name]
        for name in list(POINTS)[list(POINTS).index("before the claim") : list(POINTS).index("before the sweep")]
        if POINTS[name].what != sql.KEEP_MESSAGE
    },
    **{name: POINTS[name] for name in ("before the sweep", "lease over", "lost attempt closed", "swept")},
}
AFTER_A_DOUBT = {
    "repeat claimed": (Point("committed", sql.OPEN_ATTEMPT, first="body out"), (*EDITS, "key")),
    "repeat out": (Point("event", "send_request_body.complete", first="body out"), (*EDITS, "key")),
    "repeat settled": (Point("committed", sql.SETTLE, first="body out"), (*EDITS, "key")),
    "holding": (POINTS["holding"], ("hold",)),
    "held": (POINTS["held"], ("hold",)),
}
POINTS_AND_WAYS = {**{name: (point, tuple(PLACES)) for name, point in ON_THE_WAY.items()}, **AFTER_A_DOUBT}
ALL = [(store, name, way) for store in STORES for name, (_, ways) in POINTS_AND_WAYS.items() for way in ways]
# A long run takes each point with every store and way, a short one takes these in turn.
IN_TURN = [
    (STORES[(SEED + number // 4) % 2], name, ways[(SEED + number) % len(ways)])
    for number, (name, (_, ways)) in enumerate(POINTS_AND_WAYS.items())
]


def corrected(delivery: Delivery, slot: str) -> Message:
    text = f"edition={delivery.subscription}/{slot} of a test"
    return Message(str(delivery.day), text, text)


def correction(app: App, name: str) -> corrections.Correction:
    """As the command finds it; what readers see names the correction, so that the witness can count it."""
    told = [each for each in reports.find(app.database, limit=EVERYTHING) if each.subscription == name]
    (posting,) = corrections.postings(told, reports.texts(app.database, told))
    corrections.require_settled(posting)
    first = posting.first
    after = [corrected(first, f"{first.day}/edit-1")]
    if corrections.can_edit(app.channel(app.subscription(name)), posting):
        return corrections.in_place(posting, after)
    return corrections.beside(posting, after, [corrected(first, f"{first.day}/erratum-1")], "a test")


async def correct(app: App, name: str) -> None:
    """What the command does."""
    async with app.http:
        for each in corrections.opened(app.ledger, correction(app, name), app.now()):
            await app.courier.deliver(each, app.channel(app.subscription(name)))


def die(scene: Setting, clock: Steps, name: str, point: Point) -> None:
    """The process that ends at a point: the command, and then a daemon."""
    logging.disable(logging.CRITICAL)
    app = scene.app()
    doomed(app, point)
    try:
        asyncio.run(correct(app, name))
    except Mistake:
        assert point.first  # an earlier life has left it under way
    app.http = scene.app().http  # a client is entered once
    asyncio.run(rounds(app, clock))
    sys.exit(0)  # the point was never come to


def killed_at(scene: Setting, clock: Steps, name: str, point: Point) -> None:
    if point.first:
        killed_at(scene, clock, name, ON_THE_WAY[point.first])
        clock.at += timedelta(minutes=MINUTES)
    process = started(die, scene, clock, name, point)
    process.join(30)
    assert process.exitcode == GONE
    ended(process)


@pytest.mark.parametrize(("fresh", "name", "way"), ALL if SOAK else IN_TURN, indirect=["fresh"])
def test_a_correction_survives_an_end_at_any_point(
    fresh: Callable[[], str], name: str, way: str, witness: Outside, tmp_path: Path
) -> None:
    clock, place, (point, _) = Steps(witness.pace()), PLACES[way], POINTS_AND_WAYS[name]
    witness.clock(clock.at + timedelta(days=1))
    scene = setting(tmp_path, witness.ports, [place], clock, fresh())
    prepared(scene, clock, days=1)
    asyncio.run(rounds(scene.app(), clock))
    killed_at(scene, clock, place, point)

    clock.at += timedelta(minutes=MINUTES)
    app = scene.app()
    asyncio.run(rounds(app, clock))
    repeated(scene, clock, place)

    found = verdict(app.database, witness.counts(), 2)
    app.database.close()
    assert found.wrong == ()
    assert (found.lost, found.doubled) == (0, 0)
    assert found.in_doubt == (way == "hold" and may_be_there(name, point))


def repeated(scene: Setting, clock: Steps, place: str) -> None:
    """The person gives the command once more, and a daemon goes on."""
    app = scene.app()
    with suppress(Mistake):  # it is in doubt
        asyncio.run(correct(app, place))
    asyncio.run(rounds(scene.app(), clock))


def may_be_there(name: str, point: Point) -> bool:
    names = list(ON_THE_WAY)
    return bool(point.first) or names.index("claimed") <= names.index(name) <= names.index("settling")


def test_without_an_end_the_four_ways_come_to_one_correction_each(witness: Outside, tmp_path: Path) -> None:
    clock = Steps(witness.pace())
    witness.clock(clock.at + timedelta(days=1))
    scene = setting(tmp_path, witness.ports, PLACES.values(), clock)
    prepared(scene, clock, days=1)
    asyncio.run(rounds(scene.app(), clock))

    for place in PLACES.values():
        asyncio.run(correct(scene.app(), place))
        asyncio.run(correct(scene.app(), place))

    app = scene.app()
    kept = [each for each in reports.find(app.database, limit=EVERYTHING) if each.corrects]
    assert sorted(each.run for each in kept) == ["edit-1", "edit-1", "erratum-1", "erratum-1"]
    assert {each.state for each in kept} == {State.DELIVERED}
    assert set(witness.counts().values()) == {1}
    assert len(witness.counts()) == 2 * len(PLACES)
    assert Ledger(app.database).next_due() is None
