"""Where are the shipped calendars and templates? In the wheel beside the code, in a checkout beside the package."""

from __future__ import annotations

import os
from contextlib import suppress
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def shipped(name: str) -> Traversable:
    """The shipped folder or file: `events`, `templates`, `config.yaml`. Works from a zip as well."""
    installed = files("bot") / "_shipped" / name
    if installed.is_dir() or installed.is_file():
        return installed
    return Path(__file__).resolve().parent.parent / name


def read_kept(path: Path) -> bytes | None:
    """What a cache file holds; None if there is none."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def keep(path: Path, data: bytes) -> None:
    """Writes a cache file whole or not at all. A folder that cannot be written to means no cache, and no error."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
