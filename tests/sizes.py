"""Are functions and files of a size that can be read? Median and 90th percentile of functions, longest file."""

from __future__ import annotations

import ast
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEDIAN, P90, FILE = 8, 25, 400


def functions(path: Path) -> list[int]:
    """The lines of each function, from its `def` to its end, decorators and docstring aside."""
    found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [_length(each) for each in found if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    words = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if words else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def main() -> int:
    files = sorted(ROOT.glob("bot/**/*.py"))
    lengths = sorted(length for path in files for length in functions(path))
    median, p90 = statistics.median(lengths), lengths[int(len(lengths) * 0.9)]
    longest = max(files, key=lambda path: len(path.read_text(encoding="utf-8").splitlines()))
    lines = len(longest.read_text(encoding="utf-8").splitlines())
    print(f"{len(lengths)} functions: median {median}, 90 % within {p90} lines; longest file {longest.name}, {lines} lines")  # noqa: T201  # a command
    return int(median > MEDIAN or p90 > P90 or lines > FILE)


if __name__ == "__main__":
    sys.exit(main())
