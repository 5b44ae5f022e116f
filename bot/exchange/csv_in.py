"""Which events do the rows of this table hold? Columns are found by their names, or by a mapping that a person gives."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from io import StringIO

from bot.calendars.format import EventEntry
from bot.documents import suggestion
from bot.errors import Mistake, Problem, Problems, Where
from bot.exchange.entries import Entry
from bot.exchange.taking import Taken, clean, cut, decoded, slug, told

_LISTS = {"tags": ";|,", "people": ";|", "places": ";|"}  # what stands between two of them
_PARTS = ("year", "month", "day")  # a date in three columns
_SOURCE = {"source": "title", "publisher": "publisher", "source_url": "url", "source_date": "date"}
_NESTED = {"after", "sources", "links", "picture"}
FIELDS = (
    *(name for name in EventEntry.model_fields if name not in _NESTED),
    *_PARTS, *_SOURCE, "link", "link_title",
)  # fmt: skip
WHEN = ("date", "old_style", "weekday", "easter", "orthodox_easter", "persian", "rrule", "year", "month")
# What columns are called where nobody says which is which; the keys of the format itself are known as well.
_NAMES = {
    "date": ("datum", "when", "event date", "fecha", "data"),
    "title": ("titel", "name", "event", "headline", "subject", "titre", "titulo", "título", "ereignis"),
    "text": ("description", "beschreibung", "summary", "details", "notes", "texte", "texto", "descripción"),
    "date_end": ("end", "end date", "until", "bis", "ende"),
    "link": ("url", "web", "website", "address"),
    "source": ("source title", "quelle", "reference"),
    "places": ("place", "location", "ort", "lieu", "lugar"),
    "people": ("person", "personen", "persons"),
    "tags": ("category", "categories", "kategorie", "keywords"),
    "year": ("jahr",),
    "month": ("monat",),
}
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.(?:\s?(\d{4}))?")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(\.\d+)?)?")


def imported(data: bytes, source: str, mapping: Mapping[str, str] | None = None) -> Taken:
    """The events of a table. `mapping` says which column a field is in. Raises `Mistake` if no column tells the date."""
    taken, text = Taken(source), decoded(data, source)
    lines = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text))
    rows = list(_rows(lines, source))
    if not rows:
        raise Mistake(f"{source} is empty", "the first line names the columns")
    header, *others = rows
    columns = _columns([each.strip() for each in header[1]], mapping or {}, taken)
    month_first = _month_first([cells for _, cells in others], columns.get("date"))
    for line, cells in others:
        where = Where(source, line, 1)
        if any(each.strip() for each in cells[len(header[1]) :]):
            taken.note(where, "the row has more cells than there are columns", "put a text with commas in quotes")
        _take(taken, columns, where, cells, month_first=month_first)
    return taken


def _delimiter(text: str) -> str:
    """The sign that parts the first line into the most columns."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=lambda sign: len(next(csv.reader([first], delimiter=sign), [])))


