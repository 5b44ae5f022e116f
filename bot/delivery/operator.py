"""What is the owner told, and how? Short notices through a channel of theirs, each once, by the way of every post.

A notice is a delivery with its words already in it and a run of its own, so that the ledger keeps it from being doubled or
lost: one for each subject and day. What concerns the operator's channel itself goes to the log only.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from bot.channels import Channel
from bot.delivery import pauses, reports
from bot.delivery.ledger import Ledger
from bot.delivery.pauses import Pause
from bot.delivery.states import Delivery, NewDelivery, State
from bot.rendering.compose import shortenings
from bot.rendering.message import Message

RUN, TITLE = "notice-", "A notice from thisday"
LASTS = timedelta(days=1)  # a notice that is later than that helps nobody
SINGLY = 3  # so many of one sort in one round are told one by one, more of them in one notice
NAMED = 5
PAUSED = "too late; paused"  # the owner knows
_LONGEST, _LONGEST_REASON = 1000, 300

log = logging.getLogger(__name__)
Words = Callable[[str, str], Message]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that its owner should know. `subject` and `day` make it one; `about` is the channel it concerns."""

    subject: str
    day: date
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Operator:
    """Tells the owner, by the channel `name`; without one, by the log. `words` puts a text into a message for it."""

    ledger: Ledger
    name: str | None = None
    words: Words = field(default=lambda subject, text: Message(subject, text, text))

    def tell(self, notices: Iterable[Notice], now: datetime) -> None:
        if carried := self.opened(notices, now):
            self.ledger.open(carried, {})

    def opened(self, notices: Iterable[Notice], now: datetime) -> list[NewDelivery]:
        """The deliveries that carry these notices, to be opened with whatever they tell of."""
        carried = []
        for each in notices:
            if self.name and each.about != self.name:
                carried.append(self._carrier(self.name, each, now))
            else:
                log.warning("%s", each.text)
        return carried

    def after(self, deliveries: Sequence[Delivery], now: datetime) -> None:
        """What became of deliveries, as far as somebody should know; and which channels were paused meanwhile."""
        paused = {each.subscription for each in self._tell_pauses(now)}
        self.tell(self._about([each for each in deliveries if each.subscription not in paused], now), now)

    def tell_held(self, now: datetime) -> None:
        """At the start, what waits for a person, should its notice never have been written."""
        self.after(reports.find(self.ledger.database, state=State.IN_DOUBT, limit=1000), now)

    def _tell_pauses(self, now: datetime) -> list[Pause]:
        """Each pause that a platform caused is told once; after a kill between the two steps the notice is there already."""
        found = pauses.untold(self.ledger.database)
        for each in found:
            self.tell([about_pause(each)], now)
            pauses.tell(self.ledger.database, each.subscription, now)
        return found

    def _about(self, deliveries: Sequence[Delivery], now: datetime) -> Iterator[Notice]:
        own = [each for each in deliveries if each.subscription == self.name]
        yield from (notice for each in own for notice in about_deliveries([each], now.date()))
        yield from about_deliveries([each for each in deliveries if each.subscription != self.name], now.date())

    def _carrier(self, name: str, notice: Notice, now: datetime) -> NewDelivery:
        message = self.words(notice.subject, notice.text).json
        return NewDelivery(name, notice.day, now, now + LASTS, run=f"{RUN}{notice.subject}", message=message)


def worded(channel: Channel, subject: str, text: str) -> Message:
    """A notice as a message that its channel takes, shortened if it must be."""
    budget = channel.budget({})
    plain = next(each for each in shortenings(text[:_LONGEST]) if budget.fits(channel.markup.escape(each)))
    return Message(TITLE, channel.markup.escape(plain), plain, data={"notice": subject})


def about_pause(pause: Pause) -> Notice:
    name = pause.subscription
    text = f"{name} is paused: {_short(pause.reason)}. When that is mended: thisday channels resume {name}"
    return Notice(f"paused-{name}", pause.since.date(), text, name)


def about_outage(since: datetime, until: datetime, late: Sequence[str], expired: Sequence[str]) -> Notice:
    """`late` and `expired` are the channels of the posts that came due meanwhile, one for each post."""
    came = (f"{len(names)} {how} ({_some(names)})" for names, how in ((late, "late"), (expired, "too late")) if names)
    gap = f"from {since:%d %b %H:%M} to {until:%d %b %H:%M} UTC"
    text = f"thisday was not running {gap}. Of what came due meanwhile: {', '.join(came)}."
    return Notice("outage", until.date(), text)


def about_deliveries(deliveries: Iterable[Delivery], today: date) -> Iterator[Notice]:
    """Posts that expired, were refused, or are in doubt and held for a person. Of a pause its own notice tells."""
    sorts = sorted((sort, each) for each in enumerate(deliveries) if (sort := _sort(each[1])))
    for sort, group in groupby(sorts, key=lambda pair: pair[0]):
        found = [delivery for _, (_, delivery) in group]
        yield from [_about_many(sort, found, today)] if len(found) > SINGLY else (_about_one(sort, each) for each in found)


def _sort(delivery: Delivery) -> str:
    if delivery.state is State.IN_DOUBT and delivery.next_at is None:
        return "in-doubt"
    if delivery.state is State.EXPIRED and delivery.reason.startswith(PAUSED):
        return ""
    return {State.EXPIRED: "expired", State.DEAD: "refused"}.get(delivery.state, "")


_ONE = {
    "in-doubt": "may be there or not: {why}. Look, then: thisday settle {id} delivered, or: thisday retry {id}",
    "expired": "was not posted: {why}",
    "refused": "was refused: {why}. When that is mended: thisday retry {id}",
}
_MANY = {
    "in-doubt": "posts may be there or not. See: thisday deliveries --state in-doubt",
    "expired": "posts were too late. See: thisday deliveries --state expired",
    "refused": "posts were refused. See: thisday deliveries --state dead",
}


def _about_one(sort: str, delivery: Delivery) -> Notice:
    name = delivery.subscription
    what = _ONE[sort].format(why=_short(delivery.reason), id=delivery.id)
    posted = "post" if delivery.corrects is None else "correction"
    return Notice(f"{sort}-{name}", delivery.day, f"The {posted} of {delivery.day} to {name} {what}", name)


def _about_many(sort: str, deliveries: Sequence[Delivery], today: date) -> Notice:
    names = [each.subscription for each in deliveries]
    return Notice(f"{sort}-several", today, f"{len(names)} {_MANY[sort]} ({_some(names)})")


def _some(names: Sequence[str]) -> str:
    several = list(dict.fromkeys(names))
    more = f" and {len(several) - NAMED} more" if len(several) > NAMED else ""
    return ", ".join(several[:NAMED]) + more


def _short(reason: str) -> str:
    plain = re.sub(r"\s+", " ", reason).strip()
    return plain if len(plain) <= _LONGEST_REASON else f"{plain[:_LONGEST_REASON]}…"
