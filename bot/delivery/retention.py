"""Which deliveries are so long over that they can be forgotten? Never one whose slot could come up again.

A slot is opened once because the cursor of its subscription has passed it, and cursors stay. The row only guards what
is near: everything within the catch-up window and a month more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.database import Database, Row, micros
from bot.delivery.states import ENDS
from bot.errors import Mistake

MARGIN = timedelta(days=35)  # more than any month
BATCH = 1000  # deliveries in one transaction, so that a running thisday waits for milliseconds

_OVER = f"state IN ({', '.join(repr(state.value) for state in sorted(ENDS))}) AND expires_at < :before"
# The parts of a thread go together: a part asks for the one before it.
_OLD = f"""
SELECT d.id, (SELECT COUNT(*) FROM attempt AS a WHERE a.delivery = d.id) AS attempts FROM delivery AS d
WHERE d.id > :after AND {_OVER} AND NOT EXISTS (
  SELECT 1 FROM delivery AS other
  WHERE other.subscription = d.subscription AND other.day = d.day AND other.run = d.run AND NOT ({_OVER}))
ORDER BY d.id
LIMIT {BATCH}
"""  # noqa: S608  # constants
_FORGET = f"DELETE FROM delivery WHERE id = :id AND {_OVER}"  # noqa: S608  # constants
# Nothing new can come to name them: the month of their key is over.
_UNUSED = "SELECT key FROM message WHERE made_at < :before AND key NOT IN (SELECT message FROM delivery)"
_FORGET_WORDS = "DELETE FROM message WHERE key = :key"


def prune(
    database: Database, now: datetime, older: timedelta, window: timedelta, *, dry_run: bool = False
) -> tuple[int, int]:
    """Forgets what ended and was too late to post longer ago than `older`; says how many deliveries and attempts.

    What waits, is under way or in doubt stays, however old it is. `window` is how late a post may be.
    """
    least = window + MARGIN
    if older < least:
        days = -(-least // timedelta(days=1))
        raise Mistake(f"deliveries of the last {days} days guard against repeats", f"write --older-than {days}d or more")
    deliveries = attempts = 0
    for batch in _batches(database, micros(now - older)):
        if not dry_run:
            with database.transaction() as tx:
                tx.execute_many(_FORGET, batch)
        deliveries += len(batch)
        attempts += sum(row["attempts"] for row in batch)
    if not dry_run:
        _forget_words(database, micros(now - older))
    return deliveries, attempts


def _forget_words(database: Database, before: int) -> None:
    unused = database.fetch(_UNUSED, {"before": before})
    for at in range(0, len(unused), BATCH):
        with database.transaction() as tx:
            tx.execute_many(_FORGET_WORDS, unused[at : at + BATCH])


def _batches(database: Database, before: int) -> Iterator[list[Row]]:
    after = 0
    while rows := database.fetch(_OLD, {"after": after, "before": before}):
        yield [{**row, "before": before} for row in rows]
        after = rows[-1]["id"]
