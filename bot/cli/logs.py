"""What is logged, where, and how is a secret kept out of it? Standard error, one line each, secrets masked."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable

MASK = "[secret]"
_SHORTEST = 6  # shorter values are no secrets, and masking them would garble everything else


class Masked(logging.Formatter):
    """Formats a record with its traceback, then masks every secret in it. The last net: no secret should come so far."""

    def __init__(self, layout: str, secrets: Callable[[], Iterable[str]]) -> None:
        super().__init__(layout)
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in sorted(self._secrets(), key=len, reverse=True):
            if len(secret) >= _SHORTEST:
                text = text.replace(secret, MASK)
        return text


def log_to_stderr(*, verbose: bool, secrets: Callable[[], Iterable[str]]) -> None:
    """Warnings of all, and with `verbose` our own progress."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Masked("%(asctime)s %(levelname)s %(name)s: %(message)s", secrets))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("bot").setLevel(logging.INFO if verbose else logging.WARNING)
