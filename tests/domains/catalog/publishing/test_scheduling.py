"""Products go on sale and off: now, or at their time, once, and only when they are ready."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from stoa.domains import catalog
from stoa.domains.catalog import BulkPolicy, ProductChanges, ProductEdit, ProductStatus
from stoa.domains.catalog.errors import NoSuchProduct, NotReady, ProductChanged
from stoa.domains.catalog.models import Product
from stoa.domains.catalog.publishing import apply_schedule
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.settings import Settings
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.workers.running import at_work
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of
from tests.domains.catalog.products.wares import ready


async def names(ctx: Context) -> list[str]:
    return [name for name, _ in await events_of(ctx)]


async def planned(owner: asyncpg.Connection, ctx: Context) -> list[tuple[str, datetime]]:
    rows: list[Any] = await owner.fetch(
        "SELECT payload->>'turn' AS turn, run_at FROM platform.job WHERE shop_schema = $1 ORDER BY run_at",
        ctx.shop.schema,
    )
    return [(row["turn"], row["run_at"]) for row in rows]


async def test_a_ready_product_goes_on_sale_and_twice_changes_nothing(ctx: Context) -> None:
    product = await ready(ctx)

    await catalog.publish_product(ctx, product.id)
    await catalog.publish_product(ctx, product.id)

    stored = await Product.get(id=product.id)
    assert (stored.status, stored.version) == (ProductStatus.ACTIVE, 2)
    assert await names(ctx) == ["ProductEdited", "ProductPublished"]


async def test_what_lacks_something_does_not_go_on_sale_nor_is_it_planned(ctx: Context) -> None:
    """P8: no category, no publishing."""
    product = await make.product(ctx, status=ProductStatus.DRAFT)
    before = await catalog_of(ctx)

    for at in (None, now() + timedelta(days=1)):
        with pytest.raises(NotReady) as refused:
            await catalog.publish_product(ctx, product.id, at=at)
        assert refused.value.params.items() >= {"missing": "IMAGE,CATEGORY"}.items()

    assert await catalog_of(ctx) == before


async def test_a_time_is_planned_and_kept_when_it_comes(ctx: Context, owner: asyncpg.Connection) -> None:
    product = await ready(ctx)
    start, end = now() + timedelta(days=1), now() + timedelta(days=3)

    await catalog.publish_product(ctx, product.id, at=start, until=end)

    stored = await Product.get(id=product.id)
    assert (stored.status, stored.publish_at, stored.unpublish_at) == (ProductStatus.DRAFT, start, end)
    assert await planned(owner, ctx) == [("publish_at", start), ("unpublish_at", end)]
    for _ in range(2):
        async with shop_transaction():
            await apply_schedule(ctx.as_system(), product.id, "publish_at", start)
    stored = await Product.get(id=product.id)
    assert (stored.status, stored.publish_at, stored.unpublish_at) == (ProductStatus.ACTIVE, None, end)
    async with shop_transaction():
        await apply_schedule(ctx.as_system(), product.id, "unpublish_at", end)
    stored = await Product.get(id=product.id)
    assert (stored.status, stored.unpublish_at) == (ProductStatus.DRAFT, None)
    assert (await names(ctx)).count("ProductPublished") == 1
    assert (await names(ctx)).count("ProductUnpublished") == 1


async def test_the_workers_do_it_when_the_time_comes(ctx: Context, settings: Settings) -> None:
    """P8, M6: on sale and off again by itself; what was planned first and changed since is void."""
    product = await ready(ctx)
    moment = now()
    await catalog.publish_product(ctx, product.id, at=moment + timedelta(days=1))
    at, until = (moment + timedelta(milliseconds=each) for each in (300, 900))

    await catalog.publish_product(ctx, product.id, at=at, until=until)
    async with at_work(settings, ["general"]), asyncio.timeout(60):
        while (await names(ctx))[-1] != "ProductUnpublished":
            await asyncio.sleep(0.02)

    stored = await Product.get(id=product.id)
    assert (stored.status, stored.publish_at, stored.unpublish_at) == (ProductStatus.DRAFT, None, None)
    turns = [name for name in await names(ctx) if name != "ProductEdited"]
    assert turns == ["ProductPublished", "ProductUnpublished"]


async def test_a_time_that_was_changed_is_void(ctx: Context) -> None:
    product = await ready(ctx)
    first, second = now() + timedelta(days=1), now() + timedelta(days=2)
    await catalog.publish_product(ctx, product.id, at=first)
    await catalog.publish_product(ctx, product.id, at=second)

    async with shop_transaction():
        await apply_schedule(ctx, product.id, "publish_at", first)

    stored = await Product.get(id=product.id)
    assert (stored.status, stored.publish_at) == (ProductStatus.DRAFT, second)


async def test_who_publishes_by_hand_means_it(ctx: Context) -> None:
    product = await ready(ctx)
    at = now() + timedelta(days=1)
    await catalog.publish_product(ctx, product.id, at=at)

    await catalog.update_product(ctx, product.id, ProductChanges(status=ProductStatus.ARCHIVED))
    async with shop_transaction():
        await apply_schedule(ctx, product.id, "publish_at", at)

    stored = await Product.get(id=product.id)
    assert (stored.status, stored.publish_at) == (ProductStatus.ARCHIVED, None)


async def test_what_is_not_ready_any_more_stays_a_draft_and_says_so(ctx: Context) -> None:
    product = await ready(ctx)
    at = now() + timedelta(days=1)
    await catalog.publish_product(ctx, product.id, at=at)
    await catalog.update_product(ctx, product.id, ProductChanges(category_id=None))

    async with shop_transaction():
        await apply_schedule(ctx, product.id, "publish_at", at)

    stored = await Product.get(id=product.id)
    assert (stored.status, stored.publish_at) == (ProductStatus.DRAFT, None)
    assert (await events_of(ctx))[-1] == (
        "ProductPublishRefused",
        {"product_id": str(product.id), "missing": "CATEGORY"},
    )


async def test_it_goes_off_sale_now_or_later(ctx: Context) -> None:
    product = await ready(ctx)
    await catalog.publish_product(ctx, product.id)
    at = now() + timedelta(days=1)

    await catalog.unpublish_product(ctx, product.id, at=at)
    assert (await Product.get(id=product.id)).unpublish_at == at
    await catalog.unpublish_product(ctx, product.id)
    await catalog.unpublish_product(ctx, product.id)

    stored = await Product.get(id=product.id)
    assert (stored.status, stored.unpublish_at, stored.version) == (ProductStatus.DRAFT, None, 4)


async def test_wrong_times_and_versions_are_refused(ctx: Context) -> None:
    product = await ready(ctx)
    before = await catalog_of(ctx)
    later = now() + timedelta(days=2)

    with pytest.raises(InvalidInput):
        await catalog.publish_product(ctx, product.id, at=later, until=later - timedelta(days=1))
    with pytest.raises(ProductChanged):
        await catalog.publish_product(ctx, product.id, expected_version=9)

    assert await catalog_of(ctx) == before


async def test_a_stranger_finds_nothing_to_publish(ctx: Context, other_ctx: Context) -> None:
    product = await ready(ctx)
    before = await catalog_of(ctx)

    with open_shop(other_ctx.shop):
        with pytest.raises(NoSuchProduct):
            await catalog.publish_product(other_ctx, product.id)
        with pytest.raises(NoSuchProduct):
            await catalog.unpublish_product(other_ctx, product.id)
        async with shop_transaction():
            await apply_schedule(other_ctx, product.id, "publish_at", now())

    assert await catalog_of(ctx) == before


async def test_an_edit_of_the_status_is_a_publishing_like_any_other(ctx: Context) -> None:
    """P8: what goes on sale by an edit, alone or among many, must be ready to, and is announced."""
    product, bare = await ready(ctx), await make.product(ctx, status=ProductStatus.DRAFT)
    await catalog.publish_product(ctx, product.id, at=now() + timedelta(days=1))
    before = len(await names(ctx))

    await catalog.update_product(ctx, product.id, ProductChanges(status=ProductStatus.ACTIVE))
    await catalog.update_product(ctx, product.id, ProductChanges(title="Another name"))
    off = [
        ProductEdit(each.id, ProductChanges(status=status))
        for each, status in ((product, ProductStatus.ARCHIVED), (bare, ProductStatus.ACTIVE))
    ]
    done, refused = await catalog.update_products(ctx, off, BulkPolicy.IGNORE_FAILED)

    assert (await names(ctx))[before:] == [
        *("ProductEdited", "ProductPublished"),
        "ProductEdited",
        *("ProductEdited", "ProductUnpublished"),
    ]
    assert (done.refusals, done.changed) == ([], True)
    assert isinstance(refused.refusal, NotReady)
    assert refused.refusal.path == ("products", 1, "status")
    stored = await Product.get(id=product.id)
    assert (stored.status, stored.publish_at) == (ProductStatus.ARCHIVED, None)
    assert (await Product.get(id=bare.id)).status is ProductStatus.DRAFT