def _rows(lines: Iterator[list[str]], source: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty with the line on which it begins."""
    line = 1
    try:
        for cells in lines:
            if any(each.strip() for each in cells):
                yield line, cells
            line = lines.line_num + 1  # type: ignore[attr-defined]  # csv's reader is an iterator that counts
    except csv.Error as error:
        raise Problems([Problem(Where(source, line, 1), f"not CSV: {error}", "save it again as CSV")]) from None


# Columns


def _columns(header: list[str], mapping: Mapping[str, str], taken: Taken) -> dict[str, int]:
    """The number of the column of each field."""
    columns = {field: _mapped(header, field, name) for field, name in mapping.items()}
    for number, name in enumerate(header):
        field = _field(name)
        if field and field not in columns and number not in columns.values():
            columns[field] = number
    unused = [name for number, name in enumerate(header) if name and number not in columns.values()]
    if unused:
        what = f"columns without a field were not taken over: {', '.join(unused)}"
        taken.note(Where(taken.source, 1, 1), what, f"name them with --map; fields are {', '.join(FIELDS)}")
    _check(columns, header, taken.source)
    return columns


def _mapped(header: list[str], field: str, name: str) -> int:
    if field not in FIELDS:
        raise Mistake(f"there is no field {field!r}", suggestion(field, FIELDS))
    if name not in header:
        raise Mistake(f"there is no column {name!r}", suggestion(name, header))
    return header.index(name)


def _field(name: str) -> str:
    plain = name.strip().casefold()
    key = plain.replace(" ", "_").replace("-", "_")
    return key if key in FIELDS else next((field for field, names in _NAMES.items() if plain in names), "")


def _check(columns: Mapping[str, int], header: list[str], source: str) -> None:
    named = f"columns are {', '.join(header)}"
    if not columns.keys() & set(WHEN):
        raise Mistake(f"{source}: no column tells the date", f"name it with --map date=COLUMN; {named}")
    if "title" not in columns:
        raise Mistake(f"{source}: no column has the title", f"name it with --map title=COLUMN; {named}")


# Rows


def _take(taken: Taken, columns: Mapping[str, int], where: Where, cells: list[str], *, month_first: bool | None) -> None:
    values = {field: clean(cells[number]) for field, number in columns.items() if number < len(cells)}
    try:
        entry = _entry({field: value for field, value in values.items() if value}, month_first=month_first)
    except ValueError as error:
        taken.leave(where, *error.args)
        return
    taken.take(entry, where)


def _entry(values: Mapping[str, str], *, month_first: bool | None) -> Entry:
    """The entry of a row. Raises ValueError(what, instead) for a date that means more than one day."""
    title = " ".join(values.get("title", "").split())
    entry: Entry = {field: value for field, value in values.items() if field in EventEntry.model_fields}
    entry |= _date(values, month_first=month_first)
    entry |= {name: _several(values[name], signs) for name, signs in _LISTS.items() if name in values}
    entry |= _told(values)
    source = {key: values[field] for field, key in _SOURCE.items() if field in values}
    link = values.get("link", "")
    return {
        "key": slug(title, f"event-{slug(entry.get('date', ''), 'without-date')}"),
        **entry,
        "title": title,
        "sources": [source] if source else [],
        "links": [{"title": values.get("link_title") or cut(title, 80), "url": link}] if link else [],
    }


def _told(values: Mapping[str, str]) -> dict[str, str]:
    """A text that is too long goes on in `more`, before what stands there already."""
    parts = told(values.get("text", ""))
    more = "\n\n".join(each for each in (parts.get("more", ""), values.get("more", "")) if each)
    return {"text": parts["text"], "more": more}


def _several(text: str, signs: str) -> list[str]:
    return [part for each in re.split(f"[{re.escape(signs)}]", text) if (part := each.strip())]


# Dates


def _date(values: Mapping[str, str], *, month_first: bool | None) -> Entry:
    """The date of a row, out of one column or of three, in the form of our calendars."""
    end = {"date_end": _iso(values["date_end"], month_first)} if "date_end" in values else {}
    if "date" in values:
        text, time = _parted(values["date"])
        hour = {"time": time} if time not in {"", "00:00"} and "time" not in values else {}
        return {"date": _iso(text, month_first), **hour, **end}
    year, month, day = (values.get(part, "") for part in _PARTS)
    if day and not month:
        raise ValueError("it has a day but no month", "fill in the month")
    parts = [each.rjust(size, "0") for each, size in ((year, 4), (month, 2), (day, 2)) if each]
    return {**({"date": "-".join(parts)} if parts else {}), **end}


def _parted(text: str) -> tuple[str, str]:
    """The date and the hour of `1979-05-12T10:00:00`."""
    match = _ISO_TIME.fullmatch(text)
    return (match[1], match[2]) if match else (text, "")


def _iso(text: str, month_first: bool | None) -> str:  # noqa: FBT001  # None: nothing in the table tells
    """`12.5.1979` is always 12 May; what `12/5/1979` is depends on the table."""
    if match := _DOTTED.fullmatch(text):
        day, month, year = match.groups()
    elif match := _SLASHED.fullmatch(text):
        if month_first is None:
            raise ValueError(f"{text!r} may be two dates", "write year-month-day, such as 1979-11-04")
        first, second, year = match.groups()
        day, month = (second, first) if month_first else (first, second)
    else:
        return text
    return "-".join([*([year] if year else []), month.rjust(2, "0"), day.rjust(2, "0")])


def _month_first(rows: list[list[str]], column: int | None) -> bool | None:
    """Whether slashed dates begin with the month: one number above 12 tells. None if none does, or if they disagree."""
    if column is None:
        return None
    cells = (row[column].strip() for row in rows if column < len(row))
    found = [(int(match[1]), int(match[2])) for cell in cells if (match := _SLASHED.fullmatch(cell))]
    day_first, month_first = any(first > 12 for first, _ in found), any(second > 12 for _, second in found)
    return month_first if day_first != month_first else None
