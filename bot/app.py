"""How are the parts put together? Config in, a working thisday out. The only place that calls the constructors.

What a command does not need is never made: a preview opens no database, a listing no network.
"""

from __future__ import annotations

import logging
import random
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import config as settings
from bot.calendars.shelf import Shelf, shipped_folders
from bot.channels import BUILT_IN, Channel, kind, kinds
from bot.config import Config
from bot.editions import NothingToTell
from bot.errors import Mistake
from bot.rendering.message import Message
from bot.resources import shipped
from bot.subscriptions.paper import Paper
from bot.subscriptions.subscription import Owner, Subscription, from_config, subscription

if TYPE_CHECKING:
    from pydantic import BaseModel

    from bot.channels._http import Http
    from bot.database import Engine
    from bot.delivery.courier import Courier, Skip
    from bot.delivery.ledger import Ledger
    from bot.delivery.operator import Operator
    from bot.delivery.pace import Place
    from bot.delivery.states import Delivery
    from bot.scheduling.dispatch import Dispatcher
    from bot.scheduling.fleet import Doorbell, Ringer, Worker
    from bot.scheduling.scheduler import Scheduler
    from bot.scheduling.slots import Slot
    from bot.subscriptions.store import Store

GONE = "its channel is no longer configured"
log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


def options_of(name: str) -> type[BaseModel] | None:
    """The model of a kind's own options, None for an unknown kind."""
    found = kind(name)
    return found.Options if found else None


def kind_names() -> list[str]:
    return sorted({*BUILT_IN, *kinds()})


def read_config(path: Path | None) -> Config:
    """The config at `path`, else the one named by THISDAY_CONFIG, else ./config.yaml, else the shipped one."""
    found = path or settings.config_path() or Path("config.yaml")
    if path is None and not found.exists() and settings.config_path() is None:
        text = shipped("config.yaml").read_text(encoding="utf-8")
        return settings.config_from(text, "config.yaml", Path.cwd(), options_of, kind_names)
    return settings.read_config(found, options_of, kind_names)


@dataclass(slots=True)
class _Known:
    """The subscriptions as they were read, with what was made of them since."""

    version: object
    subscriptions: Sequence[Subscription]
    by_name: dict[str, Subscription]
    channels: dict[str, Channel] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)


def _known(version: object, subscriptions: Sequence[Subscription]) -> _Known:
    return _Known(version, subscriptions, {each.name: each for each in subscriptions})


