"""What does Bluesky's own server make of the longest text, of many logins, of what is there already, of a wrong password?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.channels import Failure, Receipt, Refused, Scope, Throttled, bluesky
from bot.channels._bluesky_record import rkey
from bot.rendering.message import Image
from tests.peers import pds
from tests.peers.pds import Account
from tests.peers.peer import gallery, messages, png
from tests.peers.post_office import ask, find, post, send
from tests.peers.running import call


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with pds.account(tmp_path_factory.mktemp("pds")) as running:
        yield running


def kept(account: Account, receipt: Receipt) -> Any:
    """The record of a receipt."""
    uri = receipt.id.partition("|")[0]
    return next(each["value"] for each in account.records() if each["uri"] == uri)


def test_the_address_of_a_facet_is_whole_and_stands_where_it_is_shown(account: Account) -> None:
    there = pds.bluesky(account)
    (first, _) = messages(there)

    value = kept(account, send(there, post(first)))

    shown = {
        feature["uri"]: value["text"].encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        for facet in value["facets"]
        for feature in facet["features"]
        if "uri" in feature
    }
    assert shown["https://e.org"] == "e.org"
    assert shown["https://example.org/a?b=1&c=2"] == "Example Press"


@pytest.mark.parametrize("letter", ["x", "न", "👩‍🚀", "👨‍👩‍👧‍👦", "🇮🇷", "گ"])
def test_the_longest_text_of_the_budget_is_taken_and_one_more_is_not(account: Account, letter: str) -> None:
    """300 graphemes, 3,000 bytes: the server counts as we do."""
    there = pds.bluesky(account)
    budget, (message, _) = there.budget({}), messages(there)
    most = max(number for number in range(1, 302) if budget.fits(letter * number))

    receipt = send(there, post(replace(message, text=letter * most)))
    assert kept(account, receipt)["text"] == letter * most

    with pytest.raises(Refused) as caught:
        send(there, post(replace(message, text=letter * (most + 1))))
    assert caught.value.scope is Scope.MESSAGE


def test_what_is_there_already_stays_as_it_was_though_the_words_have_changed(account: Account) -> None:
    there = pds.bluesky(account)
    (message, _) = messages(there)
    first = post(message)
    receipt = send(there, first)

    again = send(there, replace(first, message=replace(message, text="Other words.")))

    assert again.id == receipt.id
    assert kept(account, receipt)["text"] != "Other words."


def test_a_post_that_a_person_deleted_is_not_found(account: Account) -> None:
    there = pds.bluesky(account)
    mine = post(messages(there)[0])
    send(there, mine)
    session = bluesky.SESSIONS[next(iter(bluesky.SESSIONS))]

    key = {"repo": session.did, "collection": "app.bsky.feed.post", "rkey": rkey(mine)}
    call(f"{account.url}/xrpc/com.atproto.repo.deleteRecord", key, session.access)

    assert find(there, mine) is None


def test_a_session_that_is_no_longer_good_is_made_anew(account: Account) -> None:
    there = pds.bluesky(account)
    send(there, post(messages(there)[0]))
    ((name, session),) = bluesky.SESSIONS.items()
    bluesky.SESSIONS[name] = replace(session, access="made-up", refresh="made-up")
    before = len(account.records())

    send(there, post(messages(there)[0]))

    assert len(account.records()) == before + 1


def test_a_picture_that_is_too_large_for_a_post_does_not_stop_it(account: Account) -> None:
    there = pds.bluesky(account)
    (message, _) = messages(there)

    with gallery(png(1000, 900) + bytes(1_000_000)) as url:
        receipt = send(there, post(replace(message, image=Image(url, "Ann", "Ann Example"))))

    assert "without its picture" in receipt.note
    assert "embed" not in kept(account, receipt)


def test_a_wrong_password_stops_the_account(account: Account) -> None:
    wrong = pds.bluesky(account, app_password="made-upxx")

    with pytest.raises(Refused) as caught:
        send(wrong, post(messages(wrong)[0]))

    assert caught.value.scope is Scope.ACCOUNT


def test_a_hundred_posts_are_one_login_and_a_login_too_many_is_told_with_its_wait(tmp_path: Path) -> None:
    """The server allows thirty logins in five minutes."""
    with pds.account(tmp_path, limits=True) as account:
        there = pds.bluesky(account)
        for _ in range(100):
            send(there, post(messages(there)[1]))
        assert len(account.records()) == 100

        with pytest.raises(Throttled) as caught:
            _log_in(there, 40)

    assert caught.value.wait is not None
    assert 0 < caught.value.wait.total_seconds() <= 300


def _log_in(there: Any, times: int) -> None:
    for _ in range(times):
        ask(there.check())


def test_an_account_that_nobody_has_is_refused(account: Account) -> None:
    nobody = pds.bluesky(account, handle="nobody.test")

    with pytest.raises(Failure):
        ask(nobody.check())
