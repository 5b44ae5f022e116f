"""What would be posted in these years, and is anything wrong with it? Scheduled and rendered without clock and network.

Each day is rendered once for a channel, however many time zones it is posted in, and each zone's slots are reckoned
once, however many channels share them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.channels import Channel
from bot.config import QuietDays
from bot.editions import Edition, NothingToTell
from bot.errors import BotError
from bot.rendering.compose import Style, compose, compose_thread
from bot.rendering.message import Message
from bot.scheduling.due import due
from bot.scheduling.slots import local_day
from bot.subscriptions.paper import Paper
from bot.subscriptions.subscription import Subscription

# Far from each other, and odd in their own ways: half hours, quarters, a change by half an hour, one by two, both sides
# of the date line.
ZONES = (
    "Africa/Casablanca", "America/Los_Angeles", "America/New_York", "America/St_Johns", "Antarctica/Troll", "Asia/Kathmandu",
    "Asia/Tehran", "Australia/Lord_Howe", "Europe/Berlin", "Pacific/Apia", "Pacific/Chatham", "UTC",
)  # fmt: skip
_AROUND = timedelta(days=2)  # of a day in UTC: no place is further off
_SHOWN = 60
# What changes neither the slots nor the edition of a subscription.
_NO_MATTER = frozenset({"name", "kind", "options", "language", "in_doubt", "thread", "templates", "owner"})


@dataclass(frozen=True, slots=True)
class Run:
    """A subscription to be followed through the years, in several time zones."""

    subscription: Subscription
    channel: Channel
    timezones: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Oddity:
    """Something on a day: `kind` is too-long, empty, two-posts, repeated or clock; no `timezone` where all agree."""

    day: date
    kind: str
    what: str
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a channel would post. `notes` are clock changes that were dealt with: nothing is wrong with them."""

    channel: str
    kind: str
    timezones: tuple[str, ...]
    posts: int
    left_out: int
    findings: tuple[Oddity, ...]
    notes: tuple[Oddity, ...]


@dataclass(slots=True)
class _Years:
    """The days that are simulated, with what was reckoned for them already."""

    paper: Paper
    first: date
    last: date
    _slots: dict[tuple[object, ...], list[tuple[date, datetime]]] = field(default_factory=dict)
    _styles: dict[tuple[object, ...], Style] = field(default_factory=dict)
    _editions: dict[tuple[object, ...], Edition | NothingToTell] = field(default_factory=dict)

    def days(self, subscription: Subscription) -> list[date]:
        """The days on which a post is due."""
        every = (self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1))
        return [day for day in every if subscription.falls_on(day.weekday())]

    def slots(self, subscription: Subscription, timezone: str) -> list[tuple[date, datetime]]:
        """What the scheduler would open, by the very function that it uses."""
        wanted = replace(subscription, timezone=timezone)
        key = _key(wanted, _NO_MATTER)
        if key not in self._slots:
            self._slots[key] = self._opened(wanted)
        return self._slots[key]

    def _opened(self, subscription: Subscription) -> list[tuple[date, datetime]]:
        begin, end = (datetime.combine(day, time(), UTC) for day in (self.first, self.last))
        found = due([subscription], {subscription.name: begin - _AROUND}, end + _AROUND, timedelta(days=1))
        return [(each.day, each.instant) for each in found if self.first <= each.day <= self.last]

    def style(self, subscription: Subscription, channel: Channel) -> Style:
        """Of a channel that is followed twice, daily and weekly, the templates are compiled once."""
        key = (id(channel), subscription.calendars, subscription.language, subscription.templates)
        if key not in self._styles:
            self._styles[key] = self.paper.style(subscription, channel, {})
        return self._styles[key]

    def edition(self, subscription: Subscription, day: date) -> Edition | NothingToTell:
        key = (day, *_key(subscription, _NO_MATTER | {"timezone", "at"}))
        if key not in self._editions:
            self._editions[key] = self.paper.edition(subscription, day)
        return self._editions[key]


def _key(subscription: Subscription, apart: frozenset[str]) -> tuple[object, ...]:
    return tuple(getattr(subscription, each.name) for each in fields(subscription) if each.name not in apart)


