"""Rules, held against oracles that know nothing of them: a walk over every day of 131 years, and old formulas."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache

import pytest

from bot.calendars import persian
from bot.calendars.almanac import Almanac
from bot.calendars.rules import (
    LAST,
    After,
    AroundEaster,
    Church,
    InMonth,
    Leap,
    NthWeekday,
    OnDate,
    OnJulianDate,
    OnPersianDate,
    Recurrence,
    Rule,
    Span,
    easter,
    family,
    gregorian_to_julian,
    julian_to_gregorian,
    keys_of,
)
from tests.builders import FIRST, SHELF, YEARS, calendar, event
from tests.builders import LAST as LAST_DAY

Falls = Callable[[date], bool]
ONE = timedelta(days=1)
EVERY_DAY = [FIRST + timedelta(days=number) for number in range((LAST_DAY - FIRST).days + 1)]


# Oracles. None of them uses the code under test, nor the libraries it uses.


@cache
def western_easter(year: int) -> date:
    """Meeus, Jones and Butcher: the anonymous Gregorian algorithm of 1876."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), g = divmod(b, 4), (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    corrected = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * corrected) // 433
    month = (h + corrected - 7 * m + 90) // 25
    return date(year, month, (h + corrected - 7 * m + 33 * month + 19) % 32)


