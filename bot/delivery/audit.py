"""Is everything in the ledger as it can be? Questions to the database whose answer must be empty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.database import Engine, micros
from bot.database.clock import LIMIT

SHOWN = 5  # examples of a finding

# What is wrong, and which rows show it. Each row has one column, `name`.
_QUESTIONS = {
    "in a state that does not exist": """
        SELECT id AS name FROM delivery
        WHERE state NOT IN ('waiting', 'sending', 'delivered', 'in-doubt', 'dead', 'skipped', 'expired')""",
    "sending without a lease, so that nobody will ever look again": """
        SELECT id AS name FROM delivery WHERE state = 'sending' AND (lease_until IS NULL OR next_at IS NULL)""",
    "with a lease, but not sending": "SELECT id AS name FROM delivery WHERE state <> 'sending' AND lease_until IS NOT NULL",
    "waiting for no moment, or with a doubt": """
        SELECT id AS name FROM delivery WHERE state = 'waiting' AND (next_at IS NULL OR first_tried IS NOT NULL)""",
    "in doubt without a first try": "SELECT id AS name FROM delivery WHERE state = 'in-doubt' AND first_tried IS NULL",
    "at an end, but to be looked at again": """
        SELECT id AS name FROM delivery
        WHERE next_at IS NOT NULL AND state IN ('delivered', 'dead', 'skipped', 'expired')""",
    "with other attempts than were counted": """
        SELECT id AS name FROM delivery AS d
        WHERE attempts <> (SELECT COUNT(*) FROM attempt AS a WHERE a.delivery = d.id)""",
    "whose words are not there": """
        SELECT id AS name FROM delivery AS d
        WHERE message <> '' AND NOT EXISTS (SELECT 1 FROM message AS m WHERE m.key = d.message)""",
    "parts of a thread whose first part is not there": """
        SELECT id AS name FROM delivery AS d WHERE part > 1 AND NOT EXISTS (
          SELECT 1 FROM delivery AS f
          WHERE f.subscription = d.subscription AND f.day = d.day AND f.run = d.run AND f.part = 1)""",
    "attempts of a delivery that is not there": """
        SELECT delivery AS name FROM attempt AS a WHERE NOT EXISTS (SELECT 1 FROM delivery AS d WHERE d.id = a.delivery)""",
    "attempts under way whose claim is over": """
        SELECT delivery AS name FROM attempt AS a WHERE ended_at IS NULL AND NOT EXISTS (
          SELECT 1 FROM delivery AS d WHERE d.id = a.delivery AND d.state = 'sending' AND d.fence = a.fence)""",
    "cursors in the future, up to which nothing will be posted": """
        SELECT subscription AS name FROM cursor WHERE planned_until > :horizon""",
    "cursors that end before they begin": "SELECT subscription AS name FROM cursor WHERE planned_until < since",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, how often, and a few of the rows: deliveries by number, cursors by channel."""

    what: str
    count: int
    examples: tuple[str, ...] = ()


def audit(engine: Engine, now: datetime) -> list[Finding]:
    """All that cannot be. Reads only; a running thisday may be busy meanwhile."""
    asked = {"horizon": micros((engine.clock() or now) + LIMIT)}
    found = [Finding(f"the storage itself: {said}", 1) for said in engine.defects()]
    for what, question in _QUESTIONS.items():
        rows = engine.fetch(f"{question} ORDER BY name", asked)
        if rows:
            found.append(Finding(what, len(rows), tuple(str(row["name"]) for row in rows[:SHOWN])))
    return found
