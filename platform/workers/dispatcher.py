"""The dispatcher: hands the jobs whose turn it is to the queues, and takes back what was lost on the way.

Any number of processes run one; a lock in PostgreSQL says which is at work, and the others stand by. Everything it
does goes over the one connection that holds the lock, so one that loses the lock can do nothing more.

Valkey only carries deliveries, never the truth: a delivery that is lost is made anew, one that comes twice or late
is void. MARK tells at once when the queues have been emptied.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from arq.connections import ArqRedis
from redis.exceptions import RedisError

from stoa.settings import Settings
from stoa.tenants import live
from stoa.tenants.connecting import listening_connection
from stoa.tenants.jobs import PLATFORM_ITSELF, AnyJobFunction, Kind
from stoa.workers import ledger, picking
from stoa.workers.clock import Clock, Entry
from stoa.workers.ledger import Delivery
from stoa.workers.queues import put, withdraw
from stoa.workers.settings import Lane, Lanes, transport

LOCK = 0x57_0A_0B_05  # pg_advisory_lock's number; of this database alone
MARK = "stoa:jobs:mark"
STAND_BY = 1.0  # seconds between tries to take the lock, and to recover from an error
LOOK_AROUND = 0.5  # seconds after which lost work, and work whose time has come, is found without being told
SWEEP_EVERY = 60.0  # seconds
LONGEST_ROUND = 60.0  # seconds after which PostgreSQL is taken for gone
BREATH = 0.002  # seconds: wake-ups that come together are answered together

# The lock of a leader whose machine is gone goes to another after a minute, and not after hours.
NOTICE_A_LOST_LEADER = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"

# A look is made for each job that ends, and planned anew for the lanes it names it would cost twice what it finds out.
PLAN_ONCE = "SET plan_cache_mode = force_generic_plan"

log = logging.getLogger("stoa.jobs")


class Dispatcher:
    """Runs until it is stopped, whatever becomes of PostgreSQL and Valkey meanwhile."""

    def __init__(
        self, settings: Settings, lanes: Lanes, jobs: Mapping[str, AnyJobFunction], clock: Sequence[Entry] = ()
    ) -> None:
        self.settings, self.lanes, self.jobs = settings, lanes, jobs
        self.clock = Clock(clock)
        self.is_leading = self._is_stopping = False
        self._wake = asyncio.Event()
        self._next_look = self._next_sweep = 0.0
        self._has_queues = True

    async def run(self) -> None:
        while not self._is_stopping:
            try:
                await self._stand_by_and_lead()
            except Exception:  # the edge of the process: whatever it is, jobs must go on
                log.exception("the dispatcher starts again")
                await asyncio.sleep(STAND_BY)

    def stop(self) -> None:
        """Let `run` end, once it has sent what it has marked as sent."""
        self._is_stopping = True
        self._wake.set()

    async def _stand_by_and_lead(self) -> None:
        self._wake.clear()
        async with listening_connection(self.settings) as connection:
            # Not pg_advisory_lock: waiting for it would keep vacuum from its work for days.
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                await self._rest(STAND_BY)
                if self._is_stopping:
                    return
            redis = transport(self.settings)
            try:
                self.is_leading = True
                await self._lead(connection, redis)
            finally:
                self.is_leading = False
                await redis.aclose(close_connection_pool=True)

    async def _lead(self, connection: Any, redis: ArqRedis) -> None:
        await connection.execute(f"{NOTICE_A_LOST_LEADER}; {PLAN_ONCE}")
        await connection.add_listener("stoa_jobs", lambda *_: self._wake.set())
        while not self._is_stopping:
            self._wake.clear()
            async with asyncio.timeout(LONGEST_ROUND):
                is_due = time.monotonic() >= self._next_look
                if is_due:
                    await self._look_after_lost_ones(connection, redis)
                    self._next_look = time.monotonic() + LOOK_AROUND
                await self._hand_out(connection, redis, looks_at_mark=is_due)
            await asyncio.sleep(BREATH)
            await self._rest(LOOK_AROUND)

    async def _rest(self, seconds: float) -> None:
        if not self._is_stopping:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._wake.wait()

    async def _look_after_lost_ones(self, connection: Any, redis: ArqRedis) -> None:
        for kind in await ledger.look_for_lost(connection, list(self.lanes)):
            lane = self.lanes[kind]
            for row in await ledger.fail_lost(connection, kind, lane, self.jobs):
                log.warning("job %s (%s): its worker was lost, now %s", row["name"], row["id"], row["state"])
                _tell(row)
            for row in await ledger.bury_cancelled(connection, kind, self.jobs):
                _tell(row)
            void = await ledger.send_late_again(connection, kind)
            with suppress(RedisError, OSError):  # a void delivery does no harm, it only takes room
                await withdraw(redis, kind, void)
        if time.monotonic() >= self._next_sweep:
            await ledger.sweep(connection)
            self._next_sweep = time.monotonic() + SWEEP_EVERY
        await self.clock.tick(connection)

    async def _hand_out(self, connection: Any, redis: ArqRedis, *, looks_at_mark: bool) -> None:
        kinds = await picking.look(connection, self.lanes)
        if not kinds and not looks_at_mark:
            return
        try:
            if await redis.set(MARK, "set by the dispatcher; gone when the queues are", nx=True):
                await ledger.send_all_again(connection, list(self.lanes))
                kinds = list(self.lanes)
            for kind in kinds:
                while deliveries := await picking.pick(connection, kind, self.lanes[kind]):
                    await self._send(connection, redis, kind, deliveries)
            self._has_queues = True
        except (RedisError, OSError, TimeoutError) as error:
            if connection.is_closed():
                raise
            if self._has_queues:
                log.warning("jobs wait until Valkey is back: %s", error)
            self._has_queues = False

    async def _send(self, connection: Any, redis: ArqRedis, kind: Kind, deliveries: Sequence[Delivery]) -> None:
        """Into the queue; what cannot be sent is taken back. `pick` never gives the same delivery twice."""
        try:
            await put(redis, kind, deliveries, keep_for=_longest_wait(self.lanes[kind]))
        except (RedisError, OSError, TimeoutError):
            await ledger.unsend(connection, deliveries)
            raise


def _tell(row: Mapping[str, Any]) -> None:
    if row["shop_schema"] != PLATFORM_ITSELF:
        live.tell(row["shop_schema"], f"job:{row['id']}", {"name": row["name"], "state": row["state"]})


def _longest_wait(lane: Lane) -> float:
    """Seconds that Valkey keeps a delivery: longer than anybody waits for it."""
    return 2 * lane.delivery.total_seconds() + 60
