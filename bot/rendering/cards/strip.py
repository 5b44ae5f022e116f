"""What does the whole span look like? A strip of its days, a column for each week, coloured by what each day was about.

The theme of a day is the first tag of its most important event. The days on which a number beside the counter changed
have a ring.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from bot.calendars.counters import Counter
from bot.calendars.events import Calendar, Event
from bot.calendars.rules import Span
from bot.errors import Mistake
from bot.languages import digits
from bot.rendering import words
from bot.rendering.cards import Look
from bot.rendering.cards.drawing import PALETTES, Colour, Line, as_png, check, write
from bot.rendering.cards.lettering import BOLD, CAPITALS, REGULAR, font, needed, shaped

WIDE, MARGIN = 1600, 56
TITLE, TEXT, SMALL = 44, 26, 22  # sizes of text
MOST_THEMES = 8  # the rarer ones are one colour, and without a name
SWATCH = 20
# Told apart by those who see no red or green as well: hues of Okabe and Ito, and light beside dark.
HUES: tuple[Colour, ...] = (
    (0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167),
    (213, 94, 0), (86, 180, 233), (146, 103, 60), (110, 38, 104),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Strip:
    """A span with the theme of each of its days, in order; "" where a day has no event or none with a tag."""

    title: str
    dates: str
    first: date
    themes: tuple[str, ...]
    rings: frozenset[int]
    told: str
    look: Look

    @property
    def legend(self) -> tuple[tuple[str, int], ...]:
        """The themes by the number of their days, the most common first."""
        return tuple(Tally(filter(None, self.themes)).most_common(MOST_THEMES))

    @property
    def alt(self) -> str:
        themes = ", ".join(f"{_named(theme)} {words.number(count, self.look.language)}" for theme, count in self.legend)
        return ". ".join(filter(None, (f"{self.title}, {self.dates}", themes, self.told))) + "."


def strip(calendars: Sequence[Calendar], look: Look) -> Strip:
    """The strip of the first counter that counts the days of a span. Raises `Mistake` if there is none."""
    found = next(((calendar, each) for calendar in calendars for each in calendar.counters if each.span), None)
    if found is None:
        raise Mistake("no calendar here counts days", "name one that has a span counter with --calendar")
    calendar, counter = found
    assert counter.span is not None
    span, counter = counter.span, counter.told_in(look.language)
    themes = _themes(calendar.events, span)
    ends = f"{words.full_date(span.first, look.language)} \u2013 {words.full_date(span.last, look.language)}"
    rings = frozenset(_place(span, step.on) for series in counter.series[:1] for step in series.steps)
    return Strip(calendar.title, ends, span.first, themes, rings, _told(counter, look.language), look)


def _place(span: Span, day: date) -> int:
    return (day - span.first).days


def _themes(events: Iterable[Event], span: Span) -> tuple[str, ...]:
    leads: dict[int, Event] = {}
    for each in sorted(events, key=lambda event: (event.importance, event.time < "0", event.key)):
        if each.began is not None and span.first <= each.began <= span.last:
            leads[_place(span, each.began)] = each
    days = range(_place(span, span.last) + 1)
    return tuple(leads[day].tags[0] if day in leads and leads[day].tags else "" for day in days)


def _told(counter: Counter, language: str) -> str:
    """What changed beside the counter, from step to step: "66 → 63 → 53 Americans held"."""
    for series in counter.series[:1]:
        return series.label.format(n=" → ".join(words.number(step.value, language) for step in series.steps))
    return ""


def _named(theme: str) -> str:
    """A tag as words: "us-politics" is "US politics"."""
    first, *others = theme.split("-")
    first = first.upper() if len(first) < 3 else first.capitalize()
    return " ".join([first, *others])


def drawn(found: Strip) -> bytes:
    """The strip as PNG. Raises `Mistake` as `drawing.drawn` does."""
    check(found.alt)
    palette = PALETTES[found.look.theme]
    legend = list(_legend(found))
    height = max((line.baseline for _, line in legend), default=_grid_top() + 8 * _pitch(found)) + MARGIN
    picture = needed("PIL.Image").new("RGB", (WIDE, height), palette.paper)
    pen = needed("PIL.ImageDraw").Draw(picture)
    colours = dict(zip((theme for theme, _ in found.legend), HUES, strict=False))
    for day, theme in enumerate(found.themes):
        left, top, side = cell(found, day)
        pen.rectangle((left, top, left + side, top + side), colours.get(theme, palette.track))
        if day in found.rings:
            pen.rectangle((left - 3, top - 3, left + side + 3, top + side + 3), None, palette.ink, 2)
    for theme, line in legend:
        top = line.baseline - round(SMALL * CAPITALS) // 2 - SWATCH // 2
        pen.rectangle((line.left - SWATCH - 12, top, line.left - 12, top + SWATCH), colours[theme])
    write(picture, [*_words(found), *(line for _, line in legend)], palette)
    return as_png(picture)


def cell(found: Strip, day: int) -> tuple[int, int, int]:
    """Left, top and side of the square of a day: its week is the column, its day of the week the row."""
    row, column = _square(found, day)
    pitch = _pitch(found)
    return MARGIN + column * pitch, _grid_top() + row * pitch, pitch - 6


def _square(found: Strip, day: int) -> tuple[int, int]:
    week, weekday = divmod(found.first.weekday() + day, 7)
    return weekday, week


@cache
def _grid_top() -> int:
    return MARGIN + round(TITLE * CAPITALS) + 140


def _pitch(found: Strip) -> int:
    weeks = _square(found, len(found.themes) - 1)[1] + 1
    return min((WIDE - 2 * MARGIN) // weeks, 40)


def _line(role: str, text: str, name: str, size: int, left: int, baseline: int) -> Line:
    letters = shaped(text, right_to_left=False)
    return Line(role, letters, name, size, left, baseline, round(font(name, size).getlength(letters)))


def _words(found: Strip) -> Iterator[Line]:
    top = MARGIN + round(TITLE * CAPITALS)
    yield _line("headline", found.title, BOLD, TITLE, MARGIN, top)
    yield _line("date", " · ".join(filter(None, (found.dates, found.told))), REGULAR, TEXT, MARGIN, top + 48)
    yield from _months(found)


def _months(found: Strip) -> Iterator[Line]:
    """The name of each month above the week of its first day, the year above the first and above each January."""
    language, foot = found.look.language, _grid_top() - 14
    for number in range(len(found.themes)):
        day, left = found.first + timedelta(days=number), cell(found, number)[0]
        if number and day.day > 1:
            continue
        # So near the end, the name of a month would not stand above it.
        if number + 7 < len(found.themes):
            yield _line("end", words.month(day, language), REGULAR, SMALL, left, foot)
        if not number or day.month == 1:
            yield _line("end", digits(day.year, language), BOLD, SMALL, left, foot - SMALL - 6)


def _legend(found: Strip) -> Iterator[tuple[str, Line]]:
    """Each theme with the number of its days, in rows below the strip."""
    left, baseline = MARGIN, _grid_top() + 7 * _pitch(found) + 48
    for theme, count in found.legend:
        text = f"{_named(theme)} {words.number(count, found.look.language)}"
        line = _line("calendar", text, REGULAR, SMALL, left + SWATCH + 12, baseline)
        if line.box[2] > WIDE - MARGIN:
            left, baseline = MARGIN, baseline + 42
            line = _line("calendar", text, REGULAR, SMALL, left + SWATCH + 12, baseline)
        left = line.box[2] + 36
        yield theme, line
