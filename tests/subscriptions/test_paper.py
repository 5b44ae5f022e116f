"""What a subscription gets for a day, in posts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.app import App, kind_names, options_of
from bot.config import config_from
from bot.rendering.message import Message

DAY = date(2026, 11, 20)
BLUESKY = "kind: bluesky, handle: made-up.example, app_password: made-upxx-made-upxx"


def posts(folder: Path, channel: str) -> tuple[Message, ...]:
    app = App(config_from(f"channels: {{a: {{{channel}}}}}", "config.yaml", folder, options_of, kind_names), cache=None)
    (wanted,) = app.configured()
    found = app.paper.messages(wanted, app.channel(wanted), DAY, {})
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize(("channel", "parts"), [(BLUESKY, 2), ("kind: console", 1)])
def test_where_posts_continue_each_other_a_long_text_is_the_second_even_if_no_thread_is_wanted(
    channel: str, parts: int, tmp_path: Path
) -> None:
    found = posts(tmp_path, channel)

    assert [(each.part, each.parts) for each in found] == [(number, parts) for number in range(1, parts + 1)]
    assert "\n".join(each.text for each in found).count("Together with the three freed on 19 November") == 1
