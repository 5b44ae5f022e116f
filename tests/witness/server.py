"""Who can say what was really posted? A platform in a process of its own, which no kill of ours takes along."""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.witness.faults import Strike, fault_for
from tests.witness.memory import Memory, Stay, edition_of
from tests.witness.pace import Pace
from tests.witness.personalities import place_of, publishes, read
from tests.witness.wire import Asked, Line, Reply

UNREADABLE = 0.05  # of the reading requests of a place in trouble


@dataclass
class Witness:
    """Serves until it is killed. Each request for an edition counts from its first byte to the last of its answer."""

    seed: int
    speed: float
    memory: Memory
    tries: dict[str, int] = field(default_factory=dict)
    dice: random.Random = field(default_factory=random.Random)
    refusing: asyncio.Server | None = None

    async def line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            while line.open and (head := await line.head()):
                await self._serve(line, head)
        with suppress(OSError):
            writer.close()
            await writer.wait_closed()

    async def rude(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Resets every other connection at its first byte, before there is a request to speak of."""
        if self.dice.random() < 0.5:
            await reader.read(1)
            Line(reader, writer).reset()
        else:
            await self.line(reader, writer)

    async def _serve(self, line: Line, head: Asked) -> None:
        if publishes(head):
            await self._publish(line, head)
        elif head.path.startswith("/control/"):
            await line.send(Reply(200, await self._control(await line.rest(head))).encoded())
        elif "-trouble-" in place_of(head) and self.dice.random() < UNREADABLE:
            line.reset()
        else:
            await line.send(read(self.memory, await line.rest(head)).encoded())

    async def _publish(self, line: Line, head: Asked) -> None:
        place = place_of(head)
        tries = self.tries[place] = self.tries.get(place, 0) + 1
        strike = _Noted(self.memory, line, head, self.speed, random.Random(f"{self.seed}/{place}/{tries}"))
        try:
            reply = await fault_for(place, tries, strike.dice)(strike)
            if reply is not None:
                await line.send(reply.encoded())
        finally:
            for stay in strike.stay:
                stay.answered = time.time()

    async def _control(self, asked: Asked) -> Any:
        match asked.path.rpartition("/")[2]:
            case "counts":
                return self.memory.counts()
            case "wire":
                return self.memory.on_the_wire(float(asked.query.get("at", time.time())))
            case "followed":
                return self.memory.followed
            case "clock":
                self.memory.told = datetime.fromisoformat(asked.json()["at"])
            case "release":
                self.memory.released.set()
            case "listen":
                assert self.refusing is not None
                await self.refusing.start_serving()
            case "forget":
                self.memory = Memory(clock=self.memory.clock)
                self.tries.clear()
        return None


@dataclass(frozen=True)
class _Noted(Strike):
    """Notes which edition a request is for, as soon as its body is there."""

    stay: list[Stay] = field(default_factory=list)

    async def whole(self) -> Asked:
        asked = await super().whole()
        self.stay.append(Stay(edition_of(asked.body)))
        self.memory.requests.append(self.stay[0])
        return asked


@dataclass(frozen=True)
class Ports:
    plain: int
    secure: int
    refusing: int
    rude: int


def serve(seed: int, pace: Pace, pem: Path, ready: Connection) -> None:
    """The process of the witness: tells its ports and serves."""
    asyncio.run(_serve(seed, pace, pem, ready))


async def _serve(seed: int, pace: Pace, pem: Path, ready: Connection) -> None:
    witness = Witness(seed, pace.speed, Memory(clock=pace), dice=random.Random(seed))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    plain = await asyncio.start_server(witness.line, "127.0.0.1", 0, backlog=512)
    secure = await asyncio.start_server(witness.line, "127.0.0.1", 0, ssl=context)
    rude = await asyncio.start_server(witness.rude, "127.0.0.1", 0)
    # Bound, but nobody listens yet: this port refuses connections.
    witness.refusing = await asyncio.start_server(witness.line, "127.0.0.1", 0, start_serving=False)
    ready.send(Ports(*(each.sockets[0].getsockname()[1] for each in (plain, secure, witness.refusing, rude))))
    await asyncio.gather(*(each.serve_forever() for each in (plain, secure, rude)))
