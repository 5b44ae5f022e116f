"""Is there one file for each day, whole, in its folder, and unchanged by a repeat?"""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.channels import Conversation, Finds, Post, Posted, Receipt, Refused, Unavailable
from bot.channels._html_text import HTML
from bot.channels.file import MARKDOWN, File, FileOptions
from bot.documents import check, parse
from bot.errors import Problems
from bot.rendering.message import Image
from tests.channels.asking import KEY, post


async def claimed() -> None:
    return


Claim = Callable[[], Awaitable[None]]


def made(folder: Path, **more: Any) -> File:
    return File(FileOptions.model_validate({"folder": str(folder), **more}))


def written(channel: File, wanted: Post, claim: Claim = claimed) -> Receipt:
    return asyncio.run(channel.deliver(wanted, claim))


def found(conversation: Conversation[Any]) -> Any:
    with pytest.raises(StopIteration) as end:
        next(conversation)
    return end.value.value


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_markdown_has_a_front_matter_and_keeps_its_lines(tmp_path: Path) -> None:
    receipt = written(made(tmp_path), post("**Apollo 11**\nTwo walk.\n\nMore", title='On "this" day: 20 July'))

    text = (tmp_path / "2026-07-20.md").read_text(encoding="utf-8")
    _, head, body = text.split("---\n", 2)
    assert receipt == Receipt(id="2026-07-20.md")
    assert {key: str(value) for key, value in yaml.safe_load(head).items()} == {
        "title": 'On "this" day: 20 July',
        "lang": "en",
        "date": "2026-07-20",
    }
    assert body == "\n**Apollo 11**  \nTwo walk.\n\nMore\n"


def test_without_a_front_matter_the_title_is_a_heading(tmp_path: Path) -> None:
    written(made(tmp_path, front_matter=False), post("Text", title="A *title*"))

    assert (tmp_path / "2026-07-20.md").read_text(encoding="utf-8") == "# A \\*title\\*\n\nText\n"


def test_html_is_a_whole_page_that_names_its_direction(tmp_path: Path) -> None:
    written(made(tmp_path, format="html"), post("<strong>امروز</strong>\nb", title="<b>", language="fa"))

    text = (tmp_path / "2026-07-20.html").read_text(encoding="utf-8")
    assert '<html lang="fa" dir="rtl">' in text
    assert "<title>&lt;b&gt;</title>" in text
    assert '<p dir="auto"><strong>امروز</strong><br>\nb</p>' in text
    assert "p { unicode-bidi: plaintext;" in text, "every line runs as its own words do"


def test_what_html_may_not_hold_is_left_out() -> None:
    assert HTML.escape("R&D\x00 <\x0bb\x1f>\ufffe\n\t") == "R&amp;D &lt;b&gt;\n\t"


def test_json_is_the_edition_as_data(tmp_path: Path) -> None:
    written(made(tmp_path, format="json"), post("Text", data={"day": "2026-07-20", "events": [{"title": "Apollo 11"}]}))

    said = json.loads((tmp_path / "2026-07-20.json").read_text(encoding="utf-8"))
    assert (said["day"], said["slot"], said["text"], said["image"]) == ("2026-07-20", "2026-07-20", "Text", None)
    assert said["events"] == [{"title": "Apollo 11"}]


@pytest.mark.parametrize(
    ("form", "shown"), [("markdown", "![A \\[boot\\]](https://i.example/a.jpg)"), ("html", 'alt="A [boot]"')]
)
def test_a_picture_comes_with_its_words(tmp_path: Path, form: str, shown: str) -> None:
    image = Image("https://i.example/a.jpg", "A [boot]", "NASA")

    written(made(tmp_path, format=form, pattern="{day}"), post(image=image))

    text = (tmp_path / "2026-07-20").read_text(encoding="utf-8")
    assert shown in text
    assert "NASA" in text


def test_a_file_may_be_read_by_all_and_nothing_else_is_left(tmp_path: Path) -> None:
    written(made(tmp_path), post())

    assert stat.S_IMODE((tmp_path / "2026-07-20.md").stat().st_mode) == 0o644
    assert names(tmp_path) == ["2026-07-20.md"]


def test_the_same_content_twice_is_no_change(tmp_path: Path) -> None:
    channel = made(tmp_path)
    written(channel, post())
    before = (tmp_path / "2026-07-20.md").stat()

    assert written(channel, post()) == Receipt(id="2026-07-20.md")

    after = (tmp_path / "2026-07-20.md").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_other_content_replaces_the_file(tmp_path: Path) -> None:
    channel = made(tmp_path)
    written(channel, post("old"))

    written(channel, post("new", slot="2026-07-20/hand-1"))

    assert names(tmp_path) == ["2026-07-20.md"]
    assert "new" in (tmp_path / "2026-07-20.md").read_text(encoding="utf-8")


def test_a_look_at_the_file_settles_a_doubt(tmp_path: Path) -> None:
    channel = made(tmp_path)
    assert isinstance(channel, Finds)
    assert found(channel.find(post("one"), {})) is None

    written(channel, post("one"))

    assert found(channel.find(post("one"), {})) == Receipt(id="2026-07-20.md")
    assert found(channel.find(post("two"), {})) is None


