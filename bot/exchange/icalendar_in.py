"""Which events does this iCalendar file hold? Yearly ones keep their rule; what has no place in a calendar is noted.

Our own export comes back exactly: its X-THISDAY properties count, as long as nobody has moved the event elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from bot.calendars.format import EventEntry
from bot.errors import Problem, Problems, Where
from bot.exchange import rfc5545
from bot.exchange.entries import Entry
from bot.exchange.rfc5545 import OF_CALENDAR, OF_EVENT, own, own_from
from bot.exchange.taking import Taken, clean, cut, decoded, printable, slug, told
from bot.exchange.yearly import Moment, moment, rule_entry

_FOREIGN = {"VTODO": "a task", "VJOURNAL": "a journal entry", "VFREEBUSY": "a time of being busy"}
_BEGIN = re.compile(r"BEGIN:(\w+)\s*$", re.IGNORECASE)
_TAG = re.compile(r"</?(a|b|i|u|p|br|em|strong|div|span|ul|ol|li|html|body|font|h[1-6])\b[^<>]*>", re.IGNORECASE)
_LINE_TAG = re.compile(r"<br\b[^<>]*>|</(p|div|li|h[1-6])>", re.IGNORECASE)
# Properties of an event that a calendar of this kind has no place for, and what to say of them.
_UNSAID = {
    "EXDATE": "days are excepted from its rule, and will be told",
    "EXRULE": "days are excepted from its rule, and will be told",
    "ATTENDEE": "the people invited were not taken over",
    "ORGANIZER": "the organizer was not taken over",
    "ATTACH": "the attachment was not taken over",
}


@dataclass(frozen=True, slots=True)
class _Found:
    """A component of the file, and where its lines stand."""

    component: Any
    source: str
    first: int
    lines: tuple[str, ...]

    def where(self, name: str = "") -> Where:
        """The place of a property, or of the component if it has none of that name."""
        start = re.compile(rf"{re.escape(name)}[;:]", re.IGNORECASE)
        line = next((number for number, text in enumerate(self.lines) if name and start.match(text)), 0)
        return Where(self.source, self.first + line, 1)

    def has(self, name: str) -> bool:
        return name in self.component

    def text(self, name: str) -> str:
        return _text(self.component.get(name))


def imported(data: bytes, source: str) -> Taken:
    """The events of a file. Raises `Problems` if it is not iCalendar at all."""
    taken = Taken(source)
    library, text = rfc5545.library(), decoded(data, source)
    try:
        calendars = library.Calendar.from_ical(text, multiple=True)
    except (ValueError, IndexError) as error:
        raise Problems([Problem(Where(source), f"not iCalendar: {error}", "export it again")]) from None
    found = list(_placed(calendars, source, text.splitlines()))
    taken.begin({key: value for calendar in reversed(calendars) for key, value in _head(calendar).items()})
    _take(found, taken)
    return taken


def _placed(calendars: list[Any], source: str, lines: list[str]) -> Iterator[_Found]:
    """Each component with its lines; the components of a name stand in the file in the order in which they are read."""
    begins = defaultdict(list)
    for number, line in enumerate(lines, 1):
        if match := _BEGIN.match(line):
            begins[match[1].upper()].append(number)
    seen: Counter[str] = Counter()
    for component in (each for calendar in calendars for each in calendar.walk()):
        places = begins[component.name]
        first = places[min(seen[component.name], len(places) - 1)] if places else 1
        seen[component.name] += 1
        yield _Found(component, source, first, _until_end(lines[first - 1 :], component.name))


def _until_end(lines: list[str], name: str) -> tuple[str, ...]:
    end = next((number for number, line in enumerate(lines) if line.strip().upper() == f"END:{name}"), len(lines))
    return tuple(lines[:end])


def _head(calendar: Any) -> Entry:
    """What the file says of the calendar as a whole."""
    head: Entry = {}
    for key in OF_CALENDAR:
        with suppress(ValueError):  # a damaged property of ours is as good as none
            head[key] = own_from(key, _text(calendar.get(own(key))))
    names = {
        "title": ("NAME", "X-WR-CALNAME"),
        "description": ("DESCRIPTION", "X-WR-CALDESC"),
        "timezone": ("X-WR-TIMEZONE",),
    }
    for key, properties in names.items():
        head[key] = next((text for name in properties if (text := _text(calendar.get(name)))), "")
    return head


def _take(found: list[_Found], taken: Taken) -> None:
    for each in found:
        if each.component.name in _FOREIGN:
            taken.leave(each.where(), f"{_FOREIGN[each.component.name]} was not taken over")
    wanted = [each for each in found if each.component.name == "VEVENT" and _wanted(each, taken)]
    known = {_own_key(each) for each in wanted}
    once: list[_Found] = []
    for each in wanted:
        entry = _restored(each, known, taken) or _foreign(each, taken, once)
        if entry:
            taken.take(entry, each.where())
    if once:
        others = f" and {len(once) - 1} more" if len(once) > 1 else ""
        what = f"{_called(once[0])}{others} without a yearly rule will be told on every anniversary"
        taken.note(once[0].where("DTSTART"), what, "remove what should not be")


def _wanted(found: _Found, taken: Taken) -> bool:
    for name, words in found.component.errors:
        taken.note(found.where(name or ""), f"{name or 'a line'} cannot be read: {words}", "mend it in its own program")
    if found.text("STATUS").upper() == "CANCELLED":
        taken.leave(found.where("STATUS"), f"{_called(found)} is cancelled and was not taken over")
        return False
    if found.has("RECURRENCE-ID"):
        taken.leave(found.where("RECURRENCE-ID"), f"a single changed day of {_called(found)} was not taken over")
        return False
    return True


def _called(found: _Found) -> str:
    return repr(cut(found.text("SUMMARY"), 40)) if found.text("SUMMARY") else "an event without a title"


# Our own


def _own_key(found: _Found) -> str:
    uid = found.text("UID")
    return uid.removesuffix(rfc5545.UID_HOST).rpartition("/")[2] if uid.endswith(rfc5545.UID_HOST) else ""


def _restored(found: _Found, known: set[str], taken: Taken) -> Entry | None:
    """The entry of an event that we have exported; None if it is another's."""
    if not found.has(own("rule")) or not _own_key(found):
        return None
    try:
        rule = own_from("rule", found.text(own("rule")))
        kept = {name: own_from(name, found.text(own(name))) for name in OF_EVENT if found.has(own(name))}
        EventEntry.model_validate({"key": _own_key(found), "title": "…", "date": "01-01", **kept})
    except ValueError:  # pydantic's is one as well
        taken.note(found.where(own("rule")), "our own properties are damaged; what iCalendar says is taken")
        return None
    text = rfc5545.text_of(found.text("DESCRIPTION"), kept)
    said = {**kept, "title": found.text("SUMMARY"), "text": text, **_changed(found, kept)}
    return {"key": _own_key(found), **(_own_rule(rule, found, known) or _moved(found, taken)), **said}


