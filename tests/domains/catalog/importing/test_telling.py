"""What an import leaves behind besides rows: old addresses, the products' histories, and the news of what is on sale."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stoa.domains import catalog
from stoa.domains.catalog import ProductChanges
from stoa.domains.catalog.errors import NotADraft
from stoa.domains.catalog.importing import run_import, undo_import
from stoa.domains.catalog.models import (
    Image,
    ImportRun,
    Product,
    ProductStatus,
    SlugRedirect,
    Stock,
    StockMovement,
    Variant,
)
from stoa.domains.catalog.redirecting import product_by_handle
from stoa.tenants.context import Actor, Context
from stoa.tenants.shop_models import EventRow
from tests import make
from tests.domains.catalog.importing.tables import imported, issues_of, table

HEADER = ("Code", "Name", "Slug", "Price", "Stock", "State")
MAPPING = {"sku": "Code", "title": "Name", "handle": "Slug", "price": "Price", "stock": "Stock", "status": "State"}


def one(*cells: str) -> bytes:
    return table(cells, header=HEADER)


async def undone(ctx: Context, run: ImportRun) -> ImportRun:
    await undo_import(ctx, run.id)
    return await run_import(ctx, run.id)


async def redirects() -> list[str]:
    return sorted([each.handle for each in await SlugRedirect.all()])


async def history(product: Product) -> list[tuple[str, dict[str, Any]]]:
    rows = await EventRow.filter(subject_id=product.id).order_by("id")
    return [(each.name, each.payload) for each in rows]


async def test_a_handle_that_an_import_changes_leads_on_until_it_is_undone(ctx: Context) -> None:
    await imported(ctx, one("C", "Cup", "cup", "5", "", ""), mapping=MAPPING)
    product = await Product.get(handle="cup")

    run = await imported(ctx, one("C", "Cup", "tea-cup", "5", "", ""), mapping=MAPPING)

    assert run.issue_counts == {}
    found = await product_by_handle("cup")
    assert found is not None
    assert (found.product_id, found.redirected_from) == (product.id, "cup")
    assert await redirects() == ["cup"]

    await undone(ctx, run)

    assert (await Product.get(id=product.id)).handle == "cup"
    assert await redirects() == []


async def test_an_import_may_take_a_handle_of_old_and_its_undoing_gives_it_back(ctx: Context) -> None:
    await imported(ctx, one("C", "Cup", "cup", "5", "", ""), mapping=MAPPING)
    product = await Product.get(handle="cup")
    await catalog.update_product(ctx, product.id, ProductChanges(handle="mug"))
    other = await make.product(ctx, title="Other")
    await catalog.update_product(ctx, other.id, ProductChanges(handle="others"))
    before = await redirects()

    run = await imported(ctx, one("C", "Cup", "cup", "5", "", ""), mapping=MAPPING)
    assert (await Product.get(id=product.id)).handle == "cup"
    assert (run.issue_counts, await redirects()) == ({}, sorted({*before, "mug"} - {"cup"}))

    await undone(ctx, run)
    assert (await Product.get(id=product.id)).handle == "mug"
    assert await redirects() == before

    theirs = await imported(ctx, one("C", "Cup", other.handle, "5", "", ""), mapping=MAPPING)
    assert theirs.issue_counts == {"HANDLE_TAKEN": 1}
    assert (await Product.get(id=product.id)).handle == "mug"
    assert await redirects() == before


async def test_the_history_tells_what_an_import_changed_and_who_ordered_it(ctx: Context) -> None:
    """P14: one line for a product and an import."""
    first = await imported(ctx, one("C", "Cup", "cup", "5", "2", ""), mapping=MAPPING)
    product = await Product.get(handle="cup")
    variant = await Variant.get(sku="C")

    run = await imported(ctx, one("C", "Fine cup", "cup", "6.50", "3", ""), mapping=MAPPING)
    await imported(ctx, one("C", "Fine cup", "cup", "6.50", "3", ""), mapping=MAPPING)

    [made, changed] = await EventRow.filter(subject_id=product.id, name="ProductImported").order_by("id")
    assert (made.name, made.payload["is_new"], made.payload["import_id"]) == ("ProductImported", True, str(first.id))
    assert (changed.name, changed.payload["is_new"], changed.payload["import_id"]) == (
        "ProductImported",
        False,
        str(run.id),
    )
    assert changed.payload["changed"] == ["title", "variants.price", "variants.on_hand"]
    assert [(each["field"], each["old"], each["new"], each["of"]) for each in changed.payload["changes"]] == [
        ("title", "Cup", "Fine cup", None),
        ("variants.price", "5.00 EUR", "6.50 EUR", str(variant.id)),
        ("variants.on_hand", "2", "3", str(variant.id)),
    ]
    assert {(each.actor_kind, each.actor_id) for each in (made, changed)} == {(ctx.actor.kind, ctx.actor.id)}


async def test_a_worker_does_an_import_for_who_ordered_it(ctx: Context) -> None:
    run = await imported(ctx, one("C", "Cup", "cup", "5", "2", ""), mapping=MAPPING)
    colleague = await make.context(ctx.shop)
    await undo_import(colleague, run.id)
    product = await Product.get(handle="cup")
    [moved] = await StockMovement.all()

    run = await run_import(replace(ctx, actor=Actor("system")), run.id)

    assert (moved.actor_kind, moved.actor_id) == (ctx.actor.kind, ctx.actor.id)
    assert (run.actor_kind, run.actor_id) == ("account", colleague.actor.id)
    assert not await Product.exists(id=product.id)


async def test_what_an_import_puts_on_sale_and_takes_off_is_announced(ctx: Context) -> None:
    await imported(ctx, one("C", "Cup", "cup", "5", "", "draft"), mapping=MAPPING)
    product = await Product.get(handle="cup")
    product.category_id = (await make.category(ctx)).id  # type: ignore[attr-defined]
    await product.save()
    await Image.create(product=product, url="https://img.test/cup", position=0)

    run = await imported(ctx, one("C", "Cup", "cup", "5", "", "active"), mapping=MAPPING)
    assert (await Product.get(id=product.id)).status is ProductStatus.ACTIVE
    await undone(ctx, run)

    names = [name for name, _ in await history(product)]
    assert names == [
        "ProductImported",
        "ProductImported",
        "ProductPublished",
        "ProductImportUndone",
        "ProductUnpublished",
    ]
    assert [(each["field"], each["old"], each["new"]) for each in (await history(product))[3][1]["changes"]] == [
        ("status", "ACTIVE", "DRAFT")
    ]
    with pytest.raises(NotADraft):
        await catalog.delete_product(ctx, product.id)


async def test_an_import_leaves_the_stock_of_a_bundle_alone_and_says_so(ctx: Context) -> None:
    await imported(ctx, one("K", "Kit", "kit", "5", "", ""), mapping=MAPPING)
    part = await make.product(ctx, variants=({"on_hand": 4},))
    kit = await Variant.get(sku="K")
    await catalog.set_parts(ctx, kit.id, {(await Variant.get(product_id=part.id)).id: 2})

    run = await imported(ctx, one("K", "Fine kit", "kit", "5", "7", ""), mapping=MAPPING)

    assert await issues_of(run) == [(2, "Stock", "BUNDLE_STOCK", "7")]
    assert (await Product.get(handle="kit")).title == "Fine kit"
    assert [each.on_hand for each in await Stock.filter(variant=kit)] == [0]
    await catalog.set_parts(ctx, kit.id, {})
    conflict = await undone(ctx, run)
    assert conflict.issue_counts == {"BUNDLE_STOCK": 1, "CHANGED_SINCE": 1}
