"""Which events does a Wikimedia "on this day" file hold? The JSON of its feed, for one date that the file does not name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from bot.errors import Mistake, Problem, Problems, Where
from bot.exchange.entries import Entry
from bot.exchange.taking import Taken, clean, cut, decoded, slug, told

# The lists of the feed: how important each is, its tag and its tone. What editors selected stands among the events again.
_GROUPS: dict[str, Entry] = {
    "selected": {"importance": 4},
    "events": {},
    "births": {"importance": 2, "tags": ["birth"]},
    "deaths": {"importance": 2, "tags": ["death"], "tone": "solemn"},
    "holidays": {"tags": ["holiday"]},
}
_MOST_LINKS = 3
_TITLE = 100


def imported(data: bytes, source: str, day: date) -> Taken:
    """The events of a file for the month and day of `day`. Raises `Problems` if it is not such a file."""
    taken, feed = Taken(source), _feed(data, source)
    taken.begin({"title": f"On this day, {day:%m-%d}"})
    seen: set[tuple[object, str]] = set()
    for where, group, item in _items(feed, source):
        text = clean(str(item.get("text") or "")) if isinstance(item, dict) else ""
        if not text:
            taken.leave(where, "it has no text")
        elif (item.get("year"), text) not in seen:
            seen.add((item.get("year"), text))
            _take(taken, where, group, {**item, "text": text}, day)
    for group in sorted(each for each in feed if each not in _GROUPS or not isinstance(feed[each], list)):
        taken.note(Where(f"{source}: {group}"), "it is none of the lists of the feed and was not taken over")
    return taken


def _feed(data: bytes, source: str) -> dict[str, Any]:
    try:
        feed = json.loads(decoded(data, source))
    except json.JSONDecodeError as error:
        where = Where(source, error.lineno, error.colno)
        raise Problems([Problem(where, f"not JSON: {error.msg}", "fetch it again")]) from None
    except RecursionError:
        raise Problems([Problem(Where(source), "nested too deeply", "fetch it again")]) from None
    if not isinstance(feed, dict) or not feed.keys() & _GROUPS.keys():
        raise Mistake(f"{source} is no 'on this day' file", f"it has one of the lists {', '.join(_GROUPS)}")
    return feed


def _items(feed: Mapping[str, Any], source: str) -> Iterator[tuple[Where, str, Any]]:
    for group in _GROUPS:
        items = feed.get(group)
        for number, item in enumerate(items if isinstance(items, list) else []):
            yield Where(f"{source}: {group}[{number}]"), group, item


def _take(taken: Taken, where: Where, group: str, item: Mapping[str, Any], day: date) -> None:
    year = item.get("year")
    if group != "holidays":
        if not isinstance(year, int) or isinstance(year, bool):
            taken.leave(where, f"{cut(item['text'], 40)!r} has no year")
            return
        if not 1 <= year <= 9999:
            taken.leave(where, f"{cut(item['text'], 40)!r} happened in {_before_christ(year)}", "years begin with 0001 here")
            return
    taken.take(_entry(group, item, f"{day:%m-%d}" if group == "holidays" else f"{year:04}-{day:%m-%d}"), where)


def _before_christ(year: int) -> str:
    """The feed counts like historians: -44 is 44 BC, and there is no year 0."""
    return f"{-year} BC" if year < 0 else f"the year {year}"


def _entry(group: str, item: Mapping[str, Any], when: str) -> Entry:
    pages = [page for page in _sequence(item.get("pages")) if isinstance(page, dict)]
    links = [link for page in pages if (link := _link(page))]
    text = item["text"]
    title = (_name(pages[0]) if pages else "") or cut(text, _TITLE)
    return {
        "key": slug(f"{cut(title, 50)} {when[:-6]}", f"event-{when}"),
        "date": when,
        "title": title,
        **(told(text) if text != title else {}),
        **_GROUPS[group],
        "links": links[:_MOST_LINKS],
        "sources": [
            {"title": each["title"], "publisher": _publisher(each["url"]), "url": each["url"]} for each in links[:1]
        ],
    }


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _name(page: Mapping[str, Any]) -> str:
    titles = page.get("titles")
    found = [titles.get("normalized") if isinstance(titles, dict) else None, page.get("normalizedtitle"), page.get("title")]
    name = next((str(each) for each in found if each), "")
    return clean(name.replace("_", " "))


def _link(page: Mapping[str, Any]) -> Entry | None:
    """The article's own address, as people read it."""
    value: Any = page
    for step in ("content_urls", "desktop", "page"):
        value = value.get(step) if isinstance(value, dict) else None
    name = _name(page)
    return {"title": name, "url": value} if name and isinstance(value, str) and value.startswith("http") else None


def _publisher(url: str) -> str:
    host = urlsplit(url).hostname or ""
    return "Wikipedia" if host.endswith("wikipedia.org") else host or "unknown"
