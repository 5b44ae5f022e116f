"""Where does a calendar stand, and has it been compiled already?

A calendar is a file `NAME.yaml` or a folder `NAME/` with a `calendar.yaml`; the user's folder comes before the shipped
ones. What was read once is kept compiled, under a digest of its very text and of the code that compiled it, so that a
kept calendar is never stale; the cache may be deleted at any time.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from bot import __version__
from bot.calendars.events import Calendar
from bot.calendars.index import compiled, from_compiled
from bot.errors import Mistake
from bot.resources import keep, read_kept, shipped

if TYPE_CHECKING:
    from bot.calendars.loader import Text

HEAD = "calendar.yaml"
# What a compiled calendar depends on besides its own text.
_CODE = (
    "calendars/counters.py", "calendars/events.py", "calendars/format.py", "calendars/index.py", "calendars/loader.py",
    "calendars/persian.py", "calendars/rules.py", "calendars/written.py", "documents.py", "fields.py", "languages.py",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folders where calendars are looked for, in order, and the folder where compiled ones are kept (or None)."""

    folders: tuple[Traversable, ...]
    cache: Path | None = None

    def calendar(self, name: str) -> Calendar:
        """The calendar of this name or path. Raises `Mistake` if there is none, `Problems` for mistakes in it."""
        return read(self._place(name), self.cache)

    def texts(self, name: str) -> list[Text]:
        """The files of the calendar of this name or path, the head first. Raises `Mistake` if there is none."""
        from bot.calendars.loader import Text

        return [Text(source, _decoded(source, data)) for source, data in _texts(self._place(name))]

    def names(self) -> list[str]:
        """The names of all calendars in the folders."""
        found = (each for folder in self.folders if folder.is_dir() for each in folder.iterdir())
        return sorted({each.name.removesuffix(".yaml") for each in found if _is_calendar(each)})

    def _place(self, name: str) -> Traversable:
        if "/" in name or name.endswith(".yaml"):
            return self._path(name)
        for folder in self.folders:
            for place in (folder / name, folder / f"{name}.yaml"):
                if _is_calendar(place):
                    return place
        raise Mistake(f"there is no calendar {name!r}", f"known are {', '.join(self.names())}; or give the path of a file")

    def _path(self, name: str) -> Traversable:
        candidates = [Path(name), *(folder / name for folder in self.folders)]
        found = next((each for each in candidates if _is_calendar(each)), None)
        if found is None:
            raise Mistake(f"there is no calendar file {name!r}", "check the path")
        return found


def _is_calendar(place: Traversable) -> bool:
    return (place / HEAD).is_file() if place.is_dir() else place.name.endswith(".yaml") and place.is_file()


def read(place: Traversable, cache: Path | None) -> Calendar:
    """The calendar at `place`, from the cache if its text has not changed."""
    texts = list(_texts(place))
    digest = _digest(texts)
    kept = cache / f"{place.name.removesuffix('.yaml')}-{_short(str(place))}.calendar" if cache else None
    data = read_kept(kept) if kept else None
    found = from_compiled(data, digest) if data else None
    return found or _loaded(texts, digest, kept)


def _loaded(texts: Sequence[tuple[str, bytes]], digest: str, kept: Path | None) -> Calendar:
    from bot.calendars.loader import Text, load

    with _no_collecting():
        calendar = load([Text(source, _decoded(source, data)) for source, data in texts])
        if kept:
            keep(kept, compiled(calendar, digest))
    return calendar


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Reading makes millions of small objects and no cycles; looking for garbage among them takes two thirds of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _decoded(source: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Mistake(f"{source}: not UTF-8 at byte {error.start}", "save the file as UTF-8") from None


def _texts(place: Traversable) -> Iterator[tuple[str, bytes]]:
    """The files of a calendar, the head first, the others by name."""
    if not place.is_dir():
        yield _shown(place), place.read_bytes()
        return
    names = sorted(
        (each.name for each in place.iterdir() if each.name.endswith(".yaml")), key=lambda name: (name != HEAD, name)
    )
    yield from ((f"{_shown(place)}/{name}", (place / name).read_bytes()) for name in names)


def _shown(place: Traversable) -> str:
    """How a file is called in messages: relative to where the person stands, if it is below."""
    path = Path(str(place))
    return str(path.relative_to(Path.cwd())) if path.is_absolute() and path.is_relative_to(Path.cwd()) else str(path)


def _digest(texts: Sequence[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256(__version__.encode())
    for name in _CODE:
        digest.update((files("bot") / name).read_bytes())
    for source, data in texts:
        digest.update(f"\n{source}\n{len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def shipped_folders() -> tuple[Traversable, ...]:
    events = shipped("events")
    return (events, events / "examples")
