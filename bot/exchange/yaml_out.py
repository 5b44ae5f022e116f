"""How is a calendar file written that a person wants to read and edit? Our loader reads it back as it was meant."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from bot.documents import parse
from bot.errors import Problems
from bot.exchange.entries import Entry

# The order of the shipped calendars: when, what, how it is to be told, where it was read.
ORDER = (
    "key", "date", "old_style", "weekday", "easter", "orthodox_easter", "persian", "after", "rrule", "start",
    "since", "leap_day", "date_end", "time", "timezone", "precision", "title", "text", "more", "certainty", "importance",
    "tone", "tags", "people", "places", "links", "picture", "sources",
    "translations",
)  # fmt: skip
HEAD = ("calendar", "title", "description", "language", "timezone", "leap_day", "sourced", "names", "hashtags")
_WIDTH = 110
_LONG = 80  # a longer text is written as a block
_ONE_LINE = 2**20
_BREAKS = frozenset("\x85\u2028\u2029\ufeff")  # PyYAML takes them for ends of lines, unless they stand in double quotes
_DATES = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}|[0-9]{2}-[0-9]{2}")


class _Writer(yaml.SafeDumper):
    """Scalars as PyYAML writes them, in the style that a text asks for."""


class _Block(str):
    """A long text: a folded block."""

    __slots__ = ()


_Writer.add_representer(_Block, lambda writer, text: writer.represent_scalar("tag:yaml.org,2002:str", str(text), style=">"))


def written(head: Entry, entries: Sequence[Entry], comment: str = "") -> str:
    """A calendar file: a comment, the head, and the events with an empty line between them."""
    top = "\n".join(_field(key, head[key]) for key in HEAD if key in head)
    events = "\n\n".join(_event(entry) for entry in entries)
    notice = "".join(f"# {line}\n" for line in comment.splitlines())
    return f"{notice}{top}\n\nevents:\n{events}\n" if entries else f"{notice}{top}\n\nevents: []\n"


def _event(entry: Entry) -> str:
    fields = "\n".join(_field(key, entry[key]) for key in ORDER if key in entry)
    return "  - " + _indented(fields).removeprefix(" " * 4)


def _field(key: str, value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return "\n".join([f"{key}:", *(f"  - {_inline(each)}" for each in value)])
    if key in {"picture", "translations"}:
        return "\n".join([f"{key}:", *(_indented(_inside(name, each), 2) for name, each in value.items())])
    if isinstance(value, list | Mapping):
        return f"{key}: {_inline(value)}"
    if isinstance(value, str) and (len(value) > _LONG or "\n" in value):
        return _long(key, value)
    if key in {"date", "start", "date_end"} and _DATES.fullmatch(str(value)):
        return f"{key}: {value}"
    return _dumped({key: value}, width=_ONE_LINE)


def _inside(name: str, value: str | Mapping[str, str]) -> str:
    """A key of a picture, or a language with what is told in it."""
    if isinstance(value, str):
        return _dumped({name: value}, width=_ONE_LINE)
    fields = "\n".join(_field(key, text) for key, text in value.items())
    return f"{name}:\n{_indented(fields, 2)}"


def _long(key: str, text: str) -> str:
    """A folded block, where YAML gives the same text back from one; else in quotes on one line."""
    block = _dumped({key: _Block(text)}, width=_WIDTH)
    return block if _comes_back(block, {key: text}) else _dumped({key: text}, width=_ONE_LINE, style='"')


def _comes_back(block: str, meant: Entry) -> bool:
    """Whether our reader understands a block as it will stand: indented, and with something after it."""
    try:
        return bool(parse(f"a:\n{_indented(block)}\n\nb: c\n", "", []).value["a"] == meant)
    except Problems:
        return False


def _inline(value: Any) -> str:
    """One line: `[a, b]` or `{title: …, url: …}`."""
    return _dumped(value, width=_ONE_LINE, flow=True)


def _dumped(value: Any, *, width: int, style: str | None = None, flow: bool = False) -> str:
    if not _BREAKS.isdisjoint(json.dumps(value, ensure_ascii=False)):
        style = '"'
    text = yaml.dump(
        value,
        Dumper=_Writer,
        width=width,
        allow_unicode=True,
        sort_keys=False,
        default_style=style,
        default_flow_style=flow,
    )
    return str(text).rstrip("\n")


def _indented(text: str, by: int = 4) -> str:
    return textwrap.indent(text, " " * by, lambda line: bool(line.strip()))
