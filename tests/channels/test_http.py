"""Does the driver know, for every fault, whether a post may have got there? Against a server on loopback that goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.channels import (
    Answer,
    Conversation,
    Failure,
    InDoubt,
    Receipt,
    Refused,
    Request,
    Scope,
    Unavailable,
    Wait,
    kinds,
)
from bot.channels._guard import Guard, Resolve
from bot.channels._http import Http
from bot.channels._wire import FIXED_HEADERS, Wire
from bot.channels._wire_aiohttp import AiohttpWire
from bot.channels._wire_httpx import httpx_wire
from tests import fakes
from tests.channels import asking
from tests.fakes import FakePlatform

CANARY = "fake-secret-canary"
NOW = dt.datetime(2026, 7, 20, 12, tzinfo=dt.UTC)


class Claims:
    """A ledger's claim that counts, and refuses when it is told to."""

    def __init__(self, refusal: BaseException | None = None) -> None:
        self.times, self.refusal = 0, refusal

    async def __call__(self) -> None:
        self.times += 1
        if self.refusal is not None:
            raise self.refusal


class LostToAnotherError(Exception):
    """Somebody else has claimed it."""


def post(url: str, *, commits: bool = True, timeout: float = 2, path: str = f"/{CANARY}") -> Conversation[Answer]:
    answer = yield Request("POST", url + path, {"authorization": CANARY}, b"the post", commits=commits, timeout=timeout)
    return answer


FAST = [False]


@pytest.fixture(autouse=True, params=[False, True], ids=["httpx", "aiohttp"])
def _wire(request: pytest.FixtureRequest) -> None:
    """Every story of this page is told on both wires."""
    FAST[0] = request.param


async def driven(conversation: Conversation[Any], claims: Callable[[], Awaitable[None]], **options: Any) -> Any:
    async with Http(allow_private=True, fast=FAST[0], **options) as http:
        return await http.run(conversation, claims)


async def failure_of(running: Coroutine[Any, Any, Any]) -> Failure:
    with pytest.raises(Failure) as caught:
        await running
    return caught.value


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def test_an_answer_comes_back_whole_with_repeated_headers_and_the_time() -> None:
    headers = [("Retry-After", "120"), ("Retry-After", "Mon, 20 Jul 2026 12:02:00 GMT")]

    async def story() -> tuple[Answer, FakePlatform]:
        async with FakePlatform(fakes.answering(503, "starting", headers)) as platform:
            return await driven(post(platform.url), Claims(), now=lambda: NOW), platform

    answer, platform = asyncio.run(story())

    assert (answer.status, answer.text, answer.at) == (503, "starting", NOW)
    assert answer.headers["retry-after"] == ("120", "Mon, 20 Jul 2026 12:02:00 GMT")
    assert platform.taken[0].headers["user-agent"] == FIXED_HEADERS["user-agent"]
    assert platform.taken[0].body == b"the post"


def test_a_conversation_may_go_on_without_what_it_could_not_prepare() -> None:
    async def story() -> tuple[Receipt, Claims, int]:
        claims = Claims()
        async with FakePlatform() as platform:

            def conversation() -> Conversation[Receipt]:
                try:
                    yield Request("GET", f"http://127.0.0.1:{closed_port()}/picture")
                except Unavailable:
                    yield from post(platform.url)
                    return Receipt(note="without its picture")
                raise AssertionError("nobody listens there")

            return await driven(conversation(), claims), claims, platform.posts

    receipt, claims, posts = asyncio.run(story())

    assert receipt.note == "without its picture"
    assert (claims.times, posts) == (1, 1)


def test_a_step_that_prepares_and_fails_ends_a_conversation_that_cannot_go_on() -> None:
    failure = asyncio.run(failure_of(driven(post(f"http://127.0.0.1:{closed_port()}", commits=False), Claims())))

    assert isinstance(failure, Unavailable)


def test_the_claim_is_taken_once_and_before_the_first_byte_leaves() -> None:
    arrived: list[int] = []

    async def story() -> FakePlatform:
        async with FakePlatform() as platform:

            async def claim() -> None:
                await asyncio.sleep(0.05)
                arrived.append(platform.bytes_in)
                assert platform.connections == 1, "the connection stands already"

            await driven(post(platform.url), claim)
            return platform

    platform = asyncio.run(story())

    assert arrived == [0]
    assert platform.posts == 1


