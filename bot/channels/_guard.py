"""May we connect to this address? Users name servers; none of those names may lead into our own network.

A name is resolved once; if any of its addresses is not public, it is refused, and the connection goes to the very
address that was checked. TLS still checks the name.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpcore

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# Beyond what `is_global` knows. https://www.iana.org/assignments/iana-ipv4-special-registry
_REFUSED_4 = [
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's inner address with a public number
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]
_GLOBAL_6 = IPv6Network("2000::/3")  # all that has been given out
_REFUSED_6 = [IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "3fff::/20")]
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_ISATAP = 0x5EFE


class PrivateAddressError(httpcore.ConnectError, OSError):
    """The name leads to an address that is not public."""


def is_public(address: str) -> bool:
    """Whether an address, and the IPv4 address hidden in it, belongs to the public internet."""
    found = ip_address(address.partition("%")[0])
    return _public_4(found) if isinstance(found, IPv4Address) else _public_6(found)


def _public_4(address: IPv4Address) -> bool:
    return address.is_global and not any(address in each for each in _REFUSED_4)


def _public_6(address: IPv6Address) -> bool:
    if address.ipv4_mapped is not None:
        return _public_4(address.ipv4_mapped)
    if address in _NAT64:
        return _public_4(_last_32_bits(address))
    if address in _SIX_TO_FOUR:
        return _public_4(IPv4Address(int(address) >> 80 & 0xFFFFFFFF))
    if int(address) >> 32 & 0xFDFFFFFF == _ISATAP and not _public_4(_last_32_bits(address)):
        return False
    # Teredo stands in 2001::/23, IPv4-compatible and site-local addresses outside of 2000::/3.
    return address in _GLOBAL_6 and address.is_global and not any(address in each for each in _REFUSED_6)


def _last_32_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, by the system's resolver and in its order."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


async def public_addresses(resolve: Resolve, host: str, port: int) -> Sequence[str]:
    """The addresses of a name, if all of them are public. Raises `PrivateAddressError` or `httpcore.ConnectError`."""
    try:
        addresses = await resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("the name has no address") from error
    if not addresses or not all(map(is_public, addresses)):
        raise PrivateAddressError("the name leads to a private address")
    return addresses


class Guard(httpcore.AsyncNetworkBackend):
    """A network backend that connects to public addresses only."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend, resolve: Resolve = resolve) -> None:
        self._inner, self._resolve = inner, resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                return await self._connect(
                    await public_addresses(self._resolve, host, port), port, timeout, local_address, socket_options
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("the server did not take the connection in time") from error

    async def _connect(
        self,
        addresses: Sequence[str],
        port: int,
        timeout: float | None,  # noqa: ASYNC109  # handed on
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        """The first address that answers; the last failure where none does."""
        options = list(socket_options or ())
        for address in addresses[:-1]:
            share = timeout / len(addresses) if timeout else None
            try:
                return await self._inner.connect_tcp(address, port, share, local_address, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(addresses[-1], port, timeout, local_address, options)

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002  # httpcore's signature
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  # likewise
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002  # likewise
    ) -> httpcore.AsyncNetworkStream:
        raise PrivateAddressError("a socket file is not a public address")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)
