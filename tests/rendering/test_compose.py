"""Messages that fit: what is left out in which order, and nothing ever cut apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.calendars.almanac import Almanac
from bot.calendars.counters import Counter, Counting, Milestone, Series, Step
from bot.calendars.events import Event, Link, Picture, Source, Tone
from bot.calendars.rules import OnDate
from bot.config import Theme
from bot.editions import Choice, Edition, edition, replayed, week
from bot.errors import Mistake
from bot.rendering.budget import Budget, Unit, length
from bot.rendering.cards import Card, Look, Progress, Size, Tick
from bot.rendering.compose import Style, compose, compose_thread, compose_whole, shortenings
from bot.rendering.markup import Markup
from bot.rendering.message import Image, Message, message_from
from tests.builders import SHELF, calendar, edition_of, event, folder_of, style_of

DAY = date(2026, 11, 4)
SOURCE = Source("Archive", "National Archive", "https://archive.example/444")
HELD = Series("held", "{n} Americans held", (Step(date(1979, 11, 4), 66),))
SPAN = Counter(
    "days", "test", "Day {n} of {total}", Counting.SPAN, date(1979, 11, 4), date(1981, 1, 20),
    milestones=(Milestone(1, "The embassy is seized"),), series=(HELD,),
)  # fmt: skip
HTML = Markup(
    "html",
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;"),
    lambda text: f"<b>{text}</b>",
    lambda url, label: f'<a href="{url}">{label}</a>',
)


def on(year: int, key: str, importance: int = 3, **more: Any) -> Event:
    return event(key, date(year, 11, 4), importance=importance, **more)


SEIZED = on(
    1979, "seized", 5, title="Students seize the embassy", text="They broke in. They stayed for 444 days.", sources=(SOURCE,)
)
A_YEAR = on(1980, "year", 4, title="A year has passed", text="There was a vote.")
EXILE = on(1964, "exile", 2, title="A cleric goes into exile", text="He was sent to Turkey.")
THREE = edition_of(DAY, SEIZED, A_YEAR, EXILE, counters=(SPAN,))

WHOLE = """\
On this day: 4 November

Day 1 of 444 (1979) · 66 Americans held. The embassy is seized
Day 367 of 444 (1980) · 66 Americans held

1979 · Day 1 · 47 years ago
Students seize the embassy
They broke in. They stayed for 444 days.
Source: National Archive: https://archive.example/444

1980 · Day 367 · 46 years ago
A year has passed
There was a vote.

