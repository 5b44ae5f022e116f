"""Which language tags are taken, and what is said of the others."""

from __future__ import annotations

import pytest
from babel import localedata

from bot.languages import WRITTEN, advice, nearest, plural, plurals


@pytest.mark.parametrize("tag", [*WRITTEN, "no", "nb", "de-AT", "en-US", "zh-Hant-TW", "ckb", "pt-BR"])
def test_a_language_is_taken(tag: str) -> None:
    assert advice(tag) is None


def test_every_language_that_babel_has_dates_for_is_taken() -> None:
    bases = {each.partition("_")[0] for each in localedata.locale_identifiers()} - {"root"}
    assert [each for each in sorted(bases) if advice(each)] == []


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("English", "did you mean 'en'?"),
        ("persian", "did you mean 'fa'?"),
        ("Farsi", "did you mean 'fa'?"),
        ("Germn", "did you mean 'de'?"),
        ("français", "did you mean 'fr'?"),
        ("en_US", "did you mean 'en-US'?"),
        ("EN", "did you mean 'en'?"),
        ("qqq", "write its tag, such as en, fa or de-AT"),
        ("", "write its tag, such as en, fa or de-AT"),
    ],
)
def test_what_is_no_language_gets_a_suggestion(tag: str, expected: str) -> None:
    assert advice(tag) == (f"there is no language {tag!r}", expected)


@pytest.mark.parametrize(
    ("language", "known", "expected"),
    [("de-AT", ["de", "de-AT"], "de-AT"), ("de-AT", ["de", "fr"], "de"), ("de", ["de-AT"], None), ("fr", [], None)],
)
def test_the_nearest_language_is_the_very_one_or_the_general_one(
    language: str, known: list[str], expected: str | None
) -> None:
    assert nearest(language, known) == expected


def test_a_number_has_one_of_the_categories_of_its_language() -> None:
    for language in (*WRITTEN, "ar", "pl", "it"):
        assert {plural(number, language) for number in range(1000)} <= plurals(language)
        assert {plural(number, language, ordinal=True) for number in range(1000)} <= plurals(language, ordinal=True)
