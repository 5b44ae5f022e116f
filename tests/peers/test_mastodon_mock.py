"""What becomes of a post to Mastodon whose answer is wrong, late or cut off? The mock goes wrong when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.channels import Failure, Refused, Scope, Throttled
from bot.channels._mastodon_text import count
from bot.database import open_database
from bot.delivery.ledger import Ledger
from bot.delivery.states import State
from tests.builders import year
from tests.peers import mastodon
from tests.peers.mastodon import Instance
from tests.peers.peer import messages
from tests.peers.post_office import Office, post, send


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with mastodon.instance(tmp_path_factory.mktemp("mastodon")) as running:
        yield running


def test_the_longest_text_is_taken_and_one_more_is_not(instance: Instance) -> None:
    there = instance.account()
    (message, _) = messages(there)

    send(there, post(replace(message, text="x" * 500)))

    with pytest.raises(Refused) as caught:
        send(there, post(replace(message, text="x" * 501)))
    assert caught.value.scope is Scope.MESSAGE


@pytest.mark.parametrize("thread", [False, True])
def test_every_twelfth_post_of_a_year_is_taken(instance: Instance, *, thread: bool) -> None:
    there = instance.account()
    # The mock counts an address in full, which Mastodon does not: what is longer so is no fault of ours.
    posts = [each for each in year(there, thread=thread, step=12) if len(each.text) == count(each.text)]

    assert len([send(there, post(each)) for each in posts]) == len(posts) > 0


@pytest.mark.parametrize(
    ("effect", "more"), [("status", {"status": 500}), ("status", {"status": 503}), ("malformed", {}), ("ratelimit", {})]
)
def test_a_fault_ends_in_one_post(instance: Instance, tmp_path: Path, effect: str, more: dict[str, Any]) -> None:
    there, before = instance.account(), len(instance.statuses())
    instance.goes_wrong(effect, **more)

    with closing(open_database(str(tmp_path / "thisday.db"))) as database:
        (delivery,) = Office(there, Ledger(database)).deliver(messages(there)[:1], minutes=15)

    assert delivery.state is State.DELIVERED, delivery.reason
    assert len(instance.statuses()) == before + 1


def test_a_limit_is_told_with_its_wait(instance: Instance) -> None:
    there = instance.account()
    instance.goes_wrong("ratelimit")

    with pytest.raises(Throttled) as caught:
        send(there, post(messages(there)[0]))

    assert caught.value.wait is not None
    assert 290 <= caught.value.wait.total_seconds() <= 300


def test_an_unknown_token_stops_the_account(instance: Instance) -> None:
    stranger = instance.account(access_token="made-up")

    with pytest.raises(Failure) as caught:
        send(stranger, post(messages(stranger)[0]))

    assert isinstance(caught.value, Refused)
    assert caught.value.scope is Scope.ACCOUNT