1964 · 62 years ago
A cleric goes into exile
He was sent to Turkey."""


STYLE, HTML_STYLE = style_of(), style_of(markup=HTML)


def within(budget: Budget | int, look: Style = STYLE) -> Style:
    return replace(look, budget=budget if isinstance(budget, Budget) else Budget(budget))


def text_within(limit: int, found: Edition = THREE) -> str:
    return compose(found, within(limit)).text


def test_with_room_enough_everything_is_told() -> None:
    assert text_within(10_000) == WHOLE


WITHOUT_SOURCES = WHOLE.replace("\nSource: National Archive: https://archive.example/444", "")
LINK = "\n\nMore: https://archive.example/444"
# What one sees as the room shrinks: each step is as long as it may be, and one sign less leads to the next.
STEPS = [
    WHOLE,
    WITHOUT_SOURCES + LINK,
    WITHOUT_SOURCES.replace("\nHe was sent to Turkey.", "") + LINK,
    WITHOUT_SOURCES.replace("\nHe was sent to Turkey.", "").replace("\nThere was a vote.", "") + LINK,
]


@pytest.mark.parametrize("step", range(1, len(STEPS)))
def test_sources_go_before_texts_and_the_least_important_texts_first(step: int) -> None:
    found = text_within(len(STEPS[step - 1]) - 1)
    assert found == STEPS[step]


def told(found: Message) -> list[tuple[str, str]]:
    return [(each["title"], each["text"]) for each in found.data["events"]]


def _order(limits: range) -> list[list[tuple[str, str]]]:
    """What is told of the events as the room shrinks, each state once."""
    states: list[list[tuple[str, str]]] = []
    for limit in limits:
        state = told(compose(THREE, within(limit)))
        if not states or states[-1] != state:
            states.append(state)
    return states


def test_events_go_before_the_text_of_the_lead_is_shortened() -> None:
    title, text = SEIZED.title, SEIZED.text
    year, exile = A_YEAR.title, EXILE.title
    assert _order(range(len(WHOLE), 155, -1))[:7] == [
        [(title, text), (year, A_YEAR.text), (exile, EXILE.text)],
        [(title, text), (year, A_YEAR.text), (exile, "")],
        [(title, text), (year, ""), (exile, "")],
        [(title, text), (year, "")],
        [(title, text)],
        [(title, "They broke in.")],
        [(title, "They broke …")],
    ]


def test_the_counter_of_another_year_goes_before_the_text_of_the_lead() -> None:
    states = [compose(THREE, within(limit)) for limit in range(len(WHOLE), 155, -1)]
    shortened = next(each for each in states if told(each)[0][1] != SEIZED.text)
    assert [each["number"] for each in shortened.data["counters"]] == [1]


def test_the_title_of_the_lead_is_shortened_last() -> None:
    found = compose(edition_of(DAY, replace(SEIZED, sources=())), within(60))
    assert told(found) == [("Students …", "")]


def test_what_does_not_fit_even_without_its_events_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="an edition does not fit its channel even without its events; shorten the template"):
        text_within(10)


def test_a_day_of_counters_that_does_not_fit_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="does not fit"):
        text_within(10, Edition(DAY, DAY, (), SPAN.readings(DAY)))


def test_a_day_of_counters_is_told() -> None:
    assert text_within(1000, Edition(DAY, DAY, (), SPAN.readings(DAY)[1:])) == (
        "On this day: 4 November\n\nDay 367 of 444 (1980) · 66 Americans held"
    )


def test_what_was_left_out_is_counted() -> None:
    found = compose(THREE, within(160))
    assert found.data["left_out"] == 3 - len(found.data["events"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["", ""]),
        ("One.", ["One.", ""]),
        ("One two.", ["One two.", "One …", ""]),
        ("One two. Three!", ["One two. Three!", "One two.", "One …", ""]),
        ("The U.S. envoy came. He left.", ["The U.S. envoy came. He left.", "The U.S. envoy came.", "The U.S. envoy …",
                                           "The U.S. …", "The …", ""]),
        ("Dr. A. Smith came.", ["Dr. A. Smith came.", "Dr. A. Smith …", "Dr. A. …", "Dr. …", ""]),
        ("At 8 a.m. on Sunday.", ["At 8 a.m. on Sunday.", "At 8 a.m. on …", "At 8 a.m. …", "At 8 …", "At …", ""]),
        ("First, then \u2014 last", ["First, then \u2014 last", "First, then …", "First, then …", "First …", ""]),
        ("See https://x.example/a- now", ["See https://x.example/a- now", "See https://x.example/a- …", "See …", ""]),
        ("آزادی، پس از", ["آزادی، پس از", "آزادی، پس …", "آزادی …", ""]),
    ],
)  # fmt: skip
def test_a_text_is_shortened_by_sentences_and_then_by_words(text: str, expected: list[str]) -> None:
    assert list(shortenings(text)) == expected


WORDS = st.sampled_from(
    [
        "embassy", "hostages", "444", "می\u200cروم", "\u06af\u0631\u0648\u06af\u0627\u0646\u200c\u0647\u0627", "آزادی،",
        "दूतावास", "क्षितिज", "स्त्री", "👨\u200d👩\u200d👧\u200d👦", "👍🏽", "🇮🇷", "e\u0301te\u0301",
        "https://archive.example/a/very/long/path?with=query&and=more#444", "www.x.example",
        "end.", "What?", "Yes!", "then,", "U.S.", "—", "<b>&", "*_`~[x](y)", "𝄞𝄞",
    ]
)  # fmt: skip
TEXTS = st.lists(WORDS, min_size=1, max_size=40).map(" ".join)
BUDGETS = st.builds(Budget, st.integers(min_value=80, max_value=500), st.sampled_from(list(Unit)))


@st.composite
def editions(draw: st.DrawFn) -> Edition:
    count = draw(st.integers(min_value=1, max_value=6))
    found = [
        on(1900 + number, f"e{number}", draw(st.integers(1, 5)), title=draw(TEXTS), text=draw(TEXTS | st.just("")),
           sources=draw(st.sampled_from([(), (SOURCE,), (SOURCE, Source("Book", "Press"))])))
        for number in range(count)
    ]  # fmt: skip
    return edition_of(DAY, *found, counters=draw(st.sampled_from([(), (SPAN,)])))


@given(editions(), BUDGETS, st.sampled_from([STYLE, HTML_STYLE]))
def test_a_message_never_exceeds_its_budget(found: Edition, budget: Budget, look: Style) -> None:
    assert budget.fits(_composed(found, within(budget, look)).text)


def _composed(found: Edition, look: Style) -> Message:
    try:
        return compose(found, look)
    except Mistake:
        assume(False)
        raise


@given(editions(), BUDGETS)
def test_what_is_shortened_is_never_cut_inside_a_word(found: Edition, budget: Budget) -> None:
    originals = {each.id: each.event for each in found.entries}
    for each in _composed(found, within(budget)).data["events"]:
        whole = originals[each["id"]]
        assert is_beginning(each["title"], whole.title)
        assert is_beginning(each["text"], whole.text)


def is_beginning(short: str, whole: str) -> bool:
    """Whether `short` is made of the first words of `whole`, the last of them perhaps without a comma or a dash."""
    kept, words = short.removesuffix("…").split(), whole.split()
    same = [word in {own, own.rstrip(",،")} for word, own in zip(kept, words, strict=False)]
    return all(same) and len(kept) <= len(words)


@given(editions(), BUDGETS)
def test_no_address_is_ever_cut(found: Edition, budget: Budget) -> None:
    long = "https://archive.example/a/very/long/path?with=query&and=more#444"
    text = _composed(found, within(budget)).text
    assert {each.rstrip(";") for each in re.findall(r"https://\S*", text)} <= {long, SOURCE.url}


@given(editions(), BUDGETS)
def test_every_part_of_a_thread_is_within_the_budget(found: Edition, budget: Budget) -> None:
    assert [each.text for each in _thread(found, budget) if not budget.fits(each.text)] == []


@given(editions(), BUDGETS)
def test_a_thread_tells_every_event_once_and_in_order(found: Edition, budget: Budget) -> None:
    told = [each["id"] for part in _thread(found, budget) for each in part.data["events"]]
    ids = list(dict.fromkeys(told))  # the title and the text of one event may be two parts
    assert ids == [each.id for each in found.entries] or len(found.entries) == 1


@given(editions(), BUDGETS)
def test_the_parts_of_a_thread_are_numbered(found: Edition, budget: Budget) -> None:
    parts = _thread(found, budget)
    assert [(each.part, each.parts) for each in parts] == [(number, len(parts)) for number in range(1, len(parts) + 1)]


def _thread(found: Edition, budget: Budget) -> tuple[Message, ...]:
    return _told(compose_thread, found, continued(budget))


def _told(composed: Callable[[Edition, Style], tuple[Message, ...]], found: Edition, look: Style) -> tuple[Message, ...]:
    try:
        return composed(found, look)
    except Mistake:
        assume(False)
        raise


def test_a_thread_that_fits_into_one_message_is_one_message() -> None:
    assert [each.text for each in compose_thread(THREE, STYLE)] == [WHOLE]


def test_the_parts_of_a_thread_say_their_number_and_only_the_first_has_the_counters() -> None:
    found = [each.text for each in compose_thread(THREE, within(300))]
    assert found == [
        (
            "On this day: 4 November (1/2)\n\nDay 1 of 444 (1979) · 66 Americans held. The embassy is seized\n"
            "Day 367 of 444 (1980) · 66 Americans held\n\n1979 · Day 1 · 47 years ago\nStudents seize the embassy\n"
            "They broke in. They stayed for 444 days.\nSource: National Archive: https://archive.example/444"
        ),
        (
            "On this day: 4 November (2/2)\n\n1980 · Day 367 · 46 years ago\nA year has passed\nThere was a vote.\n\n"
            "1964 · 62 years ago\nA cleric goes into exile\nHe was sent to Turkey."
        ),
    ]


def test_a_thread_of_one_long_event_is_one_shortened_message() -> None:
    long = on(1979, "long", text="word " * 200)
    assert len(compose_thread(edition_of(DAY, long), within(200))) == 1


PICTURE = Picture("https://archive.example/444.jpg", "The gate of the embassy", "Archive")
TOLD_AT_LENGTH = on(
    1979, "long", title="A long report", text="It is told in words. " * 12 + "The end.", sources=(SOURCE,), picture=PICTURE
)


def continued(budget: Budget | int) -> Style:
    return replace(within(budget), continues=True)


def test_where_posts_continue_a_text_that_would_be_cut_is_a_second_message_without_a_heading() -> None:
    found = compose_whole(edition_of(DAY, TOLD_AT_LENGTH, on(1980, "other", 1)), continued(300))
    assert [each.text for each in found] == [
        ("On this day: 4 November (1/2)\n\n1979 · 47 years ago\nA long report\n\nMore: https://archive.example/444"),
        f"(2/2)\n\n{TOLD_AT_LENGTH.text}",
    ]


def test_the_second_message_repeats_neither_the_picture_nor_the_link() -> None:
    found = compose_whole(edition_of(DAY, TOLD_AT_LENGTH), continued(300))
    assert [(bool(each.image), each.link, each.part, each.parts) for each in found] == [
        (True, "https://archive.example/444", 1, 2),
        (False, "", 2, 2),
    ]


@pytest.mark.parametrize(("limit", "style", "posts"), [(268, continued, 1), (269, continued, 2), (300, within, 1)])
def test_a_text_is_shortened_where_no_second_message_holds_it_or_posts_do_not_continue(
    limit: int, style: Callable[[int], Style], posts: int
) -> None:
    found = compose_whole(edition_of(DAY, TOLD_AT_LENGTH), style(limit))
    assert (len(found), found[-1].text.endswith(TOLD_AT_LENGTH.text)) == (posts, posts == 2)


@given(editions(), BUDGETS)
def test_every_message_of_a_continued_edition_is_within_the_budget_and_numbered(found: Edition, budget: Budget) -> None:
    posts = _told(compose_whole, found, continued(budget))
    assert [each.text for each in posts if not budget.fits(each.text)] == []
    assert [(each.part, each.parts) for each in posts] == [(number, len(posts)) for number in range(1, len(posts) + 1)]


def test_the_nearest_day_is_told_with_its_date() -> None:
    found = edition(Almanac([calendar([A_YEAR])]), date(2026, 11, 6), Choice(nearest=7))
    assert isinstance(found, Edition)
    assert text_within(1000, found) == (
        "On this day: 6 November\n\nNo event is known for this day; this is the nearest before it.\n\n"
        "4 November 1980 · 46 years ago\nA year has passed\nThere was a vote."
    )


def test_a_week_is_told_day_by_day_with_one_text_each() -> None:
    later = event("later", date(1979, 11, 6), title="Later", text="A text.", calendar="test")
    kept = event("kept", on=None, rule=OnDate(11, 9), title="Kept")
    almanac = Almanac([calendar([SEIZED, later, kept, on(1979, "small", 1, title="Small", text="Not told.")], (SPAN,))])
    found = week(almanac, DAY, Choice())
    assert isinstance(found, Edition)
    assert text_within(1000, found) == (
        "This week in history: 4\u201310 November\n\n4 November 1979 · Day 1 · 47 years ago\nStudents seize the embassy\n"
        "They broke in. They stayed for 444 days.\nSmall\n\n6 November 1979 · Day 3 · 47 years ago\nLater\nA text.\n\n"
        "9 November\nKept"
    )


def test_a_replay_is_told_as_if_it_were_that_day() -> None:
    found = replayed(Almanac([calendar([SEIZED], (SPAN,))]), date(1979, 11, 4), Choice())
    assert isinstance(found, Edition)
    assert text_within(1000, found).startswith(
        "4 November 1979\n\nDay 1 of 444 · 66 Americans held. The embassy is seized\n\nStudents seize the embassy\n"
    )


def test_hashtags_stand_at_the_end() -> None:
    look = replace(STYLE, hashtags=("OnThisDay", "History"))
    assert compose(edition_of(DAY, A_YEAR), look).text.endswith("\n\n#OnThisDay #History")


def test_a_template_of_one_s_own_is_taken(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"demo/edition.txt.j2": "{{ edition.lead.event.title | strong }} ({{ edition.day }})"})
    found = compose(edition_of(DAY, A_YEAR), style_of(folder=folder, markup=HTML))
    assert (found.text, found.plain) == ("<b>A year has passed</b> (2026-11-04)", "A year has passed (2026-11-04)")


@pytest.mark.parametrize("kind", ["slack", "discord", "teams"])
def test_where_the_title_has_a_place_of_its_own_the_text_does_not_repeat_it(kind: str) -> None:
    found = compose(edition_of(DAY, A_YEAR), style_of(kind=kind))
    assert (found.title, found.text.splitlines()[0]) == ("On this day: 4 November", "1980 · 46 years ago")


def test_texts_are_escaped_in_the_markup_and_plain_beside_it() -> None:
    found = compose(edition_of(DAY, on(1980, "a", title="A <b> & c")), HTML_STYLE)
    assert [found.text.splitlines()[-1], found.plain.splitlines()[-1]] == ["<b>A &lt;b> &amp; c</b>", "A <b> & c"]


@pytest.mark.parametrize(
    ("tones", "expected"),
    [([Tone.NEUTRAL, Tone.SOLEMN], "solemn"), ([Tone.CELEBRATORY, Tone.NEUTRAL], "celebratory"), ([], "neutral")],
)
def test_one_solemn_event_makes_the_message_solemn(tones: list[Tone], expected: str) -> None:
    entries = [on(1979, f"e{number}", 5 - number, tone=tone) for number, tone in enumerate(tones)]
    found = edition_of(DAY, *entries) if entries else Edition(DAY, DAY, (), ())
    assert compose(found, STYLE).tone == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"sources": (SOURCE,), "links": (Link("More", "https://more.example"),)}, "https://more.example"),
        ({"sources": (Source("Book", "Press"), SOURCE)}, "https://archive.example/444"),
        ({"sources": (Source("Book", "Press"),)}, ""),
    ],
)
def test_the_link_of_a_message_is_the_lead_s_own_or_that_of_its_first_source(more: dict[str, Any], expected: str) -> None:
    assert compose(edition_of(DAY, on(1979, "a", **more)), STYLE).link == expected


PICTURE = Picture("A crowd", "Archive", "https://p.example/1.jpg")


def test_a_message_has_the_picture_of_its_lead() -> None:
    found = compose(edition_of(DAY, on(1979, "a", picture=PICTURE)), STYLE)
    assert found.image == Image("https://p.example/1.jpg", "A crowd", "Archive")


def test_a_message_has_the_edition_as_plain_values() -> None:
    found = compose(edition_of(DAY, SEIZED, counters=(SPAN,)), STYLE).data
    assert found == {
        "day": "2026-11-04",
        "last": "2026-11-04",
        "left_out": 0,
        "counters": [
            {
                "counter": "test/days", "label": "Day 1 of 444", "number": 1, "total": 444, "date": "1979-11-04",
                "milestone": "The embassy is seized", "series": {"held": 66},
            },
            {
                "counter": "test/days", "label": "Day 367 of 444", "number": 367, "total": 444, "date": "1980-11-04",
                "milestone": "", "series": {"held": 66},
            },
        ],
        "events": [
            {
                "id": "test/seized/2026-11-04", "date": "1979-11-04", "years_ago": 47, "day_number": 1,
                "title": "Students seize the embassy", "text": "They broke in. They stayed for 444 days.", "tone": "neutral",
                    "language": "en",
                "importance": 5, "certainty": "certain", "tags": [],
                "sources": [{"title": "Archive", "publisher": "National Archive", "url": "https://archive.example/444"}],
            }
        ],
    }  # fmt: skip


@pytest.mark.parametrize("picture", [None, PICTURE])
def test_a_message_is_stored_and_read_again_as_it_was(picture: Picture | None) -> None:
    found = compose(edition_of(DAY, on(1979, "آزادی", 5, picture=picture), counters=(SPAN,)), STYLE)
    assert message_from(found.json) == found


def test_a_message_with_a_card_is_stored_and_read_again_as_it_was() -> None:
    look, progress = Look(Theme.DARK, Size.SQUARE, "fa"), Progress(20, 444, "1979", "1981", (Tick(1, "66"),))
    card = Card("Day 20", progress=progress, look=look)
    found = replace(compose(THREE, STYLE), image=Image("", card.alt, "", card))

    assert message_from(found.json) == found


def test_a_message_that_was_stored_before_there_were_cards_is_read() -> None:
    found = replace(compose(THREE, STYLE), image=Image("https://p.example/1.jpg", "A crowd", "Archive"))

    assert message_from(found.json.replace('"card":null,', "")) == found


def test_equal_messages_are_equal_bytes() -> None:
    one, two = (compose(THREE, STYLE).json for _ in range(2))
    assert one == two


@pytest.mark.parametrize("unit", Unit)
def test_every_edition_of_a_year_of_the_crisis_fits_the_smallest_platform(unit: Unit) -> None:
    almanac, look = Almanac([SHELF.calendar("iran-hostage-crisis")]), within(Budget(280, unit))
    too_long = []
    for number in range(0, 366, 5):
        found = edition(almanac, date(2028, 1, 1) + timedelta(days=number), Choice(most=6))
        if isinstance(found, Edition) and length(compose(found, look).text, unit) > 280:
            too_long.append(found.day)
    assert too_long == []


def test_an_erratum_says_why_and_tells_the_edition_again() -> None:
    found = compose(THREE, replace(HTML_STYLE, erratum="it was <not> in 1978"))

    assert found.title == "Correction: On this day: 4 November"
    assert found.text.startswith(
        "<b>Correction</b>: it was &lt;not> in 1978\n\n<b>On this day: 4 November</b>\n\nDay 1 of 444"
    )
    assert found.plain.startswith("Correction: it was <not> in 1978\n\n")
    assert found.plain.endswith(WHOLE)


def test_an_erratum_needs_no_reason_and_may_be_of_a_week() -> None:
    told = week(Almanac([calendar([SEIZED])]), DAY, Choice())
    assert isinstance(told, Edition)

    found = compose(told, replace(STYLE, erratum=""))

    assert found.text.startswith("Correction\n\nThis week in history: 4")


@given(editions(), BUDGETS)
def test_an_erratum_is_within_the_budget_in_all_its_parts(found: Edition, budget: Budget) -> None:
    parts = _told(compose_thread, found, replace(continued(budget), erratum="the date"))

    assert [each.text for each in parts if not budget.fits(each.text)] == []
    assert all(each.text.startswith("Correction: the date\n") for each in parts)
