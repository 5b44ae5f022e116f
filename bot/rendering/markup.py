"""How does a platform write bold, a link, and text that must stay literal?

Each platform brings its own `Markup`; templates call it through filters and never know which one it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Markup:
    """`escape` makes foreign text literal and harmless; `strong` takes escaped text; `link` takes a raw URL and label."""

    name: str
    escape: Callable[[str], str]
    strong: Callable[[str], str]
    link: Callable[[str, str], str]


def _label_and_address(url: str, label: str) -> str:
    return f"{label}: {url}"


PLAIN = Markup("plain", escape=str, strong=str, link=_label_and_address)
