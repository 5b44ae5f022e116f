"""What does this subscription get for this day? Its edition, in words that fit its channel, or the reason for silence."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, time, timedelta
from importlib.resources.abc import Traversable
from typing import Any

from bot.calendars.almanac import Almanac
from bot.calendars.counters import Reading
from bot.calendars.events import Calendar
from bot.calendars.shelf import Shelf
from bot.channels import Channel, Continues, Uploads, offers
from bot.config import Hold, Mode, QuietDays, Rhythm
from bot.editions import (
    Choice,
    Edition,
    NothingToTell,
    edition,
    only,
    replayed,
    replays_rolled_up,
    rolled_up,
    week,
)
from bot.errors import Mistake
from bot.rendering.budget import Budget
from bot.rendering.cards import Look, Size, card
from bot.rendering.compose import Style, compose_thread, compose_whole, style
from bot.rendering.markup import Markup
from bot.rendering.message import Image, Message
from bot.rendering.phrases import Phrases, phrases
from bot.rendering.templates import Templates
from bot.replays import can_hold_date, retold
from bot.subscriptions.recent import Recent
from bot.subscriptions.subscription import Subscription

log = logging.getLogger(__name__)
Told = tuple[date, str]  # a day and a run
Messages = tuple[Message, ...] | NothingToTell
_RUN_OF_DAY, _RUN_OF_EVENT = "day-{}", "at-{}"
# Whatever else a subscription says may change its words. So does its name in a mistake, which is never kept.
_WITHOUT_WORDS = {"name", "options", "at", "timezone", "days", "in_doubt", "roll_up", "owner"}
_IN_WORDS = tuple(each.name for each in fields(Subscription) if each.name not in _WITHOUT_WORDS)


@dataclass(slots=True)
class Paper:
    """The shelf of calendars and the folders of templates, read once; a changed file counts after a restart.

    Thousands of channels get the same words: what was composed last is kept, and so are the compiled templates.
    """

    shelf: Shelf
    templates: tuple[Traversable, ...]
    _calendars: dict[str, Calendar] = field(default_factory=dict)
    _styles: Recent[Style] = field(default_factory=lambda: Recent(64))
    _composed: Recent[Messages] = field(default_factory=lambda: Recent(256))

    def calendars(self, names: tuple[str, ...]) -> list[Calendar]:
        """The calendars of these names or paths. Raises `Mistake` or `Problems`."""
        for name in names:
            if name not in self._calendars:
                self._calendars[name] = self.shelf.calendar(name)
        return [self._calendars[name] for name in names]

    def edition(self, subscription: Subscription, day: date, run: str = "") -> Edition | NothingToTell:
        """The edition of a day; for a weekly subscription, of the week that begins with it.

        `run` names one of several deliveries of a day: a day of a replay, an event at its own hour, a post by hand.
        """
        almanac = Almanac(self.calendars(subscription.calendars))
        if subscription.mode is Mode.REPLAY:
            return _replayed(almanac, subscription, day, run)
        make = week if subscription.rhythm is Rhythm.WEEKLY else edition
        whole = make(almanac, day, _choice(subscription))
        if subscription.mode is Mode.AS_IT_HAPPENED and isinstance(whole, Edition):
            return _at_its_hour(whole, run)
        return whole

    def rolled_up(self, subscription: Subscription, told: Sequence[Told]) -> Edition | NothingToTell:
        """One edition of several days that are late, the oldest first."""
        almanac, choice = Almanac(self.calendars(subscription.calendars)), _choice(subscription)
        if subscription.mode is Mode.REPLAY:
            return replays_rolled_up(almanac, [_original(almanac, subscription, *each) for each in told], choice)
        length = 7 if subscription.rhythm is Rhythm.WEEKLY else 1
        days = (day + timedelta(days=number) for day, _ in told for number in range(length))
        return rolled_up(almanac, list(days), choice)

    def messages(
        self,
        subscription: Subscription,
        channel: Channel,
        day: date,
        facts: Mapping[str, Any],
        run: str = "",
        late: Sequence[Told] = (),
        erratum: str | None = None,
    ) -> Messages:
        """The edition of a day as the messages to post: one, or several where the subscription wants a thread.

        `late` are earlier days that this one carries; `erratum` is the reason why an earlier post is corrected by these.
        """
        told = (*late, (day, run))
        key = (_look(subscription, channel, facts), told, erratum)
        return self._composed.get(key, lambda: self._compose(subscription, channel, facts, told, erratum))

    def at_hand(
        self, subscription: Subscription, channel: Channel, day: date, facts: Mapping[str, Any], run: str = ""
    ) -> Messages | None:
        """As `messages` for one day, if they were composed a short time ago; else None."""
        return self._composed.kept((_look(subscription, channel, facts), ((day, run),), None))

    def _compose(
        self,
        subscription: Subscription,
        channel: Channel,
        facts: Mapping[str, Any],
        told: Sequence[Told],
        erratum: str | None,
    ) -> Messages:
        one = len(told) == 1
        found = self.edition(subscription, *told[0]) if one else self.rolled_up(subscription, told)
        if isinstance(found, NothingToTell):
            return found
        return self._worded(found, subscription, channel, replace(self.style(subscription, channel, facts), erratum=erratum))

    def _worded(self, found: Edition, subscription: Subscription, channel: Channel, look: Style) -> tuple[Message, ...]:
        made = (compose_thread if subscription.thread else compose_whole)(found, look)
        return self._with_card(made, found, subscription) if _has_card(subscription, channel) else made

    def _with_card(self, made: tuple[Message, ...], found: Edition, subscription: Subscription) -> tuple[Message, ...]:
        """The first of the messages with the card of its edition for a picture; as they were where it cannot be drawn."""
        from bot.rendering.cards.drawing import plan

        assert subscription.card is not None
        look = Look(subscription.card, Size.WIDE, subscription.language)
        shown = card(found, self.calendars(subscription.calendars), look, self.phrases(subscription))
        try:
            plan(shown)  # a tenth of the work, and all that can go wrong; it is drawn when the post leaves
        except Mistake as mistake:
            log.warning("a post goes out without its card: %s", mistake)
            return made
        return (replace(made[0], image=Image("", shown.alt, "", shown)), *made[1:])

    def shown(
        self, subscription: Subscription, channel: Channel, day: date, markup: Markup
    ) -> tuple[Message, ...] | NothingToTell:
        """As `messages`, with the plain form of each in a markup of the caller's: to be looked at, not to be posted."""
        found = self.edition(subscription, day)
        if isinstance(found, NothingToTell):
            return found
        other = Templates(self._folders(subscription), channel.kind, markup, self.phrases(subscription))
        return self._worded(found, subscription, channel, replace(self.style(subscription, channel, {}), plain=other))

    def phrases(self, subscription: Subscription) -> Phrases:
        """The words of its posts that are ours, in its language. Raises `Problems` for mistakes in a file of the user's."""
        return phrases(subscription.language, self._folders(subscription))

    def _folders(self, subscription: Subscription) -> tuple[Traversable, ...]:
        own = (subscription.templates,) if subscription.templates else ()
        return (*own, *self.templates)

    def runs(self, subscription: Subscription, day: date) -> tuple[tuple[str, time, str], ...]:
        """What a subscription gets on a day: the run, the time of day and the time zone of each delivery."""
        at, zone = subscription.at, subscription.timezone
        if subscription.mode is Mode.REPLAY:
            told = _retold(Almanac(self.calendars(subscription.calendars)), subscription, day)
            return tuple((_RUN_OF_DAY.format(reading.number), at, zone) for reading in told)
        if subscription.mode is Mode.AS_IT_HAPPENED:
            return (("", at, zone), *self._hours(subscription, day))
        return (("", at, zone),)

    def _hours(self, subscription: Subscription, day: date) -> Iterator[tuple[str, time, str]]:
        """The events of a day that have a time of their own, the most important first, as many as are wanted a day."""
        found = edition(Almanac(self.calendars(subscription.calendars)), day, _choice(subscription))
        timed = [entry.event for entry in found.entries if entry.event.time] if isinstance(found, Edition) else []
        for event in timed:
            yield _RUN_OF_EVENT.format(event.key), time.fromisoformat(event.time), event.timezone

    def style(self, subscription: Subscription, channel: Channel, facts: Mapping[str, Any]) -> Style:
        """How the posts of a subscription read."""
        return self._styles.get(_look(subscription, channel, facts), lambda: self._style(subscription, channel, facts))

    def _style(self, subscription: Subscription, channel: Channel, facts: Mapping[str, Any]) -> Style:
        tags = dict.fromkeys(tag for each in self.calendars(subscription.calendars) for tag in each.hashtags)
        folders, budget = self._folders(subscription), room(subscription, channel, facts)
        return style(
            folders, channel.kind, channel.markup, budget, subscription.language, tuple(tags), continues=_continues(channel)
        )


