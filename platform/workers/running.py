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

from stoa.kit.tasks import end
from stoa.settings import Settings
from stoa.tenants.connecting import connect, disconnect
from stoa.tenants.jobs import AnyJobFunction, Kind
from stoa.workers import reactions
from stoa.workers.clock import Entry
from stoa.workers.dispatcher import Dispatcher
from stoa.workers.reactions import JOBS
from stoa.workers.schedule import CLOCK
from stoa.workers.settings import LANES, PERFORM, Lane, Lanes, queue_name, transport
from stoa.workers.working import Hands

KINDS: Sequence[Kind] = get_args(Kind)
PATIENCE = 10.0  # seconds that jobs under way are given to end when the process is asked to stop
LAST_LOOK = 3.0  # seconds that the queues are given for their last round
PAUSE = 1.0  # seconds before a queue is read again after an error
GRACE = 60.0  # seconds after which arq cuts off what our own time limit should have ended

log = logging.getLogger("stoa.jobs")


class _Stopped(Exception):
    """A queue is read no more."""


class _Worker(arq.Worker):
    """arq's, but it can be stopped between two looks at its queue: cancelled inside one, it leaves a mess. And what it
    takes off its queue is gone from there at once: from then on the ledger, and not arq, sees to what is lost."""

    is_stopping = False

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """Begin as many as there are hands for; where arq asks four times for each, all are taken by one call."""
        number = min(len(job_ids), self.max_jobs - self.job_counter)
        for name, score in await self.pool.zpopmin(self.queue_name, number) if number else ():
            await self.sem.acquire()
            self.job_counter += 1
            id = name.decode()
            task = self.tasks[id] = self.loop.create_task(self.run_job(id, int(score)))
            task.add_done_callback(lambda _: self._release_sem_dec_counter_on_complete())

    async def heart_beat(self) -> None:
        """What arq does at the end of each look."""
        await super().heart_beat()
        if self.is_stopping:
            raise _Stopped


class Reader:
    """Reads one kind's queue and puts the deliveries into hands, until stopped."""

    def __init__(self, kind: Kind, lane: Lane, jobs: Mapping[str, AnyJobFunction], redis: ArqRedis) -> None:
        self.kind, self.lane, self.redis = kind, lane, redis
        self.hands = Hands(lane, jobs)
        self._is_stopping = False
        self._workers: list[_Worker] = []

    async def run(self) -> None:
        """arq's worker ends when Valkey is gone: another takes its place, and what it had begun goes on meanwhile."""
        while not self._is_stopping:
            worker = self._worker()
            self._workers = [*(each for each in self._workers if _under_way(each)), worker]
            try:
                await worker.main()
            except _Stopped:
                return
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("the queue %s waits until Valkey is back: %s", self.kind, error)
            except Exception:  # the edge of the process: whatever it is, jobs must go on
                log.exception("the queue %s is read anew", self.kind)
            for task in worker.tasks.values():
                task.add_done_callback(_note_failure)
            await asyncio.sleep(PAUSE)

    def stop(self) -> None:
        """Let `run` end: nothing new is begun."""
        self._is_stopping = True
        for worker in self._workers:
            worker.is_stopping = True

    async def finish(self, patience: float) -> None:
        """Let what is under way end, for `patience` seconds; what then is not done is given back."""
        tasks = [task for worker in self._workers for task in _under_way(worker)]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=patience)
            await end(late)

    async def _deliver(self, _: Mapping[str, Any], job_id: str, attempt: int) -> None:
        await self.hands.perform(job_id, attempt)

    def _worker(self) -> _Worker:
        return _Worker(
            functions=[func(cast(Any, self._deliver), name=PERFORM)],
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


def _note_failure(task: asyncio.Task[Any]) -> None:
    """Of a delivery that its worker does not wait for any more; the job itself has ended as the ledger says."""
    if not task.cancelled() and task.exception() is not None:
        log.info("a delivery could not be taken off its queue: %s", task.exception())


def _under_way(worker: _Worker) -> list[asyncio.Task[Any]]:
    return [task for task in worker.tasks.values() if not task.done()]


@asynccontextmanager
async def at_work(
    settings: Settings,
    kinds: Sequence[Kind] = KINDS,
    *,
    jobs: Mapping[str, AnyJobFunction] = JOBS,
    lanes: Lanes = LANES,
    clock: Sequence[Entry] | None = None,
    patience: float = PATIENCE,
) -> AsyncIterator[Dispatcher]:
    """Do jobs of these kinds in the background while the block runs; and dispatch, or stand by to.

    Needs the process connected (tenants/connecting.py). At the end nothing new is begun; jobs under way get
    `patience` seconds to end and are then given back, to be done elsewhere. The clock is that of `workers/schedule.py`
    where `jobs` is the table of all, and else stands still unless one is given.
    """
    if clock is None:
        clock = CLOCK if jobs is JOBS else ()
    redis, dispatcher = transport(settings), Dispatcher(settings, lanes, jobs, clock)
    readers = [Reader(kind, lanes[kind], jobs, redis) for kind in kinds]
    fetchers: list[Dispatcher | Reader] = [dispatcher, *readers]
    fetching = [asyncio.create_task(each.run()) for each in fetchers]
    beating = [asyncio.create_task(each.hands.keep_alive()) for each in readers]
    try:
        yield dispatcher
    finally:
        for each in fetchers:
            each.stop()
        await asyncio.wait(fetching, timeout=LAST_LOOK)
        await end(fetching)
        await asyncio.gather(*(each.finish(patience) for each in readers))
        await end(beating)
        await redis.aclose(close_connection_pool=True)


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
