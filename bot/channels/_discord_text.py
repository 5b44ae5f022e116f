"""How does a message read on Discord? Its Markdown, its one embed and the limits of it, and what never calls anyone.

https://docs.discord.com/developers/reference (message formatting)
https://docs.discord.com/developers/resources/message (embed limits)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels._markdown_text import NOTHING, address, escaper, on_one_line, strong, without_brackets
from bot.rendering.budget import Budget, Unit, cut
from bot.rendering.markup import Markup
from bot.rendering.message import Image, Message

CONTENT, DESCRIPTION, FOOTER, ALT, ADDRESS, THREAD_NAME = 2000, 4096, 2048, 1024, 2048, 100  # code points
ALL_EMBEDS = 6000  # title, description, fields, footer and author of all embeds of a message
BUDGET = Budget(DESCRIPTION, Unit.CODEPOINTS)
SILENT: Mapping[str, Any] = {"parse": []}
_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)  # of Discord's ids
_CALLING = re.compile(r"@(everyone|here|[!&]?[0-9]{17,20})")
_PICTURE = re.compile(r"https?://\S+")
# Emphasis, code, spoilers; headings, lists and quotes at the beginning of a line; `[` only where it may begin a link.
_SIGNS = r"[_\\~|*`]|^#|^[ \t]*-|^>(?=(?:>>)?\s)"
_literal = escaper(_SIGNS + r"|\[(?=[\s\S]{0,2000}?\]\()")
_label = escaper(_SIGNS + r"|[\[\]]", NOTHING)


def quiet(text: str) -> str:
    """Text that calls nobody, even if someone copies it: a zero-width space parts each @ from its name."""
    return _CALLING.sub("@\u200b\\1", text)


def literal(text: str) -> str:
    """Text without formatting; addresses stay as they are, and are links."""
    return _literal(text)


def escape(text: str) -> str:
    return literal(quiet(text))


def link(url: str, label: str) -> str:
    return f"[{_label(quiet(without_brackets(label)))}]({address(url)})"


MARKDOWN = Markup("markdown", escape, strong, link)


def time_token(moment: datetime, style: str) -> str:
    """A time that Discord shows in each reader's own zone: `t` the time, `D` the date, `F` both, `R` how long ago."""
    return f"<t:{int(moment.timestamp())}:{style}>"


def created(snowflake: str) -> datetime:
    """When something was made, out of its id. https://docs.discord.com/developers/reference (snowflakes)"""
    return _EPOCH + timedelta(milliseconds=int(snowflake) >> 22)


def embed_total(embeds: list[dict[str, Any]]) -> int:
    """The length that Discord limits: of all texts of all embeds, not of addresses."""
    return sum(len(text) for embed in embeds for text in _texts(embed))


def _texts(embed: Mapping[str, Any]) -> list[str]:
    fields = [each[key] for each in embed.get("fields", []) for key in ("name", "value")]
    inside = [embed.get("footer", {}).get("text", ""), embed.get("author", {}).get("name", "")]
    return [embed.get("title", ""), embed.get("description", ""), *inside, *fields]


def content(message: Message) -> str:
    """What a notification shows: the title in bold, with the part's number."""
    number = f" ({message.part}/{message.parts})" if message.parts > 1 else ""
    return strong(escape(cut(on_one_line(message.title), 500, Unit.CODEPOINTS))) + number


def embed(message: Message, uploaded: str = "") -> dict[str, Any]:
    """The text with its picture: the one uploaded under that name, else by address.

    A picture by address cannot carry its alternative text, so it stands below for everyone to read.
    """
    made: dict[str, Any] = {"description": message.text}
    if message.image is None or not (uploaded or by_address(message.image)):
        return made
    shown = f"attachment://{uploaded}" if uploaded else message.image.url
    words = (message.image.credit,) if uploaded else (message.image.alt, message.image.credit)
    footer = " · ".join(each for each in map(on_one_line, words) if each)
    made["image"] = {"url": shown}
    if footer:
        room = min(FOOTER, ALL_EMBEDS - len(message.text))
        made["footer"] = {"text": cut(footer, room, Unit.CODEPOINTS)}
    return made


def by_address(image: Image) -> bool:
    return len(image.url) <= ADDRESS and bool(_PICTURE.fullmatch(image.url))