def _look(subscription: Subscription, channel: Channel, facts: Mapping[str, Any]) -> Hashable:
    """Equal for two subscriptions that get the same words on every day."""
    said = tuple(getattr(subscription, name) for name in _IN_WORDS)
    budget, card_too = room(subscription, channel, facts), _has_card(subscription, channel)
    return said, channel.markup, budget, _continues(channel), card_too


def _continues(channel: Channel) -> bool:
    return offers(channel, Continues) and channel.continues


def _has_card(subscription: Subscription, channel: Channel) -> bool:
    return subscription.card is not None and offers(channel, Uploads)


def room(subscription: Subscription, channel: Channel, facts: Mapping[str, Any]) -> Budget:
    """How much a post may hold: less, on some platforms, beside a card."""
    if subscription.card is not None and offers(channel, Uploads):
        return channel.beside_picture(facts)
    return channel.budget(facts)


def _retold(almanac: Almanac, subscription: Subscription, day: date) -> list[Reading]:
    """The days of the span that a replay tells on `day`. Raises `Mistake` where no calendar can be replayed so."""
    counter = next((each for calendar in almanac.calendars.values() for each in calendar.counters if each.span), None)
    if counter is None or counter.span is None or subscription.start is None:
        raise Mistake(f"{subscription.name!r} replays a calendar that counts no days", "name one with a span counter")
    if subscription.hold is Hold.DATE and not can_hold_date(counter.span, subscription.start):
        first = counter.span.first
        raise Mistake(f"{subscription.name!r} can hold the date only from a {first:%d %B}", "change start:, or hold: count")
    found = retold(counter.span, subscription.start, day, subscription.hold)
    return [reading for original in found if (reading := counter.at(original))]


def _replayed(almanac: Almanac, subscription: Subscription, day: date, run: str) -> Edition | NothingToTell:
    """The day of the span that this run tells; a post by hand tells the first of the day."""
    if not _retold(almanac, subscription, day):
        return NothingToTell("the replay has not begun, or is over")
    return replayed(almanac, _original(almanac, subscription, day, run), _choice(subscription))


def _original(almanac: Almanac, subscription: Subscription, day: date, run: str) -> date:
    found = _retold(almanac, subscription, day)
    named = [reading for reading in found if _RUN_OF_DAY.format(reading.number) == run]
    return (named or found)[0].original


def _at_its_hour(whole: Edition, run: str) -> Edition | NothingToTell:
    """The one event of a run; without a run, the events that have no hour of their own."""
    if run.startswith("at-"):
        return only(whole, lambda event: _RUN_OF_EVENT.format(event.key) == run)
    return only(whole, lambda event: not event.time) if not run else whole


def _choice(subscription: Subscription) -> Choice:
    quiet = subscription.quiet_days
    return Choice(
        nearest=subscription.nearest_within if quiet is QuietDays.NEAREST else 0,
        silent=quiet is QuietDays.SILENT,
        most=subscription.most,
    )
