"""Does a running thisday leave a sign of life, and does a missing or old one show?"""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from bot import __version__
from bot.app import App, read_config
from bot.cli.main import thisday
from bot.database import Engine
from bot.scheduling.heartbeat import ALIVE, beat, is_alive, last
from tests.delivery.fakes import NOON

ROOT = Path(__file__).resolve().parents[2]


def test_a_sign_holds_the_version_the_rules_of_zones_and_what_comes_next(database: Engine) -> None:
    beat(database, NOON, NOON + timedelta(hours=1))

    sign = last(database)

    assert sign is not None
    assert sign.values["version"] == __version__
    assert re.fullmatch(r"20\d\d\.\d+", sign.values["tzdata"])
    assert sign.values["next"] == "2026-07-20T13:00:00+00:00"


def test_a_sign_is_good_for_three_ticks(database: Engine) -> None:
    assert not is_alive(last(database), NOON)
    beat(database, NOON, None)

    assert is_alive(last(database), NOON + ALIVE)
    assert not is_alive(last(database), NOON + ALIVE + timedelta(seconds=1))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("channels: {terminal: {kind: console}}\n", encoding="utf-8")
    return path


def _check(config: Path, *more: str) -> tuple[Result, int]:
    arguments = ["--config", str(config), "check", "--running", *more]
    result = CliRunner().invoke(thisday, arguments, standalone_mode=False)
    assert not isinstance(result.exception, click.ClickException)
    return result, result.return_value


def _run_for_a_moment(config: Path) -> None:
    app = App(read_config(config), cache=None)

    async def run() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.3, stop.set)
        await app.scheduler().run(stop)

    asyncio.run(run())
    app.database.close()


def test_the_check_of_a_running_thisday(config: Path) -> None:
    _run_for_a_moment(config)

    result, code = _check(config, "--json")

    assert code == 0
    assert json.loads(result.stdout)["running"] is True
    assert "is running" in _check(config)[0].stdout


def test_the_check_where_nothing_ever_ran_makes_no_database(config: Path) -> None:
    result, code = _check(config)

    assert code == 1
    assert "never run" in result.stdout
    assert not config.with_name("thisday.db").exists()


def test_the_check_of_one_that_stopped_or_is_started_by_cron(config: Path) -> None:
    app = App(read_config(config), cache=None)
    beat(app.database, app.now() - timedelta(minutes=1), None)
    asyncio.run(app.scheduler().once())
    app.database.close()

    result, code = _check(config)

    assert code == 1
    assert "is not running" in result.stdout


def test_the_image_asks_whether_it_runs() -> None:
    assert 'CMD ["thisday", "check", "--running"]' in (ROOT / "Dockerfile").read_text(encoding="utf-8")
