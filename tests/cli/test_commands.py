"""Do the commands say what a person needs, and end with the right code?"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.main import COMMANDS, main

SLACK = "https://hooks.slack.com/services/T00000000/B00000000/fake-canary"
TEN_MISTAKES = """\
timezone: Europe/Berlinn
att: "09:00"
days: monn
catch_up: 12 hours
calendars: []
channels:
  news room:
    kind: slack
  newsroom:
    kind: slak
  museum:
    kind: mastodon
    server: https://mastodon.example/path
    access_token: ${NO_SUCH_VARIABLE}
    visibility: publik
    languag: en
  receiver:
    kind: webhook
    url: file:no-such-file
    secret: whsec_short
    at: 9:00
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, with nothing of the user's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("THISDAY_CONFIG", "THISDAY_SECRET_KEY", "NO_SUCH_VARIABLE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_config_with_ten_mistakes_tells_all_of_them_at_their_places(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "config.yaml").write_text(TEN_MISTAKES, encoding="utf-8")

    code, out, err = run(capsys, "post")

    places = [line.split(": ")[0] for line in err.splitlines()]
    assert (code, out) == (2, "")
    assert places == [
        "config.yaml:1:11",
        "config.yaml:2:1",
        "config.yaml:3:7",
        "config.yaml:4:11",
        "config.yaml:5:12",
        "config.yaml:7:3",
        "config.yaml:10:11",
        "config.yaml:13:13",
        "config.yaml:14:19",
        "config.yaml:15:17",
        "config.yaml:16:5",
        "config.yaml:19:10",
        "config.yaml:20:13",
        "config.yaml:21:9",
    ]
    assert "did you mean 'Europe/Berlin'?" in err
    assert "did you mean 'slack'?" in err
    assert "did you mean 'language'?" in err
    assert not (folder / "thisday.db").exists()


def test_without_a_config_the_shipped_one_posts_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "post", "--date", "2026-11-25")

    assert code == 0
    assert out.startswith("On this day: 25 November\n\nDay 22 of 444 (1979) · 53 Americans held\nDay 388 of 444 (1980)")
    assert err == "terminal: 2026-11-25 delivered\n"


def test_the_same_date_is_posted_by_hand_once(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "post", "--date", "2026-11-25")

    assert run(capsys, "post", "--date", "2026-11-25") == (0, "", "terminal: 2026-11-25 delivered\n")


def test_a_post_by_hand_does_not_eat_the_scheduled_one(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "post", "--date", "2026-11-25")

    code, out, _ = run(capsys, "deliveries", "--json")

    assert code == 0
    assert [(each["run"], each["state"]) for each in json.loads(out)] == [("hand-1", "delivered")]


def test_the_first_run_once_posts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "run", "--once") == (0, "", "")
    assert run(capsys, "deliveries") == (0, "No delivery matches.\n", "")


def test_preview_prints_and_makes_no_database(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, _ = run(capsys, "preview", "--date", "2026-12-25", "--days", "2")

    assert code == 0
    assert "Day 52 of 444" in out
    assert "Day 418 of 444" in out
    assert "On this day: 26 December" in out
    assert not (folder / "thisday.db").exists()


@pytest.mark.parametrize("kind", ["console", "mastodon", "slack", "webhook"])
def test_preview_shows_any_kind_without_one_configured(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    code, out, _ = run(capsys, "preview", "--date", "2026-11-04", "--kind", kind, "--format", "json")

    (shown,) = json.loads(out)
    assert code == 0
    assert "Day 1 of 444" in shown["messages"][0]["text"]


def test_preview_of_a_payload_hides_secrets(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "config.yaml").write_text(f"channels:\n  news:\n    kind: slack\n    webhook_url: {SLACK}\n", encoding="utf-8")

    code, out, _ = run(capsys, "preview", "--format", "payload", "--date", "2026-11-04")

    assert code == 0
    assert json.loads(out)[0]["requests"][0]["host"] == "hooks.slack.com"
    assert "fake-canary" not in out


def test_a_day_number_and_a_date_find_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "day", "118")[1].startswith("Day 118 of 444 · 29 February 1980\n53 Americans held\n")
    assert run(capsys, "day", "1980-02-29")[1].startswith("Day 118 of 444 · 29 February 1980\n")
    assert run(capsys, "day", "2026-12-25")[1].count("of 444") == 2


def test_a_number_that_no_day_has_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "day", "445") == (2, "", "no counter has a day 445; crisis has days 1 to 444\n")


def test_the_calendar_is_searched(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "calendar", "--date", "11-04", "--search", "embassy", "--json")

    assert code == 0
    assert "embassy-seized" in [each["event"] for each in json.loads(out)]


def test_init_writes_a_folder_that_passes_check_and_overwrites_nothing(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "config.yaml").write_text("at: '10:00'\nchannels:\n  terminal:\n    kind: console\n", encoding="utf-8")

    code, _, err = run(capsys, "init")

    assert code == 0
    assert "kept config.yaml, which was there" in err
    assert (folder / "config.yaml").read_text(encoding="utf-8").startswith("at: '10:00'")
    assert run(capsys, "init", "new")[0] == 0
    assert run(capsys, "--config", "new/config.yaml", "check")[0] == 0


