"""Does any name or number lead into our own network? Nothing here opens a socket: a backend only writes down."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore
import pytest

from bot.channels import InDoubt, Refused, Request, Unavailable
from bot.channels._guard import Guard, PrivateAddressError, is_public, resolve
from bot.channels._http import Http, _wire
from bot.channels._wire import Wire
from bot.channels._wire_aiohttp import AiohttpWire
from bot.channels._wire_httpx import httpx_wire

HOSTILE = [
    "0.0.0.0",  # noqa: S104  # nothing is bound
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2001:470:1::5efe:7f00:1",
    "2001:470:1::200:5efe:c0a8:101",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2002:c0a8:101::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "93.184.215.14",
    "2606:4700:4700::1111",
    "::ffff:93.184.215.14",
    "64:ff9b::5db8:d70e",
    "2002:5db8:d70e::1",
]
# Written by a user instead of a name; the system's own reading of numbers decides.
NUMBERS = ["127.1", "0x7f.1", "0177.0.0.1", "2130706433", "0x7f000001", "127.0.0.1", "::1", "0", "::ffff:7f00:1"]


class Recorder(httpcore.AsyncNetworkBackend):
    """Writes down where it was told to connect, and opens nothing."""

    def __init__(self, down: Iterable[str] = ()) -> None:
        self.asked: list[str] = []
        self.down = set(down)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.AsyncNetworkStream:
        self.asked.append(host)
        if host in self.down:
            raise httpcore.ConnectError("told by a test")
        return httpcore.AsyncMockStream([])


def resolving(*addresses: str) -> Any:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolve


def connected(recorder: Recorder, *addresses: str, timeout: float | None = 5) -> None:
    asyncio.run(_connected(Guard(recorder, resolving(*addresses)), timeout))


async def _connected(guard: Guard, seconds: float | None) -> None:
    stream = await guard.connect_tcp("post.example.org", 443, seconds)
    await stream.aclose()


@pytest.mark.parametrize("address", HOSTILE)
def test_an_address_that_is_not_public_is_refused_before_anything_is_opened(address: str) -> None:
    recorder = Recorder()

    with pytest.raises(PrivateAddressError):
        connected(recorder, address)

    assert recorder.asked == []


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_connected_to(address: str) -> None:
    recorder = Recorder()

    connected(recorder, address)

    assert recorder.asked == [address]


def test_one_private_address_among_public_ones_refuses_them_all() -> None:
    recorder = Recorder()

    with pytest.raises(PrivateAddressError):
        connected(recorder, "93.184.215.14", "10.0.0.1")

    assert recorder.asked == []


def test_a_name_is_resolved_once_so_that_it_cannot_change_after_the_check() -> None:
    answers = [["93.184.215.14"], ["127.0.0.1"]]
    recorder = Recorder()

    async def changing(_host: str, _port: int) -> Sequence[str]:
        return answers.pop(0)

    asyncio.run(_connected(Guard(recorder, changing), 5))

    assert recorder.asked == ["93.184.215.14"]
    assert len(answers) == 1


def test_the_next_address_is_tried_where_the_first_is_down() -> None:
    recorder = Recorder(down=["93.184.215.14"])

    connected(recorder, "93.184.215.14", "2606:4700:4700::1111")

    assert recorder.asked == ["93.184.215.14", "2606:4700:4700::1111"]


def test_when_all_addresses_are_down_the_last_failure_comes_out() -> None:
    recorder = Recorder(down=["93.184.215.14", "1.1.1.1"])

    with pytest.raises(httpcore.ConnectError):
        connected(recorder, "93.184.215.14", "1.1.1.1")


def test_a_name_without_an_address_is_not_reached() -> None:
    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(httpcore.ConnectError, match="has no address"):
        asyncio.run(_connected(Guard(Recorder(), unknown), 5))


def test_a_resolver_that_hangs_is_cut_off_by_the_connect_timeout() -> None:
    async def hanging(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    with pytest.raises(httpcore.ConnectTimeout):
        asyncio.run(_connected(Guard(Recorder(), hanging), 0.05))


def test_a_socket_file_is_refused() -> None:
    with pytest.raises(PrivateAddressError):
        asyncio.run(Guard(Recorder()).connect_unix_socket("/run/some.sock"))


@pytest.mark.parametrize("host", NUMBERS)
def test_odd_spellings_of_loopback_are_seen_for_what_they_are(host: str) -> None:
    found = asyncio.run(resolve(host, 80))

    assert found
    assert not any(map(is_public, found))


WIRES = pytest.mark.parametrize("fast", [False, True], ids=["httpx", "aiohttp"])


def recorded(recorder: Recorder, resolving: Any = resolve, *, fast: bool) -> Wire:
    """A wire with its guard, on which the recorder writes down what would be connected to, and opens nothing."""
    context = ssl.create_default_context()
    if not fast:
        return httpx_wire(verify=context, network=Guard(recorder, resolving))

    def made(address: Any) -> socket.socket:
        recorder.asked.append(address[4][0])
        raise OSError(errno.ECONNREFUSED, "told by a test")

    return AiohttpWire(verify=context, guarded=True, resolve=resolving, make_socket=made)


@WIRES
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "0x7f.1", "169.254.169.254", "[::ffff:10.0.0.1]"])
def test_the_driver_says_that_the_address_is_private_and_claims_nothing(host: str, fast: bool) -> None:  # noqa: FBT001  # a parameter of the table
    claimed: list[str] = []

    async def claim() -> None:
        claimed.append(host)

    def post() -> Any:
        yield Request("POST", f"http://{host}:9/", commits=True)

    async def story() -> None:
        async with Http(wire=recorded(Recorder(), fast=fast)) as http:
            await http.run(post(), claim)

    with pytest.raises(Unavailable, match="has a private address"):
        asyncio.run(story())
    assert claimed == []


def test_the_operator_can_switch_the_guard_off() -> None:
    def network(*, allow_private: bool) -> object:
        wire: Any = _wire(allow_private=allow_private, verify=True, fast=False)
        return wire._transport._make()._pool._network_backend

    assert isinstance(network(allow_private=False), Guard)
    assert not isinstance(network(allow_private=True), Guard)


def test_the_guard_of_the_fast_wire_stands_unless_it_is_switched_off() -> None:
    def guarded(*, allow_private: bool) -> object:
        wire: Any = _wire(allow_private=allow_private, verify=True, fast=True)
        return wire._guarded

    assert guarded(allow_private=False) is True
    assert guarded(allow_private=True) is False


def test_a_refused_address_is_no_doubt_and_no_refusal_of_the_platform() -> None:
    assert not issubclass(PrivateAddressError, InDoubt | Refused)
    assert issubclass(PrivateAddressError, httpcore.ConnectError)


# Addresses as a user may write them. What is a name here is asked of no resolver but ours.
NAMES = {
    "metadata.example.org": ["169.254.169.254"],
    "metadata.example.org.": ["169.254.169.254"],
    "router.example.org": ["192.168.1.1"],
    "both.example.org": ["93.184.215.14", "10.0.0.1"],
    "sixth.example.org": ["2606:4700:4700::1111", "fd00::1"],
    "mapped.example.org": ["::ffff:127.0.0.1"],
    "nat64.example.org": ["64:ff9b::a9fe:a9fe"],
    "nothing.example.org": [],
    "localhost": ["127.0.0.1", "::1"],
    "localhost.": ["127.0.0.1"],
    "ip6-localhost": ["::1"],
    "any.localhost": ["127.0.0.1"],
    "localhost.localdomain": ["127.0.0.1"],
    "127.0.0.1.example.org": ["127.0.0.1"],
    "xn--lcalhost-91a.example.org": ["127.0.0.1"],
}
URLS = [
    *(f"http://{name}/" for name in NAMES),
    "https://localhost/",
    "http://LOCALHOST/",
    "http://LocalHost:80/",
    "http://127.0.0.1/",
    "https://127.0.0.1:8443/",
    "http://127.0.0.1:22/",
    "http://127.0.0.1./",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://00000000/",
    "http://0x7f000001/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://0x7F.1/",
    "http://0177.0.0.1/",
    "http://0177.0000.0000.0001/",
    "http://017700000001/",
    "http://2130706433/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.43518/",
    "http://10.1/",
    "http://0xA.0.0.1/",
    "http://192.168.257/",
    "http://0300.0250.1.1/",
    "http://172.16.1/",
    "http://100.100.100.200/",
    "http://[::1]/",
    "http://[::1]:8080/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::FFFF:7F00:1]/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:0:10.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fc00::1]/",
    "http://[ff02::1]/",
    "http://example.org@127.0.0.1/",
    "http://example.org:80@127.0.0.1:80/",
    "http://hooks.example.org%2f@127.0.0.1/",
    "http://127.0.0.1#@example.org/",
    "http://127.0.0.1?@example.org/",
    "http://\uff11\uff12\uff17.0.0.1/",
    "http://127\u30020\u30020\u30021/",
    "http://\u2460\u2461\u2466.0.0.1/",
    "http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3/",
    "http://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54/",
]


async def ours(host: str, port: int) -> Sequence[str]:
    """Our names, and numbers as the system reads them; nothing is asked over the network."""
    if host in NAMES:
        return NAMES[host]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def conversation(url: str) -> Any:
    answer = yield Request("POST", url, commits=True)
    return answer.status


async def _driven(url: str, resolving: Any, recorder: Recorder, claimed: list[str], *, fast: bool = False) -> int:
    async def claim() -> None:
        claimed.append(url)

    async with Http(wire=recorded(recorder, resolving, fast=fast)) as http:
        status: int = await http.run(conversation(url), claim)
        return status


def test_the_table_is_long_enough() -> None:
    assert len(set(URLS)) >= 60
    assert len(set(HOSTILE)) >= 55


@WIRES
@pytest.mark.parametrize("url", URLS)
def test_no_spelling_of_an_address_that_is_not_public_is_ever_connected_to(url: str, fast: bool) -> None:  # noqa: FBT001  # likewise
    recorder, claimed = Recorder(), list[str]()

    with pytest.raises((Unavailable, Refused)):
        asyncio.run(_driven(url, ours, recorder, claimed, fast=fast))

    assert (recorder.asked, claimed) == ([], [])


@WIRES
@pytest.mark.parametrize("second", ["127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "::ffff:10.0.0.1"])
def test_a_name_that_changes_its_address_between_two_posts_is_judged_anew(second: str, fast: bool) -> None:  # noqa: FBT001  # likewise
    answers = [["93.184.215.14"], [second]]
    recorder, claimed = _Answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"), list[str]()

    async def changing(_host: str, _port: int) -> Sequence[str]:
        return answers.pop(0)

    async def twice() -> None:
        with contextlib.suppress(Unavailable):  # nobody answers on the wire whose sockets are only noted
            assert await _driven("http://rebinding.example.org/", changing, recorder, claimed, fast=fast) == 200
        assert recorder.asked == ["93.184.215.14"]
        await _driven("http://rebinding.example.org/", changing, recorder, claimed, fast=fast)

    with pytest.raises(Unavailable, match="has a private address"):
        asyncio.run(twice())
    assert recorder.asked == ["93.184.215.14"]
    assert len(claimed) == (0 if fast else 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["http://127.0.0.1/", "http://[::1]/", "//169.254.169.254/", "https://both.example.org/"])
def test_no_redirect_leads_anywhere(status: int, target: str) -> None:
    answer = f"HTTP/1.1 {status} Elsewhere\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n"
    recorder, claimed = _Answering(answer.encode()), list[str]()

    async def public(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.215.14"]

    seen = asyncio.run(_driven("http://post.example.org/", public, recorder, claimed))

    assert seen == status
    assert recorder.asked == ["93.184.215.14"]


class _Answering(Recorder):
    """Opens nothing either, and answers each request with the same bytes."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self._answer = answer

    async def connect_tcp(self, host: str, *arguments: Any, **more: Any) -> httpcore.AsyncNetworkStream:
        self.asked.append(host)
        return httpcore.AsyncMockStream([self._answer])
