"""What does the ledger say to the database? Every statement of it, in SQL that SQLite and PostgreSQL read alike."""

from __future__ import annotations

from collections.abc import Iterable

# --- planning

# Opens a delivery unless it is open already: the unique key makes planning twice harmless.
OPEN = """
INSERT INTO delivery (subscription, day, part, run, state, due_at, next_at, expires_at, reason, message, corrects)
VALUES (:subscription, :day, :part, :run, :state, :due_at, :next_at, :expires_at, :reason, :message, :corrects)
ON CONFLICT (subscription, day, part, run) DO NOTHING
"""

# Moves a cursor forward, never back: the clock of a machine may be.
ADVANCE = """
INSERT INTO cursor (subscription, since, planned_until)
VALUES (:subscription, :until, :until)
ON CONFLICT (subscription) DO UPDATE SET planned_until = excluded.planned_until
WHERE cursor.planned_until < excluded.planned_until
"""

CURSOR = "SELECT subscription, planned_until FROM cursor WHERE subscription = :subscription"
CURSORS = "SELECT subscription, planned_until FROM cursor"

# --- what is to be done

# A part of a thread waits for the part before it; an edit needs no other.
_READY = """
  state = 'waiting' AND expires_at > :now
  AND NOT EXISTS (SELECT 1 FROM pause AS p WHERE p.subscription = d.subscription)
  AND (part = 1 OR SUBSTR(run, 1, 5) = 'edit-' OR EXISTS (
    SELECT 1 FROM delivery AS prior
    WHERE prior.subscription = d.subscription AND prior.day = d.day AND prior.run = d.run
      AND prior.part = d.part - 1 AND prior.state = 'delivered'))
"""
_IN_DOUBT = """
  next_at <= :now AND state = 'in-doubt' AND first_tried IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM pause AS p WHERE p.subscription = d.subscription)
"""
_FIRST = "ORDER BY next_at, id LIMIT :limit"
_PAGE = f"AND {_READY} {_FIRST}"
# Read page by page: what comes after a moment and a number. In two halves, so that each begins at its place in the index:
# thousands share one moment.
DUE = f"""
SELECT * FROM (SELECT * FROM delivery AS d WHERE next_at = :after AND next_at <= :now AND id > :after_id {_PAGE}) AS same
UNION ALL
SELECT * FROM (SELECT * FROM delivery AS d WHERE next_at > :after AND next_at <= :now {_PAGE}) AS later
{_FIRST}
"""  # noqa: S608  # constants
DOUBTFUL = f"SELECT * FROM delivery AS d WHERE {_IN_DOUBT} {_FIRST}"  # noqa: S608  # constants


def due_among(numbers: Iterable[int]) -> str:
    """As `DUE`, of these alone."""
    after = "(next_at > :after OR next_at = :after AND id > :after_id)"
    return f"SELECT * FROM {_these(numbers)} WHERE next_at <= :now AND {after} {_PAGE}"  # noqa: S608  # whole numbers


def doubtful_among(numbers: Iterable[int]) -> str:
    """As `DOUBTFUL`, of these alone."""
    return f"SELECT * FROM {_these(numbers)} WHERE {_IN_DOUBT} {_FIRST}"  # noqa: S608  # whole numbers


def _these(numbers: Iterable[int]) -> str:
    """Deliveries by their numbers. With a limit, so that an engine begins with them, and not with all that is due."""
    known = [str(int(each)) for each in numbers]
    return f"(SELECT * FROM delivery WHERE id IN ({', '.join(known)}) LIMIT {len(known)}) AS d"  # noqa: S608  # whole numbers


NEXT_DUE = """
SELECT next_at FROM delivery AS d
WHERE next_at IS NOT NULL
  AND (state = 'in-doubt' OR state = 'waiting' AND (part = 1 OR SUBSTR(run, 1, 5) = 'edit-' OR EXISTS (
    SELECT 1 FROM delivery AS prior
    WHERE prior.subscription = d.subscription AND prior.day = d.day AND prior.run = d.run
      AND prior.part = d.part - 1 AND prior.state = 'delivered')))
  AND NOT EXISTS (SELECT 1 FROM pause AS p WHERE p.subscription = d.subscription)
ORDER BY next_at
LIMIT 1
"""

PREVIOUS_PART = """
SELECT * FROM delivery
WHERE subscription = :subscription AND day = :day AND run = :run AND part = :part - 1
"""

# --- the life of one delivery

# Before a delivery names it. Equal words are there once; see the migration.
KEEP_MESSAGE = """
INSERT INTO message (key, text, made_at) VALUES (:key, :text, :now)
ON CONFLICT (key) DO NOTHING
"""

MESSAGE = "SELECT text FROM message WHERE key = :key"

