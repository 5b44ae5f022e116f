"""Are connections kept for each host, and only as many as should be?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx
import pytest

from bot.channels import _wire_httpx
from bot.channels._wire_httpx import PerHost


@dataclass
class Pools:
    """Makes transports that answer, and knows which of them were closed."""

    made: list[Answering] = field(default_factory=list)

    def __call__(self) -> Answering:
        self.made.append(Answering())
        return self.made[-1]


class Answering(httpx.AsyncBaseTransport):
    def __init__(self) -> None:
        self.hosts, self.closed = list[str](), False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.hosts.append(request.url.host)
        if request.url.path == "/broken":
            raise httpx.ReadError("told by a test")
        return httpx.Response(200, stream=httpx.ByteStream(b"ok"))

    async def aclose(self) -> None:
        self.closed = True


async def ask(wire: PerHost, url: str) -> None:
    response = await wire.handle_async_request(httpx.Request("POST", url))
    assert await response.aread() == b"ok"
    await response.aclose()


def test_each_host_has_its_own_and_keeps_it() -> None:
    pools = Pools()

    async def story() -> None:
        async with PerHost(pools) as wire:
            for host in ("one", "two", "one", "two"):
                await ask(wire, f"https://{host}.example.org/")

    asyncio.run(story())

    assert [each.hosts for each in pools.made] == [["one.example.org"] * 2, ["two.example.org"] * 2]
    assert all(each.closed for each in pools.made)


def test_of_too_many_the_one_used_longest_ago_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wire_httpx, "HOSTS", 2)
    pools = Pools()

    async def story() -> list[bool]:
        async with PerHost(pools) as wire:
            for host in ("one", "two", "one", "three"):
                await ask(wire, f"https://{host}.example.org/")
            return [each.closed for each in pools.made]

    assert asyncio.run(story()) == [False, True, False]


def test_one_that_was_not_used_for_a_while_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wire_httpx, "IDLE", 0.0)
    pools = Pools()

    async def story() -> list[bool]:
        async with PerHost(pools) as wire:
            await ask(wire, "https://one.example.org/")
            await asyncio.sleep(0.01)
            await ask(wire, "https://two.example.org/")
            return [each.closed for each in pools.made]

    assert asyncio.run(story()) == [True, False]


def test_one_whose_answer_is_being_read_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wire_httpx, "HOSTS", 1)
    pools = Pools()

    async def story() -> list[bool]:
        async with PerHost(pools) as wire:
            reading = await wire.handle_async_request(httpx.Request("POST", "https://one.example.org/"))
            await ask(wire, "https://two.example.org/")
            open_still = [each.closed for each in pools.made]
            await reading.aread()
            await reading.aclose()
            return open_still

    assert asyncio.run(story()) == [False, False]


def test_one_that_failed_is_not_taken_for_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wire_httpx, "HOSTS", 1)
    pools = Pools()

    async def story() -> list[bool]:
        async with PerHost(pools) as wire:
            with pytest.raises(httpx.ReadError):
                await ask(wire, "https://one.example.org/broken")
            await ask(wire, "https://two.example.org/")
            return [each.closed for each in pools.made]

    assert asyncio.run(story()) == [True, False]
