"""A process that reserves, ships and releases without end, for a test that kills it: it says ready when it is at it."""

from __future__ import annotations

import asyncio
import random
import sys
from contextlib import suppress
from itertools import count
from uuid import UUID

from stoa.domains.catalog import stock
from stoa.domains.catalog.models import Variant
from stoa.domains.catalog.stock import Demand, Holder
from stoa.kit.errors import Refusals
from stoa.kit.ids import new_id
from stoa.settings import settings
from stoa.tenants.connecting import connect, disconnect
from stoa.tenants.context import Context, open_shop
from stoa.tenants.models import Shop


async def main() -> None:
    await connect(settings())
    shop = (await Shop.get(id=UUID(sys.argv[1]))).ref
    with open_shop(shop):
        variants = [each.id for each in await Variant.all()]
        await asyncio.gather(*(buy(Context(shop), variants) for _ in range(6)))
    await disconnect()


async def buy(ctx: Context, variants: list[UUID]) -> None:
    for n in count(1):
        holder = Holder("cart", new_id())
        lines = [Demand(each, 1) for each in random.sample(variants, 3)]
        with suppress(Refusals):
            await stock.reserve(ctx, holder, lines)
            await (stock.release if n % 3 else stock.ship)(ctx, holder)
        if n == 5:
            print("ready", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
