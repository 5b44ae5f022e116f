"""How does an edition reach a service that has no kind of its own? By the package Apprise, which knows over a hundred.

Apprise says only whether all went well. So nobody can tell whether a post that did not go well got there, nor whether a
repeat is safe: it is left to a person. https://appriseit.com
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator

from bot.channels import Claim, Conversation, Doubt, InDoubt, Post, Receipt, Refused, Scope
from bot.documents import mistake
from bot.fields import Strict
from bot.rendering.budget import Budget
from bot.rendering.markup import PLAIN, Markup
from bot.rendering.message import Message

MISSING = "Apprise is not installed", "pip install 'thisday[apprise]'"
MOST, LEAST = 30_000, 60  # characters of a text; services that Apprise knows no limit of take less than they say
TITLE = 60  # what a title takes that stands in the text, where the service has none
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://\S+", re.IGNORECASE)


class AppriseOptions(Strict):
    url: SecretStr = Field(description="the service by its Apprise URL, such as mailto:// or signal://; treated as a secret")

    @field_validator("url")
    @classmethod
    def _url(cls, value: SecretStr) -> SecretStr:
        """Apprise itself judges the address, without asking anybody."""
        text = value.get_secret_value()
        if not _SCHEME.fullmatch(text):
            raise mistake("url is no Apprise URL", "write one such as signal://HOST/FROM/TO; appriseit.com lists them")
        try:
            service = _service(text)
        except ImportError:
            raise mistake(*MISSING) from None
        if service is None:
            raise mistake("Apprise does not understand this url", "compare it with the service's page on appriseit.com")
        return value


def _service(url: str) -> Any:
    """Apprise's own object for a service, its repeats off whatever the address says; None where it understands nothing."""
    with _silent(logging.getLogger("apprise")):  # it would show an address that it does not understand
        import apprise

        asset = apprise.AppriseAsset(app_id="thisday", secure_logging=True, default_service_retry=0)
        service = apprise.Apprise.instantiate(url, asset=asset)
    if service is not None:
        service.retry = 0
    return service


@contextmanager
def _silent(log: logging.Logger) -> Iterator[None]:
    """Without a word of this log, nor of what Apprise's over a hundred services import that has grown old."""
    before, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        log.disabled = before


class Apprise:
    """A service that Apprise knows, as plain text."""

    kind: ClassVar[str] = "apprise"
    title: ClassVar[str] = "Apprise"
    markup: ClassVar[Markup] = PLAIN
    doubt: ClassVar[Doubt] = Doubt()
    Options: ClassVar[type[AppriseOptions]] = AppriseOptions
    example: ClassVar[Mapping[str, Any]] = {"url": "jsons://made-up.example.org/on-this-day"}

    def __init__(self, options: AppriseOptions) -> None:
        self.options = options

    @classmethod
    def from_address(cls, address: str, *, named: bool) -> dict[str, Any] | None:
        """Any Apprise URL, if the person says that it is one."""
        return {"url": address} if named and _SCHEME.fullmatch(address) else None

    @cached_property
    def destination(self) -> str:
        """The service and a hash: in most Apprise URLs even the host is a secret."""
        address = self.options.url.get_secret_value()
        return f"{address.partition(':')[0].lower()}/{hashlib.sha256(address.encode()).hexdigest()[:8]}"

    def budget(self, facts: Mapping[str, Any]) -> Budget:  # noqa: ARG002  # Apprise knows the limits
        """What Apprise knows of the service; with room for the title where it stands in the text."""
        most = min(int(self._service.body_maxlen), MOST)
        return Budget(max(most - (0 if self._service.title_maxlen else TITLE), LEAST))

    @cached_property
    def _service(self) -> Any:
        return _service(self.options.url.get_secret_value())

    def post(self, post: Post, facts: Mapping[str, Any]) -> Conversation[Receipt]:  # noqa: ARG002  # the seam
        raise TypeError("Apprise sends by itself; `deliver` calls it")

    async def deliver(self, post: Post, claim: Claim) -> Receipt:
        try:
            service = await asyncio.to_thread(lambda: self._service)
        except ImportError as error:
            raise Refused(Scope.DESTINATION, f"{MISSING[0]}; {MISSING[1]}", lasting=False) from error
        await claim()
        if not await asyncio.to_thread(_notify, service, post.message):
            raise InDoubt("Apprise says that it did not go well, not whether something got there; its own log says more")
        return Receipt()


def _notify(service: Any, message: Message) -> bool:
    import apprise

    title = f"{message.title} ({message.part}/{message.parts})" if message.parts > 1 else message.title
    sender = apprise.Apprise(asset=service.asset)
    sender.add(service)
    return bool(sender.notify(body=message.plain, title=title, body_format=apprise.NotifyFormat.TEXT))
