"""Does a server that we did not write change a post in place, once, and show the new words where the old ones stood?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from bot.channels import Edits, Post, Posted, Receipt, Refused, Scope
from bot.rendering.message import Image
from tests.channels.asking import DRAWN
from tests.peers import mastodon, prism, slack_emulator, synapse
from tests.peers.mastodon import Instance
from tests.peers.peer import HOSTILE, channel, messages
from tests.peers.post_office import ask, find, post, send
from tests.peers.prism import Judge
from tests.peers.running import call
from tests.peers.slack_emulator import Workspace
from tests.peers.synapse import Homeserver, shown


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with synapse.homeserver(tmp_path_factory.mktemp("synapse")) as running:
        yield running


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with slack_emulator.workspace(tmp_path_factory.mktemp("slack")) as running:
        yield running


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with mastodon.instance(tmp_path_factory.mktemp("mastodon")) as running:
        yield running


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    with prism.judge(tmp_path_factory.mktemp("prism")) as running:
        yield running


def edit(there: Any, wrong: Post, receipt: Receipt, right: Post) -> Receipt:
    assert isinstance(there, Edits)
    return ask(there.edit(replace(right, corrects=Posted(receipt.id, wrong.key, wrong.slot)), {}))


def test_synapse_shows_the_new_words_with_the_first_event_and_keeps_one_edit(
    server: Homeserver, picture_address: str
) -> None:
    room = server.room(server.token)
    there = channel("matrix", server=server.url, access_token=server.token, room=room)
    first, second = messages(there)
    wrong, right = post(first), post(replace(second, part=1))
    receipt = send(there, wrong)

    edited = [edit(there, wrong, receipt, right) for _ in range(2)]

    events = server.events(room, server.token)
    assert [each.id for each in edited] == [receipt.id] * 2
    assert len(events) == 2  # the post, and one edit of it: the repeat is known by its transaction
    assert shown(events[0])["body"] == second.plain
    assert shown(events[0])["m.mentions"] == {}


def test_synapse_keeps_an_edited_part_in_its_thread(server: Homeserver) -> None:
    room = server.room(server.token)
    there = channel("matrix", server=server.url, access_token=server.token, room=room)
    first, second = messages(there)
    root = send(there, post(first))
    wrong = post(second, reply_to=root)
    receipt = send(there, wrong)

    edit(there, wrong, receipt, post(replace(second, text="new", plain="new")))

    part = next(each for each in server.events(room, server.token) if each["event_id"] == receipt.id.partition("|")[0])
    assert part["content"]["m.relates_to"]["event_id"] == root.id
    assert shown(part)["body"] == "new"


def test_an_edit_of_a_removed_event_is_not_made(server: Homeserver) -> None:
    """Synapse would take it, and show nothing."""
    room = server.room(server.token)
    there = channel("matrix", server=server.url, access_token=server.token, room=room)
    wrong = post(messages(there)[0])
    receipt = send(there, wrong)
    where = f"{server.url}/_matrix/client/v3/rooms/{quote(room)}/redact/{quote(receipt.id)}/1"
    call(where, {}, server.token, "PUT")

    with pytest.raises(Refused, match="no longer there"):
        edit(there, wrong, receipt, post(messages(there)[1]))


def test_slack_changes_the_message_and_it_is_still_found_by_its_key(workspace: Workspace) -> None:
    there = workspace.bot()
    first, second = messages(there)
    wrong, before = post(first), len(workspace.messages())
    receipt = send(there, wrong)

    for _ in range(2):
        edit(there, wrong, receipt, post(replace(second, part=1)))

    kept = workspace.messages()[before:]
    assert [each["ts"] for each in kept] == [receipt.id]
    assert "The second part" in kept[0]["text"]
    assert HOSTILE not in kept[0]["text"]
    assert find(there, wrong) == Receipt(receipt.id)


def test_slack_says_that_a_message_is_gone(workspace: Workspace) -> None:
    there = workspace.bot()
    wrong = post(messages(there)[0])

    with pytest.raises(Refused, match="no longer there; thisday correct --as-new") as caught:
        edit(there, wrong, Receipt("1000000000.000001"), wrong)

    assert caught.value.scope is Scope.MESSAGE


def test_mastodon_keeps_the_status_and_says_that_it_was_edited(instance: Instance) -> None:
    there = instance.account()
    first, second = messages(there)
    wrong, before = post(first), len(instance.statuses())
    receipt = send(there, wrong)

    edited = [edit(there, wrong, receipt, post(replace(second, part=1))) for _ in range(2)]

    status = instance.statuses()[before:]
    assert [each.id for each in edited] == [receipt.id] * 2
    assert [each["id"] for each in status] == [receipt.id]
    assert status[0]["edited_at"]
    assert instance.words(receipt.id) == second.text


def test_mastodon_says_that_a_status_is_gone(instance: Instance) -> None:
    there = instance.account()
    wrong = post(messages(there)[0])
    receipt = send(there, wrong)
    call(f"{instance.url}/api/v1/statuses/{receipt.id}", None, mastodon.TOKEN, "DELETE")

    with pytest.raises(Refused, match="no longer there; thisday correct --as-new"):
        edit(there, wrong, receipt, wrong)


@pytest.mark.parametrize("image", [None, DRAWN])
@pytest.mark.parametrize("options", [{}, {"thread_id": "123456789012345679"}, {"forum": True}])
def test_discords_own_document_takes_an_edit(judge: Judge, options: dict[str, Any], image: Image | None) -> None:
    there = judge.webhook(**options)
    first, second = messages(there)
    wrong, right = post(first), post(replace(second, image=image))

    edited = edit(there, wrong, Receipt("123456789012345679"), right)

    assert (edited.id, edited.note) == ("123456789012345679", "")
