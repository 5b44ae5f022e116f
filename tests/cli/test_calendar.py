"""Do the commands about calendars, people and years say what a person needs, and end with the right code?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli.main import main

CALENDAR = """\
calendar: town
title: A town
events:
  - { key: bridge, date: 1979-11-04, title: The bridge opens, text: It was built in two years. }
"""
SOURCE = "[{ title: Yearbook, publisher: A town }]"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with one calendar and nothing of the user's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("THISDAY_CONFIG", raising=False)
    (tmp_path / "town.yaml").write_text(CALENDAR, encoding="utf-8")
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    said = capsys.readouterr()
    return code, said.out, said.err


def sourced(folder: Path, name: str, text: str = "It was built in two years.") -> str:
    path = folder / name
    mended = CALENDAR.replace("text: It was built in two years. }", f"text: '{text}', sources: {SOURCE} }}")
    path.write_text(mended, encoding="utf-8")
    return str(path)


def test_calendar_without_a_word_still_lists_events(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "calendar", "--date", "11-04", "--calendar", "town.yaml")

    assert (code, out.splitlines()[1:]) == (0, ["1979-11-04  bridge  The bridge opens"])


def test_lint_prints_a_finding_with_its_place_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "calendar", "lint", "town.yaml")

    assert code == 1
    assert out.startswith("town.yaml:4:5: no-source: 'bridge' tells what happened and names no source; add sources:")


def test_lint_of_a_sound_calendar_says_so_and_ends_with_0(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, _ = run(capsys, "calendar", "lint", sourced(folder, "new.yaml"))

    assert (code, out) == (0, f"Nothing to mend in {folder / 'new.yaml'}.\n")


def test_lint_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "calendar", "lint", "--json", "town.yaml")

    (found,) = json.loads(out)
    assert code == 1
    assert (found["file"], found["line"], found["column"], found["rule"]) == ("town.yaml", 4, 5, "no-source")


def test_lint_ends_with_2_where_a_calendar_does_not_load(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "town.yaml").write_text("calendar: town\n", encoding="utf-8")

    code, out, err = run(capsys, "calendar", "lint", "town.yaml")

    assert (code, out) == (2, "")
    assert err.startswith("town.yaml:1:1: 'title' is missing")


def test_lint_without_a_name_takes_the_calendars_of_the_config(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "calendar", "lint")[:2] == (0, "Nothing to mend in iran-hostage-crisis.\n")


def test_diff_shows_each_day_that_reads_differently_and_ends_with_1(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    old, new = sourced(folder, "old.yaml"), sourced(folder, "new.yaml", "It was built in three years.")

    code, out, _ = run(capsys, "calendar", "diff", old, new)

    assert code == 1
    assert out.splitlines() == [
        "4 November",
        "  ~ bridge, text: It was built in two years. → It was built in three years.",
        "1 day reads differently.",
    ]


def test_diff_of_a_calendar_with_itself_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "calendar", "diff", "town.yaml", "town.yaml")[:2] == (0, "No difference.\n")


def test_diff_as_json(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    _, out, _ = run(capsys, "calendar", "diff", "--json", "town.yaml", sourced(folder, "new.yaml"))

    change = {"what": "bridge", "part": "sources", "before": "", "after": "Yearbook A town"}
    assert json.loads(out)["days"] == [{"day": "11-04", "changes": [change]}]


def test_people_are_found_by_words_and_by_group(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "people", "--search", "queen", "--json")
    (queen,) = json.loads(out)

    assert (queen["name"], queen["captured"], queen["released"]) == ("Richard Queen", "1979-11-04", "1980-07-11")
    assert len(run(capsys, "people", "--group", "sheltered")[1].splitlines()) == 1 + 6


def test_people_as_a_table_carry_the_name_of_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    assert "L. Bruce Laingen" in run(capsys, "people", "--search", "chargé")[1]


def test_simulate_reports_every_kind_and_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "simulate", "--from", "2026-11-01", "--to", "2026-11-14", "--timezones", "UTC,Asia/Tehran")

    rows = [line.split()[:3] for line in out.splitlines()]
    assert code == 0
    assert ["console", "2", "28"] in rows
    assert ["slack", "weekly", "2"] in rows
    assert out.endswith("Nothing odd.\n")


def test_simulate_of_a_configured_channel_ends_with_1_where_days_are_empty(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "config.yaml").write_text(
        "calendars: [town.yaml]\nchannels:\n  terminal: { kind: console }\n", encoding="utf-8"
    )

    code, out, _ = run(capsys, "simulate", "--from", "2026-11-03", "--to", "2026-11-05", "--channel", "terminal", "--json")

    (report,) = json.loads(out)
    assert (code, report["posts"], report["timezones"]) == (1, 1, ["UTC"])
    assert [each["day"] for each in report["findings"]] == ["2026-11-03", "2026-11-05"]


def test_simulate_wants_days_in_order_and_zones_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "simulate", "--from", "2026-11-03", "--to", "2026-11-01")
    assert (code, "2026-11-01 is before 2026-11-03" in err) == (2, True)

    code, _, err = run(capsys, "simulate", "--from", "2026-11-03", "--to", "2026-11-03", "--timezones", "Asia/Teheran")
    assert (code, "did you mean 'Asia/Tehran'?" in err) == (2, True)
