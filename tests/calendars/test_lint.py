"""Does the lint find what an editor would mend, and nothing in the shipped calendars?"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from bot.calendars.lint import ENGLISH, RULES, Finding, lint
from bot.calendars.loader import Text
from bot.errors import Problems
from tests.builders import SHELF

TODAY = date(2026, 11, 25)
PLANTED = Path(__file__).parent / "fixtures" / "mistakes.yaml"
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "lint.md"
HEAD = "calendar: test\ntitle: Test\nlanguage: {language}\nevents:\n"


def linted(events: str, *, language: str = "en") -> list[Finding]:
    return lint([Text("test.yaml", HEAD.format(language=language) + events)], TODAY)


def event(text: str, title: str = "Something happens") -> str:
    source = "sources: [{ title: A book, publisher: A publisher }]"
    return f"  - {{ key: one, date: 1980-02-01, title: '{title}', text: '{text}', {source} }}\n"


def rules(findings: list[Finding]) -> list[str]:
    return [each.rule for each in findings]


def test_every_planted_mistake_is_found_at_its_line_and_nothing_else_is() -> None:
    text = PLANTED.read_text(encoding="utf-8")
    marks = (re.search(r" # ([a-z-]+)$", line) for line in text.splitlines())
    planted = [(number, mark[1]) for number, mark in enumerate(marks, 1) if mark]

    found = [(each.where.line, each.rule) for each in lint([Text("mistakes.yaml", text)], TODAY)]

    assert sorted(found) == sorted(planted)
    assert len(planted) >= 20


def test_every_rule_has_a_planted_mistake() -> None:
    text = PLANTED.read_text(encoding="utf-8")

    assert [rule for rule in RULES if f"# {rule}\n" not in text] == []


@pytest.mark.parametrize("name", [*SHELF.names(), *map(str, ROOT.glob("examples/*/events/*.yaml"))])
def test_the_shipped_calendars_are_clean(name: str) -> None:
    assert [str(each) for each in lint(SHELF.texts(name), TODAY)] == []


def test_every_rule_is_on_the_page_and_the_page_has_no_other() -> None:
    assert re.findall(r"^## `([a-z-]+)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE) == list(RULES)


def test_the_rules_for_english_are_rules() -> None:
    assert set(RULES) >= ENGLISH


def test_a_finding_says_where_by_which_rule_what_and_what_instead() -> None:
    (found,) = linted(event("The search was brutal."))

    assert str(found) == "test.yaml:5:85: judgement: 'brutal' judges; tell what happened and let the reader judge"


def test_the_place_is_that_of_the_word_in_a_folded_text() -> None:
    dated = "  - key: one\n    date: 1980-02-01\n    title: A search\n"
    folded = f"{dated}    text: >-\n      It began at noon\n      and was brutal.\n"
    (found,) = linted(folded + "    sources: [{ title: A book, publisher: A publisher }]\n")

    assert (found.where.line, found.where.column) == (10, 15)


def test_a_translation_is_held_to_the_same_length() -> None:
    head = "  - key: one\n    date: 1980-02-01\n    title: T\n    text: It began.\n"
    translation = f"    translations:\n      de:\n        title: {'T' * 91}\n        text: {'t' * 280}.\n"
    found = linted(f"{head}{translation}    sources: [{{ title: A book, publisher: A publisher }}]\n")

    assert [(each.rule, each.where.line, each.where.column) for each in found] == [
        ("title-too-long", 11, 16),
        ("text-too-long", 12, 15),
    ]


def test_words_are_judged_in_english_only() -> None:
    assert rules(linted(event("Der Anschlag war brutal."), language="de")) == []


def test_what_does_not_load_is_not_linted() -> None:
    with pytest.raises(Problems):
        linted("  - { key: one }\n")


def test_a_funeral_and_a_plan_for_a_death_are_no_death() -> None:
    assert rules(linted(event("A paper was sent.", "Plans for the death of the shah"))) == []
    assert rules(linted(event("A paper was sent.", "What to do if the shah dies"))) == []


def test_a_death_in_a_title_is_solemn() -> None:
    assert rules(linted(event("It was in Cairo.", "The shah dies"))) == ["tone-of-death"]


def test_names_are_held_to_the_list_where_there_is_one() -> None:
    listed = "calendar: test\ntitle: Test\nnames: [Sadegh Ghotbzadeh]\nevents:\n"
    near = event("The minister Sadeq Qotbzadeh spoke.")

    assert rules(lint([Text("test.yaml", listed + near)], TODAY)) == ["name-spelling"]
    assert linted(near) == []


def test_the_plural_of_a_name_and_its_genitive_are_no_other_name() -> None:
    listed = "calendar: test\ntitle: Test\nnames: [John Sheardown]\nevents:\n"
    plural = event("The Sheardowns took them in. Sheardown''s house was large.")

    assert lint([Text("test.yaml", listed + plural)], TODAY) == []


def test_on_the_day_of_a_step_both_numbers_are_right() -> None:
    text = PLANTED.read_text(encoding="utf-8").replace("date: 1980-07-20", "date: 1980-07-11")

    assert "53 hostages" not in " ".join(each.what for each in lint([Text("mistakes.yaml", text)], TODAY))
