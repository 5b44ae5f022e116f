"""What does this subscription get for this day? Its edition, in words that fit its channel, or the reason for silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.resources.abc import Traversable
from typing import Any

from bot.calendars.almanac import Almanac
from bot.calendars.events import Calendar
from bot.calendars.shelf import Shelf
from bot.channels import Channel
from bot.config import QuietDays, Rhythm
from bot.editions import Choice, Edition, NothingToTell, edition, week
from bot.rendering.compose import Style, compose, compose_thread, style
from bot.rendering.message import Message
from bot.subscriptions.subscription import Subscription


@dataclass(slots=True)
class Paper:
    """The shelf of calendars and the folders of templates, read once; a changed file counts after a restart."""

    shelf: Shelf
    templates: tuple[Traversable, ...]
    _calendars: dict[str, Calendar] = field(default_factory=dict)

    def calendars(self, names: tuple[str, ...]) -> list[Calendar]:
        """The calendars of these names or paths. Raises `Mistake` or `Problems`."""
        for name in names:
            if name not in self._calendars:
                self._calendars[name] = self.shelf.calendar(name)
        return [self._calendars[name] for name in names]

    def edition(self, subscription: Subscription, day: date) -> Edition | NothingToTell:
        """The edition of a day; for a weekly subscription, of the week that begins with it."""
        almanac = Almanac(self.calendars(subscription.calendars))
        make = week if subscription.rhythm is Rhythm.WEEKLY else edition
        return make(almanac, day, _choice(subscription))

    def messages(
        self, subscription: Subscription, channel: Channel, day: date, facts: Mapping[str, Any]
    ) -> tuple[Message, ...] | NothingToTell:
        """The edition of a day as the messages to post: one, or several where the subscription wants a thread."""
        found = self.edition(subscription, day)
        if isinstance(found, NothingToTell):
            return found
        look = self._style(subscription, channel, facts)
        return compose_thread(found, look) if subscription.thread else (compose(found, look),)

    def _style(self, subscription: Subscription, channel: Channel, facts: Mapping[str, Any]) -> Style:
        from pathlib import Path

        own = (Path(subscription.templates),) if subscription.templates else ()
        tags = dict.fromkeys(tag for each in self.calendars(subscription.calendars) for tag in each.hashtags)
        folders = (*own, *self.templates)
        return style(folders, channel.kind, channel.markup, channel.budget(facts), subscription.language, tuple(tags))


def _choice(subscription: Subscription) -> Choice:
    quiet = subscription.quiet_days
    return Choice(
        nearest=subscription.nearest_within if quiet is QuietDays.NEAREST else 0,
        silent=quiet is QuietDays.SILENT,
        most=subscription.most,
    )
