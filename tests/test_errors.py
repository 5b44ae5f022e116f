"""How mistakes are put into words and into order."""

from __future__ import annotations

from bot.errors import Mistake, Problem, Problems, Where


def test_a_place_has_source_line_and_column() -> None:
    assert str(Where("config.yaml", 12, 9)) == "config.yaml:12:9"


def test_a_place_without_a_line_is_the_whole_file() -> None:
    assert str(Where("config.yaml")) == "config.yaml"


def test_a_problem_says_where_what_and_what_instead() -> None:
    assert str(Problem(Where("a.yaml", 1, 2), "wrong", "write right")) == "a.yaml:1:2: wrong; write right"


def test_a_problem_without_advice_ends_with_what_is_wrong() -> None:
    assert str(Problem(Where("a.yaml", 1, 2), "wrong")) == "a.yaml:1:2: wrong"


def test_problems_are_told_in_the_order_of_the_files() -> None:
    places = [Where("b.yaml", 1, 1), Where("a.yaml", 10, 1), Where("a.yaml", 9, 5), Where("a.yaml", 9, 1)]
    found = Problems([Problem(where, "wrong") for where in places])
    assert str(found) == "a.yaml:9:1: wrong\na.yaml:9:5: wrong\na.yaml:10:1: wrong\nb.yaml:1:1: wrong"


def test_a_problem_found_twice_is_told_once() -> None:
    assert str(Problems([Problem(Where("a.yaml"), "wrong"), Problem(Where("a.yaml"), "wrong")])) == "a.yaml: wrong"


def test_a_mistake_says_what_and_what_instead() -> None:
    assert str(Mistake("there is no day 500", "give one up to 444")) == "there is no day 500; give one up to 444"


def test_a_mistake_without_advice_ends_with_what_is_wrong() -> None:
    assert str(Mistake("there is no day 500")) == "there is no day 500"
