"""Working: one process' attempts at the jobs of one kind, from claim to end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from stoa.kit.errors import Refusal, Refusals
from stoa.kit.log import about
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import platform_transaction
from stoa.tenants.jobs import AnyJobFunction, Job, JobFunction, LeaseLost, PlatformJobFunction
from stoa.workers import ledger
from stoa.workers.ledger import Delivery
from stoa.workers.settings import Lane

log = logging.getLogger("stoa.jobs")


class UnknownJob(LookupError):
    """A job has a name that this release does not know; a newer one may."""


class OutOfTime(Exception):
    """The attempt took longer than its lane allows."""


@dataclass(eq=False, slots=True)
class _Held:
    """An attempt under way. A job that ends between two heartbeats may be missed by one of them, not by two."""

    task: asyncio.Task[Any]
    misses: int = 0

    @property
    def is_lost(self) -> bool:
        return self.misses > 1


class Hands:
    """Does the jobs of one lane; as many at once as the lane says, whoever calls."""

    def __init__(self, lane: Lane, jobs: Mapping[str, AnyJobFunction]) -> None:
        self.lane, self.jobs = lane, jobs
        self._free = asyncio.Semaphore(lane.at_once)
        self._held: dict[Delivery, _Held] = {}

    async def perform(self, job_id: str, attempt: int) -> None:
        """Make one attempt at the job. A delivery that is void (stale, or a second one) does nothing."""
        async with self._free:
            claimed = await ledger.claim(UUID(job_id), attempt, self.lane)
            if claimed is None:
                log.debug("delivery %s:%s is void", job_id, attempt)
                return
            ctx, job = claimed.ctx, claimed.job
            request_id = ctx.request_id if ctx is not None else job.id.hex
            with about(request_id=request_id, shop=job.shop_schema, job=str(job.id)):
                job.tell("RUNNING")
                await self._attempt(ctx, job)

    async def keep_alive(self) -> None:
        """The heartbeat: until cancelled, extend the leases of what is under way, and stop what is ours no more."""
        while True:
            await asyncio.sleep(self.lane.lease.total_seconds() / 3)
            try:
                await self._beat()
            except Exception:  # the edge of the process: the next beat may succeed, and the fence holds anyway
                log.exception("a heartbeat failed")

    async def _beat(self) -> None:
        held = dict(self._held)
        alive = await ledger.prolong(list(held), self.lane) if held else set()
        missed = [delivery for delivery in held if delivery not in alive]
        cancelled = await ledger.cancelled(missed) if missed else set()
        for delivery, each in held.items():
            each.misses = 0 if delivery in alive else each.misses + (2 if delivery in cancelled else 1)
            if each.is_lost:
                each.task.cancel()

    async def _attempt(self, ctx: Context | None, job: Job) -> None:
        task = asyncio.current_task()
        assert task is not None
        held = self._held[job.id, job.attempt] = _Held(task)
        try:
            await self._work(ctx, job)
            job.tell("DONE")
        except asyncio.CancelledError as cancelled:
            await self._stopped(held, job, cancelled)
        except LeaseLost as lost:
            log.warning("%s", lost)
        except (Refusal, Refusals) as refusal:
            await self._fail(job, refusal, for_good=True)
        except Exception as error:  # noqa: BLE001  # the edge of the process: nobody knows what a job may die of
            await self._fail(job, error, for_good=False)
        finally:
            del self._held[job.id, job.attempt]

    async def _stopped(self, held: _Held, job: Job, cancelled: asyncio.CancelledError) -> None:
        if held.is_lost:
            log.warning(
                "job %s (%s): attempt %s was stopped, the job is another's now or cancelled",
                job.name,
                job.id,
                job.attempt,
            )
        elif held.task.cancelling():
            await asyncio.shield(ledger.give_back(job))
            raise cancelled
        else:  # nobody stopped it: something that it waited for was cancelled
            await self._fail(job, cancelled, for_good=False)

    async def _work(self, ctx: Context | None, job: Job) -> None:
        function = self.jobs.get(job.name)
        try:
            async with asyncio.timeout(self.lane.longest.total_seconds()) as limit:
                if isinstance(function, JobFunction) and ctx is not None:
                    with open_shop(ctx.shop):
                        await _run(function, ctx, job)
                elif isinstance(function, PlatformJobFunction) and ctx is None:
                    await _run_for_the_platform(function, job)
                else:
                    raise UnknownJob(f"No job is called {job.name!r} here; does workers/reactions.py list it?")
        except TimeoutError as error:
            if limit.expired():
                raise OutOfTime(f"It took longer than {self.lane.longest}.") from error
            raise

    async def _fail(self, job: Job, error: BaseException, *, for_good: bool) -> None:
        if job.is_finished:
            log.exception("job %s (%s) is done, but failed afterwards", job.name, job.id)
            return
        is_dead = await ledger.fail(job, _told(error), self.lane, self.jobs, for_good=for_good)
        job.tell("DEAD" if is_dead else "QUEUED")
        outcome = "is given up" if is_dead else "will be tried again"
        log.warning("job %s (%s) failed and %s", job.name, job.id, outcome, exc_info=not for_good)


async def _run(function: JobFunction, ctx: Context, job: Job) -> None:
    if function.in_one_transaction:
        async with job.finish():
            await function(ctx, job)
        return
    await function(ctx, job)
    if not job.is_finished:
        async with job.finish():
            pass


async def _run_for_the_platform(function: PlatformJobFunction, job: Job) -> None:
    async with platform_transaction():
        await function(job)
        await ledger.finish(job)


def _told(error: BaseException) -> str:
    """For `last_error`, which the merchant may read as well."""
    if isinstance(error, Refusal):
        return f"{error.code}: {error.message}"
    return ": ".join(part for part in (type(error).__name__, str(error)) if part)
