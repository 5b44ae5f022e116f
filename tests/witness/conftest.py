"""What do the stories with a witness share? The witness itself, and the seed that decides what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.witness.witness import SEED, Outside, outside


@pytest.fixture(scope="session", params=[SEED], ids=[f"THISDAY_SEED={SEED}"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """The witness of all tests; its seed stands in their names."""
    with outside(tmp_path_factory.mktemp("witness"), request.param) as found:
        yield found


@pytest.fixture
def witness(running: Outside) -> Outside:
    """The witness, remembering nothing."""
    running.forget()
    return running
