"""How would the posts look? One page of HTML with all of them side by side; it loads nothing from anywhere.

Roughly: the frame of each platform, its own order of title, text and picture. The text is the very one that would be
posted, measured as the platform measures it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from importlib.resources import files
from urllib.parse import urlsplit

from bot.channels import Channel
from bot.channels._html_text import HTML
from bot.rendering.budget import UNLIMITED, Budget
from bot.rendering.direction import direction
from bot.rendering.markup import PLAIN, Markup
from bot.rendering.message import Image, Message
from bot.subscriptions.paper import Paper, room
from bot.subscriptions.subscription import Subscription

# How a kind shows a post, where it is not a message in a room.
_FRAMES = {
    "bluesky": "social",
    "console": "terminal",
    "email": "letter",
    "file": "letter",
    "mastodon": "social",
    "ntfy": "notice",
    "webhook": "terminal",
}
_PICTURE_FIRST = {"matrix", "telegram"}  # where the text is the picture's caption


@dataclass(frozen=True, slots=True)
class Post:
    """One message as it is shown. `html` is safe to put into a page; `left` is None where nothing limits it."""

    message: Message
    heading: str
    html: str
    direction: str
    picture_from: str
    card: str  # as a data address, which loads nothing
    size: int
    limit: int
    unit: str

    @property
    def left(self) -> int | None:
        return None if self.limit >= UNLIMITED.limit else self.limit - self.size


@dataclass(frozen=True, slots=True)
class Column:
    """What one channel gets on one day: posts, or the reason why there is none."""

    name: str
    kind: str
    frame: str
    destination: str
    at: time
    day: date
    posts: tuple[Post, ...]
    nothing: str = ""

    @property
    def picture_first(self) -> bool:
        return self.kind in _PICTURE_FIRST


def column(paper: Paper, wanted: Subscription, channel: Channel, day: date) -> Column:
    """What a channel gets on a day, to be looked at."""
    found = paper.shown(wanted, channel, day, _looks(channel.markup))
    frame, budget = _FRAMES.get(wanted.kind, "room"), room(wanted, channel, {})
    about = (wanted.name, wanted.kind, frame, channel.destination, wanted.at, day)
    if not isinstance(found, tuple):
        return Column(*about, (), found.reason)
    return Column(*about, tuple(_post(each, budget.size(each.text), budget) for each in found))


def _looks(markup: Markup) -> Markup:
    """How a platform's markup looks: bold and links only where it has them, else addresses that are found and linked."""
    bold = markup.strong("a") != "a"
    links = markup.link("https://a.example", "a") != PLAIN.link("https://a.example", "a")
    return replace(HTML, strong=HTML.strong if bold else str, link=HTML.link if links else _address_beside)


def _address_beside(url: str, label: str) -> str:
    return f"{HTML.escape(label)}: {HTML.link(url, url)}"


def _post(message: Message, size: int, budget: Budget) -> Post:
    return Post(
        message=message,
        heading=_heading(message),
        html=message.plain,
        direction=direction(message.language),
        picture_from=urlsplit(message.image.url).hostname or "" if message.image else "",
        card=_card(message.image),
        size=size,
        limit=budget.limit,
        unit=budget.unit.value,
    )


def _card(image: Image | None) -> str:
    if image is None or image.card is None:
        return ""
    from bot.rendering.cards.drawing import drawn

    return f"data:image/png;base64,{b64encode(drawn(image.card)).decode()}"


def _heading(message: Message) -> str:
    """The title, where the platform shows it apart from the text."""
    in_text = message.part > 1 or HTML.escape(message.title) in message.plain.split("\n", 1)[0]
    return "" if in_text else message.title


def page(columns: Sequence[Column]) -> str:
    """The whole page."""
    import jinja2
    from markupsafe import Markup as Safe

    text = files("bot").joinpath("cli", "preview.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["safe_html"] = Safe  # what the templates rendered with HTML's own escaping
    days = dict.fromkeys(each.day for each in columns)
    return environment.from_string(text).render(days={day: [each for each in columns if each.day == day] for day in days})
