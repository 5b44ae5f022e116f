"""How is a conversation driven over HTTP, and what do we know when a request fails?

Nothing is repeated here. The one thing to be sure about is whether the request that publishes may have left: the
delivery is claimed at the last moment before its first byte goes, and whatever fails after that is in doubt.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import httpcore
import httpx

from bot.channels import (
    Answer,
    Claim,
    Conversation,
    Failure,
    InDoubt,
    R,
    Refused,
    Request,
    Scope,
    Unavailable,
    Wait,
)
from bot.channels._answers import Reaction
from bot.channels._guard import Guard, PrivateAddressError
from bot.channels._wire import Wire
from bot.channels._wire_httpx import HttpxWire, httpx_wire

MOST_STEPS = 100  # of one conversation
LONGEST_PAUSE = 60.0  # seconds inside a conversation
LAST_LOOK = 0.25  # seconds to take in what has come, when a time limit is reached
# These are raised before a single byte of the request has been written.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# What HTTP cannot carry; found before anything is written.
_UNSENDABLE = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError)

_PRIVATE = "has a private address; set network.allow_private to post into your own network"


async def unclaimed() -> None:
    """The claim of a conversation that publishes nothing, or that no ledger watches."""


class Within:
    """A time limit, begun at once or by `begin`. Past it, `TimeoutError`.

    A computer that slept wakes with the limit passed and with the answer at hand, and asyncio would do the timer first.
    So what has come by then is taken in before the work is broken off.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds, self._timeout = seconds, asyncio.timeout(None)
        self._bell: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        if self._seconds is not None:
            self.begin(self._seconds)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bell is not None:
            self._bell.cancel()
        await self._timeout.__aexit__(kind, error, traceback)

    def begin(self, seconds: float) -> None:
        if self._bell is not None:
            self._bell.cancel()
        self._bell = asyncio.get_running_loop().call_later(seconds, self._reached)

    def _reached(self) -> None:
        self._timeout.reschedule(asyncio.get_running_loop().time() + LAST_LOOK)


@dataclass(slots=True)
class _Departure:
    """What is known about one request on its way: claimed at most once, and whether its bytes began to leave."""

    claim: Claim
    deadline: Within
    seconds: float
    left: bool = False
    objection: BaseException | None = None

    async def now(self) -> None:
        """Called right before the first byte; if the claim fails, none is sent."""
        try:
            await self.claim()
        except BaseException as error:
            self.objection = error
            raise
        self.left = True
        self.deadline.begin(self.seconds)


class Http:
    """Drives conversations. Owned by the app, entered once; `transport`, `wire`, `now` and `sleep` are given by tests.

    `fast` asks for aiohttp, which the extra `fast` installs.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        verify: ssl.SSLContext | bool = True,
        fast: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        wire: Wire | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        for name in ("httpx", "httpcore"):  # they log addresses, and an address may be a secret
            logging.getLogger(name).setLevel(logging.WARNING)
        own = HttpxWire(transport) if transport else wire
        self._wire = own or _wire(allow_private=allow_private, verify=verify, fast=fast)
        self._now, self._sleep = now, sleep

    async def __aenter__(self) -> Self:
        await self._wire.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._wire.__aexit__(kind, error, traceback)

    async def run(self, conversation: Conversation[R], claim: Claim = unclaimed) -> R:
        """The conversation's result. Raises one of the four failures, or whatever `claim` raised.

        `claim` is awaited once, right before the first byte of the first committing request leaves. A failure of a
        request that only prepares is thrown into the conversation, which may go on without what it asked for.
        """
        claim_once = _once(claim)
        try:
            step = next(conversation)
            for _ in range(MOST_STEPS):
                match step:
                    case Wait(seconds):
                        await self._sleep(min(seconds, LONGEST_PAUSE))
                        step = next(conversation)
                    case Request():
                        try:
                            answer = await self._answer(step, claim_once if step.commits else unclaimed)
                        except Failure as failure:
                            if step.commits:
                                raise
                            step = conversation.throw(failure)
                        else:
                            step = conversation.send(answer)
        except StopIteration as end:
            result: R = end.value
            return result
        finally:
            conversation.close()
        raise RuntimeError(f"a conversation of more than {MOST_STEPS} steps")

    async def _answer(self, step: Request, claim: Claim) -> Answer:
        try:
            async with Within() as deadline:
                departure = _Departure(claim, deadline, step.timeout)
                reply = await self._wire.send(step, departure.now)
                return Answer(reply.status, reply.headers, reply.body, self._now())
        except Exception as error:
            if departure.objection is not None:  # the error itself may have been wrapped on its way
                raise departure.objection from None
            if isinstance(error, _UNSENDABLE):
                # No cause is kept: its text may hold parts of the address or of a header.
                raise Refused(Scope.DESTINATION, "the address or the token does not fit into HTTP", lasting=False) from None
            if isinstance(error, httpx.HTTPError | OSError):
                raise _failure(error, step, left=departure.left) from error
            raise


def _wire(*, allow_private: bool, verify: ssl.SSLContext | bool, fast: bool) -> Wire:
    context = httpx.create_ssl_context(verify=verify, trust_env=False)
    if not fast:
        network = httpcore.AnyIOBackend()
        return httpx_wire(verify=context, network=network if allow_private else Guard(network))
    from bot.channels._wire_aiohttp import AiohttpWire

    return AiohttpWire(verify=context, guarded=not allow_private)


def _once(claim: Claim) -> Claim:
    claimed = False

    async def first_time() -> None:
        nonlocal claimed
        if not claimed:
            await claim()
            claimed = True

    return first_time


def reaction_to(error: BaseException) -> Reaction:
    """What an exception of the HTTP client means, apart from how far the request had come."""
    if _tls_error(error) is not None:
        return Reaction.OWNER_ACTION
    return Reaction.RETRY_BACKOFF if isinstance(error, _NEVER_LEFT) else Reaction.VERIFY


def _failure(error: Exception, step: Request, *, left: bool) -> Failure:
    """The failure that an exception comes to. It names the host; the rest of an address may be a secret."""
    host = httpx.URL(step.url).host
    if left and not isinstance(error, _NEVER_LEFT):
        return InDoubt(f"{host} {_lost(error)}") if step.commits else Unavailable(f"{host} {_lost(error)}")
    if reaction_to(error) is Reaction.OWNER_ACTION:
        return Refused(Scope.DESTINATION, f"{host}: {_tls_words(_tls_error(error))}", lasting=False)
    private = any(isinstance(each, PrivateAddressError) for each in _chain(error))
    return Unavailable(f"{host} {_PRIVATE if private else _not_reached(error)}")


def _not_reached(error: Exception) -> str:
    slow = isinstance(error, httpx.TimeoutException)
    return "did not take the connection in time" if slow else f"cannot be reached: {error}"


def _lost(error: Exception) -> str:
    slow = isinstance(error, httpx.TimeoutException | TimeoutError)
    return "did not answer in time" if slow else "broke off before its answer was complete"


def _tls_words(error: ssl.SSLError | None) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    return f"no TLS connection came about: {getattr(error, 'reason', None) or 'handshake failed'}"


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    """The TLS error beneath; not one that only says that the connection broke off."""
    found = next((each for each in _chain(error) if isinstance(each, ssl.SSLError)), None)
    return None if isinstance(found, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError) else found


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
