"""How is what was posted put right? In place where the platform can, else by an erratum; each correction once.

A correction is a delivery of its own, with its words in it, that names the delivery it corrects. It is opened against
what stands now, so that the same command again finds it done, or under way. Nothing is sent here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.channels import Channel, Edits, Rewrites
from bot.delivery import reports
from bot.delivery.ledger import Ledger
from bot.delivery.operator import RUN as NOTICE
from bot.delivery.states import EDIT, ENDS, ERRATUM, Delivery, NewDelivery, State
from bot.errors import Mistake
from bot.rendering.message import Message, message_from

LASTS = timedelta(hours=12)  # how long a correction that did not get there may still be tried by a running thisday
OVERTAKEN = "a newer correction took its place"
_NUMBER = re.compile(rf"(?:{EDIT}|{ERRATUM})(\d+)")


@dataclass(frozen=True, slots=True)
class Posting:
    """A post of a day: its parts in order, and all corrections of it, the oldest first.

    `texts` are the messages of all of them by their keys.
    """

    parts: tuple[Delivery, ...]
    corrections: tuple[Delivery, ...]
    texts: Mapping[str, str]

    @property
    def first(self) -> Delivery:
        return self.parts[0]

    @property
    def stands(self) -> tuple[Message, ...]:
        """What a reader of the posts sees now: as they were posted, but for what was edited since."""
        edited = {each.corrects: each.message for each in self.corrections if each.edits and _done(each)}
        return tuple(self.said(edited.get(each.id, each.message)) for each in self.parts)

    def said(self, key: str) -> Message:
        return message_from(self.texts[key])

    def corrects_to(self, erratum: Delivery) -> str:
        """The fingerprint of what an erratum tells."""
        return str(self.said(erratum.message).data["erratum"]["told"])

    @property
    def told(self) -> str:
        """What readers were told last, by edit or by erratum."""
        last = next((each for each in reversed(self.corrections) if _done(each)), None)
        whole = last and all(_done(each) for each in self.corrections if each.run == last.run)
        return self.corrects_to(last) if last and not last.edits and whole else fingerprint(self.stands)

    @property
    def under_way(self) -> tuple[Delivery, ...]:
        return tuple(each for each in self.corrections if each.state not in ENDS)


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to be done about a posting: `before` becomes `after`; in place, or by the posts `errata`.

    Nothing, where both are the same.
    """

    posting: Posting
    before: tuple[Message, ...]
    after: tuple[Message, ...]
    errata: tuple[Message, ...] = ()

    @property
    def unchanged(self) -> bool:
        if self.errata:
            return self.posting.told == fingerprint(self.after)
        return not self.edited

    @property
    def edited(self) -> list[tuple[Delivery, Message]]:
        """The posts whose words change, with their new words."""
        parts = zip(self.posting.parts, self.before, self.after, strict=False)
        return [(part, new) for part, old, new in parts if _done(part) and old.shown != new.shown]


def postings(deliveries: Iterable[Delivery], texts: Mapping[str, str]) -> list[Posting]:
    """What was posted or is still to be, out of all deliveries of a channel on a day; what ended otherwise is left out.

    `texts` are their messages by their keys.
    """
    known = sorted(deliveries, key=lambda each: each.id)
    own = [each for each in known if each.corrects is None and not each.run.startswith(NOTICE)]
    found = []
    for run in dict.fromkeys(each.run for each in own):
        parts = tuple(sorted((each for each in own if each.run == run), key=lambda each: each.part))
        if any(_done(each) or each.state not in ENDS for each in parts):
            numbers = {each.id for each in parts}
            found.append(Posting(parts, tuple(each for each in known if each.corrects in numbers), texts))
    return found


def can_edit(channel: Channel, posting: Posting) -> bool:
    """Whether the platform can change these posts in place: it then needs the ids of them."""
    return isinstance(channel, Edits | Rewrites) and all(each.receipt_id for each in posting.parts if _done(each))


def require_settled(posting: Posting) -> None:
    """Raises `Mistake` while it is not sure what is there."""
    for each in (*posting.parts, *posting.under_way):
        what = "correction" if each.corrects is not None else "delivery"
        if each.state is State.IN_DOUBT:
            look = f"settle it first: thisday settle {each.id} delivered, or dead"
            raise Mistake(f"{what} {each.id} is in doubt: it may be there or not", look)
        if each.state is State.SENDING:
            raise Mistake(f"{what} {each.id} is under way", "try again in some minutes, while thisday run is running")
        if each.state is State.WAITING and each.corrects is None:
            raise Mistake(
                f"delivery {each.id} still waits to be posted", f"wait, or give it up: thisday settle {each.id} dead"
            )


