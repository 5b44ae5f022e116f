"""Calendars in several languages: told in the reader's, else in their own, and every mistake with its place."""

from __future__ import annotations

from datetime import date

import pytest

from bot.calendars.almanac import Almanac
from bot.calendars.counters import Reading, spelled
from bot.calendars.events import Calendar, Event
from bot.editions import Choice, Edition, edition
from tests.builders import SHELF, loaded, problems_of

TOWN = """
calendar: town
title: The town
counters:
  works:
    counting: span
    first: 2026-03-01
    last: 2026-03-20
    label: "Day {n} of {total}"
    series: [stones]
    milestones: {1: It begins, 10: Half}
    translations:
      de:
        label: "Tag {n} von {total}"
        label_of_several: "Tage {first} bis {last} von {total}"
        milestones: {1: Es beginnt}
      fa: {label: "روز {n} از {total}"}
series:
  stones:
    label: "{n} stones"
    steps: [{on: 2026-03-01, value: 12}, {on: 2026-03-05, value: 34, text: the last stone}]
    translations:
      de: {label: "{n} Steine", steps: {2026-03-05: der letzte Stein}}
events:
  - key: bridge
    date: 1932-03-01
    title: The bridge
    text: It opened.
    more: With music.
    picture: {url: "https://town.example/bridge.jpg", alt: A bridge, credit: The town}
    translations:
      de: {title: Die Brücke, text: Sie wurde eröffnet., alt: Eine Brücke}
      de-CH: {title: D Brugg, text: Si isch offe., more: Mit Musig.}
  - key: tower
    date: 1900-03-01
    title: The tower
"""


@pytest.fixture(scope="module")
def town() -> Calendar:
    return loaded(TOWN)


def bridge(town: Calendar) -> Event:
    return next(each for each in town.events if each.key == "bridge")


@pytest.mark.parametrize(
    ("language", "title", "spoken"),
    [
        ("de", "Die Brücke", "de"),
        ("de-AT", "Die Brücke", "de"),
        ("de-CH", "D Brugg", "de-CH"),
        ("en", "The bridge", "en"),
        ("en-GB", "The bridge", "en"),
        ("fr", "The bridge", "en"),
    ],
)
def test_an_event_is_told_in_the_reader_s_language_else_in_the_calendar_s(
    town: Calendar, language: str, title: str, spoken: str
) -> None:
    found = bridge(town).told_in(language)
    assert (found.title, found.language) == (title, spoken)


def test_a_translation_brings_its_own_longer_text_or_none_and_the_picture_keeps_its_words_for_want_of_others(
    town: Calendar,
) -> None:
    german, swiss = (bridge(town).told_in(language) for language in ("de", "de-CH"))
    assert (german.more, swiss.more) == ("", "Mit Musig.")
    assert german.picture
    assert swiss.picture
    assert (german.picture.alt, swiss.picture.alt) == ("Eine Brücke", "A bridge")


def reading(town: Calendar, day: date) -> Reading:
    (found,) = Almanac([town]).on(day).readings
    return found


def test_a_counter_is_told_in_the_reader_s_language(town: Calendar) -> None:
    first = reading(town, date(2026, 3, 1))

    assert (first.label, first.milestone, first.told) == ("Day 1 of 20", "It begins", ("12 stones",))
    told = first.told_in("de-AT")
    assert (told.label, told.milestone, told.told) == ("Tag 1 von 20", "Es beginnt", ("12 Steine",))


def test_a_step_is_told_in_the_words_of_its_own_day(town: Calendar) -> None:
    fifth = reading(town, date(2026, 3, 5))
    assert (fifth.told, fifth.told_in("de").told) == (("the last stone",), ("der letzte Stein",))


def test_what_is_not_translated_keeps_its_words(town: Calendar) -> None:
    told = reading(town, date(2026, 3, 10)).told_in("fa")
    assert (told.label, told.milestone, told.told) == ("روز ۱۰ از ۲۰", "Half", ("34 stones",))


def test_several_days_of_a_span_are_told_at_once(town: Calendar) -> None:
    days = [reading(town, date(2026, 3, day)) for day in (2, 3, 4)]

    assert spelled(days) == ("Day 2–4 of 20",)
    assert spelled([each.told_in("de") for each in days]) == ("Tage 2 bis 4 von 20",)
    assert spelled([each.told_in("fa") for each in days]) == ("روز ۲–۴ از ۲۰",)


def test_a_calendar_in_persian_counts_in_persian_digits() -> None:
    head = "calendar: a\ntitle: A\nlanguage: fa\ncounters:\n"
    found = loaded(head + '  c: {counting: since, first: 2026-01-01, label: "روز {n}"}\n')
    assert reading(found, date(2026, 1, 15)).label == "روز ۱۵"


