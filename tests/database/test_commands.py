"""Do the commands of the database say what a person needs, and end with the right code?"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from bot.cli.main import main
from bot.database import open_database
from bot.database.copying import KEYS, content
from bot.database.schema import newest
from bot.delivery import reports
from tests.database.steps import HOLDING, filled, python, said
from tests.postgres import PASSWORD, Cluster

CONFIG = "database: {database}\ncatch_up: 12h\nchannels:\n  terminal:\n    kind: console\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("THISDAY_CONFIG", raising=False)
    return tmp_path


@pytest.fixture
def configured(folder: Path, address: str) -> str:
    (folder / "config.yaml").write_text(CONFIG.format(database=address), encoding="utf-8")
    return address


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["database", *words])
    out, err = capsys.readouterr()
    assert PASSWORD not in out + err
    return code, out, err


def test_migrate_says_from_where_to_where(configured: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, first = run(capsys, "migrate")
    _, _, second = run(capsys, "migrate")

    assert code == 0
    assert f"schema 0 → {newest()}" in first
    assert f"schema {newest()}, nothing to do" in second


def test_nothing_is_made_where_there_is_no_database(configured: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["check"], ["backup", "copy.db"], ["prune"]):
        code, _, err = run(capsys, *words)

        assert code == 2
        assert "there is no database" in err


def test_check_counts_and_finds_nothing_in_a_sound_database(configured: str, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(open_database(configured)) as engine:
        counts = reports.counts(filled(engine))

    code, out, _ = run(capsys, "check")
    coded, as_json, _ = run(capsys, "check", "--json")

    assert (code, coded) == (0, 0)
    assert "nothing amiss" in out
    assert json.loads(as_json)["deliveries"] == counts
    assert json.loads(as_json)["findings"] == []


def test_check_ends_with_1_when_something_is_found(configured: str, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(open_database(configured)) as engine, engine.transaction() as tx:
        tx.execute("INSERT INTO cursor (subscription, since, planned_until) VALUES ('general', 2, 1)")

    code, out, _ = run(capsys, "check", "--json")

    assert code == 1
    finding = {"finding": "cursors that end before they begin", "count": 1, "examples": "general"}
    assert json.loads(out)["findings"] == [finding]


def test_copy_there_and_back_gives_the_same(folder: Path, cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(open_database(folder / "first.db")) as engine:
        filled(engine)
        before = {table: content(engine, table) for table in KEYS}
    server = cluster.fresh()

    there, said_there, words = run(capsys, "copy", "first.db", server, "--json")
    back, said_back, _ = run(capsys, "copy", server, "second.db", "--json")

    assert (there, back) == (0, 0)
    assert json.loads(said_there) == json.loads(said_back)
    assert {row["table"]: (row["rows"], row["sha256"]) for row in json.loads(said_back)} == {
        table: (each.rows, each.hash) for table, each in before.items()
    }
    assert "rows and hashes agree. Now name it under `database`" in words
    again, _, refused = run(capsys, "copy", "first.db", server)
    assert again == 2
    assert "is not empty" in refused


def test_copy_is_refused_while_a_thisday_runs_on_either(
    folder: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_database(folder / "idle.db")) as engine:
        filled(engine)

    with python(HOLDING, address) as runner:
        assert said(runner) == "held\n"
        for pair in ((address, "new.db"), ("idle.db", address)):
            code, _, err = run(capsys, "copy", *pair)

            assert code == 2
            assert "another thisday runs on this database" in err
        runner.kill()


def test_migrate_is_refused_while_a_thisday_runs(configured: str, capsys: pytest.CaptureFixture[str]) -> None:
    with python(HOLDING, configured) as runner:
        assert said(runner) == "held\n"

        code, _, err = run(capsys, "migrate")
        runner.kill()

    assert code == 2
    assert "another thisday runs on this database" in err


def test_backup_makes_a_file_or_says_what_does(configured: str, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(open_database(configured)) as engine:
        filled(engine)

    code, _, err = run(capsys, "backup", "copy.db")

    if "://" in configured:
        assert code == 2
        assert "run: pg_dump --format=custom --file=copy.db postgresql://thisday@127.0.0.1" in err
    else:
        assert code == 0
        assert f"copy.db: {Path('copy.db').stat().st_size} bytes" in err


def test_prune_says_how_many_and_asks_for_enough(configured: str, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(open_database(configured)) as engine, engine.transaction() as tx:
        tx.execute(
            "INSERT INTO delivery (subscription, day, part, run, state, due_at, expires_at) "
            "VALUES ('general', '2001-01-01', 1, '', 'skipped', 1, 1)"
        )

    few, _, advice = run(capsys, "prune", "--older-than", "35d")
    _, _, dry = run(capsys, "prune", "--dry-run")
    _, _, done = run(capsys, "prune")
    _, _, again = run(capsys, "prune")

    assert few == 2
    assert "write --older-than 36d or more" in advice
    assert dry == "1 deliveries and 0 attempts would be forgotten.\n"
    assert done == "1 deliveries and 0 attempts forgotten.\n"
    assert again == "0 deliveries and 0 attempts forgotten.\n"
