"""What must writing and reading iCalendar agree on? Our own properties, and how a description is put together."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from bot.errors import Mistake
from bot.exchange.entries import Entry

FIRST_YEAR, LAST_YEAR = 1950, 2050
UID_HOST = "@thisday"
# What iCalendar has no words for, of an event and of a calendar; all as X-THISDAY-… with underscores as hyphens.
OF_EVENT = (
    "date_end", "time", "timezone", "precision", "certainty", "importance", "tone",
    "more", "people", "places", "links", "picture", "sources", "translations",
)  # fmt: skip
OF_CALENDAR = ("calendar", "language", "leap_day", "names", "hashtags")
_AS_JSON = {
    "rule",
    "people",
    "places",
    "links",
    "picture",
    "sources",
    "translations",
    "names",
    "hashtags",
}  # the others are text
# Where 29 February goes, in words that iCalendar has: the last day of February, the 60th day of the year, or nowhere.
LEAP_RULES = {
    "feb28": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
    "mar1": "FREQ=YEARLY;BYYEARDAY=60",
    "leap-years-only": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
}


def library() -> Any:
    """The icalendar package, which only this needs. Raises `Mistake` if it is not installed."""
    try:
        import icalendar
    except ImportError:
        raise Mistake("iCalendar needs the package icalendar", "pip install 'thisday[exchange]'") from None
    return icalendar


@cache
def text_kind() -> Any:
    """The library's TEXT, but that a backslash before an N stays one; the library would make a new line of the two."""

    class Text(library().vText):  # type: ignore[misc]  # an optional package has no base class for mypy
        def to_ical(self) -> bytes:
            return escaped(str(self)).encode()

    return Text


def escaped(text: str) -> str:
    """RFC 5545, 3.3.11."""
    for plain, sign in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, sign)
    return text


def own(name: str) -> str:
    """The name of our property for a key of the calendar format."""
    return f"X-THISDAY-{name.replace('_', '-').upper()}"


def own_value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def own_from(name: str, text: str) -> Any:
    """The value of one of our properties. Raises ValueError for broken JSON."""
    return json.loads(text) if name in _AS_JSON else text


def description(entry: Entry) -> str:
    """What other programs show: the text, the longer text, and the sources, with an empty line between."""
    sources = "\n".join(_source(number, each) for number, each in enumerate(entry.get("sources", ()), 1))
    return "\n\n".join(part for part in (entry.get("text", ""), entry.get("more", ""), sources) if part)


def text_of(shown: str, entry: Entry) -> str:
    """The text back out of a description whose other parts are known; all of it, if a person has changed it since."""
    rest = description({**entry, "text": ""})
    if shown == rest:
        return ""
    return shown.removesuffix(f"\n\n{rest}") if rest else shown


def _source(number: int, source: Entry) -> str:
    words = ", ".join(source[name] for name in ("title", "publisher", "date", "url") if source.get(name))
    return f"[{number}] {words}"


def unescaped(text: str) -> str:
    """TEXT as it was meant, where the library does not know that a property is TEXT."""
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], text)
