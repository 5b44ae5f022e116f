"""Is what was made last kept, and what is old forgotten?"""

from __future__ import annotations

import pytest

from bot.subscriptions.recent import Recent


def test_a_value_is_made_once_and_forgotten_when_others_were_used_since() -> None:
    made: list[str] = []

    def make(key: str) -> str:
        made.append(key)
        return key.upper()

    def get(key: str) -> str:
        return recent.get(key, lambda: make(key))

    recent = Recent[str](2)

    assert [get(key) for key in "abaca"] == ["A", "B", "A", "C", "A"]
    assert made == ["a", "b", "c"]
    assert get("b") == "B"
    assert made == ["a", "b", "c", "b"]


def test_what_could_not_be_made_is_tried_again() -> None:
    recent = Recent[int](2)
    asked: list[int] = []

    def make() -> int:
        asked.append(1)
        if len(asked) == 1:
            raise ValueError("not now")
        return 7

    with pytest.raises(ValueError, match="not now"):
        recent.get("a", make)
    assert recent.get("a", make) == 7