@pytest.mark.parametrize("refusal", [LostToAnotherError("lost"), OSError("disk full"), UnicodeError("odd"), TimeoutError()])
def test_when_the_claim_fails_nothing_is_sent_and_its_own_error_comes_out(refusal: Exception) -> None:
    async def story() -> FakePlatform:
        async with FakePlatform() as platform:
            with pytest.raises(type(refusal)) as caught:
                await driven(post(platform.url), Claims(refusal))
            assert caught.value is refusal
            await asyncio.sleep(0.05)
            return platform

    platform = asyncio.run(story())

    assert (platform.bytes_in, platform.posts) == (0, 0)


def test_preparing_steps_claim_nothing() -> None:
    claims = Claims()

    async def story() -> None:
        async with FakePlatform() as platform:
            await driven(post(platform.url, commits=False), claims)

    asyncio.run(story())

    assert claims.times == 0


def test_a_conversation_that_commits_twice_claims_once() -> None:
    claims = Claims()

    def twice(url: str) -> Conversation[int]:
        first = yield Request("POST", url, commits=True)
        second = yield Request("POST", url, commits=True)
        return first.status + second.status

    async def story() -> int:
        async with FakePlatform(fakes.answering(400), fakes.answering(200)) as platform:
            return int(await driven(twice(platform.url), claims))

    assert asyncio.run(story()) == 600
    assert claims.times == 1


def test_a_transport_without_events_is_claimed_before_it_sends() -> None:
    order: list[str] = []

    def handler(_request: httpx.Request) -> httpx.Response:
        order.append("sent")
        return httpx.Response(200)

    async def claim() -> None:
        order.append("claimed")

    asyncio.run(driven(post("https://example.org"), claim, transport=httpx.MockTransport(handler)))

    assert order == ["claimed", "sent"]


LOST = [
    fakes.resets_in_headers,
    fakes.resets_after_request,
    fakes.closes_after_request,
    fakes.half_an_answer,
    fakes.no_http,
    fakes.never_answers,
    fakes.drips,
    fakes.never_ends,
    fakes.after(0.6, fakes.answering()),
]


@pytest.mark.parametrize("behaviour", LOST, ids=lambda each: each.__name__)
@pytest.mark.parametrize("commits", [True, False], ids=["committing", "preparing"])
def test_a_lost_answer_leaves_a_doubt_after_the_committing_step_only(behaviour: fakes.Behaviour, commits: bool) -> None:  # noqa: FBT001  # a parameter of the table
    async def story() -> Failure:
        async with FakePlatform(behaviour) as platform:
            return await failure_of(driven(post(platform.url, commits=commits, timeout=0.3), Claims()))

    started = time.monotonic()
    failure = asyncio.run(story())

    assert type(failure) is (InDoubt if commits else Unavailable)
    assert time.monotonic() - started < 3


def test_what_may_be_repeated_is_not_repeated_by_the_client(caplog: pytest.LogCaptureFixture) -> None:
    """A PUT on a kept connection, which the server closes: some clients would send it again by themselves."""

    def put(url: str) -> Conversation[Answer]:
        answer = yield Request("PUT", url, {}, b"the post", commits=True, timeout=2)
        return answer

    async def story() -> tuple[Failure, int, int]:
        claims = Claims()
        async with (
            FakePlatform(fakes.answering(200), fakes.closes_after_request, fakes.answering(200)) as platform,
            Http(allow_private=True, fast=FAST[0]) as http,
        ):
            await http.run(put(platform.url), Claims())
            failure = await failure_of(http.run(put(platform.url), claims))
            return failure, claims.times, len(platform.taken)

    failure, claimed, taken = asyncio.run(story())

    assert isinstance(failure, InDoubt)
    assert (claimed, taken) == (1, 2)
    assert not caplog.records


def test_an_endless_answer_is_not_read_until_its_time_is_up() -> None:
    async def story() -> Failure:
        async with FakePlatform(fakes.never_ends) as platform:
            return await failure_of(driven(post(platform.url, timeout=30), Claims()))

    started = time.monotonic()
    asyncio.run(story())

    assert time.monotonic() - started < 10


