"""Is foreign text harmless in each platform's Markdown? Asked of a parser that we did not write."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.channels import _discord_text, googlechat, mattermost, rocketchat, teams, zulip
from bot.channels._markdown_text import address, strong, without_brackets
from bot.rendering.markup import Markup

PARSER = MarkdownIt("commonmark").enable(["strikethrough"])
MARKUPS = [_discord_text.MARKDOWN, teams.MARKDOWN, mattermost.MARKDOWN, zulip.MARKDOWN, googlechat.MARKUP, rocketchat.MARKUP]
KINDS = ["discord", "teams", "mattermost", "zulip", "googlechat", "rocketchat"]
EVERY = pytest.mark.parametrize("markup", MARKUPS, ids=KINDS)
WITH_BACKSLASH = pytest.mark.parametrize("markup", MARKUPS[:3], ids=KINDS[:3])  # the ones that CommonMark can judge

PIECES = [
    *"aé漢\n \t\\*_~`|#>-+.!()[]<&@:1",
    "word ",
    "سلام ",
    "نمی\u200cشود",
    "हिन्दी",
    "👨\u200d👩\u200d👧",
    "👋🏽",
    "https://example.org/a_b?c=1&d=2 ",
    "https://e.org/*x*",
    "[a](https://evil.example)",
    "<https://evil.example|a>",
    "![a](https://evil.example/a.png)",
    "@everyone",
    "@here",
    "<@80351110224678912>",
    "<@&165511591545143296>",
    "<!channel>",
    "<users/all>",
    "@**all**",
    "@*group*",
    "@_**Iago**",
    "1. ",
    "> ",
    "**",
    "__",
    "~~",
    "```",
    "||",
]
FOREIGN = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


def tokens(text: str) -> Iterator[Token]:
    for block in PARSER.parse(text):
        yield block
        yield from block.children or []


def kinds_in(text: str) -> set[str]:
    plain = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak"}
    return {token.type for token in tokens(text)} - plain


# What calls someone, platform by platform; an address is not foreign text to be changed.
CALLS = {
    "discord": r"@(everyone|here|[!&]?[0-9]{17,20})",
    "mattermost": r"(?<![A-Za-z0-9])@\w|<!\w",
    "rocketchat": r"(?<![A-Za-z0-9])@[\w.-]",
    "zulip": r"@\*",
    "googlechat": r"<users/",
    "teams": r"(?<!\\)<at>",
}
URL = re.compile(r"https?://\S+")


@pytest.mark.parametrize(("markup", "name"), list(zip(MARKUPS, KINDS, strict=True)), ids=KINDS)
@given(text=FOREIGN, label=FOREIGN)
@example(text="_@all_", label="@all")
@example(text="a.@all", label="a\n@here")
@example(text="@@all <users/<users/all>>", label="<users/all>")
def test_nobody_is_called(markup: Markup, name: str, text: str, label: str) -> None:
    written = [markup.escape(text), markup.strong(markup.escape(text)), markup.link("https://example.org/", label)]

    assert not [each for each in written if re.search(CALLS[name], URL.sub("", each))]


@WITH_BACKSLASH
@given(text=FOREIGN)
@example(text="**bold** *it* _u_ `x`")
@example(text="\\*x\\*")
@example(text="[a](b) and [c\nd](e)")
@example(text="- a\n* b\n# h")
@example(text="https://e.org/*x*[a](https://evil.example)")
def test_foreign_text_has_no_formatting(markup: Markup, text: str) -> None:
    """Not asked: quotes and underlined headings, unknown to Teams, and lists with + or a number, unknown to Discord."""
    blocks = ("blockquote", "heading", "ordered_list", "list_item", *(["bullet_list"] if "+" in text else []))
    harmless = {"code_block", "html_block", "hr", *(f"{each}_{side}" for each in blocks for side in ("open", "close"))}
    addresses = {"link_open", "link_close", "html_inline"} if "<" in text else set()

    found = kinds_in(markup.escape(text.replace("||", "")))

    assert not found - harmless - addresses - (_in_addresses(text))


def _in_addresses(text: str) -> set[str]:
    """An address stays as it is; what is emphasis in it to CommonMark is part of a link to the platforms."""
    return (
        {"em_open", "em_close", "strong_open", "strong_close", "s_open", "s_close", "code_inline"}
        if "://" in text
        else set()
    )


@WITH_BACKSLASH
@given(text=FOREIGN.filter(lambda text: "://" not in text and "<" not in text and "&" not in text))
def test_what_is_read_is_what_was_written(markup: Markup, text: str) -> None:
    line = re.sub(r"\s+", " ", text).strip()

    read = "".join(token.content for token in tokens(f"x{markup.escape(line)}x") if token.type == "text")

    assert read.replace("\u200b", "") == f"x{line}x".replace("\u200b", "")


@pytest.mark.parametrize("markup", [*MARKUPS[:4]], ids=KINDS[:4])
@given(url=st.text(max_size=60), label=FOREIGN.filter(str.strip))
@example(url="https://example.org/Crisis_(1979)", label="A [good] label")
def test_a_link_is_one_link_whatever_is_in_it(markup: Markup, url: str, label: str) -> None:
    written = markup.link(f"https://example.org/{url}", label)

    assert [token.type for token in tokens(f"x {written} x")].count("link_open") == 1
    assert "\n" not in written


@pytest.mark.parametrize("markup", MARKUPS[4:], ids=KINDS[4:])
@given(url=st.text(max_size=60), label=FOREIGN)
def test_no_label_and_no_address_breaks_out_of_angle_brackets(markup: Markup, url: str, label: str) -> None:
    inside = markup.link(f"https://example.org/{url}", label)[1:-1]

    assert inside.count("|") == 1
    assert not set("<>\n") & set(inside)
    assert " " not in inside.partition("|")[0]


@EVERY
def test_bold_stands_inside_of_its_space(markup: Markup) -> None:
    star = markup.strong("x")[: markup.strong("x").index("x")]

    assert markup.strong(" Apollo 11\n") == f" {star}Apollo 11{star}\n"
    assert markup.strong("  ") == "  "
    assert markup.strong("one\ntwo") == "one\ntwo"


@WITH_BACKSLASH
def test_bold_holds_over_signs_that_are_escaped(markup: Markup) -> None:
    written = markup.strong(markup.escape("5 * 3 = _15_"))

    assert kinds_in(written) == {"strong_open", "strong_close"}
    assert "".join(token.content for token in tokens(written) if token.type == "text") == "5 * 3 = _15_"


@pytest.mark.parametrize("markup", MARKUPS[3:], ids=KINDS[3:])
def test_a_text_with_a_star_is_not_made_bold_where_a_star_has_no_escape(markup: Markup) -> None:
    assert "**5" not in markup.strong(markup.escape("5 * 3"))
    assert not markup.strong(markup.escape("5 * 3")).startswith("*")


def test_an_address_with_a_star_is_not_made_bold() -> None:
    assert strong("see https://example.org/*x*") == "see https://example.org/*x*"


def test_what_would_end_a_link_is_percent_encoded() -> None:
    assert address("https://en.wikipedia.org/wiki/Crisis_(1979) é") == "https://en.wikipedia.org/wiki/Crisis_%281979%29%20é"
    assert without_brackets("a <b>\n| c") == "a \u2039b\u203a ¦ c"


@pytest.mark.parametrize("markup", [*MARKUPS[:1], *MARKUPS[2:]], ids=[KINDS[0], *KINDS[2:]])
def test_an_address_in_a_text_stays_whole(markup: Markup) -> None:
    text = "see https://example.org/@name/a_b_c?d=*e* now"

    assert markup.escape(text) == text
