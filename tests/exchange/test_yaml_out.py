"""Is a written calendar one that a person would want to read, and that the loader reads as it was meant?"""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from bot.calendars.format import EventEntry
from bot.documents import parse
from bot.exchange.yaml_out import ORDER, written
from tests.builders import loaded

HEAD = {"calendar": "museum", "title": "The museum", "timezone": "Europe/Berlin"}
ANY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def test_a_calendar_reads_like_the_shipped_ones() -> None:
    entries: list[dict[str, Any]] = [
        {
            "key": "opening",
            "sources": [{"title": "Yearbook: 1979", "publisher": "Museum"}],
            "tags": ["museum", "a, b"],
            "time": "10:00",
            "importance": 5,
            "title": "The museum opens",
            "text": "The old customs house became a museum of the harbor and its people. In the first weekend many came.",
            "picture": {"url": "https://e.example/p.jpg", "alt": "A crowd", "credit": "Archive"},
            "date": "1979-05-12",
        },
        {"key": "hundred-days", "after": {"event": "opening", "days": 100}, "title": "The hundredth day: 20 August"},
    ]

    assert (
        written(HEAD, entries, "Two lines\nof comment")
        == """\
# Two lines
# of comment
calendar: museum
title: The museum
timezone: Europe/Berlin

events:
  - key: opening
    date: 1979-05-12
    time: '10:00'
    title: The museum opens
    text: >-
      The old customs house became a museum of the harbor and its people. In the first weekend many came.
    importance: 5
    tags: [museum, 'a, b']
    picture:
      url: https://e.example/p.jpg
      alt: A crowd
      credit: Archive
    sources:
      - {title: 'Yearbook: 1979', publisher: Museum}

  - key: hundred-days
    after: {event: opening, days: 100}
    title: 'The hundredth day: 20 August'
"""
    )


def test_long_texts_are_folded_to_the_width_of_a_page() -> None:
    text = written(HEAD, [{"key": "a", "date": "05-12", "title": "A", "text": "Some words in a row. " * 40 + "End."}])

    assert max(map(len, text.splitlines())) <= 125
    assert "text: >-" in text


def test_every_key_of_the_format_has_its_place() -> None:
    assert set(ORDER) == set(EventEntry.model_fields)


def test_a_calendar_without_events_is_one() -> None:
    assert loaded(written(HEAD, [])).title == "The museum"


@example("\x85", "0", "\u2028")
@given(st.lists(ANY, min_size=1, max_size=3).map("\n".join), ANY, ANY)
def test_any_text_is_read_back_as_it_was_written(text: str, title: str, tag: str) -> None:
    entry = {
        "key": "a",
        "date": "1979-05-12",
        "title": title,
        "text": text,
        "more": text * 20,
        "tags": [tag],
        "people": [text],
    }

    document = written(HEAD, [{"key": "before", "date": "05-12", "title": "B"}, entry])

    assert parse(document, "a.yaml", []).value["events"][1] == entry
