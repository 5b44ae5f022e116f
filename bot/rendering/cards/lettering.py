"""How do words become letters on a picture? Fonts, lines that break between words, Persian joined and right to left.

Pillow's basic layout sets letters one after the other and needs no further library; joining and ordering are done here
before, by arabic-reshaper and python-bidi.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any

from bot.errors import Mistake
from bot.rendering.budget import graphemes
from bot.rendering.compose import shortenings

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

REGULAR, BOLD = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold"
CAPITALS = 0.73  # the height of a capital letter, of the size
_RIGHT = {"R", "AL"}
_STRONG = {*_RIGHT, "L"}
_UNUSED = "\U0010ffff"  # no font has a letter for it


def needed(module: str) -> Any:
    """A module of the extra `cards`. Raises `Mistake` where it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        raise Mistake("a card needs Pillow, arabic-reshaper and python-bidi", "pip install 'thisday[cards]'") from None


@lru_cache(maxsize=2)
def _data(name: str) -> bytes:
    return (files("bot.rendering") / "fonts" / f"{name}.ttf").read_bytes()


@lru_cache(maxsize=64)
def font(name: str, size: int) -> FreeTypeFont:
    pillow = needed("PIL.ImageFont")
    found: FreeTypeFont = pillow.truetype(BytesIO(_data(name)), size, layout_engine=pillow.Layout.BASIC)
    return found


def is_right_to_left(text: str, otherwise: bool = False) -> bool:  # noqa: FBT001, FBT002  # the direction of what is around
    """By the first letter that has a direction, as Unicode has it (UAX 9, rule P2)."""
    strong = next((kind for each in text if (kind := unicodedata.bidirectional(each)) in _STRONG), None)
    return otherwise if strong is None else strong in _RIGHT


@lru_cache(maxsize=1024)
def shaped(text: str, right_to_left: bool) -> str:  # noqa: FBT001  # the direction of the paragraph
    """The letters in the order in which they stand, from the left, each in the form that it has beside its neighbours."""
    if right_to_left or any(unicodedata.bidirectional(each) in _RIGHT for each in text):
        joined = _reshaper().reshape(text)
        # The other `get_display` of this package, in Rust, does not mirror brackets.
        text = needed("bidi.algorithm").get_display(joined, base_dir="R" if right_to_left else "L")
    # What is never seen (joiners, marks of direction) would be drawn as a box.
    return "".join(each for each in text if unicodedata.category(each) not in {"Cf", "Cc"})


@lru_cache(maxsize=1)
def _reshaper() -> Any:
    # Marks above and below letters are left out: the basic layout cannot put them in their place.
    return needed("arabic_reshaper").ArabicReshaper({"delete_harakat": True, "support_ligatures": True})


@lru_cache(maxsize=4096)
def _known(sign: str) -> bool:
    face = font(REGULAR, 20)
    return sign.isspace() or bytes(face.getmask(sign)) != bytes(face.getmask(_UNUSED))


def unknown(text: str) -> str:
    """The signs of a text that the fonts do not have, each once."""
    letters = shaped(text, is_right_to_left(text))
    return "".join(dict.fromkeys(each for each in letters if not _known(each)))


def width(text: str, name: str, size: int, *, right_to_left: bool) -> int:
    return round(font(name, size).getlength(shaped(text, right_to_left)))


@dataclass(frozen=True, slots=True)
class Block:
    """A text set in lines of one size. `lines` are in reading order."""

    lines: tuple[str, ...]
    name: str
    size: int
    right_to_left: bool

    @property
    def pitch(self) -> int:
        """From one line to the next."""
        return round(self.size * (1.42 if self.right_to_left else 1.28))

    @property
    def height(self) -> int:
        """From the top of the capitals of the first line to the foot of the last."""
        return round(self.size * CAPITALS) + self.pitch * (len(self.lines) - 1) if self.lines else 0


def block(text: str, name: str, sizes: Sequence[int], room: tuple[int, int], *, right_to_left: bool = False) -> Block:
    """The text in the largest of `sizes` (from large to small) that fits `room`; else shortened, never inside a word."""
    text = " ".join(text.split())
    towards = is_right_to_left(text, right_to_left)
    found = next((each for size in sizes if (each := _set(text.split(), name, size, room, towards))), None)
    least = sizes[-1]
    shorter = (_set(list(_parted(each, name, least, room[0])), name, least, room, towards) for each in shortenings(text))
    return found or next((each for each in shorter if each), None) or Block((), name, least, towards)


def _parted(text: str, name: str, size: int, most: int) -> Iterator[str]:
    """The words of a text; one that is longer than a whole line goes on in the next."""
    for word in text.split():
        piece = ""
        for sign in graphemes(word):
            if piece and width(piece + sign, name, size, right_to_left=False) > most:
                yield piece
                piece = ""
            piece += sign
        yield piece


def _set(words: Sequence[str], name: str, size: int, room: tuple[int, int], towards: bool) -> Block | None:  # noqa: FBT001  # as above
    widths = [width(each, name, size, right_to_left=towards) for each in words]
    if not words or max(widths) > room[0]:
        return None
    space = width(" ", name, size, right_to_left=False)
    made = Block(tuple(_balanced(words, widths, space, room[0])), name, size, towards)
    return made if made.height <= room[1] else None


def _balanced(words: Sequence[str], widths: Sequence[int], space: int, most: int) -> Iterator[str]:
    """As few lines as fit, then as narrow as that number of lines allows, so that no word stands alone."""
    count = len(list(_lines(widths, space, most)))
    low, high = max(widths), most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(list(_lines(widths, space, middle))) <= count else (middle + 1, high)
    for first, last in _lines(widths, space, low):
        yield " ".join(words[first:last])


def _lines(widths: Sequence[int], space: int, most: int) -> Iterator[tuple[int, int]]:
    """Where each line begins and ends, as many words a line as fit."""
    first, filled = 0, 0
    for number, each in enumerate(widths):
        if number > first and filled + space + each > most:
            yield first, number
            first, filled = number, 0
        filled += each + (space if number > first else 0)
    yield first, len(widths)
