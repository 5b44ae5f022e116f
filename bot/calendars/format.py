"""What may be written in a calendar file? The pydantic models: the reference page and the JSON Schema come from here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from bot.calendars import written
from bot.calendars.counters import Counting
from bot.calendars.events import Certainty, Precision, Tone
from bot.calendars.rules import EASTER_OFFSETS, Leap, NthWeekday
from bot.calendars.written import Written
from bot.documents import mistake, suggestion
from bot.fields import Clock, Language, Strict, Zone
from bot.languages import PLURAL_FORMS

T = TypeVar("T")
_TRANSLATIONS = "the same in other languages, by their tags"
KEY = r"^[a-z0-9][a-z0-9-]*$"


def _read(reader: Callable[[str], T]) -> Callable[[Any], T]:
    """A validator out of a reader of `written`: its ValueError(what, instead) becomes a problem with a place."""

    def validate(value: Any) -> T:
        try:
            return reader(str(value))
        except ValueError as error:
            raise mistake(*error.args) from None

    return validate


def _fillable(labels: Iterable[str], **numbers: int) -> None:
    for label in labels:
        try:
            label.format(**numbers)
        except (LookupError, ValueError, AttributeError, TypeError):
            known = " and ".join(f"{{{name}}}" for name in numbers)
            raise mistake(f"the label {label!r} cannot be filled", f"use {known} only") from None


def _label(value: Any) -> dict[str, str]:
    """A text for all numbers, or one for each plural form."""
    forms = {"other": value} if isinstance(value, str) else value
    if not isinstance(forms, dict) or not all(isinstance(each, str) and each for each in forms.values()):
        raise mistake("a label must be a text, or a mapping of plural forms", "write it in quotes, with {n}")
    for form in forms:
        if form not in PLURAL_FORMS:
            raise mistake(f"there is no plural form {form!r}", suggestion(form, PLURAL_FORMS))
    if "other" not in forms:
        raise mistake("the label has no form 'other'", "add other: for the numbers without a form of their own")
    return forms


def _web(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"]+", value):
        raise mistake(f"{value!r} is not a web address", "write it with https://")
    return value


def _only(what: str, translated: Iterable[object], known: Iterable[object]) -> None:
    """Nothing is translated that is not there."""
    for each in translated:
        if each not in known:
            raise mistake(f"there is {what.format(each)}, but none like it above", "translate what is there")


Text = Annotated[str, Field(min_length=1)]
Label = Annotated[
    dict[str, str],
    BeforeValidator(_label),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "properties": {form: {"type": "string"} for form in PLURAL_FORMS},
                    "additionalProperties": False,
                    "required": ["other"],
                },
            ]
        }
    ),
]
Key = Annotated[str, Field(pattern=KEY)]
Web = Annotated[str, AfterValidator(_web), WithJsonSchema({"type": "string", "format": "uri"})]
_text = WithJsonSchema({"type": ["string", "integer"]})
AnyDate = Annotated[Written, BeforeValidator(_read(written.gregorian)), _text]
FullDate = Annotated[date, BeforeValidator(_read(written.full_date)), WithJsonSchema({"type": "string", "format": "date"})]
OldStyle = Annotated[Written, BeforeValidator(_read(written.old_style)), _text]
SolarHijri = Annotated[Written, BeforeValidator(_read(written.solar_hijri)), _text]
Weekday = Annotated[NthWeekday, BeforeValidator(_read(written.weekday)), WithJsonSchema({"type": "string"})]
EasterOffset = Annotated[int, Field(ge=EASTER_OFFSETS[0], le=EASTER_OFFSETS[1])]


class SourceEntry(Strict):
    """Where a fact was read."""

    title: Text
    publisher: Text
    url: Web | None = None
    date: str = Field("", description="when it was published or read, as precisely as known")


class LinkEntry(Strict):
    """Where a reader can go on."""

    title: Text
    url: Web


class PictureEntry(Strict):
    """A picture by address. `alt` is for those who do not see it, `credit` names who made it."""

    url: Web
    alt: Text
    credit: Text


class WordingEntry(Strict):
    """The event in another language. Who reads none of its languages gets it in the calendar's own."""

    title: Text
    text: str = Field("", description="needed where the event has a text")
    more: str = Field("", description="a longer telling, for places with room")
    alt: str = Field("", description="the words for its picture; the event's own, if left out")


