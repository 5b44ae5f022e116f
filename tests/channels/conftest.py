"""What is kept between posts is not kept between tests."""

from __future__ import annotations

import pytest

from bot.channels import bluesky


@pytest.fixture(autouse=True)
def _logged_out() -> None:
    bluesky.SESSIONS.clear()
