"""How does one begin? With a commented config, a calendar of one's own and a systemd unit; nothing is overwritten."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from bot.errors import Mistake
from bot.resources import shipped

_CALENDAR = """\
# Your own anniversaries. One event shows the idea; docs: "Write your own calendar".
calendar: my-calendar
title: My calendar
timezone: UTC
leap_day: feb28 # where 29 February goes in years without one: feb28, mar1 or leap-years-only

events:
  - key: example
    date: 2001-06-15
    title: The house is built
    text: Tell here in one to three sentences what happened, at most 280 characters.
    importance: 3
"""
_UNIT = """\
[Unit]
Description=thisday tells channels what happened on this day
After=network-online.target
Wants=network-online.target

[Service]
# User=somebody who may write into the folder below
WorkingDirectory={folder}
EnvironmentFile=-{folder}/secrets.env
ExecStart={command} run
Restart=on-failure
RestartSec=30
# What is under way gets half a minute to finish.
TimeoutStopSec=60
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths={folder}
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
"""


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
def command(folder: Path) -> None:
    """Write a commented config.yaml, a calendar of your own and a systemd unit into FOLDER."""
    config = shipped("config.yaml").read_text(encoding="utf-8").split("\n", 1)[1]
    config = config.replace(
        "calendars: [iran-hostage-crisis]", "calendars: [iran-hostage-crisis, my-calendar]\nevents: events"
    )
    _write(folder / "config.yaml", config)
    _write(folder / "events" / "my-calendar.yaml", _CALENDAR)
    _write(folder / "thisday.service", _UNIT.format(folder=folder.resolve(), command=_command()))
    click.echo(f"Next: cd {folder}; thisday check; thisday preview", err=True)


def _command() -> str:
    """The whole path of the program, which systemd wants."""
    return shutil.which("thisday") or f"{sys.executable} -m bot"


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
        click.echo(f"wrote {path}", err=True)
    except FileExistsError:
        click.echo(f"kept {path}, which was there", err=True)
    except OSError as error:
        raise Mistake(f"cannot write {path}: {error.strerror}", "choose another folder") from None
