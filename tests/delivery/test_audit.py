"""Is everything found that cannot be, and nothing else?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.database import Engine
from bot.delivery.audit import Finding, audit
from bot.delivery.ledger import Ledger
from bot.delivery.states import State
from tests.database.steps import filled
from tests.delivery.fakes import NOON

NOW = datetime.now(UTC)


def meddle(engine: Engine, *statements: str) -> None:
    for statement in statements:
        with engine.transaction() as tx:
            tx.execute(statement)


def unguarded(engine: Engine) -> None:
    """Takes the rules of the schema away, as a damaged file or a hand in the tables may."""
    if "://" in engine.place:
        rules = "SELECT conname AS name, conrelid::regclass::text AS owner FROM pg_constraint WHERE contype IN ('c', 'f')"
        own = f"{rules} AND connamespace = current_schema()::regnamespace"
        for row in engine.fetch(own):
            meddle(engine, f"ALTER TABLE {row['owner']} DROP CONSTRAINT {row['name']}")
    else:
        engine.fetch("PRAGMA ignore_check_constraints = 1")
        engine.fetch("PRAGMA foreign_keys = 0")


def test_a_ledger_with_something_in_every_state_is_sound(database: Engine) -> None:
    filled(database)

    assert audit(database, NOW) == []


def test_every_state_is_known_here(database: Engine) -> None:
    unguarded(database)
    filled(database)
    for state in State:
        meddle(database, f"UPDATE delivery SET state = '{state}'")  # noqa: S608  # a state
        assert "in a state that does not exist" not in {each.what for each in audit(database, NOW)}


@pytest.mark.parametrize(
    ("mischief", "what"),
    [
        ("UPDATE delivery SET state = 'lost' WHERE state = 'dead'", "in a state that does not exist"),
        ("UPDATE delivery SET lease_until = NULL WHERE state = 'sending'", "sending without a lease, so that nobody"),
        ("UPDATE delivery SET next_at = NULL WHERE state = 'sending'", "sending without a lease, so that nobody"),
        ("UPDATE delivery SET lease_until = 1 WHERE state = 'waiting'", "with a lease, but not sending"),
        ("UPDATE delivery SET next_at = NULL WHERE state = 'waiting'", "waiting for no moment, or with a doubt"),
        ("UPDATE delivery SET first_tried = 1 WHERE state = 'waiting'", "waiting for no moment, or with a doubt"),
        ("UPDATE delivery SET first_tried = NULL WHERE state = 'in-doubt'", "in doubt without a first try"),
        ("UPDATE delivery SET next_at = 1 WHERE state = 'expired'", "at an end, but to be looked at again"),
        ("UPDATE delivery SET attempts = 7 WHERE state = 'dead'", "with other attempts than were counted"),
        ("DELETE FROM message", "whose words are not there"),
        ("DELETE FROM delivery WHERE part = 1 AND attempts > 0", "parts of a thread whose first part is not there"),
        ("DELETE FROM delivery WHERE state = 'dead'", "attempts of a delivery that is not there"),
        ("UPDATE attempt SET ended_at = NULL", "attempts under way whose claim is over"),
        ("UPDATE cursor SET planned_until = since - 1", "cursors that end before they begin"),
    ],
)
def test_what_cannot_be_is_found(database: Engine, mischief: str, what: str) -> None:
    filled(database)
    unguarded(database)
    meddle(database, mischief)

    found = [each for each in audit(database, NOW) if each.what.startswith(what)]

    assert [bool(each.count and each.examples) for each in found] == [True]


@pytest.mark.parametrize(("seconds", "found"), [(25, []), (60, ["general"])])
def test_a_cursor_in_the_future_is_found_where_the_clock_guard_ends(
    database: Engine, seconds: int, found: list[str]
) -> None:
    now = datetime.now(UTC)
    Ledger(database).open([], {"general": now + timedelta(seconds=seconds), "science": NOON})

    said = audit(database, now)

    assert [name for each in said for name in each.examples] == found
    assert all(each.what == "cursors in the future, up to which nothing will be posted" for each in said)


def test_a_finding_shows_a_few_of_many(database: Engine) -> None:
    filled(database)
    meddle(database, "UPDATE cursor SET planned_until = since - 1")

    assert audit(database, NOW) == [
        Finding("cursors that end before they begin", 5, ("Zürich", "general", "history", "science", "été"))
    ]
