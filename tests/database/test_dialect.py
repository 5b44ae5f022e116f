"""Is one SQL text understood by both drivers?"""

from __future__ import annotations

from bot.database.dialect import ROWS, percent, rows_at_once

INSERT = "INSERT INTO t (a, b) VALUES (:a, :b) ON CONFLICT (a) DO NOTHING"


def test_parameters_are_renamed_and_nothing_else() -> None:
    assert percent("SELECT :a, ':b', x::text, 10 % 3 WHERE c = :c") == "SELECT %(a)s, ':b', x::text, 10 %% 3 WHERE c = %(c)s"


def test_an_insert_takes_many_rows() -> None:
    many = rows_at_once(INSERT, "$")

    assert many is not None
    assert many.text(2) == "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT (a) DO NOTHING"
    rows = [{"a": number, "b": "x"} for number in range(ROWS + 1)]
    assert [len(values) for _, values in many.batches(rows)] == [ROWS * 2, 2]
    assert list(many.batches(rows[-1:])) == [(many.text(1), [ROWS, "x"])]


def test_a_parameter_that_is_used_twice_is_given_twice() -> None:
    many = rows_at_once("INSERT INTO t (a, b) VALUES (:x, :x)", "$")

    assert many is not None
    assert list(many.batches([{"x": 1, "more": 2}])) == [("INSERT INTO t (a, b) VALUES ($1, $2)", [1, 1])]


def test_other_statements_are_left_as_they_are() -> None:
    assert rows_at_once("UPDATE t SET a = :a WHERE b = :b", "$") is None
    assert rows_at_once("INSERT INTO t (a, b) SELECT a, :b FROM t", "$") is None
    assert rows_at_once("INSERT INTO t (a, b) VALUES (:a, 'fixed')", "$") is None
    assert rows_at_once(INSERT.replace("DO NOTHING", "DO UPDATE SET b = :other"), "$") is None
