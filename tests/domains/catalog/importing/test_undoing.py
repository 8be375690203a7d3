"""What an import did can be put back, product by product, unless somebody has changed the product since."""

from __future__ import annotations

from uuid import UUID

import pytest

from stoa.domains.catalog.importing import run_import, undo_import
from stoa.domains.catalog.models import Category, ImportRun, ImportState, Product, Variant
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from stoa.tenants.importing.errors import CannotUndo, ImportRunning, NoSuchImport
from stoa.tenants.shop_models import EventRow
from tests import make
from tests.domains.catalog.importing.tables import (
    dump,
    goods,
    imported,
    issues_of,
    left_over,
    lines,
    ordered,
    products,
    table,
)

HEADER = ("Group", "Code", "Name", "Size", "Price", "Stock", "Shelf", "Picture", "Slug", "Text")
MAPPING = {
    "product": "Group",
    "sku": "Code",
    "title": "Name",
    "variant_title": "Size",
    "price": "Price",
    "stock": "Stock",
    "category": "Shelf",
    "image": "Picture",
    "handle": "Slug",
    "description": "Text",
}
FIRST = table(
    ("shirt", "S-1", "Shirt", "Small", "10", "3", "Clothes", "https://example.com/1.png", "", "Plain."),
    ("lamp", "L-1", "Lamp", "", "5", "7", "Light", "", "", ""),
    header=HEADER,
)
SECOND = table(
    ("shirt", "S-1", "Fine shirt", "S", "12", "1", "Fine clothes", "https://example.com/2.png", "fine", "Fine."),
    ("shirt", "S-2", "Fine shirt", "L", "13", "", "", "", "", ""),
    ("chair", "C-1", "Chair", "", "50", "2", "Seats", "https://example.com/3.png", "", ""),
    header=HEADER,
)


async def undone(ctx: Context, run: ImportRun) -> ImportRun:
    await undo_import(ctx, run.id)
    return await run_import(ctx, run.id)


async def test_all_is_as_it_was(ctx: Context) -> None:
    await imported(ctx, FIRST, mapping=MAPPING)
    before, versions = await dump(), {each.id: each.version for each in await products()}
    run = await imported(ctx, SECOND, mapping=MAPPING)
    assert (run.products_created, run.products_updated) == (1, 1)
    assert await dump() != before

    run = await undone(ctx, run)

    assert await dump() == before
    assert (run.state, run.products_restored, run.issue_counts) == (ImportState.UNDONE, 2, {})
    assert await left_over(run) == {"import_row": 0, "import_change": 0}
    # a version that was seen with other content never comes back
    shirt = await Product.get(external_id="shirt")
    assert (shirt.version, versions[shirt.id]) == (3, 1)


async def test_imports_are_undone_one_after_the_other_back_to_nothing(ctx: Context) -> None:
    nothing = await dump()
    first = await imported(ctx, FIRST, mapping=MAPPING)
    second = await imported(ctx, SECOND, mapping=MAPPING)

    await undone(ctx, second)
    first = await undone(ctx, first)

    assert (first.state, first.products_restored, first.issue_counts) == (ImportState.UNDONE, 2, {})
    assert await dump() == nothing


async def test_a_large_import_is_undone_in_batches(ctx: Context) -> None:
    await imported(ctx, table(*lines(1_100, 1_100)))
    before = await dump()
    run = await imported(ctx, table(*lines(3_000, 1_500)))
    assert (run.products_created, run.products_updated) == (400, 1_100)

    run = await undone(ctx, run)

    assert (run.products_total, run.products_done, run.products_restored) == (1_500, 1_500, 1_500)
    assert await dump() == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE product SET title = 'Mine now' WHERE id = $1",
        "UPDATE variant SET price_minor = 1 WHERE product_id = $1",
        "INSERT INTO stock_movement (id, stock_id, kind, on_hand, actor_kind, happened_at) SELECT gen_random_uuid(), s.id, "
        "'COUNT', 1, 'system', now() FROM stock s JOIN variant v ON v.id = s.variant_id WHERE v.product_id = $1",
        "DELETE FROM image WHERE product_id = $1",
    ],
)
@pytest.mark.parametrize("key", ["shirt", "chair"])
async def test_what_was_changed_since_is_kept_and_reported(ctx: Context, owner, change: str, key: str) -> None:  # type: ignore[no-untyped-def]
    await imported(ctx, FIRST, mapping=MAPPING)
    run = await imported(ctx, SECOND, mapping=MAPPING)
    product = await Product.get(external_id=key)
    await owner.execute(f'SET search_path TO "{ctx.shop.schema}"')
    await owner.execute(change, product.id)
    kept = await Product.get(id=product.id)

    run = await undone(ctx, run)

    line = {"shirt": 2, "chair": 4}[key]
    assert await issues_of(run) == [(line, "", "CHANGED_SINCE", str(product.id))]
    assert (run.state, run.products_restored) == (ImportState.UNDONE, 1)
    after = await Product.get(id=product.id)
    assert (after.title, after.version, after.search_text) == (kept.title, kept.version, kept.search_text)
    assert await Product.exists(external_id="chair") is (key == "chair")
    assert (await Product.get(external_id="shirt")).title == {"shirt": kept.title, "chair": "Shirt"}[key]


