"""Is a form with a file what RFC 7578 says, read by the parser of the standard library?"""

from __future__ import annotations

import email
import email.policy

from hypothesis import given
from hypothesis import strategies as st

from bot.channels._forms import Part, multipart


@given(data=st.binary(max_size=200), words=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=50))
def test_what_goes_in_is_what_a_server_reads(data: bytes, words: str) -> None:
    kind, body = multipart([Part("description", words.encode()), Part("file", data, "image/png", "picture.png")])

    boundary = kind.removeprefix("multipart/form-data; boundary=").encode()
    start, first, second, end = body.split(b"--" + boundary)
    assert (start, end) == (b"", b"--\r\n")
    assert first == b'\r\ncontent-disposition: form-data; name="description"\r\n\r\n' + words.encode() + b"\r\n"
    head, _, content = second.partition(b"\r\n\r\n")
    assert content == data + b"\r\n"
    assert head.split(b"\r\n")[1:] == [
        b'content-disposition: form-data; name="file"; filename="picture.png"',
        b"content-type: image/png",
    ]


def test_a_parser_of_another_hand_agrees() -> None:
    kind, body = multipart(
        [Part("payload_json", b"{}", "application/json"), Part("f", b"\x89PNG\r\n", "image/png", "a.png")]
    )

    found = email.message_from_bytes(f"content-type: {kind}\r\n\r\n".encode() + body, policy=email.policy.HTTP)

    assert [each.get_content_type() for each in found.iter_parts()] == ["application/json", "image/png"]
    assert [each.get_filename() for each in found.iter_parts()] == [None, "a.png"]


def test_equal_forms_are_equal_bytes() -> None:
    assert multipart([Part("a", b"1")]) == multipart([Part("a", b"1")])
    assert multipart([Part("a", b"1")]) != multipart([Part("a", b"2")])
