"""Who asks, and for which shop."""

from __future__ import annotations

import pytest

from stoa.domains.catalog.models import Product
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, NoShopOpen, ShopRef, open_schema
from tests import make

ANYONE = ShopRef(new_id(), "shop_0123456789ab", "Any shop", "EUR", "UTC")


async def test_no_shop_is_open_by_default() -> None:
    with pytest.raises(NoShopOpen):
        open_schema()


async def test_a_shop_is_open_in_the_tests_that_ask_for_a_context(ctx: Context) -> None:
    await make.product(ctx, title="Peplos")

    assert open_schema() == ctx.shop.schema
    assert await Product.all().values_list("title", flat=True) == ["Peplos"]
