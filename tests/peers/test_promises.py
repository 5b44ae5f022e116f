"""Does a server that we did not write see what we promise: one post, whole, harmless, in its thread, found again?

Most go the whole way: from a composed message through the ledger and the courier to the server, and back by the server's
own word on what it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.channels import Checks, Direct, Edits, Finds, Uploads
from bot.channels._pictures import STILL
from bot.database import open_database
from bot.delivery.ledger import Ledger
from bot.delivery.states import State
from bot.rendering.cards.drawing import drawn
from tests.channels.asking import CARD, DRAWN
from tests.peers import mailservers, mastodon, pds, slack_emulator, synapse, telegram, webhooks
from tests.peers.peer import ALT, HINDI, HOSTILE, PERSIAN, Peer, Seen, Start, messages
from tests.peers.post_office import Office, ask, find, post, send

ANOTHER_CARD = replace(CARD, headline="Day 21 of 444", title="Another warning")
ANOTHER = replace(DRAWN, alt=ANOTHER_CARD.alt, card=ANOTHER_CARD)
PEERS: dict[str, Start] = {
    "synapse": synapse.running,
    "maildev": mailservers.running,
    "pds": pds.running,
    "slack-bot": slack_emulator.running,
    "slack-webhook": slack_emulator.running_webhook,
    "telegram": telegram.running,
    "mastodon": mastodon.running,
    "webhook": webhooks.running,
}


@pytest.fixture(scope="module", params=PEERS)
def peer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with PEERS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture
def office(peer: Peer, tmp_path: Path) -> Iterator[Office]:
    with closing(open_database(str(tmp_path / "thisday.db"))) as database:
        yield Office(peer.channel, Ledger(database))


@dataclass
class Watch:
    """What a peer has got since the test began: what begins a thread first, then what stands in it."""

    peer: Peer

    def __post_init__(self) -> None:
        self._before = {each.id for each in self.peer.posts()}

    @property
    def new(self) -> list[Seen]:
        return sorted(
            (each for each in self.peer.posts() if each.id not in self._before), key=lambda each: bool(each.answers)
        )


@pytest.fixture
def watch(peer: Peer) -> Watch:
    return Watch(peer)


def test_the_credentials_are_good(peer: Peer) -> None:
    if not isinstance(peer.channel, Checks) or not peer.checks:
        pytest.skip(f"{peer.channel.kind} cannot be asked for them here")

    assert ask(peer.channel.check())


def test_a_thread_arrives_whole_and_in_order(
    peer: Peer, watch: Watch, office: Office, picture: bytes, picture_address: str
) -> None:
    delivered = office.deliver(messages(peer.channel, picture_address if peer.pictures else ""))

    first, second = watch.new
    assert [each.state for each in delivered] == [State.DELIVERED] * 2, [each.reason for each in delivered]
    assert [peer.id_of(each.receipt_id) for each in delivered] == [first.id, second.id] or not delivered[0].receipt_id
    for word in (HOSTILE, PERSIAN, HINDI):
        assert peer.shows(word) in first.text
    assert "The second part" in second.text
    if peer.threads:
        assert (first.answers, second.answers) == ("", first.id)
    if peer.pictures:
        assert (first.alt, first.picture, second.picture) == (f"{ALT} (Ann Example)", picture, b"")


def test_a_card_is_uploaded_and_stands_in_the_post(peer: Peer, watch: Watch, office: Office) -> None:
    if not (isinstance(peer.channel, Uploads) and peer.uploads):
        pytest.skip(f"{peer.channel.kind} takes no pictures of ours")
    (message, _) = messages(peer.channel)

    (delivery,) = office.deliver([replace(message, image=DRAWN)])

    (seen,) = watch.new
    assert (delivery.state, delivery.reason) == (State.DELIVERED, ""), "with its picture"
    assert seen.picture == drawn(CARD)
    if peer.channel.kind != "matrix":  # which knows no alternative text; the caption says what the card does
        assert seen.alt == CARD.alt


def test_nobody_is_called_by_a_hostile_text(peer: Peer, watch: Watch, office: Office) -> None:
    office.deliver(messages(peer.channel)[:1])

    (seen,) = watch.new
    assert seen.mentions == ()


def test_a_lost_answer_ends_in_one_post_or_in_a_doubt_that_is_shown(peer: Peer, watch: Watch, office: Office) -> None:
    channel = peer.channel
    if isinstance(channel, Direct):
        pytest.skip("is not spoken to by HTTP; its own file loses answers in its own way")

    (delivery,) = office.deliver(messages(channel)[:1], lossy=True, minutes=5)

    settles = isinstance(channel, Finds) or channel.doubt.repeat_within is not None
    assert delivery.state is (State.DELIVERED if settles else State.IN_DOUBT), delivery.reason
    (seen,) = watch.new
    assert peer.id_of(delivery.receipt_id) == (seen.id if settles else "")


def test_the_same_delivery_again_is_no_second_post(peer: Peer, watch: Watch) -> None:
    channel = peer.channel
    if channel.doubt.repeat_within is None or isinstance(channel, Direct):
        pytest.skip(f"{channel.kind} promises nothing about a repeat")
    again = post(messages(channel)[0])

    receipts = [send(channel, again) for _ in range(3)]

    assert len(watch.new) == 1
    assert len({each.id for each in receipts}) == 1


def test_a_post_is_found_again_and_no_other(peer: Peer) -> None:
    channel = peer.channel
    if not isinstance(channel, Finds):
        pytest.skip(f"{channel.kind} cannot be asked")
    wanted, other = (post(each) for each in messages(channel))
    send(channel, other)
    assert find(channel, wanted) is None

    receipt = send(channel, wanted)
    found = find(channel, wanted)
    assert found is not None
    assert peer.id_of(found.id) == peer.id_of(receipt.id)


def test_a_correction_changes_words_and_card_in_place_or_answers_with_an_erratum(
    peer: Peer, watch: Watch, office: Office
) -> None:
    channel = peer.channel
    carded = isinstance(channel, Uploads) and peer.uploads
    first, second = (replace(each, part=1, parts=1) for each in messages(channel))
    wrong = replace(first, image=DRAWN) if carded else first
    right = replace(second, image=ANOTHER) if carded else second
    office.deliver([wrong])

    corrected = office.correct([right])

    stays = carded and isinstance(channel, Edits) and not peer.edits_pictures
    assert [(each.state, each.reason) for each in corrected] == [(State.DELIVERED, STILL if stays else "")]
    posts = watch.new
    assert len(posts) == (1 if isinstance(channel, Edits) else 2)
    told = posts[-1]
    assert "The second part" in told.text
    assert peer.shows(HOSTILE) not in told.text
    assert told.mentions == ()
    card = CARD if stays else ANOTHER_CARD
    if carded:
        assert told.picture == drawn(card)
    if carded and channel.kind != "matrix":
        assert told.alt == card.alt
    if len(posts) == 2 and (peer.threads or isinstance(channel, Direct)):  # a letter names the one that it is about
        assert told.answers == posts[0].id
    assert office.correct([right]) == []
    assert len(watch.new) == len(posts)
