"""May this delivery go now, or when? What platforms take, what they answered, and which hosts are down.

Pure, with the time given; kept in memory for the couriers of one process. After a restart it is learnt again: from the
kinds at once, from answers when they come. Of several processes one has an account at a time, and hands on what it knows.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.channels import (
    Answer,
    Channel,
    Conversation,
    Failure,
    InDoubt,
    Pace,
    Paced,
    R,
    Rate,
    Scope,
    Throttled,
    Unavailable,
    offers,
)
from bot.channels._answers import waiting_time
from bot.database import instant, micros
from bot.delivery.breaker import Breaker
from bot.delivery.states import Delivery

LAST_CALL = timedelta(minutes=5)  # before it is too late, a delivery is tried even at a host that is down
UNNAMED = timedelta(seconds=30)  # how long the others wait after a "not yet" that names no time
BACK = timedelta(seconds=5)  # a clock that is set back further makes all that was noted meaningless
FEW = 1000  # windows, before looking which of them are over
UNPACED = Pace()
_REMAINING = ("x-ratelimit-remaining", "ratelimit-remaining")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a delivery goes, as far as it shares limits with others; names without any secret."""

    host: str
    account: str
    destination: str
    pace: Pace = UNPACED

    def named(self, scope: Scope | None) -> str:
        """Whose limit an answer spoke of."""
        return self.account if (scope or self.pace.named) is Scope.ACCOUNT else self.destination


@dataclass(frozen=True, slots=True)
class Hold:
    """Not now: until when, and why. `brief` is the wait for one's turn, no trouble."""

    until: datetime
    why: str
    brief: bool = False


def place_of(channel: Channel) -> Place:
    """A destination begins with its host; what shares no account is its own."""
    destination = f"{channel.kind} {channel.destination}"
    host = re.split(r"[/#]", channel.destination, maxsplit=1)[0]
    if not offers(channel, Paced):
        return Place(host, destination, destination)
    return Place(host, f"{channel.kind} account {channel.account}", destination, channel.pace)


@dataclass(slots=True)
class _Window:
    """The last starts that a rate lets stand within its time."""

    rate: Rate
    starts: deque[datetime] = field(init=False)

    def __post_init__(self) -> None:
        self.starts = deque(maxlen=self.rate.most)

    def add(self, starts: Iterable[datetime]) -> None:
        """Notes starts in another process, some of which may be known."""
        every = sorted((Counter(self.starts) | Counter(starts)).elements())  # several may have begun at one instant
        self.starts = deque(every[-self.rate.most :], maxlen=self.rate.most)

    def free(self, now: datetime) -> datetime:
        full = len(self.starts) == self.rate.most
        return max(now, self.starts[0] + self.rate.within) if full else now

    def over(self, now: datetime) -> bool:
        return not self.starts or self.starts[-1] + self.rate.within <= now


