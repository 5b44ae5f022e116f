"""How long a text is, as each platform counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rendering.budget import UNLIMITED, Budget, Unit, cut, graphemes, length

UNITS = (Unit.CODEPOINTS, Unit.UTF16, Unit.UTF8_BYTES, Unit.GRAPHEMES)


@pytest.mark.parametrize(
    ("text", "lengths"),
    [
        ("", (0, 0, 0, 0)),
        ("Day 118", (7, 7, 7, 7)),
        ("é", (1, 1, 2, 1)),
        ("e\u0301", (2, 2, 3, 1)),
        ("👨\u200d👩\u200d👧\u200d👦", (7, 11, 25, 1)),
        ("👍🏽", (2, 4, 8, 1)),
        ("🇮🇷🇺🇸", (4, 8, 16, 2)),
        ("می\u200cروم", (6, 6, 13, 5)),
        ("क्षि", (4, 4, 12, 1)),
        ("각", (1, 1, 3, 1)),
        ("\u1100\u1161\u11a8", (3, 3, 9, 1)),
        ("\r\n", (2, 2, 2, 1)),
        ("𝄞", (1, 2, 4, 1)),
        ("❤\ufe0f", (2, 2, 6, 1)),
    ],
)
def test_a_text_is_as_long_as_its_unit_counts(text: str, lengths: tuple[int, ...]) -> None:
    assert tuple(length(text, unit) for unit in UNITS) == lengths


@given(st.text())
def test_the_graphemes_of_a_text_are_the_text(text: str) -> None:
    assert "".join(graphemes(text)) == text


@given(st.text() | st.text(st.characters(max_codepoint=127)))
def test_a_text_is_as_long_in_graphemes_as_it_has_of_them(text: str) -> None:
    assert length(text, Unit.GRAPHEMES) == len(list(graphemes(text)))


@given(st.text(), st.integers(min_value=0, max_value=30), st.sampled_from(UNITS))
def test_a_cut_text_is_the_longest_beginning_that_ends_between_graphemes(text: str, limit: int, unit: Unit) -> None:
    whole = list(graphemes(text))
    fitting = [n for n in range(len(whole) + 1) if sum(length(each, unit) for each in whole[:n]) <= limit]
    assert cut(text, limit, unit) == "".join(whole[: max(fitting)])


def test_a_family_is_not_cut_apart() -> None:
    assert cut("ab👨\u200d👩\u200d👧", 4, Unit.CODEPOINTS) == "ab"


@pytest.mark.parametrize(("text", "fits"), [("12345", True), ("123456", False)])
def test_a_budget_holds_up_to_its_limit(text: str, fits: bool) -> None:  # noqa: FBT001  # an expected value
    assert Budget(5).fits(text) is fits


def test_a_platform_may_weigh_a_text_by_its_own_rule() -> None:
    assert Budget(5, measure=lambda text: 23 * text.count("https://")).size("https://a https://b") == 46


def test_without_a_limit_everything_fits() -> None:
    assert UNLIMITED.fits("x" * 1_000_000)


def test_no_sign_that_is_counted_quickly_joins_its_neighbour() -> None:
    quick = [*range(0x300), *range(0x2010, 0x2028), *range(0x2030, 0x205F)]
    joined = [(one, two) for one in map(chr, quick) for two in map(chr, quick) if (one, two) != ("\r", "\n")]
    text = "".join(one + two + "\n" for one, two in joined)

    assert length(text, Unit.GRAPHEMES) == len(list(graphemes(text))) == len(text) - text.count("\r\n")