@cache
def orthodox_easter(year: int) -> date:
    """Meeus's Julian algorithm, then to our calendar by day number."""
    d = (19 * (year % 19) + 15) % 30
    e = (2 * (year % 4) + 4 * (year % 7) - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date.fromordinal(julian_day_number(year, month, day + 1) - 1721425)


def julian_day_number(year: int, month: int, day: int) -> int:
    """Of a date of the Julian calendar: years that begin in March, counted from 4801 BC."""
    late = (14 - month) // 12
    years, months = year + 4800 - late, month + 12 * late - 3
    return day + (153 * months + 2) // 5 + 365 * years + years // 4 - 32083


@cache
def old_style(day: date) -> tuple[int, int]:
    """Month and day of the Julian calendar, by Richards's algorithm."""
    e = 4 * (day.toordinal() + 1721425 + 1401) + 3
    h = 5 * ((e % 1461) // 4) + 2
    return (h // 153 + 2) % 12 + 1, (h % 153) // 5 + 1


# Meeus, Astronomical Algorithms, table 27.C: the periodic terms of an equinox.
_TERMS = (
    (485, 324.96, 1934.136), (203, 337.23, 32964.467), (199, 342.08, 20.186), (182, 27.85, 445267.112),
    (156, 73.14, 45036.886), (136, 171.52, 22518.443), (77, 222.54, 65928.934), (74, 296.72, 3034.906),
    (70, 243.58, 9037.513), (58, 119.81, 33718.147), (52, 297.17, 150.678), (50, 21.02, 2281.226),
    (45, 247.54, 29929.562), (44, 325.15, 31555.956), (29, 60.93, 4443.417), (18, 155.12, 67555.328),
    (17, 288.79, 4562.452), (16, 198.04, 62894.029), (14, 199.76, 31436.921), (12, 95.39, 14577.848),
    (12, 287.11, 31931.756), (12, 320.81, 34777.259), (9, 227.73, 1222.114), (8, 15.45, 16859.074),
)  # fmt: skip


def _ahead_of_universal_time(year: int) -> float:
    """Delta T in days, roughly, after Espenak and Meeus. The closest call is 2223, half a minute before noon."""
    if year < 1900:
        return 5 / 86400
    if year > 2150:
        return (-20 + 32 * ((year - 1820) / 100) ** 2) / 86400
    since = year - 2000
    return (30 if year < 1986 else 62.92 + 0.32217 * since + 0.005589 * since**2) / 86400


@cache
def nowruz(gregorian_year: int) -> date:
    """The day whose noon in Tehran (sundial, 52.5 degrees east) follows the March equinox."""
    y = (gregorian_year - 2000) / 1000
    mean = 2451623.80984 + 365242.37404 * y + 0.05169 * y**2 - 0.00411 * y**3 - 0.00057 * y**4
    t = (mean - 2451545) / 36525
    w = math.radians(35999.373 * t - 2.47)
    slope = 1 + 0.0334 * math.cos(w) + 0.0007 * math.cos(2 * w)
    moved = sum(a * math.cos(math.radians(b + c * t)) for a, b, c in _TERMS) * 0.00001 / slope
    in_tehran = mean + moved - _ahead_of_universal_time(gregorian_year) + 3.5 / 24
    sundial_noon = 7.5 / 1440  # so late is the sun in the third week of March
    return date.fromordinal(math.ceil(in_tehran - sundial_noon) - 1721425)


@cache
def solar_hijri(day: date) -> tuple[int, int, int]:
    """Counted from Nowruz: six months of 31 days, five of 30, and the rest."""
    start = nowruz(day.year) if day >= nowruz(day.year) else nowruz(day.year - 1)
    passed = (day - start).days
    month, of_month = divmod(passed, 31) if passed < 186 else divmod(passed - 186, 30)
    return start.year - 621, month + (1 if passed < 186 else 7), of_month + 1


def esfand_30_is_missing(day: date) -> bool:
    """Of the Solar Hijri year that is over on `day`, 29 Esfand or 1 Farvardin."""
    last = day if solar_hijri(day)[1] == 12 else day - ONE
    return solar_hijri(last)[1:] == (12, 29)


def on(month: int, day: int) -> Falls:
    return lambda each: (each.month, each.day) == (month, day)


def nth(month: int, weekday: int, number: int) -> Falls:
    def falls(day: date) -> bool:
        same = [each for each in range(1, day.day + 1) if day.replace(day=each).weekday() == weekday]
        return day.month == month and day.weekday() == weekday and len(same) == number

    return falls


def shifted(base: Falls, days: int) -> Falls:
    return lambda day: base(day - timedelta(days=days))


def is_29_february(day: date) -> bool:
    return (day.month, day.day) == (2, 29)


def no_29_february_before(day: date) -> bool:
    """On 1 March of a year without one."""
    return (day.month, day.day) == (3, 1) and (day - ONE).day == 28


def no_29_february_after(day: date) -> bool:
    """On 28 February of a year without one."""
    return (day.month, day.day) == (2, 28) and (day + ONE).day == 1


def night_of_lights(day: date) -> bool:
    return day.month == 11 and 8 <= day.day <= 14 and day.weekday() == 4 and day.year >= 2005


# Every event of the example calendar, by key.
MUSEUM: dict[str, Falls] = {
    "museum-opens": on(5, 12),
    "salvage-of-the-cog": on(6, 2),
    "great-freeze": lambda day: is_29_february(day) or no_29_february_after(day),
    "crane-built": lambda day: False,
    "seafarers-day": on(6, 25),
    "members-day": lambda day: day.month == 9 and day.weekday() == 5 and (day + 7 * ONE).month == 10,
    "long-weekend": lambda day: day == western_easter(day.year) - 2 * ONE,
    "pascha-concert": lambda day: day == orthodox_easter(day.year),
    "hundred-days": shifted(on(5, 12), 100),
    "nowruz": lambda day: solar_hijri(day)[1:] == (1, 1),
    "old-christmas": lambda day: old_style(day) == (12, 25),
    "night-of-lights": night_of_lights,
}
MUSEUM_BEGAN = {
    "museum-opens": date(1979, 5, 12),
    "salvage-of-the-cog": date(1986, 6, 2),
    "members-day": date(1990, 9, 29),
    "hundred-days": date(1979, 8, 20),
}

RULES: dict[str, tuple[Rule, Falls]] = {
    "New Year": (OnDate(1, 1), on(1, 1)),
    "New Year's Eve": (OnDate(12, 31), on(12, 31)),
    "28 February": (OnDate(2, 28), on(2, 28)),
    "1 March": (OnDate(3, 1), on(3, 1)),
    "29 February, else the 28th": (OnDate(2, 29, Leap.FEB28), MUSEUM["great-freeze"]),
    "29 February, else 1 March": (OnDate(2, 29, Leap.MAR1), lambda day: is_29_february(day) or no_29_february_before(day)),
    "29 February in leap years": (OnDate(2, 29, Leap.LEAP_YEARS_ONLY), is_29_february),
    "first Monday of May": (NthWeekday(5, 0, 1), nth(5, 0, 1)),
    "fourth Thursday of November": (NthWeekday(11, 3, 4), nth(11, 3, 4)),
    "fifth Sunday of February": (NthWeekday(2, 6, 5), nth(2, 6, 5)),
    "fifth Friday of July": (NthWeekday(7, 4, 5), nth(7, 4, 5)),
    "last Monday of May": (NthWeekday(5, 0, LAST), lambda day: day.month == 5 and day.weekday() == 0 and day.day > 24),
    "last Sunday of December": (
        NthWeekday(12, 6, LAST),
        lambda day: day.month == 12 and day.weekday() == 6 and day.day > 24,
    ),
    "13 Aban": (OnPersianDate(8, 13), lambda day: solar_hijri(day)[1:] == (8, 13)),
    "11 Dey": (OnPersianDate(10, 11), lambda day: solar_hijri(day)[1:] == (10, 11)),
    "29 Esfand": (OnPersianDate(12, 29), lambda day: solar_hijri(day)[1:] == (12, 29)),
    "30 Esfand, else the day before": (
        OnPersianDate(12, 30, Leap.FEB28),
        lambda day: (
            solar_hijri(day)[1:] == (12, 30) or (solar_hijri(day)[1:] == (12, 29) and solar_hijri(day + ONE)[2] == 1)
        ),
    ),
    "30 Esfand, else the day after": (
        OnPersianDate(12, 30, Leap.MAR1),
        lambda day: solar_hijri(day)[1:] == (12, 30) or (solar_hijri(day)[1:] == (1, 1) and esfand_30_is_missing(day)),
    ),
    "30 Esfand in leap years": (OnPersianDate(12, 30, Leap.LEAP_YEARS_ONLY), lambda day: solar_hijri(day)[1:] == (12, 30)),
    "old New Year": (OnJulianDate(1, 1), lambda day: old_style(day) == (1, 1)),
    "old 19 December": (OnJulianDate(12, 19), lambda day: old_style(day) == (12, 19)),
    "old 29 February": (OnJulianDate(2, 29), lambda day: old_style(day) == (2, 29)),
    "Easter Sunday": (AroundEaster(Church.WESTERN, 0), lambda day: day == western_easter(day.year)),
    "earliest before Easter": (AroundEaster(Church.WESTERN, -80), lambda day: day == western_easter(day.year) - 80 * ONE),
    "Whit Monday": (AroundEaster(Church.WESTERN, 50), lambda day: day == western_easter(day.year) + 50 * ONE),
    "Orthodox Easter": (AroundEaster(Church.ORTHODOX, 0), lambda day: day == orthodox_easter(day.year)),
    "Orthodox Pentecost": (AroundEaster(Church.ORTHODOX, 49), lambda day: day == orthodox_easter(day.year) + 49 * ONE),
    "366 days after New Year's Eve": (After(OnDate(12, 31), 366), shifted(on(12, 31), 366)),
    "366 days before New Year": (After(OnDate(1, 1), -366), shifted(on(1, 1), -366)),
    "3 days after 29 February, else 1 March": (
        After(OnDate(2, 29, Leap.MAR1), 3),
        shifted(lambda day: is_29_february(day) or no_29_february_before(day), 3),
    ),
    "the day after Thanksgiving": (After(NthWeekday(11, 3, 4), 1), shifted(nth(11, 3, 4), 1)),
    "40 days before Nowruz": (After(OnPersianDate(1, 1), -40), shifted(lambda day: solar_hijri(day)[1:] == (1, 1), -40)),
    "8 days after old Christmas": (After(OnJulianDate(12, 25), 8), shifted(lambda day: old_style(day) == (12, 25), 8)),
    "300 days after Easter": (
        After(AroundEaster(Church.WESTERN, 0), 300),
        lambda day: day in {western_easter(day.year) + 300 * ONE, western_easter(day.year - 1) + 300 * ONE},
    ),
    "every second Friday": (
        Recurrence("FREQ=WEEKLY;INTERVAL=2", date(2001, 1, 5)),
        lambda day: day >= date(2001, 1, 5) and (day - date(2001, 1, 5)).days % 14 == 0,
    ),
    "the last day of each month": (
        Recurrence("FREQ=MONTHLY;BYMONTHDAY=-1", date(1999, 1, 31)),
        lambda day: day >= date(1999, 1, 31) and (day + ONE).day == 1,
    ),
    "five times, every tenth day": (
        Recurrence("FREQ=DAILY;INTERVAL=10;COUNT=5", date(1999, 12, 1)),
        lambda day: day in {date(1999, 12, d) for d in (1, 11, 21, 31)} | {date(2000, 1, 10)},
    ),
    "some day of a month": (InMonth(), lambda day: False),
}


@cache
def walked(name: str) -> tuple[date, ...]:
    falls = RULES[name][1] if name in RULES else MUSEUM[name]
    return tuple(day for day in EVERY_DAY if falls(day))


@cache
def told() -> dict[str, list[date]]:
    """On which days the almanac tells each rule above, asked day by day."""
    named = [event(name, on=None, rule=rule) for name, (rule, _) in RULES.items()]
    almanac = Almanac([calendar(named), SHELF.calendar("harbor-museum")])
    found = defaultdict(list)
    for each in almanac.between(FIRST, LAST_DAY):
        for occurrence in each.occurrences:
            found[occurrence.event.key].append(each.day)
    return found


@pytest.mark.parametrize("name", RULES)
def test_the_days_of_each_year_are_those_of_a_walk_over_every_day(name: str) -> None:
    assert tuple(day for year in YEARS for day in RULES[name][0].days(year)) == walked(name)


@pytest.mark.parametrize("name", RULES)
def test_the_almanac_finds_by_key_what_a_walk_finds(name: str) -> None:
    assert tuple(told()[name]) == walked(name)


@pytest.mark.parametrize("key", MUSEUM)
def test_every_kind_of_rule_in_the_example_calendar_agrees_with_a_walk(key: str) -> None:
    began = MUSEUM_BEGAN.get(key, FIRST)
    assert told()[key] == [day for day in walked(key) if day >= began]


def test_the_oracles_cover_every_event_of_the_example_calendar() -> None:
    assert {each.key for each in SHELF.calendar("harbor-museum").events} == set(MUSEUM)


def test_the_days_of_every_rule_in_the_example_calendar_agree_with_a_walk() -> None:
    found = {
        each.key: [d for year in YEARS for d in each.rule.days(year)] for each in SHELF.calendar("harbor-museum").events
    }
    assert found == {key: list(walked(key)) for key in MUSEUM}


@pytest.mark.parametrize(
    ("year", "western", "orthodox"),
    [(2024, "2024-03-31", "2024-05-05"), (2025, "2025-04-20", "2025-04-20"), (2026, "2026-04-05", "2026-04-12")],
)
def test_easter_is_when_the_churches_kept_it(year: int, western: str, orthodox: str) -> None:
    assert (str(easter(year, Church.WESTERN)), str(easter(year, Church.ORTHODOX))) == (western, orthodox)


def test_western_easter_agrees_with_another_algorithm_in_every_year_it_is_known_for() -> None:
    years = range(1583, 4100)
    assert [easter(year, Church.WESTERN) for year in years] == [western_easter(year) for year in years]


def test_orthodox_easter_agrees_with_another_algorithm_in_every_year_it_is_known_for() -> None:
    years = range(1583, 4100)
    assert [easter(year, Church.ORTHODOX) for year in years] == [orthodox_easter(year) for year in years]


def _julian_dates(first: int, last: int) -> Iterator[tuple[int, int, int]]:
    for year in range(first, last):
        for month in range(1, 13):
            length = (31, 29 if year % 4 == 0 else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
            yield from ((year, month, day) for day in range(1, length + 1))


def test_old_style_dates_agree_with_day_numbers() -> None:
    dates = list(_julian_dates(1580, 2210))
    assert [julian_to_gregorian(*each) for each in dates] == [
        date.fromordinal(julian_day_number(*each) - 1721425) for each in dates
    ]


def test_every_day_shows_the_old_style_date_that_leads_back_to_it() -> None:
    assert [gregorian_to_julian(day) for day in EVERY_DAY] == [old_style(day) for day in EVERY_DAY]


def test_the_old_calendar_has_a_29_february_that_ours_lacks() -> None:
    assert julian_to_gregorian(1900, 2, 29) == date(1900, 3, 13)


def test_the_old_calendar_has_no_29_february_in_other_years() -> None:
    assert julian_to_gregorian(1901, 2, 29) is None


def test_the_october_revolution_was_in_november() -> None:
    assert julian_to_gregorian(1917, 10, 25) == date(1917, 11, 7)


def test_the_solar_hijri_new_year_follows_the_equinox_over_tehran_in_every_year_within_the_bounds() -> None:
    years = range(persian.FIRST_YEAR, persian.LAST_YEAR + 1)
    assert [persian.to_gregorian(year, 1, 1) for year in years] == [nowruz(year + 621) for year in years]


def test_every_day_within_the_bounds_has_its_solar_hijri_date() -> None:
    first, last = persian.to_gregorian(persian.FIRST_YEAR, 1, 1), persian.to_gregorian(persian.LAST_YEAR, 12, 29)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    assert [persian.from_gregorian(day) for day in days] == [solar_hijri(day) for day in days]


@pytest.mark.parametrize(
    ("persian_date", "gregorian"),
    [
        ((1358, 8, 13), "1979-11-04"),
        ((1359, 10, 30), "1981-01-20"),
        ((1399, 12, 30), "2021-03-20"),
        ((1404, 1, 1), "2025-03-21"),
    ],
)
def test_known_solar_hijri_dates(persian_date: tuple[int, int, int], gregorian: str) -> None:
    assert str(persian.to_gregorian(*persian_date)) == gregorian


@pytest.mark.parametrize("year", [1177, 1634])
def test_solar_hijri_years_out_of_bounds_are_refused(year: int) -> None:
    with pytest.raises(ValueError, match="1178 to 1633"):
        persian.to_gregorian(year, 1, 1)


@pytest.mark.parametrize("day", [date(1700, 3, 20), date(1799, 3, 20), date(2255, 3, 20), date(2300, 3, 20)])
def test_a_day_outside_of_the_bounds_answers_to_no_solar_hijri_key(day: date) -> None:
    assert [key for key in keys_of(day, {"ap"}) if key.startswith("ap")] == []


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("11-04", "date"), ("02-29/mar1", "date"), ("05-mon-last", "weekday"), ("ap:08-13", "ap"), ("os:12-25", "os"),
        ("easter-2", "easter"), ("pascha+0", "pascha"), ("+100@05-12", "date"), ("-1@pascha+0", "pascha"),
        ("+1@11-thu-4", "weekday"),
    ],
)  # fmt: skip
def test_a_key_tells_its_family(key: str, expected: str) -> None:
    assert family(key) == expected


def test_a_day_answers_to_the_keys_of_the_families_asked_for() -> None:
    assert list(keys_of(date(2026, 4, 12), {"weekday", "ap", "os", "pascha"})) == [
        "04-12", "04-sun-2", "ap:01-23", "os:03-30", "pascha+0",
    ]  # fmt: skip


def test_a_span_gives_the_date_of_a_number() -> None:
    assert Span(date(1979, 11, 4), date(1981, 1, 20)).date_of(118) == date(1980, 2, 29)


@pytest.mark.parametrize("number", [0, 445])
def test_a_span_has_no_date_outside_of_itself(number: int) -> None:
    assert Span(date(1979, 11, 4), date(1981, 1, 20)).date_of(number) is None


def test_an_exclusive_span_begins_with_number_0() -> None:
    assert Span(date(2026, 1, 1), date(2026, 1, 11), inclusive=False).date_of(0) == date(2026, 1, 1)