def test_subscribe_keeps_a_channel_and_no_secret_in_clear(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, err = run(capsys, "subscribe", SLACK, "--at", "08:30", "--timezone", "America/New_York", "--days", "mon-fri")
    rows = json.loads(run(capsys, "channels", "list", "--json")[1])
    kept = b"".join(path.read_bytes() for path in folder.glob("thisday.db*"))

    assert (code, out) == (0, "")
    assert err == "slack-hooks.slack.com: subscribed to slack; see thisday channels\n"
    assert [(each["channel"], each["at"], each["from"]) for each in rows] == [
        ("terminal", "09:00", "config"),
        ("slack-hooks.slack.com", "08:30", "database"),
    ]
    assert b"fake-canary" not in kept
    assert (folder / "thisday.db.key").stat().st_mode & 0o777 == 0o600


def test_subscribe_to_a_webhook_makes_a_secret_and_shows_it_once(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "subscribe", "https://receiver.example.org/x", "--kind", "webhook", "--name", "mine")

    assert code == 0
    assert out.startswith("mine: its secret, shown only now: whsec_")
    assert "whsec_" not in run(capsys, "channels", "list", "--json")[1]


def test_subscribe_refuses_what_is_wrong_and_keeps_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "subscribe", "https://example.org/x")[0] == 2
    assert run(capsys, "subscribe", SLACK, "--timezone", "Mars/Base")[0] == 2
    assert run(capsys, "subscribe", SLACK, "--calendar", "no-such")[0] == 2
    assert run(capsys, "subscribe", SLACK, "--name", "terminal")[0] == 2
    assert "slack" not in run(capsys, "channels")[1]


def test_unsubscribe_forgets_a_stored_channel_only(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "subscribe", SLACK, "--name", "news")

    assert run(capsys, "unsubscribe", "news") == (0, "", "news: unsubscribed\n")
    assert run(capsys, "unsubscribe", "terminal") == (2, "", "'terminal' stands in the config file; remove it there\n")
    assert run(capsys, "unsubscribe", "nobody")[0] == 2


def test_a_paused_channel_says_so_and_is_resumed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "channels", "pause", "terminal") == (0, "", "terminal: paused\n")
    assert "paused by hand" in run(capsys, "channels")[1]
    assert run(capsys, "channels", "resume", "terminal") == (0, "", "terminal: resumed\n")
    assert run(capsys, "channels", "resume", "terminal") == (0, "", "terminal: was not paused\n")


def test_a_test_post_is_marked_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "channels", "test", "terminal")

    assert (code, err) == (0, "terminal: posted\n")
    assert out == "A test from thisday. If you can read this, this channel works.\n"


def test_why_tells_the_story_of_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "post", "--date", "2026-11-25")

    assert "delivery 1 (hand-1, part 1)" in run(capsys, "why", "2026-11-25", "terminal")[1]
    assert run(capsys, "why", "2026-11-26", "terminal")[1].startswith("Nothing was planned for terminal on 2026-11-26")


def test_what_has_ended_cannot_be_settled_or_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "post", "--date", "2026-11-25")

    assert run(capsys, "settle", "1", "dead")[0] == 2
    assert run(capsys, "retry", "1")[0] == 2
    assert run(capsys, "retry", "99") == (2, "", "there is no delivery 99; see thisday deliveries\n")


def test_a_misspelled_command_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "prevew")

    assert code == 2
    assert "did you mean 'preview'?" in err


@pytest.mark.parametrize(
    "words", [("--date", "2026-02-30"), ("--date", "soon"), ("--days", "0"), ("--channel", "nobody"), ("--kind", "x")]
)
def test_a_wrong_option_is_a_mistake_without_a_traceback(capsys: pytest.CaptureFixture[str], words: tuple[str, str]) -> None:
    code, out, err = run(capsys, "preview", *words)

    assert (code, out) == (2, "")
    assert "Traceback" not in err


def test_every_command_has_a_help_page_and_every_listing_json(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        code, out, _ = run(capsys, name, "--help")
        assert code == 0
        assert out.startswith(f"Usage: thisday {name}")


def test_a_preview_may_be_in_another_language(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "preview", "--date", "2026-11-04", "--language", "de")
    assert code == 0
    assert "An diesem Tag: 4. November" in out
    assert "1979 · Tag 1 · vor 47 Jahren" in out


def test_a_preview_in_no_language_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "preview", "--language", "German")
    assert code == 2
    assert "there is no language 'German'; did you mean 'de'?" in err


def test_the_check_says_where_a_language_has_no_words(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "config.yaml").write_text(
        "channels:\n  a: {kind: console, language: it}\n  b: {kind: console, language: fr}\n"
    )

    code, out, _ = run(capsys, "check")

    assert code == 0
    assert "channel a: there are no words in 'it'; English ones stand in" in out
    assert "channel b: there are no words" not in out


