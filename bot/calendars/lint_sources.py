"""Would a reader find what an event rests on? Sources that are missing or look dead, and pictures without words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit

from bot.calendars.events import Source
from bot.calendars.lint_subject import Hit, Place, Subject, Whole

# Names that RFC 2606 and RFC 6761 keep free for examples and tests.
_PLACEHOLDER = re.compile(r"(^|\.)(example(\.(com|net|org))?|test|invalid|localhost|local)$")
_SHORTENERS = {
    "bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "ow.ly", "rb.gy", "shorturl.at", "t.co", "t.ly", "tiny.cc",
    "tinyurl.com",
}  # fmt: skip
_NOBODY = re.compile(r"\W*(unknown|n/?a|none|todo|tbd|various|anonymous|\?*)\W*", re.IGNORECASE)
_FILE_NAME = re.compile(r"\S+\.(jpe?g|png|gif|webp|svg)", re.IGNORECASE)
_BARE_PICTURE = re.compile(r"(an? )?(image|picture|photo|photograph|foto)( of)?\b", re.IGNORECASE)


def no_source(subject: Subject) -> Iterator[Hit]:
    """A calendar with `sourced: true` is refused by the loader already."""
    if len(str(subject.written.get("date", ""))) == len("1979-11-04") and not subject.event.sources:
        yield Hit(
            (), f"{subject.event.key!r} tells what happened and names no source", "add sources: with title and publisher"
        )


def dead_source(whole: Whole) -> Iterator[tuple[Place, Hit]]:
    found = [(each.place, each.event.sources) for each in whole.subjects]
    for place, sources in [*found, *((place, person.sources) for person, place in whole.people)]:
        for index, source in enumerate(sources):
            for part, what, instead in _doubtful(source, whole.today):
                yield place, Hit(("sources", index, part), what, instead)


def _doubtful(source: Source, today: date) -> Iterator[tuple[str, str, str]]:
    for name in ("title", "publisher"):
        value = getattr(source, name)
        if _NOBODY.fullmatch(value):
            yield name, f"the source's {name} is {value!r}", "name who published it, and what"
    wrong = _wrong_address(source.url) if source.url else ""
    if wrong:
        yield "url", f"the address {source.url!r} {wrong}", "give the page's own address, or leave url out"
    if source.date > today.isoformat()[: len(source.date)]:
        yield "date", f"the source is dated {source.date}, which is still to come", "give the day it was published or read"


def _wrong_address(url: str) -> str:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    if _PLACEHOLDER.search(host):
        return "is a placeholder"
    if host in _SHORTENERS:
        return "is a shortened one, which hides where it leads and dies with its service"
    if "." not in host or ".." in host:
        return "names no host"
    return "is cut off or ends with punctuation" if re.search(r"(\.\.\.|…|[.,;:]$)", url) else ""


def picture_words(subject: Subject) -> Iterator[Hit]:
    picture = subject.event.picture
    if picture is None:
        return
    alt = picture.alt.strip()
    if not alt or alt == subject.event.title or _FILE_NAME.fullmatch(alt):
        yield Hit(("picture", "alt"), f"the alternative text {alt!r} does not say what is seen", "describe the picture")
    elif _BARE_PICTURE.match(alt):
        yield Hit(
            ("picture", "alt"), "the alternative text begins by saying that it is a picture", "begin with what is seen"
        )
    if _NOBODY.fullmatch(picture.credit):
        yield Hit(("picture", "credit"), f"the picture's credit is {picture.credit!r}", "name who made it, or who keeps it")
