"""A process that works on an import and kills itself, as kill -9 would, in its n-th transaction."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from uuid import UUID

from stoa.domains.catalog import importing as products
from stoa.domains.orders import importing as orders
from stoa.settings import settings
from stoa.tenants.connecting import connect, disconnect
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.importing.models import ImportRun
from stoa.tenants.models import Shop

_transactions = count(1)


@asynccontextmanager
async def deadly_step() -> AsyncIterator[None]:
    """The n-th transaction is cut off before it commits (``before``), or right after (``after``)."""
    is_the_one = next(_transactions) == int(sys.argv[3])
    async with shop_transaction():
        yield
        if is_the_one and sys.argv[4] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
    if is_the_one:
        os.kill(os.getpid(), signal.SIGKILL)


async def main() -> None:
    await connect(settings())
    shop = (await Shop.get(id=UUID(sys.argv[1]))).ref
    with open_shop(shop):
        run = await ImportRun.get(id=UUID(sys.argv[2]))
        run_import = orders.run_import if run.subject == "orders" else products.run_import
        await run_import(Context(shop), run.id, step=deadly_step, finish=deadly_step)
    await disconnect()


if __name__ == "__main__":
    asyncio.run(main())