def simulate(
    paper: Paper, runs: Sequence[Run], first: date, last: date, progress: Callable[[int, int], None] = lambda *_: None
) -> list[Report]:
    """A report for each run, over all days from `first` to `last`. `progress` is told how many runs of how many are done."""
    years = _Years(paper, first, last)
    reports = []
    for number, run in enumerate(runs):
        progress(number, len(runs))
        reports.append(_report(years, run))
    return reports


def _report(years: _Years, run: Run) -> Report:
    rendered, findings = _rendered(years, run)
    findings += _repeated(rendered)
    posts, notes = 0, list[Oddity]()
    for timezone in run.timezones:
        slots = years.slots(run.subscription, timezone)
        posts += sum(len(rendered.get(day, ())) for day, _ in slots)
        findings += _misplaced(years.days(run.subscription), slots, timezone)
        notes += _clock_changes(slots, run.subscription.at, timezone)
    left_out = sum(message.data["left_out"] for messages in rendered.values() for message in messages)
    wanted = run.subscription
    return Report(wanted.name, wanted.kind, run.timezones, posts, left_out, tuple(sorted(findings)), tuple(sorted(notes)))


def _rendered(years: _Years, run: Run) -> tuple[dict[date, tuple[Message, ...]], list[Oddity]]:
    """The messages of each day that has any, and what is wrong with single days."""
    rendered, findings = {}, []
    look = years.style(run.subscription, run.channel)
    for day in years.days(run.subscription):
        edition = years.edition(run.subscription, day)
        if isinstance(edition, NothingToTell):
            if run.subscription.quiet_days is not QuietDays.SILENT:
                findings.append(Oddity(day, "empty", edition.reason))
            continue
        try:
            rendered[day] = compose_thread(edition, look) if run.subscription.thread else (compose(edition, look),)
        except BotError as error:
            findings.append(Oddity(day, "too-long", str(error)))
            continue
        findings += (Oddity(day, "too-long", what) for what in _too_long(edition, rendered[day], look))
    return rendered, findings


def _too_long(edition: Edition, messages: Sequence[Message], look: Style) -> Iterator[str]:
    """Messages over their budget, and leads that are not told whole."""
    for message in messages:
        if not look.budget.fits(message.text):
            yield f"{look.budget.size(message.text)} of {look.budget.limit} {look.budget.unit}"
    told = {each["id"]: each for message in messages for each in message.data["events"]}
    if edition.lead and not edition.weekly:
        event, lead = edition.lead.event, told[edition.lead.id]
        if (lead["title"], lead["text"]) != (event.title, event.text):
            yield f"{event.key} is cut to fit: {_short(lead['text'])}"


def _repeated(rendered: dict[date, tuple[Message, ...]]) -> Iterator[Oddity]:
    """Texts that stand on two dates of one year."""
    first: dict[tuple[int, str], date] = {}
    for day, messages in rendered.items():
        for text in {each["text"] for message in messages for each in message.data["events"] if each["text"]}:
            before = first.setdefault((day.year, text), day)
            if before != day:
                yield Oddity(day, "repeated", f"as on {before}: {_short(text)}")


def _misplaced(days: Sequence[date], slots: Sequence[tuple[date, datetime]], timezone: str) -> Iterator[Oddity]:
    """Days without a post or with two, and posts that come on another local day or out of order."""
    count = Counter(day for day, _ in slots)
    for day in days:
        if not count[day]:
            yield Oddity(day, "clock", "no instant: this place skipped the day", timezone)
        elif count[day] > 1:
            yield Oddity(day, "two-posts", f"{count[day]} slots", timezone)
    last: datetime | None = None
    for day, instant in slots:
        if local_day(instant, timezone) != day or (last and instant <= last):
            yield Oddity(day, "clock", f"posted at {instant:%Y-%m-%d %H:%M} UTC", timezone)
        last = instant


def _clock_changes(slots: Sequence[tuple[date, datetime]], at: time, timezone: str) -> Iterator[Oddity]:
    """Days on which the hour is skipped or comes twice."""
    zone = ZoneInfo(timezone)
    for day, instant in slots:
        local = instant.astimezone(zone)
        if local.time() != at:
            yield Oddity(day, "clock", f"{at:%H:%M} is skipped; posted at {local:%H:%M}", timezone)
        elif local.utcoffset() != local.replace(fold=1).utcoffset():
            yield Oddity(day, "clock", f"{at:%H:%M} comes twice; posted the first time", timezone)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
