"""How does a message read as a page of HTML? Its markup, its paragraphs, and the direction of its script."""

from __future__ import annotations

import html
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.rendering.direction import direction
from bot.rendering.markup import Markup
from bot.rendering.message import Message
from bot.resources import shipped

if TYPE_CHECKING:
    import jinja2


# All but the characters of XML (https://www.w3.org/TR/xml/#charsets), which HTML may not hold either.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape(text: str) -> str:
    return html.escape(_FORBIDDEN.sub("", text), quote=False)


def strong(text: str) -> str:
    return f"<strong>{text}</strong>" if text.strip() else text


def link(url: str, label: str) -> str:
    """Only to the web: a link may run a script."""
    shown = escape(label if label.strip() else url)
    return f'<a href="{html.escape(url)}">{shown}</a>' if re.match(r"https?://", url, re.IGNORECASE) else shown


HTML = Markup("HTML", escape, strong, link)


def page(template: str, message: Message, title: str) -> str:
    """The whole page by a shipped template; `message.text` is HTML already, all else is escaped by the template."""
    from markupsafe import Markup as Safe

    paragraphs = (each for each in re.split(r"\n\s*\n", message.text) if each.strip())
    content: dict[str, Any] = {
        "title": title,
        "language": message.language,
        "direction": direction(message.language),
        "paragraphs": [Safe(each.strip().replace("\n", "<br>\n")) for each in paragraphs],  # noqa: S704  # escaped when rendered
        "image": message.image if message.image and re.match(r"https?://", message.image.url) else None,
    }
    return _environment().get_template(template).render(content)


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    def load(name: str) -> str:
        return shipped("templates").joinpath(*name.split("/")).read_text(encoding="utf-8")

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
