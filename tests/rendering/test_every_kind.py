"""Is what any kind would post within its limits, well formed, harmless and whole, whatever the events say?

The kinds come from the table. What a platform would see is read back by other means than ours: Python's HTML parser, a
parser of CommonMark, counting by hand. A kind of which nothing is known here is still measured by its own budget.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.calendars.events import Event, Picture, Source
from bot.channels import Channel, Continues, Direct, Drafts, kinds
from bot.channels._bluesky_text import rich
from bot.languages import WRITTEN
from bot.rendering.compose import Style, compose_thread, compose_whole
from bot.rendering.message import Message
from tests.builders import SOAK, edition_of, event, style_of, year
from tests.channels.asking import asked, post

KINDS = sorted(kinds())
DAY = date(2028, 7, 20)


@cache
def channel(kind: str) -> Channel:
    chosen = kinds()[kind]
    return chosen(chosen.Options.model_validate(dict(chosen.example)))


@cache
def style(kind: str) -> Style:
    own = channel(kind)
    continues = isinstance(own, Continues) and own.continues
    return replace(style_of(own.budget({}), own.markup, kind=kind), continues=continues, hashtags=("OnThisDay",))


# what a reader sees


@dataclass
class Read:
    """The words that are shown, and where links lead."""

    words: str = ""
    links: list[str] = field(default_factory=list)


class _Html(HTMLParser):
    """Takes bold and links, closed in order, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.read, self.open = Read(), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"b", "strong", "a", "br"}, tag
        assert [name for name, _ in attrs] == (["href"] if tag == "a" else [])
        self.read.links += [value or "" for _, value in attrs]
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.read.words += data


def html(text: str) -> Read:
    parser = _Html()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser.read


