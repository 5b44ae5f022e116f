"""What do platforms with a Markdown have in common? Signs made literal, bold that holds, links that end where they should.

Which signs have a meaning, each platform says itself; here it is only known that an address must stay whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable

NOTHING = r"(?!)"  # fits no text
GAP = "\u200b"  # a zero-width space: parts a sign from what it would act on
ADDRESS = r"https?://[^\s<\[\]`]+[^<.,:;\"'\[\]\s`]"
OPEN, CLOSE = "\u2039\u203a"  # look like angle brackets, and mean nothing
_OFF = str.maketrans("<>|", f"{OPEN}{CLOSE}\u00a6")
_ENDS_A_LINK = re.compile(r"[\s\x00-\x20\x7f()<>\[\]\\\"`*|\u200b]")
_ACTIVE_STAR = re.compile(r"(?<!\\)\*")


def escaper(signs: str, whole: str = ADDRESS) -> Callable[[str], str]:
    """Puts a backslash before the last sign of whatever the pattern finds; what fits `whole` stays as it is."""
    pattern = re.compile(rf"(?P<whole>{whole})|{signs}", re.MULTILINE)

    def escaped(match: re.Match[str]) -> str:
        found = match[0]
        return found if match["whole"] else f"{found[:-1]}\\{found[-1]}"

    return lambda text: pattern.sub(escaped, text)


def parted(signs: str, whole: str = ADDRESS) -> Callable[[str], str]:
    """Puts a zero-width space behind whatever the pattern finds; what fits `whole` stays as it is."""
    pattern = re.compile(rf"(?P<whole>{whole})|{signs}", re.MULTILINE)
    return lambda text: pattern.sub(lambda match: match[0] if match["whole"] else match[0] + GAP, text)


def strong(text: str) -> str:
    """Bold by two stars, the space around the text outside of them.

    A text of several lines, or with a star that is not escaped (as in an address), would break it and stays as it is.
    """
    bare = text.strip()
    if not bare or "\n" in bare or _ACTIVE_STAR.search(bare):
        return text
    return text.replace(bare, f"**{bare}**", 1)


def address(url: str) -> str:
    """The address without a sign that would end a link early; such signs are percent-encoded."""
    return _ENDS_A_LINK.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), url.strip())


def without_brackets(text: str) -> str:
    """A label on one line: its angle brackets and bars are replaced by signs that look like them, and mean nothing."""
    return on_one_line(text).translate(_OFF)


def on_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
