"""Every kind in every language that has words: within its limits, and with no word of another language in between."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import pytest

from bot.channels import Channel, kinds
from bot.config import QuietDays, Rhythm
from bot.languages import WRITTEN
from bot.rendering.message import Message
from bot.resources import shipped
from bot.subscriptions.paper import Paper
from bot.subscriptions.subscription import Subscription
from tests.builders import SHELF, subscription_of

DAYS = [date(2028, 1, 1) + timedelta(days=number) for number in range(0, 366, 61)]
PAPER = Paper(SHELF, (shipped("templates"),))
# What the templates say in English, and in no other language of ours.
ENGLISH = re.compile(r"\b(on this day|on these days|week in history|ago|today|more:|day \d)\b", re.IGNORECASE)


@cache
def channel_of(kind: str) -> Channel:
    found = kinds()[kind]
    return found(found.Options.model_validate(dict(found.example)))


def told(kind: str, day: date, **changes: object) -> tuple[Message, ...]:
    wanted: Subscription = replace(subscription_of(kind), calendars=("iran-hostage-crisis",), **changes)  # type: ignore[arg-type]  # as given
    found = PAPER.messages(wanted, channel_of(kind), day, {})
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize("language", WRITTEN)
@pytest.mark.parametrize("kind", sorted(kinds()))
def test_a_post_of_any_kind_is_within_its_limits_in_any_language(kind: str, language: str) -> None:
    budget = channel_of(kind).budget({})
    for day in DAYS:
        for rhythm in Rhythm:
            for message in told(kind, day, language=language, rhythm=rhythm):
                assert budget.fits(message.text)
                assert message.language == language


def our_own(message: Message) -> str:
    """A post without what the calendar says, and without addresses and tags."""
    text = message.plain
    for each in message.data["events"]:
        for piece in (each["title"], each["text"], *(source["publisher"] for source in each["sources"])):
            text = text.replace(piece, "") if piece else text
    for each in message.data["counters"]:
        text = text.replace(each["label"], "")
    return re.sub(r"\u2068[^\u2069]*\u2069|https?://\S+|#\w+", "", text)


@pytest.mark.parametrize("language", sorted({*WRITTEN} - {"en"}))
@pytest.mark.parametrize("quiet", [QuietDays.COUNTER, QuietDays.NEAREST])
def test_no_word_of_ours_is_left_in_english(language: str, quiet: QuietDays) -> None:
    for day in DAYS:
        for rhythm in Rhythm:
            for message in told("console", day, language=language, rhythm=rhythm, quiet_days=quiet):
                assert not ENGLISH.search(our_own(message)), our_own(message)


def test_a_persian_post_has_persian_digits_outside_of_the_calendar_s_texts() -> None:
    for day in DAYS:
        for message in told("console", day, language="fa", most=2):
            assert re.findall("[0-9]+", our_own(message)) == []
            assert re.findall("[a-zA-Z]+", our_own(message)) == []


def test_the_names_of_two_sources_do_not_join_the_address_between_them() -> None:
    """What stands between two addresses would run from left to right with them."""
    (message,) = told("console", date(2026, 11, 4), language="fa")
    joined = re.findall(r"https?://\S+; (.)", message.plain)
    assert joined
    assert set(joined) == {"\u200f"}


def test_the_number_of_a_part_is_in_the_reader_s_digits() -> None:
    parts = told("mastodon", date(2026, 11, 4), language="fa", thread=True)
    assert [re.search(r"\((.*)\)", each.text.splitlines()[0])[1] for each in parts][:2] == [  # type: ignore[index]  # found
        f"{number}/{len(parts)}".translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")) for number in (1, 2)
    ]