def _own_rule(rule: Any, found: _Found, known: set[str]) -> Entry:
    """Our rule; empty if the event starts on another day now, or if what it counts from is not in the file."""
    start = moment(found.component.get("DTSTART"))
    if not isinstance(rule, dict) or start is None or rule.pop("dtstart", "") != start.day.isoformat():
        return {}
    return rule if rule.get("after", {}).get("event") in {None, *known} else {}


def _moved(found: _Found, taken: Taken) -> Entry:
    start = moment(found.component.get("DTSTART"))
    taken.note(found.where("DTSTART"), f"{_called(found)} does not stand as it was exported; the rule in the file is taken")
    return rule_entry(found.component, start).entry if start else {}


def _changed(found: _Found, kept: Entry) -> Entry:
    """Tags, and the place if it was changed since."""
    places = found.text("LOCATION")
    same = places == printable("; ".join(kept.get("places", ())))
    return {"tags": _tags(found), **({} if same else {"places": _places(found)})}


# Others'


def _foreign(found: _Found, taken: Taken, once: list[_Found]) -> Entry | None:
    start = moment(found.component.get("DTSTART"))
    if start is None:
        taken.leave(found.where(), f"{_called(found)} has no date that can be read", "give it one")
        return None
    rule = rule_entry(found.component, start)
    for property_name, words in rule.notes:
        taken.note(found.where(property_name), words)
    if rule.once:
        once.append(found)
    for name in _UNSAID.keys() & {str(each).upper() for each in found.component}:
        taken.note(found.where(name), f"{_called(found)}: {_UNSAID[name]}")
    if found.text("CLASS").upper() in {"PRIVATE", "CONFIDENTIAL"}:
        taken.note(
            found.where("CLASS"), f"{_called(found)} is marked {found.text('CLASS').lower()}", "think before you post it"
        )
    title = " ".join(clean(found.text("SUMMARY")).split()) or cut(clean(_plain(found.text("DESCRIPTION"))), 80)
    return {
        "key": slug(title, f"event-{start.day if start.has_year else f'{start.day:%m-%d}'}"),
        **rule.entry,
        **_hour(start, found, taken),
        "title": title,
        **told(_plain(found.text("DESCRIPTION"))),
        "tags": _tags(found),
        "places": _places(found),
        "links": _links(found, taken),
    }


def _hour(start: Moment, found: _Found, taken: Taken) -> Entry:
    if start.time and not start.timezone:
        taken.note(found.where("DTSTART"), f"{_called(found)} has an hour without a known time zone", "add timezone:")
    return {"time": start.time, "timezone": start.timezone if start.timezone != taken.head.get("timezone") else ""}


def _links(found: _Found, taken: Taken) -> list[Entry]:
    address = found.text("URL").strip()
    if not address:
        return []
    if not re.fullmatch(r"https?://[^\s<>\"]+", address):
        taken.note(found.where("URL"), f"{cut(address, 40)!r} is not a web address and was not taken over")
        return []
    return [{"title": urlsplit(address).hostname or address, "url": address}]


def _places(found: _Found) -> list[str]:
    place = clean(found.text("LOCATION")).replace("\n", ", ")
    return [place] if place else []


def _tags(found: _Found) -> list[str]:
    value = found.component.get("CATEGORIES") or []
    several = value if isinstance(value, list) else [value]
    return [text for each in several for cat in getattr(each, "cats", [each]) if (text := str(cat))]


def _text(value: Any) -> str:
    """The text of a property, of the first one if it stands there more than once."""
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None:
        return ""
    known = type(value).__name__ != "vUnknown"  # the library leaves the text of X- properties as it stands
    return str(value) if known else rfc5545.unescaped(str(value))


def _plain(text: str) -> str:
    """Text without the HTML that some programs put into a description."""
    if not _TAG.search(text):
        return text
    lines = unescape(_TAG.sub("", _LINE_TAG.sub("\n", text))).replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"\n\s*\n", "\n\n", lines)
