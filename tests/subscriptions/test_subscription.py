"""Subscriptions: a channel's settings over those of the file."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from bot.config import QuietDays, Rhythm
from bot.subscriptions.subscription import Owner, Subscription, from_config
from tests.builders import config_of, subscription_of


def only(text: str) -> Subscription:
    (found,) = from_config(config_of(text))
    return found


def test_a_setting_left_out_is_taken_from_the_top_of_the_file() -> None:
    found = only("at: 07:15\ntimezone: Asia/Tehran\nquiet_days: silent\nchannels: {a: {kind: demo}}")
    assert (found.at, found.timezone, found.quiet_days) == (time(7, 15), "Asia/Tehran", QuietDays.SILENT)


def test_a_channel_may_set_everything_for_itself() -> None:
    found = only("at: 07:15\nlanguage: en\nchannels: {a: {kind: demo, at: 18:00, language: fa, calendars: [x], most: 1}}")
    assert (found.at, found.language, found.calendars, found.most) == (time(18), "fa", ("x",), 1)


def test_a_subscription_from_the_file_is_owned_by_it() -> None:
    assert only("channels: {a: {kind: demo}}").owner is Owner.CONFIG


def test_a_channel_s_own_templates_stand_beside_the_config() -> None:
    assert only("channels: {a: {kind: demo, templates: mine}}").templates == Path("/etc/thisday/mine")


def test_each_channel_of_the_file_is_a_subscription() -> None:
    found = from_config(config_of("channels: {a: {kind: demo}, b: {kind: demo}}"))
    assert [each.name for each in found] == ["a", "b"]


def test_a_subscription_does_not_show_its_options() -> None:
    assert "options" not in repr(only("channels: {a: {kind: demo}}"))


@pytest.mark.parametrize(("rhythm", "expected"), [(Rhythm.DAILY, [1, 3]), (Rhythm.WEEKLY, [1])])
def test_a_weekly_subscription_falls_on_the_first_of_its_days(rhythm: Rhythm, expected: list[int]) -> None:
    found = subscription_of(days=frozenset({3, 1}), rhythm=rhythm)
    assert [weekday for weekday in range(7) if found.falls_on(weekday)] == expected
