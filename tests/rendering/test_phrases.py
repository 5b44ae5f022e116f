"""Our own words in each language: all there, with the forms that the language has, and filled in as people write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from babel import Locale

from bot.errors import Problems
from bot.languages import WRITTEN
from bot.rendering.phrases import Forms, Phrases, is_written, phrases, shipped
from tests.builders import folder_of

DAY = date(2026, 11, 4)
WEEK, SPREAD, NEW_YEAR = date(2026, 11, 10), date(2026, 12, 1), date(2027, 1, 3)
WHERE = Path(__file__).resolve().parents[2] / "bot" / "rendering" / "locales"


def test_there_is_a_file_for_each_language_that_is_known_without_asking() -> None:
    assert sorted(path.stem for path in WHERE.iterdir()) == sorted(WRITTEN) == ["de", "en", "es", "fa", "fr"]


def names(said: str | Forms) -> set[str]:
    """The names in braces, of all forms together."""
    return set(re.findall(r"{\w+}", said if isinstance(said, str) else " ".join(said.values())))


def shape(said: Mapping[str, str | Forms]) -> dict[str, tuple[type, set[str]]]:
    return {key: (str if isinstance(each, str) else dict, names(each)) for key, each in said.items()}


@pytest.mark.parametrize("language", WRITTEN)
def test_every_language_has_every_key_with_the_same_names_to_fill_in(language: str) -> None:
    assert shape(shipped(language)) == shape(shipped("en"))


@pytest.mark.parametrize("language", WRITTEN)
def test_each_form_that_babel_knows_of_a_language_is_written_and_no_other(language: str) -> None:
    babel = Locale.parse(language)
    for key, said in shipped(language).items():
        if not isinstance(said, str):
            rule = babel.ordinal_form if key == "ordinal" else babel.plural_form
            assert set(said) == {*rule.tags, "other"}, key
            assert all(names(form) == {"{n}"} for form in said.values())


@pytest.mark.parametrize("language", WRITTEN)
def test_any_number_of_years_finds_its_form(language: str) -> None:
    for years in (*range(1, 3001), 10**6):
        assert phrases(language).years_ago(years).strip("\u2068\u2069")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ("", "today", "1 year ago", "47 years ago", "2500 years ago")),
        ("de", ("", "heute", "vor 1 Jahr", "vor 47 Jahren", "vor 2500 Jahren")),
        ("fr", ("", "aujourd’hui", "il y a 1 an", "il y a 47 ans", "il y a 2500 ans")),
        ("es", ("", "hoy", "hace 1 año", "hace 47 años", "hace 2500 años")),
        ("fa", ("", "امروز", "۱ سال پیش", "۴۷ سال پیش", "۲۵۰۰ سال پیش")),
        ("de-AT", ("", "heute", "vor 1 Jahr", "vor 47 Jahren", "vor 2500 Jahren")),
    ],
)
def test_an_age_is_said_in_words(language: str, expected: tuple[str, ...]) -> None:
    assert tuple(phrases(language).years_ago(years) for years in (None, 0, 1, 47, 2500)) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "1st 2nd 3rd 4th 11th 12th 13th 21st 102nd 111th"),
        ("de", "1. 2. 3. 4. 11. 12. 13. 21. 102. 111."),
        ("fr", "1er 2e 3e 4e 11e 12e 13e 21e 102e 111e"),
        ("es", "1.º 2.º 3.º 4.º 11.º 12.º 13.º 21.º 102.º 111.º"),
        ("fa", "۱م ۲م ۳م ۴م ۱۱م ۱۲م ۱۳م ۲۱م ۱۰۲م ۱۱۱م"),
    ],
)
def test_an_ordinal_has_its_ending(language: str, expected: str) -> None:
    numbers = (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)
    assert " ".join(phrases(language).say("ordinal", n=number) for number in numbers) == expected


@pytest.mark.parametrize(
    ("language", "last", "expected"),
    [
        ("en", DAY, "On this day: 4 November"),
        ("en", WEEK, "This week in history: 4\u201310 November"),
        ("en", date(2026, 11, 6), "On these days: 4\u20136 November"),
        ("en", SPREAD, "On these days: 4 November\u20131 December"),
        ("en-US", WEEK, "This week in history: November 4\u2013November 10"),
        ("de", DAY, "An diesem Tag: 4. November"),
        ("de", WEEK, "Diese Woche in der Geschichte: 4. bis 10. November"),
        ("de", SPREAD, "An diesen Tagen: 4. November bis 1. Dezember"),
        ("fr", DAY, "Ce jour-là, un 4 novembre"),
        ("fr", WEEK, "Cette semaine dans l’histoire, du 4 au 10 novembre"),
        ("fr", SPREAD, "Ces jours-là, du 4 novembre au 1er décembre"),
        ("es", DAY, "Un día como hoy, 4 de noviembre"),
        ("es", WEEK, "Esta semana en la historia: del 4 al 10 de noviembre"),
        ("es", SPREAD, "En días como estos, del 4 de noviembre al 1 de diciembre"),
        ("fa", DAY, "در چنین روزی: ۴ نوامبر"),
        ("fa", WEEK, "این هفته در تاریخ: ۴ تا ۱۰ نوامبر"),
        ("fa", SPREAD, "در چنین روزهایی: ۴ نوامبر تا ۱ دسامبر"),
        ("it", DAY, "On this day: 4 November"),
    ],
)
def test_the_title_names_the_day_or_the_days(language: str, last: date, expected: str) -> None:
    assert phrases(language).title(DAY, last) == expected


@pytest.mark.parametrize(
    ("language", "last", "expected"),
    [
        ("en", DAY, "4 November 2026"),
        ("en", WEEK, "4\u201310 November 2026"),
        ("de", NEW_YEAR, "4. November 2026 bis 3. Januar 2027"),
        ("fr", WEEK, "Du 4 au 10 novembre 2026"),
        ("es", SPREAD, "Del 4 de noviembre al 1 de diciembre de 2026"),
        ("fa", WEEK, "۴ تا ۱۰ نوامبر ۲۰۲۶"),
        ("it", DAY, "4 novembre 2026"),
    ],
)
def test_the_title_of_a_replay_is_the_date_of_the_past(language: str, last: date, expected: str) -> None:
    assert phrases(language).title(DAY, last, replay=True) == expected


@pytest.mark.parametrize("language", WRITTEN)
def test_every_day_of_a_leap_year_has_a_title_of_its_own(language: str) -> None:
    spoken = phrases(language)
    days = [date(2028, 1, 1) + timedelta(days=number) for number in range(366)]
    assert len({spoken.title(day, day) for day in days}) == 366


def test_a_number_in_persian_words_has_persian_digits() -> None:
    assert phrases("fa").say("day_number", n=118) == "روز ۱۱۸"
    assert phrases("fa-AF").say("day_number", n=118) == "روز ۱۱۸"


def test_a_language_without_a_file_borrows_english_words_and_says_so() -> None:
    spoken = phrases("it")

    assert spoken.years_ago(2) == "2 years ago"
    assert set(spoken.borrowed) == set(shipped("en"))
    assert not is_written("it")


@pytest.mark.parametrize("language", [*WRITTEN, "en-US", "de-AT"])
def test_a_language_with_a_file_borrows_nothing(language: str) -> None:
    assert phrases(language).borrowed == ()
    assert is_written(language)


def test_words_that_are_not_there_get_a_suggestion() -> None:
    with pytest.raises(LookupError, match="did you mean 'more'"):
        phrases().say("mroe")


def own(root: Path, text: str, language: str = "it") -> Phrases:
    return phrases(language, (folder_of(root, {f"locales/{language}.yaml": text}),))


def test_a_file_of_one_s_own_brings_a_language(tmp_path: Path) -> None:
    spoken = own(
        tmp_path,
        'on_this_day: "Accadde oggi: {date}"\nyears_ago: {one: "{n} anno fa", many: "{n} di anni fa", other: "{n} anni fa"}',
    )

    assert spoken.title(DAY, DAY) == "Accadde oggi: 4 novembre"
    assert [spoken.years_ago(years) for years in (1, 47)] == ["1 anno fa", "47 anni fa"]
    assert "more" in spoken.borrowed
    assert "on_this_day" not in spoken.borrowed


def test_a_file_of_one_s_own_may_change_a_single_word(tmp_path: Path) -> None:
    spoken = own(tmp_path, "more: Weiterlesen", "de")

    assert (spoken.say("more"), spoken.say("source")) == ("Weiterlesen", "Quelle:")
    assert spoken.borrowed == ()


def test_the_words_of_a_country_come_before_those_of_the_language(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"locales/de.yaml": "more: Mehr dazu\ntoday: heut", "locales/de-CH.yaml": "more: Meh"})
    spoken = phrases("de-CH", (folder,))
    assert (spoken.say("more"), spoken.say("today")) == ("Meh", "heut")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mroe: Altro", "1:1: unknown key 'mroe'; did you mean 'more'?"),
        ("more: [a]", "1:7: more must be a text; write it in quotes"),
        ("more: ''", "1:7: more must be a text; write it in quotes"),
        ("more: '{n}'", "1:7: more '{n}' cannot be filled; leave out the braces"),
        ("today: a\nday_number: Giorno", "2:13: day_number 'Giorno' cannot be filled; use {n}, each by its bare name"),
        ("day_number: '{n!r}'", "1:13: day_number '{n!r}' cannot be filled; use {n}, each by its bare name"),
        ("day_number: '{n.real}'", "1:13: day_number '{n.real}' cannot be filled; use {n}, each by its bare name"),
        (
            "day_number: '{n:>9999999}'",
            "1:13: day_number '{n:>9999999}' cannot be filled; use {n}, each by its bare name",
        ),
        ("day_number: '{n'", "1:13: day_number '{n' cannot be filled; use {n}, each by its bare name"),
        ("years_ago: fa", "1:12: years_ago must be a mapping of plural forms; give many, one, other"),
        (
            "years_ago: {one: '{n}', other: '{n}'}",
            "1:12: years_ago has no form for 'many'; give many, one, other",
        ),
        (
            "years_ago: {one: '{n}', many: '{n}', few: '{n}', other: '{n}'}",
            "1:38: this language has no plural form 'few'; give many, one, other",
        ),
        ("- more", "1:1: a file of words must be a mapping; write 'more: …' for each key"),
        ("more: a\nmore: b", "2:1: the key 'more' stands twice; keep one of the two"),
    ],
)
def test_a_mistake_in_a_file_of_words_is_told_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(Problems) as found:
        own(tmp_path, text)
    assert [str(each).removeprefix(f"{tmp_path}/locales/it.yaml:") for each in found.value.problems] == [expected]


def test_an_empty_file_of_words_changes_nothing(tmp_path: Path) -> None:
    assert own(tmp_path, "# nothing yet\n", "fr").said == phrases("fr").said
