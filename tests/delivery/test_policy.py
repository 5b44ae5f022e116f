"""Is every outcome followed by the right next step, at the right time, with a reason that a person understands?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

import pytest

from bot.channels import Doubt, Failure, InDoubt, Receipt, Refused, Scope, Throttled, Unavailable
from bot.delivery import policy
from bot.delivery.policy import Remedy
from bot.delivery.states import Decision, Delivery, State

NOW = datetime(2026, 7, 20, 9, 0, tzinfo=UTC)
TRIED = Delivery(
    id=1,
    subscription="general",
    day=date(2026, 7, 20),
    part=1,
    run="",
    state=State.SENDING,
    due_at=NOW,
    next_at=NOW,
    expires_at=NOW + timedelta(hours=6),
    fence=1,
    attempts=1,
)
PLAIN = Doubt()
KEYED = Doubt(repeat_within=timedelta(hours=1))


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def after(failure: Failure, delivery: Delivery = TRIED, jitter: float = 0.0, kind: str = "slack") -> Decision:
    return policy.after(failure, delivery, NOW, jitter, kind, PLAIN)


@pytest.mark.parametrize(
    ("attempt", "wait"),
    [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (10, 2560), (11, 3600), (40, 3600), (10_000, 3600)],
)
def test_backoff_doubles_up_to_an_hour(attempt: int, wait: int) -> None:
    assert policy.backoff(attempt, 0.0) == seconds(wait)
    assert policy.backoff(attempt, 1.0) == seconds(wait * 0.75)


def test_the_webhook_schedule_is_that_of_standard_webhooks() -> None:
    waits = [policy.webhook_wait(attempt) for attempt in range(1, 11)]
    since_start = list(accumulate(wait.total_seconds() for wait in waits if wait is not None))

    assert since_start == [0, 5, 305, 2105, 9305, 27305, 63305, 113705, 185705, 272105]
    assert policy.webhook_wait(11) is None


def test_a_webhook_is_tried_again_by_its_schedule_without_jitter_and_then_given_up() -> None:
    third = replace(TRIED, attempts=2)
    last = replace(TRIED, attempts=10)

    assert after(Unavailable("502"), third, 0.7, "webhook") == Decision(State.WAITING, NOW + seconds(300), "502")
    assert after(Unavailable("502"), last, 0.7, "webhook") == Decision(State.DEAD, None, "502; given up after 10 attempts")


@pytest.mark.parametrize(
    ("failure", "pause"),
    [
        (Refused(Scope.MESSAGE, "too long"), False),
        (Refused(Scope.DESTINATION, "archived"), True),
        (Refused(Scope.ACCOUNT, "revoked"), True),
        (Refused(Scope.DESTINATION, "bad certificate", lasting=False), False),
    ],
)
def test_a_refusal_is_the_end_and_a_lasting_one_pauses(failure: Refused, *, pause: bool) -> None:
    assert after(failure) == Decision(State.DEAD, None, failure.why, pause)


@pytest.mark.parametrize(
    ("failure", "jitter", "wait"),
    [
        (Unavailable("no route"), 0.0, 5),
        (Unavailable("no route"), 1.0, 3.75),
        (Throttled("busy"), 0.0, 5),
        (Throttled("busy", seconds(30)), 0.0, 30),
        (Throttled("busy", seconds(30)), 1.0, 33),
        (Throttled("busy", seconds(0.3)), 1.0, 1.3),
    ],
)
def test_what_passes_is_tried_again_and_never_sooner_than_the_platform_asked(
    failure: Failure, jitter: float, wait: float
) -> None:
    assert after(failure, jitter=jitter) == Decision(State.WAITING, NOW + seconds(wait), failure.why)


def test_a_wait_beyond_the_end_of_the_window_gives_the_day_up_and_says_why() -> None:
    assert after(Throttled("limit", timedelta(hours=8))) == Decision(
        State.EXPIRED,
        None,
        "limit; the platform asks to wait until 20 Jul 17:00 UTC, and after 20 Jul 15:00 UTC this post is too late",
    )
    assert after(Unavailable("down"), replace(TRIED, expires_at=NOW + seconds(5))) == Decision(
        State.EXPIRED,
        None,
        "down; the next try would be at 20 Jul 09:00 UTC, and after 20 Jul 09:00 UTC this post is too late",
    )


def test_a_lost_answer_is_looked_at_after_the_quiet_time() -> None:
    assert after(InDoubt("reset")) == Decision(State.IN_DOUBT, NOW + seconds(90), "reset")
    assert after(InDoubt("reset"), replace(TRIED, attempts=6)) == Decision(State.IN_DOUBT, NOW + seconds(160), "reset")


@pytest.mark.parametrize(
    ("failure", "decision"),
    [
        (Unavailable("down"), Decision(State.IN_DOUBT, NOW + seconds(90), "down")),
        (Throttled("busy", seconds(600)), Decision(State.IN_DOUBT, NOW + seconds(600), "busy")),
        (Throttled("busy"), Decision(State.IN_DOUBT, NOW + seconds(90), "busy")),
        (InDoubt("reset"), Decision(State.IN_DOUBT, NOW + seconds(90), "reset")),
        (Refused(Scope.MESSAGE, "no"), Decision(State.IN_DOUBT, None, "no")),
        (Refused(Scope.ACCOUNT, "no"), Decision(State.IN_DOUBT, None, "no", pause=True)),
    ],
)
def test_no_answer_to_a_repeat_takes_an_earlier_doubt_away(failure: Failure, decision: Decision) -> None:
    assert after(failure, replace(TRIED, first_tried=NOW - seconds(100))) == decision


@pytest.mark.parametrize(
    ("minutes", "doubt", "finds", "repeat", "remedy"),
    [
        (2, PLAIN, False, False, Remedy.HOLD),
        (2, PLAIN, False, True, Remedy.REPEAT),
        (400, PLAIN, False, True, Remedy.HOLD),
        (2, PLAIN, True, True, Remedy.LOOK),
        (2, KEYED, True, False, Remedy.LOOK),
        (2, KEYED, False, False, Remedy.REPEAT),
        (59, KEYED, False, False, Remedy.REPEAT),
        (60, KEYED, False, False, Remedy.HOLD),
        (24 * 60, PLAIN, True, False, Remedy.HOLD),
        (23 * 60, Doubt(timedelta(days=9)), False, False, Remedy.REPEAT),
        (24 * 60, Doubt(timedelta(days=9)), False, False, Remedy.HOLD),
    ],
)
def test_a_doubt_is_settled_by_looking_else_by_a_safe_repeat_else_by_a_person(
    minutes: int, doubt: Doubt, *, finds: bool, repeat: bool, remedy: Remedy
) -> None:
    doubtful = replace(TRIED, first_tried=NOW)

    chosen = policy.remedy(doubtful, doubt, NOW + timedelta(minutes=minutes), finds=finds, repeat=repeat)

    assert chosen is remedy


def test_who_may_ask_looks_before_a_risky_repeat_however_old_the_doubt_is() -> None:
    old = replace(TRIED, first_tried=NOW - timedelta(days=2), expires_at=NOW + timedelta(hours=1))

    assert policy.remedy(old, KEYED, NOW, finds=True, repeat=True) is Remedy.LOOK
    assert policy.remedy(old, KEYED, NOW, finds=False, repeat=True) is Remedy.REPEAT


def test_a_post_that_was_counted_for_another_leaves_a_doubt_that_is_asked_about_ever_later() -> None:
    waits = [policy.counted_elsewhere(replace(TRIED, attempts=number), NOW, 0.0) for number in (0, 1, 30)]

    assert {each.state for each in waits} == {State.IN_DOUBT}
    assert [each.next_at for each in waits] == [NOW + seconds(5), NOW + seconds(10), NOW + timedelta(hours=1)]


def test_a_risky_repeat_is_made_twice_at_most() -> None:
    choices = [
        policy.remedy(replace(TRIED, first_tried=NOW, attempts=number), PLAIN, NOW, finds=False, repeat=True)
        for number in (1, 2, 3)
    ]

    assert choices == [Remedy.REPEAT, Remedy.REPEAT, Remedy.HOLD]


def test_what_surely_did_not_get_there_is_tried_again_unless_it_is_too_late() -> None:
    assert policy.not_found(TRIED, NOW) == Decision(State.WAITING, NOW, "it did not get there")
    assert policy.not_found(TRIED, TRIED.expires_at).state is State.EXPIRED


def test_a_receipt_is_the_end_and_keeps_its_note() -> None:
    assert policy.delivered(Receipt("7", "", "without the picture")) == Decision(
        State.DELIVERED, None, "without the picture"
    )