async def test_a_change_that_was_taken_back_is_no_change(ctx: Context) -> None:
    await imported(ctx, FIRST, mapping=MAPPING)
    before = await dump()
    run = await imported(ctx, SECOND, mapping=MAPPING)
    variant = await Variant.get(sku="S-2")
    await make.stock(ctx, variant, on_hand=9)
    await make.stock(ctx, variant, on_hand=0)

    assert (await undone(ctx, run)).issue_counts == {}
    assert await dump() == before


async def test_what_was_deleted_since_stays_deleted(ctx: Context) -> None:
    await imported(ctx, FIRST, mapping=MAPPING)
    run = await imported(ctx, SECOND, mapping=MAPPING)
    shirt = await Product.get(external_id="shirt")
    await Product.all().filter(external_id__in=["shirt", "chair"]).delete()

    run = await undone(ctx, run)

    assert await issues_of(run) == [(2, "", "GONE_SINCE", str(shirt.id))]
    assert [each.external_id for each in await products()] == ["lamp"]


async def test_a_handle_that_was_given_away_since_is_not_taken_back(ctx: Context) -> None:
    await imported(ctx, FIRST, mapping=MAPPING)
    run = await imported(ctx, SECOND, mapping=MAPPING)
    shirt = await Product.get(external_id="shirt")
    await make.product(ctx, title="Other", handle="shirt")

    run = await undone(ctx, run)

    assert await issues_of(run) == [(2, "", "NAME_GIVEN_AWAY", str(shirt.id))]
    assert (await Product.get(id=shirt.id)).title == "Fine shirt"
    assert not await Product.exists(external_id="chair")


async def test_a_category_that_others_use_stays(ctx: Context) -> None:
    run = await imported(ctx, FIRST, mapping=MAPPING)
    light = await Category.get(name="Light")
    await make.product(ctx, title="Candle", category=light)

    await undone(ctx, run)

    assert [each.name for each in await Category.all()] == ["Light"]


async def test_undoing_twice_changes_nothing(ctx: Context) -> None:
    run = await imported(ctx, FIRST, mapping=MAPPING)
    await undone(ctx, run)
    before = await dump()

    again = await undo_import(ctx, run.id)
    await run_import(ctx, run.id)

    assert again.state is ImportState.UNDONE
    assert await dump() == before


async def test_only_what_was_done_can_be_undone(ctx: Context) -> None:
    dry = await imported(ctx, FIRST, mapping=MAPPING, dry_run=True)
    failed = await imported(ctx, b"x", mapping=MAPPING)
    waiting = await ordered(ctx, FIRST, mapping=MAPPING)

    for run, match in ((dry, "was a dry run"), (failed, "is failed"), (waiting, "is queued")):
        with pytest.raises(CannotUndo, match=match):
            await undo_import(ctx, run.id)
    with pytest.raises(NoSuchImport):
        await undo_import(ctx, new_id())


async def test_nothing_is_undone_while_another_import_runs(ctx: Context) -> None:
    run = await imported(ctx, FIRST, mapping=MAPPING)
    await ordered(ctx, SECOND, mapping=MAPPING)

    with pytest.raises(ImportRunning):
        await undo_import(ctx, run.id)

    assert (await ImportRun.get(id=run.id)).state is ImportState.DONE


async def test_the_end_is_announced(ctx: Context) -> None:
    run = await imported(ctx, FIRST, mapping=MAPPING)
    await undone(ctx, run)

    events = await EventRow.filter(subject_id=run.id).order_by("id")
    assert [(each.name, each.payload["state"], each.payload["created"]) for each in events] == [
        ("ProductsImported", "DONE", 2),
        ("ProductsImported", "UNDONE", 2),
    ]


async def test_a_stranger_cannot_undo(ctx: Context, other_ctx: Context) -> None:
    run = await imported(ctx, FIRST, mapping=MAPPING)
    before = await goods()

    with open_shop(other_ctx.shop), pytest.raises(NoSuchImport):
        await undo_import(other_ctx, UUID(str(run.id)))

    assert await goods() == before
