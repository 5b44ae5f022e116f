"""Zones, times, days and lengths of time as people write them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from bot.fields import Clock, Days, Duration, Zone


def read(kind: Any, value: object) -> Any:
    return TypeAdapter(kind).validate_python(value)


def advice(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as refused:
        read(kind, value)
    (found,) = refused.value.errors()
    return str(found["msg"])


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Tehran", "America/Argentina/Ushuaia", "Etc/GMT+12"])
def test_a_zone_of_the_database_is_taken(name: str) -> None:
    assert read(Zone, name) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Europe/Berln", "there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?"),
        ("asia/teheran", "there is no time zone 'asia/teheran'; did you mean 'Asia/Tehran'?"),
        ("xyz", "there is no time zone 'xyz'; write a name such as Europe/Berlin"),
        ("", "there is no time zone ''; write a name such as Europe/Berlin"),
        ("../../etc/passwd", "there is no time zone '../../etc/passwd'; write a name such as Europe/Berlin"),
        ("/etc/passwd", "there is no time zone '/etc/passwd'; write a name such as Europe/Berlin"),
        ("\x00", "there is no time zone '\\x00'; write a name such as Europe/Berlin"),
    ],
)
def test_a_zone_that_does_not_exist_comes_with_advice(name: str, expected: str) -> None:
    assert advice(Zone, name) == expected


@pytest.mark.parametrize("name", ["Europe", "America"])
def test_a_folder_of_the_database_is_no_zone(name: str) -> None:
    assert advice(Zone, name).startswith(f"there is no time zone '{name}'")


@pytest.mark.parametrize("text", ["00:00", "09:05", "23:59"])
def test_a_time_of_day_is_taken(text: str) -> None:
    assert read(Clock, text) == text


@pytest.mark.parametrize("text", ["9:00", "24:00", "09:60", "0900", "9 am", "", "09:00:00", "09:00\n", "0٩:00"])
def test_what_is_no_time_of_day_comes_with_advice(text: str) -> None:
    assert advice(Clock, text) == f"{text!r} is not a time of day; write HH:MM, such as 06:30"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("daily", {0, 1, 2, 3, 4, 5, 6}), ("mon-fri", {0, 1, 2, 3, 4}), ("mon, wed,fri", {0, 2, 4}), ("sat sun", {5, 6}),
        ("sat-mon", {5, 6, 0}), ("Monday", {0}), ("tues", {1}), ("monday-wednesday", {0, 1, 2}), ("sun-sun", {6}),
        (["mon", "Fri"], {0, 4}), (["mon-tue", "sun"], {0, 1, 6}), ("every", {0, 1, 2, 3, 4, 5, 6}),
    ],
)  # fmt: skip
def test_days_of_the_week_are_numbered_from_monday(text: object, expected: set[int]) -> None:
    assert read(Days, text) == expected


@pytest.mark.parametrize("text", ["monkey", "mo", "mon-", "-fri", "mon-xyz", "friend", "5", "mon--fri"])
def test_what_is_no_day_of_the_week_comes_with_advice(text: str) -> None:
    assert advice(Days, text) == f"{text!r} names no days of the week; write daily, mon-fri, or mon, wed, fri"


@pytest.mark.parametrize("text", ["", [], ","])
def test_no_days_at_all_come_with_advice(text: object) -> None:
    assert advice(Days, text) == "no day of the week is named; write daily, mon-fri, or mon, wed, fri"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("2d", timedelta(days=2)),
        (" 5 m ", timedelta(minutes=5)),
    ],
)
def test_a_length_of_time_is_read(text: str, expected: timedelta) -> None:
    assert read(Duration, text) == expected


@pytest.mark.parametrize("text", ["12", "h", "1w", "-1h", "0m", "1.5h", "9999999999d", ""])
def test_what_is_no_length_of_time_comes_with_advice(text: str) -> None:
    assert advice(Duration, text) == f"{text!r} is not a length of time; write 30m, 12h or 2d"
