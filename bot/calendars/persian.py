"""Which Solar Hijri date is a day? A thin door to the persiantools library.

The library reckons by a 33-year arithmetic, mended where the astronomical calendar (the new year is the day whose noon
in Tehran follows the equinox) differs from it; the tests hold both together in the bounds below, outside of which we refuse.
"""

from __future__ import annotations

from datetime import date

FIRST_YEAR, LAST_YEAR = 1178, 1633  # 1799 to 2255
MONTHS = (
    "farvardin", "ordibehesht", "khordad", "tir", "mordad", "shahrivar",
    "mehr", "aban", "azar", "dey", "bahman", "esfand",
)  # fmt: skip


def to_gregorian(year: int, month: int, day: int) -> date:
    """The Gregorian day. Raises ValueError where that year has no such date or the year is out of bounds."""
    from persiantools.jdatetime import JalaliDate

    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"Solar Hijri years from {FIRST_YEAR} to {LAST_YEAR} can be reckoned, not {year}")
    return JalaliDate(year, month, day).to_gregorian()


def from_gregorian(day: date) -> tuple[int, int, int]:
    """Year, month and day of the Solar Hijri calendar."""
    from persiantools.jdatetime import JalaliDate

    found = JalaliDate(day)
    return found.year, found.month, found.day


def is_leap(year: int) -> bool:
    """Whether Esfand has 30 days."""
    return (to_gregorian(year + 1, 1, 1) - to_gregorian(year, 12, 29)).days > 1
