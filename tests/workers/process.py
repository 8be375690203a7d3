"""A process at work, for tests that kill it: ``python -m tests.workers.process``. Settings come by STOA_*."""

from __future__ import annotations

import asyncio
import signal

from stoa.settings import settings
from stoa.tenants.connecting import connect, disconnect
from stoa.workers.running import at_work
from tests.workers.trade import JOBS, LANES


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await connect(settings())
    async with at_work(settings(), jobs=JOBS, lanes=LANES, patience=0):
        print("ready", flush=True)
        await stop.wait()
    await disconnect()


if __name__ == "__main__":
    asyncio.run(main())
