"""How is a result printed? Colour and tables on a terminal, plain text in a pipe, JSON for machines."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import click


def as_json(value: Any) -> None:
    """One JSON document on standard output; what JSON has no form for is printed as text."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def table(rows: Sequence[Mapping[str, Any]], *, empty: str) -> None:
    """Rows under their column names; on a terminal fitted to its width."""
    if not rows:
        click.echo(empty)
    elif sys.stdout.isatty():
        _rich_table(rows)
    else:
        _plain_table(rows)


def _rich_table(rows: Sequence[Mapping[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=None, header_style="bold", pad_edge=False)
    for name in rows[0]:
        grid.add_column(name, overflow="fold")
    for row in rows:
        # Values are foreign text: no markup in them.
        grid.add_row(*(_cell(value) for value in row.values()))
    Console(highlight=False, markup=False).print(grid)


def _plain_table(rows: Sequence[Mapping[str, Any]]) -> None:
    lines = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    return "" if value is None else str(value).replace("\n", " ")


def say(text: str) -> None:
    """A text for reading: on a terminal its lines end between words; in a pipe it is left as it is."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        text = "\n".join(fill(line, width, break_long_words=False, break_on_hyphens=False) for line in text.split("\n"))
    click.echo(text)


def heading(text: str) -> None:
    """A line above a block of text."""
    click.secho(f"── {text} ──", bold=True)
