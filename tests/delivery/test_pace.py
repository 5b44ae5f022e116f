"""Is a limit kept before it is hit, is one answer enough for all, and does a host that is down lose nothing?"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Answer, InDoubt, Pace, Rate, Refused, Request, Scope, Throttled, Unavailable, kinds
from bot.delivery.breaker import AFTERWARDS, FIRST, IN_A_ROW, LONGEST
from bot.delivery.ledger import Ledger
from bot.delivery.pace import LAST_CALL, UNNAMED, Hold, Noted, Place, Traffic, overheard, place_of
from bot.delivery.states import Delivery, State
from tests.delivery.fakes import DAY, NOON, Findable, Plain, World, raises

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
BOT = Pace(Rate(1, SECOND), Rate(30, SECOND), Scope.ACCOUNT)


def delivery(number: int, *, attempts: int = 0, lasts: timedelta = timedelta(hours=6)) -> Delivery:
    name = f"channel-{number}"
    return Delivery(number, name, DAY, 1, "", State.WAITING, NOON, NOON, NOON + lasts, attempts=attempts)


def place(number: int, pace: Pace = BOT, host: str = "api.example") -> Place:
    return Place(host, "bot 1", f"chat {number}", pace)


def held(hold: Hold | None) -> Hold:
    assert hold is not None
    return hold


# limits that are known


def test_a_destination_gets_one_post_in_its_time() -> None:
    traffic, there = Traffic(), place(1, Pace(Rate(1, SECOND)))

    assert traffic.ask(delivery(1), there, NOON) is None
    second = held(traffic.ask(delivery(2), there, NOON))

    assert second.until == NOON + SECOND
    assert second.brief
    assert traffic.ask(delivery(2), there, NOON + SECOND) is None


def test_an_account_gives_each_its_turn_once() -> None:
    traffic = Traffic()

    answers = [traffic.ask(delivery(number), place(number), NOON) for number in range(95)]

    assert [each is None for each in answers] == [True] * 30 + [False] * 65
    turns = [each.until - NOON for each in answers if each]
    assert turns == [SECOND] * 30 + [2 * SECOND] * 30 + [3 * SECOND] * 5
    assert all(traffic.ask(delivery(number), place(number), NOON + SECOND) is None for number in range(30, 60))


def test_who_comes_later_does_not_take_the_turn_of_another() -> None:
    traffic = Traffic()
    for number in range(60):
        traffic.ask(delivery(number), place(number), NOON)

    newcomer = held(traffic.ask(delivery(99), place(99), NOON + SECOND))

    assert newcomer.until == NOON + 2 * SECOND
    assert traffic.ask(delivery(59), place(59), NOON + SECOND) is None


def test_turns_that_were_slept_through_do_not_come_all_at_once() -> None:
    traffic = Traffic()
    for number in range(300):
        traffic.ask(delivery(number), place(number), NOON)

    gone = [
        number for number in range(300) if traffic.ask(delivery(number), place(number), NOON + timedelta(hours=1)) is None
    ]

    assert len(gone) == 30


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 400)), max_size=120))
def test_no_window_ever_holds_more_than_the_rate(steps: list[tuple[int, int]]) -> None:
    traffic, now = Traffic(), NOON
    pace = Pace(Rate(2, SECOND), Rate(3, SECOND))
    starts: list[tuple[datetime, int]] = []
    for number, (chat, passed) in enumerate(steps):
        now += timedelta(milliseconds=passed)
        if traffic.ask(delivery(number), place(chat, pace), now) is None:
            starts.append((now, chat))

    for at, _ in starts:
        inside = [chat for other, chat in starts if at <= other < at + SECOND]
        assert len(inside) <= 3
        assert max(inside.count(chat) for chat in inside) <= 2


def test_a_clock_that_is_set_back_holds_nobody_for_a_day() -> None:
    traffic, there = Traffic(), place(1)
    traffic.ask(delivery(1), there, NOON)
    traffic.heard(there, Throttled("full", timedelta(hours=20)), NOON)

    assert traffic.ask(delivery(2), there, NOON - timedelta(days=1)) is None


def test_what_is_over_is_forgotten() -> None:
    traffic, pace = Traffic(), Pace(Rate(1, SECOND))
    for number in range(5000):
        traffic.ask(delivery(number), place(number, pace), NOON + number * SECOND)

    assert len(traffic._windows) < 2000


@pytest.mark.parametrize("kind", kinds().values(), ids=kinds())
def test_a_kind_says_its_place_without_a_secret(kind: Any) -> None:
    channel = kind(kind.Options.model_validate(dict(kind.example)))

    said = place_of(channel)

    assert said.host
    for secret in ("made-up-token", "xoxb-made-up", "made-upxx"):
        assert secret not in f"{said.account} {said.destination}"


# limits that an answer told


def test_one_refused_for_now_holds_back_all_of_its_account_and_no_other() -> None:
    traffic = Traffic()

    traffic.heard(place(1), Throttled("429", timedelta(minutes=5)), NOON)

    other = held(traffic.ask(delivery(2), place(2), NOON))
    assert other.until == NOON + timedelta(minutes=5)
    assert "429" in other.why
    assert traffic.ask(delivery(3), Place("api.example", "bot 2", "chat 3", BOT), NOON) is None
    assert traffic.ask(delivery(2), place(2), NOON + timedelta(minutes=5)) is None


def test_an_answer_may_say_whose_limit_it_is() -> None:
    traffic, hook = Traffic(), Pace(Rate(1, 2 * SECOND))

    traffic.heard(place(1, hook), Throttled("busy", MINUTE), NOON)
    assert traffic.ask(delivery(2), place(2, hook), NOON) is None

    traffic.heard(place(1, hook), Throttled("all of you", MINUTE, Scope.ACCOUNT), NOON)
    assert held(traffic.ask(delivery(3), place(3, hook), NOON)).until == NOON + MINUTE


def test_a_not_yet_without_a_time_holds_the_others_a_little() -> None:
    traffic = Traffic()

    traffic.heard(place(1), Throttled("full"), NOON)

    assert held(traffic.ask(delivery(2), place(2), NOON)).until == NOON + UNNAMED


def test_a_post_that_would_be_too_late_is_not_held_beyond_its_time() -> None:
    traffic = Traffic()
    traffic.heard(place(1), Throttled("full", timedelta(days=1)), NOON)

    assert held(traffic.ask(delivery(2), place(2), NOON)).until == delivery(2).expires_at


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-ratelimit-remaining": ("0",), "x-ratelimit-reset": ("2026-07-20T12:05:00.000000Z",)}, timedelta(minutes=5)),
        ({"ratelimit-remaining": ("0",), "ratelimit-reset": ("1784549160",)}, timedelta(minutes=6)),
        ({"x-ratelimit-remaining": ("1",), "x-ratelimit-reset": ("1784549160",)}, None),
        ({"x-ratelimit-remaining": ("0",)}, None),
    ],
)
def test_the_last_post_that_was_allowed_closes_the_account(
    headers: dict[str, tuple[str, ...]], wait: timedelta | None
) -> None:
    traffic = Traffic()

    traffic.answered(place(1), Answer(200, headers, b"{}", NOON))

    hold = traffic.ask(delivery(2), place(2), NOON)
    assert (hold.until - NOON if hold else None) == wait


def test_a_conversation_that_is_listened_to_stays_the_same() -> None:
    heard: list[Answer] = []

    class Ears(Traffic):
        def answered(self, place: Place, answer: Answer) -> None:
            heard.append(answer)

    def conversation() -> Any:
        try:
            yield Request("GET", "https://a.example/")
        except Unavailable:
            first = None
        answer = yield Request("POST", "https://a.example/", commits=True)
        return (first, answer.status)

    listened = overheard(conversation(), Ears(), place(1))
    next(listened)
    assert listened.throw(Unavailable("gone")).commits  # type: ignore[union-attr]  # a request
    with pytest.raises(StopIteration) as end:
        listened.send(Answer(201, {}, b"", NOON))

    assert end.value.value == (None, 201)
    assert [each.status for each in heard] == [201]


# hosts that are down


def _down(traffic: Traffic, now: datetime = NOON, failures: int = IN_A_ROW) -> None:
    for number in range(failures):
        traffic.heard(place(number, Pace()), Unavailable("no connection"), now)


def test_after_failures_in_a_row_one_tries_and_the_others_wait() -> None:
    traffic = Traffic()
    _down(traffic)

    first, second = (held(traffic.ask(delivery(number), place(number, Pace()), NOON)) for number in (1, 2))
    assert first.until == NOON + FIRST
    assert second.until == NOON + FIRST + AFTERWARDS
    assert "api.example is down" in second.why
    assert "no connection" in second.why
    assert traffic.ask(delivery(1), place(1, Pace()), first.until) is None
    assert traffic.ask(delivery(2), place(2, Pace()), first.until) is not None


def test_the_waits_between_probes_grow_to_a_bound() -> None:
    traffic, now, waits = Traffic(), NOON, []
    _down(traffic)
    for _ in range(7):
        hold = held(traffic.ask(delivery(1), place(1, Pace()), now))
        waits.append(hold.until - now)
        now = hold.until
        assert traffic.ask(delivery(1), place(1, Pace()), now) is None
        traffic.heard(place(1, Pace()), InDoubt("no answer"), now)
        traffic.comes_back(delivery(1), place(1, Pace()))

    assert waits == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, LONGEST, LONGEST, LONGEST]


@pytest.mark.parametrize("answer", [None, Refused(Scope.MESSAGE, "no"), Throttled("not yet", SECOND)])
def test_the_first_answer_of_any_sort_lets_all_go(answer: Any) -> None:
    traffic = Traffic()
    _down(traffic)

    traffic.heard(place(7, Pace()), answer, NOON + SECOND)

    assert traffic.ask(delivery(1), place(1, Pace()), NOON + SECOND) is None


def test_an_answer_between_failures_begins_the_count_anew() -> None:
    traffic = Traffic()
    _down(traffic, failures=IN_A_ROW - 1)
    traffic.heard(place(1, Pace()), None, NOON)
    _down(traffic, failures=IN_A_ROW - 1)

    assert traffic.ask(delivery(1), place(1, Pace()), NOON) is None


def test_failures_far_apart_are_no_outage() -> None:
    traffic = Traffic()
    for number in range(10):
        traffic.heard(place(number, Pace()), Unavailable("gone"), NOON + number * 5 * MINUTE)

    assert traffic.ask(delivery(1), place(1, Pace()), NOON + 50 * MINUTE) is None


def test_one_channel_that_always_fails_is_not_its_hosts_fault() -> None:
    traffic = Traffic()
    for _ in range(20):
        traffic.heard(place(1, Pace()), InDoubt("the server failed"), NOON)

    assert traffic.ask(delivery(2), place(2, Pace()), NOON) is None


def test_what_was_never_tried_is_the_better_probe() -> None:
    traffic = Traffic()
    _down(traffic)

    worn = held(traffic.ask(delivery(1, attempts=9), place(1, Pace()), NOON))
    fresh = held(traffic.ask(delivery(2), place(2, Pace()), NOON))

    assert worn.until == fresh.until == NOON + FIRST
    assert traffic.ask(delivery(1, attempts=9), place(1, Pace()), NOON + FIRST) is not None
    assert traffic.ask(delivery(2), place(2, Pace()), NOON + FIRST) is None


def test_a_probe_that_never_comes_or_meets_nobody_is_followed_by_another() -> None:
    traffic = Traffic()
    _down(traffic)
    traffic.ask(delivery(1), place(1, Pace()), NOON)

    later = NOON + FIRST + AFTERWARDS
    assert traffic.ask(delivery(2), place(2, Pace()), later) is None
    assert traffic.ask(delivery(3), place(3, Pace()), later) is not None
    traffic.comes_back(delivery(2), place(2, Pace()))  # it had nothing to say
    assert traffic.ask(delivery(3), place(3, Pace()), later) is None


def test_a_host_that_is_down_lets_nothing_expire_untried() -> None:
    traffic, short = Traffic(), delivery(1, lasts=timedelta(minutes=6))
    _down(traffic)
    traffic.ask(delivery(9), place(9, Pace()), NOON)

    hold = held(traffic.ask(short, place(1, Pace()), NOON))

    assert hold.until == short.expires_at - LAST_CALL
    assert traffic.ask(short, place(1, Pace()), hold.until) is None


# with a real courier and ledger


def test_the_courier_tells_what_it_met(ledger: Ledger) -> None:
    world, channel = World(ledger), Plain()
    world.platform.before.append(raises(Throttled("full", timedelta(minutes=5))))

    asyncio.run(world.courier.deliver(world.opened(), channel))

    hold = held(world.courier.traffic.ask(delivery(2), place_of(channel), NOON))
    assert hold.until == NOON + timedelta(minutes=5)


def test_a_look_counts_as_an_answer(ledger: Ledger) -> None:
    world, channel = World(ledger), Findable()
    traffic, there = world.courier.traffic, place_of(channel)
    world.platform.after.append(raises(InDoubt("lost")))
    asyncio.run(world.courier.deliver(world.opened(), channel))
    for number in range(IN_A_ROW):
        traffic.heard(Place(there.host, "", str(number)), Unavailable("gone"), NOON)
    world.clock.move(minutes=5)

    (doubtful,) = ledger.doubtful(world.clock())
    settled = asyncio.run(world.courier.settle_doubt(doubtful, channel))

    assert settled.state is State.DELIVERED
    assert traffic.ask(delivery(1), there, world.clock()) is None


def test_what_is_put_off_keeps_its_attempts_and_says_why(ledger: Ledger) -> None:
    world = World(ledger)
    waiting = world.opened()

    ledger.postpone([(waiting, NOON + MINUTE, "its host is down")], NOON)

    assert ledger.due(NOON, 10) == []
    (later,) = ledger.due(NOON + MINUTE, 10)
    assert (later.attempts, later.fence, later.reason) == (0, waiting.fence, "its host is down")
    assert ledger.next_due() == NOON + MINUTE


def test_what_was_claimed_meanwhile_is_not_put_off(ledger: Ledger) -> None:
    world = World(ledger)
    waiting = world.opened()
    fence = ledger.claim(waiting.id, waiting.fence, NOON)

    ledger.postpone([(waiting, NOON + MINUTE, "its host is down")], NOON)

    assert fence is not None
    assert ledger.renew(waiting.id, fence, NOON)


def test_the_list_of_what_is_due_is_read_page_by_page(ledger: Ledger) -> None:
    world = World(ledger)
    for number in range(7):
        world.opened(f"channel-{number}")
        world.clock.move(seconds=number % 2)

    seen: list[str] = []
    page = ledger.due(world.clock(), 3)
    while page:
        seen += [each.subscription for each in page]
        page = ledger.due(world.clock(), 3, page[-1])

    assert seen == [f"channel-{number}" for number in range(7)]


def test_what_one_process_noted_of_an_account_the_next_one_goes_on_with() -> None:
    rate = Rate(2, timedelta(minutes=1))
    there = Place("host", "account", "destination", Pace(account=rate))
    first, second = Traffic(), Traffic()
    assert [first.ask(delivery(number), there, NOON) for number in (1, 2)] == [None, None]

    second.take_over("account", Noted.of(json.loads(json.dumps(first.noted("account").values()))))
    late = second.ask(delivery(3), there, NOON + timedelta(seconds=10))

    assert held(late).until == NOON + rate.within
    assert second.ask(delivery(3), there, NOON + rate.within) is None


def test_until_when_an_account_takes_nothing_is_handed_on() -> None:
    there = Place("host", "account", "destination", Pace(named=Scope.ACCOUNT))
    first, second = Traffic(), Traffic()
    first.heard(there, Throttled("later", timedelta(minutes=3)), NOON)

    second.take_over("account", Noted.of(first.noted("account").values()))
    assert held(second.ask(delivery(1), there, NOON)).until == NOON + timedelta(minutes=3)


def test_an_account_of_which_nothing_is_known_is_free() -> None:
    traffic, pace = Traffic(), Pace(account=Rate(1, timedelta(minutes=1)))

    traffic.take_over("account", Noted.of(Noted().values()))

    assert traffic.noted("account") == Noted()
    assert traffic.ask(delivery(1), Place("host", "account", "destination", pace), NOON) is None


def test_who_takes_over_and_lets_nothing_go_hands_on_what_he_got() -> None:
    there = Place("host", "account", "destination", Pace(account=Rate(2, timedelta(minutes=1))))
    traffic, later = Traffic(), NOON + timedelta(seconds=30)
    traffic.ask(delivery(1), there, NOON)

    traffic.take_over("account", Noted((NOON, later)))

    assert traffic.noted("account") == Noted((NOON, later))
