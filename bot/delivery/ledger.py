"""What was promised, tried and done? Deliveries and attempts, kept; every move is compare-and-set and durable.

Nothing here reads a clock: `now` is a parameter. When a function returns, what it says is on the disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.channels import Receipt
from bot.database import Database, Row, Transaction, instant, micros
from bot.database.desk import Desk
from bot.delivery import reports
from bot.delivery import statements as sql
from bot.delivery.reading import delivery_from
from bot.delivery.states import Decision, Delivery, NewDelivery, State

LEASE = timedelta(minutes=2)  # longer than any one request may take, so that a living courier is never swept
QUIET = timedelta(seconds=90)  # after a lost answer, before anybody looks: the server may still be at work
SECOND_CHANCE = timedelta(days=1)  # how long a delivery that a person tries again may take
NO_RECEIPT = Receipt()


class Ledger:
    """Decides. Schedulers, queues and clients may run twice; of two that want the same delivery, one gets it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.desk = Desk(database.together)  # for couriers, of whom many write at once

    # planning

    def open(self, deliveries: Iterable[NewDelivery], cursors: Mapping[str, datetime]) -> int:
        """Opens what is not open yet and advances the cursors, together; says how many are new."""
        moments = {at: micros(at) for at in set(cursors.values())}  # mostly one for all
        opened = [(each, _written(each.message, each.due_at)) for each in deliveries]
        with self.database.transaction() as tx:
            tx.execute_many(sql.KEEP_MESSAGE, (words for _, words in opened if words["key"]))
            tx.execute_many(sql.OPEN, (_opened(each, words["key"]) for each, words in opened))
            new = tx.changed
            tx.execute_many(sql.ADVANCE, ({"subscription": name, "until": moments[at]} for name, at in cursors.items()))
        return new

    def cursors(self, names: Sequence[str] | None = None) -> dict[str, datetime]:
        """Up to which instant every slot has been opened, for these names or for all."""
        if names is None:
            rows = self.database.fetch(sql.CURSORS)
        else:
            rows = [row for name in names for row in self.database.fetch(sql.CURSOR, {"subscription": name})]
        return {row["subscription"]: instant(row["planned_until"]) for row in rows}

    # what is to be done

    def due(self, now: datetime, limit: int, after: Delivery | None = None) -> list[Delivery]:
        """Waiting, due and not paused, those after another one. A courier at work before its claim hides nothing of it."""
        last = (micros(after.next_at), after.id) if after and after.next_at else (0, 0)
        return self._deliveries(sql.DUE, now=micros(now), limit=limit, after=last[0], after_id=last[1])

    def doubtful(self, now: datetime, limit: int = 100) -> list[Delivery]:
        """In doubt, not paused, and the time to look has come."""
        return self._deliveries(sql.DOUBTFUL, now=micros(now), limit=limit)

    def next_due(self) -> datetime | None:
        """When `due` or `doubtful` will next have something, as far as is planned."""
        rows = self.database.fetch(sql.NEXT_DUE)
        return instant(rows[0]["next_at"]) if rows else None

    def reply_to(self, delivery: Delivery) -> Receipt | None:
        """The receipt of the part before this one; for the first of an erratum, of the post that it corrects."""
        if delivery.edits or (delivery.part == 1 and delivery.corrects is None):
            return None
        if delivery.part == 1:
            corrected = self.corrected(delivery)
            return Receipt(corrected.receipt_id, corrected.receipt_url) if corrected else None
        key = {"subscription": delivery.subscription, "day": str(delivery.day), "run": delivery.run}
        found = self._deliveries(sql.PREVIOUS_PART, part=delivery.part, **key)
        return Receipt(found[0].receipt_id, found[0].receipt_url) if found else None

    def corrected(self, delivery: Delivery) -> Delivery | None:
        """The delivery whose post this one corrects; None if it corrects none, or one that was forgotten."""
        found = self._deliveries(sql.DELIVERY, id=delivery.corrects) if delivery.corrects is not None else []
        return found[0] if found else None

    def text(self, delivery: Delivery) -> str:
        """The message of a delivery, as it was kept with the first claim or when it was opened."""
        return reports.text(self.database, delivery.message)

    # the life of one delivery

    def claim(
        self,
        delivery_id: int,
        fence: int,
        now: datetime,
        lease: timedelta = LEASE,
        state: State = State.WAITING,
        words: Sequence[str] = (),
    ) -> int | None:
        """Takes the delivery for one attempt and returns its new fence; None if somebody else was faster.

        `words` are its message, which it must not have yet, and those of the later parts of a thread, which are opened: what
        is sent is kept before it can leave. From `State.IN_DOUBT` only to repeat a post that its platform will not double.
        """
        moment = {"id": delivery_id, "now": micros(now)}
        kept = [_written(each, now) for each in words]
        with self.database.transaction() as tx:
            for each in kept:
                tx.execute(sql.KEEP_MESSAGE, each)
            asked = {"fence": fence, "state": state, "lease_until": micros(now + lease)}
            rows = tx.execute(sql.CLAIM, {**moment, **asked, "message": kept[0]["key"] if kept else ""})
            if not rows:
                return None
            begun = {"number": rows[0]["attempts"], "fence": rows[0]["fence"]}
            tx.execute(sql.OPEN_ATTEMPT, {**moment, **begun, "ended_at": None, "outcome": "", "detail": ""})
            parts = enumerate(kept[1:], start=2)
            tx.execute_many(
                sql.OPEN_PART, ({"id": delivery_id, "part": number, "message": each["key"]} for number, each in parts)
            )
        return int(rows[0]["fence"])

    def renew(self, delivery_id: int, fence: int, now: datetime, lease: timedelta = LEASE) -> bool:
        """Lengthens the lease of a claim that still stands."""
        with self.database.transaction() as tx:
            tx.execute(
                sql.RENEW, {"id": delivery_id, "fence": fence, "now": micros(now), "lease_until": micros(now + lease)}
            )
            return tx.changed == 1

    def settle(
        self,
        delivery_id: int,
        fence: int,
        decision: Decision,
        now: datetime,
        outcome: str,
        receipt: Receipt = NO_RECEIPT,
        *,
        by_words: bool = False,
    ) -> Delivery | None:
        """Writes down the answer to a claim; None if it no longer counts (its attempt is noted all the same).

        `by_words`: its platform knows a post by its words. Then a receipt that another delivery has is not taken.
        """
        with self.database.transaction() as tx:
            tx.execute(sql.CLOSE_ATTEMPT, _attempt(delivery_id, fence, decision, now, outcome))
            rows = tx.execute(
                sql.SETTLE, {"id": delivery_id, "fence": fence, **_decided(decision, receipt, by_words=by_words)}
            )
            return _moved(tx, rows, decision, now)

    def record(
        self,
        delivery: Delivery,
        decision: Decision,
        now: datetime,
        outcome: str,
        receipt: Receipt = NO_RECEIPT,
        *,
        by_words: bool = False,
    ) -> Delivery | None:
        """Writes down a try that ended before any claim; None if the delivery has moved in the meantime.

        With `by_words`, also if another delivery has this receipt.
        """
        seen = {"id": delivery.id, "fence": delivery.fence, "before": delivery.state}
        with self.database.transaction() as tx:
            rows = tx.execute(sql.RECORD, {**seen, **_decided(decision, receipt, by_words=by_words)})
            if rows:
                attempt = _attempt(delivery.id, 0, decision, now, outcome)
                tx.execute(sql.OPEN_ATTEMPT, {**attempt, "number": rows[0]["attempts"], "ended_at": micros(now)})
            return _moved(tx, rows, decision, now)

    def counted(self, receipt: Receipt) -> bool:
        """Whether this post, which is known by its words, is that of a delivery already."""
        return bool(self.database.fetch(sql.COUNTED, {"receipt_id": receipt.id, "receipt_url": receipt.url}))

    def exchange(self, delivery_id: int, fence: int, decision: Decision, receipt: Receipt) -> Delivery | None:
        """Takes over the doubt of the delivery for which the post of this one was counted; None if nothing is to be done."""
        decided = _decided(decision, receipt, by_words=True)
        return self._change(sql.EXCHANGE, id=delivery_id, fence=fence, **decided)

    def skip(self, delivery: Delivery, reason: str) -> Delivery | None:
        """Ends a waiting delivery that has nothing to say."""
        return self._change(sql.SKIP, id=delivery.id, fence=delivery.fence, reason=reason)

    def postpone(self, holds: Iterable[tuple[Delivery, datetime, str]], now: datetime) -> None:
        """Leaves waiting deliveries for later, each until its moment and with its reason; no attempt is counted."""
        rows = [
            {"id": each.id, "fence": each.fence, "until": micros(until), "reason": reason, "now": micros(now)}
            for each, until, reason in holds
        ]
        if rows:
            with self.database.transaction() as tx:
                tx.execute_many(sql.POSTPONE, rows)

    def roll_up(self, subscription: str, now: datetime) -> Delivery | None:
        """Makes one of all days that wait: the newest is to carry them, the others are skipped. None if there is one day.

        All of it or nothing: of a day that somebody has claimed meanwhile, and of one that is older than it, nothing moves.
        """
        with self.database.transaction() as tx:
            *older, newest = tx.execute(sql.ROLLABLE, {"subscription": subscription, "now": micros(now)}) or [{}]
            rows = tx.execute(sql.CARRY, {"id": newest["id"], "fence": newest["fence"], "now": micros(now)}) if older else []
            for carried in rows:
                reason = rolled_into(delivery_from(carried))
                for each in older:
                    tx.execute(sql.ROLL_UP, {"id": each["id"], "fence": each["fence"], "reason": reason})
                    if tx.changed == 1:
                        before = {"subscription": subscription, "before": rolled_into(delivery_from(each))}
                        tx.execute(sql.ROLL_ON, {"reason": reason, **before})
        return delivery_from(rows[0]) if rows else None

    def rolled_up(self, delivery: Delivery) -> list[Delivery]:
        """The days that a delivery carries beside its own, oldest first."""
        return self._deliveries(sql.ROLLED_UP, subscription=delivery.subscription, reason=rolled_into(delivery))

    def hold(self, delivery: Delivery, reason: str) -> Delivery | None:
        """Leaves a doubtful delivery to a person."""
        return self._change(sql.HOLD, id=delivery.id, fence=delivery.fence, reason=reason)

    # what time does

    def sweep(self, now: datetime, quiet: timedelta = QUIET) -> list[Delivery]:
        """Leases that ran out go into doubt, what waited too long expires; returns what changed."""
        moment = {"now": micros(now), "look_at": micros(now + quiet)}
        with self.database.transaction() as tx:
            lost = tx.execute(sql.LEASE_OVER, moment)
            closed = {"now": micros(now), "outcome": "lost", "detail": ""}
            tx.execute_many(sql.CLOSE_ATTEMPT, ({**closed, "id": row["id"], "fence": row["fence"]} for row in lost))
            late = tx.execute(sql.TOO_LATE, {"now": micros(now)})
        return [delivery_from(row) for row in (*lost, *late)]

    # by hand

    def retry(self, delivery_id: int, now: datetime, window: timedelta = SECOND_CHANCE) -> Delivery | None:
        """A person says: post it, even if it may be there already. None if it is delivered, skipped or under way."""
        moment = {"now": micros(now), "until": micros(now + window)}
        with self.database.transaction() as tx:
            rows = tx.execute(sql.RETRY, {"id": delivery_id, **moment})
            for row in rows:
                key = {name: row[name] for name in ("subscription", "day", "run", "part")}
                tx.execute(sql.RETRY_FOLLOWING, {**key, **moment})
        return delivery_from(rows[0]) if rows else None

    def decide(self, delivery_id: int, state: State, by: str) -> Delivery | None:
        """A person says what became of a doubtful delivery (delivered or dead), or gives up a waiting one (dead)."""
        assert state in {State.DELIVERED, State.DEAD}
        return self._change(sql.DECIDE, id=delivery_id, state=state, reason=f"settled by {by}")

    def _deliveries(self, statement: str, **parameters: object) -> list[Delivery]:
        return [delivery_from(row) for row in self.database.fetch(statement, parameters)]

    def _change(self, statement: str, **parameters: object) -> Delivery | None:
        with self.database.transaction() as tx:
            rows = tx.execute(statement, parameters)
        return delivery_from(rows[0]) if rows else None