# The later parts of a thread are opened with the message of the first.
OPEN_PART = """
INSERT INTO delivery (subscription, day, part, run, state, due_at, next_at, expires_at, message)
SELECT subscription, day, :part, run, 'waiting', due_at, due_at, expires_at, :message FROM delivery WHERE id = :id
ON CONFLICT (subscription, day, part, run) DO NOTHING
"""

# Compare and set: of two that saw the same fence, one gets a row back. Never before its time. Words come with the first
# claim only: every attempt sends the same bytes.
CLAIM = """
UPDATE delivery
SET state = 'sending', fence = fence + 1, attempts = attempts + 1, claimed_at = :now, lease_until = :lease_until,
    message = CASE WHEN :message = '' THEN message ELSE :message END
WHERE id = :id AND fence = :fence AND state = :state AND next_at <= :now AND (:message = '' OR message = '')
RETURNING fence, attempts
"""

RENEW = """
UPDATE delivery SET lease_until = :lease_until
WHERE id = :id AND fence = :fence AND state = 'sending' AND lease_until > :now
"""

OPEN_ATTEMPT = """
INSERT INTO attempt (delivery, number, fence, started_at, ended_at, outcome, detail)
VALUES (:id, :number, :fence, :now, :ended_at, :outcome, :detail)
"""

CLOSE_ATTEMPT = """
UPDATE attempt SET ended_at = :now, outcome = :outcome, detail = :detail
WHERE delivery = :id AND fence = :fence
"""

# Whether a post that is known by its words is counted already. The unique index of these receipts sees to those who ask
# at the same moment: the later one is undone, and looks again.
_COUNTED = "by_words = 1 AND receipt_id = :receipt_id AND receipt_url = :receipt_url"
COUNTED = f"SELECT id FROM delivery WHERE {_COUNTED}"  # noqa: S608  # constants
_NOT_COUNTED = f"(:by_words = 0 OR NOT EXISTS (SELECT 1 FROM delivery AS other WHERE {_COUNTED}))"  # noqa: S608  # constants

# The answer to a claim. A late receipt counts in every state as long as nobody has claimed again; a late no only
# while nothing else has been decided.
SETTLE = f"""
UPDATE delivery
SET state = :state, next_at = :next_at, reason = :reason, lease_until = NULL,
    first_tried = CASE WHEN :state = 'in-doubt' THEN COALESCE(first_tried, claimed_at) END,
    receipt_id = :receipt_id, receipt_url = :receipt_url, by_words = :by_words
WHERE id = :id AND fence = :fence
  AND (state IN ('sending', 'in-doubt') OR (:state = 'delivered' AND state <> 'delivered'))
  AND {_NOT_COUNTED}
RETURNING *
"""  # noqa: S608  # constants

# Its post is counted for another delivery with the same words. That one may have been tried earlier, so from then on it is
# looked for what is left to count.
EXCHANGE = f"""
UPDATE delivery
SET state = 'in-doubt', next_at = :next_at, lease_until = NULL, reason = :reason,
    first_tried = (SELECT MIN(at) FROM (
      SELECT COALESCE(first_tried, claimed_at) AS at FROM delivery WHERE id = :id
      UNION ALL SELECT claimed_at FROM delivery WHERE {_COUNTED}) AS tries)
WHERE id = :id AND fence = :fence AND state IN ('sending', 'in-doubt')
RETURNING *
"""  # noqa: S608  # constants

# What happened without a claim: nothing can have left with this try.
RECORD = f"""
UPDATE delivery
SET state = :state, next_at = :next_at, reason = :reason, attempts = attempts + 1,
    first_tried = CASE WHEN :state = 'in-doubt' THEN first_tried END,
    receipt_id = :receipt_id, receipt_url = :receipt_url, by_words = :by_words
WHERE id = :id AND fence = :fence AND state = :before AND state IN ('waiting', 'in-doubt')
  AND {_NOT_COUNTED}
RETURNING *
"""  # noqa: S608  # constants

# Not now, and not tried: its host is down, or its platform takes no more for a while.
POSTPONE = """
UPDATE delivery SET next_at = :until, reason = :reason
WHERE id = :id AND fence = :fence AND state = 'waiting' AND next_at <= :now
"""

SKIP = """
UPDATE delivery SET state = 'skipped', next_at = NULL, reason = :reason
WHERE id = :id AND fence = :fence AND state = 'waiting'
RETURNING *
"""

# The days that may become one post: planned ones that surely are not there, and that are no threads yet. The newest
# carries the others.
ROLLABLE = """
SELECT * FROM delivery AS d
WHERE subscription = :subscription AND state = 'waiting' AND due_at <= :now AND part = 1
  AND (run = '' OR SUBSTR(run, 1, 4) = 'day-')
  AND NOT EXISTS (
    SELECT 1 FROM delivery AS other
    WHERE other.subscription = d.subscription AND other.day = d.day AND other.run = d.run AND other.part > 1)
ORDER BY due_at, id
"""