class AfterEntry(Strict):
    """So many days after another event of the same calendar (before it: a negative number)."""

    event: Key
    days: int = Field(ge=-366, le=366)


class EventEntry(Strict):
    """One event. Exactly one of date, old_style, weekday, easter, orthodox_easter, persian, after, rrule says when."""

    key: Key = Field(description="names the event for ever; unique in its calendar")
    title: Text
    text: str = Field("", description="one to three sentences that fit every platform: 280 characters at most")
    more: str = Field("", description="a longer telling, for places with room")
    date: AnyDate | None = Field(None, description="1979-11-04; 11-04 for every year; 1979-11 or 1979 if no more is known")
    old_style: OldStyle | None = Field(None, description="a date of the Julian calendar: 1917-10-25 or 12-25")
    weekday: Weekday | None = Field(None, description="last monday of may")
    easter: EasterOffset | None = Field(None, description="days after Western Easter Sunday, negative before")
    orthodox_easter: EasterOffset | None = Field(None, description="days after Orthodox Easter Sunday")
    persian: SolarHijri | None = Field(None, description="a Solar Hijri date: 13 Aban, 08-13 or 1358-08-13")
    after: AfterEntry | None = None
    rrule: str | None = Field(None, description="RFC 5545 RRULE text, counted from `start`")
    start: FullDate | None = Field(None, description="where an rrule begins")
    since: int | None = Field(None, ge=100, le=3000, description="first year of an event whose rule has none")
    date_end: FullDate | None = Field(None, description="last day, if it lasted longer; it is told on the first")
    time: Clock | None = None
    timezone: Zone | None = Field(None, description="of `time`; the calendar's, if left out")
    precision: Precision | None = Field(None, description="day, month, year or circa; read off the date, if left out")
    certainty: Certainty = Certainty.CERTAIN
    tone: Tone = Tone.NEUTRAL
    importance: int = Field(3, ge=1, le=5)
    leap_day: Leap | None = Field(None, description="where 29 February goes; the calendar's, if left out")
    tags: tuple[Text, ...] = ()
    people: tuple[Text, ...] = ()
    places: tuple[Text, ...] = ()
    sources: tuple[SourceEntry, ...] = ()
    links: tuple[LinkEntry, ...] = ()
    picture: PictureEntry | None = None
    translations: dict[Language, WordingEntry] = Field(default_factory=dict, description=_TRANSLATIONS)

    @model_validator(mode="after")
    def _one_rule(self) -> EventEntry:
        given = [name for name in RULE_KEYS if getattr(self, name) is not None]
        if len(given) != 1:
            what = f"says when it falls in {len(given)} ways ({', '.join(given)})" if given else "does not say when it falls"
            raise mistake(f"event {self.key!r} {what}", f"give exactly one of {', '.join(RULE_KEYS)}")
        if self.rrule is not None:
            _check_rrule(self.rrule, self.start)
        return self


RULE_KEYS = ("date", "old_style", "weekday", "easter", "orthodox_easter", "persian", "after", "rrule")


def _check_rrule(text: str, start: date | None) -> None:
    if start is None:
        raise mistake("an rrule needs a start", "add start: with the first date")
    _read(lambda value: written.rrule(value, start))(text)


class StepEntry(Strict):
    """From the end of this day the series has this value."""

    on: FullDate
    value: int
    text: str = Field("", description="what to tell on that day itself, instead of the label")


class SeriesWordingEntry(Strict):
    """The series in another language."""

    label: Label = Field(description="with {n}")
    steps: dict[FullDate, Text] = Field(default_factory=dict, description="the texts of steps, by their days")


class SeriesEntry(Strict):
    """A number that changes in steps, told beside a counter."""

    label: Label = Field(description="with {n}: '{n} people held'; or one for each plural form, one: and other: in English")
    steps: tuple[StepEntry, ...] = Field(min_length=1)
    translations: dict[Language, SeriesWordingEntry] = Field(default_factory=dict, description=_TRANSLATIONS)

    @model_validator(mode="after")
    def _is_sound(self) -> SeriesEntry:
        _fillable(self.label.values(), n=1)
        days = [step.on for step in self.steps]
        if days != sorted(set(days)):
            raise mistake("the steps are not in order of date", "sort them; one step a day")
        for language, each in self.translations.items():
            _fillable(each.label.values(), n=1)
            _only(f"a step on {{}} in {language!r}", each.steps, days)
        return self


