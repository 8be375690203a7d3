"""Who asks, for which shop, with what rights; and the shop that is open in a task."""

from __future__ import annotations

import asyncio

import pytest

from stoa.domains.catalog.models import Product
from stoa.kit.ids import new_id
from stoa.tenants.context import Actor, Context, MissingScope, NoShopOpen, ShopRef, open_schema, open_shop
from tests import make


def a_shop(schema: str = "shop_0123456789ab") -> ShopRef:
    return ShopRef(new_id(), schema, "Any shop", "EUR", "UTC")


async def test_no_shop_is_open_by_default() -> None:
    with pytest.raises(NoShopOpen):
        open_schema()


async def test_a_shop_is_open_inside_the_block_and_not_after_it() -> None:
    inner, outer = a_shop("shop_inner0000000"), a_shop("shop_outer0000000")

    with open_shop(outer):
        with pytest.raises(LookupError):
            with open_shop(inner):
                assert open_schema() == inner.schema
                raise LookupError
        assert open_schema() == outer.schema
    with pytest.raises(NoShopOpen):
        open_schema()


async def test_tasks_have_the_shop_that_was_open_when_they_began() -> None:
    first, second = a_shop("shop_first0000000"), a_shop("shop_second000000")
    may_go_on = asyncio.Event()

    async def later() -> str:
        await may_go_on.wait()
        return open_schema()

    with open_shop(first):
        task_of_first = asyncio.create_task(later())
    with open_shop(second):
        task_of_second = asyncio.create_task(later())
        may_go_on.set()
        assert await asyncio.gather(task_of_first, task_of_second) == [first.schema, second.schema]


@pytest.mark.parametrize(
    "name", ["", "platform", "public", "shop_", "Shop_0123456789ab", 'shop_0123456789ab"', "shop_a b"]
)
async def test_what_is_no_shops_schema_cannot_be_one(name: str) -> None:
    with pytest.raises(ValueError, match="is not a shop's schema"):
        a_shop(name)


async def test_a_scope_that_is_lacking_is_named() -> None:
    ctx = Context(a_shop(), Actor("account", new_id(), "Zeno"), frozenset({"catalog:read"}))

    ctx.require("catalog:read")
    with pytest.raises(MissingScope, match="catalog:write") as refused:
        ctx.require("catalog:write")

    assert refused.value.params == {"scope": "catalog:write"}


async def test_stoa_itself_may_do_anything() -> None:
    ctx = Context(a_shop(), Actor("account", new_id(), "Zeno")).as_system()

    ctx.require("catalog:write")
    assert ctx.actor == Actor("system", None, "Stoa")


async def test_the_fixture_opens_its_shop_in_the_test(ctx: Context) -> None:
    await make.product(ctx, title="Peplos")

    assert open_schema() == ctx.shop.schema
    assert await Product.all().values_list("title", flat=True) == ["Peplos"]
