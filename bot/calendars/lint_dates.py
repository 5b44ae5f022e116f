"""Do the dates and numbers in a text agree with the event's own date, the counters and the series?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from bot.calendars.counters import Counter, Series
from bot.calendars.lint_subject import MONTHS, Hit, Subject, dates_in
from bot.calendars.rules import Span

_FAR = 300  # days: on 3 January, "28 December" is the one of a week ago, not the one in a year
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKDAY = re.compile(rf"\b({'|'.join(_WEEKDAYS)}),? (?=\d{{1,2}} (?:{'|'.join(MONTHS)})\b)")
_WRITTEN = {"fifty-two": 52, "fifty-three": 53, "sixty-three": 63, "sixty-six": 66}  # who writes 53 as a word
_HELD = re.compile(
    rf"\b(\d+|{'|'.join(_WRITTEN)}) (?:American |US |remaining |other )?"
    r"(?:hostages|captives|Americans (?:still |were |are )?held)\b",
    re.IGNORECASE,
)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def no_such_date(subject: Subject) -> Iterator[Hit]:
    for part, words in subject.parts.items():
        for match, year, month, day in dates_in(words):
            if _date(year or 2000, month, day) is None:
                yield Hit((part,), f"{match[0]} does not exist", "check day and month", match[0])


def missing_year(subject: Subject) -> Iterator[Hit]:
    """Only where the date is far from the event in its own year, and near in another."""
    if subject.day is None:
        return
    for part, words in subject.parts.items():
        for match, year, month, day in dates_in(words):
            other = _other_year(subject.day, month, day) if year is None else None
            if other and str(other) not in words:
                what = f"{match[0]} is a date of {other}, which this text does not name"
                yield Hit((part,), what, f"write {match[0]} {other}", match[0])


def _other_year(own: date, month: int, day: int) -> int | None:
    """The year before or after, where its date is near and the one of the event's own year is not."""
    distance = {year: abs((found - own).days) for year in _years(own) if (found := _date(year, month, day))}
    nearest = min(distance, key=lambda year: distance[year], default=own.year)
    return nearest if distance.get(own.year, 0) > _FAR else None


def _years(own: date) -> tuple[int, int, int]:
    return own.year, own.year - 1, own.year + 1


def wrong_weekday(subject: Subject) -> Iterator[Hit]:
    for part, words in subject.parts.items():
        named = {match.end(): match for match in _WEEKDAY.finditer(words)}
        for match, year, month, day in dates_in(words):
            before, meant = named.get(match.start()), _meant(subject, year, month, day)
            if before and meant and _WEEKDAYS[meant.weekday()] != before[1]:
                what = f"{match[0]} of {meant.year} was a {_WEEKDAYS[meant.weekday()]}, not a {before[1]}"
                yield Hit((part,), what, "mend the weekday or the date", before[1])


def _meant(subject: Subject, year: int | None, month: int, day: int) -> date | None:
    if year is not None:
        return _date(year, month, day)
    if subject.day is None:
        return None
    return _date(_other_year(subject.day, month, day) or subject.day.year, month, day)


def no_such_day(subject: Subject) -> Iterator[Hit]:
    """A number that the counter never reaches, or a counter that did not run on the event's date."""
    for part, match, counter, span in _numbers(subject):
        number = int(match[1])
        if not span.number(span.first) <= number <= span.total:
            what = f"{match[0]} is outside {counter.key}, which has days {span.number(span.first)} to {span.total}"
            yield Hit((part,), what, "check the number", match[0])
        elif subject.day and not span.first <= subject.day <= span.last and not _dated(subject, part, span, number):
            what = f"{match[0]} is said of {subject.day}, when {counter.key} did not run ({span.first} to {span.last})"
            yield Hit((part,), what, "name the date of that day beside it", match[0])


def wrong_day(subject: Subject) -> Iterator[Hit]:
    for part, match, counter, span in _numbers(subject):
        number = int(match[1])
        if subject.day is None or not span.first <= subject.day <= span.last or _dated(subject, part, span, number):
            continue
        if number != span.number(subject.day) and span.date_of(number):
            what = f"{match[0]} of {counter.key} is {span.date_of(number)}, but the event is of {subject.day}"
            yield Hit((part,), what, f"write {span.number(subject.day)}, or name the other date beside it", match[0])


def _numbers(subject: Subject) -> Iterator[tuple[str, re.Match[str], Counter, Span]]:
    """Every "Day 118" in the texts, by the words before {n} in the label of a counter."""
    for counter in subject.spans:
        words = counter.label.split("{n}")[0]
        pattern = re.compile(rf"\b{re.escape(words)}(\d+)\b(?![.,]?\d)")
        for part, match in subject.matches(pattern) if words.strip() else ():
            if counter.span:
                yield part, match, counter, counter.span


def _dated(subject: Subject, part: str, span: Span, number: int) -> bool:
    """Whether the text names the date of that day itself."""
    day = span.date_of(number)
    named = ((year, month, on) for _, year, month, on in dates_in(subject.parts[part]))
    return any(day and (month, on) == (day.month, day.day) and year in {None, day.year} for year, month, on in named)


def wrong_number(subject: Subject) -> Iterator[Hit]:
    """ "53 hostages" on a day when the series says 52; on the day of a step both numbers are right."""
    day = subject.day
    told = [each for each in subject.spans if each.span and day and each.span.first <= day <= each.span.last]
    for series in (series for counter in told for series in counter.series):
        right = _values(series, day) if day else set()
        for part, match in subject.matches(_HELD):
            number = _WRITTEN.get(match[1].lower()) or int(match[1])
            if number in {step.value for step in series.steps} - right and not _other_years(subject, part):
                now = " or ".join(map(str, sorted(right)))
                yield Hit(
                    (part,), f"{match[0]!r} is said of {day}, when it was {now}", "mend the number or its date", match[0]
                )


def _other_years(subject: Subject, part: str) -> bool:
    """Whether the text speaks of another year too, of which the number may be."""
    own = subject.day.year if subject.day else 0
    return any(int(year) != own for year in re.findall(r"\b(1[89]\d\d|20\d\d)\b", subject.parts[part]))


def _values(series: Series, day: date) -> set[int]:
    """The value at the end of the day; on the day of a step, the one before it as well."""
    before = [step.value for step in series.steps if step.on < day][-1:]
    now = series.value(day)
    stepped = any(step.on == day for step in series.steps)
    return {*(before if stepped else ()), *(() if now is None else (now,))}