@dataclass(slots=True)
class _Queue:
    """Those who wait for one account. Each gets its turn once, so that nobody asks in vain again and again."""

    rate: Rate
    promised: _Window = field(init=False)
    started: _Window = field(init=False)
    turns: dict[int, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.promised, self.started = _Window(self.rate), _Window(self.rate)

    def turn(self, delivery: int, now: datetime) -> datetime:
        if delivery not in self.turns:
            self.turns[delivery] = self.promised.free(now)
            self.promised.starts.append(self.turns[delivery])
        return max(self.turns[delivery], self.started.free(now))

    def goes(self, delivery: int, now: datetime) -> None:
        self.turns.pop(delivery, None)
        self.started.starts.append(now)

    def over(self, now: datetime) -> bool:
        return self.started.over(now) and self.promised.over(now)


@dataclass(frozen=True, slots=True)
class Noted:
    """What one process knows of an account and hands on to the next: its last starts, and until when nothing goes."""

    starts: tuple[datetime, ...] = ()
    closed: tuple[datetime, str] | None = None

    def values(self) -> dict[str, Any]:
        """As it is kept: instants in microseconds."""
        closed = [micros(self.closed[0]), self.closed[1]] if self.closed else None
        return {"starts": [micros(each) for each in self.starts], "closed": closed}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Noted:
        closed = values["closed"]
        return cls(tuple(map(instant, values["starts"])), (instant(closed[0]), closed[1]) if closed else None)


class Traffic:
    """What is known of hosts, accounts and destinations. The dispatcher asks, the courier tells."""

    def __init__(self) -> None:
        self._forget()
        self._last: datetime | None = None

    def _forget(self) -> None:
        self._hosts: dict[str, Breaker] = {}
        self._windows: dict[str, _Window] = {}
        self._queues: dict[str, _Queue] = {}
        self._closed: dict[str, tuple[datetime, str]] = {}
        self._others: dict[str, tuple[datetime, ...]] = {}  # starts of an account in other processes
        self._enough = FEW

    # the dispatcher asks

    def ask(self, delivery: Delivery, place: Place, now: datetime) -> Hold | None:
        """None if the delivery may go now, and then it counts as gone."""
        self._notice(now)
        hold = next(self._holds(delivery, place, now), None)
        if hold is None:
            self._goes(delivery, place, now)
        return hold

    def comes_back(self, delivery: Delivery, place: Place) -> None:
        """A delivery that was let go is done."""
        if place.host in self._hosts:
            self._hosts[place.host].comes_back(delivery.id)

    def _holds(self, delivery: Delivery, place: Place, now: datetime) -> Iterator[Hold]:
        for name in (place.destination, place.account):
            until, why = self._closed.get(name, (now, ""))
            if until > now:
                yield Hold(min(until, delivery.expires_at), f"not before {_shown(until)}: {why}")
        if place.pace.destination and (at := self._window(place).free(now)) > now:
            yield _turn(at, place.pace.destination, "to its destination", delivery)
        yield from self._down(delivery, place, now)
        if place.pace.account and (at := self._queue(place).turn(delivery.id, now)) > now:
            yield _turn(at, place.pace.account, "from its account", delivery)

    def _down(self, delivery: Delivery, place: Place, now: datetime) -> Iterator[Hold]:
        """A host that is down never lets a delivery expire untried."""
        breaker = self._hosts.get(place.host)
        again = breaker.again(delivery.id, delivery.attempts, now) if breaker else None
        last_call = delivery.expires_at - LAST_CALL
        if breaker and again and now < last_call:
            why = f"{place.host} is down since {_shown(breaker.since or now)} ({breaker.why})"
            yield Hold(min(again, last_call), f"{why}; one post at a time tries it, the next at {_shown(again)}")

    def _goes(self, delivery: Delivery, place: Place, now: datetime) -> None:
        if place.pace.destination:
            self._window(place).starts.append(now)
        if place.pace.account:
            self._queue(place).goes(delivery.id, now)
        if place.host in self._hosts:
            self._hosts[place.host].goes(delivery.id)

    # the courier tells

    def heard(self, place: Place, failure: Failure | TimeoutError | None, now: datetime) -> None:
        """What came of talking to a platform; None for an answer that is no failure."""
        self._notice(now)
        if isinstance(failure, Throttled):
            self._close(place.named(failure.scope), now + (failure.wait or UNNAMED), failure.why)
        if isinstance(failure, Unavailable | InDoubt | TimeoutError):
            self._hosts.setdefault(place.host, Breaker()).failed(place.destination, _why(failure), now)
        else:
            self._hosts.pop(place.host, None)

    def answered(self, place: Place, answer: Answer) -> None:
        """An answer to a post may say that it was the last one for now."""
        left = [value.strip() for name in _REMAINING for value in answer.headers.get(name, ())]
        wait = waiting_time(answer) if "0" in left else None
        if wait:
            self._close(place.named(None), answer.at + wait, "the platform takes no more until then")

    def _close(self, name: str, until: datetime, why: str) -> None:
        self._closed[name] = max(self._closed.get(name, (until, why)), (until, why))
        self._queues.pop(name, None)  # those turns will not come

    # several processes, one after the other, for an account

    def noted(self, account: str) -> Noted:
        """What the next one should know."""
        queue = self._queues.get(account)
        starts = tuple(queue.started.starts) if queue else self._others.get(account, ())
        return Noted(starts, self._closed.get(account))

    def take_over(self, account: str, noted: Noted) -> None:
        """Goes on where another process stopped."""
        queue = self._queues.get(account)
        if queue:
            queue.started.add(noted.starts)
        else:
            self._others[account] = noted.starts
        if noted.closed:
            self._close(account, *noted.closed)

    # what is over

    def _window(self, place: Place) -> _Window:
        assert place.pace.destination is not None
        return self._windows.setdefault(place.destination, _Window(place.pace.destination))

    def _queue(self, place: Place) -> _Queue:
        assert place.pace.account is not None
        if place.account not in self._queues:
            queue = self._queues[place.account] = _Queue(place.pace.account)
            queue.started.add(self._others.pop(place.account, ()))
        return self._queues[place.account]

    def _notice(self, now: datetime) -> None:
        if self._last is not None and now < self._last - BACK:
            self._forget()
        self._last = now
        if len(self._windows) + len(self._queues) + len(self._closed) > self._enough:
            self._tidy(now)

    def _tidy(self, now: datetime) -> None:
        self._windows = {name: each for name, each in self._windows.items() if not each.over(now)}
        self._queues = {name: each for name, each in self._queues.items() if not each.over(now)}
        self._closed = {name: each for name, each in self._closed.items() if each[0] > now}
        self._enough = max(FEW, 2 * (len(self._windows) + len(self._queues) + len(self._closed)))


def overheard(conversation: Conversation[R], traffic: Traffic, place: Place) -> Conversation[R]:
    """The same conversation; what is answered to the request that posts is told to `traffic` too."""
    try:
        step = next(conversation)
        while True:
            try:
                answer = yield step
            except Failure as failure:
                step = conversation.throw(failure)
                continue
            if getattr(step, "commits", False):
                traffic.answered(place, answer)
            step = conversation.send(answer)
    except StopIteration as end:
        result: R = end.value
        return result
    finally:
        conversation.close()


def _turn(at: datetime, rate: Rate, whose: str, delivery: Delivery) -> Hold:
    seconds = rate.within.total_seconds()
    why = f"its turn is at {_shown(at)}: at most {rate.most} in {seconds:g} s go {whose}"
    return Hold(min(at, delivery.expires_at), why, brief=True)


def _why(failure: Failure | TimeoutError) -> str:
    return failure.why if isinstance(failure, Failure) else "no answer in time"


def _shown(instant: datetime) -> str:
    return f"{instant:%d %b %H:%M:%S} UTC"
