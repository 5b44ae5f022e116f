"""Is a picture known by its bytes, and does a post survive the want of one?"""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import Answer, Request, Unavailable
from bot.channels._pictures import Picture, described, fetched, had, picture
from bot.rendering.budget import UNLIMITED, Budget
from bot.rendering.cards.drawing import drawn
from bot.rendering.message import Image
from tests.channels.asking import CARD, DRAWN, NOW, held

IMAGE = Image("https://img.example.org/1969.png", "Bootprint", "NASA")
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1200, 675)
GIF = b"GIF89a" + struct.pack("<HH", 1200, 675)
APPLICATION = b"\xff\xe0" + struct.pack(">H", 4) + b"JF"
JPEG = b"\xff\xd8" + APPLICATION + b"\xff\xc2" + struct.pack(">HBHH", 17, 8, 675, 1200)
LOSSY = b"RIFF....WEBPVP8 ....\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 1200, 675)
LOSSLESS = b"RIFF....WEBPVP8L....\x2f" + struct.pack("<I", 1199 | 674 << 14)
EXTENDED = b"RIFF....WEBPVP8X........" + (1199).to_bytes(3, "little") + (674).to_bytes(3, "little")
KNOWN = [
    (PNG, "image/png", "picture.png"),
    (GIF, "image/gif", "picture.gif"),
    (JPEG, "image/jpeg", "picture.jpg"),
    (LOSSY, "image/webp", "picture.webp"),
    (LOSSLESS, "image/webp", "picture.webp"),
    (EXTENDED, "image/webp", "picture.webp"),
]


@pytest.mark.parametrize(("data", "media_type", "name"), KNOWN)
def test_a_picture_says_what_it_is_and_how_large(data: bytes, media_type: str, name: str) -> None:
    found = picture(data)

    assert found == Picture(data, media_type, 1200, 675)
    assert found.name == name


@given(
    data=st.sampled_from([each[0] for each in KNOWN]),
    length=st.integers(0, 40),
    other=st.binary(max_size=60),
    at=st.booleans(),
)
def test_any_bytes_at_all_are_a_picture_or_none(data: bytes, length: int, other: bytes, at: bool) -> None:  # noqa: FBT001  # drawn
    found = picture(other if at else data[:length] + other)

    assert found is None or (found.width > 0 and found.height > 0)


@pytest.mark.parametrize("data", [b"", b"<html>", b"RIFF....WEBPXXXX", b"\xff\xd8\xff\xd9", PNG[:16] + bytes(8)])
def test_what_is_no_picture_is_none(data: bytes) -> None:
    assert picture(data) is None


def answer(data: bytes, status: int = 200) -> Answer:
    return Answer(status, {}, data, NOW)


def test_a_picture_is_fetched_without_a_credential() -> None:
    found, steps = held(fetched(IMAGE, 1000), answer(PNG))

    assert found == picture(PNG)
    assert steps == [Request("GET", IMAGE.url, {"accept": "image/*"}, timeout=60.0)]


@pytest.mark.parametrize("said", [answer(PNG, 404), answer(b"<html>"), answer(PNG + bytes(1000))])
def test_what_cannot_be_had_or_is_too_large_is_none(said: Answer) -> None:
    assert held(fetched(IMAGE, 1000), said)[0] is None


def test_a_server_that_is_not_there_is_none() -> None:
    conversation = fetched(IMAGE, 1000)
    next(conversation)

    with pytest.raises(StopIteration) as end:
        conversation.throw(Unavailable("not there"))

    assert end.value.value is None


def test_what_is_no_address_is_not_asked_for() -> None:
    assert held(fetched(Image("file:///etc/passwd", "", ""), 1000)) == (None, [])


@pytest.mark.parametrize(
    ("alt", "credit", "shown"),
    [
        ("A moon", "NASA", "x\n\n🖼 A moon (NASA)"),
        ("A moon", "", "x\n\n🖼 A moon"),
        ("", "NASA", "x\n\n🖼 NASA"),
        ("", "", "x"),
    ],
)
def test_a_picture_is_told_in_words(alt: str, credit: str, shown: str) -> None:
    assert described("x", Image("https://e.org/a", alt, credit), str, Budget(100)) == shown


def test_words_that_cannot_be_told_are_none() -> None:
    assert described("x", Image("https://e.org/a", "one two three four five six", ""), str, Budget(10)) is None


# cards


def test_a_card_is_drawn_and_nobody_is_asked_for_it() -> None:
    found, steps = held(fetched(DRAWN, 100_000))

    assert steps == []
    assert found == Picture(drawn(CARD), "image/png", 1200, 675)
    assert held(fetched(DRAWN, 1000))[0] is None, "larger than the platform takes"


def test_a_card_that_cannot_be_drawn_is_none() -> None:
    strange = replace(CARD, title="漢字")

    assert held(fetched(Image("", "", "", strange), 100_000)) == (None, [])


def test_only_what_has_bytes_can_be_uploaded() -> None:
    assert had(None) is None
    assert had(Image("", "words", "")) is None
    assert had(DRAWN) is DRAWN
    assert had(IMAGE) is IMAGE


def test_the_words_of_a_card_are_not_said_twice() -> None:
    assert described("Day 20", DRAWN, str, UNLIMITED) == "Day 20"
