"""A process at work on bulk runs, for tests that kill it: ``python -m tests.workers.bulk_process``."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from datetime import timedelta

from stoa.settings import settings
from stoa.tenants.connecting import connect, disconnect
from stoa.workers import reactions
from stoa.workers.running import at_work
from stoa.workers.settings import LANES

# Whoever is killed is missed sooner than it would be otherwise.
QUICK = {**LANES, "bulk": replace(LANES["bulk"], lease=timedelta(seconds=1), first_retry=timedelta(seconds=0))}


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    reactions.fill()
    await connect(settings())
    async with at_work(settings(), ["bulk"], lanes=QUICK, patience=0):
        print("ready", flush=True)
        await stop.wait()
    await disconnect()


if __name__ == "__main__":
    asyncio.run(main())
