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
from bot.rendering.compose import Style, compose_thread, compose_whole
from bot.rendering.message import Message
from bot.scheduling.due import Agenda, due
from bot.scheduling.slots import Slot, local_day
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
ROOM = 400  # what a heading, a title and a text of 280 take: a kind that holds less may have to cut, and that is no finding
# What changes neither the slots nor the edition of a subscription.
_NO_MATTER = frozenset({"name", "kind", "options", "language", "in_doubt", "roll_up", "thread", "templates", "owner"})


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
    """What a channel would post. `notes` are what was dealt with as it should be: clock changes, and leads cut to fit a
    kind that has no room for a whole one."""

    channel: str
    kind: str
    timezones: tuple[str, ...]
    posts: int
    left_out: int
    findings: tuple[Oddity, ...]
    notes: tuple[Oddity, ...]


@dataclass(frozen=True, slots=True)
class _Opened:
    """A delivery as the scheduler would open it. `run` tells the deliveries of one day apart; most days have one."""

    day: date
    run: str
    slot: Slot
    instant: datetime


Which = tuple[date, str]  # a day and a run
Rendered = dict[Which, tuple[Message, ...]]


@dataclass(slots=True)
class _Years:
    """The days that are simulated, with what was reckoned for them already."""

    paper: Paper
    agenda: Agenda
    first: date
    last: date
    _opened: dict[tuple[object, ...], list[_Opened]] = field(default_factory=dict)
    _clocks: dict[tuple[object, ...], tuple[list[Oddity], list[Oddity]]] = field(default_factory=dict)
    _styles: dict[tuple[object, ...], Style] = field(default_factory=dict)
    _editions: dict[tuple[object, ...], dict[Which, Edition | NothingToTell]] = field(default_factory=dict)

    def planned(self, subscription: Subscription) -> dict[date, list[str]]:
        """The runs of each day on which anything is due."""
        every = (self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1))
        runs = {day: [run for run, _ in self.agenda(subscription, day)] for day in every}
        return {day: found for day, found in runs.items() if found}

    def opened(self, subscription: Subscription, timezone: str) -> list[_Opened]:
        """What the scheduler would open, by the very function that it uses."""
        wanted = replace(subscription, timezone=timezone)
        key = _key(wanted, _NO_MATTER)
        if key not in self._opened:
            self._opened[key] = list(self._due(wanted))
        return self._opened[key]

    def clock(
        self, subscription: Subscription, planned: dict[date, list[str]], timezone: str
    ) -> tuple[list[Oddity], list[Oddity]]:
        """What the clocks of a place do to the slots, findings and notes: the same for every channel."""
        key = _key(replace(subscription, timezone=timezone), _NO_MATTER)
        if key not in self._clocks:
            opened = self.opened(subscription, timezone)
            notes = [note for each in opened if (note := _clock_change(each, timezone))]
            self._clocks[key] = list(_misplaced(planned, opened, timezone)), notes
        return self._clocks[key]

    def _due(self, wanted: Subscription) -> Iterator[_Opened]:
        begin, end = (datetime.combine(day, time(), UTC) for day in (self.first, self.last))
        found = due([wanted], {wanted.name: begin - _AROUND}, end + _AROUND, timedelta(days=1), self.agenda)
        for each in found:
            if self.first <= each.day <= self.last:
                yield _Opened(each.day, each.run, dict(self.agenda(wanted, each.day))[each.run], each.instant)

    def style(self, subscription: Subscription, channel: Channel) -> Style:
        """Of a channel that is followed twice, daily and weekly, the templates are compiled once."""
        key = (id(channel), subscription.calendars, subscription.language, subscription.templates)
        if key not in self._styles:
            look = self.paper.style(subscription, channel, {})
            # The plain form is the same template again, and nothing here looks at it.
            self._styles[key] = replace(look, plain=look.templates)
        return self._styles[key]

    def editions(self, subscription: Subscription, planned: dict[date, list[str]]) -> dict[Which, Edition | NothingToTell]:
        """What is told on each day, whatever the channel."""
        key = _key(subscription, _NO_MATTER | {"timezone", "at"})
        if key not in self._editions:
            which = ((day, run) for day, runs in planned.items() for run in runs)
            self._editions[key] = {each: self.paper.edition(subscription, *each) for each in which}
        return self._editions[key]


def _key(subscription: Subscription, apart: frozenset[str]) -> tuple[object, ...]:
    return tuple(getattr(subscription, each.name) for each in fields(subscription) if each.name not in apart)


