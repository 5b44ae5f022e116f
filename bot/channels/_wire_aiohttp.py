"""How does aiohttp carry requests (extra `fast`)? Its parser is written in C, and its pool looks at one host at a time.

It is held to the rules of bot/channels/_wire.py by what it lets its user replace: the class of its requests announces
that one leaves, and refuses to let it leave again; the resolver and the maker of sockets look at every address.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Self

import aiohttp
import httpcore
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_reqrep import ClientRequest, ClientResponse
from aiohttp.connector import AddrInfoType, Connection
from yarl import URL

from bot.channels import Request
from bot.channels._guard import PrivateAddressError, Resolve, is_public, public_addresses, resolve
from bot.channels._wire import CONNECT, FIXED_HEADERS, IDLE, MOST_BYTES, POOL, Leaving, Reply, endless, gathered

CHUNK = 1 << 16
MakeSocket = Callable[[AddrInfoType], socket.socket]
_LIMITS = aiohttp.ClientTimeout(total=None, connect=POOL, sock_connect=CONNECT)  # afterwards the caller's limit counts
_NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")  # what aiohttp would say by itself
_leaving: ContextVar[Leaving] = ContextVar("leaving")


class _Announced(ClientRequest):
    """A request that says when its first byte is about to leave.

    aiohttp sends a PUT again by itself when a kept connection turns out to be closed; `leaving` is awaited again then.
    """

    async def send(self, conn: Connection) -> ClientResponse:
        await _leaving.get()()
        return await super().send(conn)


class AiohttpWire:
    """`Wire` over aiohttp. `resolve` and `make_socket` are given by tests."""

    def __init__(
        self,
        *,
        verify: ssl.SSLContext,
        guarded: bool,
        resolve: Resolve = resolve,
        make_socket: MakeSocket = lambda address: socket.socket(*address[:3]),
    ) -> None:
        self._verify, self._guarded, self._resolve, self._make_socket = verify, guarded, resolve, make_socket

    async def send(self, request: Request, leaving: Leaving) -> Reply:
        _leaving.set(_once(leaving))
        with _as_httpx():
            answer = await self._session.request(
                request.method,
                _address(request.url),
                headers=_sendable({**FIXED_HEADERS, **request.headers}),
                data=request.content,
                allow_redirects=False,
            )
            async with answer:
                return Reply(answer.status, gathered(answer.raw_headers), await _body(answer))

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=self._connector(),
            request_class=_Announced,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NOT_ADDED,
            auto_decompress=False,
            timeout=_LIMITS,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._session.close()

    def _connector(self) -> aiohttp.TCPConnector:
        if not self._guarded:
            return aiohttp.TCPConnector(ssl=self._verify, keepalive_timeout=IDLE, use_dns_cache=False)
        return aiohttp.TCPConnector(
            ssl=self._verify,
            keepalive_timeout=IDLE,
            use_dns_cache=False,
            resolver=_Resolver(self._resolve),
            socket_factory=_guarded(self._make_socket),
        )


def _address(url: str) -> URL:
    """As httpx reads it: of letters beyond ASCII aiohttp would make others."""
    try:
        return URL(url if url.isascii() else str(httpx.URL(url)))
    except ValueError:
        raise httpx.InvalidURL("the address does not fit into HTTP") from None


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    """aiohttp would find out after it has been announced that the request leaves, or write UTF-8."""
    if not all(value.isascii() and value.isprintable() for value in headers.values()):
        raise httpx.LocalProtocolError("a header does not fit into HTTP")
    return headers


def _once(leaving: Leaving) -> Leaving:
    left = False

    async def first_time() -> None:
        nonlocal left
        if left:
            raise httpx.ReadError("the server closed a connection that was kept")
        await leaving()
        left = True

    return first_time


async def _body(answer: ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in answer.content.iter_chunked(CHUNK):
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            raise endless()
    return b"".join(parts)


class _Resolver(AbstractResolver):
    """The addresses of a name; none, if one of them is private."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002  # aiohttp's signature
    ) -> list[ResolveResult]:
        return [_found(host, port, address) for address in await public_addresses(self._resolve, host, port)]

    async def close(self) -> None:
        """Nothing is kept open."""


def _found(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


def _guarded(make: MakeSocket) -> MakeSocket:
    """The last look, before there is a socket: a number in the place of a name comes to no resolver."""

    def checked(address: AddrInfoType) -> socket.socket:
        if not is_public(str(address[4][0])):
            raise PrivateAddressError("the address is private")
        return make(address)

    return checked


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Errors of aiohttp by httpx's names, without their words, which may hold an address.

    How far a request had come is known from `leaving`, not from these.
    """
    try:
        yield
    except aiohttp.ClientConnectorCertificateError as error:
        raise httpx.ConnectError("its certificate is not valid") from error.certificate_error
    except aiohttp.ClientConnectorError as error:
        raise httpx.ConnectError(str(error.os_error)) from error
    except httpcore.ConnectError as error:
        raise httpx.ConnectError(str(error)) from error
    except aiohttp.ConnectionTimeoutError:
        raise httpx.ConnectTimeout("the server did not take the connection in time") from None
    except aiohttp.NonHttpUrlClientError:
        raise httpx.UnsupportedProtocol("the address is not one of HTTP") from None
    except aiohttp.InvalidURL:
        raise httpx.InvalidURL("the address does not fit into HTTP") from None
    except aiohttp.ClientError as error:
        raise httpx.ReadError(type(error).__name__) from error.__cause__
