"""A handle that changes goes on leading to the product."""

from __future__ import annotations

import pytest

from stoa.domains import catalog
from stoa.domains.catalog import ProductChanges, ProductDraft, VariantDraft
from stoa.domains.catalog.errors import HandleTaken, NoSuchRedirect
from stoa.domains.catalog.models import Product, SlugRedirect
from stoa.domains.catalog.redirecting import Found, product_by_handle
from stoa.tenants.context import Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of


async def renamed(ctx: Context, *handles: str) -> Product:
    product = await make.product(ctx, handle=handles[0])
    for handle in handles[1:]:
        await catalog.update_product(ctx, product.id, ProductChanges(handle=handle))
    return product


async def test_a_product_is_found_by_every_handle_it_had(ctx: Context) -> None:
    """P9: slugs with redirects on change."""
    product = await renamed(ctx, "a", "b", "c")

    assert await product_by_handle("c") == Found(product.id, None)
    assert await product_by_handle("a") == Found(product.id, "a")
    assert await product_by_handle("b") == Found(product.id, "b")
    assert await product_by_handle("d") is None


async def test_a_product_may_take_its_old_handle_back(ctx: Context) -> None:
    product = await renamed(ctx, "a", "b", "a")

    assert await product_by_handle("a") == Found(product.id, None)
    assert await product_by_handle("b") == Found(product.id, "b")
    assert await SlugRedirect.all().count() == 1


async def test_another_product_may_not_take_it_until_it_is_freed(ctx: Context) -> None:
    product = await renamed(ctx, "a", "b")
    other = await make.product(ctx, handle="z")
    before = await catalog_of(ctx)

    with pytest.raises(HandleTaken):
        await catalog.create_product(ctx, ProductDraft("A", handle="a", variants=[VariantDraft()]))
    with pytest.raises(HandleTaken) as refused:
        await catalog.update_product(ctx, other.id, ProductChanges(handle="a"))
    assert refused.value.path == ("handle",)
    assert refused.value.params.items() >= {"taken": "a"}.items()
    assert await catalog_of(ctx) == before

    assert await catalog.remove_redirect(ctx, "a") == product.id
    await catalog.update_product(ctx, other.id, ProductChanges(handle="a"))
    assert await product_by_handle("a") == Found(other.id, None)
    assert ("HandleFreed", {"product_id": str(product.id), "handle": "a"}) in await events_of(ctx)


async def test_a_handle_that_we_make_goes_round_those_that_lead_elsewhere(ctx: Context) -> None:
    await renamed(ctx, "cup", "mug")

    product = await catalog.create_product(ctx, ProductDraft("Cup", variants=[VariantDraft()]))

    assert product.handle == "cup-2"


async def test_a_redirect_of_nobody_or_of_another_shop_is_not_found(ctx: Context, other_ctx: Context) -> None:
    await renamed(ctx, "a", "b")
    before = await catalog_of(ctx)

    with open_shop(other_ctx.shop):
        assert await product_by_handle("a") is None
        with pytest.raises(NoSuchRedirect):
            await catalog.remove_redirect(other_ctx, "a")
    with pytest.raises(NoSuchRedirect):
        await catalog.remove_redirect(ctx, "b")

    assert await catalog_of(ctx) == before
