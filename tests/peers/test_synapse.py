"""What does Synapse say to what no post should meet: no right, a wrong token, too much at once, an encrypted room?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.channels import Channel, Refused, Scope, Throttled
from tests.peers import synapse
from tests.peers.peer import channel, messages
from tests.peers.post_office import ask, post, send
from tests.peers.synapse import Homeserver

ENCRYPTED = [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with synapse.homeserver(tmp_path_factory.mktemp("synapse")) as running:
        yield running


def matrix(server: Homeserver, room: str, token: str = "") -> Any:
    return channel("matrix", server=server.url, access_token=token or server.token, room=room)


def texts(server: Homeserver, room: str) -> list[str]:
    return [each["content"]["body"] for each in server.events(room, server.token)]


def one(there: Channel, **more: Any) -> Any:
    return post(messages(there)[0], **more)


def test_a_room_by_its_alias_gets_the_post(server: Homeserver) -> None:
    room = server.room(server.token, room_alias_name="daily")

    send(matrix(server, "#daily:localhost"), one(matrix(server, room)))

    assert len(texts(server, room)) == 1


def test_a_public_room_is_joined_on_the_way(server: Homeserver) -> None:
    room = server.room(server.token, preset="public_chat")
    stranger = matrix(server, room, server.user("joins"))

    receipt = send(stranger, one(stranger))

    assert receipt.id
    assert len(texts(server, room)) == 1


def test_a_room_that_one_is_not_let_into_is_a_refusal_of_it(server: Homeserver) -> None:
    stranger = matrix(server, server.room(server.token), server.user("outside"))

    with pytest.raises(Refused) as caught:
        send(stranger, one(stranger))

    assert caught.value.scope is Scope.DESTINATION


def test_an_unknown_token_stops_the_account(server: Homeserver) -> None:
    with pytest.raises(Refused) as caught:
        send(matrix(server, "!nowhere:localhost", "made-up"), one(matrix(server, "!nowhere:localhost")))

    assert caught.value.scope is Scope.ACCOUNT


def test_an_encrypted_room_is_found_out_before_anything_is_posted(server: Homeserver) -> None:
    room = server.room(server.token, initial_state=ENCRYPTED)

    with pytest.raises(Refused, match="encrypted"):
        ask(matrix(server, room).check())


def test_too_much_at_once_is_told_with_its_wait_and_a_repeat_is_answered_all_the_same(server: Homeserver) -> None:
    busy = server.user("busy")
    there = matrix(server, server.room(busy), busy)
    first = one(there)
    receipt = send(there, first)

    with pytest.raises(Throttled) as caught:
        _hurry(there, 30)

    assert caught.value.wait is not None
    assert 0 < caught.value.wait.total_seconds() <= 60
    assert send(there, first).id == receipt.id


def _hurry(there: Channel, posts: int) -> None:
    for _ in range(posts):
        send(there, one(there))


def test_the_longest_text_of_the_budget_is_taken_with_its_markup(server: Homeserver) -> None:
    room = server.room(server.token)
    there = matrix(server, room)
    text = there.markup.escape('नमस्ते & <"quotes"> 👩‍🚀\n')
    long = text
    while there.budget({}).fits(long + text):
        long += text
    (message, _) = messages(there)

    send(there, post(type(message)(message.title, long, long)))

    (event,) = server.events(room, server.token)
    assert event["content"]["formatted_body"].count("नमस्ते") == long.count("नमस्ते")


def test_a_repeat_is_known_after_a_new_login_only_with_the_same_device(server: Homeserver) -> None:
    """Why the page on Matrix tells people to log in with the device id that they had."""
    room = server.room(server.token)
    again = one(matrix(server, room))
    tokens = [server.log_in("admin", device_id=device) for device in ("LAMP", "LAMP", "DESK")]

    receipts = [send(matrix(server, room, token), again).id for token in tokens]

    assert receipts[0] == receipts[1] != receipts[2]
    assert len(texts(server, room)) == 2