def _written(text: str, at: datetime) -> Row:
    """A message as it is kept. No key of a month comes up again in a later one, so that old messages can be forgotten."""
    key = f"{at:%Y-%m} {hashlib.sha256(text.encode()).hexdigest()[:32]}" if text else ""
    return {"key": key, "text": text, "now": micros(at)}


def rolled_into(carrier: Delivery) -> str:
    """The reason of the days that another one carries; that is where it is kept, too."""
    return f"rolled up into {carrier.slot}"


def _opened(new: NewDelivery, message: str) -> Row:
    due_at = micros(new.due_at)
    return {
        "subscription": new.subscription,
        "day": new.day.isoformat(),
        "part": new.part,
        "run": new.run,
        "state": new.state.value,
        "due_at": due_at,
        "next_at": due_at if new.state is State.WAITING else None,
        "expires_at": micros(new.expires_at),
        "reason": new.reason,
        "message": message,
        "corrects": new.corrects,
    }


def _decided(decision: Decision, receipt: Receipt, *, by_words: bool) -> Row:
    return {
        "state": decision.state.value,
        "next_at": micros(decision.next_at) if decision.next_at else None,
        "reason": decision.reason,
        "receipt_id": receipt.id,
        "receipt_url": receipt.url,
        "by_words": int(by_words and receipt.id != ""),
    }


def _attempt(delivery_id: int, fence: int, decision: Decision, now: datetime, outcome: str) -> Row:
    return {"id": delivery_id, "fence": fence, "now": micros(now), "outcome": outcome, "detail": decision.reason}


def _moved(tx: Transaction, rows: list[Row], decision: Decision, now: datetime) -> Delivery | None:
    """The delivery as it is now; its subscription is paused in the same breath where that was decided."""
    if not rows:
        return None
    if decision.pause:
        why = {"reason": decision.reason, "by_whom": "platform", "now": micros(now)}
        tx.execute(sql.PAUSE, {"subscription": rows[0]["subscription"], **why})
    return delivery_from(rows[0])
