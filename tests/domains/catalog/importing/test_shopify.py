"""Shopify's product CSV is taken as its users export it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from stoa.domains.catalog.importing import FileFormat, inspect_file, run_import, undo_import
from stoa.domains.catalog.importing.recognising import recognise
from stoa.domains.catalog.models import (
    Category,
    Image,
    ImportRun,
    ImportState,
    Product,
    ProductStatus,
    ProductTag,
    Stock,
    Tag,
    Variant,
)
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client
from tests import make
from tests.domains.catalog.importing.tables import dump, images_of, imported, issues_of, table, upload

EXPORT = (Path(__file__).parent / "shopify.csv").read_bytes()
# The names that the template has since 2024.
NEW_NAMES = {
    "Handle": "URL handle",
    "Body (HTML)": "Description",
    "Product Category": "Product category",
    "Published": "Published on online store",
    "Option1 Name": "Option1 name",
    "Option1 Value": "Option1 value",
    "Option2 Name": "Option2 name",
    "Option2 Value": "Option2 value",
    "Option3 Name": "Option3 name",
    "Option3 Value": "Option3 value",
    "Variant SKU": "SKU",
    "Variant Grams": "Weight value (grams)",
    "Variant Inventory Qty": "Inventory quantity",
    "Variant Price": "Price",
    "Variant Compare At Price": "Compare-at price",
    "Variant Requires Shipping": "Requires shipping",
    "Variant Taxable": "Charge tax",
    "Variant Barcode": "Barcode",
    "Image Src": "Product image URL",
    "Image Position": "Image position",
    "Image Alt Text": "Image alt text",
    "SEO Title": "SEO title",
    "SEO Description": "SEO description",
    "Variant Image": "Variant image URL",
}
HANDLES = ["linen-shirt", "tea-bowl", "gift-card", "sample-swatch", "old-mug", "new-mug", "bundle-socks"]


def mapping_of(content: bytes, delimiter: str = ",") -> dict[str, str]:
    header = next(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter))
    known = recognise(header)
    assert known is not None
    return known[1]


async def taken(ctx: Context, content: bytes = EXPORT, source: str = "shopify", **order: Any) -> ImportRun:
    return await imported(ctx, content, mapping=mapping_of(content), source=source, **order)


def rewritten(delimiter: str = ",", line_end: str = "\r\n", names: dict[str, str] | None = None) -> bytes:
    """The export as another program would save it."""
    rows = list(csv.reader(io.StringIO(EXPORT.decode(), newline="")))
    rows[0] = [(names or {}).get(name, name) for name in rows[0]]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode()


async def variants_of(handle: str) -> list[Variant]:
    return await Variant.filter(product__handle=handle).order_by("position")


async def tags_of(handle: str) -> list[str]:
    return sorted(each.tag.name for each in await ProductTag.filter(product__handle=handle).prefetch_related("tag"))


async def path_of(product: Product) -> list[str]:
    category = await Category.get_or_none(id=product.category_id)  # type: ignore[attr-defined]
    names: list[str] = []
    while category is not None:
        names.insert(0, category.name)
        category = await Category.get_or_none(id=category.parent_id)  # type: ignore[attr-defined]
    return names


async def test_a_product_of_several_rows_comes_whole(ctx: Context) -> None:
    """X7: what other systems export is taken as it is."""
    run = await taken(ctx)

    assert (run.state, run.products_created, run.lines_refused) == (ImportState.DONE, 7, 0)
    assert [each.handle for each in await Product.all().order_by("id")] == HANDLES
    shirt = await Product.get(handle="linen-shirt")
    assert (shirt.title, shirt.vendor, shirt.status) == ('Linen Shirt "Zeno"', "Stoa Works", ProductStatus.ACTIVE)
    assert shirt.description.splitlines()[3] == '<li>He said: "the best shirt I own"</li>'
    assert (shirt.seo_title, shirt.seo_description) == (
        "Linen shirt | Stoa",
        "A light shirt of linen.\nIn two colours.",
    )
    assert shirt.options == [{"name": "Colour", "values": ["White", "Blue"]}, {"name": "Size", "values": ["S", "M"]}]
    assert await path_of(shirt) == ["Apparel & Accessories", "Clothing", "Shirts"]
    assert await tags_of("linen-shirt") == ["Linen", "new in", "summer"]
    assert [
        (each.sku, each.title, each.option_values, each.price_minor, each.list_price_minor, each.cost_minor)
        for each in await variants_of("linen-shirt")
    ] == [
        ("LS-W-S", "White / S", ["White", "S"], 5900, 7900, 2150),
        ("LS-W-M", "White / M", ["White", "M"], 5900, 7900, 2150),
        ("LS-B-S", "Blue / S", ["Blue", "S"], 6400, None, 2200),
        (None, "Blue / M", ["Blue", "M"], 6400, None, None),
    ]
    first = (await variants_of("linen-shirt"))[0]
    assert (first.barcode, first.weight_grams, first.requires_shipping, first.taxable) == (
        "0012345678905",
        210,
        True,
        True,
    )
    assert [each.on_hand for each in await Stock.filter(variant__product=shirt).order_by("variant__position")] == [
        *(12, 0, 7, 3)
    ]


async def test_pictures_stand_by_their_position(ctx: Context) -> None:
    await taken(ctx)

    shirt, socks = await Product.get(handle="linen-shirt"), await Product.get(handle="bundle-socks")
    assert [(each.url.split("/")[-1], each.alt) for each in await Image.filter(product=shirt).order_by("position")] == [
        ("linen-white.jpg?v=1", "White linen shirt, front"),
        ("linen-back.jpg?v=1", "Back"),
        ("linen-blue.jpg?v=1", "Blue linen shirt"),
        ("linen-detail.jpg?v=1", ""),
    ]
    assert [url[-5] for url in await images_of(socks)] == ["a", "b"]


async def test_what_has_no_options_has_none(ctx: Context) -> None:
    await taken(ctx)

    bowl, [variant] = await Product.get(handle="tea-bowl"), await variants_of("tea-bowl")
    assert (bowl.title, bowl.options, bowl.vendor) == ("茶碗 🍵", [], "石器工坊")
    assert (variant.title, variant.option_values, variant.barcode) == ("", [], "6901234567892")
    assert await path_of(bowl) == ["茶具"]
    assert await tags_of("tea-bowl") == ["手工", "茶", "陶瓷"]


async def test_variants_without_a_code_are_told_apart_by_their_options(ctx: Context) -> None:
    await taken(ctx)

    cards = await variants_of("gift-card")
    assert [(each.title, each.sku, each.price_minor, each.requires_shipping, each.taxable) for each in cards] == [
        ("$10", None, 1000, False, False),
        ("$25", None, 2500, False, False),
        ("$50", None, 5000, False, False),
    ]


async def test_on_sale_is_only_what_is_published_and_active(ctx: Context) -> None:
    await taken(ctx)

    assert {each.handle: each.status.value for each in await Product.all()} == {
        "linen-shirt": "ACTIVE",
        "tea-bowl": "ACTIVE",
        "gift-card": "DRAFT",  # it has no picture, and so no person could publish it
        "sample-swatch": "DRAFT",
        "old-mug": "ARCHIVED",
        "new-mug": "DRAFT",
        "bundle-socks": "ACTIVE",
    }


async def test_what_is_odd_is_told_by_line_and_column(ctx: Context) -> None:
    run = await taken(ctx)

    assert await issues_of(run) == [
        (15, "Status", "NOT_READY", "Gift Card"),
        (18, "Variant Inventory Qty", "NEGATIVE", "-2"),
        (18, "Variant Barcode", "SHORTENED", "8.80123E+12"),
        (20, "Variant SKU", "CODE_TAKEN", "MUG-OLD"),
    ]
    assert [each.sku for each in await variants_of("new-mug")] == [None]
    assert [each.price_minor for each in await variants_of("sample-swatch")] == [0]
    assert await tags_of("sample-swatch") == ["=cmd|' /C calc'!A0", "free"]
    assert await tags_of("bundle-socks") == ["winter", "wool"]


async def test_the_same_file_again_changes_nothing(ctx: Context) -> None:
    await taken(ctx)
    before = await dump()

    run = await taken(ctx)

    assert (run.products_created, run.products_updated) == (0, 0)
    assert await dump() == before


async def test_a_dry_run_tells_what_would_be_and_does_nothing(ctx: Context) -> None:
    before = await dump()

    run = await taken(ctx, dry_run=True)

    assert (run.products_created, run.products_updated, run.issues_total) == (7, 0, 4)
    assert (await dump(), await Tag.all().count(), await Category.all().count()) == (before, 0, 0)


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        (EXPORT.replace(b"\n", b"\r\n"), ","),
        (b"\xef\xbb\xbf" + EXPORT, ","),
        (rewritten(";"), ";"),
        (rewritten("\t"), "\t"),
        (rewritten(names=NEW_NAMES), ","),
        (rewritten().decode().encode("utf-16"), ","),
    ],
    ids=["crlf", "bom", "semicolons", "tabs", "names of 2024", "utf-16"],
)
async def test_however_it_is_saved_it_is_the_same(
    ctx: Context, other_ctx: Context, content: bytes, delimiter: str
) -> None:
    await taken(ctx)
    expected = await dump(SAME)
    with open_shop(other_ctx.shop):
        file = await upload(other_ctx, content)
        seen = await inspect_file(other_ctx, file.id)
        run = await imported(other_ctx, content, mapping=seen.mapping, source="shopify")

        assert (seen.format, seen.delimiter, seen.decimal) == (FileFormat.SHOPIFY, delimiter, ".")
        assert (run.failure, run.issues_total) == (None, 4)
        assert await dump(SAME) == expected


SAME = {
    "product": "title, handle, description, status, vendor, options, seo_title, seo_description, search_text",
    "variant": "title, sku, barcode, price_minor, list_price_minor, cost_minor, option_values, weight_grams, "
    "requires_shipping, taxable, position, source, external_id",
    "image": "url, alt, position",
    "category": "name, name_key",
    "tag": "name, name_key",
}


async def test_a_product_made_by_hand_is_found_by_its_handle(ctx: Context) -> None:
    bowl = await make.product(ctx, title="Bowl", handle="tea-bowl", variants=({"sku": "TB-01", "price_minor": 1},))

    run = await taken(ctx)

    assert (run.products_created, run.products_updated) == (6, 1)
    found = await Product.get(handle="tea-bowl")
    assert (found.id, found.title, found.source, found.external_id) == (bowl.id, "茶碗 🍵", None, None)
    assert [(each.sku, each.price_minor) for each in await variants_of("tea-bowl")] == [("TB-01", 12800)]


async def test_two_keys_of_one_product_are_told(ctx: Context) -> None:
    header = ("Handle", "Title", "Variant SKU", "Variant Price")
    await taken(ctx, table(("lamp", "Lamp", "L", "5.00"), header=header))
    await Product.filter(handle="lamp").update(handle="light")

    run = await taken(ctx, table(("light", "Light", "L", "6.00"), ("lamp", "Lamp", "M", "5.00"), header=header))

    assert await issues_of(run) == [(3, "Handle", "PRODUCT_TWICE", "lamp")]
    assert [(each.handle, each.title) for each in await Product.all()] == [("light", "Light")]


async def test_pictures_are_put_in_the_order_of_the_file(ctx: Context) -> None:
    urls = [f"https://example.com/{name}.png" for name in "abc"]
    mug = await make.product(ctx, title="Mug", handle="mug", images=urls)
    header = ("Handle", "Title", "Image Src", "Image Position", "Image Alt Text")
    rows = [("mug", "Mug", urls[2], "1", "The mug"), ("mug", "", "https://example.com/d.png", "2", "")]

    run = await taken(ctx, table(*rows, header=header))

    assert [url[-5] for url in await images_of(mug)] == ["c", "d", "a", "b"]
    assert (await Image.get(url=urls[2])).alt == "The mug"
    await undo_import(ctx, run.id)
    await run_import(ctx, run.id)
    assert await images_of(mug) == urls
    assert (await Image.get(url=urls[2])).alt == ""


async def test_stock_that_is_spoken_for_stays(ctx: Context) -> None:
    header = ("Handle", "Title", "Variant SKU", "Variant Inventory Qty")
    await taken(ctx, table(("mug", "Mug", "M", "10"), header=header))
    variant = await Variant.get(sku="M")
    await shop_client().execute_query(
        "INSERT INTO stock_movement (id, stock_id, kind, reserved, actor_kind, happened_at) "
        "SELECT gen_random_uuid(), id, 'RESERVATION', 4, 'system', now() FROM stock WHERE variant_id = $1",
        [variant.id],
    )

    run = await taken(ctx, table(("mug", "Mug", "M", "3"), header=header))

    assert await issues_of(run) == [(2, "Variant Inventory Qty", "STOCK_RESERVED", "3")]
    assert (await Stock.get(variant=variant)).on_hand == 10


async def test_a_category_that_stands_elsewhere_stays_there(ctx: Context) -> None:
    header = ("Handle", "Title", "Variant SKU", "Product Category")
    run = await taken(
        ctx, table(("a", "A", "A", "Home > Lamps"), ("b", "B", "B", "Garden > Lamps > Solar"), header=header)
    )

    assert await issues_of(run) == [(3, "Product Category", "CATEGORY_ELSEWHERE", "Lamps")]
    assert await path_of(await Product.get(handle="b")) == ["Home", "Lamps", "Solar"]
    assert sorted([each.name for each in await Category.all()]) == ["Garden", "Home", "Lamps", "Solar"]


async def test_undoing_puts_all_of_it_back(ctx: Context) -> None:
    """Complaint 17: a wrong import costs nothing."""
    shirt = await make.product(
        ctx,
        title="Shirt",
        handle="linen-shirt",
        vendor="Me",
        seo_title="Mine",
        options=[{"name": "Colour", "values": ["Red"]}],
        variants=({"sku": "LS-W-S", "option_values": ["Red"], "weight_grams": 1, "taxable": False, "on_hand": 2},),
        images=("https://cdn.example.com/s/linen-blue.jpg?v=1",),
    )
    tag = await Tag.create(name="Mine", name_key="mine")
    await ProductTag.create(product=shirt, tag=tag)
    before = await dump(ALL)
    run = await taken(ctx)
    changed = await Product.get(id=shirt.id)
    assert (changed.vendor, await tags_of("linen-shirt")) == ("Stoa Works", ["Linen", "new in", "summer"])

    await undo_import(ctx, run.id)
    run = await run_import(ctx, run.id)

    assert (run.state, run.issue_counts["CODE_TAKEN"], run.products_restored) == (ImportState.UNDONE, 1, 7)
    assert await dump(ALL) == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE product SET vendor = 'Mine' WHERE id = $1",
        "UPDATE product SET seo_title = 'Mine' WHERE id = $1",
        "UPDATE product SET options = '[]' WHERE id = $1",
        "UPDATE variant SET weight_grams = 7 WHERE product_id = $1",
        "UPDATE variant SET taxable = false WHERE product_id = $1",
        "UPDATE image SET alt = 'Mine' WHERE product_id = $1",
        "DELETE FROM product_tag WHERE product_id = $1",
    ],
)
async def test_whatever_was_changed_since_is_kept(ctx: Context, owner, change: str) -> None:  # type: ignore[no-untyped-def]
    run = await taken(ctx)
    shirt = await Product.get(handle="linen-shirt")
    await owner.execute(f'SET search_path TO "{ctx.shop.schema}"')
    await owner.execute(change, shirt.id)

    await undo_import(ctx, run.id)
    run = await run_import(ctx, run.id)

    assert (run.issue_counts["CHANGED_SINCE"], run.products_restored) == (1, 6)
    assert [each.handle for each in await Product.all()] == ["linen-shirt"]
    assert len(await path_of(shirt)) == 3  # of the categories and tags what it needs is left
    assert set(await Tag.all().values_list("name_key", flat=True)) >= set(
        map(str.casefold, await tags_of("linen-shirt"))
    )


# All that an import may change, and no surrogate that comes back different.
ALL = {
    "product": "id, title, handle, description, status, category_id, vendor, options, seo_title, seo_description, "
    "keywords, translations, metadata, source, external_id, search_text, created_at",
    "variant": "id, product_id, title, sku, barcode, option_values, currency, price_minor, list_price_minor, "
    "cost_minor, weight_grams, requires_shipping, taxable, position, source, external_id, created_at",
    "image": "id, product_id, url, file_key, alt, position, created_at",
    "stock": "variant_id, location_id, on_hand",
    "category": "id, name, name_key, parent_id, created_at",
    "tag": "id, name, name_key, created_at",
    "product_tag": "product_id, tag_id",
}


async def test_the_generic_form_names_options_in_its_header(ctx: Context) -> None:
    header = ("商品编码", "商品名称", "SKU", "Option: Colour", "选项：尺码", "价格", "品牌", "标签", "重量(克)")
    content = table(
        ("g1", "杯子", "A", "红", "大", "1,234.50", "石器", "茶，家", "350"),
        ("g1", "杯子", "B", "蓝", "大", "1.234,50", "石器", "茶，家", "350"),
        ("g2", "盘子", '="0012"', "", "", "7", "", "", "0.5"),
        header=header,
    )
    file = await upload(ctx, content)
    seen = await inspect_file(ctx, file.id)
    mapping = seen.mapping | {"product": "商品编码", "sku": "SKU"}

    run = await imported(ctx, content, mapping=mapping)

    assert (seen.format, seen.mapping["option1"], seen.mapping["option2"]) == (None, "Option: Colour", "选项：尺码")
    assert (run.failure, run.issue_counts) == (None, {})
    cup = await Product.get(external_id="g1")
    assert cup.options == [{"name": "Colour", "values": ["红", "蓝"]}, {"name": "尺码", "values": ["大"]}]
    assert (cup.vendor, await tags_of(cup.handle)) == ("石器", ["家", "茶"])
    assert [
        (each.sku, each.title, each.price_minor, each.weight_grams) for each in await Variant.all().order_by("id")
    ] == [
        ("A", "红 / 大", 123450, 350),
        ("B", "蓝 / 大", 123450, 350),
        ("0012", "", 700, 1),
    ]
