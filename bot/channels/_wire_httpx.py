"""How does httpx carry requests? With a small pool for each host: a single one looks at all it has for every request."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx

from bot.channels import Request
from bot.channels._wire import CONNECT, FIXED_HEADERS, IDLE, MOST_BYTES, POOL, Leaving, Reply, endless, gathered

HOSTS = 256  # whose connections are kept at most
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=4, keepalive_expiry=IDLE)


_LEAVING = "send_request_headers.started"  # httpcore's event, after "http11." or "http2."


class HttpxWire:
    """`Wire` over a transport of httpx."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def send(self, request: Request, leaving: Leaving) -> Reply:
        if isinstance(self._transport, httpx.MockTransport):
            await leaving()  # it does not say when it sends
        response = await self._transport.handle_async_request(_request(request, leaving))
        try:
            body = await _body(response)
        finally:
            await response.aclose()
        return Reply(response.status_code, gathered(response.headers.raw), body)

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._transport.__aexit__(kind, error, traceback)


def httpx_wire(*, verify: ssl.SSLContext, network: httpcore.AsyncNetworkBackend) -> HttpxWire:
    """The wire of the default install."""
    return HttpxWire(PerHost(lambda: Transport(verify, network)))


def _request(request: Request, leaving: Leaving) -> httpx.Request:
    async def trace(event: str, _info: dict[str, Any]) -> None:
        if event.endswith(_LEAVING):
            await leaving()

    extensions = {"timeout": {"connect": CONNECT, "pool": POOL}, "trace": trace}
    headers = {**FIXED_HEADERS, **request.headers}
    return httpx.Request(request.method, request.url, headers=headers, content=request.content, extensions=extensions)


async def _body(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            raise endless()
    return b"".join(parts)


class Transport(httpx.AsyncHTTPTransport):
    """A pool of httpx over a network of ours."""

    def __init__(self, verify: ssl.SSLContext, network: httpcore.AsyncNetworkBackend) -> None:
        super().__init__(verify=verify, trust_env=False, limits=LIMITS)
        # httpx hands no network backend on to the pool that it builds.
        self._pool._network_backend = network  # noqa: SLF001  # see above


@dataclass(slots=True)
class _Pool:
    """The connections to one host. `busy` answers of it are being waited for or read."""

    transport: httpx.AsyncBaseTransport
    used: float = 0.0
    busy: int = 0


class _Lent(httpx.AsyncByteStream):
    """The body of an answer; its pool is busy until it is closed."""

    def __init__(self, stream: httpx.AsyncByteStream, pool: _Pool) -> None:
        self._stream, self._pool = stream, pool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._pool.busy -= 1


class PerHost(httpx.AsyncBaseTransport):
    """A transport of its own for each host, made by `make`, and closed when it has not been used for a while."""

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._make = make
        self._pools: dict[tuple[str, str, int | None], _Pool] = {}  # what was used longest ago comes first

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        pool = self._taken(request.url)
        try:
            response = await pool.transport.handle_async_request(request)
        except BaseException:
            pool.busy -= 1
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Lent(response.stream, pool)
        await self._close_unused()
        return response

    def _taken(self, url: httpx.URL) -> _Pool:
        key = (url.scheme, url.host, url.port)
        pool = self._pools.pop(key, None) or _Pool(self._make())
        self._pools[key] = pool
        pool.used = monotonic()
        pool.busy += 1
        return pool

    async def _close_unused(self) -> None:
        """Those that are too old, and as many of the oldest as there are too many."""
        while (key := self._oldest()) is not None:
            await self._pools.pop(key).transport.aclose()

    def _oldest(self) -> tuple[str, str, int | None] | None:
        old = monotonic() - IDLE
        for key, pool in self._pools.items():
            if pool.busy == 0:
                return key if pool.used < old or len(self._pools) > HOSTS else None
        return None

    async def aclose(self) -> None:
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.transport.aclose()
