"""Do two events tell the same thing? Events of one date compared by their words; equal texts anywhere."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import combinations

from bot.calendars.lint_subject import Hit, Place, Subject, Whole

# Shares of words in common; events of one date in the shipped calendars have less than 0.2.
SAME_WORDS, SAME_TITLE = 0.4, 0.5
_WORD = re.compile(r"[^\W_]+")
_SMALL = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "had", "has", "he", "her", "his", "in", "is", "it",
    "its", "of", "on", "or", "that", "the", "their", "they", "to", "was", "were", "which", "with",
})  # fmt: skip


def same_event(whole: Whole) -> Iterator[tuple[Place, Hit]]:
    by_day: dict[date, list[Subject]] = defaultdict(list)
    for subject in whole.subjects:
        if subject.day:
            by_day[subject.day].append(subject)
    for group in by_day.values():
        for one, other in combinations(group, 2):
            if _alike(one, other):
                what = f"{other.event.key!r} and {one.event.key!r} of {one.day} seem to tell the same"
                yield other.place, Hit(("title",), what, "keep one, with the sources of both")


def _alike(one: Subject, other: Subject) -> bool:
    titles = _share(_words(one.event.title), _words(other.event.title))
    texts = _share(_words(one.event.text), _words(other.event.text))
    return titles >= SAME_TITLE or texts >= SAME_WORDS


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold())) - _SMALL


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    """Words in both, of all words (Jaccard)."""
    return len(one & other) / len(one | other) if one and other else 0.0


def repeated_text(whole: Whole) -> Iterator[tuple[Place, Hit]]:
    first: dict[str, Subject] = {}
    for subject in whole.subjects:
        text = " ".join(subject.event.text.casefold().split())
        if text and first.setdefault(text, subject) is not subject:
            what = f"{subject.event.key!r} has the text of {first[text].event.key!r}"
            yield subject.place, Hit(("text",), what, "say what is new on this day")
