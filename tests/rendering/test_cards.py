"""Does a card say what its edition says, is everything on it in its place, and is it drawn the same every time?"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import date
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from bot.calendars.almanac import Almanac
from bot.calendars.counters import Counter, Counting
from bot.calendars.events import Calendar, Precision
from bot.calendars.rules import OnDate
from bot.config import Theme
from bot.editions import Choice, Edition, edition, replayed, week
from bot.errors import Mistake
from bot.rendering.cards import Card, Look, Progress, Size, Tick, card, card_from
from bot.rendering.cards import strip as strips
from bot.rendering.cards.drawing import PALETTES, SCALES, Line, drawn, plan
from bot.rendering.cards.lettering import BOLD, REGULAR, block, shaped, unknown, width
from bot.rendering.phrases import phrases
from tests.builders import SHELF, calendar, edition_of, event

CRISIS = SHELF.calendar("iran-hostage-crisis")
TICKS = (Tick(1, "66"), Tick(16, "63"), Tick(17, "53"), Tick(251, "52"), Tick(444, "0"))
ENGLISH = Card(
    "Day 222 of 444",
    "The Iran hostage crisis",
    "12 June 1980 · 46 years ago",
    "A title of some length, which is longer than one line of any card can be",
    "53 Americans held",
    Progress(222, 444, "4 November 1979", "20 January 1981", TICKS),
)
PERSIAN = Card(
    "روز ۲۲۲ از ۴۴۴",
    "بحران گروگان‌گیری ایران",
    "۱۲ ژوئن ۱۹۸۰ · ۴۶ سال پیش",
    "عملیات پنجه عقاب (Eagle Claw) در کویر طبس شکست می‌خورد؛ هشت نظامی کشته می‌شوند",
    "۵۳ آمریکایی در گروگان",
    Progress(222, 444, "۴ نوامبر ۱۹۷۹", "۲۰ ژانویه ۱۹۸۱", tuple(Tick(each.day, "۵۳") for each in TICKS)),
)
PLAIN = Card("12 May", "Our house", "1979 · 47 years ago", "The museum opens its doors")
LOOKS = [Look(theme, size) for theme in Theme for size in Size]
CARDS = [
    pytest.param(replace(each, look=replace(look, language=language)), id=f"{name}-{look.theme}-{look.size}")
    for name, each, language in (("english", ENGLISH, "en"), ("persian", PERSIAN, "fa"), ("plain", PLAIN, "en"))
    for look in LOOKS
]


def shown(made: Card) -> Image.Image:
    return Image.open(BytesIO(drawn(made))).convert("RGB")


def lines(made: Card, role: str) -> list[Line]:
    return [each for each in plan(made).lines if each.role == role]


def near(colour: Any, expected: tuple[int, int, int]) -> bool:
    return all(abs(one - other) <= 3 for one, other in zip(colour, expected, strict=True))


def crisis(day: str, look: Look = Look()) -> Card:  # noqa: B008  # frozen
    return card(told(day), [CRISIS], look, phrases(look.language))


def told(day: str) -> Edition:
    found = edition(Almanac([CRISIS]), date.fromisoformat(day), Choice())
    assert isinstance(found, Edition)
    return found


def house(found: Edition, **more: Any) -> Card:
    return card(found, [Calendar("test", "Our house", found, **more)], Look(), phrases())  # type: ignore[arg-type]  # its events are not asked for


# what stands on it


def test_a_card_follows_its_lead_with_the_number_of_its_own_date() -> None:
    made = crisis("2026-11-23")

    assert made.headline == "Day 20 of 444"
    assert made.date == "23 November 1979 · 47 years ago"
    assert made.title == "US secretly warns Iran through the Swiss against trials or harm"
    assert made.told == "53 Americans held"
    assert made.calendar == "The Iran hostage crisis"
    assert made.progress == Progress(20, 444, "4 November 1979", "20 January 1981", TICKS)


def test_what_is_told_on_the_day_of_a_release_begins_with_a_capital() -> None:
    assert crisis("2026-01-20").told == "The last 52 Americans are freed"


def test_a_card_is_told_in_the_language_of_its_reader() -> None:
    made = crisis("2026-11-23", Look(language="fa"))

    assert made.headline == "روز ۲۰ از ۴۴۴"
    assert made.date == "۲۳ نوامبر ۱۹۷۹ · ۴۷ سال پیش"
    assert made.told == "۵۳ آمریکایی در اسارت"
    assert made.progress
    assert made.progress.ticks[2] == Tick(17, "۵۳")
    assert crisis("2026-11-23", Look(language="de")).headline == "Tag 20 von 444"


def test_the_lead_may_be_of_the_second_year() -> None:
    both = edition_of(
        date(2026, 11, 4),
        event("first", date(1979, 11, 4), importance=2),
        event("second", date(1980, 11, 4), importance=5),
        counters=(Counter("c", "test", "Day {n} of {total}", Counting.SPAN, date(1979, 11, 4), date(1981, 1, 20)),),
    )

    assert house(both).headline == "Day 367 of 444"


def test_a_calendar_without_counters_has_a_card_of_date_and_title() -> None:
    made = house(edition_of(date(2026, 5, 12), event("The museum opens", date(1979, 5, 12))))

    assert made == Card("12 May", "Our house", "1979 · 47 years ago", "The museum opens")


def test_an_observance_has_no_year_and_no_age() -> None:
    made = house(edition_of(date(2026, 1, 1), event("Members' day", None, OnDate(1, 1))))

    assert (made.headline, made.date, made.title) == ("1 January", "", "Members' day")


def test_a_day_with_a_counter_alone_tells_the_counter() -> None:
    opening = Counter("c", "test", "{n} days until the opening", Counting.UNTIL, last=date(2027, 5, 1), inclusive=False)

    made = house(edition_of(date(2026, 5, 1), counters=(opening,)))

    assert (made.headline, made.date, made.title) == ("365 days until the opening", "1 May 2026", "")
    assert made.progress is None


def test_an_event_of_which_only_the_year_is_known_has_no_day() -> None:
    circa = event("A fair", date(1873, 5, 12), precision=Precision.YEAR)

    assert house(edition_of(date(2026, 5, 12), circa)).date == "1873 · 153 years ago"


def test_a_replay_tells_a_day_as_if_it_were_today() -> None:
    found = replayed(Almanac([CRISIS]), date(1979, 11, 23), Choice())
    assert isinstance(found, Edition)

    assert card(found, [CRISIS], Look(), phrases()).date == "23 November 1979"


def test_a_week_has_its_dates_for_a_heading_and_no_bar() -> None:
    found = week(Almanac([CRISIS]), date(2026, 11, 2), Choice())
    assert isinstance(found, Edition)

    made = card(found, [CRISIS], Look(), phrases())

    assert made.headline == "This week in history: 2\u20138 November"
    assert made.date == "2 November 1980 · 46 years ago"
    assert made.progress is None


def test_the_alternative_text_is_all_that_the_card_says() -> None:
    assert crisis("2026-11-23").alt == (
        "Day 20 of 444, 23 November 1979 · 47 years ago. US secretly warns Iran through the Swiss against trials or harm. "
        "53 Americans held. The Iran hostage crisis."
    )
    assert replace(PERSIAN, look=Look(language="fa")).alt.startswith("روز ۲۲۲ از ۴۴۴، ۱۲ ژوئن ۱۹۸۰")
    assert PLAIN.alt == "12 May, 1979 · 47 years ago. The museum opens its doors. Our house."


@pytest.mark.parametrize("made", CARDS)
def test_a_card_comes_back_from_json_as_it_was(made: Card) -> None:
    assert card_from(json.loads(json.dumps(asdict(made)))) == made


def test_where_a_platform_crops_the_heading_stays() -> None:
    assert ENGLISH.focus[0] < 0 < replace(PERSIAN, look=Look(language="fa")).focus[0]


# where it stands


@pytest.mark.parametrize("made", CARDS)
def test_a_card_has_the_size_of_its_shape_and_is_small(made: Card) -> None:
    assert shown(made).size == {Size.WIDE: (1200, 675), Size.SQUARE: (1080, 1080)}[made.look.size]
    assert len(drawn(made)) < 100_000


@pytest.mark.parametrize("made", CARDS)
def test_every_line_is_inside_the_margins_and_none_is_over_another(made: Card) -> None:
    wide, high = made.look.size.pixels
    margin = SCALES[made.look.size].margin

    for each in plan(made).lines:
        left, top, right, bottom = each.box
        assert margin <= left < right <= wide - margin
        assert margin <= top < bottom <= high - margin
    for one, other in combinations(plan(made).lines, 2):
        apart = one.box[2] <= other.box[0] or other.box[2] <= one.box[0]
        # A line has tails below it, a quarter of its size.
        above, below = sorted((one, other), key=lambda each: each.baseline)
        assert apart or above.baseline + above.size * 0.24 <= below.box[1], (one, other)


@pytest.mark.parametrize("made", CARDS)
def test_what_matters_more_is_larger_and_stands_above(made: Card) -> None:
    (calendar_,), (headline,), (when, *_) = (lines(made, role) for role in ("calendar", "headline", "date"))
    title = lines(made, "title")

    assert headline.size > title[0].size > when.size > calendar_.size
    assert [calendar_, headline, when, *title] == sorted([calendar_, headline, when, *title], key=lambda each: each.baseline)


@pytest.mark.parametrize("made", CARDS)
def test_every_word_of_the_title_is_there_in_order(made: Card) -> None:
    rows = lines(made, "title")

    ordered = [each.letters for each in rows]
    right_to_left = made.look.language == "fa"

    expected = block(made.title, BOLD, (rows[0].size,), (made.look.size.pixels[0] - 2 * SCALES[made.look.size].margin, 999))
    assert " ".join(expected.lines) == made.title
    assert ordered == [shaped(each, right_to_left) for each in expected.lines]


@pytest.mark.parametrize("made", CARDS)
def test_every_line_is_seen_and_nothing_is_seen_elsewhere(made: Card) -> None:
    picture, palette, found = shown(made), PALETTES[made.look.theme], plan(made)

    for line in found.lines:
        part = picture.crop(line.box)
        inked = sum(count for count, colour in part.getcolors(1 << 20) or () if not near(colour, palette.paper))
        assert inked > 0.08 * part.width * part.height, line
    bare = picture.copy()
    for line in found.lines:
        left, top, right, bottom = line.box
        # Accents stand above capitals, tails below.
        bare.paste(palette.paper, (left - 4, top - line.size // 3, right + 4, bottom + line.size // 3))
    if found.bar:
        left, top, right, bottom = found.bar.box
        bare.paste(palette.paper, (left - 20, top - 20, right + 20, bottom + 20))
    assert all(near(colour, palette.paper) for _, colour in bare.getcolors(1 << 20) or ())


@pytest.mark.parametrize("look", LOOKS)
def test_text_begins_on_the_left_and_persian_on_the_right(look: Look) -> None:
    margin, wide = SCALES[look.size].margin, look.size.pixels[0]

    roles = {"calendar", "headline", "date", "title", "told"}
    assert {each.box[0] for each in plan(replace(ENGLISH, look=look)).lines if each.role in roles} == {margin}
    persian = plan(replace(PERSIAN, look=replace(look, language="fa")))
    assert {each.box[2] for each in persian.lines if each.role in roles} == {wide - margin}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("day", [1, 20, 222, 444])
@pytest.mark.parametrize("language", ["en", "fa"])
def test_the_bar_is_filled_to_the_day_and_runs_as_the_language_does(look: Look, day: int, language: str) -> None:
    whole = replace(PERSIAN if language == "fa" else ENGLISH, look=replace(look, language=language))
    assert whole.progress is not None
    made = replace(whole, progress=replace(whole.progress, day=day))
    bar, palette = plan(made).bar, PALETTES[look.theme]
    assert bar is not None
    left, top, right, bottom = bar.box

    passed = round((right - left) * day / 444)
    assert bar.day == (right - passed if language == "fa" else left + passed)
    picture, middle = shown(made), (top + bottom) // 2
    assert near(picture.getpixel((bar.day, middle)), palette.accent), "the day is marked"
    ticks = {at for tick in bar.ticks for at in range(tick - 3, tick + 4)}
    for at in range(left + 40, right - 40, 7):
        if abs(at - bar.day) > 40 and at not in ticks:
            before = at > bar.day if language == "fa" else at < bar.day
            assert near(picture.getpixel((at, middle)), palette.accent if before else palette.track)


def test_each_release_is_a_tick_where_its_day_ends() -> None:
    bar = plan(ENGLISH).bar
    assert bar is not None
    left, _, right, _ = bar.box

    assert bar.ticks == tuple(left + round((right - left) * day / 444) for day in (16, 17, 251, 444))
    assert near(shown(ENGLISH).getpixel((bar.ticks[2], bar.box[1] - 2)), PALETTES[Theme.LIGHT].quiet)


def test_a_number_that_finds_no_room_beside_a_later_one_is_left_out() -> None:
    assert min((each.left, each.letters) for each in lines(ENGLISH, "number"))[1] == "66"
    assert [each.letters for each in lines(ENGLISH, "number")] == ["0", "52", "53", "66"]


@pytest.mark.parametrize("theme", Theme)
def test_text_has_the_contrast_that_people_with_weak_sight_need(theme: Theme) -> None:
    palette = PALETTES[theme]

    for colour in (palette.ink, palette.quiet, palette.accent):
        assert contrast(colour, palette.paper) >= 4.5


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: tuple[int, int, int]) -> float:
    parts = (each / 255 for each in colour)
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return sum(share * each for share, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


# letters


def test_persian_letters_are_joined_and_stand_from_right_to_left() -> None:
    # Seen at the beginning, lam with alef at the end, meem alone: Unicode's presentation forms, seen from the left.
    assert shaped("سلام", True) == "\ufee1\ufefc\ufeb3"


def test_brackets_open_towards_the_text_and_numbers_run_as_they_do() -> None:
    assert shaped("(ایران ۱۹۷۹)", True) == shaped("۱۹۷۹", True).join(("(", " ")) + shaped("ایران", True) + ")"


def test_what_is_never_seen_is_not_drawn() -> None:
    assert shaped("a\u200db\u2068c\u2069", False) == "abc"


def test_the_fonts_know_the_letters_of_our_languages() -> None:
    letters = "ÄÖÜäöüßéèêçñ¿¡łŁşğİœŒ\u2013—…\u2018\u2019“”«»·€→ΑαЯя پچژگکی،؛؟۰۱۲۳۴۵۶۷۸۹ أإؤئء"

    assert unknown(letters) == ""
    assert unknown("Ω漢字 हि") == "漢字हि"


def test_the_fonts_know_every_letter_of_the_shipped_calendar() -> None:
    assert unknown("".join({letter for each in CRISIS.events for letter in each.title})) == ""


def test_letters_that_the_fonts_do_not_have_are_a_mistake() -> None:
    with pytest.raises(Mistake, match="no '漢字'"):
        drawn(replace(PLAIN, title="漢字"))


WORDS = st.sampled_from(
    ["a", "museum", "opens,", "گروگان‌گیری", "۱۹۷۹", "(Eagle", "Donaudampfschifffahrtsgesellschaft", "é" * 90]
)


@settings(max_examples=60)
@given(words=st.lists(WORDS, max_size=60), look=st.sampled_from(LOOKS), language=st.sampled_from(["en", "fa"]))
def test_any_title_is_whole_or_ends_with_a_word_and_an_ellipsis(words: list[str], look: Look, language: str) -> None:
    title = " ".join(words)
    made = replace(ENGLISH, title=title, look=replace(look, language=language))
    scale = SCALES[look.size]
    room = (look.size.pixels[0] - 2 * scale.margin, 260)

    found = block(title, BOLD, scale.title, room)

    assert found.height <= room[1]
    assert all(width(each, BOLD, found.size, right_to_left=found.right_to_left) <= room[0] + 2 for each in found.lines)
    set_ = " ".join(found.lines).removesuffix(" …").replace(" ", "")
    assert "".join(words).startswith(set_)
    assert set_ or not words
    if all(len(each) < 90 for each in words):
        assert set(" ".join(found.lines).split()) <= {*words, "…", *(each.rstrip(",") for each in words)}
    assert shown(made).size == look.size.pixels


def test_a_short_title_is_set_in_balanced_lines() -> None:
    found = block("US secretly warns Iran through the Swiss against trials or harm", BOLD, (46,), (1072, 300))

    first, second = (width(each, BOLD, 46, right_to_left=False) for each in found.lines)
    assert abs(first - second) < 0.25 * first


def test_no_text_takes_no_room() -> None:
    assert block("  ", REGULAR, (20,), (100, 100)).height == 0


# the same every time


def test_the_same_card_is_the_same_bytes_in_another_process() -> None:
    here = hashlib.sha256(drawn(replace(PERSIAN, look=Look(language="fa")))).hexdigest()

    there = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE], input=json.dumps(asdict(PERSIAN)), capture_output=True, text=True, check=True
    )

    assert there.stdout.strip() == here


_ELSEWHERE = """
import hashlib, json, sys
from dataclasses import replace
from bot.rendering.cards import Look, card_from
from bot.rendering.cards.drawing import drawn
print(hashlib.sha256(drawn(replace(card_from(json.load(sys.stdin)), look=Look(language="fa")))).hexdigest())
"""


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)

    with pytest.raises(Mistake, match=r"pip install 'thisday\[cards\]'"):
        drawn(replace(PLAIN, title="never drawn before"))


@pytest.mark.parametrize("month", range(1, 13))
@pytest.mark.parametrize("size", Size)
def test_every_month_of_the_calendar_has_cards_that_are_small(month: int, size: Size) -> None:
    for day in (1, 4, 13, 20, 27):
        made = crisis(f"2026-{month:02}-{day:02}", Look(Theme.DARK, size))
        assert len(drawn(made)) < 100_000
        assert " ".join(each.letters for each in lines(made, "title")) == made.title


# the whole span


def strip() -> strips.Strip:
    return strips.strip([calendar([]), CRISIS], Look())


def test_a_strip_has_a_theme_for_each_day_and_rings_where_people_went_free() -> None:
    found = strip()

    assert len(found.themes) == 444
    assert found.themes[0] == "captivity"
    assert found.rings == {0, 15, 16, 250, 443}
    assert found.told == "66 → 63 → 53 → 52 → 0 Americans held"
    assert found.alt.startswith("The Iran hostage crisis, 4 November 1979 \u2013 20 January 1981. Diplomacy ")
    assert "US politics" in found.alt
    assert "UN " in found.alt


@pytest.mark.parametrize("theme", Theme)
def test_a_strip_shows_each_day_in_the_colour_of_its_theme(theme: Theme) -> None:
    found = replace(strip(), look=Look(theme))
    picture = Image.open(BytesIO(strips.drawn(found))).convert("RGB")
    colours = dict(zip((name for name, _ in found.legend), strips.HUES, strict=True))

    for day, name in enumerate(found.themes):
        left, top, side = strips.cell(found, day)
        shown_ = picture.getpixel((left + side // 2, top + side // 2))
        assert near(shown_, colours.get(name, PALETTES[theme].track)), day
    assert strips.cell(found, 0)[1] > strips.cell(found, 1)[1], "the first was a Sunday, and weeks begin on Monday"


def test_a_strip_of_a_calendar_that_counts_no_days_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="no calendar here counts days"):
        strips.strip([calendar([event()])], Look())


def test_the_hues_of_a_strip_are_apart_for_those_who_see_no_red_or_green() -> None:
    """Seen as by dichromats, by the simulation of Viénot, Brettel and Mollon (1999)."""
    for one, other in combinations(strips.HUES, 2):
        for seen in _dichromat(one, other):
            assert sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5 > 12, (one, other)


def _dichromat(*colours: tuple[int, int, int]) -> Iterator[list[tuple[float, ...]]]:
    for red, blue in (((0.11238, 0.88762), (0.00401, -0.00401, 1)), ((0.29275, 0.70725), (-0.02234, 0.02234, 1))):
        yield [_seen(each, red, blue) for each in colours]


def _seen(colour: tuple[int, int, int], red: tuple[float, float], blue: tuple[float, ...]) -> tuple[float, ...]:
    linear = [(each / 255) ** 2.2 for each in colour]
    mixed = red[0] * linear[0] + red[1] * linear[1]
    last = sum(share * each for share, each in zip(blue, linear, strict=True))
    return tuple(255 * max(each, 0) ** (1 / 2.2) for each in (mixed, mixed, last))


PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"


@pytest.mark.parametrize(
    ("name", "drawn_now"),
    [
        ("whole-light", lambda: strips.drawn(strip())),
        ("whole-dark", lambda: strips.drawn(replace(strip(), look=Look(Theme.DARK)))),
        ("card-light", lambda: drawn(crisis("2026-11-23"))),
        ("card-dark", lambda: drawn(crisis("2026-04-24", Look(Theme.DARK)))),
    ],
)
def test_the_pictures_of_the_pages_are_those_that_the_command_draws(name: str, drawn_now: Callable[[], bytes]) -> None:
    """Seen from afar, since another version of Pillow may set the edge of a letter a little differently."""
    kept, now = (Image.open(BytesIO(each)).convert("RGB") for each in ((PICTURES / f"{name}.png").read_bytes(), drawn_now()))

    assert kept.size == now.size
    apart = ImageChops.difference(kept.reduce(6), now.reduce(6)).convert("L")
    assert max(apart.tobytes()) < 40, "draw it again with thisday card"
