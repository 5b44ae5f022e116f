"""Does what we ship run where nothing of ours is? Wheel and source archive built, the wheel installed and used elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path, home: Path) -> str:
    """What a command prints; it sees no setting of ours."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "THISDAY_"))}
    done = subprocess.run(  # our own commands
        list(map(str, command)), cwd=cwd, env={**environment, "HOME": str(home)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """An empty environment is filled from the package index, so without one there is nothing to see here."""
    asked = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries", "0", "click"]
    done = subprocess.run(asked, cwd=tmp_path_factory.mktemp("index"), capture_output=True, check=False)  # pip
    if done.returncode:
        missing = pytest.fail if "CI" in os.environ else pytest.skip
        missing("the package index cannot be reached")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive, and the wheel made out of that archive."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder, home=Path.home())
    return folder


@pytest.fixture(scope="module")
def thisday(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the wheel into an empty environment."""
    place = tmp_path_factory.mktemp("empty")
    venv.create(place / "env", with_pip=True, symlinks=True)
    pip: list[str | Path] = [
        place / "env" / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    run(*pip, next(built.glob("*.whl")), cwd=place, home=Path.home())
    return place / "env" / "bin" / "thisday"


def test_the_wheel_holds_the_code_and_what_it_ships(built: Path) -> None:
    names = zipfile.ZipFile(next(built.glob("*.whl"))).namelist()

    assert "bot/_shipped/events/iran-hostage-crisis/calendar.yaml" in names
    assert "bot/_shipped/templates/edition.txt.j2" in names
    assert "bot/_shipped/config.yaml" in names
    assert "bot/database/migrations/0001_deliveries.sql" in names
    fonts = ("DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf", "LICENSE")
    assert {f"bot/rendering/fonts/{each}" for each in fonts} <= {*names}
    assert {each.split("/")[0] for each in names if ".dist-info" not in each} == {"bot"}


def test_the_source_archive_holds_what_a_packager_needs(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {each.partition("/")[2] for each in archive.getnames()}

    assert {"LICENSE", "README.md", "CHANGELOG.md", "config.yaml", "pyproject.toml", "tests/test_wheel.py"} <= names
    assert not [each for each in names if each.endswith((".db", ".key", ".pyc"))]


def test_the_installed_command_works_far_from_the_checkout(thisday: Path, tmp_path: Path) -> None:
    assert run(thisday, "--version", cwd=tmp_path, home=tmp_path).startswith("thisday ")

    assert "All right." in run(thisday, "check", cwd=tmp_path, home=tmp_path)

    edition = run(thisday, "preview", "--date", "2026-11-04", cwd=tmp_path, home=tmp_path)
    assert "Day 1 of 444 (1979)" in edition
    assert "Day 367 of 444 (1980)" in edition


def test_what_init_writes_is_right_and_posts(thisday: Path, tmp_path: Path) -> None:
    run(thisday, "init", "mine", cwd=tmp_path, home=tmp_path)

    mine = tmp_path / "mine"
    assert sorted(path.name for path in mine.iterdir()) == ["config.yaml", "events", "thisday.service"]
    assert "my-calendar" in run(thisday, "check", cwd=mine, home=tmp_path)
    assert "On this day" in run(thisday, "post", cwd=mine, home=tmp_path)
    run(thisday, "run", "--once", cwd=mine, home=tmp_path)
