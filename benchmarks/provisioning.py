"""What a shop costs: time to make it, space when empty, and memory of the server processes that serve a thousand."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from tortoise import Tortoise

from benchmarks.engines import benched
from benchmarks.printing import figure
from stoa.settings import Settings
from stoa.tenants import compiling, database
from stoa.tenants.connecting import connect, disconnect, owner_connection
from stoa.tenants.context import ShopRef, open_shop
from stoa.tenants.provisioning import provisioner

SHOPS, TIMED = 1_000, 60
ROUNDS = 2
AT_ONCE = 16
# STOA_SHOPS_PER_CONNECTION shops (150) at 0.7 MB, 54 tables each, and what a process has anyway; room for 80 tables.
MEMORY_BOUND = 160


async def run(*, short: bool = False) -> bool:
    async with benched(STOA_SPARE_SHOPS="1") as settings:  # each that is taken plans the next; nobody makes it here
        good = await _time_and_space(settings, 15 if short else TIMED)
        shops = [await _make(settings, number) for number in range(120 if short else SHOPS)]
        return good & await _memory(settings, shops)


async def _make(settings: Settings, number: int) -> ShopRef:
    return await provisioner(settings).create(f"Shop {number}", currency="EUR", time_zone="UTC")


async def _time_and_space(settings: Settings, shops: int) -> bool:
    """A shop that a spare is there for and one that has to be made, in turns; beside them the other way to keep
    merchants apart: a database for each."""
    async with owner_connection(settings) as owner:
        compiling.forget_compiled()  # as in a process that has not migrated
        first = await _timed(lambda: _make(settings, 0))
        before = await _disk(owner)
        made, busy, taken = zip(*[await _in_turns(settings, owner) for _ in range(shops)], strict=True)
        grew = (await _disk(owner) - before) / (2 * shops)
        peer = [await _timed(lambda n=n: owner.execute(f"CREATE DATABASE bench_peer_{n}")) for n in range(5)]
        peer_size = await owner.fetchval("SELECT pg_database_size('bench_peer_0') / 1e6::float8")
        for number in range(5):
            await owner.execute(f"DROP DATABASE bench_peer_{number}")
    against = f"{statistics.median(peer):.0f} ms for an empty database of its own"
    good = figure("provisioning", "shop", statistics.median(taken), "ms", "<= 250", against)
    own = (
        f"{statistics.median(busy):.0f} ms of a processor for the script; the rest is waiting for one, and for the disk"
    )
    good &= figure("provisioning", "shop_made", statistics.median(made), "ms", "<= 250", own)
    good &= figure("provisioning", "first_shop_of_a_process", first, "ms", "<= 1000")
    good &= figure("provisioning", "empty_shop", grew, "MB", "<= 3", f"{peer_size:.1f} MB for an empty database")
    return good


async def _in_turns(settings: Settings, owner: Any) -> tuple[float, float, float]:
    """Milliseconds without a spare shop, of the server's process while one is made, and with one."""
    made, before = await _timed(lambda: _make(settings, 1)), _busy(owner.get_server_pid())
    async with owner.transaction():
        await provisioner(settings).make_spare(owner)
    return made, _busy(owner.get_server_pid()) - before, await _timed(lambda: _make(settings, 2))


def _busy(pid: int) -> float:
    """Milliseconds this process has had a processor."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


async def _timed(work: Callable[[], Awaitable[Any]]) -> float:
    start = perf_counter()
    await work()
    return (perf_counter() - start) * 1000


async def _disk(owner: Any) -> float:
    """MB of the whole database: a shop's own tables and what it adds to the catalog."""
    await owner.execute("CHECKPOINT")
    return float(await owner.fetchval("SELECT pg_database_size(current_database()) / 1e6::float8"))


async def _memory(settings: Settings, shops: Sequence[ShopRef]) -> bool:
    """The largest server process while all shops are served in turns, every table of each touched."""
    bounded, rate = await _largest_process(settings, shops)
    endless = settings.model_copy(update={"shops_per_connection": sys.maxsize})
    free, free_rate = await _largest_process(endless, shops)
    against = f"{free:.0f} MB and {free_rate:.0f} shops/s when connections are never replaced"
    name = f"process_after_{len(shops)}_shops"
    figure("provisioning", "shops_served", rate, "shops/s", "", against)
    return figure("provisioning", name, bounded, "MB", f"<= {MEMORY_BOUND}", against)


async def _largest_process(settings: Settings, shops: Sequence[ShopRef]) -> tuple[float, float]:
    """Its private memory in MB, and shops served a second."""
    await connect(settings)
    pids: set[int] = set()
    peak = 0.0
    queue = iter([shop for _ in range(ROUNDS) for shop in shops])

    async def serve() -> None:
        nonlocal peak
        for shop in queue:
            with open_shop(shop):
                for model in Tortoise.apps["shop"].values():  # type: ignore[index]
                    await model.first()
                async with database.shop_client().acquire_connection() as connection:
                    pids.add(connection.get_server_pid())
                    peak = max(peak, _private_megabytes(connection.get_server_pid()))

    start = perf_counter()
    await asyncio.gather(*(serve() for _ in range(AT_ONCE)))
    took = perf_counter() - start
    await disconnect()
    return peak, ROUNDS * len(shops) / took


def _private_megabytes(pid: int) -> float:
    """What this process alone holds; the shared buffers are not its own."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(short="--short" in sys.argv)) else 1)
