"""Do the golden cases of feeds hold? iCalendar, text inside of markup, instants; and what thisday has nothing for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest

from bot.calendars.events import Event, Link
from bot.channels._bluesky_record import record
from bot.channels._html_text import HTML
from bot.exchange.icalendar_out import exported
from tests.builders import event
from tests.channels.asking import post
from tests.exchange.test_icalendar_in import one
from tests.exchange.test_icalendar_out import of, unfolded
from tests.test_cases import NOW, Case, cases, holds, require_absent

CASES = cases({"feeds"})
FEED = "thisday writes posts, and files for a site's own program; a feed of them is that program's to make"
SERVER = "thisday answers nobody over HTTP; what serves its files answers conditional requests"
HUB = "a hub is told that a feed has changed, and there is no feed"
# What a case is about that thisday does not do: the words that no module could do it without, and the reason.
ABSENT = {
    "jsonfeed_valid": ("jsonfeed.org", FEED),
    "atom_id": ("www.w3.org/2005/atom", FEED),
    "conditional_get": ("if-none-match", SERVER),
    "websub_form_valid": ("hub.mode", HUB),
    "websub_body": ("hub.url", HUB),
    "websub_link_header": ('rel="hub"', HUB),
    "websub_signature": ("x-hub-signature", HUB),
    "classify_response": ("websub", HUB),
}
FIELDS: dict[str, Callable[[str], Event]] = {
    "SUMMARY": lambda value: event(title=value),
    "DESCRIPTION": lambda value: event(text=value),
    "LOCATION": lambda value: event(places=(value,)),
    "URL": lambda value: event(links=(Link("", value),)),
}


def file_of(*events: Event) -> bytes:
    return exported(of(*events), NOW).data


def line_of(name: str, data: bytes) -> str:
    (found,) = (line for line in unfolded(data) if line.startswith((f"{name}:", f"{name};")))
    return found


def text_escape(given: Case) -> Case:
    return {"value": line_of("SUMMARY", file_of(event(title=given["text"]))).removeprefix("SUMMARY:")}


def fold(given: Case) -> Case:
    own = list(_physical(given["property"], file_of(FIELDS[given["property"]](given["value"]))))
    return {
        "max_octets_per_line": max(75, *map(len, own)),
        "folded": len(own) > 1,
        "unfolds_to": b"".join([own[0], *(each[1:] for each in own[1:])]).decode(),
        "never_splits_a_utf8_sequence": all(each == each.decode(errors="ignore").encode() for each in own),
    }


def _physical(name: str, data: bytes) -> Iterator[bytes]:
    """The lines of a property as they stand in the file."""
    lines = iter(data.split(b"\r\n"))
    yield next(line for line in lines if line.startswith(f"{name}:".encode()))
    for line in lines:
        if not line.startswith(b" "):
            return
        yield line


def rfc3339(given: Case) -> Case:
    """Bluesky's records are where we write an instant: in UTC, to the millisecond. The same instant is the same answer."""
    moment = datetime.fromisoformat(given["datetime"])
    written = record(post(due=moment), None)["createdAt"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", written)
    assert timedelta() <= moment - datetime.fromisoformat(written) < timedelta(milliseconds=1)
    return {"updated": moment.isoformat().replace("+00:00", "Z")}


ASKED: dict[str, Callable[[Case], Case]] = {
    "ical_text_escape": text_escape,
    "ical_fold": fold,
    "xml_text": lambda given: {"xml": HTML.escape(given["text"])},
    "rfc3339": rfc3339,
}
OWN_TESTS = {"ical_uid", "ical_document", "ical_dtstart"}  # their tests stand below


def about(*kinds: str) -> list[Case]:
    return [case for case in CASES if case["kind"] in kinds]


def called(case: Case) -> str:
    return str(case["id"])


@pytest.mark.parametrize("case", about(*ASKED), ids=called)
def test_a_golden_case_holds(case: Case) -> None:
    holds(case, ASKED)


@pytest.mark.parametrize("case", about("ical_uid"), ids=called)
def test_a_uid_is_one_name_whatever_its_words(case: Case) -> None:
    """Its form and its host are each program's own. What the case promises is that it never changes."""
    key = case["input"]["slot"]
    told, mended, other = event(key), event(key, title="Mended", text="Of late"), event(f"{key}-2")

    assert line_of("UID", file_of(told)) == line_of("UID", file_of(mended)) == f"UID:test/{key}@thisday"
    assert line_of("UID", file_of(told)) != line_of("UID", file_of(other))


@pytest.mark.parametrize("case", about("ical_document"), ids=called)
def test_a_file_says_all_that_the_golden_one_says(case: Case) -> None:
    """Ours says more: that the event is yearly, and our own properties. The names of program and event are its own."""
    told = case["input"]["event"]
    links = (Link("", told["url"]),) if "url" in told else ()
    said = event(on=date.fromisoformat(told["date"]), title=told["summary"], text=told.get("description", ""), links=links)

    data = file_of(said)

    golden = [line for line in unfolded(case["expected"]["text"].encode()) if not line.startswith(("PRODID:", "UID:"))]
    assert set(golden) <= set(unfolded(data))
    assert data.count(b"\n") == data.count(b"\r\n")
    assert data.startswith(b"BEGIN:VCALENDAR\r\n")
    assert data.endswith(b"END:VEVENT\r\nEND:VCALENDAR\r\n")


@pytest.mark.parametrize("case", about("ical_dtstart"), ids=called)
def test_the_beginning_of_an_event_is_written_and_read(case: Case) -> None:
    """What we write are whole days, as an event is told on its day; an hour is read, and kept as our own property."""
    day, _, hour = case["input"]["when"].partition("T")

    ([entry], _) = one(start=case["expected"]["line"])

    assert entry["date"] == day
    assert "date_end" not in entry
    assert entry.get("time", "") == hour[:5]
    if not hour:
        assert line_of("DTSTART", file_of(event(on=date.fromisoformat(day)))) == case["expected"]["line"]


def test_every_case_is_asked_or_named_with_its_reason() -> None:
    kinds = {case["kind"] for case in CASES}

    assert not {*ASKED, *OWN_TESTS} & ABSENT.keys()
    assert kinds <= {*ASKED, *OWN_TESTS, *ABSENT}


def test_what_is_said_to_be_absent_is_absent() -> None:
    require_absent(ABSENT.values())
