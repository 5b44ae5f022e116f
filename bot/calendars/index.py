"""Which events answer to a key? Held in memory, or read from a compiled calendar piece by piece.

A compiled calendar is a seal (what it was compiled from, and a checksum), a header line of JSON and one line per event;
the header says at which byte each key's events start, so that a day of a calendar with 50,000 events reads a hundred
lines and no more. It is plain data: reading a forged one can show wrong text but run nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import date
from typing import Any
from zlib import crc32

from bot.calendars import counters, events, rules
from bot.calendars.counters import Counter, CounterWording, Forms, Milestone, Series, SeriesWording, Step
from bot.calendars.events import Calendar, Certainty, Event, Link, Person, Picture, Precision, Source, Tone, Wording
from bot.calendars.rules import After, Leap, Recurrence, family

_RULES = {
    rule.__name__: rule
    for rule in (
        rules.OnDate,
        rules.NthWeekday,
        rules.OnPersianDate,
        rules.OnJulianDate,
        rules.AroundEaster,
        rules.After,
        rules.Recurrence,
        rules.InMonth,
    )
}


class Indexed:
    """Events in memory, by key."""

    def __init__(self, found: Iterable[Event]) -> None:
        self._all = tuple(found)
        by_key: dict[str, list[Event]] = defaultdict(list)
        for event in self._all:
            if event.rule.key is not None:
                by_key[event.rule.key].append(event)
        self._by_key = {key: tuple(each) for key, each in by_key.items()}
        self.families = frozenset(map(family, self._by_key))
        self.offsets = tuple(sorted({event.rule.offset for event in self._all if isinstance(event.rule, After)}))

    def keyed(self, key: str) -> tuple[Event, ...]:
        return self._by_key.get(key, ())

    def recurring(self) -> tuple[Event, ...]:
        return tuple(event for event in self._all if isinstance(event.rule, Recurrence))

    def __iter__(self) -> Iterator[Event]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


class Compiled:
    """Events in the bytes of a compiled calendar; each is decoded when it is asked for."""

    def __init__(self, data: bytes, header: dict[str, Any], start: int) -> None:
        self._data, self._header, self._start = data, header, start
        self._by_key: dict[str, list[int]] = header["keys"]
        self.families = frozenset(header["families"])
        self.offsets = tuple(header["offsets"])

    def keyed(self, key: str) -> tuple[Event, ...]:
        return tuple(map(self._at, self._by_key.get(key, ())))

    def recurring(self) -> tuple[Event, ...]:
        return tuple(map(self._at, self._header["recurring"]))

    def __iter__(self) -> Iterator[Event]:
        return (event_from(json.loads(line)) for line in self._data[self._start :].splitlines())

    def __len__(self) -> int:
        return int(self._header["events"])

    def _at(self, offset: int) -> Event:
        begin = self._start + offset
        return event_from(json.loads(self._data[begin : self._data.index(b"\n", begin)]))


def compiled(calendar: Calendar, digest: str) -> bytes:
    """The compiled form of a calendar; `digest` names what it was compiled from."""
    lines, keys, recurring, offset = [], defaultdict(list), [], 0
    for event in calendar.events:
        line = json.dumps(_plain(event), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if event.rule.key is not None:
            keys[event.rule.key].append(offset)
        elif isinstance(event.rule, Recurrence):
            recurring.append(offset)
        lines.append(line)
        offset += len(line)
    header = {
        "events": len(lines),
        "keys": keys,
        "recurring": recurring,
        "families": sorted(calendar.events.families),
        "offsets": calendar.events.offsets,
        "head": _plain(replace(calendar, events=Indexed(()))),
    }
    body = b"".join([json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode(), b"\n", *lines])
    return _seal(digest, body) + body


def _seal(digest: str, body: bytes) -> bytes:
    """The first line: a file that was cut short or damaged, or that another version wrote, does not have it."""
    return f"{digest} {crc32(body):08x}\n".encode()


def from_compiled(data: bytes, digest: str) -> Calendar | None:
    """The calendar in compiled bytes; None if they were compiled from something else, or are damaged."""
    body = data[data.find(b"\n") + 1 :]
    if not data.startswith(_seal(digest, body)):
        return None
    end = body.index(b"\n")
    header = json.loads(body[:end])
    return _calendar_from(header["head"], Compiled(body, header, end + 1))


def _plain(value: Any) -> Any:
    """Dataclasses as dicts without their defaults, dates as text, rules with their kind."""
    if isinstance(value, Indexed):
        return None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if not hasattr(value, "__dataclass_fields__"):
        return value
    plain = {each.name: _plain(content) for each in fields(value) if (content := getattr(value, each.name)) != each.default}
    return {"kind": type(value).__name__, **plain} if type(value).__name__ in _RULES else plain


def event_from(plain: dict[str, Any]) -> Event:
    """The event in its plain form."""
    plain["rule"] = _rule_from(plain["rule"])
    for name in ("began", "ended"):
        if plain.get(name):
            plain[name] = date.fromisoformat(plain[name])
    for name, kind in (("tone", Tone), ("precision", Precision), ("certainty", Certainty)):
        if name in plain:
            plain[name] = kind(plain[name])
    for name in ("tags", "people", "places"):
        plain[name] = tuple(plain.get(name, ()))
    plain["sources"] = tuple(Source(**each) for each in plain.get("sources", ()))
    plain["links"] = tuple(Link(**each) for each in plain.get("links", ()))
    plain["picture"] = Picture(**plain["picture"]) if plain.get("picture") else None
    if "translations" in plain:
        plain["translations"] = tuple(Wording(**each) for each in plain["translations"])
    return Event(**plain)


def _rule_from(plain: dict[str, Any]) -> Any:
    kind = _RULES[plain.pop("kind")]
    if "leap" in plain:
        plain["leap"] = Leap(plain["leap"])
    if "church" in plain:
        plain["church"] = rules.Church(plain["church"])
    if "start" in plain:
        plain["start"] = date.fromisoformat(plain["start"])
    if "rule" in plain:
        plain["rule"] = _rule_from(plain["rule"])
    return kind(**plain)


def _calendar_from(plain: dict[str, Any], found: events.Events) -> Calendar:
    plain["events"] = found
    plain["leap"] = Leap(plain.get("leap", Leap.FEB28))
    plain["series"] = tuple(map(_series_from, plain.get("series", ())))
    plain["counters"] = tuple(map(_counter_from, plain.get("counters", ())))
    plain["people"] = tuple(map(_person_from, plain.get("people", ())))
    for name in ("names", "hashtags"):
        plain[name] = tuple(plain.get(name, ()))
    return Calendar(**plain)


def _person_from(plain: dict[str, Any]) -> Person:
    for name in ("captured", "released", "died"):
        plain[name] = date.fromisoformat(plain[name]) if plain.get(name) else None
    plain["sources"] = tuple(Source(**each) for each in plain.get("sources", ()))
    return Person(**plain)


def _series_from(plain: dict[str, Any]) -> Series:
    steps = tuple(Step(date.fromisoformat(step["on"]), step["value"], step.get("text", "")) for step in plain["steps"])
    wordings = tuple(map(_series_wording_from, plain.get("translations", ())))
    return Series(plain["key"], plain["label"], steps, plain.get("language", "en"), wordings, _forms_from(plain))


def _series_wording_from(plain: dict[str, Any]) -> SeriesWording:
    steps = ((date.fromisoformat(on), text) for on, text in plain.get("steps", ()))
    return SeriesWording(plain["language"], plain["label"], tuple(steps), _forms_from(plain))


def _counter_from(plain: dict[str, Any]) -> Counter:
    plain["counting"] = counters.Counting(plain["counting"])
    plain["leap"] = Leap(plain.get("leap", Leap.FEB28))
    for name in ("first", "last"):
        plain[name] = date.fromisoformat(plain[name]) if plain.get(name) else None
    plain["milestones"] = _milestones_from(plain)
    plain["series"] = tuple(map(_series_from, plain.get("series", ())))
    plain["label_forms"] = _forms_from(plain)
    wordings = (
        {**each, "milestones": _milestones_from(each), "label_forms": _forms_from(each)}
        for each in plain.get("translations", ())
    )
    plain["translations"] = tuple(CounterWording(**each) for each in wordings)
    return Counter(**plain)


def _forms_from(plain: dict[str, Any]) -> Forms:
    return tuple((form, text) for form, text in plain.get("label_forms", ()))


def _milestones_from(plain: dict[str, Any]) -> tuple[Milestone, ...]:
    return tuple(Milestone(**each) for each in plain.get("milestones", ()))
