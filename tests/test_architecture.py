"""Does the house stand as it was drawn? First sentences, imports that point down, sizes, and a quick start."""

from __future__ import annotations

import ast
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.channels import BUILT_IN, kinds

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(ROOT.glob("bot/**/*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh Python has loaded after a statement."""
    shown = f"{statement}\nimport sys\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", shown], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_opens_with_a_sentence(path: Path) -> None:
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""

    first = words.split("\n", 1)[0]

    assert first.endswith((".", "?")), f"{name(path)} opens with {first!r}"
    assert len(first.split()) > 2, f"{name(path)} opens with {first!r}"


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_functions_and_files_are_of_a_size_that_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    main = runpy.run_path(str(ROOT / "tests" / "sizes.py"))["main"]

    assert main() == 0, capsys.readouterr().out


@pytest.mark.parametrize("target", BUILT_IN.values())
def test_a_platform_needs_no_network_library(target: str) -> None:
    module = target.partition(":")[0]

    loaded = loaded_by(f"import {module}")

    assert module in loaded
    assert not loaded & {"httpx", "httpcore", "apscheduler", "sqlite3"}


@pytest.mark.parametrize("kind", kinds().values(), ids=kinds())
def test_a_platform_is_made_of_its_example(kind: type) -> None:
    options = kind.Options.model_validate(dict(kind.example))  # type: ignore[attr-defined]  # a Channel

    assert kind(options).kind == kind.kind  # type: ignore[attr-defined]  # a Channel


def test_the_version_is_told_without_a_heavy_library() -> None:
    loaded = loaded_by("from bot.cli.main import main\nmain(['--version'])")

    assert "click" in loaded
    assert not loaded & {"pydantic", "httpx", "jinja2", "yaml", "rich", "babel", "apscheduler", "sqlite3", "asyncio"}


def test_a_preview_opens_neither_network_nor_database(tmp_path: Path) -> None:
    # In a folder of its own: beside the checkout's config there is a database once somebody has posted.
    config = shutil.copy(ROOT / "config.yaml", tmp_path)
    loaded = loaded_by(
        f"from bot.cli.main import main\nmain(['--config', {str(config)!r}, 'preview', '--date', '2026-11-04'])"
    )

    assert "jinja2" in loaded
    assert not loaded & {"httpx", "sqlite3", "apscheduler", "cryptography"}


def test_a_client_comes_without_the_command_line_of_its_library(tmp_path: Path) -> None:
    config = shutil.copy(ROOT / "config.yaml", tmp_path)
    loaded = loaded_by(
        f"from pathlib import Path\nfrom bot.app import App, read_config\nApp(read_config(Path({str(config)!r}))).http"
    )

    assert "httpx" in loaded
    assert not loaded & {"rich", "pygments"}
