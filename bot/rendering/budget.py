"""How long is a text, counted as the platform counts it, and where may it be cut?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

# Latin letters and most punctuation, of which nothing joins: counted without looking for clusters, which is slow.
_SINGLE = re.compile("[\x00-\u02ff\u2010-\u2027\u2030-\u205e]*")


class Unit(StrEnum):
    """What a platform counts. A grapheme is an extended grapheme cluster (UAX #29): what a reader calls a character."""

    CODEPOINTS = "code points"
    UTF16 = "UTF-16 units"
    UTF8_BYTES = "UTF-8 bytes"
    GRAPHEMES = "graphemes"


def length(text: str, unit: Unit) -> int:
    """The length of `text` in a unit."""
    match unit:
        case Unit.CODEPOINTS:
            return len(text)
        case Unit.UTF16:
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
        case Unit.UTF8_BYTES:
            return len(text.encode())
        case _ if _SINGLE.fullmatch(text):
            return len(text) - text.count("\r\n")  # the one cluster that such a text has
        case _:
            return len(_clusters(text))


def graphemes(text: str) -> Iterator[str]:
    """The extended grapheme clusters of `text`, Unicode 17 (the regex package follows the standard; `re` does not)."""
    return iter(_clusters(text))


def _clusters(text: str) -> list[str]:
    import regex

    return regex.findall(r"\X", text)


def cut(text: str, limit: int, unit: Unit) -> str:
    """The longest beginning of `text` that is at most `limit` long and ends between graphemes."""
    kept, used = [], 0
    for cluster in graphemes(text):
        used += length(cluster, unit)
        if used > limit:
            break
        kept.append(cluster)
    return "".join(kept)


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a message may hold. `measure` replaces plain counting where a platform weighs (links, mentions)."""

    limit: int
    unit: Unit = Unit.CODEPOINTS
    measure: Callable[[str], int] | None = None

    def size(self, text: str) -> int:
        return self.measure(text) if self.measure else length(text, self.unit)

    def fits(self, text: str) -> bool:
        return self.size(text) <= self.limit


UNLIMITED = Budget(10**9)
