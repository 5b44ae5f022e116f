"""How are stored secrets encrypted? Fernet, under a key from the environment or from a file made on first use."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from bot.errors import Mistake


class Cipher:
    """Encrypts and decrypts text under one key."""

    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError:
            advice = "make one with: openssl rand -base64 32 | tr '+/' '-_'"
            raise Mistake("the secret key is not 32 bytes in URL-safe base64", advice) from None

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, text: str) -> str:
        """Raises `Mistake` if the text was encrypted under another key or was changed."""
        try:
            return self._fernet.decrypt(text.encode()).decode()
        except InvalidToken:
            raise Mistake("a stored subscription was encrypted under another key", "give the key it was made with") from None


def cipher(key: str | None, key_file: Path) -> Cipher:
    """Under `key`, else under the key in `key_file`, which is made with mode 0600 if it is not there."""
    return Cipher(key or _kept(key_file))


def _kept(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return _made(path)
    except (OSError, UnicodeDecodeError):
        raise Mistake(f"cannot read the key file {path}", "check its owner and mode, or set THISDAY_SECRET_KEY") from None


def _made(path: Path) -> str:
    """A new key. Two programs may do this at once: the file is linked into place whole, and the first one counts."""
    key = Fernet.generate_key().decode()
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        beside.touch(mode=0o600)
        beside.write_text(key, encoding="ascii")
        os.link(beside, path)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise Mistake(f"cannot make the key file {path}: {error.strerror}", "set THISDAY_SECRET_KEY instead") from None
    finally:
        beside.unlink(missing_ok=True)
    return key
