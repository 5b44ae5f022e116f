"""Which events come out of a table, and what is said of the rows that hold none?"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Mistake, Problems
from bot.exchange.csv_in import imported
from bot.exchange.taking import Taken
from bot.exchange.yaml_out import written
from tests.builders import loaded

MUSEUM = Path(__file__).parent / "fixtures" / "museum.csv"


def taken(table: str, /, **mapping: str) -> Taken:
    found = imported(table.encode(), "a.csv", mapping)
    loaded(written({"calendar": "test", "title": "Test"}, found.entries))
    return found


def dates(text: str) -> list[str]:
    return [each["date"] for each in taken(text).entries]


def notes(found: Taken) -> list[str]:
    return [str(each) for each in found.notes]


def test_a_table_of_a_museum_becomes_its_calendar() -> None:
    """With a byte order mark, semicolons, German names of columns and a cell of two lines."""
    found = imported(MUSEUM.read_bytes(), "museum.csv")

    assert found.entries == [
        {
            "key": "der-kran-wird-aufgestellt",
            "title": "Der Kran wird aufgestellt",
            "date": "1912-03-04",
            "text": "Er hebt zwölf Tonnen; das reicht\nfür jedes Schiff im Hafen.",
            "tags": ["technik", "hafen"],
            "sources": [{"title": "Chronik, Band 2", "publisher": "Hafenmuseum"}],
        },
        {"key": "das-museum-offnet", "title": "Das Museum öffnet", "date": "1979-05-12"},
        {"key": "heiligabend", "title": "Heiligabend", "date": "12-24", "text": "Das Haus schließt um zwölf."},
        {
            "key": "das-museum-offnet-2",
            "title": "Das Museum öffnet",
            "date": "1979-05-12",
            "text": "Ein zweiter Bericht.",
            "time": "10:30",
        },
    ]


def test_every_bad_row_is_told_with_its_line() -> None:
    found = imported(MUSEUM.read_bytes(), "museum.csv")

    assert [each.split("; ")[0] for each in notes(found)] == [
        "museum.csv:1:1: columns without a field were not taken over: Inventar",
        "museum.csv:4:1: 31 April 1950 does not exist",
        "museum.csv:7:1: event 'ohne-datum' does not say when it falls",
        "museum.csv:8:1: 'title' is missing",
    ]
    assert found.left_out == 3


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_the_sign_between_columns_is_seen(sign: str) -> None:
    found = taken(sign.join(["date", "title", "text"]) + "\n" + sign.join(["1999-12-31", "The last", '"a, b; c\td"']) + "\n")

    assert [(each["title"], each["text"]) for each in found.entries] == [("The last", "a, b; c\td")]


def test_columns_may_be_mapped_by_hand() -> None:
    found = taken("A;B;C\n1999-12-31;The last;Why not\n", date="A", title="B", text="C")

    assert [(each["date"], each["title"], each["text"]) for each in found.entries] == [("1999-12-31", "The last", "Why not")]


def test_a_mapping_wins_over_a_name() -> None:
    found = taken("date,title,name\n1999-12-31,one,two\n", title="name")

    assert [each["title"] for each in found.entries] == ["two"]


@pytest.mark.parametrize(
    ("text", "mapping", "words"),
    [
        ("", {}, "a.csv is empty; the first line names the columns"),
        ("when?,title\n", {}, "no column tells the date; name it with --map date=COLUMN; columns are when?, title"),
        ("date,what\n", {}, "no column has the title; name it with --map title=COLUMN"),
        ("date,title\n", {"titel": "title"}, "there is no field 'titel'; did you mean 'title'"),
        ("date,title\n", {"text": "Titel"}, "there is no column 'Titel'; did you mean 'title'"),
    ],
)
def test_a_table_that_cannot_be_understood_is_a_mistake(text: str, mapping: dict[str, str], words: str) -> None:
    with pytest.raises(Mistake) as caught:
        taken(text, **mapping)

    assert words in str(caught.value)


def test_every_way_to_say_when_has_its_column() -> None:
    head = "title,weekday,easter,persian,old_style,rrule,start,since,leap_day\n"
    rows = [
        "a,last monday of may,,,,,,1990,",
        "b,,-2,,,,,,",
        "c,,,13 Aban 1358,,,,,",
        "d,,,,12-25,,,,",
        "e,,,,,FREQ=YEARLY,1999-01-01,,",
    ]

    found = taken(head + "\n".join(rows) + "\n")

    assert [len(each) for each in found.entries] == [4, 3, 3, 3, 4]
    assert found.entries[0]["since"] == 1990


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1979-05-12", "05-12", "1979-05", "1979"], ["1979-05-12", "05-12", "1979-05", "1979"]),
        (["12.5.1979", "1. 5. 1979", "24.12."], ["1979-05-12", "1979-05-01", "12-24"]),
        (["5/12/1979", "31/1/1980"], ["1979-12-05", "1980-01-31"]),
        (["5/12/1979", "1/31/1980"], ["1979-05-12", "1980-01-31"]),
        (["5/12/1979"], []),
        (["31/1/1980", "1/31/1980"], []),
    ],
)
def test_dates_are_read_as_people_write_them_and_never_guessed(cells: list[str], expected: list[str]) -> None:
    assert dates("date,title\n" + "".join(f"{each},x\n" for each in cells)) == expected


def test_a_date_may_stand_in_three_columns() -> None:
    found = taken("title,year,month,day\na,1979,5,12\nb,,5,12\nc,1979,5,\nd,1979,,\ne,1979,,12\n")

    assert [each["date"] for each in found.entries] == ["1979-05-12", "05-12", "1979-05", "1979"]
    assert notes(found) == ["a.csv:6:1: it has a day but no month; fill in the month"]


def test_a_row_with_too_many_cells_is_told() -> None:
    found = taken("date,title\n1999-12-31,a,b\n1999-12-31,c,\n")

    assert notes(found) == ["a.csv:2:1: the row has more cells than there are columns; put a text with commas in quotes"]


def test_an_end_before_the_beginning_is_left_behind_and_told() -> None:
    found = taken("date,title,date_end\n1999-12-31,a,1999-01-01\n12-31,b,1999-01-01\n1999-12-31,c,2000-01-02\n")

    assert [each.get("date_end") for each in found.entries] == [None, None, "2000-01-02"]
    assert len(found.notes) == 2


def test_a_long_text_goes_on_in_more_before_what_stands_there() -> None:
    text = "A sentence of a few words. " * 20

    (entry,) = taken(f"date,title,text,more\n1999-12-31,a,{text},The rest.\n").entries

    assert len(entry["text"]) <= 280
    assert f"{entry['text']} {entry['more']}" == f"{text.strip()}\n\nThe rest."


def test_links_and_lists_are_taken_apart() -> None:
    (entry,) = taken('date,title,url,people,tags\n1999-12-31,a,https://e.example/a,"Doe, Jane; Roe",x|y;z\n').entries

    assert entry["links"] == [{"title": "a", "url": "https://e.example/a"}]
    assert entry["people"] == ["Doe, Jane", "Roe"]
    assert entry["tags"] == ["x", "y", "z"]


def test_a_wrong_address_leaves_out_its_row_only() -> None:
    found = taken("date,title,url\n1999-12-31,a,nowhere\n1999-12-31,b,https://e.example/\n")

    assert [each["title"] for each in found.entries] == ["b"]
    assert notes(found) == ["a.csv:2:1: 'nowhere' is not a web address; write it with https://"]


def test_a_file_that_is_no_table_is_a_mistake() -> None:
    with pytest.raises(Problems, match=r"^a\.csv:2:1: not CSV"):
        imported(b"date,title\n" + b"x" * 200_000, "a.csv", {})


@given(st.text())
def test_any_text_is_a_table_or_a_mistake(text: str) -> None:
    with suppress(Problems):
        found = imported(f"date,title\n{text}".encode(errors="ignore"), "a.csv")
        loaded(written({"calendar": "test", "title": "Test"}, found.entries))
