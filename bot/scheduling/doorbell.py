"""How does a ring get from one machine to another? As a job of procrastinate in the PostgreSQL that has the ledger, too.

Its lock keeps workers from sharing an account. Its retries and periodic tasks are not used: the ledger decides, and the
planner rings again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.database import Database
from bot.errors import Mistake
from bot.scheduling.fleet import GRACE, Shard

try:
    import procrastinate
except ImportError as error:
    advice = "install it with the extra: pip install 'thisday[fleet]'"
    raise Mistake(f"many machines need an engine that is not here ({error})", advice) from error

QUEUE, TASK = "thisday", "carry"
SHARDS = 16  # at once, in one worker: on many platforms a shard is one channel, whose posts go one after the other
CONNECTIONS = 6  # of the bell: for each of its statements, not for each shard
POLL = 5.0  # seconds, should a notice of the server be lost
DEAD = 30.0  # seconds without a heartbeat of a worker
_LOCK = 20_260_705  # among the advisory locks of a database, while the tables of the bell are made

AT_ONCE = 1000  # rings in one statement
_UNHEARD = """
SELECT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = %(queue)s) AS unheard
"""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Procrastinate:
    """A doorbell over an open app of procrastinate."""

    app: procrastinate.App

    async def ring(self, shards: Sequence[Shard]) -> None:
        for start in range(0, len(shards), AT_ONCE):
            await self.app.job_manager.batch_defer_jobs_async(list(map(self._job, shards[start : start + AT_ONCE])))

    def _job(self, shard: Shard) -> procrastinate.jobs.Job:
        deferrer = self.app.configure_task(TASK, queue=QUEUE, lock=shard.account or None, allow_unknown=True)
        return deferrer.make_new_job(shard=list(shard.numbers), account=shard.account)

    async def answer(self, carry: Callable[[Shard], Awaitable[None]]) -> None:
        @self.app.task(name=TASK, queue=QUEUE)
        async def heard(shard: list[int], account: str = "") -> None:
            try:
                await carry(Shard(tuple(shard), account))
            except Exception:
                # To the bell it is done: the ledger has it in a legal state, and the planner rings again.
                log.exception("a shard of %s deliveries stopped short", len(shard))

        while True:
            try:
                await self._listen()
            except Exception as error:
                if _is_cancelled():  # its end came out as the failure of what was under way
                    raise asyncio.CancelledError from error
                # The server was away, or took a machine that slept for dead.
                log.exception("the doorbell went silent; it is listened to again in %s seconds", POLL)
            await asyncio.sleep(POLL)

    async def _listen(self) -> None:
        await self.app.run_worker_async(
            queues=[QUEUE],
            concurrency=SHARDS,
            fetch_job_polling_interval=POLL,
            delete_jobs="always",
            install_signal_handlers=False,
            shutdown_graceful_timeout=GRACE + 5,
        )

    async def forget(self) -> bool:
        jobs = self.app.job_manager
        await jobs.prune_stalled_workers(DEAD)
        for each in await jobs.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=DEAD):
            await jobs.retry_job(each)
        found = await self.app.connector.execute_query_one_async(_UNHEARD, queue=QUEUE)
        return bool(found["unheard"])


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


@asynccontextmanager
async def doorbell(address: str, database: Database) -> AsyncIterator[Procrastinate]:
    """The bell in the database at an address, its tables made if there are none."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=address, min_size=1, max_size=CONNECTIONS))
    async with app.open_async():
        await _made(app, database)
        yield Procrastinate(app)


async def _made(app: procrastinate.App, database: Database) -> None:
    """Whoever comes first makes the tables; the others wait for him."""
    with database.transaction() as tx:
        await asyncio.to_thread(tx.execute, f"SELECT pg_advisory_xact_lock({_LOCK})")
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()