def simulate(
    paper: Paper,
    agenda: Agenda,
    runs: Sequence[Run],
    first: date,
    last: date,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> list[Report]:
    """A report for each run, over all days from `first` to `last`. `progress` is told how many runs of how many are done."""
    years = _Years(paper, agenda, first, last)
    reports = []
    for number, run in enumerate(runs):
        progress(number, len(runs))
        reports.append(_report(years, run))
    return reports


def _report(years: _Years, run: Run) -> Report:
    wanted, planned = run.subscription, years.planned(run.subscription)
    editions = years.editions(wanted, planned)
    rendered, findings = _rendered(years.style(wanted, run.channel), run, editions)
    findings += [*_empty(wanted, planned, editions), *_repeated(rendered)]
    posts, notes = 0, list(_cut(editions, rendered, wanted.language))
    if years.style(wanted, run.channel).budget.limit >= ROOM:
        findings, notes = findings + notes, []
    for timezone in run.timezones:
        posts += sum(len(rendered.get((each.day, each.run), ())) for each in years.opened(wanted, timezone))
        clock = years.clock(wanted, planned, timezone)
        findings, notes = findings + clock[0], notes + clock[1]
    left_out = sum(message.data["left_out"] for messages in rendered.values() for message in messages)
    return Report(wanted.name, wanted.kind, run.timezones, posts, left_out, tuple(sorted(findings)), tuple(sorted(notes)))


def _empty(
    wanted: Subscription, planned: dict[date, list[str]], editions: dict[Which, Edition | NothingToTell]
) -> Iterator[Oddity]:
    """Days of which nothing is told, unless silence is wanted."""
    for day, runs in planned.items() if wanted.quiet_days is not QuietDays.SILENT else ():
        reasons = [each.reason for run in runs if isinstance(each := editions[day, run], NothingToTell)]
        if len(reasons) == len(runs):
            yield Oddity(day, "empty", "; ".join(reasons))


def _rendered(look: Style, run: Run, editions: dict[Which, Edition | NothingToTell]) -> tuple[Rendered, list[Oddity]]:
    """The messages of each day and run, and those that do not fit."""
    rendered: Rendered = {}
    findings: list[Oddity] = []
    for (day, name), edition in editions.items():
        if isinstance(edition, NothingToTell):
            continue
        try:
            messages = (compose_thread if run.subscription.thread else compose_whole)(edition, look)
        except BotError as error:
            findings.append(Oddity(day, "too-long", str(error)))
            continue
        rendered[day, name] = messages
        sizes = (look.budget.size(each.text) for each in messages if not look.budget.fits(each.text))
        findings += (Oddity(day, "too-long", f"{size} of {look.budget.limit} {look.budget.unit}") for size in sizes)
    return rendered, findings


def _cut(editions: dict[Which, Edition | NothingToTell], rendered: Rendered, language: str) -> Iterator[Oddity]:
    """Daily posts whose lead is not told whole."""
    for which, messages in rendered.items():
        edition = editions[which]
        if isinstance(edition, NothingToTell) or edition.weekly or edition.lead is None:
            continue
        event, told = edition.lead.event.told_in(language), _told(messages, edition.lead.id)
        if told != (event.title, event.text):
            yield Oddity(which[0], "too-long", f"{event.key} is cut to fit: {_short(told[1])}")


def _told(messages: Sequence[Message], key: str) -> tuple[str, str]:
    """Title and text of an event, wherever they stand in a thread."""
    found = [each for message in messages for each in message.data["events"] if each["id"] == key]
    return "".join(each["title"] for each in found), "".join(each["text"] for each in found)


def _repeated(rendered: Rendered) -> Iterator[Oddity]:
    """Texts that stand on two dates of one year."""
    first: dict[tuple[int, str], date] = {}
    for (day, _), messages in rendered.items():
        for text in {each["text"] for message in messages for each in message.data["events"] if each["text"]}:
            before = first.setdefault((day.year, text), day)
            if before != day:
                yield Oddity(day, "repeated", f"as on {before}: {_short(text)}")


def _misplaced(planned: dict[date, list[str]], opened: Sequence[_Opened], timezone: str) -> Iterator[Oddity]:
    """Days without a post or with two, and posts that come on another local day."""
    count = Counter((each.day, each.run) for each in opened)
    for day, run in ((day, run) for day, runs in planned.items() for run in runs):
        if not count[day, run]:
            yield Oddity(day, "clock", "no instant: this place skipped the day", timezone)
        elif count[day, run] > 1:
            yield Oddity(day, "two-posts", f"{count[day, run]} slots", timezone)
    for each in opened:
        if local_day(each.instant, each.slot.timezone) != each.day:
            yield Oddity(each.day, "clock", f"posted at {each.instant:%Y-%m-%d %H:%M} UTC", timezone)


def _clock_change(opened: _Opened, timezone: str) -> Oddity | None:
    """A note, where the hour is skipped on this day or comes twice."""
    at, local = opened.slot.at, opened.instant.astimezone(ZoneInfo(opened.slot.timezone))
    if local.time() != at:
        return Oddity(opened.day, "clock", f"{at:%H:%M} is skipped; posted at {local:%H:%M}", timezone)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        return Oddity(opened.day, "clock", f"{at:%H:%M} comes twice; posted the first time", timezone)
    return None


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
