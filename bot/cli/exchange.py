"""How does a person bring events in from other programs, and take them there? Files in, files out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import click

from bot.cli.main import DONE, NOT_ALL
from bot.cli.opening import open_app
from bot.errors import Mistake, Problem
from bot.exchange.taking import Taken, slug

# Within these the Solar Hijri calendar can be reckoned, with room for days counted from another.
_YEARS = (1805, 2245)
_FORMATS = {".ics": "ics", ".ical": "ics", ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".json": "wikimedia"}


class _Years(click.ParamType[tuple[int, int]]):
    """`1950-2050`."""

    name = "years"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        match = re.fullmatch(r"(\d{4})-(\d{4})", str(value))
        first, last = (int(match[1]), int(match[2])) if match else (0, 0)
        if not _YEARS[0] <= first <= last <= _YEARS[1]:
            self.fail(f"write two years from {_YEARS[0]} to {_YEARS[1]}, such as 1950-2050", param, ctx)
        return first, last


@click.command("export")
@click.argument("name")
@click.option("--format", "form", type=click.Choice(["ics"]), default="ics", show_default=True, help="iCalendar.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Into this file; else to standard output.")
@click.option("--years", type=_Years(), default="1950-2050", show_default=True, help="For days that are listed one by one.")
@click.pass_context
def export(ctx: click.Context, name: str, form: str, out: Path | None, years: tuple[int, int]) -> None:  # noqa: ARG001  # one form so far
    """Write the calendar NAME for other calendar programs; what they cannot be told is on standard error."""
    from bot.exchange.icalendar_out import exported

    app = open_app(ctx)
    (calendar,) = app.paper.calendars((name,))
    file = exported(calendar, app.now(), years)
    if out:
        _write(out, file.data, "wb")
    else:
        click.echo(file.data, nl=False)
    _tell(file.notes)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["ics", "csv", "wikimedia"]), help="If the name of FILE does not tell.")
@click.option("--name", help="The key of the calendar; else as the file is called.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Into this new file; else to standard output.")
@click.option("--map", "mapping", help="CSV: which column a field is in: date=Datum,title=Titel.")
@click.option("--date", "on", help="Wikimedia: the date of the file, MM-DD.")
def import_(file: Path, form: str | None, name: str | None, out: Path | None, mapping: str | None, on: str | None) -> int:
    """Make a calendar of an iCalendar, CSV or Wikimedia FILE; what was not taken over is on standard error."""
    form = form or _FORMATS.get(file.suffix.lower())
    taken = _taken(file, form, mapping, on)
    text = _calendar(taken, _key(name, taken, file), file)
    if out:
        _write(out, text.encode(), "xb")
    else:
        click.echo(text, nl=False)
    _tell(taken.notes)
    click.echo(f"{len(taken.entries)} events taken over, {taken.left_out} left out", err=True)
    return NOT_ALL if taken.left_out else DONE


def _taken(file: Path, form: str | None, mapping: str | None, on: str | None) -> Taken:
    data, source = _read(file), str(file)
    if form == "ics":
        from bot.exchange import icalendar_in

        return icalendar_in.imported(data, source)
    if form == "csv":
        from bot.exchange import csv_in

        return csv_in.imported(data, source, _mapping(mapping))
    if form == "wikimedia":
        from bot.exchange import wikimedia_in

        return wikimedia_in.imported(data, source, _month_day(on))
    raise Mistake(f"{file.name!r} does not tell what it is", "add --format ics, csv or wikimedia")


def _mapping(text: str | None) -> dict[str, str]:
    """`date=Datum,title=Titel`."""
    pairs = [part.partition("=") for part in (text or "").split(",") if part.strip()]
    if any(not sign or not field.strip() or not name.strip() for field, sign, name in pairs):
        raise click.BadParameter("write FIELD=COLUMN, with commas between", param_hint="--map")
    return {field.strip(): name.strip() for field, _, name in pairs}


def _key(name: str | None, taken: Taken, file: Path) -> str:
    from bot.calendars.format import KEY

    key = name or taken.head.get("calendar") or slug(file.stem, "imported")
    if not re.fullmatch(KEY, key):
        raise click.BadParameter("write lower-case letters, digits and hyphens", param_hint="--name")
    return key


def _month_day(text: str | None) -> date:
    if text is None:
        raise Mistake("this file does not name its date", "add --date MM-DD")
    match = re.fullmatch(r"(\d{2})-(\d{2})", text)
    try:
        return date(2000, int(match[1]), int(match[2])) if match else date(2000, 0, 0)
    except ValueError:
        raise click.BadParameter("write MM-DD, such as 11-04", param_hint="--date") from None


def _calendar(taken: Taken, key: str, file: Path) -> str:
    """The text of the calendar file. It is read back before anyone else sees it, so that it is known to load."""
    from bot.calendars.loader import Text, load
    from bot.exchange.yaml_out import written

    if not taken.entries:
        _tell(taken.notes)
        raise Mistake(f"{file} has no event that could be taken over", "see above")
    head = {"title": file.stem, **taken.head, "calendar": key}
    text = written(head, taken.entries, f"Brought over from {file.name}. Read it through, then run thisday check.")
    load([Text("the new calendar", text)])
    return text


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Mistake(f"cannot read {file}: {error.strerror}", "check the path") from None


def _write(path: Path, data: bytes, mode: str) -> None:
    if mode == "xb" and path.exists():
        raise Mistake(f"{path} is there already", "choose another name; a calendar that you edit is not overwritten")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode) as file:
            file.write(data)
    except OSError as error:
        raise Mistake(f"cannot write {path}: {error.strerror}", "choose another place") from None


def _tell(notes: Iterable[Problem]) -> None:
    for note in sorted(set(notes)):
        click.echo(str(note), err=True)
