"""What comes in from other programs, with which rule, and what is said of the rest?"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from icalendar import Calendar as Ical
from recurring_ical_events import of as expanded

from bot.calendars.events import Calendar, Event
from bot.calendars.rules import LAST, Leap, NthWeekday, OnDate, Recurrence
from bot.errors import Mistake, Problems
from bot.exchange.icalendar_in import imported
from bot.exchange.taking import Taken
from bot.exchange.yaml_out import written
from tests.builders import loaded

EVERY_YEAR = "without a yearly rule will be told on every anniversary; remove what should not be"
FIXTURES = Path(__file__).parent / "fixtures"


def taken_from(name: str) -> tuple[Taken, Calendar]:
    taken = imported((FIXTURES / name).read_bytes(), name)
    return taken, loaded(written({"calendar": "test", **taken.head}, taken.entries))


def events_of(name: str) -> dict[str, Event]:
    return {each.key: each for each in taken_from(name)[1].events}


def one(*lines: str, start: str = "DTSTART;VALUE=DATE:20200510") -> tuple[list[dict[str, object]], list[str]]:
    """The entries and notes of a file with one event."""
    text = "\r\n".join(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "BEGIN:VEVENT",
            "UID:1",
            "SUMMARY:A day",
            start,
            *lines,
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )
    taken = imported(text.encode(), "a.ics")
    loaded(written({"calendar": "test", "title": "Test"}, taken.entries))
    return taken.entries, [str(each) for each in taken.notes]


# Google


def test_googles_yearly_events_keep_their_rules() -> None:
    found = events_of("google.ics")

    assert {key: each.rule for key, each in found.items()} == {
        "the-club-is-founded": OnDate(6, 17),
        "open-river-day": NthWeekday(5, 6, LAST),
        "leap-dinner": OnDate(2, 29, Leap.LEAP_YEARS_ONLY),
        "autumn-cup": Recurrence("FREQ=YEARLY;UNTIL=20250831", date(2020, 9, 1)),
        "three-spring-regattas": Recurrence("FREQ=YEARLY;COUNT=3;INTERVAL=2", date(2021, 4, 5)),
        "the-great-flood": OnDate(7, 3),
    }


def test_googles_events_begin_in_their_year_and_keep_hour_and_end() -> None:
    found = events_of("google.ics")

    assert {key: each.began for key, each in found.items()} == {
        "the-club-is-founded": date(1923, 6, 17),
        "open-river-day": date(2010, 5, 30),
        "leap-dinner": date(2008, 2, 29),
        "autumn-cup": date(2020, 9, 1),
        "three-spring-regattas": date(2021, 4, 5),
        "the-great-flood": date(1954, 7, 3),
    }
    assert (found["leap-dinner"].time, found["leap-dinner"].timezone) == ("19:30", "Europe/Berlin")
    assert found["the-great-flood"].ended == date(1954, 7, 5)
    assert found["the-club-is-founded"].ended is None


def test_another_program_tells_googles_events_on_the_same_days() -> None:
    """But for the excepted day of 2012, which was reported, and the flood, which happens once there."""
    ours = taken_from("google.ics")[1]
    theirs = expanded(sound_part("google.ics")).between(date(2008, 1, 1), date(2031, 1, 1))

    days = {(each.title, day) for each in ours.events for year in range(2008, 2031) for day in each.rule.days(year)}
    told = {(title, day) for title, day in days if title != "The great flood" and day >= begins(ours, title)}

    found = {(str(each["SUMMARY"]), day_of(each["DTSTART"].dt)) for each in theirs}
    assert told - {("Leap dinner", date(2012, 2, 29))} == found


def sound_part(name: str) -> Ical:
    """A file without the events that we refuse: those without a date, cancelled, or changed on one day."""
    whole, part = Ical.from_ical((FIXTURES / name).read_text(encoding="utf-8")), Ical()
    for each in whole.walk("VEVENT"):
        if not each.errors and "STATUS:CANCELLED" not in str(each.to_ical()) and "RECURRENCE-ID" not in each:
            part.add_component(each)
    return part


def begins(calendar: Calendar, title: str) -> date:
    return next(each.began for each in calendar.events if each.title == title and each.began)


def day_of(moment: date) -> date:
    return date(moment.year, moment.month, moment.day)


def test_the_head_of_googles_file_becomes_the_head_of_the_calendar() -> None:
    assert taken_from("google.ics")[0].head == {
        "title": "Rowing club, anniversaries",
        "description": "What the club keeps",
        "timezone": "Europe/Berlin",
    }


def test_html_in_a_description_becomes_text() -> None:
    found = events_of("google.ics")["the-club-is-founded"]

    assert found.text == "Eleven people found the club in the back room of an inn.\n\nSee the minutes & photos."
    assert found.places == ("The Ferry Inn, Old Quay",)


def test_what_stays_behind_of_googles_file_is_told_with_its_line() -> None:
    taken, _ = taken_from("google.ics")

    assert [str(each) for each in sorted(taken.notes)] == [
        "google.ics:59:1: 29 February comes in leap years only, as iCalendar has it; leap_day says otherwise",
        "google.ics:60:1: 'Leap dinner': days are excepted from its rule, and will be told",
        "google.ics:63:1: 'Leap dinner': the people invited were not taken over",
        f"google.ics:83:1: 'The great flood' {EVERY_YEAR}",
        "google.ics:88:1: 'The great flood' is marked private; think before you post it",
        "google.ics:92:1: a single changed day of 'Autumn cup, later this year' was not taken over",
        "google.ics:97:1: 'A day that is not there' has no date that can be read; give it one",
        "google.ics:98:1: DTSTART cannot be read: Wrong date format 20220231; mend it in its own program",
        "google.ics:109:1: 'Cancelled' is cancelled and was not taken over",
    ]
    assert taken.left_out == 3


# Apple


def test_apples_birthdays_keep_their_rules_and_those_of_1604_have_no_year() -> None:
    found = events_of("apple.ics")

    assert {key: (each.rule, each.began) for key, each in found.items()} == {
        "birthday-of-the-lighthouse-keeper": (OnDate(2, 29, Leap.FEB28), None),
        "event-07-17": (OnDate(7, 17), None),
        "the-harbor-pilot-is-born": (OnDate(11, 22), date(1947, 11, 22)),
        "dinner-on-the-fourth-thursday": (NthWeekday(11, 3, 4), date(2013, 11, 28)),
    }


def test_apples_titles_tags_and_links_come_along() -> None:
    found = events_of("apple.ics")

    assert found["event-07-17"].title == "تولد باغبان 🎂"
    assert found["the-harbor-pilot-is-born"].tags == ("Family", "Birthdays", "Sea")
    assert [each.url for each in found["the-harbor-pilot-is-born"].links] == ["https://tree.example/keeper"]


def test_what_stays_behind_of_apples_file_is_told_and_alarms_are_nobodys_business() -> None:
    taken, _ = taken_from("apple.ics")

    assert sorted(map(str, taken.notes)) == [
        "apple.ics:53:1: 'message:%3Cabc@mail.example%3E' is not a web address and was not taken over",
        "apple.ics:56:1: a task was not taken over",
    ]


# One event


@pytest.mark.parametrize(
    ("rule", "start", "entry"),
    [
        ("FREQ=YEARLY", "20200510", {"date": "2020-05-10"}),
        ("FREQ=YEARLY;INTERVAL=1;WKST=MO", "20200510", {"date": "2020-05-10"}),
        ("FREQ=YEARLY;BYMONTH=5", "20200510", {"date": "2020-05-10"}),
        ("FREQ=YEARLY;BYMONTHDAY=10;BYMONTH=5", "20200510", {"date": "2020-05-10"}),
        ("FREQ=YEARLY;BYYEARDAY=60", "20210301", {"date": "02-29", "since": 2021, "leap_day": "mar1"}),
        ("FREQ=YEARLY;BYYEARDAY=60", "20200229", {"date": "2020-02-29", "leap_day": "mar1"}),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "20210228", {"date": "02-29", "since": 2021, "leap_day": "feb28"}),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "20200229", {"date": "2020-02-29", "leap_day": "leap-years-only"}),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=2SU", "20200510", {"weekday": "second sunday of may", "since": 2020}),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=SU;BYSETPOS=2", "20200510", {"weekday": "second sunday of may", "since": 2020}),
    ],
)
def test_a_yearly_rule_becomes_the_plainest_form_that_says_the_same(rule: str, start: str, entry: dict[str, object]) -> None:
    (found,), _ = one(f"RRULE:{rule}", start=f"DTSTART;VALUE=DATE:{start}")

    assert {key: value for key, value in found.items() if key not in {"key", "title"}} == entry


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;INTERVAL=2",
        "FREQ=YEARLY;COUNT=5",
        "FREQ=YEARLY;BYMONTHDAY=10",
        "FREQ=YEARLY;BYMONTH=5,6;BYMONTHDAY=10",
        "FREQ=YEARLY;BYMONTH=5;BYDAY=SU",
        "FREQ=YEARLY;BYMONTH=5;BYDAY=1SU",
        "FREQ=YEARLY;BYMONTH=5;BYDAY=-2SU",
        "FREQ=YEARLY;BYMONTH=5;BYDAY=2SU;BYSETPOS=1",
        "FREQ=YEARLY;BYMONTH=5;BYDAY=SU,SA;BYSETPOS=2",
        "FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=10",
        "FREQ=YEARLY;BYYEARDAY=60",
        "FREQ=YEARLY;BYYEARDAY=60,61",
        "FREQ=MONTHLY;BYDAY=2SU",
        "FREQ=WEEKLY;BYDAY=SU",
    ],
)
def test_every_other_rule_keeps_its_text_and_its_days(rule: str) -> None:
    (found,), _ = one(f"RRULE:{rule}")

    assert found["start"] == "2020-05-10"
    assert set(str(found["rrule"]).split(";")) == set(rule.split(";"))


@pytest.mark.parametrize(
    ("start", "until", "last"),
    [
        ("DTSTART;VALUE=DATE:20200510", "20220510", "20220510"),
        ("DTSTART;VALUE=DATE:20200510", "20220510T000000Z", "20220510"),
        ("DTSTART;TZID=America/New_York:20200510T200000", "20220511T000000Z", "20220510"),
        ("DTSTART;TZID=America/New_York:20200510T200000", "20220510T235959Z", "20220509"),
        ("DTSTART:20200510T200000Z", "20220510T200000Z", "20220510"),
        ("DTSTART:20200510T200000", "20220510T195959", "20220509"),
    ],
)
def test_the_end_of_a_rule_is_a_day_where_the_event_is(start: str, until: str, last: str) -> None:
    (found,), _ = one(f"RRULE:FREQ=YEARLY;UNTIL={until}", start=start)

    assert found["rrule"] == f"FREQ=YEARLY;UNTIL={last}"


@pytest.mark.parametrize(
    ("start", "lines", "end"),
    [
        ("DTSTART;VALUE=DATE:20200510", ["DTEND;VALUE=DATE:20200513"], "2020-05-12"),
        ("DTSTART;VALUE=DATE:20200510", ["DURATION:P3D"], "2020-05-12"),
        ("DTSTART;VALUE=DATE:20200510", ["DURATION:P1D"], None),
        ("DTSTART;VALUE=DATE:20200510", [], None),
        ("DTSTART:20200510T200000Z", ["DTEND:20200512T100000Z"], "2020-05-12"),
        ("DTSTART:20200510T200000Z", ["DTEND:20200511T000000Z"], None),
        ("DTSTART:20200510T200000Z", [], None),
        ("DTSTART:20200510T200000Z", ["DURATION:P2DT1H"], "2020-05-12"),
        ("DTSTART;VALUE=DATE:20200510", ["DTEND;VALUE=DATE:20200501"], None),
    ],
)
def test_an_event_of_several_days_keeps_its_last_day(start: str, lines: list[str], end: str | None) -> None:
    (found,), _ = one(*lines, start=start)

    assert found.get("date_end") == end


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        (["RRULE:FREQ=YEARLY;INTERVAL=2", "DTEND;VALUE=DATE:20200513"], "a.ics:8:1: it lasts longer than a day"),
        (["RDATE;VALUE=DATE:20210601"], "a.ics:7:1: days are listed one by one"),
        (["RRULE:FREQ=YEARLY", "RRULE:FREQ=MONTHLY"], "a.ics:7:1: it has more than one rule"),
        (["RRULE:SOMETIMES"], "a.ics:7:1: its rule cannot be read"),
        (["RRULE:FREQ=SOMETIMES"], "a.ics:7:1: RRULE cannot be read"),
        (["ATTACH:https://e.example/a.pdf", "RRULE:FREQ=YEARLY"], "a.ics:7:1: 'A day': the attachment was not taken over"),
        (["RRULE:FREQ=YEARLY", "this is no line"], "a.ics:3:1: a line cannot be read"),
    ],
)
def test_what_is_lost_of_an_event_is_told_and_the_event_is_taken(lines: list[str], note: str) -> None:
    entries, notes = one(*lines)

    assert len(entries) == 1
    assert any(each.startswith(note) for each in notes), notes


def test_a_zone_that_nobody_knows_is_told() -> None:
    (found,), notes = one("RRULE:FREQ=YEARLY", start="DTSTART;TZID=Custom/Place:20200510T090000")

    assert (found["time"], found.get("timezone")) == ("09:00", None)
    assert notes == ["a.ics:6:1: 'A day' has an hour without a known time zone; add timezone:"]


def test_a_rule_finer_than_days_is_refused_with_the_event() -> None:
    entries, notes = one("RRULE:FREQ=HOURLY")

    assert entries == []
    assert notes == ["a.ics:3:1: a rule counts in days or longer and has its start beside it; use FREQ=DAILY or longer"]


def test_an_event_without_any_words_is_refused() -> None:
    taken = imported(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20200510\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", "a.ics")

    assert taken.left_out == 1


def test_a_long_description_goes_on_in_more() -> None:
    sentence = "This sentence has sixty characters, which makes it easy to count."
    (found,), _ = one(f"DESCRIPTION:{' '.join([sentence] * 6)}".replace(",", "\\,"))

    assert found["text"] == " ".join([sentence] * 4)
    assert found["more"] == " ".join([sentence] * 2)


def test_two_events_of_one_name_have_two_keys() -> None:
    event = "BEGIN:VEVENT\r\nSUMMARY:Ours\r\nDTSTART;VALUE=DATE:20200510\r\nEND:VEVENT\r\n"

    taken = imported(f"BEGIN:VCALENDAR\r\n{event * 3}END:VCALENDAR\r\n".encode(), "a.ics")

    assert [each["key"] for each in taken.entries] == ["ours", "ours-2", "ours-3"]


def test_a_head_that_no_calendar_may_have_is_left_behind_and_told() -> None:
    taken = imported(b"BEGIN:VCALENDAR\r\nX-WR-TIMEZONE:Nowhere/Town\r\nX-THISDAY-NAMES:{\r\nEND:VCALENDAR\r\n", "a.ics")

    assert taken.head == {}
    (note,) = map(str, taken.notes)
    assert note.startswith("a.ics: the calendar's timezone was not taken over: there is no time zone 'Nowhere/Town'")


@pytest.mark.parametrize("text", ["hello", "BEGIN:VCALENDAR\r\nno line\r\nEND:VCALENDAR\r\n"])
def test_what_is_not_icalendar_is_a_mistake(text: str) -> None:
    with pytest.raises(Problems, match=r"^a\.ics: not iCalendar"):
        imported(text.encode(), "a.ics")


def test_a_file_in_another_encoding_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="save the file as UTF-8"):
        imported("BEGIN:VCALENDAR\r\nX-WR-CALNAME:Fête".encode("latin-1"), "a.ics")