@dataclass
class App:
    """A configured thisday. `now` and `jitter` are given, so that a test can be the clock."""

    config: Config
    now: Callable[[], datetime] = utc_now
    jitter: Callable[[], float] = random.random
    cache: Path | None = field(default_factory=settings.cache_folder)
    _read: _Known | None = None

    @cached_property
    def paper(self) -> Paper:
        own = [self.config.place(path) for path in (self.config.top.events,) if path]
        templates = [self.config.place(path) for path in (self.config.top.templates,) if path]
        shelf = Shelf((*own, self.config.folder, *shipped_folders()), self.cache)
        return Paper(shelf, (*templates, shipped("templates")))

    @cached_property
    def database(self) -> Engine:
        from bot.database import open_database

        return open_database(self.config.database)

    @cached_property
    def ledger(self) -> Ledger:
        from bot.delivery.ledger import Ledger

        return Ledger(self.database)

    @cached_property
    def store(self) -> Store:
        from bot.subscriptions.cipher import cipher
        from bot.subscriptions.store import Store

        kept = self.config.database
        # Beside the SQLite file; the address of a server is no path, and holds a password.
        key_file = self.config.folder / "thisday.key" if "://" in kept else Path(f"{kept}.key")
        return Store(self.database, lambda: cipher(settings.secret_key(), key_file), options_of)

    @cached_property
    def http(self) -> Http:
        # The command line that httpx brings loads rich and pygments where they are installed: 4 MB of a daemon's 62.
        sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: not to be imported
        from bot.channels._http import Http

        return Http(allow_private=self.config.top.network.allow_private, now=self.now, fast=self.fast)

    @property
    def fast(self) -> bool:
        """Whether the extra `fast` is to be used. Raises `Mistake` where it is asked for and not installed."""
        wanted, there = self.config.top.network.client, find_spec("aiohttp") is not None
        if wanted is settings.Client.AIOHTTP and not there:
            raise Mistake(
                "network.client is aiohttp, which is not installed", "install it with the extra: pip install 'thisday[fast]'"
            )
        return there and wanted is not settings.Client.HTTPX

    @cached_property
    def courier(self) -> Courier:
        from bot.delivery.courier import Courier

        return Courier(self.ledger, self.http, self.compose, self.now, self.jitter, composed=self.composed)

    def configured(self) -> list[Subscription]:
        """The subscriptions of the config file."""
        return from_config(self.config)

    def subscriptions(self) -> Sequence[Subscription]:
        """All subscriptions. Where a stored one has the name of a configured one, the config wins.

        The same object as before, while no command has added or removed one.
        """
        version = self.store.version()
        if self._read is None or self._read.version != version:
            own = {each.name: each for each in self.configured()}
            stored = (each for each in self.store.all() if each.name not in own)
            self._read = _known(
                version, (*own.values(), *(subscription(self.config, each, Owner.STORED) for each in stored))
            )
        return self._read.subscriptions

    def prepare(self) -> None:
        """Makes what every post needs, so that a mistake shows at once and the first posts are not late for it."""
        known = self.subscriptions()
        self.paper.calendars(tuple({name for each in known for name in each.calendars}))
        self.places(each.name for each in known)

    def known(self) -> Sequence[Subscription]:
        """All subscriptions as far as a command that writes nothing can know: no database is made for it."""
        return self.subscriptions() if self.has_database() else self.configured()

    def has_database(self) -> bool:
        """Whether there is one to be read, as far as that can be told without making it."""
        return "://" in self.config.database or Path(self.config.database).exists()

    def subscription(self, name: str) -> Subscription:
        """The subscription of a name. Raises `Mistake` if there is none."""
        from bot.documents import suggestion

        found = self._named(name)
        if found is None:
            raise Mistake(f"there is no channel {name!r}", suggestion(name, [each.name for each in self.known()]))
        return found

    def channel(self, subscription: Subscription) -> Channel:
        """The channel that a subscription posts to."""
        found = kind(subscription.kind)
        if found is None:
            raise Mistake(f"there is no kind of channel {subscription.kind!r}", f"known are {', '.join(kind_names())}")
        return found(subscription.options)

    def compose(self, delivery: Delivery, facts: Mapping[str, Any]) -> Sequence[Message] | Skip:
        """The messages of a delivery, and of the late days that it carries: then its fence was raised."""
        from bot.delivery.courier import Skip

        wanted = self.subscription(delivery.subscription)
        late = [(each.day, each.run) for each in self.ledger.rolled_up(delivery)] if delivery.fence else []
        found = self.paper.messages(wanted, self._channel(wanted), delivery.day, facts, delivery.run, late)
        return Skip(found.reason) if isinstance(found, NothingToTell) else found

    def composed(self, delivery: Delivery, facts: Mapping[str, Any]) -> Sequence[Message] | None:
        """As `compose`, if those messages are at hand: thousands of channels get the same."""
        wanted = self._named(delivery.subscription)
        if wanted is None or delivery.fence:
            return None
        found = self.paper.at_hand(wanted, self._channel(wanted), delivery.day, facts, delivery.run)
        return None if isinstance(found, NothingToTell) else found

    async def carry(self, delivery: Delivery) -> Delivery:
        """One attempt of a delivery; one whose channel is gone from the config is skipped."""
        wanted = self._named(delivery.subscription)
        if wanted is None:
            return await self.ledger.desk.do(self.ledger.skip, delivery, GONE) or delivery
        if wanted.roll_up:
            carrier = await self.ledger.desk.do(self.ledger.roll_up, wanted.name, self.now())
            delivery = delivery if carrier is None else carrier
        return await self.courier.deliver(delivery, self._channel(wanted))

    async def look_after(self, delivery: Delivery) -> Delivery:
        """What can be done about a delivery in doubt."""
        wanted = self._named(delivery.subscription)
        if wanted is None:
            return await self.ledger.desk.do(self.ledger.hold, delivery, GONE) or delivery
        repeat = wanted.in_doubt is settings.OnDoubt.REPEAT
        return await self.courier.settle_doubt(delivery, self._channel(wanted), repeat=repeat)

    def _named(self, name: str) -> Subscription | None:
        """One subscription, as it was read last, which is at every round; read now if it is not among those."""
        found = self._read.by_name.get(name) if self._read is not None else None
        return found or self._as_known().by_name.get(name)

    def _as_known(self) -> _Known:
        known = self.known()
        return self._read if self._read is not None and self._read.subscriptions is known else _known(None, known)

    def _channel(self, wanted: Subscription) -> Channel:
        """As `channel`, made once for as long as the subscription stays as it was read."""
        read = self._read
        if read is None or read.by_name.get(wanted.name) is not wanted:
            return self.channel(wanted)
        if wanted.name not in read.channels:
            read.channels[wanted.name] = self.channel(wanted)
        return read.channels[wanted.name]

    def agenda(self, subscription: Subscription, day: date) -> tuple[tuple[str, Slot], ...]:
        """The deliveries of a subscription on a day, each with its slot."""
        from bot.scheduling.slots import Slot

        if not subscription.falls_on(day.weekday()):
            return ()
        return tuple((run, Slot(timezone, at)) for run, at, timezone in self.paper.runs(subscription, day))

    def scheduler(self) -> Scheduler:
        return self._scheduler(self._dispatcher(self.ledger))

    def planner(self, bell: Doorbell) -> Scheduler:
        """Plans, and rings for what is due instead of sending it."""
        from bot.scheduling.fleet import Ringer

        return self._scheduler(Ringer(self.ledger, bell, self.places))

    def worker(self) -> Worker:
        """Sends what it hears of, and plans nothing."""
        from bot.scheduling.fleet import Worker

        return Worker(self._dispatcher, self.database, self.now, self.courier.traffic)

    def _scheduler(self, dispatcher: Dispatcher | Ringer) -> Scheduler:
        from bot.scheduling.scheduler import Scheduler

        top = self.config.top
        return Scheduler(
            self.subscriptions, self.agenda, self.ledger, dispatcher, self.now, top.catch_up, self.operator, top.spread
        )

    def _dispatcher(self, ledger: Ledger) -> Dispatcher:
        from bot.scheduling.dispatch import Dispatcher

        return Dispatcher(ledger, self.carry, self.look_after, self.places, self.courier.traffic, self._is_back)

    def places(self, names: Iterable[str]) -> dict[str, Place]:
        """Where subscriptions post, as far as they share limits; none for a channel that is gone."""
        from bot.delivery.pace import place_of

        known = self._as_known()
        there = [name for name in names if name in known.by_name]
        known.places |= {name: place_of(self._channel(known.by_name[name])) for name in there if name not in known.places}
        return {name: known.places[name] for name in there}

    @cached_property
    def operator(self) -> Operator:
        from bot.delivery.operator import Operator

        return Operator(self.ledger, self.config.top.operator, self._notice)

    def _is_back(self, delivery: Delivery) -> None:
        self.operator.after([delivery], self.now())

    def _notice(self, subject: str, text: str) -> Message:
        from bot.delivery.operator import worded

        for secret in self.secrets():
            text = text.replace(secret, "[secret]") if secret else text
        return worded(self.channel(self.subscription(self.config.top.operator or "")), subject, text)

    def secrets(self) -> frozenset[str]:
        """Every secret in use, for masking."""
        stored = (secret for each in self.known() for secret in settings.secrets_in(each.options))
        return frozenset(self.config.secrets) | frozenset(stored)
