"""Duplicating, deleting, and editing many at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from stoa.domains import catalog
from stoa.domains.catalog import (
    BulkPolicy,
    ImageDraft,
    OptionDraft,
    ProductChanges,
    ProductEdit,
    ProductStatus,
    VariantChanges,
)
from stoa.domains.catalog.errors import (
    NoSuchProduct,
    NotADraft,
    ProductChanged,
    StillInUse,
    StillStocked,
)
from stoa.domains.catalog.media import NewImage, add_images, remove_images
from stoa.domains.catalog.media.forgetting import FORGET, forget_unused
from stoa.domains.catalog.media.processing import PROCESS
from stoa.domains.catalog.models import (
    AttributeValue,
    BundlePart,
    Image,
    Location,
    PriceChange,
    Product,
    ProductTag,
    PurchaseLine,
    PurchaseOrder,
    SlugRedirect,
    Stock,
    Supplier,
    Variant,
)
from stoa.kit.errors import InvalidInput
from stoa.kit.ids import new_id
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_transaction
from stoa.tenants.models import Job
from tests import make
from tests.domains.catalog.catalogs import catalog_of, events_of
from tests.domains.catalog.media.darkroom import develop_all, is_kept, uploaded
from tests.domains.catalog.products.wares import euros, ready, shirt, variants_of
from tests.graphql.asking import statements_sent


async def test_a_duplicate_is_a_draft_like_it_with_codes_and_stock_of_its_own(ctx: Context) -> None:
    product = await make.product(
        ctx,
        title="Cup",
        handle="cup",
        source="x",
        external_id="1",
        keywords=["tea"],
        variants=({"sku": "C-1", "barcode": "4006381333931", "cost_minor": 700},),
        images=("https://img.test/1",),
    )
    await Image.filter(product_id=product.id).update(file_key="a-key", width=800, alt="a cup")

    copy = await Product.get(id=await catalog.duplicate_product(ctx, product.id))

    assert (copy.title, copy.handle, copy.status, copy.keywords) == (
        "Cup (copy)",
        "cup-copy",
        ProductStatus.DRAFT,
        ["tea"],
    )
    assert (copy.source, copy.external_id, copy.search_text) == (None, None, "cup (copy)\ncup-copy")
    [variant] = await variants_of(copy)
    assert (variant.sku, variant.barcode, variant.price_minor, variant.cost_minor) == (None, None, 1999, 700)
    assert [each.on_hand for each in await Stock.filter(variant_id=variant.id)] == [0]
    assert await PriceChange.filter(variant_id=variant.id).count() == 2
    image = await Image.get(product_id=copy.id)
    assert (image.file_key, image.width, image.alt) == ("a-key", 800, "a cup")
    assert [name for name, _ in await events_of(ctx)] == ["ProductCreated", "ProductDuplicated"]


async def test_a_duplicate_says_so_in_the_callers_language_or_has_the_title_it_was_given(ctx: Context) -> None:
    product, _ = await shirt(ctx, title="茶" * 255)

    chinese = await Product.get(id=await catalog.duplicate_product(replace(ctx, locale="zh"), product.id))
    named = await Product.get(id=await catalog.duplicate_product(ctx, product.id, title="Another"))

    assert chinese.title == "茶" * 251 + "（副本）"
    assert (named.title, named.options) == ("Another", product.options)


async def test_a_duplicate_is_found_by_the_same_tags_and_attributes(ctx: Context) -> None:
    """P10, P11: it is shown where the original is, until somebody says otherwise."""
    product = await make.product(ctx)
    await catalog.merchandising.change_tags(ctx, [product.id], add=["oak", "desk"], remove=[])
    await catalog.merchandising.set_attributes(ctx, [product.id], {"material": ["oak"], "style": ["plain"]})

    copy = await catalog.duplicate_product(ctx, product.id)
    await catalog.merchandising.change_tags(ctx, [product.id], add=[], remove=["oak"])

    tags = await ProductTag.filter(product_id=copy).values_list("tag__name", flat=True)
    values = await AttributeValue.filter(product_id=copy).values_list("attribute__key", "text")
    assert sorted(tags) == ["desk", "oak"]
    assert sorted(values) == [("material", "oak"), ("style", "plain")]


async def test_a_duplicate_of_a_bundle_is_made_of_the_same(ctx: Context) -> None:
    cup, kit = await make.product(ctx), await make.product(ctx, variants=({"on_hand": 0},))
    [part], [variant] = await variants_of(cup), await variants_of(kit)
    await catalog.set_parts(ctx, variant.id, {part.id: 2})

    copy = await catalog.duplicate_product(ctx, kit.id)

    assert (await Product.get(id=copy)).is_bundle
    assert (await BundlePart.get(bundle__product_id=copy)).quantity == 2


async def test_a_draft_is_deleted_with_all_that_is_its_own(ctx: Context) -> None:
    product, _ = await shirt(ctx)
    await catalog.update_product(ctx, product.id, ProductChanges(handle="other"))

    await catalog.delete_product(ctx, product.id)

    assert await Product.all().count() == 0
    assert await Variant.all().count() == 0
    assert await SlugRedirect.all().count() == 0
    assert (await events_of(ctx))[-1] == ("ProductDeleted", {"product_id": str(product.id), "title": "Shirt"})


async def test_the_files_of_a_deleted_product_are_let_go_of(ctx: Context) -> None:
    product, _ = await shirt(ctx)
    await Image.create(product=product, url="/media/x", file_key="a-file")
    await Image.create(product=product, url="https://img.test/elsewhere.jpg")

    await catalog.delete_product(ctx, product.id)

    [job] = await Job.filter(shop_schema=ctx.shop.schema, name=FORGET)
    assert job.payload == {"file_keys": ["a-file"]}


async def test_what_was_on_sale_or_is_needed_is_not_deleted(ctx: Context) -> None:
    sold, stocked, part = await ready(ctx), await make.product(ctx, status=ProductStatus.DRAFT), await shirt(ctx)
    await catalog.publish_product(ctx, sold.id)
    await catalog.unpublish_product(ctx, sold.id)
    kit = await make.product(ctx, title="Kit", variants=({"on_hand": None},))
    await BundlePart.create(bundle=(await variants_of(kit))[0], part=part[1][0], quantity=1)
    ordered, [line] = await _ordered(ctx)
    before = await catalog_of(ctx)

    for product_id, refusal in (
        (sold.id, NotADraft),
        (stocked.id, StillStocked),
        (part[0].id, StillInUse),
        (ordered.id, StillInUse),
        (new_id(), NoSuchProduct),
    ):
        with pytest.raises(refusal):
            await catalog.delete_product(ctx, product_id)
    with pytest.raises(ProductChanged):
        await catalog.delete_product(ctx, ordered.id, expected_version=5)

    assert line.id is not None
    assert await catalog_of(ctx) == before


async def test_what_was_created_on_sale_is_not_deleted_by_making_it_a_draft(ctx: Context) -> None:
    shelf, images = await make.category(ctx), [ImageDraft("https://img.test/1")]
    product, _ = await shirt(ctx, status=ProductStatus.ACTIVE, category_id=shelf.id, images=images)
    await catalog.update_product(ctx, product.id, ProductChanges(status=ProductStatus.DRAFT))
    before = await catalog_of(ctx)

    with pytest.raises(NotADraft):
        await catalog.delete_product(ctx, product.id)

    assert await catalog_of(ctx) == before


async def _ordered(ctx: Context) -> tuple[Product, list[Variant]]:
    """A draft that stands on a purchase order."""
    product = await make.product(ctx, status=ProductStatus.DRAFT, variants=({"on_hand": 0},))
    variants = await variants_of(product)
    supplier = await Supplier.create(name="S", name_key="s", currency="EUR")
    main = await Location.get(is_main=True)
    order = await PurchaseOrder.create(number=1, supplier=supplier, location=main, currency="EUR")
    await PurchaseLine.create(purchase=order, variant=variants[0], quantity=1, currency="EUR", cost_minor=1)
    return product, variants


def titled(product: Product, title: str, version: int | None = None) -> ProductEdit:
    return ProductEdit(product.id, ProductChanges(title=title), version)


async def test_each_product_of_a_bulk_edit_is_done_or_says_why_not(ctx: Context) -> None:
    products = [await make.product(ctx, title=f"P{i}", handle=f"p{i}") for i in range(3)]
    edits = [
        titled(products[2], "New 2"),
        titled(products[0], ""),
        ProductEdit(products[1].id, ProductChanges(handle="p2")),
        titled(products[1], "New 1", version=9),
        ProductEdit(new_id(), ProductChanges(title="Nobody's")),
    ]

    results = await catalog.update_products(ctx, edits, BulkPolicy.IGNORE_FAILED)

    assert [[each.code for each in result.refusals] for result in results] == [
        [],
        ["INVALID"],
        ["HANDLE_TAKEN"],
        ["PRODUCT_CHANGED"],
        ["PRODUCT_NOT_FOUND"],
    ]
    assert [each.version for each in results] == [2, None, None, None, None]
    assert results[1].refusals[0].path == ("products", 1, "title")
    assert sorted([each.title for each in await Product.all()]) == ["New 2", "P0", "P1"]


async def test_or_nothing_is_done_at_all(ctx: Context) -> None:
    first, second = await make.product(ctx), await make.product(ctx)
    before = await catalog_of(ctx)

    results = await catalog.update_products(
        ctx, [titled(first, "New"), titled(second, "")], BulkPolicy.REJECT_EVERYTHING
    )

    assert [bool(each.refusals) for each in results] == [False, True]
    assert await catalog_of(ctx) == before
    done = await catalog.update_products(ctx, [titled(first, "A"), titled(second, "B")], BulkPolicy.REJECT_EVERYTHING)
    assert [each.refusals for each in done] == [[], []]


async def test_a_bulk_edit_of_251_is_refused(ctx: Context) -> None:
    product = await make.product(ctx)
    with pytest.raises(InvalidInput):
        await catalog.update_products(ctx, [titled(product, "x")] * 251, BulkPolicy.IGNORE_FAILED)


async def test_a_bulk_edit_takes_the_same_statements_for_one_row_and_for_many(ctx: Context) -> None:
    products = [await make.product(ctx, variants=()) for _ in range(4)]
    counts = []
    for some in (products[:1], products):
        async with statements_sent(ctx) as sent:
            await catalog.update_products(ctx, [titled(each, new_id().hex) for each in some], BulkPolicy.IGNORE_FAILED)
        counts.append(len(sent))

    assert counts == [10, 10]


async def test_bulk_edits_change_prices_too(ctx: Context) -> None:
    product, [variant, *_] = await shirt(ctx)
    change = ProductChanges(variants=(VariantChanges(variant.id, price=euros(5)),))

    await catalog.update_products(ctx, [ProductEdit(product.id, change)], BulkPolicy.IGNORE_FAILED)

    assert (await Variant.get(id=variant.id)).price_minor == 5


async def test_a_stranger_can_neither_copy_nor_delete_nor_edit(ctx: Context, other_ctx: Context) -> None:
    product, _ = await shirt(ctx, options=[OptionDraft("Colour"), OptionDraft("Size")])
    before = await catalog_of(ctx)

    with open_shop(other_ctx.shop):
        with pytest.raises(NoSuchProduct):
            await catalog.duplicate_product(other_ctx, product.id)
        with pytest.raises(NoSuchProduct):
            await catalog.delete_product(other_ctx, product.id)
        [result] = await catalog.update_products(other_ctx, [titled(product, "Mine")], BulkPolicy.IGNORE_FAILED)
        assert [each.code for each in result.refusals] == ["PRODUCT_NOT_FOUND"]

    assert await catalog_of(ctx) == before


async def test_a_picture_that_is_removed_while_it_is_duplicated_keeps_its_file(ctx: Context) -> None:
    """The copy is not to be seen yet; whoever removes the original waits for it, and then finds it."""
    product, _ = await shirt(ctx)
    await add_images(ctx, product.id, [NewImage(upload_id=await uploaded(ctx))])
    await develop_all(ctx)
    image = await Image.get(product_id=product.id)
    is_copied, may_commit = asyncio.Event(), asyncio.Event()

    async def duplicate() -> UUID:
        with open_shop(ctx.shop):
            async with shop_transaction():
                copy = await catalog.duplicate_product(ctx, product.id)
                is_copied.set()
                await may_commit.wait()
            return copy

    async def remove() -> None:
        with open_shop(ctx.shop):
            await is_copied.wait()
            await remove_images(ctx, product.id, [image.id])

    copying, removing = asyncio.create_task(duplicate()), asyncio.create_task(remove())
    await is_copied.wait()
    _, waiting = await asyncio.wait([removing], timeout=0.3)
    assert waiting == {removing}
    may_commit.set()
    copy = await copying
    await removing
    await forget_unused(ctx, [str(image.file_key)])

    assert (await Image.get(product_id=copy)).file_key == image.file_key
    assert await is_kept(ctx, str(image.file_key))
    await remove_images(ctx, copy, [(await Image.get(product_id=copy)).id])
    await forget_unused(ctx, [str(image.file_key)])
    assert not await is_kept(ctx, str(image.file_key))


async def test_a_picture_that_is_duplicated_before_its_sizes_are_made_gets_them(ctx: Context) -> None:
    product, _ = await shirt(ctx)
    await add_images(ctx, product.id, [NewImage(upload_id=await uploaded(ctx))])
    key = (await Image.get(product_id=product.id)).file_key

    await catalog.duplicate_product(ctx, product.id)

    planned = await Job.filter(shop_schema=ctx.shop.schema, name=PROCESS)
    assert [each.payload for each in planned] == [{"file_key": key}] * 2  # for the original, and for the copy
