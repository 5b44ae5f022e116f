"""What could be taken over from a foreign file, and what could not? Each note has its place in that file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from bot.calendars.format import CalendarFile, EventEntry
from bot.calendars.loader import Text, load
from bot.documents import Document, problems
from bot.errors import Mistake, Problem, Problems, Where
from bot.exchange.entries import Entry
from bot.exchange.yaml_out import written

SHORT = 280  # a text of this length fits every platform
_KEY_LENGTH = 60
_NUMBERS = ("easter", "orthodox_easter", "since", "importance")  # in a table or in iCalendar they are text
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]")
_SENTENCE_END = re.compile("(?<=[.!?\u061f\u06d4])[\"'\u201d\u2019\u00bb)\\]]*\\s+|(?<=[\u3002\uff01\uff1f])|\n\n+")


@dataclass(slots=True)
class Taken:
    """The calendar as it is being brought over: its head, its entries, and the notes on what stayed behind."""

    source: str
    head: Entry = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    left_out: int = 0
    _keys: set[str] = field(default_factory=set)

    def note(self, where: Where, what: str, instead: str = "") -> None:
        """Something of an event, or of the file, was not taken over."""
        self.notes.append(Problem(where, what, instead))

    def leave(self, where: Where, what: str, instead: str = "") -> None:
        """A whole event was not taken over."""
        self.left_out += 1
        self.note(where, what, instead)

    def begin(self, head: Entry) -> None:
        """Takes over what the file says of the calendar as a whole, as far as a calendar may have it."""
        filled = {key: value for key, value in head.items() if value}
        wrong = {}
        try:
            CalendarFile.model_validate({"calendar": "any", "title": "any", **filled})
        except ValidationError as error:
            wrong = {str(each["loc"][0]): each["msg"] for each in error.errors()}
        for key, words in wrong.items():
            self.note(Where(self.source), f"the calendar's {key} was not taken over: {words}")
        self.head = {key: value for key, value in filled.items() if key not in wrong}

    def take(self, entry: Mapping[str, Any], where: Where) -> None:
        """Takes an entry over if a calendar may hold it, else notes why not. Its key is made unique."""
        filled = {key: value for key, value in entry.items() if value not in (None, "", [])}
        try:
            sound = EventEntry.model_validate(filled)
        except ValidationError as error:
            found = problems(Document(self.source, filled, None), EventEntry, error)
            self.left_out += 1
            self.notes += [Problem(where, each.what, each.instead) for each in found]
            return
        if _ends_too_early(filled):
            self.note(where, f"its end on {filled.pop('date_end')} is before its beginning and was not taken over")
        filled |= {name: getattr(sound, name) for name in _NUMBERS if name in filled}
        filled["key"] = next(key for key in _numbered(filled["key"]) if key not in self._keys)
        self._keys.add(filled["key"])
        self.entries.append(filled)


def _ends_too_early(entry: Entry) -> bool:
    """Whether the last day is before the first, or there is no first: the loader refuses that."""
    if "date_end" not in entry or "after" in entry:
        return False
    try:
        load([Text("", written({"calendar": "any", "title": "any"}, [entry]))])
    except Problems:
        return True
    return False


def _numbered(key: str) -> Iterator[str]:
    yield key
    number = 2
    while True:
        yield f"{key}-{number}"
        number += 1


def decoded(data: bytes, source: str) -> str:
    """The text of a file, with or without a byte order mark. Raises `Mistake` if it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Mistake(f"{source}: not UTF-8 at byte {error.start}", "save the file as UTF-8") from None


def printable(text: str) -> str:
    """Text with plain line ends and without control characters, which neither iCalendar nor a reader can do with."""
    return _CONTROL.sub("", re.sub("\r\n?|[\u2028\u2029]", "\n", text))


def clean(text: str) -> str:
    """The same without space around it."""
    return printable(text).strip()


def slug(text: str, otherwise: str) -> str:
    """A key out of a title: lower case, ASCII, hyphens."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", re.sub(r"['`]", "", plain)).strip("-")
    short = words if len(words) <= _KEY_LENGTH else words[: _KEY_LENGTH + 1].rpartition("-")[0] or words[:_KEY_LENGTH]
    return short or otherwise


def told(text: str) -> dict[str, str]:
    """`text` that fits every platform, and in `more` the sentences that are over; nothing is lost."""
    text = clean(text)
    if len(text) <= SHORT:
        return {"text": text}
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if len(text[: match.end()].rstrip()) <= SHORT]
    if ends:
        return {"text": text[: ends[-1]].rstrip(), "more": text[ends[-1] :].lstrip()}
    return {"text": cut(text, SHORT), "more": text}


def cut(text: str, most: int) -> str:
    """The first words of a text on one line, with an ellipsis if there are more."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    return (text[:most].rpartition(" ")[0] or text[: most - 1]).rstrip(" ,;:-\u2013\u2014") + "…"