# It is composed anew; the fence rises, so that no courier who still has its old words can send them.
CARRY = """
UPDATE delivery SET message = '', fence = fence + 1, next_at = :now
WHERE id = :id AND fence = :fence AND state = 'waiting'
RETURNING *
"""

ROLL_UP = """
UPDATE delivery SET state = 'skipped', next_at = NULL, reason = :reason
WHERE id = :id AND fence = :fence AND state = 'waiting'
"""

# What an older one carried goes on with it.
ROLL_ON = """
UPDATE delivery SET reason = :reason
WHERE subscription = :subscription AND state = 'skipped' AND reason = :before
"""

ROLLED_UP = """
SELECT * FROM delivery
WHERE subscription = :subscription AND state = 'skipped' AND reason = :reason
ORDER BY due_at, id
"""

HOLD = """
UPDATE delivery SET next_at = NULL, reason = :reason
WHERE id = :id AND fence = :fence AND state = 'in-doubt'
RETURNING *
"""

# --- what time does

# The lease is over and no answer was written down. The fence stays: the answer may still come.
LEASE_OVER = """
UPDATE delivery
SET state = 'in-doubt', next_at = :look_at, lease_until = NULL, first_tried = COALESCE(first_tried, claimed_at),
    reason = 'no answer was written down; the program may have been stopped'
WHERE next_at <= :now AND state = 'sending' AND lease_until <= :now
RETURNING *
"""

TOO_LATE = """
UPDATE delivery
SET state = 'expired', next_at = NULL, reason = 'too late; ' || COALESCE(
  (SELECT 'paused: ' || p.reason FROM pause AS p WHERE p.subscription = delivery.subscription),
  NULLIF(reason, ''),
  CASE WHEN part > 1 THEN 'the part before it was not posted' ELSE 'nobody was there to post it' END)
WHERE next_at <= :now AND state = 'waiting' AND expires_at <= :now
RETURNING *
"""

# --- by hand

# A post that surely is not there is composed anew, unless it is one of several. Notices and corrections keep their words.
RETRY = """
UPDATE delivery
SET state = 'waiting', next_at = :now, first_tried = NULL, lease_until = NULL, reason = '',
    expires_at = CASE WHEN expires_at > :until THEN expires_at ELSE :until END,
    message = CASE WHEN first_tried IS NULL AND part = 1 AND SUBSTR(run, 1, 7) <> 'notice-' AND corrects IS NULL
    AND NOT EXISTS (
      SELECT 1 FROM delivery AS other
      WHERE other.subscription = delivery.subscription AND other.day = delivery.day AND other.run = delivery.run
        AND other.part > 1) THEN '' ELSE message END
WHERE id = :id AND state IN ('waiting', 'in-doubt', 'dead', 'expired')
RETURNING *
"""

# The parts that expired while they waited for the one that is tried again.
RETRY_FOLLOWING = """
UPDATE delivery
SET state = 'waiting', next_at = :now, reason = '',
    expires_at = CASE WHEN expires_at > :until THEN expires_at ELSE :until END
WHERE subscription = :subscription AND day = :day AND run = :run AND part > :part AND state = 'expired'
"""

DECIDE = """
UPDATE delivery SET state = :state, next_at = NULL, reason = :reason, first_tried = NULL
WHERE id = :id AND (state = 'in-doubt' OR (state = 'waiting' AND :state = 'dead'))
RETURNING *
"""

# --- pauses and facts

PAUSE = """
INSERT INTO pause (subscription, reason, by_whom, since)
VALUES (:subscription, :reason, :by_whom, :now)
ON CONFLICT (subscription) DO NOTHING
"""

RESUME = "DELETE FROM pause WHERE subscription = :subscription"
PAUSED = "SELECT * FROM pause ORDER BY subscription"
UNTOLD = "SELECT * FROM pause WHERE told IS NULL AND by_whom = 'platform' ORDER BY since, subscription"
TOLD = "UPDATE pause SET told = :now WHERE subscription = :subscription AND told IS NULL"

PUT_FACT = """
INSERT INTO fact (name, value, at) VALUES (:name, :value, :now)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at
"""

FACT = "SELECT value, at FROM fact WHERE name = :name"

# --- reports

DELIVERY = "SELECT * FROM delivery WHERE id = :id"

# An empty parameter asks for everything.
FIND = """
SELECT * FROM delivery
WHERE (:day = '' OR day = :day) AND (:subscription = '' OR subscription = :subscription)
  AND (:state = '' OR state = :state)
ORDER BY id DESC
LIMIT :limit
"""

HISTORY = """
SELECT * FROM delivery WHERE subscription = :subscription AND day = :day ORDER BY run, part
"""

ATTEMPTS = "SELECT * FROM attempt WHERE delivery = :id ORDER BY number"
COUNTS = "SELECT state, COUNT(*) AS number FROM delivery GROUP BY state"