def told(language: str) -> Edition:
    found = edition(Almanac([SHELF.calendar("iran-hostage-crisis")]), date(2027, 1, 20), Choice())
    assert isinstance(found, Edition)
    return found.told_in(language)


def test_an_edition_in_its_own_language_is_the_same() -> None:
    assert told("en") == told("en-US") == told("it")


@pytest.mark.parametrize(
    ("language", "label", "held", "title"),
    [
        ("de", "Tag 444 von 444", "die letzten 52 Amerikaner kommen frei", "Die 52 Amerikaner fliegen aus Teheran ab"),
        (
            "es",
            "Día 444 de 444",
            "los últimos 52 estadounidenses quedan libres",
            "Los 52 estadounidenses salen de Teherán en avión",
        ),
        (
            "fr",
            "Jour 444 sur 444",
            "les 52 derniers Américains sont libérés",
            "Les 52\u00a0Américains s’envolent de Téhéran",
        ),
        ("fa", "روز ۴۴۴ از ۴۴۴", "آخرین ۵۲ آمریکایی آزاد می‌شوند", "۵۲ آمریکایی از تهران پرواز می‌کنند"),
    ],
)
def test_the_last_day_of_the_crisis_is_told_in_five_languages(language: str, label: str, held: str, title: str) -> None:
    found = told(language)

    (last,) = (each for each in found.readings if each.number == 444)
    assert (last.label, last.told) == (label, (held,))
    assert found.lead
    assert (found.lead.event.title, found.lead.event.language) == (title, language)


MISTAKE = "calendar: a\ntitle: A\nevents:\n  - key: a\n    title: A\n    text: T\n    date: 1979-11-04\n    translations:\n"


@pytest.mark.parametrize(
    ("translations", "expected"),
    [
        ("      de: {title: A}", "9:11: the event has a text, but none in 'de'; add text: to this translation"),
        ("      en: {title: A, text: T}", "9:7: the calendar itself is in 'en'; leave this translation out"),
        ("      gr: {title: A, text: T}", "9:7: there is no language 'gr'; write its tag, such as en, fa or de-AT"),
        ("      German: {title: A, text: T}", "9:7: there is no language 'German'; did you mean 'de'?"),
        ("      de: {titel: A, title: B, text: T}", "9:12: unknown key 'titel'; did you mean 'title'?"),
        ("      de: {text: T}", "9:11: 'title' is missing; add title: …"),
        ("      de: Text", "9:11: de must be a mapping; write its keys below it, indented"),
    ],
)
def test_a_mistake_in_a_translation_has_its_place_and_advice(translations: str, expected: str) -> None:
    assert problems_of(f"{MISTAKE}{translations}\n") == [f"head.yaml:{expected}"]


COUNTED = "calendar: a\ntitle: A\ncounters:\n  c:\n    counting: since\n    first: 2026-01-01\n    label: '{n}'\n"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("    translations: {de: {label: '{x}'}}", "the label '{x}' cannot be filled; use {n} only"),
        ("    label_of_several: '{n}'", "the label '{n}' cannot be filled; use {first} and {last} and {total} only"),
        (
            "    translations: {de: {label: '{n}', milestones: {3: drei}}}",
            "there is a milestone 3 in 'de', but none like it above; translate what is there",
        ),
    ],
)
def test_a_mistake_in_the_translation_of_a_counter_is_told(more: str, expected: str) -> None:
    assert problems_of(f"{COUNTED}{more}\n") == [f"head.yaml:5:5: {expected}"]


YEARS = """
calendar: years
title: Years
counters:
  open:
    counting: years
    first: 2020-01-01
    label: {one: "{n} year open", other: "{n} years open"}
    translations:
      fr: {label: {one: "{n} an", many: "{n} d’années", other: "{n} ans"}}
      fa: {label: "{n} سال"}
"""


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["0 years open", "1 year open", "2 years open"]),
        ("fr", ["0 an", "1 an", "2 ans"]),
        ("fa", ["۰ سال", "۱ سال", "۲ سال"]),
    ],
)
def test_a_label_has_the_form_that_its_number_asks_for(language: str, expected: list[str]) -> None:
    found = loaded(YEARS)
    assert [reading(found, date(year, 6, 1)).told_in(language).label for year in (2020, 2021, 2022)] == expected


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("{one: a}", "the label has no form 'other'; add other: for the numbers without a form of their own"),
        ("{ones: a, other: b}", "there is no plural form 'ones'; did you mean 'one'?"),
        ("[a]", "a label must be a text, or a mapping of plural forms; write it in quotes, with {n}"),
        ("{one: [a], other: b}", "a label must be a text, or a mapping of plural forms; write it in quotes, with {n}"),
    ],
)
def test_a_mistake_in_the_forms_of_a_label_is_told(label: str, expected: str) -> None:
    assert problems_of(COUNTED.replace("'{n}'", label)) == [f"head.yaml:7:12: {expected}"]
