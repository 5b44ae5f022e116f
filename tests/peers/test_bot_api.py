"""Does a library made from the documents of Telegram's Bot API know every method and field that we ask with?"""

from __future__ import annotations

import email
import email.policy
import json
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from bot.channels import Post, Posted, Receipt, Request
from bot.channels._telegram_text import visible
from bot.rendering.cards.drawing import drawn
from bot.rendering.message import Image
from tests.channels.asking import CARD, DRAWN, said
from tests.peers import installing, telegram
from tests.peers.peer import ALT, channel, messages
from tests.peers.post_office import post

PACKAGE = "aiogram==3.31.0"  # its models are written by a program, from the pages of core.telegram.org
JUDGE = """
import json, sys
import aiogram.methods
from pydantic import BaseModel, ValidationError

def strange(value, at):
    if isinstance(value, BaseModel):
        for name in value.model_extra or ():
            print(f"{at}.{name} is unknown")
        for name in value.model_fields_set & type(value).model_fields.keys():
            strange(getattr(value, name), f"{at}.{name}")

for name, fields in json.load(sys.stdin):
    method = next(each for each in vars(aiogram.methods).values() if getattr(each, "__api_method__", "") == name)
    try:
        strange(method.model_validate(fields), name)
    except ValidationError as error:
        print(name, error)
"""
PHOTO = Image("https://img.example.org/picture.png", ALT, "Ann Example")
REFUSED = said({"ok": False, "error_code": 400, "description": "Bad Request: IMAGE_PROCESS_FAILED"}, 400)


def judged(*asked: tuple[str, dict[str, Any]]) -> str:
    """What the library has against these methods with their fields."""
    python = installing.python(PACKAGE) / "bin" / "python"
    done = subprocess.run([python, "-c", JUDGE], input=json.dumps(asked), capture_output=True, text=True, check=True)
    return done.stdout


def asked(request: Request) -> tuple[str, dict[str, Any]]:
    """The method of a request and its fields. A file in a form stands for a field, unless a field speaks of it."""
    method = request.url.rpartition("/")[2]
    if request.headers["content-type"] == "application/json":
        return method, json.loads(request.content)
    sent = form(request)
    fields = {name: value for name, value in sent.items() if not isinstance(value, bytes)}
    files = {name: "a file" for name in sent.keys() - fields.keys() if f"attach://{name}" not in json.dumps(fields)}
    return method, {**fields, **files}


def form(request: Request) -> dict[str, Any]:
    """The fields of a form as Python's own parser of letters reads them; a file as its bytes."""
    head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
    letter: Any = email.message_from_bytes(head + request.content, policy=email.policy.HTTP)
    parts = {each["content-disposition"].params["name"]: each for each in letter.iter_parts()}
    return {
        name: each.get_payload(decode=True) if each.get_filename() else _plain(each.get_payload(decode=True).decode())
        for name, each in parts.items()
    }


def _plain(text: str) -> Any:
    """As the Bot API reads a field of a form: objects are written in it as JSON."""
    return json.loads(text) if text.startswith("{") else text


def there(**more: Any) -> Any:
    return channel("telegram", bot_token=telegram.TOKEN, chat="@made_up_channel", **more)


def edits(image: Image | None, *answers: Any) -> list[Request]:
    """What an edit to the second message, with a picture, asks with, one after the other."""
    first, second = messages(there())
    right: Post = replace(post(replace(second, image=image)), corrects=Posted("12", post(first).key, "2026-11-04"))
    change = there().edit(right, {})
    asking = [next(change), *(change.send(each) for each in answers)]
    return [each for each in asking if isinstance(each, Request)]


@pytest.mark.parametrize("options", [{}, {"topic": 7, "silent": True}])
@pytest.mark.parametrize("image", [None, PHOTO, DRAWN])
def test_the_fields_of_a_post_are_known(image: Image | None, options: dict[str, Any]) -> None:
    publish = next(there(**options).post(post(replace(messages(there())[0], image=image), reply_to=Receipt("11")), {}))

    method, fields = asked(publish)
    assert method == ("sendPhoto" if image else "sendMessage")
    assert judged((method, fields)) == ""


def test_the_fields_of_an_edit_are_known_whatever_is_edited() -> None:
    changes = [*edits(None), *edits(PHOTO, REFUSED), *edits(DRAWN, REFUSED)]

    told = [asked(each) for each in changes]
    assert [method for method, _ in told] == ["editMessageText", *["editMessageMedia", "editMessageCaption"] * 2]
    assert judged(*told) == ""


def test_an_edit_carries_the_card_and_a_caption_that_is_parsed_as_it_was_meant() -> None:
    (change,) = edits(DRAWN)

    sent = form(change)
    assert sent["photo"] == drawn(CARD)
    assert sent["media"]["media"] == "attach://photo"
    shown = telegram.parsed(sent["media"]["caption"])
    assert shown.text == visible(sent["media"]["caption"])
    assert "The second part" in shown.text
    assert not {sort for sort, _ in shown.entities} & telegram.CALLING


def test_the_library_would_say_what_is_wrong() -> None:
    media = {"type": "photo", "media": "attach://photo", "captoin": "x"}

    assert judged(("editMessageMedia", {"chat_id": 1, "message_id": 12, "media": media})) == (
        "editMessageMedia.media.captoin is unknown\n"
    )
    assert "chat_id" in judged(("sendMessage", {"text": "x"}))
