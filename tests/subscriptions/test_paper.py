"""What a subscription gets for a day, in posts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.app import App, kind_names, options_of
from bot.channels._telegram_text import visible
from bot.config import Theme, config_from
from bot.rendering.cards import Look, Size
from bot.rendering.message import Message

DAY = date(2026, 11, 20)
BLUESKY = "kind: bluesky, handle: made-up.example, app_password: made-upxx-made-upxx"


def posts(folder: Path, channel: str) -> tuple[Message, ...]:
    app = App(config_from(f"channels: {{a: {{{channel}}}}}", "config.yaml", folder, options_of, kind_names), cache=None)
    (wanted,) = app.configured()
    found = app.paper.messages(wanted, app.channel(wanted), DAY, {})
    assert isinstance(found, tuple)
    return found


def test_what_was_composed_for_one_channel_is_at_hand_for_another_that_gets_the_same(tmp_path: Path) -> None:
    text = "channels: {a: {kind: console}, b: {kind: console, at: '09:00'}, c: {kind: console, language: de}}"
    app = App(config_from(text, "config.yaml", tmp_path, options_of, kind_names), cache=None)
    first, same, other = app.configured()
    paper, channel = app.paper, app.channel(first)

    assert paper.at_hand(first, channel, DAY, {}) is None
    made = paper.messages(first, channel, DAY, {})

    assert paper.at_hand(same, channel, DAY, {}) is made
    assert [paper.at_hand(*each, {}) for each in ((other, channel, DAY), (first, channel, date(2026, 11, 21)))] == [
        None,
        None,
    ]


@pytest.mark.parametrize(("channel", "parts"), [(BLUESKY, 2), ("kind: console", 1)])
def test_where_posts_continue_each_other_a_long_text_is_the_second_even_if_no_thread_is_wanted(
    channel: str, parts: int, tmp_path: Path
) -> None:
    found = posts(tmp_path, channel)

    assert [(each.part, each.parts) for each in found] == [(number, parts) for number in range(1, parts + 1)]
    assert "\n".join(each.text for each in found).count("Together with the three freed on 19 November") == 1


MASTODON = "kind: mastodon, server: 'https://mastodon.example.org', access_token: made-up"


def test_the_first_of_the_posts_has_the_card_of_the_edition(tmp_path: Path) -> None:
    found = posts(tmp_path, f"{BLUESKY}, card: dark")

    first, second = (each.image for each in found)
    assert second is None
    assert first is not None
    assert first.card is not None
    assert first.card.headline == "Day 17 of 444"
    assert first.card.look == Look(Theme.DARK, Size.WIDE, "en")
    assert first.alt == first.card.alt


def test_a_card_speaks_the_language_of_its_channel(tmp_path: Path) -> None:
    (found,) = posts(tmp_path, f"{MASTODON}, card: light, language: de")

    assert found.image
    assert found.image.card
    assert found.image.card.date.startswith("20. November 1979")


@pytest.mark.parametrize("channel", [MASTODON, "kind: console, card: light", "kind: ntfy, topic: made-up, card: light"])
def test_no_card_is_made_where_none_is_wished_or_none_can_be_uploaded(channel: str, tmp_path: Path) -> None:
    assert posts(tmp_path, channel)[0].image is None


def test_on_telegram_a_text_beside_a_card_is_short_enough_for_a_caption(tmp_path: Path) -> None:
    telegram = "kind: telegram, bot_token: '123456:made-up', chat: '@made_up_channel'"
    (long,), (short,) = (posts(tmp_path, each) for each in (telegram, f"{telegram}, card: light"))

    assert len(visible(long.text)) > 1024 >= len(visible(short.text))


def test_a_card_that_cannot_be_drawn_does_not_hold_the_post_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.rendering.cards.drawing.unknown", lambda text: "漢")

    (found,) = posts(tmp_path, f"{MASTODON}, card: light, language: fr")

    assert found.image is None
    assert found.text
    assert "goes out without its card: the fonts of the card have no '漢'" in caplog.text