def test_the_check_counts_the_events_that_are_told_in_another_language(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "town.yaml").write_text(
        "calendar: town\ntitle: T\nevents:\n  - {key: a, title: A, date: 1979-11-04, translations: {de: {title: Ah}}}\n"
        "  - {key: b, title: B, date: 1979-11-05}\n"
    )
    channels = "{a: {kind: console, language: de-AT}, b: {kind: console, language: en-GB}}"
    (folder / "config.yaml").write_text(f"calendars: [town.yaml]\nchannels: {channels}\n")

    code, out, _ = run(capsys, "check")

    assert code == 0
    assert "channel a: 1 of 2 events of town are told in 'de-AT', the others in 'en'" in out
    assert "channel b: 1" not in out


def test_the_check_finds_a_mistake_in_a_file_of_words(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "config.yaml").write_text("templates: mine\nlanguage: it\nchannels: {a: {kind: console}}\n")
    (folder / "mine" / "locales").mkdir(parents=True)
    (folder / "mine" / "locales" / "it.yaml").write_text("more: Altro\ntoday: 'oggi {n}'\n")

    code, _, err = run(capsys, "check")

    assert code == 2
    assert "mine/locales/it.yaml:2:8: today 'oggi {n}' cannot be filled; leave out the braces" in err


def test_the_card_of_a_day_is_a_picture_with_words(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, _ = run(capsys, "card", "--date", "2026-11-23", "--size", "square", "--out", "day.png")

    assert code == 0
    assert struct.unpack(">II", (folder / "day.png").read_bytes()[16:24]) == (1080, 1080)
    assert out.startswith("day.png: ")
    assert "Alternative text: Day 20 of 444, 23 November 1979 · 47 years ago. US secretly warns Iran" in out


def test_the_whole_span_is_one_picture(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, _ = run(capsys, "card", "--whole", "--theme", "dark", "--out", "whole.png")

    assert code == 0
    assert struct.unpack(">II", (folder / "whole.png").read_bytes()[16:24])[0] == 1600
    assert "66 → 63 → 53 → 52 → 0 Americans held." in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--whole", "--date", "2026-11-23", "--out", "a.png"), "--whole is of all days"),
        (("--out", "no/such/folder.png"), "cannot write no/such/folder.png"),
        (("--calendar", "own.yaml", "--whole", "--out", "a.png"), "no calendar here counts days"),
        (("--calendar", "own.yaml", "--date", "2026-05-13", "--out", "a.png"), "no event on this day"),
        (("--calendar", "iran-hostage-crisi", "--out", "a.png"), "iran-hostage-crisis"),
    ],
)
def test_a_mistake_with_a_card_is_told(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: str) -> None:
    Path("own.yaml").write_text("calendar: own\ntitle: Own\nevents: [{key: a, date: 1979-05-12, title: A}]\n")

    code, _, err = run(capsys, "card", *words)

    assert code == 2
    assert expected in err


@pytest.mark.parametrize(
    ("card", "expected"), [("webhook_url: " + SLACK, 2), ("bot_token: xoxb-fake, channel: C0123ABCDEF", 0)]
)
def test_a_card_where_none_can_be_uploaded_is_a_mistake(
    capsys: pytest.CaptureFixture[str], folder: Path, card: str, expected: int
) -> None:
    (folder / "config.yaml").write_text(f"channels: {{newsroom: {{kind: slack, card: light, {card}}}}}", encoding="utf-8")

    code, _, err = run(capsys, "check")

    assert code == expected
    assert ("Slack cannot take a card here" in err) is (expected == 2)


def test_a_card_in_other_colours_is_a_mistake_at_its_place(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "config.yaml").write_text(
        f"channels:\n  newsroom:\n    kind: slack\n    webhook_url: {SLACK}\n    card: ligth\n"
    )

    code, _, err = run(capsys, "check")

    assert code == 2
    assert "config.yaml:5:" in err
    assert "did you mean 'light'?" in err


def test_the_request_of_a_post_with_a_card_is_shown_without_its_bytes(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    telegram = "kind: telegram, bot_token: '123456:fake', chat: '@made_up', card: light"
    (folder / "config.yaml").write_text(f"channels: {{a: {{{telegram}}}}}", encoding="utf-8")

    code, out, _ = run(capsys, "preview", "--date", "2026-11-23", "--format", "payload")

    assert code == 0
    assert json.loads(out)[0]["requests"][0]["body"]["photo"] == "attach://photo"
    code, out, _ = run(capsys, "preview", "--date", "2026-11-23", "--format", "json")
    assert json.loads(out)[0]["messages"][0]["image"]["card"]["headline"] == "Day 20 of 444"


def test_a_service_may_open_as_many_files_as_the_system_allows() -> None:
    resource = pytest.importorskip("resource", reason="Windows knows no such limit")
    program = (
        "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (100, r.getrlimit(r.RLIMIT_NOFILE)[1]))\n"
        "from bot.cli.run import _allow_many_connections; _allow_many_connections()\n"
        "print(r.getrlimit(r.RLIMIT_NOFILE)[0])"
    )

    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert int(said) == (65_536 if hard == resource.RLIM_INFINITY else min(65_536, hard))
