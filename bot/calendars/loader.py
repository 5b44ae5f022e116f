"""Which calendar do these YAML documents hold? A `Calendar`, or every mistake in them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from pydantic import ValidationError

from bot.calendars import format as written_form
from bot.calendars import persian
from bot.calendars.counters import Counter, CounterWording, Forms, Milestone, Series, SeriesWording, Step
from bot.calendars.events import Calendar, Event, Link, Person, Picture, Precision, Source, Wording
from bot.calendars.format import (
    AfterEntry,
    CalendarFile,
    CounterEntry,
    EventEntry,
    EventsFile,
    PersonEntry,
    SeriesEntry,
    SourceEntry,
)
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
from bot.calendars.written import Written
from bot.documents import Document, check, parse, problems, suggestion
from bot.errors import Problem, Problems, Where

F = TypeVar("F", bound=EventsFile)
_LONGEST_GAP = 40  # years between two fifth Mondays of February, around 2100


@dataclass(frozen=True, slots=True)
class Text:
    """One file of a calendar: what to call it in messages, and what it says."""

    source: str
    text: str


@dataclass(slots=True)
class _Entries:
    """The events of all files in reading order, each with its document and index, and the problems found so far."""

    problems: list[Problem] = field(default_factory=list)
    found: list[tuple[EventEntry, Document, int]] = field(default_factory=list)
    # Every key that is written, of sound events and of others, with the place where it first stands.
    keys: dict[str, Where] = field(default_factory=dict)
    by_key: dict[str, EventEntry] = field(default_factory=dict)

    def read(self, document: Document | None) -> None:
        """Takes over the events of a document; a bad one is noted and the others go on."""
        events = document.value.get("events") if document and isinstance(document.value, dict) else None
        if document is None or events is None:
            return
        if not isinstance(events, list):
            self.problems.append(Problem(document.where(("events",)), "events must be a list", "write '- key: …' per event"))
            return
        for index, plain in enumerate(events):
            self._note_key(document, index, plain)
            self._read(document, index, plain)

    def _note_key(self, document: Document, index: int, plain: object) -> None:
        key = str(plain.get("key")) if isinstance(plain, dict) else ""
        if key in self.keys:
            what = f"the event key {key!r} stands at {self.keys[key]} already"
            self.problems.append(Problem(document.where(("events", index, "key")), what, "choose another"))
        elif key:
            self.keys[key] = document.where(("events", index, "key"))

    def _read(self, document: Document, index: int, plain: object) -> None:
        try:
            entry = EventEntry.model_validate(plain)
        except ValidationError as error:
            self.problems += problems(document, EventEntry, error, at=("events", index))
            return
        self.found.append((entry, document, index))
        self.by_key.setdefault(entry.key, entry)


def load(texts: Sequence[Text]) -> Calendar:
    """The calendar written in these files, the first of which has the head. Raises `Problems` with all mistakes."""
    entries = _Entries()
    first, *others = [_parsed(text, entries.problems) for text in texts]
    head = _beside_events(first, CalendarFile, entries.problems)
    files = [head, *(_beside_events(document, EventsFile, entries.problems) for document in others)]
    for document in (first, *others):
        entries.read(document)
    people = tuple(_people(entries.problems, zip(files, (first, *others), strict=True)))
    calendar = _calendar(entries, head, first, people) if head and first else None
    if entries.problems or calendar is None:
        raise Problems(entries.problems)
    return calendar


def _parsed(text: Text, found: list[Problem]) -> Document | None:
    try:
        return parse(text.text, text.source, found)
    except Problems as error:
        found += error.problems
        return None


def _beside_events(document: Document | None, model: type[F], found: list[Problem]) -> F | None:
    """Everything of a file but its events, which are judged one by one; only the first file may say more."""
    if document is None:
        return None
    value = document.value
    rest = {key: each for key, each in value.items() if key != "events"} if isinstance(value, dict) else value
    try:
        return check(Document(document.source, rest, document.root), model)
    except Problems as error:
        found += error.problems
        return None


def _people(found: list[Problem], files: Iterable[tuple[EventsFile | None, Document | None]]) -> Iterator[Person]:
    keys: dict[str, Where] = {}
    for file, document in files:
        for index, entry in enumerate(file.people if file else ()):
            where = document.where(("people", index, "key")) if document else Where("")
            if entry.key in keys:
                found.append(Problem(where, f"the person {entry.key!r} stands at {keys[entry.key]} already", "keep one"))
            keys.setdefault(entry.key, where)
            yield _person(entry)


def _person(entry: PersonEntry) -> Person:
    plain = {name: getattr(entry, name) for name in PersonEntry.model_fields}
    return Person(**{**plain, "sources": _sources(entry.sources)})


def _sources(entries: Iterable[SourceEntry]) -> tuple[Source, ...]:
    return tuple(Source(each.title, each.publisher, each.url or "", each.date) for each in entries)


def _calendar(entries: _Entries, head: CalendarFile, document: Document, people: tuple[Person, ...]) -> Calendar:
    series = _series(head)
    return Calendar(
        key=head.calendar,
        title=head.title,
        events=Indexed(_events(entries, head)),
        description=head.description,
        language=head.language,
        timezone=head.timezone,
        leap=head.leap_day,
        counters=tuple(_counters(entries.problems, head, series, document)),
        series=tuple(series.values()),
        names=head.names,
        people=people,
        hashtags=head.hashtags,
    )


def _series(head: CalendarFile) -> dict[str, Series]:
    return {key: _one_series(head, key, entry) for key, entry in head.series.items()}


def _one_series(head: CalendarFile, key: str, entry: SeriesEntry) -> Series:
    steps = tuple(Step(step.on, step.value, step.text) for step in entry.steps)
    translations = (
        SeriesWording(tag, each.label["other"], tuple(each.steps.items()), _forms(each.label))
        for tag, each in entry.translations.items()
    )
    return Series(key, entry.label["other"], steps, head.language, tuple(translations), _forms(entry.label))


def _forms(label: Mapping[str, str]) -> Forms:
    return tuple((form, text) for form, text in label.items() if form != "other")


def _counters(found: list[Problem], head: CalendarFile, series: dict[str, Series], document: Document) -> Iterator[Counter]:
    for key, entry in head.counters.items():
        for number, name in enumerate(entry.series):
            if name not in series:
                where = document.where(("counters", key, "series", number))
                found.append(Problem(where, f"there is no series {name!r}", suggestion(name, list(series))))
        yield _counter(head, key, entry, tuple(series[name] for name in entry.series if name in series))


def _counter(head: CalendarFile, key: str, entry: CounterEntry, series: tuple[Series, ...]) -> Counter:
    return Counter(
        key=key,
        calendar=head.calendar,
        label=entry.label["other"],
        counting=entry.counting,
        first=entry.first,
        last=entry.last,
        inclusive=entry.ends == "inclusive",
        leap=entry.leap_day or head.leap_day,
        milestones=_milestones(entry.milestones),
        series=series,
        only_milestones=entry.only_milestones,
        label_of_several=entry.label_of_several,
        language=head.language,
        translations=tuple(
            CounterWording(tag, each.label["other"], each.label_of_several, _milestones(each.milestones), _forms(each.label))
            for tag, each in entry.translations.items()
        ),
        label_forms=_forms(entry.label),
    )


def _milestones(texts: Mapping[int, str]) -> tuple[Milestone, ...]:
    return tuple(Milestone(number, text) for number, text in sorted(texts.items()))


def _events(entries: _Entries, head: CalendarFile) -> Iterator[Event]:
    """The events, in reading order; what is wrong with one is noted and the others go on."""
    for entry, document, index in entries.found:
        try:
            rule, began = _rule(entry, entries, head.leap_day)
        except ValueError as error:
            where = document.where(("events", index, _rule_key(entry)))
            entries.problems.append(Problem(where, *error.args))
            continue
        entries.problems += _findings(entry, began, document, index, sourced=head.sourced)
        entries.problems += _translation_findings(entry, document, ("events", index, "translations"), head.language)
        yield _built(head, entry, rule, began)


def _findings(entry: EventEntry, began: date | None, document: Document, index: int, *, sourced: bool) -> Iterator[Problem]:
    place = ("events", index)
    if sourced and not entry.sources:
        yield Problem(document.where(place), f"event {entry.key!r} names no source", "add sources: with title and publisher")
    if entry.date_end and (began is None or entry.date_end < began):
        yield Problem(document.where((*place, "date_end")), "date_end is before the event begins", "exchange the dates")


def _translation_findings(
    entry: EventEntry, document: Document, place: tuple[str | int, ...], own: str
) -> Iterator[Problem]:
    for tag, each in entry.translations.items():
        if tag == own:
            where = document.where((*place, tag), key=True)
            yield Problem(where, f"the calendar itself is in {own!r}", "leave this translation out")
        elif entry.text and not each.text:
            what = f"the event has a text, but none in {tag!r}"
            yield Problem(document.where((*place, tag)), what, "add text: to this translation")


def _rule_key(entry: EventEntry) -> str:
    return next(name for name in written_form.RULE_KEYS if getattr(entry, name) is not None)


def _rule(entry: EventEntry, entries: _Entries, calendar_leap: Leap) -> tuple[Rule, date | None]:
    """The rule of an entry and the day it began, if it has a year. Raises ValueError(what, instead)."""
    leap = entry.leap_day or calendar_leap
    if entry.after is not None:
        return _after(entry, entry.after, entries, leap)
    if entry.date is not None:
        return _on_date(entry, entry.date, leap)
    if entry.persian is not None:
        return _on_persian_date(entry, entry.persian, leap)
    if entry.old_style is not None:
        return _old_style(entry, entry.old_style, leap)
    if entry.rrule is not None and entry.start is not None:
        return Recurrence(entry.rrule, entry.start), entry.start
    return _yearless(entry, _moving(entry))


def _yearless(entry: EventEntry, rule: Rule) -> tuple[Rule, date | None]:
    """A rule without a year of its own began on its first day from the year `since` on, if that is given."""
    years = range(entry.since, entry.since + _LONGEST_GAP + 1) if entry.since else ()
    return rule, next((day for year in years for day in rule.days(year)), None)


def _moving(entry: EventEntry) -> Rule:
    if entry.weekday is not None:
        return entry.weekday
    if entry.easter is not None:
        return AroundEaster(Church.WESTERN, entry.easter)
    return AroundEaster(Church.ORTHODOX, entry.orthodox_easter or 0)


def _on_date(entry: EventEntry, written: Written, leap: Leap) -> tuple[Rule, date | None]:
    if written.month is None or written.day is None or entry.precision in {Precision.MONTH, Precision.YEAR}:
        return InMonth(), date(written.year, written.month or 1, 1) if written.year else None
    rule = OnDate(written.month, written.day, leap)
    return (rule, date(written.year, written.month, written.day)) if written.year else _yearless(entry, rule)


def _on_persian_date(entry: EventEntry, written: Written, leap: Leap) -> tuple[Rule, date | None]:
    month, day = written.month or 0, written.day or 0
    rule = OnPersianDate(month, day, leap)
    return (rule, persian.to_gregorian(written.year, month, day)) if written.year else _yearless(entry, rule)


def _old_style(entry: EventEntry, written: Written, leap: Leap) -> tuple[Rule, date | None]:
    """A dated old-style event is kept on its date in our calendar; a yearless one wanders with the old calendar."""
    month, day = written.month or 0, written.day or 0
    began = julian_to_gregorian(written.year, month, day) if written.year else None
    return (OnDate(began.month, began.day, leap), began) if began else _yearless(entry, OnJulianDate(month, day))


def _after(entry: EventEntry, after: AfterEntry, entries: _Entries, leap: Leap) -> tuple[Rule, date | None]:
    base = entries.by_key.get(after.event)
    if base is None:
        if after.event in entries.keys:
            raise ValueError(f"{after.event!r} has a mistake of its own", "mend that one first")
        raise ValueError(f"there is no event {after.event!r}", suggestion(after.event, list(entries.keys)))
    if base.after is not None:
        raise ValueError(f"{after.event!r} is itself counted from another event", "count from a dated event")
    rule, began = _rule(base, entries, leap)
    if isinstance(rule, InMonth | After | Recurrence):  # a person's mistake, not a wrong type
        raise ValueError(f"{after.event!r} has no rule that days can be counted from", "count from a dated event")  # noqa: TRY004
    shifted = After(rule, after.days)
    return (shifted, began + timedelta(days=after.days)) if began else _yearless(entry, shifted)


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
        sources=_sources(entry.sources),
        links=tuple(Link(each.title, each.url) for each in entry.links),
        picture=Picture(entry.picture.alt, entry.picture.credit, entry.picture.url) if entry.picture else None,
        language=head.language,
        translations=tuple(
            Wording(tag, each.title, each.text, each.more, each.alt) for tag, each in entry.translations.items()
        ),
    )
