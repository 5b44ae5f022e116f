"""How fast does thisday start, and what do large calendars cost? Ratios within one run; medians of several.

Against `apprise --version` on the same interpreter, and against PyYAML's C parser alone on the same files.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

BIN = Path(sys.executable).parent
ROUNDS = 9
CONFIG = "calendars: [{name}]\nevents: .\nchannels:\n  terminal:\n    kind: console\n"


def seconds(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def command(*words: str, folder: Path | None = None, cache: Path | None = None) -> Callable[[], object]:
    env = {"PATH": str(BIN), "HOME": str(cache or Path.home()), "XDG_CACHE_HOME": str(cache or Path.home() / ".cache")}
    return lambda: subprocess.run(words, check=True, capture_output=True, cwd=folder, env=env)


def alternating(**acts: Callable[[], object]) -> dict[str, float]:
    """The median seconds of each act, all of them in turn, so that a busy moment hits all alike."""
    found: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(ROUNDS):
        for name, act in acts.items():
            found[name].append(seconds(act))
    return {name: statistics.median(each) for name, each in found.items()}


def written(folder: Path, count: int) -> Path:
    """A calendar of so many events, of the usual size, spread over the year."""
    lines = ["calendar: large", "title: Large", "events:"]
    for number in range(count):
        month, day = number % 12 + 1, number // 12 % 28 + 1
        lines += [
            f"  - key: event-{number}",
            f"    date: {1900 + number % 120}-{month:02}-{day:02}",
            f"    title: Event number {number} of a large calendar",
            "    text: >-",
            f"      Something happened here, and this is told in two sentences. Entry {number} has people and places.",
            f"    importance: {number % 5 + 1}",
            "    tags: [large, made-up]",
            "    people: [Nobody Inparticular]",
            "    sources:",
            '      - { title: A made-up source, publisher: Example Press, url: "https://example.org/source" }',
        ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "large.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "config.yaml").write_text(CONFIG.format(name="large"), encoding="utf-8")
    return folder / "large.yaml"


def start(folder: Path) -> dict[str, float]:
    cache = folder / "cache"
    preview = command("thisday", "preview", cache=cache, folder=folder)
    preview()
    found = alternating(
        apprise_version=command("apprise", "--version"),
        thisday_version=command("thisday", "--version"),
        thisday_preview=preview,
    )
    found["version_ratio"] = found["thisday_version"] / found["apprise_version"]
    found["preview_ratio"] = found["thisday_preview"] / found["apprise_version"]
    return found


def large(folder: Path, count: int) -> dict[str, float]:
    """A first preview, a second one, and what PyYAML's C parser needs for the file alone."""
    path, cache = written(folder, count), folder / "cache"
    preview = command("thisday", "preview", "--date", "2026-06-15", folder=folder, cache=cache)
    first = seconds(preview)
    text = path.read_text(encoding="utf-8")
    parser = seconds(lambda: yaml.load(text, Loader=yaml.CSafeLoader))
    composing = seconds(lambda: yaml.compose(text, Loader=yaml.CSafeLoader))
    again = statistics.median(seconds(preview) for _ in range(5))
    return {
        "events": count,
        "first_preview": first,
        "pyyaml_load": parser,
        "pyyaml_compose": composing,
        "first_ratio": first / parser,
        "next_preview": again,
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = {"start": start(folder), "large": [large(folder / str(count), count) for count in (5_000, 50_000)]}
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
