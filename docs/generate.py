"""Which pages does the program write itself? All of them, from the code; with --check, which are stale."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS)]

import pages  # beside this file, found by the line above

Page = Callable[[], str]

PAGES: dict[str, Page] = {
    "../README.md": lambda: pages.readme(ROOT / "README.md"),
    "reference/calendar.schema.json": lambda: pages.schema("calendar"),
    "reference/events.schema.json": lambda: pages.schema("events"),
    "reference/config.schema.json": lambda: pages.schema("config"),
    "reference/cli.md": pages.commands,
    "reference/channels.md": pages.channels,
    "reference/calendar-format.md": pages.calendar_format,
    "reference/config.md": pages.config,
    "explanation/architecture.md": lambda: pages.architecture(DOCS / "explanation" / "architecture.md", ROOT / "bot"),
    "index.md": lambda: pages.index(ROOT / "README.md", DOCS),
}


def stale() -> list[str]:
    """The pages that do not say what the code says now."""
    return [name for name, page in PAGES.items() if _written(name) != page()]


def write() -> list[str]:
    """Writes the stale pages, and returns their names. The index comes last: it lists the others."""
    written = []
    for name, page in PAGES.items():
        text = page()
        if _written(name) != text:
            (DOCS / name).write_text(text, encoding="utf-8")
            written.append(name)
    return written


def _written(name: str) -> str | None:
    path = DOCS / name
    return path.read_text(encoding="utf-8") if path.exists() else None


def _shown(name: str) -> str:
    return (DOCS / name).resolve().relative_to(ROOT).as_posix()


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        found = stale()
        for name in found:
            print(f"{_shown(name)} is stale; run make docs", file=sys.stderr)
        return int(bool(found))
    for name in write():
        print(f"wrote {_shown(name)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