def test_a_refused_connection_is_surely_not_a_post() -> None:
    claims = Claims()

    failure = asyncio.run(failure_of(driven(post(f"http://127.0.0.1:{closed_port()}"), claims)))

    assert type(failure) is Unavailable
    assert claims.times == 0


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_what_never_left_is_unavailable_even_after_a_claim_without_events(error: type[httpx.TransportError]) -> None:
    def handler(_request: httpx.Request) -> httpx.Response:
        raise error("told by a test")

    failure = asyncio.run(failure_of(driven(post("https://example.org"), Claims(), transport=httpx.MockTransport(handler))))

    assert type(failure) is Unavailable


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async def story() -> tuple[Answer, FakePlatform]:
        async with FakePlatform(fakes.answering(307, "", [("location", "/elsewhere")]), fakes.answering(200)) as platform:
            return await driven(post(platform.url), Claims()), platform

    answer, platform = asyncio.run(story())

    assert answer.status == 307
    assert platform.posts == 1


def test_a_cookie_is_not_kept() -> None:
    def twice(url: str) -> Conversation[None]:
        yield Request("GET", url)
        yield Request("GET", url)

    async def story() -> FakePlatform:
        async with FakePlatform(fakes.answering(200, "ok", [("set-cookie", "a=b")])) as platform:
            await driven(twice(platform.url), Claims())
            return platform

    assert "cookie" not in asyncio.run(story()).taken[1].headers


def test_pauses_are_slept_and_bounded() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    def pausing() -> Conversation[str]:
        yield Wait(2)
        yield Wait(10_000)
        return "done"

    assert asyncio.run(driven(pausing(), Claims(), sleep=sleep)) == "done"
    assert slept == [2, 60]


def test_a_conversation_without_an_end_is_stopped() -> None:
    async def sleep(_seconds: float) -> None:
        return

    def endless() -> Conversation[None]:
        while True:
            yield Wait(1)

    with pytest.raises(RuntimeError, match="more than 100 steps"):
        asyncio.run(driven(endless(), Claims(), sleep=sleep))


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://[::1", "http://127.0.0.1:port/"])
def test_an_address_that_http_cannot_carry_is_the_owners_to_mend(url: str) -> None:
    failure = asyncio.run(failure_of(driven(post(url), Claims())))

    assert isinstance(failure, Refused)
    assert (failure.scope, failure.lasting) == (Scope.DESTINATION, False)


def test_a_token_with_a_line_break_is_not_sent_and_not_shown() -> None:
    def broken(url: str) -> Conversation[Answer]:
        return (yield Request("POST", url, {"authorization": f"Bearer {CANARY}\r\nx: y"}, commits=True))

    async def story() -> tuple[Failure, int]:
        async with FakePlatform() as platform:
            return await failure_of(driven(broken(platform.url), Claims())), platform.posts

    failure, posts = asyncio.run(story())

    assert isinstance(failure, Refused)
    assert posts == 0
    assert CANARY not in f"{failure} {failure.__cause__}"


