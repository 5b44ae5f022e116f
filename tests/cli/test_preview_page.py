"""A page to look at: the very posts, measured, harmless whatever a calendar says, and nothing loaded from anywhere."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.channels import kinds
from bot.cli.main import main

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> &amp; </article></style>"
CALENDAR = """\
calendar: town
title: Town
hashtags: [Town]
events:
  - key: one
    date: 1979-11-04
    title: {title}
    text: {text}
    sources: [{{title: S, publisher: {publisher}, url: "https://town.example/?a=1&b=%22"}}]
    picture: {{url: "https://pictures.example/1.jpg", alt: {alt}, credit: {credit}}}
"""
CONFIG = """\
calendars: [town.yaml]
database: none.db
channels:
  screen: {kind: console}
  museum: {kind: mastodon, server: "https://mastodon.example", access_token: canary-token}
  room: {kind: slack, webhook_url: "https://hooks.slack.com/services/T00000000/B00000000/canary", language: fa}
"""
NO_END = {"meta", "img", "br", "hr", "input", "link"}


class Page(HTMLParser):
    """The elements of a page, with their attributes and, for each, the text in it; every end tag must fit."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in NO_END:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)

    def those(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    names = {name: quoted(HOSTILE) for name in ("title", "text", "publisher", "alt", "credit")}
    (tmp_path / "town.yaml").write_text(CALENDAR.format(**names), encoding="utf-8")
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("THISDAY_CONFIG", raising=False)
    return tmp_path


def written(folder: Path, *words: str) -> str:
    assert main(["preview", "--date", "2026-11-04", "--format", "html", "--out", "page.html", *words]) == 0
    return (folder / "page.html").read_text(encoding="utf-8")


def every_kind() -> list[str]:
    return [word for kind in sorted(kinds()) for word in ("--kind", kind)]


def test_all_channels_stand_side_by_side(folder: Path) -> None:
    page = Page(written(folder))

    assert [each["class"] for each in page.those("section")] == ["terminal console", "social mastodon", "room slack"]
    assert [each["dir"] for each in page.those("article")] == ["ltr", "ltr", "rtl"]
    assert len(page.those("figure")) == 3


def test_what_a_calendar_says_is_text_for_every_kind(folder: Path) -> None:
    text = written(folder, *every_kind())
    page = Page(text)

    assert len(page.those("section")) == len(kinds())
    assert page.those("script") == page.those("img") == page.those("iframe") == []
    assert [name for _, attributes in page.elements for name in attributes if name.startswith("on")] == []
    assert {tag for tag, _ in page.elements} <= {
        "html", "head", "meta", "title", "style", "body", "h1", "main", "section", "h2", "small", "span", "article",
        "div", "i", "p", "strong", "a", "figure", "figcaption", "footer", "meter",
    }  # fmt: skip
    assert any("<script>alert(1)</script>" in each for each in page.texts["strong"])


def test_nothing_is_loaded_and_links_lead_to_the_web_only(folder: Path) -> None:
    text = written(folder, *every_kind())
    page = Page(text)

    assert not [name for _, each in page.elements for name in each if name in {"src", "srcset", "poster", "background"}]
    assert "url(" not in "".join(page.texts["style"])
    assert {str(each["href"]) for each in page.those("a")} == {"https://town.example/?a=1&b=%22"}
    assert "default-src 'none'" in text


def test_no_secret_is_on_the_page(folder: Path) -> None:
    assert "canary" not in written(folder)


def test_each_post_says_what_is_left_of_its_length(folder: Path) -> None:
    page = Page(written(folder, "--channel", "museum"))

    (meter,) = page.those("meter")
    size, limit = int(str(meter["value"])), int(str(meter["max"]))
    assert limit == 500
    assert f"{limit - size} left" in page.texts["span"]


def test_a_long_edition_is_shown_as_the_parts_of_its_thread(folder: Path) -> None:
    (folder / "config.yaml").write_text(
        "calendars: [iran-hostage-crisis]\ndatabase: none.db\nchannels:\n"
        "  m: {kind: mastodon, server: 'https://mastodon.example', access_token: canary, thread: true}\n",
        encoding="utf-8",
    )
    page = Page(written(folder))
    count = len(page.those("article"))
    assert count > 1
    assert [each for each in page.texts["span"] if each.startswith("part ")] == [
        f"part {number} of {count}" for number in range(1, count + 1)
    ]


def test_a_quiet_day_says_why_there_is_nothing(folder: Path) -> None:
    (folder / "config.yaml").write_text(CONFIG + "quiet_days: silent\n", encoding="utf-8")
    assert main(["preview", "--date", "2026-11-05", "--format", "html", "--out", "page.html"]) == 0
    assert (folder / "page.html").read_text(encoding="utf-8").count("Nothing: no event on this day") == 3


@pytest.mark.usefixtures("folder")
def test_without_a_file_the_page_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", "--format", "html", "--channel", "screen"]) == 0
    assert capsys.readouterr().out.startswith("<!DOCTYPE html>")


def test_only_a_page_goes_to_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", "--out", str(folder / "a.txt")]) == 2
    assert "only a page goes to a file; add --format html" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_a_mistake(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", "--format", "html", "--out", str(folder / "none" / "page.html")]) == 2
    assert "cannot be written: No such file or directory; name another file" in capsys.readouterr().err


def test_a_card_stands_in_the_page_itself_with_its_words(folder: Path) -> None:
    (folder / "config.yaml").write_text(
        "calendars: [iran-hostage-crisis]\ndatabase: none.db\nchannels:\n"
        "  m: {kind: mastodon, server: 'https://social.example', access_token: made-up, card: dark}\n",
        encoding="utf-8",
    )

    text = written(folder)

    (card,) = Page(text).those("img")
    assert str(card["src"]).startswith("data:image/png;base64,iVBORw0KGgo")
    assert str(card["alt"]).startswith("Day 1 of 444, 4 November 1979 · 47 years ago. Iranian students seize")
    assert "img-src data:" in text


def test_a_picture_stands_above_its_caption_where_the_platform_shows_it_so(folder: Path) -> None:
    text = written(folder, "--kind", "telegram", "--kind", "slack")

    telegram, slack = (section.partition("</section>")[0] for section in text.split("<section")[1:])
    assert slack.index('class="text"') < slack.index("<figure>")
    assert telegram.index("<figure>") < telegram.index('class="text"')
