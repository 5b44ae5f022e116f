"""Does Google's own library know every field of what we send to Google Chat?"""

from __future__ import annotations

import json
import subprocess
from typing import Any

from bot.channels import kind
from tests.builders import year
from tests.channels.asking import asked
from tests.peers import installing
from tests.peers.peer import channel, messages
from tests.peers.post_office import post

PACKAGE = "google-apps-chat==0.10.7"
JUDGE = """
import json, sys
from google.apps import chat_v1
from google.protobuf import json_format
for body in json.load(sys.stdin):
    message = chat_v1.Message.meta.pb()
    try:
        json_format.Parse(body, message)
    except json_format.ParseError as error:
        print(error)
    else:
        print(f"{message.ByteSize()} bytes" if message.ByteSize() > 32_000 else "", end="")
"""


def googlechat() -> Any:
    chosen = kind("googlechat")
    assert chosen is not None
    return channel("googlechat", **chosen.example)


def judged(*bodies: str) -> str:
    """What the library has against these bodies; it counts their bytes as the service does."""
    python = installing.python(PACKAGE) / "bin" / "python"
    done = subprocess.run([python, "-c", JUDGE], input=json.dumps(bodies), capture_output=True, text=True, check=True)
    return done.stdout


def body(message: Any) -> str:
    return asked(googlechat().post(post(message), {})).content.decode()


def test_hostile_and_pictured_messages_are_known() -> None:
    assert judged(*map(body, messages(googlechat(), "https://img.example.org/picture.png"))) == ""


def test_every_fourth_message_of_a_year_is_known_and_small_enough() -> None:
    assert judged(*map(body, year(googlechat(), step=4))) == ""


def test_the_library_would_say_what_is_wrong() -> None:
    assert "no field" in judged('{"txt": "x"}')
    assert "bytes" in judged(json.dumps({"text": "x" * 33_000}))
