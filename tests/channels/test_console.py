"""Is an edition shown in a terminal, after its claim and not before?"""

from __future__ import annotations

import asyncio
import sys

import pytest

from bot.channels import Receipt, Unavailable
from bot.channels.console import Console, ConsoleOptions
from tests.channels.asking import post


async def claimed() -> None:
    return


def test_the_text_is_written_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    found = asyncio.run(Console(ConsoleOptions()).deliver(post("On this day\n[bold] :smile: <b>"), claimed))

    assert found == Receipt()
    assert capsys.readouterr().out == "On this day\n[bold] :smile: <b>\n"


def test_without_a_claim_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    async def lost() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(Console(ConsoleOptions()).deliver(post(), lost))
    assert capsys.readouterr().out == ""


def test_in_a_terminal_the_title_is_bold_and_no_markup_is_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    asyncio.run(Console(ConsoleOptions()).deliver(post("On this day\n\n[red]x[/red]"), claimed))

    assert "\x1b[1mOn this day\x1b[0m" in capsys.readouterr().out.replace("[red]x[/red]", "")


def test_a_closed_output_is_told_as_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys.stdout, "write", closed)

    with pytest.raises(Unavailable, match="Broken pipe"):
        asyncio.run(Console(ConsoleOptions()).deliver(post(), claimed))