def test_no_failure_and_no_log_holds_an_address_or_a_token(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> list[Failure]:
        found = []
        for behaviour in (fakes.closes_after_request, fakes.no_http):
            async with FakePlatform(fakes.answering(200), behaviour) as platform:
                await driven(post(platform.url), Claims())
                found.append(await failure_of(driven(post(platform.url), Claims())))
        found.append(await failure_of(driven(post(f"http://127.0.0.1:{closed_port()}"), Claims())))
        return found

    with caplog.at_level(logging.DEBUG):
        failures = asyncio.run(story())

    for failure in failures:
        chain: BaseException | None = failure
        while chain is not None:
            assert CANARY not in repr(chain) + str(chain)
            chain = chain.__cause__
    assert CANARY not in caplog.text


# A whole post of each kind, over the wire

OVER_THE_WIRE = {
    "slack": ("webhook_url", {}, "ok"),
    "mastodon": ("server", {"access_token": "fake"}, {"id": "1", "url": "https://mastodon.example.org/@otd/1"}),
    "webhook": ("url", {"secret": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}, ""),
}


@pytest.mark.parametrize("name", OVER_THE_WIRE)
@pytest.mark.parametrize("lost", [False, True], ids=["answered", "answer-lost"])
def test_a_channel_posts_once_and_a_lost_answer_is_a_doubt(name: str, lost: bool) -> None:  # noqa: FBT001  # a parameter of the table
    key, options, answer = OVER_THE_WIRE[name]
    behaviour = fakes.closes_after_request if lost else fakes.answering(200, answer)

    async def story() -> tuple[Any, int]:
        async with FakePlatform(behaviour) as platform:
            chosen = kinds()[name]
            channel = chosen(chosen.Options.model_validate({key: platform.url, **options}))
            try:
                found = await driven(channel.post(asking.post(), {}), Claims())
            except InDoubt as doubt:
                found = doubt
            return found, platform.posts

    found, posts = asyncio.run(story())

    assert isinstance(found, InDoubt if lost else Receipt)
    assert posts == 1


# TLS


def certificate(folder: Path, name: str, *, expired: bool = False) -> Path:
    """A self-signed certificate for `name`, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = dt.datetime.now(dt.UTC)
    until = today - dt.timedelta(days=1) if expired else today + dt.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - dt.timedelta(days=2))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def serving(path: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


def trusting(path: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(path))


def test_a_certificate_that_nobody_vouches_for_is_the_owners_to_mend(tmp_path: Path) -> None:
    async def story() -> tuple[Failure, int]:
        async with FakePlatform(tls=serving(certificate(tmp_path, "localhost"))) as platform:
            claims = Claims()
            return await failure_of(driven(post(platform.url), claims)), claims.times

    failure, claimed = asyncio.run(story())

    assert isinstance(failure, Refused)
    assert (failure.scope, failure.lasting) == (Scope.DESTINATION, False)
    assert "certificate is not valid: self-signed certificate" in failure.why
    assert claimed == 0


def test_an_expired_certificate_is_named_as_such(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "localhost", expired=True)

    async def story() -> Failure:
        async with FakePlatform(tls=serving(pem)) as platform:
            url = f"https://localhost:{platform.port}"
            return await failure_of(driven(post(url), Claims(), verify=trusting(pem)))

    assert "certificate has expired" in asyncio.run(story()).why


class ByName(httpcore.AsyncNetworkBackend):
    """Leads the checked address to the server on loopback."""

    def __init__(self, port: int) -> None:
        self.port, self.asked = port, list[str]()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.AsyncNetworkStream:
        self.asked.append(host)
        return await httpcore.AnyIOBackend().connect_tcp("127.0.0.1", self.port, timeout)


class Astray(socket.socket):
    """A socket that connects to the server on loopback instead."""

    port = 0

    def connect(self, _address: Any) -> None:
        super().connect(("127.0.0.1", self.port))


def led_to(port: int, resolve: Resolve, asked: list[str], pem: Path) -> Wire:
    """A wire on which every checked address is the server on loopback."""
    if not FAST[0]:
        backend = ByName(port)
        backend.asked = asked
        return httpx_wire(verify=trusting(pem), network=Guard(backend, resolve))

    def made(address: Any) -> socket.socket:
        asked.append(address[4][0])
        found = Astray(socket.AF_INET, socket.SOCK_STREAM)
        found.port = port
        return found

    return AiohttpWire(verify=trusting(pem), guarded=True, resolve=resolve, make_socket=made)


@pytest.mark.parametrize(("certified", "taken"), [("post.example.org", True), ("other.example.org", False)])
def test_tls_checks_the_name_although_the_connection_goes_to_the_checked_address(
    tmp_path: Path,
    certified: str,
    taken: bool,  # noqa: FBT001  # a parameter of the table
) -> None:
    pem = certificate(tmp_path, certified)

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["93.184.215.14"]

    async def story() -> tuple[list[str], Any]:
        async with FakePlatform(tls=serving(pem)) as platform:
            asked, said = list[str](), None
            async with Http(wire=led_to(platform.port, resolve, asked, pem)) as http:
                with contextlib.suppress(Refused):
                    said = await http.run(post("https://post.example.org"), Claims())
            return asked, said

    asked, said = asyncio.run(story())

    assert asked == ["93.184.215.14"]
    assert (said is not None) is taken


def test_an_http_server_on_the_tls_port_is_the_owners_to_mend() -> None:
    async def story() -> Failure:
        async with FakePlatform(fakes.no_http) as platform:
            platform.script.appendleft(_says_http)
            return await failure_of(driven(post(platform.url.replace("http:", "https:")), Claims()))

    failure = asyncio.run(story())

    assert isinstance(failure, Refused)
    assert "no TLS connection came about" in failure.why


async def _says_http(line: fakes.Line) -> None:
    await line.send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
    line.writer.close()
    line.open = False
