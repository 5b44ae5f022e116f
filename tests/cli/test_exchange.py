"""Do export and import move a calendar through files, and say what was lost on the way?"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.main import main

FIXTURES = Path(__file__).parents[1] / "exchange" / "fixtures"
CALENDAR = """\
calendar: ours
title: Ours
events:
  - { key: one, date: 1999-12-31, title: The last }
  - { key: two, date: 1911-09, title: A month }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, with nothing of the user's own but files to bring in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("THISDAY_CONFIG", "THISDAY_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    for each in FIXTURES.iterdir():
        shutil.copy(each, tmp_path)
    (tmp_path / "ours.yaml").write_text(CALENDAR, encoding="utf-8")
    return tmp_path


def run(capsysbinary: pytest.CaptureFixture[bytes], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    said = capsysbinary.readouterr()
    return code, said.out.decode(), said.err.decode()


def test_an_export_goes_to_standard_output_and_its_losses_to_standard_error(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    code, out, err = run(capsysbinary, "export", "ours.yaml")

    assert code == 0
    assert out.startswith("BEGIN:VCALENDAR\r\n")
    assert err == "ours/two: left out: it falls on no day that can be named\n"


def test_what_was_exported_is_imported_under_its_own_name(capsysbinary: pytest.CaptureFixture[bytes], folder: Path) -> None:
    assert run(capsysbinary, "export", "harbor-museum", "--out", "new/harbor.ics")[:2] == (0, "")

    code, out, err = run(capsysbinary, "import", "new/harbor.ics", "--out", "new/harbor.yaml")

    assert (code, out, err) == (0, "", "11 events taken over, 0 left out\n")
    assert "calendar: harbor-museum" in (folder / "new" / "harbor.yaml").read_text(encoding="utf-8")
    assert run(capsysbinary, "calendar", "--calendar", "new/harbor.yaml", "--search", "cog")[1].startswith("date")


@pytest.mark.parametrize(
    ("words", "code", "last"),
    [
        (["google.ics"], 1, "6 events taken over, 3 left out"),
        (["apple.ics", "--name", "birthdays"], 1, "4 events taken over, 1 left out"),
        (["museum.csv", "--map", "source=Quelle,text=Beschreibung"], 1, "4 events taken over, 3 left out"),
        (["onthisday.json", "--date", "06-17"], 1, "5 events taken over, 3 left out"),
    ],
)
def test_every_form_becomes_a_calendar_that_loads(
    capsysbinary: pytest.CaptureFixture[bytes], words: list[str], code: int, last: str
) -> None:
    found, out, err = run(capsysbinary, "import", *words, "--out", "out.yaml")

    assert (found, out) == (code, "")
    assert err.splitlines()[-1] == last
    assert run(capsysbinary, "calendar", "--calendar", "out.yaml")[0] == 0


def test_a_name_is_given_or_made_of_the_file(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert "calendar: birthdays\n" in run(capsysbinary, "import", "apple.ics", "--name", "birthdays")[1]
    assert "calendar: apple\n" in run(capsysbinary, "import", "apple.ics")[1]


def test_the_format_may_be_named(capsysbinary: pytest.CaptureFixture[bytes], folder: Path) -> None:
    (folder / "apple.ics").rename(folder / "feed")

    assert run(capsysbinary, "import", "feed", "--format", "ics")[0] == 1


def test_a_calendar_that_is_there_is_not_overwritten(capsysbinary: pytest.CaptureFixture[bytes], folder: Path) -> None:
    code, _, err = run(capsysbinary, "import", "apple.ics", "--out", "ours.yaml")

    assert code == 2
    assert "ours.yaml is there already; choose another name" in err
    assert (folder / "ours.yaml").read_text(encoding="utf-8") == CALENDAR


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["import", "nothing.ics"], "cannot read nothing.ics: No such file or directory; check the path"),
        (["import", "."], "cannot read .: Is a directory"),
        (["import", "ours.yaml"], "add --format ics, csv or wikimedia"),
        (["import", "onthisday.json"], "add --date MM-DD"),
        (["import", "onthisday.json", "--date", "02-30"], "write MM-DD"),
        (["import", "onthisday.json", "--date", "June"], "write MM-DD"),
        (["import", "museum.csv", "--map", "date"], "write FIELD=COLUMN"),
        (["import", "museum.csv", "--map", "dat=Datum"], "did you mean 'date'?"),
        (["import", "apple.ics", "--name", "My Calendar"], "write lower-case letters, digits and hyphens"),
        (["import", "apple.ics", "--out", "ours.yaml/x.yaml"], "cannot write ours.yaml/x.yaml"),
        (["export", "nothing"], "there is no calendar 'nothing'"),
        (["export", "ours.yaml", "--years", "1950"], "write two years"),
        (["export", "ours.yaml", "--years", "2050-1950"], "write two years"),
        (["export", "ours.yaml", "--years", "1500-1950"], "write two years"),
        (["export", "ours.yaml", "--format", "csv"], "'csv' is not 'ics'"),
    ],
)
def test_a_mistake_gets_advice_and_no_traceback(
    capsysbinary: pytest.CaptureFixture[bytes], words: list[str], advice: str
) -> None:
    code, _, err = run(capsysbinary, *words)

    assert code == 2
    assert advice in err
    assert "Traceback" not in err


def test_a_file_without_events_makes_no_calendar(capsysbinary: pytest.CaptureFixture[bytes], folder: Path) -> None:
    (folder / "empty.csv").write_text("date,title\n1999-02-30,x\n", encoding="utf-8")

    code, _, err = run(capsysbinary, "import", "empty.csv", "--out", "empty.yaml")

    assert code == 2
    assert "empty.csv:2:1: 30 February 1999 does not exist" in err
    assert not (folder / "empty.yaml").exists()


@pytest.mark.parametrize("words", [["export", "harbor-museum"], ["import", "apple.ics"]])
def test_without_the_icalendar_package_it_is_said_what_to_install(words: list[str], folder: Path) -> None:
    """In a Python of its own, which finds an empty module where the package would be."""
    blocked = f"import sys; sys.modules['icalendar'] = None; from bot.cli.main import main; sys.exit(main({words!r}))"

    done = subprocess.run([sys.executable, "-c", blocked], cwd=folder, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr == "iCalendar needs the package icalendar; pip install 'thisday[exchange]'\n"


@pytest.mark.parametrize("years", ["1805-2245", "1805-1805", "2245-2245"])
def test_days_are_listed_for_all_years_that_may_be_asked_for(capsysbinary: pytest.CaptureFixture[bytes], years: str) -> None:
    code, out, _ = run(capsysbinary, "export", "harbor-museum", "--years", years)

    assert code == 0
    assert "END:VCALENDAR" in out
