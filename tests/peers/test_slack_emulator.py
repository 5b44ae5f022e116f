"""Do Slack's emulator and the models of its own library take what we send, and do we understand what they say?"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.channels import Refused, Scope
from bot.channels._slack_text import blocks
from bot.rendering.message import Image, Message
from tests.peers import installing, slack_emulator
from tests.peers.peer import HOSTILE, messages
from tests.peers.post_office import post, send
from tests.peers.slack_emulator import WEAK_TOKEN, Workspace

LIBRARY = "slack_sdk==3.47.0"
# What the library's models do not look at is looked at here: its documents say fifty blocks, and no empty text.
JUDGE = """
import json, sys
from slack_sdk.models.blocks import Block
for written in json.load(sys.stdin):
    assert len(written) <= 50, f"{len(written)} blocks"
    for each in written:
        parsed = Block.parse(each)
        assert parsed is not None, each
        parsed.validate_json()
        assert each["type"] != "header" or each["text"]["type"] == "plain_text", each
        assert "text" not in each or each["text"]["text"].strip(), each
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with slack_emulator.workspace(tmp_path_factory.mktemp("slack")) as running:
        yield running


def judged(*written: list[dict[str, Any]]) -> str:
    """What Slack's own library has against these blocks; empty, if nothing."""
    python = installing.python(LIBRARY) / "bin" / "python"
    said = subprocess.run([python, "-c", JUDGE], input=json.dumps(written), capture_output=True, text=True, check=False)
    return said.stderr


def test_blocks_arrive_as_they_were_sent(workspace: Workspace) -> None:
    there = workspace.bot()
    (message, _) = messages(there, "https://img.example.org/picture.png")

    send(there, post(message))

    kept = workspace.messages()[-1]["blocks"]
    assert [each["type"] for each in kept][:2] == ["header", "section"]
    assert kept == blocks(message)


def test_slacks_own_library_takes_our_blocks(workspace: Workspace) -> None:
    there = workspace.bot()
    first, second = messages(there, "https://img.example.org/picture.png")
    wordy = Image("https://img.example.org/p.png", HOSTILE * 40, HOSTILE * 40)
    long = there.markup.escape(HOSTILE) * 200
    several = [first, second, replace(first, title=HOSTILE * 10, text=long, image=wordy), Message("", "x", "x")]

    assert judged(*map(blocks, several)) == ""


def test_slacks_own_library_would_say_what_is_wrong() -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}

    assert "3000" in judged([section])


def test_a_token_without_the_right_to_post_is_told_which_it_needs(workspace: Workspace) -> None:
    weak = workspace.bot(WEAK_TOKEN)

    with pytest.raises(Refused, match="chat:write") as caught:
        send(weak, post(messages(weak)[0]))

    assert not caught.value.lasting


def test_a_channel_that_nobody_has_is_refused_for_good(workspace: Workspace) -> None:
    lost = workspace.bot(channel="C0NOWHERE")

    with pytest.raises(Refused) as caught:
        send(lost, post(messages(lost)[0]))

    assert (caught.value.scope, caught.value.lasting) == (Scope.DESTINATION, True)


def test_a_text_that_slack_would_cut_is_never_sent(workspace: Workspace) -> None:
    """The emulator, as Slack, cuts at 40,000 characters and says so; the longest of our texts is not cut."""
    there = workspace.bot()
    text = there.markup.escape(HOSTILE + "\n")
    long = text
    while there.budget({}).fits(long + text):
        long += text

    receipt = send(there, post(Message("Title", long, long)))

    assert receipt.note == ""


def test_a_thread_that_is_gone_does_not_stop_the_second_part(workspace: Workspace, tmp_path: Path) -> None:
    there = workspace.bot()
    first, second = messages(there)
    receipt = send(there, post(first))

    answer = send(there, post(second, reply_to=replace(receipt, id="1000000000.000001")))

    assert answer.id
