"""Stored secrets: unreadable without the key, and a key file that two programs may make at once."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from bot.errors import Mistake
from bot.subscriptions.cipher import Cipher, cipher
from tests.builders import folder_of

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OTHER = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="


def test_what_was_encrypted_is_decrypted_under_the_same_key() -> None:
    assert Cipher(KEY).decrypt(Cipher(KEY).encrypt("hunter2 ۱۳")) == "hunter2 ۱۳"


def test_what_is_encrypted_does_not_show_the_text() -> None:
    assert "hunter2" not in Cipher(KEY).encrypt("hunter2")


def test_the_same_text_is_encrypted_differently_each_time() -> None:
    assert Cipher(KEY).encrypt("hunter2") != Cipher(KEY).encrypt("hunter2")


def test_what_was_encrypted_under_another_key_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="encrypted under another key; give the key it was made with"):
        Cipher(OTHER).decrypt(Cipher(KEY).encrypt("hunter2"))


@pytest.mark.parametrize("text", ["", "hunter2", "gAAAAA", "ü"])
def test_what_was_not_encrypted_is_a_mistake(text: str) -> None:
    with pytest.raises(Mistake, match="another key"):
        Cipher(KEY).decrypt(text)


@pytest.mark.parametrize("key", ["short", "MDEy", "ü" * 44, "=" * 44])
def test_a_key_of_another_form_is_a_mistake_that_does_not_show_it(key: str) -> None:
    with pytest.raises(Mistake, match="the secret key is not 32 bytes") as refused:
        Cipher(key)
    assert key not in str(refused.value)


def test_a_given_key_comes_before_the_file(tmp_path: Path) -> None:
    secret = cipher(KEY, folder_of(tmp_path, {"key": OTHER}) / "key").encrypt("hunter2")
    assert Cipher(KEY).decrypt(secret) == "hunter2"


def test_a_key_file_is_read(tmp_path: Path) -> None:
    secret = cipher(None, folder_of(tmp_path, {"key": f"{KEY}\n"}) / "key").encrypt("hunter2")
    assert Cipher(KEY).decrypt(secret) == "hunter2"


def test_a_key_file_is_made_on_first_use_and_kept(tmp_path: Path) -> None:
    secret = cipher(None, tmp_path / "key").encrypt("hunter2")
    assert cipher(None, tmp_path / "key").decrypt(secret) == "hunter2"


def test_a_new_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    cipher(None, tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_nothing_else_is_left_beside_a_new_key_file(tmp_path: Path) -> None:
    cipher(None, tmp_path / "key")
    assert [each.name for each in tmp_path.iterdir()] == ["key"]


def _make(path: Path, secrets: multiprocessing.SimpleQueue[str]) -> None:
    secrets.put(cipher(None, path).encrypt("hunter2"))


def test_programs_that_make_the_key_file_at_once_agree_on_one_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    secrets: multiprocessing.SimpleQueue[str] = context.SimpleQueue()
    makers = [context.Process(target=_make, args=(tmp_path / "key", secrets)) for _ in range(8)]
    for each in makers:
        each.start()
    found = [secrets.get() for _ in makers]
    for each in makers:
        each.join(30)
    kept = cipher(None, tmp_path / "key")
    assert {kept.decrypt(each) for each in found} == {"hunter2"}


def test_a_key_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="cannot read the key file"):
        cipher(None, tmp_path)


def test_a_key_file_that_is_not_text_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    with pytest.raises(Mistake, match="cannot read the key file"):
        cipher(None, tmp_path / "key")


def test_a_key_file_that_cannot_be_made_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(
        Mistake, match=r"cannot make the key file .*No such file or directory; set THISDAY_SECRET_KEY instead"
    ):
        cipher(None, tmp_path / "missing" / "key")