def in_place(posting: Posting, after: Sequence[Message]) -> Correction:
    """The correction by edits. Raises `Mistake` where there would be more or fewer posts than there are."""
    if len(after) != len(posting.parts):
        raise Mistake(
            f"{posting.first.subscription}: it was posted in {_posts(len(posting.parts))}, and would now take {len(after)}",
            "--as-new posts an erratum beside it",
        )
    return Correction(posting, posting.stands, tuple(after))


def beside(posting: Posting, after: Sequence[Message], errata: Sequence[Message], reason: str) -> Correction:
    """The correction by an erratum; its data say what it corrects, for receivers that are programs and for ourselves."""
    data = {"slot": posting.first.slot, "reason": reason, "told": fingerprint(after)}
    _require_whole(posting, data["told"])
    marked = tuple(replace(each, data={**each.data, "erratum": data}) for each in errata)
    return Correction(posting, posting.stands, tuple(after), marked)


def _require_whole(posting: Posting, told: str) -> None:
    """An erratum of which a part is there is not begun anew. Raises `Mistake` where one of its parts has failed."""
    same = [each for each in posting.corrections if not each.edits and posting.corrects_to(each) == told]
    there = {each.run for each in same if _done(each)}
    failed = next((each for each in same if each.run in there and each.state in ENDS and not _done(each)), None)
    if failed is not None:
        raise Mistake(f"part {failed.part} of the erratum is {failed.state}: {failed.reason}", f"thisday retry {failed.id}")


def opened(ledger: Ledger, correction: Correction, now: datetime) -> list[Delivery]:
    """The deliveries of a correction, opened unless they are under way already; what it overtakes is given up."""
    same = [each for each in correction.posting.under_way if _is_meant(each, correction)]
    for each in correction.posting.under_way:
        if each not in same:
            ledger.skip(each, OVERTAKEN)
    known = {each.corrects for each in same}  # all parts of an erratum were opened together
    new = [each for each in _deliveries(correction, now) if each.corrects not in known]
    ledger.open(new, {})
    texts = {(each.run, each.part): each.message for each in new}
    first = correction.posting.first
    found = [each.delivery for each in reports.history(ledger.database, first.day, first.subscription)]
    begun = [each for each in found if (each.run, each.part) in texts]
    if any(ledger.text(each) != texts[each.run, each.part] for each in begun):
        raise Mistake("another correction of this post was opened at the same moment", "look at it, and try again")
    return sorted([*same, *begun], key=lambda each: each.part)


def _deliveries(correction: Correction, now: datetime) -> Iterator[NewDelivery]:
    first, number = correction.posting.first, _next_number(correction.posting)
    if correction.unchanged:
        return
    kind = ERRATUM if correction.errata else EDIT
    run = f"{kind}{number}-{first.run}" if first.run else f"{kind}{number}"
    if correction.errata:
        told = [(part, first.id, message) for part, message in enumerate(correction.errata, start=1)]
    else:
        told = [(part.part, part.id, message) for part, message in correction.edited]
    for part, corrects, message in told:
        text = message.json
        yield NewDelivery(first.subscription, first.day, now, now + LASTS, run, part, message=text, corrects=corrects)


def _is_meant(delivery: Delivery, correction: Correction) -> bool:
    """Whether a correction under way says the same; an erratum does, if it corrects to the same, for whatever reason."""
    if correction.unchanged or delivery.edits == bool(correction.errata):
        return False
    if correction.errata:
        return correction.posting.corrects_to(delivery) == fingerprint(correction.after)
    return (delivery.corrects, correction.posting.said(delivery.message).shown) in {
        (part.id, new.shown) for part, new in correction.edited
    }


def _next_number(posting: Posting) -> int:
    found = (_NUMBER.match(each.run) for each in posting.corrections)
    return 1 + max((int(each[1]) for each in found if each), default=0)


def fingerprint(messages: Iterable[Message]) -> str:
    """The same for messages that read the same."""
    return hashlib.sha256("\n".join(each.shown for each in messages).encode()).hexdigest()[:32]


def _done(delivery: Delivery) -> bool:
    return delivery.state is State.DELIVERED


def _posts(number: int) -> str:
    return "one post" if number == 1 else f"{number} posts"
