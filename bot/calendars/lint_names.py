"""Is every name spelled as the calendar's list spells it?"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

from bot.calendars.lint_subject import Hit, Place, Whole
from bot.documents import Path, suggestion

_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*")
_SHORTEST, _LONG = 6, 8  # shorter words differ too little to be told apart; from `_LONG` letters two may differ
# Ordinary words that come near names of people.
_OTHERS = frozenset({"Charter", "Christian", "Christians", "Christmas", "Easter", "Friday", "Marines", "Sunday"})


def spelling(whole: Whole) -> Iterator[tuple[Place, Hit]]:
    """Words with a capital that are nearly one of the list, and listed words that have lost their hyphen."""
    near = _Near(word for name in whole.calendar.names for word in _words(name))
    known = near.words | {f"{word}s" for word in near.words} | _ordinary(whole) | _OTHERS
    loose_ends = {word.replace("-", " "): word for word in near.words if "-" in word}
    for subject in whole.subjects:
        for part, text in subject.parts.items():
            for word in _words(text):
                right = near.to(word) if word[0].isupper() and word not in known else None
                if right:
                    yield subject.place, _hit(part, word, right)
            for loose, right in loose_ends.items():
                if re.search(rf"\b{re.escape(loose)}\b", text):
                    yield subject.place, _hit(part, loose, right)


def _hit(part: str, word: str, right: str) -> Hit:
    advice = f"write {right}, or add the other name to names:"
    return Hit((part,), f"{word!r} is nearly the listed name {right!r}", advice, word)


def _ordinary(whole: Whole) -> frozenset[str]:
    """What is written small somewhere, and what belongs to a place."""
    texts = (text for subject in whole.subjects for text in subject.parts.values())
    small = {word.capitalize() for text in texts for word in _words(text) if word.islower()}
    places = {word for subject in whole.subjects for place in subject.event.places for word in _words(place)}
    return frozenset(small | places)


def unlisted(whole: Whole) -> Iterator[tuple[Place, Hit]]:
    """Names in lists of people that the calendar's list does not have."""
    names = whole.calendar.names
    if not names:
        return
    found: list[tuple[Place, Path, str]] = [
        (subject.place, ("people", number), name)
        for subject in whole.subjects
        for number, name in enumerate(subject.event.people)
    ]
    found += [(place, ("name",), person.name) for person, place in whole.people]
    for place, part, name in found:
        if name not in names:
            advice = suggestion(name, names, otherwise="add it there")
            yield place, Hit(part, f"the name {name!r} is not in names: of the calendar", advice)


def _words(text: str) -> Iterator[str]:
    """The words of a text, without the 's of a genitive."""
    return (re.sub(r"['\u2019]s?$", "", word) for word in _WORD.findall(text))


class _Near:
    """Words, found again by what is left of them without one or two letters."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = frozenset(words)
        self._left: dict[str, set[str]] = defaultdict(set)
        for word in self.words:
            for left in _shorter(word) if len(word) >= _SHORTEST else ():
                self._left[left].add(word)

    def to(self, word: str) -> str | None:
        """The listed word that is at most two letters off (one, if it is short)."""
        if len(word) < _SHORTEST:
            return None
        most = 2 if len(word) >= _LONG else 1
        candidates = {each for left in _shorter(word) for each in self._left.get(left, ())}
        return next((each for each in sorted(candidates) if _distance(word, each) <= most), None)


def _shorter(word: str) -> set[str]:
    kept = (combinations(range(len(word)), len(word) - count) for count in range(3))
    return {"".join(word[place] for place in places) for each in kept for places in each}


def _distance(one: str, other: str) -> int:
    """Letters to add, take away or change (Levenshtein)."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        last, row[0] = row[0], number
        for place, each in enumerate(other, 1):
            last, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, last + (letter != each))
    return row[-1]
