"""What does a card look like? First every line has its place, then it is drawn: the same card, the same bytes.

The text begins on the left, or on the right where the language does, and the bar runs the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from bot.config import Theme
from bot.errors import Mistake
from bot.languages import is_right_to_left
from bot.rendering.cards import Card, Progress, Size
from bot.rendering.cards.lettering import BOLD, CAPITALS, REGULAR, Block, block, font, needed, shaped, unknown, width

if TYPE_CHECKING:
    from PIL.Image import Image

Colour = tuple[int, int, int]
_FINE = 4  # round forms are drawn so many times as large, and then made smaller: smooth edges
_TAIL = 0.24  # how far a "y" goes below the line, of the size
_COLOURS = 64  # of a card; more would be seen by nobody


@dataclass(frozen=True, slots=True)
class Palette:
    """Text has a contrast of at least 4.5 to the paper (WCAG 2.2, 1.4.3)."""

    paper: Colour
    ink: Colour
    quiet: Colour
    accent: Colour
    track: Colour


PALETTES = {
    Theme.LIGHT: Palette((251, 248, 241), (28, 33, 38), (90, 96, 103), (176, 78, 8), (226, 219, 205)),
    Theme.DARK: Palette((20, 24, 29), (243, 240, 233), (166, 172, 180), (245, 184, 61), (48, 56, 65)),
}


@dataclass(frozen=True, slots=True)
class Scale:
    """The measures of a size, in pixels. Text shrinks from the first of its sizes to the last."""

    margin: int
    gap: int
    calendar: int
    date: int
    small: int
    bar: int
    headline: tuple[int, ...]
    title: tuple[int, ...]
    told: tuple[int, ...]
    alone: tuple[int, ...]  # of a title on a card without a bar


_TEXT = {  # the sizes of headline, title, what was told, and of a title alone
    Size.WIDE: ((116, 104, 92, 80, 68, 56, 48), (46, 42, 38, 34, 30, 26, 22), (32, 28, 24), (70, 64, 58, 52)),
    Size.SQUARE: ((144, 128, 112, 98, 84, 72, 60), (66, 60, 54, 48, 42, 36, 30), (44, 38, 32, 28), (88, 80, 72)),
}
SCALES = {
    Size.WIDE: Scale(64, 28, 27, 34, 23, 18, *_TEXT[Size.WIDE]),
    Size.SQUARE: Scale(84, 42, 34, 44, 29, 24, *_TEXT[Size.SQUARE]),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text in its place: its letters in the order of the picture, and the box that they fill."""

    role: str
    letters: str
    name: str
    size: int
    left: int
    baseline: int
    width: int
    air: int = 0  # left of the ink

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top of the capitals, right, baseline."""
        return self.left, self.baseline - round(self.size * CAPITALS), self.left + self.width, self.baseline


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of a progress: its box, how far it is filled, and where its ticks are, in pixels from the left."""

    box: tuple[int, int, int, int]
    day: int
    ticks: tuple[int, ...]
    right_to_left: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything stands."""

    lines: tuple[Line, ...]
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class _Page:
    """The measures of one card, and the side on which its text begins."""

    card: Card
    scale: Scale
    right_to_left: bool

    @property
    def wide(self) -> int:
        return self.card.look.size.pixels[0] - 2 * self.scale.margin

    def block(self, text: str, name: str, sizes: tuple[int, ...], height: int) -> Block:
        return block(text, name, sizes, (self.wide, height), right_to_left=self.right_to_left)

    def placed(self, role: str, found: Block, top: int) -> Iterator[Line]:
        """The lines of a block whose capitals begin at `top`."""
        for number, text in enumerate(found.lines):
            baseline = top + round(found.size * CAPITALS) + number * found.pitch
            yield self.line(role, shaped(text, found.right_to_left), found.name, found.size, baseline, at_end=False)

    def line(self, role: str, letters: str, name: str, size: int, baseline: int, *, at_end: bool) -> Line:
        """A line that begins where the text does, or ends where it does: by its ink, as large letters have air around."""
        left, _, right, _ = font(name, size).getbbox(letters, anchor="ls")
        on_the_right = self.right_to_left is not at_end
        margin, long = self.scale.margin, round(right - left)
        start = margin + self.wide - long if on_the_right else margin
        return Line(role, letters, name, size, start, baseline, long, round(left))

    def along(self, day: int, days: int) -> int:
        """Where the end of a day is on the bar."""
        far = round(self.wide * day / days)
        return self.scale.margin + (self.wide - far if self.right_to_left else far)


def plan(card: Card) -> Plan:
    """Where everything of a card stands. Raises `Mistake` for letters that the fonts do not have."""
    check(card.alt)
    page = _Page(card, SCALES[card.look.size], is_right_to_left(card.look.language))
    lines, bar, foot = _foot(page)
    return Plan((*_head(page, foot), *lines), bar)


def check(text: str) -> None:
    """Raises `Mistake` for letters that the fonts do not have."""
    strange = unknown(text)
    if strange:
        what = f"the fonts of the card have no {strange[:20]!r}"
        raise Mistake(what, "they have Latin, Greek, Cyrillic and Arabic letters")


def _head(page: _Page, foot: int) -> Iterator[Line]:
    """From the top down; the title takes what is left above the foot. Without a bar, all but the calendar stands low."""
    card, scale, top = page.card, page.scale, page.scale.margin
    alone = card.progress is None
    parts = (
        ("calendar", card.calendar, REGULAR, (scale.calendar,), scale.calendar),
        ("headline", card.headline, BOLD, scale.headline, 2 * scale.headline[2]),
        ("date", card.date, REGULAR, (scale.date,), 2 * scale.date),
        ("title", card.title, BOLD, (*scale.alone, *scale.title) if alone else scale.title, 0),
    )
    placed: list[Line] = []
    for role, text, name, sizes, height in parts:
        found = page.block(text, name, sizes, height or foot - scale.gap - top)
        placed += page.placed(role, found, top)
        # Below the baseline of large letters is room for their tails.
        top += found.height + scale.gap + round(found.size * _TAIL) if found.lines else 0
    down = foot - placed[-1].baseline if alone else 0
    return (each if each.role == "calendar" else replace(each, baseline=each.baseline + down) for each in placed)


def _foot(page: _Page) -> tuple[list[Line], Bar | None, int]:
    """From the bottom up: the dates, the bar, the numbers at its ticks, what was told. Also where it begins."""
    card, scale = page.card, page.scale
    bottom = card.look.size.pixels[1] - scale.margin
    if card.progress is None:
        lines, top = _told(page, bottom)
        return lines, None, top
    dates = list(_ends(page, card.progress, bottom))
    low = bottom - round(scale.small * CAPITALS) - round(scale.gap * 0.6)
    bar = _bar(page, card.progress, low)
    numbers = list(_numbers(page, card.progress, bar))
    above = bar.box[1] - scale.gap // 2 - (round(scale.small * CAPITALS) + scale.gap // 2 if numbers else 0)
    lines, top = _told(page, above)
    return [*lines, *numbers, *dates], bar, top


def _told(page: _Page, bottom: int) -> tuple[list[Line], int]:
    found = page.block(page.card.told, BOLD, page.scale.told, page.scale.told[0])
    top = bottom - found.height - (page.scale.gap // 3 if page.card.progress and found.lines else 0)
    return list(page.placed("told", found, top)), top


def _bar(page: _Page, progress: Progress, low: int) -> Bar:
    margin, scale = page.scale.margin, page.scale
    box = (margin, low - scale.bar, margin + page.wide, low)
    # A change belongs to the day that it happened on, so its tick is where that day ends.
    ticks = tuple(page.along(each.day, progress.days) for each in progress.ticks if each.day > 1)
    return Bar(box, page.along(progress.day, progress.days), ticks, page.right_to_left)


def _ends(page: _Page, progress: Progress, baseline: int) -> Iterator[Line]:
    """The first and the last date below the ends of the bar."""
    for text, at_end in ((progress.first, False), (progress.last, True)):
        yield page.line("end", shaped(text, page.right_to_left), REGULAR, page.scale.small, baseline, at_end=at_end)


def _numbers(page: _Page, progress: Progress, bar: Bar) -> Iterator[Line]:
    """The numbers at the ticks, the latest first; one that finds no room beside a later one is left out."""
    size, baseline = page.scale.small, bar.box[1] - page.scale.gap // 2
    taken: list[tuple[int, int]] = []
    for tick in reversed(progress.ticks):
        long = width(tick.value, REGULAR, size, right_to_left=False)
        at = page.along(tick.day if tick.day > 1 else 0, progress.days)
        left = min(max(at - long if page.right_to_left else at, bar.box[0]), bar.box[2] - long)
        if all(left + long + size // 3 < begin or end + size // 3 < left for begin, end in taken):
            taken.append((left, left + long))
            yield Line("number", tick.value, REGULAR, size, left, baseline, long)


ROLES = dict.fromkeys(("headline", "title", "told"), "ink") | {"date": "accent"}  # the colour of each; else quiet


@lru_cache(maxsize=16)  # one day goes to many channels
def drawn(card: Card) -> bytes:
    """The card as PNG. Raises `Mistake` where the extra `cards` is missing, or letters that the fonts do not have."""
    palette, stands = PALETTES[card.look.theme], plan(card)
    picture = needed("PIL.Image").new("RGB", card.look.size.pixels, palette.paper)
    if stands.bar:
        _paint_bar(picture, stands.bar, palette)
    write(picture, stands.lines, palette)
    return as_png(picture)


def write(picture: Image, lines: Iterable[Line], palette: Palette) -> None:
    """Draws lines of text, each in the colour of its role."""
    pen = needed("PIL.ImageDraw").Draw(picture)
    for line in lines:
        place, colour = (line.left - line.air, line.baseline), getattr(palette, ROLES.get(line.role, "quiet"))
        pen.text(place, line.letters, colour, font(line.name, line.size), anchor="ls")


def as_png(picture: Image) -> bytes:
    """Small: a card has few colours. Without a date or a name of a program, so that equal pictures are equal bytes."""
    kept = BytesIO()
    picture.quantize(_COLOURS, needed("PIL.Image").Quantize.FASTOCTREE).save(kept, "PNG", optimize=False, compress_level=6)
    return kept.getvalue()


def _paint_bar(picture: Image, bar: Bar, palette: Palette) -> None:
    """The track, what has passed, the ticks, and the day as a disc."""
    left, top, right, bottom = bar.box
    high = bottom - top
    origin = (left - high, top - high)
    size = [_FINE * (right - left + 2 * high), _FINE * 3 * high]
    fine = needed("PIL.Image").new("RGB", size, palette.paper)
    pen = needed("PIL.ImageDraw").Draw(fine)

    def at(*box: float) -> list[float]:
        return [_FINE * (each - origin[number % 2]) - (number > 1) for number, each in enumerate(box)]

    pen.rounded_rectangle(at(left, top, right, bottom), _FINE * high // 2, palette.track)
    begin, end = (bar.day, right) if bar.right_to_left else (left, bar.day)
    if end - begin >= high:  # less would be lost below the disc
        pen.rounded_rectangle(at(begin, top, end, bottom), _FINE * high // 2, palette.accent)
    for tick in bar.ticks:
        pen.rectangle(at(tick - 1, top - high // 3, tick + 1, bottom), palette.quiet)
    middle = (top + bottom) / 2
    for radius, colour in ((high, palette.paper), (high * 0.75, palette.accent)):
        pen.ellipse(at(bar.day - radius, middle - radius, bar.day + radius, middle + radius), colour)
    picture.paste(fine.reduce(_FINE), origin)
