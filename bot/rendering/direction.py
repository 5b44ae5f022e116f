"""Which way does a text run, and how does a piece that runs the other way stay in its place?

In a line of Persian, an English name with brackets or a full stop falls apart: its signs go to the wrong end. Between
a FIRST STRONG ISOLATE and a POP DIRECTIONAL ISOLATE (Unicode Standard Annex 9) it is laid out by itself.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bot.languages import is_right_to_left

FSI, PDI = "\u2068", "\u2069"
_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_RIGHT_TO_LEFT = re.compile(f"[{_RTL}]")
_LEFT_TO_RIGHT = re.compile(f"[^\\W\\d_{_RTL}]")
_OPENING, _CLOSING = re.compile("[\u202a\u202b\u202d\u202e\u2066-\u2068]"), re.compile("[\u202c\u2069]")
_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_ADDRESS_AT_END = re.compile(r"://\S*$")


def direction(language: str) -> str:
    """`rtl` or `ltr`, as HTML's `dir` wants it."""
    return "rtl" if is_right_to_left(language) else "ltr"


@lru_cache(maxsize=4096)  # a text is rendered again and again, until its message fits
def isolated(text: str, language: str) -> str:
    """`text` as a piece of a message in `language`: unchanged, if all of it runs as the message does.

    A text that ends with an address is left alone: programs that find addresses would take the closing sign for a part
    of it.
    """
    if text.isascii() and not is_right_to_left(language):
        return text
    foreign = _LEFT_TO_RIGHT if is_right_to_left(language) else _RIGHT_TO_LEFT
    if not (foreign.search(text) or _CONTROLS.search(text)) or _ADDRESS_AT_END.search(text):
        return text
    return f"{FSI}{_closed(text)}{PDI}"


def _closed(text: str) -> str:
    """The text with its own directional controls in pairs, so that it cannot leave its isolate or go on after it."""
    if not _CONTROLS.search(text):
        return text
    kept, open_ = [], []
    for sign in text:
        if _OPENING.match(sign):
            open_.append(PDI if sign in "\u2066\u2067\u2068" else "\u202c")
        elif _CLOSING.match(sign):
            if not open_ or open_[-1] != sign:
                continue  # it closes nothing that was opened last
            open_.pop()
        kept.append(sign)
    return "".join([*kept, *reversed(open_)])
