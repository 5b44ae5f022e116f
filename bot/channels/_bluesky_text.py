"""How does a message read on Bluesky? Plain text, and facets that say where its links and tags are.

In a message, a link is written [label](address), with a backslash before what is meant literally; readers see the label.
Bluesky links nothing by itself: addresses and tags in a text are found as its own app finds them.
https://docs.bsky.app/docs/advanced-guides/post-richtext
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from bot.rendering.budget import Budget, Unit, cut, length
from bot.rendering.markup import Markup

GRAPHEMES, BYTES = 300, 3000  # both bind
MOST_SHOWN = 30  # code points of an address
TAG = 64  # UTF-16 units
_LINK, _TAG, _MENTION = "link", "tag", "mention"
_TOKEN = re.compile(r"\\(?P<sign>.)|\[(?P<label>(?:\\.|[^\\\]])*)\]\((?P<url>(?:\\.|[^\\()])*)\)", re.DOTALL)
_WEB = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)
# The rules of @atproto/api, detect-facets.
_ADDRESS = re.compile(r"(?:^|\s|\()(?P<url>https?://\S+|(?P<domain>[a-z][a-z0-9]*(?:\.[a-z0-9]+)+)\S*)", re.IGNORECASE)
_HANDLE = re.compile(r"(?:^|\s|\()(?P<mention>@(?P<handle>[a-zA-Z0-9.-]+)\b)", re.ASCII)
_CASHTAG = re.compile(r"(?:^|\s|\()(?P<tag>\$[A-Za-z][A-Za-z0-9]{0,4})(?=\s|$|[.,;:!?)\"'\u2019])")
_UNSEEN = r"\u00AD\u2060\u200A\u200B\u200C\u200D\u20e2"
_HASHTAG = rf"(?:^|\s)(?P<whole>[#\uff03](?P<tag>(?!\ufe0f)[^\s{_UNSEEN}]*[^\d\s\p{{P}}{_UNSEEN}]+[^\s{_UNSEEN}]*))"
# Of the list of top-level domains: those of countries, and those that texts name.
_DOMAINS = (
    " ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc "
    "cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga "
    "gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp "
    "ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms "
    "mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro "
    "rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt "
    "tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw com net org edu gov mil int arpa aero asia "
    "biz cat coop info jobs mobi museum name post pro tel travel academy africa agency app archi art bar berlin bio "
    "blog bot cafe center chat church city cloud club college community company dev digital earth eco education email "
    "energy events family farm film foundation fun gallery games global gmbh green group guide hamburg health house "
    "inc ink institute international koeln land law legal library life link live llc lol london ltd media movie music "
    "network news ngo nyc one ong online page paris photo photos pictures place press pub radio red report review "
    "rocks run school science scot services shop show site social software solutions space store studio style swiss "
    "systems team tech theater today tokyo tools top tours town university video vip vision wales watch website wien "
    "wiki work works world wtf xyz zone "
)


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """Something in a text that may become a facet, by code points."""

    start: int
    end: int
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Rich:
    """What readers see, and its facets."""

    text: str
    facets: list[dict[str, Any]]


def escape(text: str) -> str:
    return re.sub(r"[\\\[]", r"\\\g<0>", text)


def link(url: str, label: str) -> str:
    if not _WEB.fullmatch(url):
        return escape(label)
    address = re.sub(r"[\\()]", r"\\\g<0>", url)
    shown = re.sub(r"[\\\[\]]", r"\\\g<0>", label if label.strip() else short(url))
    return f"[{shown}]({address})"


def short(url: str) -> str:
    """An address as it is shown: without its scheme, and cut; its facet carries it whole."""
    shown = re.sub(r"https?://(?:www\.)?", "", url, count=1, flags=re.IGNORECASE).rstrip("/")
    return shown if len(shown) <= MOST_SHOWN else cut(shown, MOST_SHOWN - 1, Unit.CODEPOINTS) + "…"


def rich(text: str) -> Rich:
    """What a message comes to: links as their labels, addresses shortened, facets by bytes of UTF-8."""
    shown, spans = "", list[Found]()
    for piece, url in _pieces(text):
        if url:
            spans.append(Found(len(shown), len(shown) + len(piece), _LINK, url))
        shown += piece
    tags = [each for each in detect(shown) if each.kind != _MENTION and not any(_overlap(each, one) for one in spans)]
    return Rich(shown, [facet(shown, each) for each in sorted([*spans, *tags]) if each.start < each.end])


def size(text: str) -> int:
    """In graphemes; where its bytes are nearer to their limit, a tenth of them."""
    shown = "".join(piece for piece, _ in _pieces(text))
    return max(length(shown, Unit.GRAPHEMES), -(-length(shown, Unit.UTF8_BYTES) * GRAPHEMES // BYTES))


def facet(text: str, found: Found) -> dict[str, Any]:
    start, end = (length(text[:at], Unit.UTF8_BYTES) for at in (found.start, found.end))
    value = {"uri": _lower_scheme(found.value)} if found.kind == _LINK else {"tag": found.value}
    feature = {"$type": f"app.bsky.richtext.facet#{found.kind}", **value}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def detect(text: str) -> list[Found]:
    """Addresses, tags and handles in a text, in their order, as the app finds them; none overlaps another."""
    kept: list[Found] = []
    for each in sorted([*_addresses(text), *_handles(text), *_hashtags(text), *_cashtags(text)]):
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    return kept


def _addresses(text: str) -> Iterator[Found]:
    for match in _ADDRESS.finditer(text):
        if match["domain"] and not _is_domain(match["domain"]):
            continue
        url = re.sub(r"[.,;:!?]$", "", match["url"])
        url = url[:-1] if url.endswith(")") and "(" not in url else url
        whole = f"https://{url}" if match["domain"] else url
        if _WEB.fullmatch(whole):
            yield Found(match.start("url"), match.start("url") + len(url), _LINK, whole)


def _handles(text: str) -> Iterator[Found]:
    """Found only so that they are nothing else: a facet would call somebody."""
    for match in _HANDLE.finditer(text):
        if _is_domain(match["handle"]) or match["handle"].endswith(".test"):
            yield Found(*match.span("mention"), _MENTION, match["handle"])


def _hashtags(text: str) -> Iterator[Found]:
    for match in _hashtag().finditer(text):
        tag = re.sub(r"\s+$", "", _without_punctuation(match["tag"]))
        if tag and length(tag, Unit.UTF16) <= TAG:
            yield Found(match.start("whole"), match.start("whole") + 1 + len(tag), _TAG, tag)


def _cashtags(text: str) -> Iterator[Found]:
    for match in _CASHTAG.finditer(text):
        yield Found(*match.span("tag"), _TAG, match["tag"].upper())


@cache
def _hashtag() -> Any:
    import regex  # knows \p{P}

    return regex.compile(_HASHTAG)


def _without_punctuation(tag: str) -> str:
    import regex

    return str(regex.sub(r"\p{P}+$", "", tag))


def _is_domain(name: str) -> bool:
    return "." in name and f" {name.rpartition('.')[2].lower()} " in _DOMAINS


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Runs of what is seen, each with the address that it leads to, or ""."""
    at, literal = 0, ""
    for match in _TOKEN.finditer(text):
        literal, at = literal + text[at : match.start()], match.end()
        if match["sign"]:
            literal += match["sign"]
        else:
            yield from _with_addresses(literal)
            literal = ""
            yield _literal(match["label"]), _literal(match["url"])
    yield from _with_addresses(literal + text[at:])


def _with_addresses(literal: str) -> Iterator[tuple[str, str]]:
    at = 0
    for each in detect(literal):
        if each.kind == _LINK:
            yield literal[at : each.start], ""
            yield short(each.value), each.value
            at = each.end
    yield literal[at:], ""


def _lower_scheme(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    return scheme.lower() + mark + rest


def _literal(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _overlap(one: Found, other: Found) -> bool:
    return one.start < other.end and other.start < one.end


RICH_TEXT = Markup("links as [label](address)", escape, str, link)
BUDGET = Budget(GRAPHEMES, Unit.GRAPHEMES, size)
