"""Do the example folders work as they stand? Checked and previewed with made-up secrets; nothing is sent."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from bot.cli.main import DONE, main

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
MADE_UP = {
    "MASTODON_TOKEN": "made-up",
    "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T00000000/B00000000/made-up",
    "SLACK_BOT_TOKEN": "xoxb-made-up",
    "WEBHOOK_SECRET": "whsec_bWFkZSB1cCwgb2J2aW91c2x5IG1hZGUgdXA=",
}
# A day on which each example has something of its own to tell, and something it must say.
DAYS = {
    "museum": ("2026-08-15", "At the lighthouse, 15 August"),
    "newsroom": ("2026-11-05", "The first issue is sold on Market Street"),
    "fleet": ("2026-11-05", "Day 2 of 444"),
    "classroom": ("2026-07-07", "Tanabata, the star festival"),
}


def folders() -> list[str]:
    return sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())


@pytest.fixture(params=folders())
def example(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A copy of an example to stand in, with its secrets in the environment."""
    name: str = request.param
    shutil.copytree(EXAMPLES / name, tmp_path / name)
    monkeypatch.chdir(tmp_path / name)
    monkeypatch.delenv("THISDAY_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for key, value in MADE_UP.items():
        monkeypatch.setenv(key, value)
    return name


def test_there_are_four_examples() -> None:
    assert folders() == ["classroom", "fleet", "museum", "newsroom"]


def test_an_example_has_no_mistake(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == DONE, example

    assert "All right." in capsys.readouterr().out


def test_an_example_tells_of_its_own_calendar(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    day, words = DAYS[example]

    assert main(["preview", "--date", day, "--days", "3"]) == DONE

    assert words in capsys.readouterr().out


def test_the_fleet_starts_one_planner_and_several_workers_over_one_server() -> None:
    services = yaml.safe_load((EXAMPLES / "fleet" / "compose.yml").read_text(encoding="utf-8"))["services"]

    assert services["planner"]["command"] == ["run", "--role", "planner"]
    assert services["worker"]["command"] == ["run", "--role", "worker"]
    assert services["worker"]["deploy"]["replicas"] > 1
    addresses = {services[each]["environment"]["DATABASE_URL"] for each in ("planner", "worker")}
    assert len(addresses) == 1


def test_an_example_needs_its_secrets(
    example: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in MADE_UP:
        monkeypatch.delenv(key)

    assert main(["check"]) == 2, example

    assert "the environment has no" in capsys.readouterr().err


def test_a_preview_leaves_nothing_behind(example: str) -> None:
    before = sorted(Path().rglob("*"))

    main(["preview"])

    assert sorted(Path().rglob("*")) == before, example
