"""Does the simulation see what readers would see in years to come?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path
from time import process_time

import pytest

from bot import simulation
from bot.app import App, read_config
from bot.calendars.events import Event
from bot.calendars.index import Indexed
from bot.config import Mode, QuietDays
from bot.scheduling.due import due
from bot.simulation import Oddity, Report, Run, simulate

CALENDAR = "calendar: town\ntitle: A town\nevents:\n"
EVENT = "  - {{ key: {key}, date: {day}, title: {key}, text: '{text}' }}\n"
CONFIG = """\
calendars: [town.yaml]
channels:
  terminal: { kind: console }
  museum: { kind: mastodon, server: "https://mastodon.example", access_token: made-up }
"""
YEAR = date(2026, 1, 1), date(2026, 12, 31)


def every_day() -> str:
    days = (date(2024, 1, 1) + timedelta(days=number) for number in range(366))
    return "".join(EVENT.format(key=f"e{day:%m%d}", day=day, text=f"It was the {day:%d}. of {day:%B}.") for day in days)


def app(folder: Path, events: str) -> App:
    (folder / "town.yaml").write_text(CALENDAR + events, encoding="utf-8")
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return App(read_config(folder / "config.yaml"), cache=None)


def report(
    app: App, channel: str = "terminal", *, zone: str = "UTC", days: tuple[date, date] = YEAR, **more: object
) -> Report:
    wanted = replace(app.subscription(channel), **more)  # type: ignore[arg-type]  # fields of a test's choice
    (found,) = simulate(app.paper, app.agenda, [Run(wanted, app.channel(wanted), (zone,))], *days)
    return found


def test_a_year_with_a_text_for_each_day_has_a_post_a_day_and_nothing_odd(tmp_path: Path) -> None:
    found = report(app(tmp_path, every_day()))

    assert (found.posts, found.findings, found.notes) == (365, (), ())


def test_days_with_nothing_to_tell_are_empty_unless_silence_is_wanted(tmp_path: Path) -> None:
    one = app(tmp_path, EVENT.format(key="one", day="1979-11-04", text="It began."))

    found = report(one, days=(date(2026, 11, 3), date(2026, 11, 5)))

    assert [(each.day, each.kind) for each in found.findings] == [(date(2026, 11, 3), "empty"), (date(2026, 11, 5), "empty")]
    assert report(one, quiet_days=QuietDays.SILENT).findings == ()


def test_a_lead_that_is_cut_to_fit_is_too_long(tmp_path: Path) -> None:
    long = app(tmp_path, EVENT.format(key="one", day="1979-11-04", text="It went on and on. " * 30))
    day = (date(2026, 11, 4), date(2026, 11, 4))

    (found,) = report(long, "museum", days=day).findings

    assert (found.kind, found.what.startswith("one is cut to fit: It went on and on.")) == ("too-long", True)
    assert report(long, days=day).findings == ()


def test_a_title_that_fits_nowhere_is_too_long(tmp_path: Path) -> None:
    tags = " ".join(f"Tag{number}" for number in range(100)).split()
    (tmp_path / "town.yaml").write_text("", encoding="utf-8")
    tagged = app(tmp_path, EVENT.format(key="one", day="1979-11-04", text="It began."))
    (tmp_path / "town.yaml").write_text(
        CALENDAR.replace("events:", f"hashtags: [{', '.join(tags)}]\nevents:")
        + EVENT.format(key="one", day="1979-11-04", text="It began."),
        encoding="utf-8",
    )

    (found,) = report(tagged, "museum", days=(date(2026, 11, 4), date(2026, 11, 4))).findings

    assert (found.kind, "does not fit" in found.what) == ("too-long", True)


def test_the_same_words_on_two_dates_of_a_year_are_repeated_and_those_of_two_years_are_not(tmp_path: Path) -> None:
    twice = EVENT.format(key="one", day="1979-11-04", text="It rained.") + EVENT.format(
        key="two", day="1979-12-04", text="It rained."
    )

    found = report(app(tmp_path, twice), days=(date(2026, 1, 1), date(2027, 12, 31)), quiet_days=QuietDays.SILENT)

    assert found.findings == (
        Oddity(date(2026, 12, 4), "repeated", "as on 2026-11-04: It rained."),
        Oddity(date(2027, 12, 4), "repeated", "as on 2027-11-04: It rained."),
    )


def test_a_day_that_a_place_skipped_has_no_instant(tmp_path: Path) -> None:
    """Samoa went from 29 to 31 December 2011 when it crossed the date line."""
    found = report(
        app(tmp_path, "  - { key: one, date: 12-30, title: One }\n"),
        zone="Pacific/Apia",
        days=(date(2011, 12, 29), date(2011, 12, 31)),
        quiet_days=QuietDays.SILENT,
    )

    assert found.findings == (Oddity(date(2011, 12, 30), "clock", "no instant: this place skipped the day", "Pacific/Apia"),)


def test_an_hour_that_is_skipped_or_comes_twice_is_noted_and_nothing_is_wrong_with_it(tmp_path: Path) -> None:
    found = report(app(tmp_path, every_day()), zone="Europe/Berlin", at=time(2, 30))

    assert (found.posts, found.findings) == (365, ())
    assert found.notes == (
        Oddity(date(2026, 3, 29), "clock", "02:30 is skipped; posted at 03:30", "Europe/Berlin"),
        Oddity(date(2026, 10, 25), "clock", "02:30 comes twice; posted the first time", "Europe/Berlin"),
    )


def test_a_scheduler_that_opened_a_day_twice_or_on_another_day_would_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date(2026, 11, 4)

    monkeypatch.setattr("bot.simulation.due", lambda *wanted: [each for each in due(*wanted) for _ in range(2)])
    twice = report(app(tmp_path, every_day()), days=(day, day))
    monkeypatch.setattr("bot.simulation.due", lambda *wanted: [replace(each, day=day) for each in due(*wanted)[:1]])
    late = report(app(tmp_path, every_day()), days=(day, day))

    assert [each.kind for each in twice.findings] == ["two-posts"]
    assert [each.kind for each in late.findings] == ["clock"]


def test_a_replay_has_444_posts_and_nothing_before_or_after_it_is_empty(tmp_path: Path) -> None:
    crisis = app(tmp_path, every_day())
    days, start = (date(2025, 12, 1), date(2027, 6, 30)), date(2026, 1, 1)

    found = report(crisis, days=days, mode=Mode.REPLAY, start=start, calendars=("iran-hostage-crisis",))

    assert (found.posts, found.findings) == (444, ())


def test_events_at_their_own_hour_are_several_posts_of_a_day_and_not_two_of_one(tmp_path: Path) -> None:
    crisis = app(tmp_path, every_day())
    day = date(2026, 11, 4)

    found = report(crisis, days=(day, day), mode=Mode.AS_IT_HAPPENED, calendars=("iran-hostage-crisis",))

    assert (found.posts > 1, found.findings) == (True, ())


class Unread(Indexed):
    """Events that may be asked for by key, but not gone through."""

    def __iter__(self) -> Iterator[Event]:
        raise AssertionError("the cost of a day grows with the number of events")


def test_the_cost_of_a_day_does_not_grow_with_the_number_of_events(tmp_path: Path) -> None:
    """No day goes through all events: the events of a day are found by its keys."""
    large = app(tmp_path, every_day())
    (calendar,) = large.paper.calendars(("town.yaml",))
    large.paper._calendars["town.yaml"] = replace(calendar, events=Unread(tuple(calendar.events)))

    assert report(large).posts == 365


def test_each_day_is_rendered_once_however_many_zones_it_is_posted_in(tmp_path: Path) -> None:
    all_day = app(tmp_path, every_day())
    wanted = all_day.subscription("terminal")
    asked: list[date] = []
    honest = all_day.paper.edition

    class Counting(type(all_day.paper)):  # type: ignore[misc]  # a paper that counts
        def edition(self, subscription: object, day: date, run: str = "") -> object:
            asked.append(day)
            return honest(subscription, day, run)  # type: ignore[arg-type]  # handed on

    paper = Counting(all_day.paper.shelf, all_day.paper.templates)
    runs = [Run(wanted, all_day.channel(wanted), simulation.ZONES)] * 3
    reports = simulate(paper, all_day.agenda, runs, *YEAR)

    assert len(asked) == 365
    assert [each.posts for each in reports] == [365 * 12] * 3


def test_progress_is_told_before_each_run(tmp_path: Path) -> None:
    all_day = app(tmp_path, every_day())
    wanted = all_day.subscription("terminal")
    told: list[tuple[int, int]] = []

    simulate(
        all_day.paper,
        all_day.agenda,
        [Run(wanted, all_day.channel(wanted), ("UTC",))] * 2,
        YEAR[0],
        YEAR[0],
        lambda *each: told.append(each),
    )

    assert told == [(0, 2), (1, 2)]


def test_two_shipped_years_have_nothing_odd_in_twelve_zones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("THISDAY_CONFIG", raising=False)
    begun = process_time()

    code = main(["simulate", "--from", "2026-01-01", "--to", "2027-12-31"])

    assert code == 0
    assert process_time() - begun < 30  # of this process's own time; about 8 where nothing else runs