def mrkdwn(text: str) -> Read:
    """Slack's: `<address|label>`, and three entities."""
    assert re.sub(r"&(?:amp|lt|gt);", "", text).count("&") == 0
    links = [match[1] for match in re.finditer(r"<(https?://[^<>|\s]+)\|[^<>]*>", text)]
    shown = re.sub(r"<https?://[^<>|\s]+\|([^<>]*)>", r"\1", text)
    assert "<" not in shown
    return Read(shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"), links)


def chat(text: str) -> Read:
    """Google Chat's: only links are marked, and there is no way to escape."""
    links = [match[1] for match in re.finditer(r"<(https?://[^<>|\s]+)\|[^<>]*>", text)]
    return Read(re.sub(r"<https?://[^<>|\s]+\|([^<>]*)>", r"\1", text), links)


def facets(text: str) -> Read:
    """Bluesky's: byte ranges that lie between letters, one behind the other."""
    found = rich(text)
    content, links, end = found.text.encode(), [], 0
    for each in found.facets:
        start, stop = each["index"]["byteStart"], each["index"]["byteEnd"]
        assert end <= start < stop <= len(content)
        assert content[:start].decode() + content[start:stop].decode() + content[stop:].decode() == found.text
        links += [feature["uri"] for feature in each["features"] if feature["$type"].endswith("#link")]
        assert not [feature for feature in each["features"] if feature["$type"].endswith("#mention")]
        end = stop
    return Read(found.text, links)


_ADDRESSES = re.compile(r"(?P<link>(?<!\\)\[(?:\\.|[^\[\]\\])*\]\([^()\s]*\))|https?://[^\s<>]+")


def _linked(text: str) -> str:
    """With each address that stands by itself as a link, as the platforms show it."""
    return _ADDRESSES.sub(lambda match: match[0] if match["link"] else f"<{match[0]}>", text)


def markdown(literal: str = "", *, entities: bool = False) -> Callable[[str], Read]:
    """CommonMark's own, and each address a link. HTML is only text to the platforms that use this.

    `literal` is what CommonMark would take for markup and the platform does not.
    """
    parser = MarkdownIt("commonmark", {"html": False})
    if not entities:
        parser.disable("entity")
    only_text = re.compile(literal or r"(?!)", re.MULTILINE)

    def read(text: str) -> Read:
        found = Read()
        for block in parser.parse(_linked(only_text.sub(r"\\\g<0>", text))):
            assert block.type in {"paragraph_open", "paragraph_close", "inline"}, (block.type, text)
            for token in block.children or []:
                _take(token, found)
            found.words += "\n"
        return found

    return read


def _take(token: Token, found: Read) -> None:
    assert token.type in {
        "text", "text_special", "softbreak", "hardbreak", "strong_open", "strong_close", "link_open", "link_close"
    }, token  # fmt: skip
    if token.type == "link_open":
        found.links.append(str(token.attrs["href"]))
    found.words += token.content if token.type.startswith("text") else "\n" * token.type.endswith("break")


def plain(text: str) -> Read:
    return Read(text)


READERS: dict[str, Callable[[str], Read]] = {
    "bluesky": facets,
    "console": plain,
    "discord": markdown(r"^ *>(?! )|^ *#{1,6}(?=$)|^[ \t]*[0-9]+(?=[.)])|^ *\+"),
    "email": html,
    "file": markdown(entities=True),
    "googlechat": chat,
    "mastodon": plain,
    "matrix": html,
    "mattermost": markdown(),
    "ntfy": plain,
    "slack": mrkdwn,
    "teams": markdown(r"^ *>"),
    "telegram": html,
    "webhook": plain,
}

# who would be called


_NAMED = re.compile(r"(?<![\w/])@\w")
CALLING = {
    "discord": re.compile(r"@(?:everyone|here)\b"),  # all others are silenced by a field, which the contract looks at
    "googlechat": re.compile(r"<users/"),
    "mastodon": _NAMED,
    "matrix": re.compile(r"matrix\.to|matrix:"),
    "mattermost": _NAMED,
    "rocketchat": _NAMED,
    "slack": re.compile(r"<[@!#]"),
    "teams": re.compile(r"(?<!\\)<at>", re.IGNORECASE),
    "telegram": re.compile(r"(?<![\w/])@\w", re.ASCII),
    "zulip": re.compile(r"@_?\*\*|@_?\*[^*\s]"),
}


def called(kind: str, text: str) -> list[str]:
    """An @ in an address calls nobody."""
    bare = text if kind in {"discord", "matrix", "zulip"} else re.sub(r"https?://\S+", " ", text)
    return CALLING[kind].findall(bare) if kind in CALLING else []


# how long it is


Limits = list[tuple[str, int, int]]  # what is counted, how much there is, how much there may be


def _graphemes(text: str) -> int:
    return len(regex.findall(r"\X", text))


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _slack(body: Any, _size: int) -> Limits:
    built = body.get("blocks", [])
    blocks = [("block", len(each.get("text", {}).get("text", "")), 3000) for each in built]
    return [("blocks", len(built), 50), ("text", len(body["text"]), 40_000), *blocks]


def _telegram(body: Any, _size: int) -> Limits:
    text, caption = (_utf16(html(body.get(name, "")).words) for name in ("text", "caption"))
    return [("units of a text", text, 4096), ("units of a caption", caption, 1024)]


def _bluesky(body: Any, _size: int) -> Limits:
    text = body["record"]["text"]
    return [("graphemes", _graphemes(text), 300), ("bytes", len(text.encode()), 3000)]


def _discord(body: Any, _size: int) -> Limits:
    return [("content", len(body["content"]), 2000), ("description", len(body["embeds"][0]["description"]), 4096)]


LIMITS: dict[str, Callable[[Any, int], Limits]] = {
    "bluesky": _bluesky,
    "discord": _discord,
    "googlechat": lambda _, size: [("bytes", size, 32_000)],
    "mastodon": lambda body, _: [("graphemes", _graphemes(re.sub(r"https?://\S+", "x" * 23, body["status"])), 500)],
    "matrix": lambda _, size: [("bytes", size, 65_000)],
    "mattermost": lambda body, _: [("code points", len(body["text"]), 16_383)],
    "ntfy": lambda body, _: [("bytes", len(body["message"].encode()), 4095)],
    "slack": _slack,
    "teams": lambda _, size: [("bytes", size, 28_000)],
    "telegram": _telegram,
}


def too_long(kind: str, message: Message) -> Iterator[str]:
    """Which limits of a platform, as its documents state them, the request goes beyond."""
    own, wanted = channel(kind), post(**{name: getattr(message, name) for name in message.__dataclass_fields__})
    if isinstance(own, Direct):
        return
    request = own.draft(wanted) if isinstance(own, Drafts) else asked(own.post(wanted, {}))
    body = json.loads(request.content) if request.content[:1] == b"{" else {}
    for what, length, most in LIMITS[kind](body, len(request.content)) if kind in LIMITS else ():
        if length > most:
            yield f"{what}: {length} of {most}"


def judge(kind: str, message: Message) -> Read | None:
    """All that must be true of any message of a kind; what is seen of it, where that can be told."""
    assert channel(kind).budget({}).fits(message.text)
    assert list(too_long(kind, message)) == []
    read = READERS[kind](message.text) if kind in READERS else None
    assert called(kind, message.text if read is None or kind not in {"telegram", "matrix"} else read.words) == []
    for each in read.links if read else ():
        assert re.fullmatch(r"https?://\S+", each), each
    return read


@pytest.mark.parametrize("thread", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_calendar_is_well_told_by_every_kind(kind: str, *, thread: bool) -> None:
    """`make soak` tries every day. Here each kind begins with another one, so that every day is tried by some."""
    step = 1 if SOAK else 6
    posts = list(year(channel(kind), thread=thread, first=KINDS.index(kind) % step, step=step))

    assert len(posts) >= 366 // step
    for message in posts:
        judge(kind, message)


@pytest.mark.parametrize("language", sorted(set(WRITTEN) - {"en"}))
@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_calendar_is_well_told_in_every_language(kind: str, language: str) -> None:
    step = 3 if SOAK else 61
    posts = list(year(channel(kind), thread=True, first=KINDS.index(kind) % step, step=step, language=language))

    assert len(posts) >= 366 // step
    assert {message.language for message in posts} == {language}
    for message in posts:
        judge(kind, message)


# any words at all

PIECES = [
    *"aé漢.!?-+#*_~`|\\/<>[](){}&@:;'\"$%^=0\n",
    "👋🏽",
    "👩‍🚀",
    "🏳️‍🌈",
    "🇮🇷",
    "گروگان‌ها ",  # Persian
    "बंधक रिहा ",
    "\u202e",
    "\u200b",
    "e\u0301\u0301",
    "https://example.org/a_b_(c)?d=1&e=[f]*g* ",
    "http://e.org/@ann",
    "www.example.org",
    "@everyone ",
    " @room",
    "@ann@example.org ",
    "<@U1>",
    "<!channel>",
    "<@&1>",
    "@**all**",
    "#**general**",
    "<users/all>",
    "<at>ann</at>",
    "&amp;",
    "&#64;",
    "&lt;b&gt;",
    "**x**",
    "__x__",
    "~~x~~",
    "||x||",
    "- x",
    "> x",
    "1. x",
    "```x```",
    "[x](https://evil.example)",
    "![x](https://evil.example/p.png)",
    "<a href='x'>",
    "<br>",
    "]]>",
    "{{ x }}",
    "{% x %}",
]
WORDS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=14).map("".join)
TITLES = WORDS.map(lambda text: " ".join(f"Day {text} end".split()))
ADDRESSES = st.sampled_from(["https://example.org/", "https://example.org/a_b_(c)?d=1&e=*f*#g", "https://e.org/@ann/x|y"])
SOURCES = st.builds(Source, TITLES, TITLES, ADDRESSES)
PICTURES = st.builds(Picture, WORDS, WORDS, ADDRESSES)
EVENTS = st.builds(
    lambda number, **more: event(f"event-{number}", date(1969, 7, 20), **more),
    st.integers(0, 10**9),
    title=TITLES,
    text=st.lists(WORDS, max_size=30).map(lambda parts: " ".join(" ".join(parts).split())),
    sources=st.lists(SOURCES, max_size=2).map(tuple),
    picture=st.none() | PICTURES,
)
_LETTERS = re.compile(r"[\W_]+")


def letters(text: str) -> str:
    return _LETTERS.sub("", text)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(events=st.lists(EVENTS, min_size=1, max_size=3, unique_by=lambda each: each.key))
def test_any_words_at_all_are_well_told_by_every_kind(kind: str, events: list[Event]) -> None:
    edition = edition_of(DAY, *events)

    whole, thread = compose_whole(edition, style(kind)), compose_thread(edition, style(kind))

    seen = [judge(kind, message) for message in (*whole, *thread)]
    lead = edition.lead
    assert lead is not None
    if seen[0] is not None and not re.search(r"://|www\.", lead.event.title):  # Bluesky shows an address short
        assert letters(lead.event.title)[:40] in letters(seen[0].words)
