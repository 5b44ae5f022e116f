"""How long is a status as Mastodon counts it, whom would it call, and is it the same as one that is there already?

https://docs.joinmastodon.org/user/posting/#text
https://github.com/mastodon/mastodon/blob/main/app/validators/status_length_validator.rb
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from bot.rendering.budget import Unit, length

URL_WEIGHT = 23
_LATIN = (
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253-\u0254\u0256-\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b\u02bb"
)
_LATIN += "\u0300-\u036f\u1e00-\u1eff"
_DOMAIN = r"[^\W_](?:[\w-]*[^\W_])?"
_PATH = rf"[a-z\u0400-\u04ff0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&{_LATIN}]"
_PATH_END = rf"[+\-a-z\u0400-\u04ff0-9=_#/{_LATIN}]"
_IN_PARENTHESES = rf"\((?:{_PATH}+|{_PATH}*\({_PATH}+\){_PATH}*)\)"
# twitter-text's rule for addresses with a scheme, without its list of top-level domains. Mastodon takes any letter in a
# path; the narrower rule counts such an address longer, never shorter.
_URL = (
    r"(?<![a-z0-9@\uff20$#\uff03\u202a-\u202e])https?://"
    rf"(?:{_DOMAIN}\.)+(?:xn--[a-z0-9-]+|[^\W\d_]{{2,}})(?![a-z0-9@+-])"
    r"(?::[0-9]+)?"
    rf"(?:/(?:(?:{_PATH}|{_IN_PARENTHESES})*(?:{_PATH_END}|{_IN_PARENTHESES}))?)?"
    r"(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?"
)
_USER = r"[a-z0-9_]+(?:[a-z0-9_.-]*[a-z0-9_]+)?"
_COUNTED = re.compile(rf"(?P<url>{_URL})|(?<![=/\w])@(?P<user>{_USER})(?:@[\w.-]*\w)?", re.IGNORECASE)
_CALLING = re.compile(rf"(?P<url>{_URL})|(?<![\w])@(?=\w)", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_NO_LETTER = re.compile(r"[\W_]+")
_GAPS = re.compile(r"[\s\u200b\u200c\u200d\u2060\ufeff]+")


def count(status: str, warning: str = "", url_weight: int = URL_WEIGHT) -> int:
    """Graphemes of warning and status together; in the status an address weighs the same whatever its length."""

    def weighed(match: re.Match[str]) -> str:
        return "x" * url_weight if match["url"] else f"@{match['user']}"

    return length(warning + _COUNTED.sub(weighed, status), Unit.GRAPHEMES)


@dataclass(frozen=True, slots=True)
class Counted:
    """How a server counts: as `count` does; or code points, and addresses as they are (`in_full`, as GoToSocial)."""

    url_weight: int
    in_full: bool

    def __call__(self, status: str) -> int:
        weighed = count(status, url_weight=self.url_weight)
        return max(weighed, len(status)) if self.in_full else weighed


def quiet(text: str) -> str:
    """Foreign text that calls nobody: a zero-width space parts each @ from its name. Addresses stay as they are."""
    return _CALLING.sub(lambda match: match[0] if match["url"] else "@\u200b", text)


def shown(content: str) -> str:
    """The text of a status as the server shows it (HTML)."""
    return html.unescape(_TAG.sub("", content))


def same(content: str, status: str) -> bool:
    """Whether the HTML of a status says what `status` says: by letters and digits, since some servers read Markdown.

    A status without any is compared by its signs.
    """
    drop = _NO_LETTER if _NO_LETTER.sub("", status) else _GAPS
    return drop.sub("", shown(content)) == drop.sub("", status)
