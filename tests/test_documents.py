"""YAML as plain values that remember their places; hostile documents refused, all mistakes at once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from bot.documents import Document, check, keys_at, mistake, parse, suggestion
from bot.errors import Problem, Problems, Where


def values(text: str) -> Any:
    found: list[Problem] = []
    document = parse(text, "a.yaml", found)
    assert found == []
    return document.value


def wrong(text: str) -> list[str]:
    """The mistakes in a text, those that end the reading and those that do not."""
    found: list[Problem] = []
    try:
        parse(text, "a.yaml", found)
    except Problems as fatal:
        found += fatal.problems
    return [str(each) for each in found]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("at: 09:00", {"at": "09:00"}), ("lang: no", {"lang": "no"}), ("a: yes", {"a": "yes"}), ("a: 0123", {"a": "0123"}),
        ("a: 1_000", {"a": "1_000"}), ("a: 1.0", {"a": "1.0"}), ("a: 2026-01-01", {"a": "2026-01-01"}), ("a: =", {"a": "="}),
        ("a: true", {"a": True}), ("a: false", {"a": False}), ("a: null", {"a": None}), ("a: ~", {"a": None}),
        ("a:", {"a": None}), ("a: 'true'", {"a": "true"}), ('a: "null"', {"a": "null"}), ("a: ''", {"a": ""}),
        ("a: |\n  true\n", {"a": "true\n"}), ("a: True", {"a": "True"}), ("- a\n- [b, {c: d}]", ["a", ["b", {"c": "d"}]]),
        ("just text", "just text"), ("a: &x [1]\nb: *x", {"a": ["1"], "b": ["1"]}), ("a: !!str 5", {"a": "5"}),
        ("a: !!int 5", {"a": "5"}), ("1: a", {"1": "a"}), ("~: a", {"~": "a"}), ("", None), ("# nothing", None),
        ("---\n", None), ("a: {}\nb: []", {"a": {}, "b": []}), ("\ufeffa: b", {"a": "b"}),
    ],
)  # fmt: skip
def test_scalars_are_text_but_for_the_plain_words(text: str, value: object) -> None:
    assert values(text) == value


def test_a_value_that_stands_twice_by_an_alias_is_two_values() -> None:
    found = values("a: &x {k: v}\nb: *x")
    found["a"]["k"] = "changed"
    assert found["b"] == {"k": "v"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a:\n\t- b",
            "a.yaml:2:1: not YAML: found character that cannot start any token; check quotes, colons and indentation",
        ),
        ("a: [b", "a.yaml:2:1: not YAML: did not find expected ',' or ']'; check quotes, colons and indentation"),
        ("a: 'b", "a.yaml:1:6: not YAML: found unexpected end of stream; check quotes, colons and indentation"),
        (
            "a: b: c",
            "a.yaml:1:5: not YAML: mapping values are not allowed in this context; check quotes, colons and indentation",
        ),
        ("a: *b", "a.yaml:1:4: not YAML: found undefined alias; check quotes, colons and indentation"),
        ("a: 1\n---\nb: 2", "a.yaml:2:1: not YAML: but found another document; check quotes, colons and indentation"),
        ("a: ok\nb: \x00", "a.yaml:2:4: not YAML: control characters are not allowed; remove it"),
        ("a: \x07", "a.yaml:1:4: not YAML: control characters are not allowed; remove it"),
    ],
)
def test_what_is_not_yaml_has_its_place(text: str, expected: str) -> None:
    assert wrong(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3", ["a.yaml:3:1: the key 'a' stands twice; keep one of the two"]),
        ("a: {b: 1, b: 2}\nc: {b: 3}", ["a.yaml:1:11: the key 'b' stands twice; keep one of the two"]),
        ("[a, b]: 1", ["a.yaml:1:1: a list or a mapping is no key; write a word before the colon"]),
        ('a: "x\\x0by"', ["a.yaml:1:4: U+000B is a character that cannot be shown; leave it out"]),
        ('a:\n  - "\\0"', ["a.yaml:2:5: U+0000 is a character that cannot be shown; leave it out"]),
        ("a: !secret b", ["a.yaml:1:4: the tag !secret is not known; leave it out"]),
        ("a: !mine {b: c}", ["a.yaml:1:4: the tag !mine is not known; leave it out"]),
        (
            "a: !!python/object/apply:os.system ['ls']",
            ["a.yaml:1:4: the tag tag:yaml.org,2002:python/object/apply:os.system is not known; leave it out"],
        ),
        (
            "a: !!python/name:os.system",
            ["a.yaml:1:4: the tag tag:yaml.org,2002:python/name:os.system is not known; leave it out"],
        ),
        (
            "a: !x 1\na: !y 2",
            [
                "a.yaml:1:4: the tag !x is not known; leave it out",
                "a.yaml:2:4: the tag !y is not known; leave it out",
                "a.yaml:2:1: the key 'a' stands twice; keep one of the two",
            ],
        ),
    ],
)
def test_what_is_yaml_but_not_ours_is_noted_and_the_reading_goes_on(text: str, expected: list[str]) -> None:
    assert wrong(text) == expected


def test_of_a_key_that_stands_twice_the_first_counts() -> None:
    assert parse("a: 1\na: 2", "a.yaml", []).value == {"a": "1"}


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_a_bomb_of_aliases_is_refused() -> None:
    assert [each.split(": ", 1)[1] for each in wrong(BOMB)] == [
        "this document unfolds to too many values; use fewer aliases"
    ]


def test_a_bomb_of_aliases_is_refused_quickly() -> None:
    start = time.perf_counter()
    wrong(BOMB)
    assert time.perf_counter() - start < 1


def test_a_long_document_without_aliases_is_no_bomb() -> None:
    assert len(values("\n".join(["- x"] * 150_000))) == 150_000


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "&a [{b: [*a]}]"])
def test_an_anchor_that_contains_itself_is_refused(text: str) -> None:
    assert [each.split(": ", 1)[1] for each in wrong(text)] == ["this anchor contains itself; write the values out"]


@pytest.mark.parametrize("depth", [101, 300, 500, 900, 1_000, 10_000, 200_000])
def test_a_document_of_too_many_levels_is_refused(depth: int) -> None:
    (found,) = wrong("[" * depth + "]" * depth)
    assert "nested too deeply" in found or "exceeded maximum nesting depth" in found


def test_a_document_of_a_hundred_levels_is_read() -> None:
    assert wrong("[" * 100 + "]" * 100) == []


@given(st.text())
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    assert all(each.startswith("a.yaml:") for each in wrong(text))


def test_a_substitute_rewrites_every_scalar_that_may_need_it() -> None:
    found: list[Problem] = []
    document = parse("a: $x\nb: [file:y, plain]", "a.yaml", found, str.upper)
    assert document.value == {"a": "$X", "b": ["FILE:Y", "plain"]}


def test_what_a_substitute_refuses_has_the_place_of_the_scalar() -> None:
    def refuse(text: str) -> str:
        raise Problems([Problem(Where(""), f"no {text}", "set it")])

    found: list[Problem] = []
    document = parse("a: b\nc: $x", "a.yaml", found, refuse)
    assert (document.value, [str(each) for each in found]) == ({"a": "b", "c": ""}, ["a.yaml:2:4: no $x; set it"])


DOCUMENT = parse("a:\n  b: [x, y]\n  c: {d: z}\n", "a.yaml", [])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), "1:1"), (("a",), "2:3"), (("a", "b"), "2:6"), (("a", "b", 1), "2:10"), (("a", "c", "d"), "3:10"),
        (("a", "missing"), "2:3"), (("a", "b", 7), "2:6"), (("a", "b", "word"), "2:6"), (("a", "c", "d", "e"), "3:10"),
        (("missing", "b"), "1:1"),
    ],
)  # fmt: skip
def test_a_value_has_the_place_where_it_stands_or_its_nearest_parent(path: tuple[str | int, ...], expected: str) -> None:
    assert str(DOCUMENT.where(path)) == f"a.yaml:{expected}"


@pytest.mark.parametrize(("path", "expected"), [(("a",), "1:1"), (("a", "c"), "3:3"), (("a", "c", "d"), "3:7")])
def test_a_key_has_the_place_where_it_stands(path: tuple[str | int, ...], expected: str) -> None:
    assert str(DOCUMENT.where(path, key=True)) == f"a.yaml:{expected}"


def test_an_empty_document_has_a_place() -> None:
    assert str(parse("", "a.yaml", []).where(("a",))) == "a.yaml:1:1"


def _no_zero(value: int) -> int:
    if not value:
        raise mistake("nothing is not enough", "take 1")
    return value


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("an even number is needed")
    return value


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    colour: Literal["red", "green"] = "red"
    weight: Annotated[int, AfterValidator(_no_zero)] = 1


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=2)
    inner: Inner | None = None
    many: dict[int, Inner] = {}
    rows: tuple[Inner, ...] = ()
    count: Annotated[int, AfterValidator(_even)] = 2
    given: str = Field("", alias="from")
    token: SecretStr | None = Field(None, min_length=20)
    tokens: dict[str, Annotated[SecretStr, Field(min_length=20)]] = {}
    loud: bool = False


NO_INTEGER = "it should be a valid integer, unable to parse string as an integer"


def judged(text: str) -> list[str]:
    document = parse(text, "a.yaml", [])
    try:
        check(document, Outer)
    except Problems as found:
        return [str(each).removeprefix("a.yaml:") for each in found.problems]
    return []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: ok", []),
        ("name: ok\nloud: true\ninner: null\n", []),
        ("", ["1:1: 'name' is missing; add name: …"]),
        ("- a", ["1:1: the document must be a mapping; write its keys below it, indented"]),
        ("name: x", ["1:7: name 'x' is not right; it should have at least 2 characters"]),
        ("name: [x]", ["1:7: name list is not right; it should be a valid string"]),
        ("nme: ok", ["1:1: 'name' is missing; add name: …", "1:1: unknown key 'nme'; did you mean 'name'?"]),
        ("name: ok\ninner: {color: red}", ["2:9: unknown key 'color'; did you mean 'colour'?"]),
        ("name: ok\ninner: {x: red}", ["2:9: unknown key 'x'; known are colour, weight"]),
        ("name: ok\ninner: {colour: rde}", ["2:17: colour 'rde' is not known; did you mean 'red'?"]),
        ("name: ok\ninner: {colour: blue}", ["2:17: colour 'blue' is not known; known are red, green"]),
        ("name: ok\ninner: {weight: 0}", ["2:17: nothing is not enough; take 1"]),
        ("name: ok\ninner: x", ["2:8: inner must be a mapping; write its keys below it, indented"]),
        ("name: ok\nmany: {1: {colour: rde}}", ["2:20: colour 'rde' is not known; did you mean 'red'?"]),
        ("name: ok\nmany: {1: {color: red}}", ["2:12: unknown key 'color'; did you mean 'colour'?"]),
        (
            "name: ok\nmany: {one: {}}",
            ["2:8: the key 'one' is not right; it should be a valid integer, unable to parse string as an integer"],
        ),
        ("name: ok\nrows: x", ["2:7: rows must be a list; write one '- …' per line"]),
        ("name: ok\nrows:\n  - {}\n  - {weigth: 1}", ["4:6: unknown key 'weigth'; did you mean 'weight'?"]),
        ("name: ok\ncount: 3", ["2:8: count '3' is not right; an even number is needed"]),
        ("name: ok\nfrm: x", ["2:1: unknown key 'frm'; did you mean 'from'?"]),
        (f"name: ok\ncount: {'9' * 60}x", [f"2:8: count '{'9' * 38}… is not right; {NO_INTEGER}"]),
    ],
)  # fmt: skip
def test_every_finding_is_told_in_our_words_at_its_place(text: str, expected: list[str]) -> None:
    assert judged(text) == expected


@pytest.mark.parametrize(
    "text", ["name: ok\ntoken: hunter2", "name: ok\ntokens: {X: hunter2}", "name: ok\ntokens: {X: [hunter2]}"]
)
def test_a_wrong_secret_is_not_shown(text: str) -> None:
    (found,) = judged(text)
    assert "hunter2" not in found


def test_all_mistakes_are_told_at_once() -> None:
    found = judged("name: x\nloud: perhaps\ncount: 3\nrows: [{colour: blue}]\nextra: 1\n")
    assert [each.split(": ")[0] for each in found] == ["1:7", "2:7", "3:8", "4:17", "5:1"]


def test_a_part_of_a_document_is_checked_at_its_own_place() -> None:
    document = parse("parts:\n  - {}\n  - {colour: blue}\n", "a.yaml", [])
    with pytest.raises(Problems, match=r"a\.yaml:3:14: colour 'blue' is not known"):
        check(document, Inner, at=("parts", 1))


def test_a_checked_document_is_the_model() -> None:
    assert check(parse("name: ok\nmany: {1: {weight: 5}}", "a.yaml", []), Outer).many[1].weight == 5


def test_a_document_made_by_hand_needs_no_nodes() -> None:
    with pytest.raises(Problems, match="by hand:1:1: 'name' is missing"):
        check(Document("by hand", {}, None), Outer)


@pytest.mark.parametrize(
    ("path", "expected"),
    [((), ["name", "inner", "many", "rows", "count", "from", "token", "tokens", "loud"]), (("inner",), ["colour", "weight"]),
     (("many", 1), ["colour", "weight"]), (("name",), []), (("name", "x"), [])],
)  # fmt: skip
def test_the_keys_of_a_model_are_known_at_every_depth(path: tuple[str | int, ...], expected: list[str]) -> None:
    assert keys_at(Outer, path) == expected


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("timezon", ["timezone", "at"], "did you mean 'timezone'?"),
        ("HASHTAGS", ["hashTags"], "did you mean 'hashTags'?"),
        ("xyz", ["timezone", "at"], "known are timezone, at"),
        ("xyz", [], "leave it out"),
    ],
)
def test_a_suggestion_names_the_nearest_word_or_all(word: str, known: list[str], expected: str) -> None:
    assert suggestion(word, known) == expected


def test_a_suggestion_may_have_other_advice_than_all_the_words() -> None:
    assert suggestion("xyz", ["timezone"], otherwise="look it up") == "look it up"


def test_no_tag_can_run_anything(tmp_path: Path) -> None:
    wrong(f"a: !!python/object/apply:os.mkdir ['{tmp_path}/made']")
    assert list(tmp_path.iterdir()) == []
