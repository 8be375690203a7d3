"""Processes at work, for benchmarks: ``python -m benchmarks.crew``. They do the jobs below and nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from stoa.domains.catalog.models import Category
from stoa.kit.ids import new_id
from stoa.settings import Settings, settings
from stoa.tenants.connecting import connect, disconnect
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.jobs import Job, job
from stoa.tenants.outbox import enqueue_each
from stoa.workers.reactions import named
from stoa.workers.running import KINDS, at_work
from stoa.workers.settings import LANES, Lane, Lanes

# As in production, but that what is lost is missed within seconds.
HASTY = Lane(
    at_once=4,
    per_shop=8,
    window=40,
    longest=timedelta(minutes=1),
    lease=timedelta(seconds=2),
    delivery=timedelta(seconds=2),
    first_retry=timedelta(milliseconds=200),
)
CREW_LANES: dict[str, Lanes] = {
    "hasty": dict.fromkeys(KINDS, HASTY),
    "production": LANES,
}


@job("bench.mark", max_attempts=20)
async def mark(ctx: Context, job: Job) -> None:
    """An effect that can be counted: two for one number would be one too many."""
    await asyncio.sleep(job.payload["seconds"])
    await Category.create(name=str(job.payload["number"]), name_key=new_id().hex)


@job("bench.wait")
async def wait(ctx: Context, job: Job) -> None:
    await asyncio.sleep(job.payload["seconds"])


JOBS = named(mark, wait)


async def plan(shop: ShopRef, function: Any, payloads: Sequence[dict[str, Any]]) -> None:
    """Enqueue one job for each of the payloads."""
    ctx = Context(shop)
    with open_shop(shop):
        for start in range(0, len(payloads), 1_000):
            async with shop_transaction():
                part = payloads[start : start + 1_000]
                await enqueue_each(ctx, function.name, part, kind="general", max_attempts=function.max_attempts)


class Crew:
    """Some processes at work; one that ends, however it ends, is replaced, as by any supervisor."""

    def __init__(self, config: Settings, folder: Path, size: int, lanes: str = "hasty") -> None:
        self.folder, self.size = folder, size
        self.replaced = 0
        self._environment = os.environ | {
            "STOA_DATABASE_URL": config.database_url.get_secret_value(),
            "STOA_REDIS_URL": config.redis_url.get_secret_value(),
            "CREW_FOLDER": str(folder),
            "CREW_LANES": lanes,
        }
        self._processes: list[asyncio.subprocess.Process] = []
        self._keeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Crew:
        for _ in range(self.size):
            self._processes.append(await self._start())
        self._keeping = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._keeping is not None
        self._keeping.cancel()
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*(process.wait() for process in self._processes))

    async def kill_one(self) -> None:
        """One that does not dispatch at this moment."""
        leader = self._leader()
        next(each for each in self._processes if each.returncode is None and each.pid != leader).kill()

    async def kill_dispatcher(self) -> None:
        leader = self._leader()
        next(each for each in self._processes if each.pid == leader).kill()

    def _leader(self) -> int:
        return int((self.folder / "leader").read_text())

    async def _start(self) -> asyncio.subprocess.Process:
        command = [sys.executable, "-m", "benchmarks.crew"]
        return await asyncio.create_subprocess_exec(*command, env=self._environment)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            for gone in [each for each in self._processes if each.returncode is not None]:
                self._processes.remove(gone)
                self._processes.append(await self._start())
                self.replaced += 1


async def _work() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await connect(settings())
    async with at_work(settings(), ["general"], jobs=JOBS, lanes=CREW_LANES[os.environ["CREW_LANES"]]) as dispatcher:
        while not stop.is_set():
            if dispatcher.is_leading:
                draft = Path(os.environ["CREW_FOLDER"]) / f"leader.{os.getpid()}"
                draft.write_text(str(os.getpid()))
                draft.replace(draft.with_name("leader"))
            await asyncio.sleep(0.05)
    await disconnect()


if __name__ == "__main__":
    asyncio.run(_work())
