"""Does the ledger, walked at random, do exactly what a plain dict would, and only legal moves?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bot.database import open_database
from bot.delivery import pauses, reports
from bot.delivery.ledger import LEASE, QUIET, Ledger
from bot.delivery.states import ENDS, MOVES, Decision, Delivery, NewDelivery, State, legal
from tests.delivery.fakes import DAY, NOON, Clock

NAMES = ("general", "science", "history")
WINDOW = timedelta(minutes=30)
ANSWERS = st.sampled_from([State.DELIVERED, State.WAITING, State.DEAD, State.IN_DOUBT, State.EXPIRED])


def test_every_state_has_its_moves_and_an_end_is_left_only_by_a_person_or_a_late_answer() -> None:
    assert set(MOVES) == set(State)
    assert {state: MOVES[state] for state in ENDS} == {
        State.DELIVERED: frozenset(),
        State.SKIPPED: frozenset({State.DELIVERED}),
        State.DEAD: frozenset({State.WAITING, State.DELIVERED}),
        State.EXPIRED: frozenset({State.WAITING, State.DELIVERED}),
    }


@pytest.mark.parametrize("state", list(State))
def test_only_what_waits_or_is_in_doubt_can_be_claimed(state: State) -> None:
    assert legal(state, State.SENDING) is (state in {State.WAITING, State.IN_DOUBT})


@dataclass
class Row:
    """The plain model of one delivery."""

    name: str
    expires_at: datetime
    state: State = State.WAITING
    next_at: datetime | None = None
    fence: int = 0
    attempts: int = 0
    claimed_at: datetime | None = None
    lease_until: datetime | None = None
    first_tried: datetime | None = None

    def move(self, state: State, next_at: datetime | None = None) -> None:
        if state is State.IN_DOUBT:
            self.first_tried = self.first_tried or self.claimed_at
        else:
            self.first_tried = None
        self.state, self.next_at, self.lease_until = state, next_at, None


class LedgerMachine(RuleBasedStateMachine):
    """Rules act on the ledger and on the model; what is seen afterwards must be the same."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.ledger = Ledger(open_database(address))
        self.clock = Clock(NOON)
        self.rows: dict[int, Row] = {}
        self.keys: set[tuple[str, str]] = set()
        self.paused: set[str] = set()
        self.claims: list[tuple[int, int]] = []
        self.seen: dict[int, State] = {}

    def teardown(self) -> None:
        self.ledger.database.close()

    def decision(self, state: State, minutes: int) -> Decision:
        waits = state in {State.WAITING, State.IN_DOUBT}
        return Decision(state, self.clock() + timedelta(minutes=minutes) if waits else None, "said")

    def pick(self, choice: int) -> Delivery | None:
        found = reports.get(self.ledger.database, list(self.rows)[choice % len(self.rows)]) if self.rows else None
        assert found is not None or not self.rows
        return found

    @rule(name=st.sampled_from(NAMES), run=st.sampled_from(["", "hand-1", "hand-2"]))
    def open(self, name: str, run: str) -> None:
        now = self.clock()
        new = self.ledger.open([NewDelivery(name, DAY, now, now + WINDOW, run)], {name: now})
        assert new == ((name, run) not in self.keys)
        if new:
            self.keys.add((name, run))
            # A number may be left out: PostgreSQL uses one up for a row that was there already.
            number = max(each.id for each in reports.find(self.ledger.database, subscription=name))
            assert number > max(self.rows, default=0)
            self.rows[number] = Row(name, now + WINDOW, next_at=now)

    @rule(minutes=st.sampled_from([0.5, 1, 3, 20, 45]))
    def time_goes_by(self, minutes: float) -> None:
        self.clock.move(minutes=minutes)

    @rule(seconds=st.integers(1, 90))
    def the_clock_is_set_back(self, seconds: int) -> None:
        self.clock.move(seconds=-seconds)

    @rule(choice=st.integers(0, 20), behind=st.integers(0, 1), state=st.sampled_from([State.WAITING, State.IN_DOUBT]))
    def claim(self, choice: int, behind: int, state: State) -> None:
        delivery = self.pick(choice)
        if delivery is None:
            return
        row, now = self.rows[delivery.id], self.clock()
        free = row.state is state and not behind and row.next_at is not None and row.next_at <= now
        fence = self.ledger.claim(delivery.id, delivery.fence - behind, now, state=state)
        assert fence == (row.fence + 1 if free else None)
        if fence is not None:
            row.state, row.fence, row.attempts = State.SENDING, fence, row.attempts + 1
            row.claimed_at, row.lease_until = now, now + LEASE
            self.claims.append((delivery.id, fence))

    @rule(choice=st.integers(0, 20), state=ANSWERS, minutes=st.integers(0, 9))
    def an_answer_comes_now_or_late(self, choice: int, state: State, minutes: int) -> None:
        if not self.claims:
            return
        number, fence = self.claims[choice % len(self.claims)]
        row, decision = self.rows[number], self.decision(state, minutes)
        open_still = row.state in {State.SENDING, State.IN_DOUBT}
        counts = row.fence == fence and row.state is not State.DELIVERED and (open_still or state is State.DELIVERED)
        moved = self.ledger.settle(number, fence, decision, self.clock(), "said")
        assert (moved is not None) == counts
        if counts:
            row.move(state, decision.next_at)

    @rule(choice=st.integers(0, 20), state=ANSWERS, minutes=st.integers(0, 9))
    def a_try_ends_before_its_claim(self, choice: int, state: State, minutes: int) -> None:
        delivery = self.pick(choice)
        if delivery is None or (delivery.state is State.WAITING and state is State.IN_DOUBT):
            return
        row, decision = self.rows[delivery.id], self.decision(state, minutes)
        moved = self.ledger.record(delivery, decision, self.clock(), "said")
        assert (moved is not None) == (row.state in {State.WAITING, State.IN_DOUBT})
        if moved is not None:
            row.attempts += 1
            row.move(state, decision.next_at)

    @rule()
    def sweep(self) -> None:
        now, expected = self.clock(), set()
        for number, row in self.rows.items():
            looked_at = row.next_at is not None and row.next_at <= now
            if looked_at and row.state is State.SENDING and row.lease_until is not None and row.lease_until <= now:
                row.move(State.IN_DOUBT, now + QUIET)
                expected.add(number)
            elif looked_at and row.state is State.WAITING and row.expires_at <= now:
                row.move(State.EXPIRED)
                expected.add(number)
        assert {each.id for each in self.ledger.sweep(now)} == expected

    @rule(choice=st.integers(0, 20))
    def a_person_says_again(self, choice: int) -> None:
        delivery = self.pick(choice)
        if delivery is None:
            return
        row, now = self.rows[delivery.id], self.clock()
        can = row.state not in {State.SENDING, State.DELIVERED, State.SKIPPED}
        assert (self.ledger.retry(delivery.id, now, WINDOW) is not None) == can
        if can:
            row.move(State.WAITING, now)
            row.expires_at = max(row.expires_at, now + WINDOW)

    @rule(choice=st.integers(0, 20), state=st.sampled_from([State.DELIVERED, State.DEAD]))
    def a_person_decides(self, choice: int, state: State) -> None:
        delivery = self.pick(choice)
        if delivery is None:
            return
        row = self.rows[delivery.id]
        can = row.state is State.IN_DOUBT or (row.state is State.WAITING and state is State.DEAD)
        assert (self.ledger.decide(delivery.id, state, "Ann") is not None) == can
        if can:
            row.move(state)

    @rule(choice=st.integers(0, 20))
    def hold(self, choice: int) -> None:
        delivery = self.pick(choice)
        if delivery is None:
            return
        row = self.rows[delivery.id]
        assert (self.ledger.hold(delivery, "why") is not None) == (row.state is State.IN_DOUBT)
        if row.state is State.IN_DOUBT:
            row.next_at = None

    @rule(choice=st.integers(0, 20))
    def skip(self, choice: int) -> None:
        delivery = self.pick(choice)
        if delivery is None:
            return
        row = self.rows[delivery.id]
        assert (self.ledger.skip(delivery, "nothing to say") is not None) == (row.state is State.WAITING)
        if row.state is State.WAITING:
            row.move(State.SKIPPED)

    @rule(name=st.sampled_from(NAMES))
    def pause_or_resume(self, name: str) -> None:
        if name in self.paused:
            assert pauses.resume(self.ledger.database, name)
        else:
            assert pauses.pause(self.ledger.database, name, "holiday", "Ann", self.clock())
        self.paused ^= {name}

    @invariant()
    def the_ledger_is_as_the_model(self) -> None:
        found = reports.find(self.ledger.database, limit=1000)
        told = {each.id: replace(each, lease_until=None) for each in found}
        assert set(told) == set(self.rows)
        for number, row in self.rows.items():
            each = told[number]
            assert (each.state, each.fence, each.attempts) == (row.state, row.fence, row.attempts)
            assert (each.first_tried, each.expires_at) == (row.first_tried, row.expires_at)
            assert each.next_at == row.next_at

    @invariant()
    def what_is_due_is_what_the_model_says(self) -> None:
        now = self.clock()
        ready = {
            (number, row.state)
            for number, row in self.rows.items()
            if row.next_at is not None and row.next_at <= now and row.name not in self.paused
        }
        due = {number for number, state in ready if state is State.WAITING and self.rows[number].expires_at > now}
        assert {each.id for each in self.ledger.due(now, 1000)} == due
        doubtful = {number for number, state in ready if state is State.IN_DOUBT}
        assert {each.id for each in self.ledger.doubtful(now)} == doubtful

    @invariant()
    def only_legal_moves_are_made(self) -> None:
        for each in reports.find(self.ledger.database, limit=1000):
            before = self.seen.get(each.id, State.WAITING)
            assert each.state is before or legal(before, each.state)
            assert (each.first_tried is None) or each.state in {State.IN_DOUBT, State.SENDING}
            assert each.state is not State.IN_DOUBT or each.first_tried is not None
            self.seen[each.id] = each.state


def test_the_ledger_walked_at_random_does_what_a_plain_dict_would(fresh: Callable[[], str]) -> None:
    run_state_machine_as_test(
        lambda: LedgerMachine(fresh()),  # type: ignore[arg-type]  # whatever makes a machine will do
        settings=settings(max_examples=60, stateful_step_count=40, suppress_health_check=[HealthCheck.too_slow]),
    )
