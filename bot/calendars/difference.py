"""What will subscribers see change between two versions of a calendar? Day by day of a year, then counters and head."""

from __future__ import annotations

import calendar as months
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from bot.calendars.almanac import Almanac
from bot.calendars.counters import Counter
from bot.calendars.events import Calendar, Event

_FIELDS = (
    "title",
    "text",
    "more",
    "date",
    "time",
    "tone",
    "certainty",
    "importance",
    "sources",
    "links",
    "picture",
    "people",
    "translations",
)

_OF_COUNTER = ("label", "label_of_several", "counting", "first", "last", "inclusive", "leap")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an event or of the head; `before` is empty for what is new, `after` for what is gone."""

    what: str
    part: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """`days` has the days of one leap year that read differently; `never` events that this year does not tell."""

    days: tuple[tuple[date, tuple[Change, ...]], ...]
    never: tuple[Change, ...]
    head: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.days or self.never or self.head)


def difference(old: Calendar, new: Calendar) -> Difference:
    """What is told differently, in the first leap year in which all dated events of both have happened."""
    year = _year(old, new)
    pages = [_pages(each, year) for each in (old, new)]
    days = ((day, tuple(_changes(pages[0][day], pages[1][day]))) for day in pages[0])
    rest = [_untold(each, page) for each, page in zip((old, new), pages, strict=True)]
    return Difference(
        days=tuple((day, changes) for day, changes in days if changes),
        never=tuple(_changes(*rest)),
        head=tuple(_facts_changed(_facts(old), _facts(new))),
    )


def _year(*calendars: Calendar) -> int:
    last = max((event.began.year for each in calendars for event in each.events if event.began), default=2000)
    return next(year for year in range(last + 1, last + 10) if months.isleap(year))


Page = Mapping[str, Event]  # the events of a day, by key
Facts = dict[tuple[str, str], str]


def _pages(calendar: Calendar, year: int) -> dict[date, Page]:
    found = Almanac([calendar]).between(date(year, 1, 1), date(year, 12, 31))
    return {each.day: {one.event.key: one.event for one in each.occurrences} for each in found}


def _untold(calendar: Calendar, pages: Mapping[date, Page]) -> Page:
    told = {key for page in pages.values() for key in page}
    return {event.key: event for event in calendar.events if event.key not in told}


def _changes(old: Page, new: Page) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            yield Change(key, "event", old[key].title, "")
        elif key not in old:
            yield Change(key, "event", "", new[key].title)
        else:
            yield from (Change(key, *each) for each in _parts_changed(old[key], new[key]))


def _parts_changed(old: Event, new: Event) -> Iterator[tuple[str, str, str]]:
    for name in _FIELDS:
        before, after = _shown(old, name), _shown(new, name)
        if before != after:
            yield name, before, after


def _shown(event: Event, name: str) -> str:
    match name:
        case "date":
            return str(event.began or "")
        case "sources":
            return "; ".join(
                " ".join(filter(None, (each.title, each.publisher, each.url, each.date))) for each in event.sources
            )
        case "links":
            return "; ".join(f"{each.title} {each.url}" for each in event.links)
        case "picture":
            return f"{event.picture.url} {event.picture.alt} {event.picture.credit}" if event.picture else ""
        case "people" | "translations":
            return ", ".join(map(str, getattr(event, name)))
        case _:
            return str(getattr(event, name))


def _facts_changed(old: Facts, new: Facts) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name, ""), new.get(name, "")
        if before != after:
            yield Change(*name, before, after)


def _facts(calendar: Calendar) -> Facts:
    """What a reader sees of the head and the counters, each fact under whose it is and which part of it."""
    told = {name: getattr(calendar, name) for name in ("title", "language", "timezone")}
    facts = {("calendar", name): value for name, value in told.items()}
    facts["calendar", "hashtags"] = ", ".join(calendar.hashtags)
    for counter in calendar.counters:
        facts |= {(f"counter {counter.key}", name): value for name, value in _counter_facts(counter)}
    return facts


def _counter_facts(counter: Counter) -> Iterator[tuple[str, str]]:
    yield from (
        (name, str(getattr(counter, name)))
        for name in ("label", "label_of_several", "counting", "first", "last", "inclusive", "leap")
    )
    yield from ((f"milestone {each.number:,}", each.text) for each in counter.milestones)
    yield from ((f"label for {form!r}", text) for form, text in counter.label_forms)
    for wording in counter.translations:
        yield f"label in {wording.language}", wording.label
        yield from ((f"milestone {each.number:,} in {wording.language}", each.text) for each in wording.milestones)
    for series in counter.series:
        yield f"series {series.key}", series.label
        yield from ((f"series {series.key} for {form!r}", text) for form, text in series.label_forms)
        yield from ((f"series {series.key} in {each.language}", each.label) for each in series.translations)
        yield from ((f"series {series.key} from {step.on}", series.told(step.on)) for step in series.steps)
