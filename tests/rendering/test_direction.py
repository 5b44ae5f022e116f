"""Texts that run the other way, kept apart from the line that they stand in."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.rendering.direction import direction, isolated

PERSIAN = "سفارت آمریکا"


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "ltr"), ("fa", "rtl"), ("fa-IR", "rtl"), ("ar", "rtl"), ("he", "rtl"), ("de", "ltr"), ("far", "ltr")],
)
def test_a_language_has_its_direction(language: str, expected: str) -> None:
    assert direction(language) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The embassy is seized", "en"),
        ("Élysée, 1979", "fr"),
        (PERSIAN, "fa"),
        ("۱۹۷۹ · ۴", "fa"),
        ("1979 (…)", "fa"),
        ("", "fa"),
    ],
)
def test_a_text_that_runs_with_the_message_is_left_as_it_is(text: str, language: str) -> None:
    assert isolated(text, language) == text


@pytest.mark.parametrize(
    ("text", "language"), [("Associated Press (reprint)", "fa"), (PERSIAN, "en"), (f"{PERSIAN} (CNN)", "fa"), ("שלום", "de")]
)
def test_a_text_with_a_word_of_the_other_direction_is_isolated(text: str, language: str) -> None:
    assert isolated(text, language) == f"\u2068{text}\u2069"


def test_an_address_at_the_end_keeps_its_end() -> None:
    text = "More at https://example.org/a"
    assert isolated(text, "fa") == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\u202eb", "\u2068a\u202eb\u202c\u2069"),
        ("a\u2069b", "\u2068ab\u2069"),
        ("\u2067a\u202bb", "\u2068\u2067a\u202bb\u202c\u2069\u2069"),
        ("\u2066a\u2069", "\u2068\u2066a\u2069\u2069"),
        ("\u2066a\u202c\u2069", "\u2068\u2066a\u2069\u2069"),
    ],
)
@pytest.mark.parametrize("language", ["en", "fa"])
def test_controls_inside_a_text_do_not_reach_out_of_it(text: str, expected: str, language: str) -> None:
    assert isolated(text, language) == expected


SIGNS = some.text(some.sampled_from("aب1 .)\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"), max_size=12)


@given(SIGNS, some.sampled_from(["en", "fa"]))
def test_after_a_text_everything_that_it_opened_is_closed(text: str, language: str) -> None:
    """By the Unicode names of the controls, which the code does not look at."""
    open_: list[str] = []
    for sign in isolated(text, language):
        kind = unicodedata.bidirectional(sign)
        if kind in {"LRE", "RLE", "LRO", "RLO", "LRI", "RLI", "FSI"}:
            open_.append("PDI" if kind.endswith("I") else "PDF")
        elif kind in {"PDI", "PDF"}:
            assert open_.pop() == kind
    assert open_ == []
