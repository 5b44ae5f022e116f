"""Which calendar do these YAML documents hold? A `Calendar`, or every mistake in them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.calendars import format as written_form
from bot.calendars import persian
from bot.calendars.counters import Counter, Milestone, Series, Step
from bot.calendars.events import Calendar, Event, Link, Picture, Precision, Source
from bot.calendars.format import CalendarFile, CounterEntry, EventEntry, EventsFile
from bot.calendars.index import Indexed
from bot.calendars.rules import (
    After,
    AroundEaster,
    Church,
    InMonth,
    Leap,
    OnDate,
    OnJulianDate,
    OnPersianDate,
    Recurrence,
    Rule,
    julian_to_gregorian,
)
from bot.documents import Document, check, parse, suggestion
from bot.errors import Problem, Problems, Where

HEAD = "calendar.yaml"  # of a calendar folder


@dataclass(frozen=True, slots=True)
class Text:
    """One file of a calendar: what to call it in messages, and what it says."""

    source: str
    text: str


@dataclass(slots=True)
class _Entries:
    """The events of all files in reading order, each with its document and path, and the problems found so far."""

    head: CalendarFile
    problems: list[Problem] = field(default_factory=list)
    found: list[tuple[EventEntry, Document, int]] = field(default_factory=list)

    def where(self, number: int, *path: str) -> Where:
        _, document, index = self.found[number]
        return document.where(("events", index, *path))


def load(texts: Sequence[Text]) -> Calendar:
    """The calendar written in these files, the first of which has the head. Raises `Problems` with all mistakes."""
    problems: list[Problem] = []
    documents = list(_checked(texts, problems))
    head = documents[0][1] if documents and isinstance(documents[0][1], CalendarFile) else None
    if head is None:
        raise Problems(problems)
    entries = _Entries(head, problems)
    for document, file in documents:
        entries.found += [(entry, document, index) for index, entry in enumerate(file.events)]
    calendar = _calendar(entries, documents[0][0])
    if problems:
        raise Problems(problems)
    return calendar


def _checked(texts: Sequence[Text], problems: list[Problem]) -> Iterator[tuple[Document, EventsFile]]:
    for number, text in enumerate(texts):
        try:
            document = parse(text.text, text.source)
            yield document, check(document, EventsFile if number else CalendarFile)
        except Problems as found:
            problems += found.problems


def _calendar(entries: _Entries, document: Document) -> Calendar:
    head = entries.head
    series = _series(head)
    return Calendar(
        key=head.calendar,
        title=head.title,
        events=Indexed(_events(entries)),
        description=head.description,
        language=head.language,
        timezone=head.timezone,
        leap=head.leap_day,
        counters=tuple(_counters(entries, series, document)),
        series=tuple(series.values()),
        names=head.names,
        hashtags=head.hashtags,
    )


def _series(head: CalendarFile) -> dict[str, Series]:
    return {
        key: Series(key, entry.label, tuple(Step(step.on, step.value) for step in entry.steps))
        for key, entry in head.series.items()
    }


def _counters(entries: _Entries, series: dict[str, Series], document: Document) -> Iterator[Counter]:
    for key, entry in entries.head.counters.items():
        for number, name in enumerate(entry.series):
            if name not in series:
                where = document.where(("counters", key, "series", number))
                entries.problems.append(Problem(where, f"there is no series {name!r}", suggestion(name, list(series))))
        yield _counter(entries.head, key, entry, tuple(series[name] for name in entry.series if name in series))


def _counter(head: CalendarFile, key: str, entry: CounterEntry, series: tuple[Series, ...]) -> Counter:
    return Counter(
        key=key,
        calendar=head.calendar,
        label=entry.label,
        counting=entry.counting,
        first=entry.first,
        last=entry.last,
        inclusive=entry.ends == "inclusive",
        leap=entry.leap_day or head.leap_day,
        milestones=tuple(Milestone(number, text) for number, text in sorted(entry.milestones.items())),
        series=series,
        only_milestones=entry.only_milestones,
    )


def _events(entries: _Entries) -> Iterable[Event]:
    """The events, in reading order; what is wrong with one is noted and the others go on."""
    by_key: dict[str, int] = {}
    for number, (entry, _, _) in enumerate(entries.found):
        if entry.key in by_key:
            first = entries.where(by_key[entry.key], "key")
            entries.problems.append(
                Problem(entries.where(number, "key"), f"the event key {entry.key!r} stands at {first} already", "choose another")
            )
        by_key.setdefault(entry.key, number)
    for number in range(len(entries.found)):
        event = _event(entries, number, by_key)
        if event is not None:
            yield event


def _event(entries: _Entries, number: int, by_key: dict[str, int]) -> Event | None:
    entry = entries.found[number][0]
    try:
        rule, began = _rule(entries, entry, by_key)
    except ValueError as error:
        entries.problems.append(Problem(entries.where(number, _rule_key(entry)), *error.args))
        return None
    entries.problems += _findings(entries, number, began)
    return _built(entries.head, entry, rule, began)


def _findings(entries: _Entries, number: int, began: date | None) -> Iterator[Problem]:
    entry = entries.found[number][0]
    if entries.head.sourced and not entry.sources:
        yield Problem(entries.where(number), f"event {entry.key!r} names no source", "add sources: with title and publisher")
    if entry.date_end and (began is None or entry.date_end < began):
        yield Problem(entries.where(number, "date_end"), "date_end is before the event begins", "exchange the dates")


def _rule_key(entry: EventEntry) -> str:
    return next(name for name in written_form.RULE_KEYS if getattr(entry, name) is not None)


def _rule(entries: _Entries, entry: EventEntry, by_key: dict[str, int]) -> tuple[Rule, date | None]:
    """The rule of an entry and the day it began, if it has a year."""
    leap = entry.leap_day or entries.head.leap_day
    if entry.after is not None:
        return _after(entries, entry, by_key)
    if entry.date is not None:
        return _on_date(entry, leap)
    if entry.persian is not None:
        return _on_persian_date(entry, leap)
    if entry.old_style is not None:
        return _old_style(entry)
    if entry.rrule is not None and entry.start is not None:
        return Recurrence(entry.rrule, entry.start), entry.start
    return _yearless(entry, _moving(entry))


def _yearless(entry: EventEntry, rule: Rule) -> tuple[Rule, date | None]:
    """A rule without a year of its own began on its first day in the year `since`, if that is given."""
    days = rule.days(entry.since) if entry.since else ()
    return rule, days[0] if days else None


def _moving(entry: EventEntry) -> Rule:
    if entry.weekday is not None:
        return entry.weekday
    if entry.easter is not None:
        return AroundEaster(Church.WESTERN, entry.easter)
    return AroundEaster(Church.ORTHODOX, entry.orthodox_easter or 0)


def _on_date(entry: EventEntry, leap: Leap) -> tuple[Rule, date | None]:
    written = entry.date
    assert written is not None  # noqa: S101  # the caller looked
    if written.month is None or written.day is None or entry.precision in {Precision.MONTH, Precision.YEAR}:
        return InMonth(), date(written.year or 1, written.month or 1, 1)
    rule = OnDate(written.month, written.day, leap)
    return (rule, date(written.year, written.month, written.day)) if written.year else _yearless(entry, rule)


def _on_persian_date(entry: EventEntry, leap: Leap) -> tuple[Rule, date | None]:
    written = entry.persian
    assert written is not None  # noqa: S101  # the caller looked
    month, day = written.month or 0, written.day or 0
    rule = OnPersianDate(month, day, leap)
    return (rule, persian.to_gregorian(written.year, month, day)) if written.year else _yearless(entry, rule)


def _old_style(entry: EventEntry) -> tuple[Rule, date | None]:
    """A dated old-style event is kept on its date in our calendar; a yearless one wanders with the old calendar."""
    written = entry.old_style
    assert written is not None  # noqa: S101  # the caller looked
    if written.year is None:
        return _yearless(entry, OnJulianDate(written.month or 0, written.day or 0))
    began = julian_to_gregorian(written.year, written.month or 0, written.day or 0)
    assert began is not None  # noqa: S101  # `written.old_style` refused what does not exist
    return OnDate(began.month, began.day), began


def _after(entries: _Entries, entry: EventEntry, by_key: dict[str, int]) -> tuple[Rule, date | None]:
    after = entry.after
    assert after is not None  # noqa: S101  # the caller looked
    if after.event not in by_key:
        raise ValueError(f"there is no event {after.event!r}", suggestion(after.event, list(by_key)))
    base = entries.found[by_key[after.event]][0]
    if base.after is not None or base.rrule is not None:
        raise ValueError(f"{after.event!r} is itself counted from another event or an rrule", "count from a dated event")
    rule, began = _rule(entries, base, by_key)
    if isinstance(rule, InMonth | After | Recurrence):
        raise ValueError(f"{after.event!r} falls on no certain day", "count from a dated event")
    shifted = After(rule, after.days)
    return (shifted, date.fromordinal(began.toordinal() + after.days)) if began else _yearless(entry, shifted)


def _precision(entry: EventEntry) -> Precision:
    if entry.precision is not None:
        return entry.precision
    if entry.date is None or entry.date.day is not None:
        return Precision.DAY
    return Precision.MONTH if entry.date.month is not None else Precision.YEAR


def _built(head: CalendarFile, entry: EventEntry, rule: Rule, began: date | None) -> Event:
    return Event(
        key=entry.key,
        calendar=head.calendar,
        title=entry.title,
        rule=rule,
        text=entry.text,
        more=entry.more,
        began=began,
        ended=entry.date_end,
        time=entry.time or "",
        timezone=entry.timezone or head.timezone,
        precision=_precision(entry),
        certainty=entry.certainty,
        tone=entry.tone,
        importance=entry.importance,
        tags=entry.tags,
        people=entry.people,
        places=entry.places,
        sources=tuple(Source(each.title, each.publisher, each.url or "", each.date) for each in entry.sources),
        links=tuple(Link(each.title, each.url) for each in entry.links),
        picture=Picture(entry.picture.alt, entry.picture.credit, entry.picture.url) if entry.picture else None,
    )
