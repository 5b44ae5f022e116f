"""What does a Wikimedia "on this day" file become?"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.calendars.events import Event, Tone
from bot.errors import Mistake, Problems
from bot.exchange.taking import Taken
from bot.exchange.wikimedia_in import imported
from bot.exchange.yaml_out import written
from tests.builders import loaded

FEED = Path(__file__).parent / "fixtures" / "onthisday.json"
DAY = date(2000, 6, 17)


def taken(feed: Any) -> Taken:
    return imported(json.dumps(feed).encode(), "a.json", DAY)


def events() -> dict[str, Event]:
    found = imported(FEED.read_bytes(), "onthisday.json", DAY)
    return {each.key: each for each in loaded(written({"calendar": "test", **found.head}, found.entries)).events}


def test_events_births_deaths_and_holidays_are_told_apart() -> None:
    found = events()

    assert {key: (each.began, each.tags, each.tone, each.importance) for key, each in found.items()} == {
        "farhaven-bridge-1902": (date(1902, 6, 17), (), Tone.NEUTRAL, 4),
        "the-treaty-of-the-two-harbors-is-signed-0812": (date(812, 6, 17), (), Tone.NEUTRAL, 3),
        "ada-quill-1920": (date(1920, 6, 17), ("birth",), Tone.NEUTRAL, 2),
        "tomas-reed-1870": (date(1870, 6, 17), ("death",), Tone.SOLEMN, 2),
        "day-of-the-bridges": (None, ("holiday",), Tone.NEUTRAL, 3),
    }


def test_a_long_text_is_shortened_at_a_sentence_and_goes_on_in_more() -> None:
    bridge = events()["farhaven-bridge-1902"]

    assert bridge.text.endswith("across the narrow sound.")
    assert len(bridge.text) <= 280
    assert bridge.more.startswith("On the opening day")


def test_articles_become_links_and_the_first_one_the_source() -> None:
    bridge = events()["farhaven-bridge-1902"]

    assert [each.title for each in bridge.links] == ["Farhaven Bridge", "Farhaven", "Tramways of Farhaven"]
    assert [(each.title, each.publisher, each.url) for each in bridge.sources] == [
        ("Farhaven Bridge", "Wikipedia", "https://en.wikipedia.org/wiki/Farhaven_Bridge")
    ]
    assert events()["tomas-reed-1870"].sources == ()


def test_a_text_without_an_article_is_its_own_title_and_not_said_twice() -> None:
    treaty = events()["the-treaty-of-the-two-harbors-is-signed-0812"]

    assert (treaty.title, treaty.text) == ("The treaty of the two harbors is signed.", "")


def test_what_cannot_be_dated_is_told_with_its_place() -> None:
    found = imported(FEED.read_bytes(), "onthisday.json", DAY)

    assert [str(each) for each in found.notes] == [
        "onthisday.json: events[1]: 'A comet is seen above the invented…' happened in 44 BC; years begin with 0001 here",
        "onthisday.json: events[3]: 'It has no year.' has no year",
        "onthisday.json: events[4]: it has no text",
        "onthisday.json: weather: it is none of the lists of the feed and was not taken over",
    ]
    assert found.left_out == 3


def test_the_year_0_does_not_exist() -> None:
    found = taken({"events": [{"text": "Nothing", "year": 0}]})

    assert [str(each) for each in found.notes] == [
        "a.json: events[0]: 'Nothing' happened in the year 0; years begin with 0001 here"
    ]


def test_29_february_of_a_year_without_one_is_told() -> None:
    feed = json.dumps({"events": [{"text": "Leap", "year": 1999}, {"text": "Leap", "year": 2000}]}).encode()

    found = imported(feed, "a.json", date(2000, 2, 29))

    assert [each["date"] for each in found.entries] == ["2000-02-29"]
    assert "29 February 1999 does not exist" in str(found.notes[0])


@pytest.mark.parametrize(
    "item",
    [
        None,
        [],
        "text",
        {"text": 7, "year": "1999"},
        {"text": "a", "year": True},
        {"text": "a", "year": 1, "pages": {}},
        {"text": "a", "year": 1, "pages": [None, {"titles": [], "content_urls": {"desktop": 3}}]},
        {"text": "a", "year": 1, "pages": [{"title": "A_b", "content_urls": {"desktop": {"page": "ftp://x"}}}]},
        {"text": "\ud800", "year": 1},
    ],
)
def test_a_twisted_item_is_taken_or_told_but_never_a_crash(item: Any) -> None:
    found = taken({"selected": [item], "events": 3})

    assert len(found.entries) + found.left_out == 1


@pytest.mark.parametrize("data", [b"{}", b"[]", b'{"events_of_today": []}'])
def test_another_json_file_is_a_mistake(data: bytes) -> None:
    with pytest.raises(Mistake, match="is no 'on this day' file"):
        imported(data, "a.json", DAY)


def test_what_is_no_json_is_a_mistake_with_its_place() -> None:
    with pytest.raises(Problems, match=r"a\.json:2:3: not JSON"):
        imported(b'{"events":\n  ,}', "a.json", DAY)


def test_a_file_nested_without_end_is_a_mistake() -> None:
    with pytest.raises(Problems, match="nested too deeply"):
        imported(b'{"events":' + b"[" * 100_000, "a.json", DAY)
