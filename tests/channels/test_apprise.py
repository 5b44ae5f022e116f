"""Does what Apprise sends arrive, once, and is a bad end told as what it is: a doubt?"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from bot.channels import InDoubt, Receipt
from bot.channels.apprise import Apprise, AppriseOptions
from bot.documents import check, parse
from bot.errors import Problems
from tests.channels.asking import post


async def claimed() -> None:
    return


@contextmanager
def receiver(status: int = 200) -> Iterator[tuple[str, list[Any]]]:
    """The address of a receiver of JSON, and what it has heard."""
    heard: list[Any] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"json://127.0.0.1:{server.server_port}/", heard
        finally:
            server.shutdown()
            thread.join()


def channel(url: str) -> Apprise:
    return Apprise(AppriseOptions.model_validate({"url": url}))


def test_title_and_plain_text_arrive() -> None:
    with receiver() as (url, heard):
        found = asyncio.run(
            channel(url).deliver(post("**x**", plain="Apollo 11 <lands> & {{ x }} \\n", part=2, parts=3), claimed)
        )

    assert found == Receipt()
    assert [(each["title"], each["message"]) for each in heard] == [("On this day (2/3)", "Apollo 11 <lands> & {{ x }} \\n")]


@pytest.mark.parametrize("wish", ["", "?retry=3&wait=0"])
def test_what_did_not_go_well_is_a_doubt_and_is_not_repeated(wish: str) -> None:
    with receiver(500) as (url, heard), pytest.raises(InDoubt, match="not whether something got there"):
        asyncio.run(channel(url + wish).deliver(post(), claimed))

    assert len(heard) == 1


def test_without_a_claim_nothing_is_sent() -> None:
    async def lost() -> None:
        raise LookupError

    with receiver() as (url, heard), pytest.raises(LookupError):
        asyncio.run(channel(url).deliver(post(), lost))

    assert heard == []


def test_a_doubt_is_left_to_a_person() -> None:
    assert Apprise.doubt.repeat_within is None


def test_the_budget_is_what_apprise_knows_of_the_service() -> None:
    roomy, brief = channel("discord://123456789/fake-token"), channel("sinch://a:b@123456/12345678901")

    assert (roomy.budget({}).limit, brief.budget({}).limit) == (2000, 100)


@pytest.mark.parametrize("wrong", ["canary", "nonsense://canary", "json://canary/\nx", "", "discord://canary"])
def test_an_address_that_apprise_does_not_understand_is_a_mistake(
    wrong: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Problems) as caught:
        check(parse(json.dumps({"url": wrong}), "config.yaml", []), AppriseOptions)

    shown = capfd.readouterr()
    assert "canary" not in f"{caught.value}{caplog.text}{shown.out}{shown.err}"


def test_without_the_package_the_mistake_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)

    with pytest.raises(Problems, match=r"pip install 'thisday\[apprise\]'"):
        check(parse('{"url": "json://example.org"}', "config.yaml", []), AppriseOptions)


def test_the_kind_is_imported_without_the_package() -> None:
    code = "import sys, bot.channels.apprise, bot.channels.email, bot.channels.file; print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert not {*done.stdout.split()} & {"apprise", "jinja2", "requests", "httpx"}


def test_no_secret_is_shown() -> None:
    made = channel("jsons://fake-user:fake-secret-canary@apprise.example.org/on-this-day")

    shown = [repr(made), repr(made.__dict__), made.destination]

    assert not [text for text in shown if "canary" in text or "example.org" in text]


def test_only_a_person_names_an_apprise_address() -> None:
    assert Apprise.from_address("signal://host/1/2", named=True) == {"url": "signal://host/1/2"}
    assert Apprise.from_address("signal://host/1/2", named=False) is None
