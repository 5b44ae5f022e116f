"""What do tests of peers need? Each peer once, in a folder of its own, and a picture with an address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.channels import bluesky
from tests.peers.peer import gallery, png


@pytest.fixture(scope="session")
def picture() -> bytes:
    return png()


@pytest.fixture(scope="session")
def picture_address(picture: bytes) -> Iterator[str]:
    with gallery(picture) as url:
        yield url


@pytest.fixture(autouse=True)
def _logged_out() -> None:
    bluesky.SESSIONS.clear()
