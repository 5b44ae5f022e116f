"""How does a message read on Slack? Its mrkdwn, its blocks and their limits, and the plain text for notifications.

https://docs.slack.dev/messaging/formatting-message-text/
https://docs.slack.dev/reference/block-kit/blocks/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.rendering.budget import Budget, Unit, cut, graphemes
from bot.rendering.markup import Markup
from bot.rendering.message import Image, Message

HEADER, SECTION, IMAGE_URL, ALT, TEXT = 150, 3000, 3000, 2000, 4000  # code points; TEXT: longer may become several posts
CREDIT = 300
MOST_BLOCKS = 50
ALL_BLOCKS = 9000  # in all blocks together; Slack names no limit, but has refused 11,341 and taken 9,597
BUDGET = Budget(ALL_BLOCKS - HEADER - ALT - CREDIT, Unit.CODEPOINTS)
_WHOLE = re.compile(r"<[^<>]*>|&(?:amp|lt|gt);")  # what must not be cut
_SEAMS = ("\n\n", "\n", ". ", " ")  # where a long text is best divided
_PICTURE = re.compile(r"https?://\S+")


def escape(text: str) -> str:
    """The three characters that Slack gives a meaning; nothing else can be escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def strong(text: str) -> str:
    """Bold. A star inside would end it and has no escape, so a text with stars stays as it is."""
    return text if "*" in text or not text.strip() else f"*{text}*"


def link(url: str, label: str) -> str:
    return f"<{escape(url).replace('|', '%7C')}|{escape(label).replace('|', '¦')}>"


def date_token(epoch: int, form: str, fallback: str) -> str:
    """A time that Slack shows in each reader's own zone."""
    return f"<!date^{epoch}^{form}|{escape(fallback)}>"


MRKDWN = Markup("mrkdwn", escape, strong, link)


def fallback(message: Message) -> str:
    """What notifications and screen readers say, and all that is left where blocks are refused."""
    return escaped_within(f"{message.title}\n{message.plain}".strip(), TEXT)


def blocks(message: Message, file: str = "") -> list[dict[str, Any]]:
    """The message as legal blocks; none where it is too long for them. `file` is the id of an uploaded picture."""
    shown = _uploaded(file, message.image, message.title) if file else _picture(message.image, message.title)
    built = [*_header(message.title), *map(_section, pieces(message.text, SECTION)), *shown]
    fits = len(built) <= MOST_BLOCKS and sum(map(_length, built)) <= ALL_BLOCKS
    return built if fits else []


def _header(title: str) -> Iterator[dict[str, Any]]:
    if title.strip():
        shown = escaped_within(title.strip(), HEADER)  # Slack decodes entities even in plain text
        yield {"type": "header", "text": {"type": "plain_text", "text": shown, "emoji": False}}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _picture(image: Image | None, title: str) -> Iterator[dict[str, Any]]:
    if image is None or len(image.url) > IMAGE_URL or not _PICTURE.fullmatch(image.url):
        return
    yield {"type": "image", "image_url": image.url, "alt_text": alternative(image, title, ALT)}
    if image.credit.strip():
        yield {"type": "context", "elements": [{"type": "mrkdwn", "text": escaped_within(image.credit.strip(), CREDIT)}]}


def _uploaded(file: str, image: Image | None, title: str) -> Iterator[dict[str, Any]]:
    alt = alternative(image, title, ALT) if image else title
    yield {"type": "image", "slack_file": {"id": file}, "alt_text": alt}


def alternative(image: Image, title: str, most: int) -> str:
    """The words for those who do not see the picture; Slack wants some."""
    return cut(image.alt.strip() or title.strip() or image.credit, most, Unit.CODEPOINTS) or "picture"


def _length(block: dict[str, Any]) -> int:
    texts = [block["text"]["text"]] if "text" in block else [each["text"] for each in block.get("elements", [])]
    return sum(map(len, texts)) + len(block.get("alt_text", ""))


def escaped_within(text: str, limit: int) -> str:
    """The text escaped and, where it is longer than `limit` then, cut between graphemes with an ellipsis."""
    whole = escape(text)
    if len(whole) <= limit:
        return whole
    kept, room = [], limit - 1
    for cluster in map(escape, graphemes(text)):
        room -= len(cluster)
        if room < 0:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + "…"


def pieces(text: str, limit: int) -> Iterator[str]:
    """The text in pieces of at most `limit`, divided at paragraphs if possible, never inside a link or an entity."""
    rest = _WHOLE.sub(lambda match: match[0] if len(match[0]) <= limit else _label(match[0]), text).strip()
    while len(rest) > limit:
        at = _seam(rest, limit)
        yield rest[:at].rstrip()
        rest = rest[at:].lstrip()
    if rest:
        yield rest


def _label(token: str) -> str:
    return token.strip("<>").partition("|")[2]


def _seam(text: str, limit: int) -> int:
    """Where the first piece ends: at the best seam in its second half, else between two graphemes."""
    whole = [match.span() for match in _WHOLE.finditer(text)]
    for mark in _SEAMS:
        at = text.rfind(mark, limit // 2, limit)
        while at > 0 and _inside(at + len(mark), whole):
            at = text.rfind(mark, limit // 2, at)
        if at > 0:
            return at + len(mark)
    at = len(cut(text, limit, Unit.CODEPOINTS))
    return next((start for start, end in whole if start < at < end), at) or limit


def _inside(at: int, whole: list[tuple[int, int]]) -> bool:
    return any(start < at < end for start, end in whole)
