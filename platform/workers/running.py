"""Running: a process at work, beside the API or alone, and how it stops."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast, get_args

import arq
from arq.connections import ArqRedis
from arq.worker import func
from redis.exceptions import RedisError

from stoa.settings import Settings
from stoa.tenants.connecting import connect, disconnect
from stoa.tenants.jobs import JobFunction, Kind
from stoa.workers import reactions
from stoa.workers.dispatcher import Dispatcher
from stoa.workers.reactions import JOBS
from stoa.workers.settings import LANES, PERFORM, Lane, Lanes, queue_name, transport
from stoa.workers.working import Hands

KINDS: Sequence[Kind] = get_args(Kind)
PATIENCE = 10.0  # seconds that jobs under way are given to end when the process is asked to stop
PAUSE = 1.0  # seconds before a queue is read again after an error
GRACE = 60.0  # seconds after which arq cuts off what our own time limit should have ended

log = logging.getLogger("stoa.jobs")


class Reader:
    """Reads one kind's queue and puts the deliveries into hands, until stopped."""

    def __init__(self, kind: Kind, lane: Lane, jobs: Mapping[str, JobFunction], redis: ArqRedis) -> None:
        self.kind, self.lane, self.redis = kind, lane, redis
        self.hands = Hands(lane, jobs)
        self._workers: list[arq.Worker] = []

    async def run(self) -> None:
        """arq's worker ends when Valkey is gone: another takes its place, and what it had begun goes on meanwhile."""
        while True:
            worker = self._worker()
            self._workers = [*(each for each in self._workers if _under_way(each)), worker]
            try:
                await worker.main()
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("the queue %s waits until Valkey is back: %s", self.kind, error)
            except Exception:  # the edge of the process: whatever it is, jobs must go on
                log.exception("the queue %s is read anew", self.kind)
            await asyncio.sleep(PAUSE)

    async def finish(self, patience: float) -> None:
        """Let what is under way end, for `patience` seconds; what then is not done is given back."""
        tasks = [task for worker in self._workers for task in _under_way(worker)]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _worker(self) -> arq.Worker:
        return arq.Worker(
            functions=[func(cast(Any, self.hands.perform), name=PERFORM)],
            queue_name=queue_name(self.kind),
            redis_pool=self.redis,
            handle_signals=False,
            max_jobs=self.lane.at_once,
            queue_read_limit=max(100, 5 * self.lane.at_once),
            poll_delay=0.02,
            keep_result=0,
            log_results=False,
            # Tries and time limits are the ledger's and the lane's business.
            max_tries=1000,
            job_timeout=self.lane.longest.total_seconds() + GRACE,
            job_serializer=self.redis.job_serializer,
            job_deserializer=self.redis.job_deserializer,
        )


def _under_way(worker: arq.Worker) -> list[asyncio.Task[Any]]:
    return [task for task in worker.tasks.values() if not task.done()]


@asynccontextmanager
async def at_work(
    settings: Settings,
    kinds: Sequence[Kind] = KINDS,
    *,
    jobs: Mapping[str, JobFunction] = JOBS,
    lanes: Lanes = LANES,
    patience: float = PATIENCE,
) -> AsyncIterator[Dispatcher]:
    """Do jobs of these kinds in the background while the block runs; and dispatch, or stand by to.

    Needs the process connected (tenants/connecting.py). At the end nothing new is begun; jobs under way get
    `patience` seconds to end and are then given back, to be done elsewhere.
    """
    redis, dispatcher = transport(settings), Dispatcher(settings, lanes, jobs)
    readers = [Reader(kind, lanes[kind], jobs, redis) for kind in kinds]
    fetching = [asyncio.create_task(dispatcher.run()), *(asyncio.create_task(each.run()) for each in readers)]
    beating = [asyncio.create_task(each.hands.keep_alive()) for each in readers]
    try:
        yield dispatcher
    finally:
        await _cancel(fetching)
        await asyncio.gather(*(each.finish(patience) for each in readers))
        await _cancel(beating)
        await redis.aclose(close_connection_pool=True)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def work(settings: Settings, kinds: Sequence[Kind] = KINDS) -> None:
    """A process that does nothing else: `stoa work`. Ends in good order at SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    reactions.fill()
    await connect(settings)
    try:
        async with at_work(settings, kinds):
            await stop.wait()
    finally:
        await disconnect()
