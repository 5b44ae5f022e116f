"""How does a message read on Telegram? Its HTML, what remains of it to be counted, and whom it would call.

https://core.telegram.org/bots/api#html-style
"""

from __future__ import annotations

import html
import re

from bot.rendering.budget import Budget, Unit, length
from bot.rendering.markup import Markup

TEXT, CAPTION = 4096, 1024  # after the entities are parsed
# An address as Telegram surely sees one too: inside of it an @ calls nobody.
_URL = r"https?://(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?/[\w\-.~%!$&*+,;=:@/?#]*"
_CALLING = re.compile(rf"(?P<url>{_URL})|@(?=\w)", re.IGNORECASE | re.ASCII)
_TAG = re.compile(r"<[^<>]*>")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)


def escape(text: str) -> str:
    return html.escape(text, quote=False)


def quiet(text: str) -> str:
    """Foreign text that calls nobody: a zero-width space parts each @ from its name. Addresses stay as they are."""
    return _CALLING.sub(lambda match: match[0] if match["url"] else "@\u200b", text)


def strong(text: str) -> str:
    return f"<b>{text}</b>" if text.strip() else text


def link(url: str, label: str) -> str:
    """Only to the web: a link to tg://user calls a person."""
    shown = escape(quiet(label if label.strip() else url))
    return f'<a href="{html.escape(url)}">{shown}</a>' if re.match(r"https?://", url, re.IGNORECASE) else shown


def visible(text: str) -> str:
    """What readers see of HTML, and what Telegram counts. Other entities than these stay as they are written."""
    return _ENTITY.sub(lambda match: html.unescape(match[0]), _TAG.sub("", text))


def size(text: str) -> int:
    """In UTF-16 units: clients say that they count so, and it is never less than the characters of the documents."""
    return length(visible(text), Unit.UTF16)


HTML = Markup("Telegram HTML", lambda text: escape(quiet(text)), strong, link)
BUDGET = Budget(TEXT, Unit.UTF16, size)
CAPTION_BUDGET = Budget(CAPTION, Unit.UTF16, size)
