"""Jobs for the tests of workers. What they do to the shop is to put up categories, which can be counted."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from datetime import timedelta
from typing import get_args

from stoa.domains.catalog.models import Category, Product
from stoa.kit.errors import Taken
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.jobs import Job, Kind, job
from stoa.workers.reactions import named
from stoa.workers.settings import Lane, Lanes

SOON = Lane(
    at_once=4,
    per_shop=2,
    window=6,
    longest=timedelta(seconds=20),
    lease=timedelta(seconds=1),
    delivery=timedelta(seconds=30),
    first_retry=timedelta(milliseconds=10),
    last_retry=timedelta(milliseconds=50),
)
LANES: Lanes = dict.fromkeys(get_args(Kind), SOON)

# What happened in this process: attempts begun, those under way and the most at once, by shop; and gates to wait at.
begun: Counter[str] = Counter()
under_way: Counter[str] = Counter()
most: Counter[str] = Counter()
gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)


async def put_up(name: str) -> None:
    await Category.create(name=name, name_key=new_id().hex)


@job("test.shelve")
async def shelve(ctx: Context, job: Job) -> None:
    begun[job.name] += 1
    await put_up(job.payload["name"])


@job("test.count")
async def count(ctx: Context, job: Job) -> None:
    """What does a job see, and as whom?"""
    titles = await Product.all().order_by("title").values_list("title", flat=True)
    await put_up(f"{ctx.actor.kind} of {ctx.shop.name} in {ctx.locale} for {ctx.request_id}: {', '.join(titles)}")


@job("test.hang_once")
async def hang_once(ctx: Context, job: Job) -> None:
    """The first attempt never ends by itself; the shelf is up by then, though not for good."""
    begun[job.name] += 1
    await put_up("hung")
    if job.attempt == 1:
        print("begun", flush=True)
        await asyncio.sleep(3600)


@job("test.walk", kind="imports", in_one_transaction=False)
async def walk(ctx: Context, job: Job) -> None:
    """Three steps, each kept; the first attempt hangs after the second."""
    for number in range(await Category.all().count(), 3):
        if number == 2 and job.attempt == 1:
            print("begun", flush=True)
            await asyncio.sleep(3600)
        async with job.step():
            await put_up(f"step {number}")


@job("test.wait", in_one_transaction=False)
async def wait(ctx: Context, job: Job) -> None:
    """Until the gate of the payload's name opens."""
    shop = ctx.shop.schema
    begun[job.name] += 1
    under_way[shop] += 1
    most[shop] = max(most[shop], under_way[shop])
    try:
        await gates[job.payload["gate"]].wait()
    finally:
        under_way[shop] -= 1
    async with job.finish():
        await put_up("waited")


@job("test.poisoned", max_attempts=3, on_dead="test.mourn")
async def poisoned(ctx: Context, job: Job) -> None:
    begun[job.name] += 1
    await put_up("never seen")
    raise RuntimeError("the ink is out")


@job("test.mourn")
async def mourn(ctx: Context, job: Job) -> None:
    await put_up(f"{job.payload['name']}: {job.payload['error']}")


@job("test.refused")
async def refused(ctx: Context, job: Job) -> None:
    begun[job.name] += 1
    raise Taken("The name Lamps is in use.")


@job("test.done_then_fails", in_one_transaction=False)
async def done_then_fails(ctx: Context, job: Job) -> None:
    async with job.finish():
        await put_up("done")
    raise RuntimeError("too late to matter")


@job("test.cancels_itself", max_attempts=2)
async def cancels_itself(ctx: Context, job: Job) -> None:
    """Waits for a task that somebody has cancelled."""
    begun[job.name] += 1
    task = asyncio.create_task(asyncio.sleep(3600))
    task.cancel()
    await task


JOBS = named(cancels_itself, shelve, count, hang_once, walk, wait, poisoned, mourn, refused, done_then_fails)