def test_without_a_claim_nothing_is_written(tmp_path: Path) -> None:
    async def lost() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        written(made(tmp_path), post(), lost)
    assert names(tmp_path) == []


def test_at_the_claim_nothing_can_be_seen_yet(tmp_path: Path) -> None:
    async def claim() -> None:
        assert not (tmp_path / "2026-07-20.md").exists()
        assert all(name.startswith(".") for name in names(tmp_path))

    written(made(tmp_path), post(), claim)


NAMES = [
    ("{year}/{month}/{day}.md", {}, "2026/07/2026-07-20.md"),
    ("{day}-on-this-day.md", {}, "2026-07-20-on-this-day.md"),
    ("{day}.md", {"slot": "2026-07-20/hand-2"}, "2026-07-20.md"),
    ("{day}.md", {"slot": "2026-07-20/at-moon-landing"}, "2026-07-20-at-moon-landing.md"),
    ("{day}.md", {"slot": "2026-07-20/day-20"}, "2026-07-20-day-20.md"),
    ("{slot}.md", {"slot": "2026-07-20/hand-2"}, "2026-07-20-hand-2.md"),
    ("{day}.md", {"slot": "2026-07-20/../../x"}, "2026-07-20-x.md"),
    ("{day}.md", {"part": 2, "parts": 3}, "2026-07-20-2.md"),
    ("{day}_{part}.md", {"part": 2, "parts": 3}, "2026-07-20_2.md"),
    ("{day}.md", {"slot": "test-20260720T060000", "data": {"test": True, "day": "2026-07-20"}}, "test.md"),
]


@pytest.mark.parametrize(("pattern", "more", "name"), NAMES, ids=[name for _, _, name in NAMES])
def test_a_file_is_named_by_the_pattern(tmp_path: Path, pattern: str, more: dict[str, Any], name: str) -> None:
    assert written(made(tmp_path, pattern=pattern), post(**more)).id == name
    assert names(tmp_path) == [name]


def test_a_folder_that_is_missing_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="there is no folder"):
        written(made(tmp_path / "disk"), post())
    assert not (tmp_path / "disk").exists()


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "secrets").mkdir()
    (tmp_path / "site" / "2026").symlink_to(tmp_path / "secrets")

    with pytest.raises(Refused, match="leads out of its folder"):
        written(made(tmp_path / "site", pattern="{year}/{day}.md"), post())
    assert names(tmp_path / "secrets") == []


def test_a_file_that_is_a_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "2026-07-20.md").symlink_to(tmp_path / "precious")

    written(made(tmp_path / "site"), post())

    assert (tmp_path / "precious").read_text() == "precious"


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "2026-07-20.md").mkdir()

    with pytest.raises(Unavailable, match="cannot be written to"):
        written(made(tmp_path), post())
    assert names(tmp_path) == []


WRONG = [
    "../{day}.md",
    "/{day}.md",
    "a//{day}.md",
    ".{day}.md",
    "{day}/../x",
    "same.md",
    "{name}.md",
    "{day",
    "{day!r}",
    "{day:>9}",
    "a\\{day}",
]


@pytest.mark.parametrize("pattern", WRONG)
def test_a_pattern_that_cannot_be_is_a_mistake(pattern: str) -> None:
    with pytest.raises(Problems):
        check(parse(json.dumps({"folder": "/srv", "pattern": pattern}), "config.yaml", []), FileOptions)


def test_a_folder_is_named_from_the_root() -> None:
    with pytest.raises(Problems, match="not a whole path"):
        check(parse('{"folder": "site"}', "config.yaml", []), FileOptions)


def test_an_address_names_folder_and_pattern() -> None:
    assert File.from_address("file:///srv/www/{day}.html", named=False) == {
        "folder": "/srv/www",
        "pattern": "{day}.html",
        "format": "html",
    }
    assert File.from_address("file:///srv/www", named=False) == {"folder": "/srv/www"}
    assert File.from_address("https://example.org", named=True) is None


CHUNKS = [
    *"aé<>|*_~`[]()#&!$\\+-=1.) \n{}",
    "https://example.org/a_b ",
    "&amp;",
    "<b>",
    "1. ",
    "- ",
    "# ",
    "![x](y)",
    "    ",
]
PROSE = st.lists(st.sampled_from(CHUNKS), max_size=40).map("".join)


@settings(max_examples=300)
@given(text=PROSE)
def test_foreign_text_means_nothing_in_markdown(text: str) -> None:
    line = " ".join(text.split())

    tokens = MarkdownIt("commonmark").parse(MARKDOWN.escape(line))

    assert [each.type for each in tokens] == (["paragraph_open", "inline", "paragraph_close"] if line else [])
    assert all(each.type == "text" for token in tokens for each in token.children or [])
    assert "".join(each.content for token in tokens for each in token.children or []) == line


def test_a_correction_rewrites_the_file_of_the_post(tmp_path: Path) -> None:
    channel = made(tmp_path)
    written(channel, post("old"))
    wanted = post("new", slot="2026-07-20/edit-1", corrects=Posted("2026-07-20.md", KEY, "2026-07-20"))

    found = asyncio.run(channel.rewrite(wanted, claimed))

    assert (names(tmp_path), found.id) == (["2026-07-20.md"], "2026-07-20.md")
    assert "new" in (tmp_path / "2026-07-20.md").read_text(encoding="utf-8")