class CounterWordingEntry(Strict):
    """The counter in another language."""

    label: Label = Field(description="with {n}, and {total} for a span")
    label_of_several: str = Field("", description="with {first}, {last} and {total}")
    milestones: dict[int, Text] = Field(default_factory=dict, description="the words for some numbers")


class CounterEntry(Strict):
    """What is counted: a span with numbered days, days since, days until, or full years."""

    counting: Counting
    label: Label = Field(description="with {n}, and {total} for a span: 'Day {n} of {total}'; or one for each plural form")
    label_of_several: str = Field("", description="of a span, for a week: 'Days {first} to {last} of {total}'")
    first: FullDate | None = None
    last: FullDate | None = None
    ends: Literal["inclusive", "exclusive"] = Field("inclusive", description="inclusive: the first day is number 1, else 0")
    leap_day: Leap | None = None
    milestones: dict[int, Text] = Field(default_factory=dict)
    only_milestones: bool = Field(False, description="tell the counter on its milestones only")
    series: tuple[str, ...] = ()
    translations: dict[Language, CounterWordingEntry] = Field(default_factory=dict, description=_TRANSLATIONS)

    @model_validator(mode="after")
    def _labels_can_be_filled(self) -> CounterEntry:
        total = {"total": 2} if self.counting is Counting.SPAN else {}
        labels = [(each.label, each.label_of_several) for each in self.translations.values()]
        for label, several in ((self.label, self.label_of_several), *labels):
            _fillable(label.values(), n=1, **total)
            _fillable([several], first=1, last=2, total=3)
        for language, each in self.translations.items():
            _only(f"a milestone {{}} in {language!r}", each.milestones, self.milestones)
        return self

    @model_validator(mode="after")
    def _is_sound(self) -> CounterEntry:
        needed = {Counting.SPAN: ("first", "last"), Counting.UNTIL: ("last",)}.get(self.counting, ("first",))
        for name in needed:
            if getattr(self, name) is None:
                raise mistake(f"a counter of kind {self.counting} needs {name}", f"add {name}: with a date")
        if self.first and self.last and self.first > self.last:
            raise mistake(f"first {self.first} is after last {self.last}", "exchange them")
        return self


class PersonEntry(Strict):
    """Someone whom the calendar tells about, from the public record only."""

    key: Key = Field(description="names the person for ever; unique in its calendar")
    name: Text = Field(description="as the texts spell it")
    full_name: str = Field("", description="as the record spells it, if it differs")
    group: str = Field("", pattern=r"^([a-z0-9][a-z0-9-]*)?$", description="a word for all who belong together")
    role: str = Field("", description="publicly listed office or work")
    where: str = Field("", description="where it happened to them")
    captured: FullDate | None = Field(None, description="the day of capture")
    released: FullDate | None = Field(None, description="the day of release")
    died: FullDate | None = Field(None, description="the day of death, if the calendar tells of it")
    note: str = Field("", description="what else a reader needs, in a sentence or two")
    sources: tuple[SourceEntry, ...] = ()


class EventsFile(Strict):
    """A file of a calendar folder beside its calendar.yaml: events and people only."""

    events: tuple[EventEntry, ...] = ()
    people: tuple[PersonEntry, ...] = Field((), description="the people whom the calendar tells about")


class CalendarFile(EventsFile):
    """A calendar: its head, and its events (in a folder, the other files may hold the events)."""

    calendar: Key = Field(description="the name by which subscriptions and commands call it")
    title: Text
    description: str = ""
    language: Language = Field("en", description="a language tag, such as en or fa: that of its texts")
    timezone: Zone = "UTC"
    leap_day: Leap = Leap.FEB28
    sourced: bool = Field(False, description="every event must name at least one source")
    names: tuple[Text, ...] = Field((), description="the one spelling of each name")
    hashtags: tuple[Annotated[str, Field(pattern=r"^\w*[^\W\d]\w*$")], ...] = ()
    counters: dict[Key, CounterEntry] = Field(default_factory=dict)
    series: dict[Key, SeriesEntry] = Field(default_factory=dict)


def schema(model: type[EventsFile]) -> dict[str, Any]:
    """The JSON Schema of a calendar file, or of a file of events in a calendar folder, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
