"""How does one delivery get there? Compose, keep, claim at the wire, send, settle. The heart.

A courier never waits to try again and never decides: the ledger says who may send, the policy says what comes next.
Whatever ends it, an error, a cancellation or a kill, leaves the delivery in a state from which it goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from bot.channels import (
    Channel,
    Claim,
    Conversation,
    Direct,
    Doubt,
    Edits,
    Failure,
    Finds,
    InDoubt,
    Learns,
    Post,
    Posted,
    Receipt,
    Refused,
    Rewrites,
    Scope,
    Unavailable,
    key_for,
    offers,
)
from bot.channels._answers import AS_NEW
from bot.channels._http import Within
from bot.database import DatabaseError
from bot.database.desk import Desk
from bot.delivery import facts as kept
from bot.delivery import policy, reports
from bot.delivery.ledger import LEASE, NO_RECEIPT, Ledger
from bot.delivery.pace import Place, Traffic, overheard, place_of
from bot.delivery.states import Decision, Delivery
from bot.errors import BotError
from bot.rendering.message import Message, message_from

R = TypeVar("R")
FACTS_LAST = timedelta(days=7)
PATIENCE = timedelta(minutes=10)  # for everything that one delivery asks its platform; a picture may be long in the making

AGAIN = (0.1, 1.0, 5.0, 15.0, 30.0)  # seconds between the tries to write an answer down
MOST_ALIKE = 100  # looks for one post; each passes over one more that reads the same

log = logging.getLogger(__name__)


class ClaimLostError(Exception):
    """Raised by `claim` at the wire: another courier has the delivery, or it has been settled. Do not send."""


@dataclass(frozen=True, slots=True)
class Skip:
    """There is nothing to say, and why."""

    reason: str


Outcome = Receipt | Skip | Decision | Failure | ClaimLostError  # what came of one attempt


class Compose(Protocol):
    """The messages of a delivery, one for each part of the thread that begins with it; called in a thread."""

    def __call__(self, delivery: Delivery, facts: Mapping[str, Any], /) -> Sequence[Message] | Skip: ...


class Composed(Protocol):
    """What `Compose` would answer, if that is known without any work, else None."""

    def __call__(self, delivery: Delivery, facts: Mapping[str, Any], /) -> Sequence[Message] | Skip | None: ...


class Http(Protocol):
    """Drives conversations. Awaits `claim` before the committing request can leave, and lets its errors pass."""

    async def run(self, conversation: Conversation[R], claim: Claim, /) -> R: ...


@dataclass(slots=True)
class _Hold:
    """The claim of one courier on one delivery; `fence` is set once it has been taken."""

    ledger: Ledger
    delivery: Delivery
    now: Callable[[], datetime]
    words: Sequence[str] = ()  # what was composed and is not kept yet
    fence: int | None = None
    lost: bool = False

    async def __call__(self) -> None:
        """Takes the claim, or, when a conversation commits a second time, makes sure that it still stands."""
        now = self.now()
        if not await self.ledger.desk.do(self._take, now):
            self.lost = True
            raise ClaimLostError
        if self.now() >= now + LEASE:
            raise Unavailable("this computer stood still while the post was about to leave")

    def _take(self, now: datetime) -> bool:
        if self.fence is not None:
            return self.ledger.renew(self.delivery.id, self.fence, now)
        seen = self.delivery
        self.fence = self.ledger.claim(seen.id, seen.fence, now, state=seen.state, words=self.words)
        return self.fence is not None


@dataclass(frozen=True, slots=True)
class Courier:
    """One courier serves any number of deliveries at once; each call is one attempt of one delivery."""

    ledger: Ledger
    http: Http
    compose: Compose
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    patience: timedelta = field(default=PATIENCE)
    composed: Composed = lambda _, __: None
    traffic: Traffic = field(default_factory=Traffic)
    again: Sequence[float] = AGAIN
    writers: Desk = field(default_factory=lambda: Desk(nullcontext))

    async def deliver(self, delivery: Delivery, channel: Channel) -> Delivery:
        """One attempt of a waiting delivery; returns it as it then stands."""
        hold = _Hold(self.ledger, delivery, self.now)
        outcome = await self._outcome(self._sending(channel, hold), hold)
        return await self._written(outcome, channel, hold)

    async def settle_doubt(self, delivery: Delivery, channel: Channel, *, repeat: bool = False) -> Delivery:
        """Looks whether a doubtful post got there, or repeats it where that is safe or (`repeat`) wished."""
        why, doubt = delivery.reason, _doubt(delivery, channel)
        finds = offers(channel, Finds) and not delivery.edits
        choice = policy.remedy(delivery, doubt, self.now(), finds=finds, repeat=repeat)
        if choice is policy.Remedy.LOOK:
            hold = _Hold(self.ledger, delivery, self.now)
            outcome = await self._outcome(self._finding(delivery, channel), hold)
            if not isinstance(outcome, Refused):
                return await self._written(outcome, channel, hold)
            why = f"{why}; it could not be looked up: {outcome.why}"
            choice = policy.remedy(delivery, doubt, self.now(), finds=False, repeat=repeat)
        if choice is policy.Remedy.REPEAT:
            return await self.deliver(delivery, channel)
        return await self.ledger.desk.do(self._hold, delivery, why)

    async def _sending(self, channel: Channel, hold: _Hold) -> Receipt | Skip:
        facts = await self._facts(channel)
        message = await self._message(hold, facts)
        if isinstance(message, Skip):
            return message
        post = await self._post(hold.delivery, channel, message)
        if hold.delivery.edits:
            return await self._editing(channel, post, facts, hold)
        if not offers(channel, Direct):
            return await self._ask(channel, channel.post(post, facts), hold)
        return await self._heard(place_of(channel), channel.deliver(post, hold))

    async def _editing(self, channel: Channel, post: Post, facts: Mapping[str, Any], claim: Claim) -> Receipt:
        if post.corrects is None:
            raise Refused(Scope.MESSAGE, "the post that it corrects is no longer in the ledger")
        if offers(channel, Edits):
            return await self._ask(channel, channel.edit(post, facts), claim)
        if offers(channel, Rewrites):
            return await self._heard(place_of(channel), channel.rewrite(post, claim))
        raise Refused(Scope.MESSAGE, f"its channel can no longer edit; {AS_NEW}")

    async def _ask(self, channel: Channel, conversation: Conversation[R], claim: Claim) -> R:
        place = place_of(channel)
        return await self._heard(place, self.http.run(overheard(conversation, self.traffic, place), claim))

    async def _heard(self, place: Place, asking: Coroutine[Any, Any, R]) -> R:
        """What comes of asking a platform; whoever goes to the same place profits from it."""
        try:
            async with Within(self.patience.total_seconds()):
                said = await asking
        except (Failure, TimeoutError) as failure:
            self.traffic.heard(place, failure, self.now())
            raise
        self.traffic.heard(place, None, self.now())
        return said

    async def _finding(self, delivery: Delivery, channel: Channel) -> Receipt | Decision:
        """Posts of other deliveries that read the same are passed over, by one look more for each.

        That look begins after they were counted. So if two have counted each other's post, which makes no difference to
        readers, both posts are seen, and neither delivery is sent again.
        """
        assert offers(channel, Finds)
        post = await self._post(delivery, channel, await self._kept(delivery))
        facts = await self._facts(channel)
        for _ in range(MOST_ALIKE):
            found = await self._ask(channel, channel.find(post, facts), _nothing_to_claim)
            if found is None:
                return policy.not_found(delivery, self.now())
            if not (channel.doubt.by_words and await self.ledger.desk.do(self.ledger.counted, found)):
                return found
            post = replace(post, others=post.others | {found})
        raise InDoubt(f"{MOST_ALIKE} posts of others read the same")

    async def _outcome(self, trying: Coroutine[Any, Any, R], hold: _Hold) -> R | Failure | ClaimLostError:
        """What came of it. Whatever is not an answer of the platform is a doubt once the claim is taken."""
        try:
            return await trying
        except (Failure, ClaimLostError) as answer:
            said: Failure | ClaimLostError = answer
        except BotError as mistake:
            said = InDoubt(str(mistake))
        except TimeoutError:
            said = InDoubt(f"no end after {self.patience.total_seconds():.0f} seconds")
        except Exception as bug:
            log.exception("delivery %d (%s, %s)", hold.delivery.id, hold.delivery.subscription, hold.delivery.slot)
            said = InDoubt(f"a mistake in thisday ({type(bug).__name__}); its log says more")
        return _meant(said, hold)

    async def _written(self, outcome: Outcome, channel: Channel, hold: _Hold) -> Delivery:
        """As `_settle`. An answer comes once, so a database that is away for a moment is asked again to write it down."""
        pauses = iter(self.again if hold.fence is not None else ())
        while True:
            try:
                return await self.ledger.desk.do(self._settle, outcome, channel, hold)
            except Exception as error:
                pause = next(pauses, None) if isinstance(error, DatabaseError) else None
                if pause is None:
                    log.exception("delivery %d: %s, but that could not be written down", hold.delivery.id, outcome)
                    raise
                log.warning("the answer to delivery %d is written down in %g s: %s", hold.delivery.id, pause, error)
            await asyncio.sleep(pause)

    def _settle(self, outcome: Outcome, channel: Channel, hold: _Hold) -> Delivery:
        """Writes the outcome down; returns the delivery as it then stands, whoever settled it."""
        delivery, now = hold.delivery, self.now()
        if isinstance(outcome, ClaimLostError):
            return self._standing(delivery)
        if isinstance(outcome, Skip):
            return self.ledger.skip(delivery, outcome.reason) or self._standing(delivery)
        decision = self._decision(outcome, delivery, channel, now)
        receipt = outcome if isinstance(outcome, Receipt) else NO_RECEIPT
        by_words = channel.doubt.by_words and not delivery.edits
        answer = (decision, now, _word(outcome), receipt)
        if hold.fence is None:
            settled = self.ledger.record(delivery, *answer, by_words=by_words)
        else:
            settled = self.ledger.settle(delivery.id, hold.fence, *answer, by_words=by_words)
            if settled is None and by_words and receipt.id:
                settled = self._exchanged(delivery, hold.fence, receipt)
        return settled or self._standing(delivery)

    def _exchanged(self, delivery: Delivery, fence: int, receipt: Receipt) -> Delivery | None:
        """If its answer came too late for its post, which was counted for another: what is left to count is looked for."""
        if not self.ledger.counted(receipt):
            return None
        decision = policy.counted_elsewhere(delivery, self.now(), self.jitter())
        return self.ledger.exchange(delivery.id, fence, decision, receipt)

    def _decision(
        self, outcome: Receipt | Decision | Failure, delivery: Delivery, channel: Channel, now: datetime
    ) -> Decision:
        if isinstance(outcome, Decision):
            return outcome
        if isinstance(outcome, Receipt):
            return policy.delivered(outcome)
        tried = replace(delivery, attempts=delivery.attempts + 1)
        return policy.after(outcome, tried, now, self.jitter(), channel.kind, _doubt(delivery, channel))

    def _hold(self, delivery: Delivery, why: str) -> Delivery:
        return self.ledger.hold(delivery, why) or self._standing(delivery)

    def _standing(self, delivery: Delivery) -> Delivery:
        return reports.get(self.ledger.database, delivery.id) or delivery

    async def _facts(self, channel: Channel) -> Mapping[str, Any]:
        """What the server said about its limits; a server that does not say it now does not stop a post."""
        if not offers(channel, Learns):
            return {}
        known = await self.ledger.desk.do(kept.facts, self.ledger.database, kept.about(channel))
        if known and self.now() - known.at < FACTS_LAST:
            return known.values
        try:
            learned = await self._ask(channel, channel.learn(), _nothing_to_claim)
        except (Failure, TimeoutError) as failure:
            log.info("%s did not say its limits: %s", channel.destination, failure)
            return known.values if known else {}
        await self.ledger.desk.do(kept.keep_facts, self.ledger.database, kept.about(channel), learned, self.now())
        return learned

    async def _message(self, hold: _Hold, facts: Mapping[str, Any]) -> Message | Skip:
        """The stored message or, as long as nothing can have left, a new one, which is stored with the claim."""
        if hold.delivery.message:
            return await self._kept(hold.delivery)
        composed = self.composed(hold.delivery, facts)
        if composed is None:
            composed = await self.writers.do(self.compose, hold.delivery, facts)
        if isinstance(composed, Skip):
            return composed
        hold.words = [message.json for message in composed]
        return composed[0]

    async def _kept(self, delivery: Delivery) -> Message:
        return message_from(await self.ledger.desk.do(self.ledger.text, delivery))

    async def _post(self, delivery: Delivery, channel: Channel, message: Message) -> Post:
        reply_to, corrects = None, None
        if delivery.part > 1 or delivery.corrects is not None:
            reply_to, corrects = await self.ledger.desk.do(self._before, delivery, channel)
        key, due = _key(delivery, channel), delivery.due_at
        return Post(message, key, delivery.slot, self.now(), delivery.first_tried, reply_to, due, corrects)

    def _before(self, delivery: Delivery, channel: Channel) -> tuple[Receipt | None, Posted | None]:
        """What the post answers, and what it corrects."""
        reply_to, corrected = self.ledger.reply_to(delivery), self.ledger.corrected(delivery)
        if corrected is None:
            return reply_to, None
        return reply_to, Posted(corrected.receipt_id, _key(corrected, channel), corrected.slot)


def _meant(said: Failure | ClaimLostError, hold: _Hold) -> Failure | ClaimLostError:
    """Nothing can have left without a claim; a lost claim ends the attempt, however its loss came back to us."""
    if hold.lost or isinstance(said, ClaimLostError):
        return ClaimLostError()
    if isinstance(said, InDoubt) and hold.fence is None:
        return Unavailable(said.why)
    return said


def _key(delivery: Delivery, channel: Channel) -> str:
    """Two subscriptions may share a destination and a day, so the key is made of both."""
    return key_for(channel.destination, f"{delivery.subscription}/{delivery.slot}", delivery.part)


def _doubt(delivery: Delivery, channel: Channel) -> Doubt:
    return policy.EDITED if delivery.edits else channel.doubt


def _word(outcome: Receipt | Decision | Failure) -> str:
    """The outcome of an attempt as its history shows it."""
    match outcome:
        case Receipt():
            return "delivered"
        case Decision():
            return "not found"
        case InDoubt():
            return "in doubt"
        case _:
            return type(outcome).__name__.lower()


async def _nothing_to_claim() -> None:
    raise RuntimeError("a conversation that only asks has come to a request that posts")
