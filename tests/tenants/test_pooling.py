"""A shop is served by the connection that knows it best."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.tenants.context import ShopRef, open_shop
from stoa.tenants.database import shop_client
from stoa.tenants.pooling import ByShop
from stoa.tenants.provisioning import new_schema_name
from tests.tenants.pools import backend, pools_of


async def test_a_shop_comes_back_to_the_connection_that_served_it(
    settings: Settings, many_shops: list[ShopRef]
) -> None:
    async with pools_of(settings, shop_pool=4):
        first: dict[str, int] = {}
        held: list[Any] = []
        for shop in many_shops[:4]:  # four at once: each gets a connection of its own
            with open_shop(shop):
                held.append((shop, shop_client().acquire_connection()))
                connection = await held[-1][1].__aenter__()
                first[shop.schema] = connection.get_server_pid()
        for shop, wrapper in held:
            with open_shop(shop):
                await wrapper.__aexit__(None, None, None)
        assert len(set(first.values())) == 4

        for _ in range(3):
            for shop in reversed(many_shops[:4]):
                with open_shop(shop):
                    assert await backend() == first[shop.schema]


async def test_new_shops_are_spread_over_the_connections(settings: Settings, many_shops: list[ShopRef]) -> None:
    async with pools_of(settings, shop_pool=4):
        served: dict[int, int] = {}
        for shop in many_shops[:40]:
            with open_shop(shop):
                pid = await backend()
                served[pid] = served.get(pid, 0) + 1

    assert sorted(served.values()) == [10, 10, 10, 10]


async def test_every_shops_statements_keep_their_plans(settings: Settings, many_shops: list[ShopRef]) -> None:
    statement = "SELECT count(*) FROM product WHERE title = $1"
    async with pools_of(settings, shop_pool=1):
        for shop in many_shops[:5]:
            with open_shop(shop):
                async with shop_client().acquire_connection() as connection:
                    await connection.fetchval(statement, "x")
        with open_shop(many_shops[0]):
            async with shop_client().acquire_connection() as connection:
                kept = [s.query for s in connection._con._stmt_cache.iter_statements() if s.query.startswith(statement)]

    assert sorted(kept) == sorted(f"{statement}\n--{shop.schema}" for shop in many_shops[:5])


@dataclass
class Knowing:
    """A connection, as far as the queue looks at it."""

    bound_to: str
    has_seen: set[str]


@dataclass(eq=False)
class Holder:
    """What an asyncpg pool keeps a connection in."""

    _con: Knowing | None

    def is_connected(self) -> bool:
        return self._con is not None


def holder(*shops: ShopRef) -> Holder:
    """Of a connection that has served these shops, the last of them just now."""
    return Holder(Knowing(shops[-1].schema, {each.schema for each in shops}) if shops else None)


def asking(queue: ByShop, shop: ShopRef) -> asyncio.Task[Any]:
    """Somebody in line for that shop."""

    async def ask() -> Any:
        with open_shop(shop):
            return await queue.get()

    return asyncio.create_task(ask())


def shops(number: int) -> list[ShopRef]:
    return [ShopRef(new_id(), new_schema_name(), "Shop", "EUR", "UTC") for _ in range(number)]


FOR_EVER = 3600.0


async def test_a_shop_waits_for_a_connection_that_knows_it_although_a_stranger_is_idle() -> None:
    one, other = shops(2)
    knows, stranger = holder(one), holder(other)
    queue = ByShop([knows, stranger], patience=FOR_EVER)
    assert await asking(queue, one) is knows

    waiting = asking(queue, one)
    await asyncio.sleep(0.01)
    assert not waiting.done()
    queue.put_nowait(knows)

    assert await waiting is knows


async def test_who_has_lost_patience_takes_a_stranger() -> None:
    one, other = shops(2)
    knows, stranger = holder(one), holder(other)
    queue = ByShop([knows, stranger], patience=0.001)
    assert await asking(queue, one) is knows

    assert await asking(queue, one) is stranger


async def test_a_connection_that_comes_back_goes_to_the_shop_it_is_bound_to_before_one_it_has_seen() -> None:
    bound, seen, strange = shops(3)
    only = holder(seen, bound)
    queue = ByShop([only], patience=FOR_EVER, starving=FOR_EVER)
    assert await asking(queue, bound) is only
    line = [asking(queue, shop) for shop in (strange, seen, bound)]
    await asyncio.sleep(0)

    served = []
    for _ in range(3):
        queue.put_nowait(only)
        done, _ = await asyncio.wait([each for each in line if each not in served], return_when="FIRST_COMPLETED")
        served += done

    assert served == line[::-1]


async def test_who_starves_comes_first() -> None:
    bound, strange = shops(2)
    only = holder(bound)
    queue = ByShop([only], patience=FOR_EVER, starving=0.001)
    assert await asking(queue, bound) is only
    starving = asking(queue, strange)
    await asyncio.sleep(0.01)
    friend = asking(queue, bound)
    await asyncio.sleep(0)
    queue.put_nowait(only)

    assert await starving is only
    assert not friend.done()
    queue.put_nowait(only)
    assert await friend is only


async def test_a_new_shop_goes_to_the_idle_connection_that_has_seen_the_fewest() -> None:
    one, two, three, new = shops(4)
    queue = ByShop([holder(one, two), few := holder(three), holder(two, three)], patience=FOR_EVER)

    assert await asking(queue, new) is few


async def test_who_gives_up_waiting_leaves_the_connection_to_the_next() -> None:
    [one] = shops(1)
    only = holder(one)
    queue = ByShop([only], patience=FOR_EVER)
    assert await asking(queue, one) is only
    first, second, third = (asking(queue, one) for _ in range(3))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    queue.put_nowait(only)
    second.cancel()  # in the very moment in which it was served

    assert await third is only
    assert first.cancelled()
    assert second.cancelled()
