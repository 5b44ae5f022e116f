"""How do many at once ask one database? What comes while the disk is busy is written together, with one wait for it.

https://en.wikipedia.org/wiki/Group_commit. Where a database lets its writers go side by side, so do we.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
AT_ONCE = 500  # jobs in one transaction; others may wait for it
Block = Callable[[], AbstractContextManager[None]]


@dataclass(slots=True, eq=False)
class _Job:
    """What somebody asked for, and where he waits. `error` is what came of it, if it was no result."""

    act: Callable[[], Any]
    told: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self.act()
        except Exception as error:  # noqa: BLE001  # it is told to the one who asked
            self.error = error

    def tell(self) -> None:
        if self.told.done():  # he does not wait any more
            return
        if self.error is None:
            self.told.set_result(self.result)
        else:
            self.told.set_exception(self.error)


class Desk:
    """Calls in a thread what blocks. `block` is the transaction around a batch; None where calls may go side by side.

    Whoever is told a result can rely on it: it is on the disk. If a batch fails as a whole, all in it are told so.
    """

    def __init__(self, block: Block | None) -> None:
        self._block = block
        self._waiting: list[_Job] = []
        self._clerk: asyncio.Task[None] | None = None

    async def do(self, act: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
        """The result of `act`, or what it raises. Once it has begun it is done, even if the caller is cancelled."""
        if self._block is None:
            return await asyncio.to_thread(act, *args, **named)
        loop = asyncio.get_running_loop()
        job = _Job(lambda: act(*args, **named), loop.create_future())
        self._waiting.append(job)
        if self._clerk is None or self._clerk.done():
            self._clerk = loop.create_task(self._work(self._block))
        result: R = await job.told
        return result

    async def _work(self, block: Block) -> None:
        while self._waiting:
            jobs, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            try:
                await asyncio.to_thread(_together, block, jobs)
            except asyncio.CancelledError as end:  # the loop ends
                _fail([*jobs, *self._waiting], end)
                self._waiting = []
                raise
            except BaseException as error:  # noqa: BLE001  # it is told to all who asked
                _fail(jobs, error)
            for job in jobs:
                job.tell()


def _together(block: Block, jobs: Sequence[_Job]) -> None:
    with block():
        for job in jobs:
            job.run()


def _fail(jobs: Sequence[_Job], error: BaseException) -> None:
    for job in jobs:
        job.error = error
        job.tell()
