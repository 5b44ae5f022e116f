"""Do two programs on one ledger keep out of each other's way, and does a stop leave nothing half done? The real command."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.database import open_database
from bot.delivery import reports
from bot.delivery.ledger import Ledger
from bot.delivery.states import Delivery, NewDelivery, State
from tests.witness.stage import Setting, places, setting
from tests.witness.witness import Outside

ROOT = Path(__file__).parents[2]
CHANNELS = 12


def now() -> datetime:
    return datetime.now(UTC)


def with_work(folder: Path, witness: Outside, personality: str) -> Setting:
    """A config in a file, and a delivery that is due for each of its channels."""
    scene = setting(folder, witness.ports, places(personality, "held", CHANNELS), now)
    (folder / "config.yaml").write_text(scene.config(), encoding="utf-8")
    database = open_database(scene.database)
    at = now() - timedelta(minutes=1)
    ledger = Ledger(database)
    scene.planned_until(ledger, now())
    ledger.open([NewDelivery(each, at.date(), at, at + timedelta(hours=6)) for each in scene.channels], {})
    database.close()
    return scene


@contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bot", "--config", str(folder / "config.yaml"), "run"]
    process = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def deliveries(scene: Setting) -> list[Delivery]:
    database = open_database(scene.database)
    found = reports.find(database, limit=1000)
    database.close()
    return found


def wait(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_second_program_is_refused_and_the_first_finishes_what_is_under_way(witness: Outside, tmp_path: Path) -> None:
    scene = with_work(tmp_path, witness, "hook")
    with running(tmp_path) as first:
        wait(lambda: sum(witness.counts().values()) == CHANNELS)
        with running(tmp_path) as second:
            said = second.communicate(timeout=30)[1]
        first.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        witness.release()
        told = first.communicate(timeout=30)[1]

    assert second.returncode == 2
    assert f"another thisday runs on this database (pid {first.pid}" in said
    assert "stop it first" in said
    assert first.returncode == 0
    assert "finished" in told
    assert {each.state for each in deliveries(scene)} == {State.DELIVERED}
    assert sum(witness.counts().values()) == CHANNELS


def test_after_a_kill_the_ledger_names_what_was_on_the_wire(witness: Outside, tmp_path: Path) -> None:
    scene = with_work(tmp_path, witness, "receiver")
    with running(tmp_path) as first:
        wait(lambda: sum(witness.counts().values()) == CHANNELS)
        first.kill()
        first.communicate()

    assert first.returncode == -signal.SIGKILL
    assert {each.state for each in deliveries(scene)} == {State.SENDING}
    with running(tmp_path) as second:  # the hold of the dead one is gone
        assert second.stderr is not None
        assert "Running for" in second.stderr.readline()
