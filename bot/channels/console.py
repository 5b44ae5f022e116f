"""How is an edition shown in a terminal? The one kind that needs no account and no network."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from bot.channels import Claim, Conversation, Doubt, Post, Receipt, Unavailable
from bot.fields import Strict
from bot.rendering.budget import UNLIMITED, Budget
from bot.rendering.markup import PLAIN, Markup
from bot.rendering.message import Message


class ConsoleOptions(Strict):
    color: bool = Field(default=True, description="bold titles, where the output is a terminal")


class Console:
    """Writes to standard output."""

    kind: ClassVar[str] = "console"
    title: ClassVar[str] = "Console"
    markup: ClassVar[Markup] = PLAIN
    doubt: ClassVar[Doubt] = Doubt()
    Options: ClassVar[type[ConsoleOptions]] = ConsoleOptions
    example: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:  # noqa: ARG003  # the seam
        return {} if address == "console:" else None

    def __init__(self, options: ConsoleOptions) -> None:
        self.options = options

    @property
    def destination(self) -> str:
        return "console"

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # a terminal takes any length
        return UNLIMITED

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # the seam
        raise TypeError("a console is written to by `deliver`; there is nobody to ask")

    async def deliver(self, post: Post, claim: Claim) -> Receipt:
        await claim()
        try:
            self._show(post.message)
        except OSError as error:
            raise Unavailable(f"the output is closed: {error.strerror}") from error
        return Receipt()

    def _show(self, message: Message) -> None:
        if not (self.options.color and sys.stdout.isatty()):
            sys.stdout.write(f"{message.text}\n")
            sys.stdout.flush()
            return
        from rich.console import Console as Terminal
        from rich.text import Text

        shown = Text(message.text)
        shown.highlight_words([message.title], "bold")
        Terminal().print(shown)
