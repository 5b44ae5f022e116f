"""Who sent this, and has it been changed? Signs what we send (Standard Webhooks) and checks what Slack sends us.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
https://docs.slack.dev/authentication/verifying-requests-from-slack/
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

TOLERANCE = 300  # seconds that a timestamp may be off, in both directions
_SHORTEST, _LONGEST = 24, 64  # bytes of a secret
_PREFIX = "whsec_"
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


def key(secret: str) -> bytes:
    """The bytes of a Standard Webhooks secret, with or without `whsec_`. Raises ValueError, which never shows it."""
    text = secret.removeprefix(_PREFIX)
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a webhook secret is base64, usually after whsec_") from None
    if not _SHORTEST <= len(found) <= _LONGEST:
        raise ValueError(f"a webhook secret has {_SHORTEST} to {_LONGEST} bytes, this one has {len(found)}")
    return found


def sign(secrets: str | Sequence[str], message_id: str, at: datetime, body: bytes) -> str:
    """The `webhook-signature` header: one signature for each secret, so that a receiver may hold the old or the new one.

    `at` is any aware datetime. An id with a full stop is refused: it would make two contents look alike.
    """
    if "." in message_id:
        raise ValueError("a webhook id must not contain a full stop")
    content = b"%s.%d.%s" % (message_id.encode(), seconds(at), body)
    return " ".join(f"v1,{_signature(key(each), content)}" for each in _all(secrets))


def verify(secrets: str | Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether one of the `v1` signatures is by one of the secrets and the timestamp is near `now`."""
    given = {name.lower(): value for name, value in headers.items()}
    message_id, stamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not message_id or not _recent(stamp, now):
        return False
    content = b"%s.%s.%s" % (message_id.encode(), stamp.encode(), body)
    expected = [_signature(key(each), content) for each in _all(secrets)]
    signatures = (each.partition(",") for each in given.get("webhook-signature", "").split(" "))
    offered = [value for version, _, value in signatures if version == "v1"]
    return any(_equal(one, other) for one in offered for other in expected)


def sign_slack(secret: str, timestamp: str, body: bytes) -> str:
    """The `X-Slack-Signature` that Slack gives a request."""
    content = b"v0:%s:%s" % (timestamp.encode(), body)
    return "v0=" + hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def verify_slack(secret: str, timestamp: str | None, signature: str | None, body: bytes, now: datetime) -> bool:
    """Whether a request is Slack's and fresh. `body` is what came in, before any form was parsed."""
    if not signature or not _recent(timestamp or "", now):
        return False
    return _equal(signature, sign_slack(secret, timestamp or "", body))


def seconds(at: datetime) -> int:
    """Whole seconds since 1970. Raises ValueError for a datetime without a zone: it names no instant."""
    if at.tzinfo is None:
        raise ValueError("this needs a datetime with a time zone")
    return int(at.timestamp())


def _all(secrets: str | Sequence[str]) -> Sequence[str]:
    return [secrets] if isinstance(secrets, str) else secrets


def _signature(secret: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()


def _recent(timestamp: str, now: datetime) -> bool:
    return bool(_SECONDS.fullmatch(timestamp)) and abs(now.timestamp() - int(timestamp)) <= TOLERANCE


def _equal(one: str, other: str) -> bool:
    """In constant time; `compare_digest` takes text only if it is ASCII."""
    return hmac.compare_digest(one.encode(), other.encode())
