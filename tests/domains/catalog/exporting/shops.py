"""Shops with any goods in them, for tests of exporting: drawn by Hypothesis, put in place by the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from hypothesis import strategies as st

from stoa.domains.catalog.choosing import Chosen
from stoa.domains.catalog.describing import clean_description
from stoa.domains.catalog.exporting import ExportRun, FileFormat, run_export, start_export
from stoa.domains.catalog.importing import run_import
from stoa.domains.catalog.importing.recognising import recognise
from stoa.domains.catalog.models import ImportRun, MovementKind
from stoa.domains.catalog.naming import refresh_search_text
from stoa.domains.catalog.seo import clean_keywords, normal
from stoa.domains.catalog.stock.setting import set_on_hand
from stoa.domains.catalog.translating import merged
from stoa.kit.clock import now
from stoa.kit.ids import new_id
from stoa.kit.text import clean_line, clean_text, slugify
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.uploading import shop_files
from tests.domains.catalog.importing.tables import ordered

# What spreadsheets, CSV and our own marks trip over, more often than chance would have it.
ODD = st.sampled_from(
    [
        *(
            "=1+1",
            "'=1+1",
            "''=x",
            "+49 30",
            "-5",
            "-5.5.",
            "@home",
            "'90",
            "'0012",
            "0012",
            "1E5",
            "8.80123E+12",
            "'1E5",
        ),
        *(
            '="0012"',
            '"quoted"',
            "a,b",
            "a;b\tc",
            "a, b",
            "x > y",
            "a\\>b",
            "a\\\\,b",
            "，全角",
            "茶碗 🍵",
            "ÄÖ\u0301",
            "-",
        ),
        *(
            "Title",
            "Default Title",
            "title",
            "TRUE",
            "Uncategorized",
            "<p>x</p>",
            "'",
            "''",
            "\\",
            ">",
            "\ufeffx",
            "#N/A",
        ),
    ]
)
TEXT = ODD | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LINE = TEXT.map(lambda text: clean_line(text, what="text", limit=1000, required=False))
WORDS = LINE.filter(bool)
TEXTS = st.lists(TEXT, max_size=3).map(lambda lines: clean_text("\n".join(lines), what="text", limit=5000))
PRICES = st.none() | st.integers(0, 10**12)
COUNT = st.integers(0, 2**31 - 1)


TRANSLATIONS = st.dictionaries(
    st.sampled_from(["en", "zh"]),
    st.fixed_dictionaries({}, optional={"title": WORDS, "description": TEXTS.map(clean_description).filter(bool)}),
).map(lambda given: merged({}, given))


def _form(draw: Any, options: int, i: int) -> dict[str, Any]:
    return {
        "title": draw(LINE) if not options else draw(LINE),
        "option_values": [draw(WORDS) if j else f"{draw(WORDS)} {i}" for j in range(options)],
        "sku": draw(st.none() | WORDS.map(lambda code: code[:40])),
        "barcode": draw(st.none() | WORDS),
        "price_minor": draw(PRICES),
        "list_price_minor": draw(PRICES),
        "cost_minor": draw(PRICES),
        "weight_grams": draw(st.none() | COUNT),
        "requires_shipping": draw(st.booleans()),
        "taxable": draw(st.booleans()),
        "on_hand": draw(COUNT),
    }


@st.composite
def products(draw: Any) -> dict[str, Any]:
    """A product as the shop may have it; its variants differ in their options, or in their titles."""
    names = draw(st.lists(WORDS, max_size=3, unique=True))
    if [name.casefold() for name in names] == ["title"]:
        names = []
    variants = [_form(draw, len(names), i) for i in range(draw(st.integers(1, 4)))]
    if not names:
        seen: set[str] = set()
        variants = [
            each
            for each in variants
            if not (_shown(each["title"]) in seen or seen.add(_shown(each["title"])))  # type: ignore[func-returns-value]
        ]
    urls = draw(st.lists(st.sampled_from([f"https://img.test/{i}.png?a=1,2" for i in range(6)]), max_size=5))
    category = draw(st.none() | st.integers(0, 3))
    # what is on sale and lacks something would come back as a draft (importing/releasing.py)
    is_ready = bool(urls) and category is not None and all(each["price_minor"] is not None for each in variants)
    return {
        "title": draw(WORDS),
        "handle": draw(WORDS),
        "description": draw(TEXTS),
        "status": draw(st.sampled_from(["DRAFT", "ARCHIVED", "ACTIVE" if is_ready else "DRAFT"])),
        "vendor": draw(LINE),
        "options": [
            {"name": name, "values": list(dict.fromkeys(each["option_values"][i] for each in variants))}
            for i, name in enumerate(names)
        ],
        "seo_title": draw(LINE),
        "seo_description": draw(TEXTS),
        "keywords": clean_keywords(draw(st.lists(WORDS.filter(normal).map(lambda word: word[:20]), max_size=3))),
        "translations": draw(TRANSLATIONS),
        "category": category,
        "tags": draw(st.sets(st.integers(0, 3))),
        "variants": variants,
        "images": [{"url": url, "alt": draw(LINE)} for url in urls],
    }


@st.composite
def goods(draw: Any) -> dict[str, Any]:
    """All that a shop has. Categories stand in a row, each in the one before it or beside it."""
    names = st.lists(WORDS, min_size=4, max_size=4, unique_by=str.casefold)
    return {
        "categories": draw(names),
        "nested": draw(st.lists(st.booleans(), min_size=4, max_size=4)),
        "tags": draw(names),
        "products": draw(st.lists(products(), max_size=4)),
    }


def _shown(title: str) -> str:
    """Shopify's form has another word for none."""
    return "" if title.casefold() == "default title" else title


EMPTY = ("product", "tag", "import_run", "export_run")


async def emptied() -> None:
    """Take everything out of the open shop."""
    for name in EMPTY:
        await shop_client().execute_query(f"DELETE FROM {name}")
    while await shop_client().execute_query_dict(
        "DELETE FROM category c WHERE NOT EXISTS (SELECT FROM category d WHERE d.parent_id = c.id) RETURNING id"
    ):
        pass


async def stocked(ctx: Context, given: Mapping[str, Any]) -> None:
    """Put the goods into the open shop, as its operations would."""
    categories = await _categories(given)
    tags = [new_id() for _ in given["tags"]]
    for tag_id, name in zip(tags, given["tags"], strict=True):
        await _insert("tag", id=tag_id, name=name, name_key=name.casefold(), created_at=now())
    handles: set[str] = set()
    codes: set[str] = set()
    for i, one in enumerate(given["products"]):
        handle = slugify(one["handle"]) or "product"
        handle = handle if handle not in handles else f"{handle}-x{i}"
        handles.add(handle)
        product_id = new_id()
        one["description"] = clean_description(one["description"])
        names = ("title", "description", "status", "vendor", "options", "seo_title", "seo_description")
        # what Shopify's form has no place for would not come back from it
        names += () if given.get("is_plain") else ("keywords", "translations")
        await _insert(
            "product",
            id=product_id,
            handle=handle,
            category_id=None if one["category"] is None else categories[one["category"]],
            search_text="",
            version=1,
            created_at=now(),
            updated_at=now(),
            **{name: one[name] for name in names},
        )
        for tag in one["tags"]:
            await _insert("product_tag", id=new_id(), product_id=product_id, tag_id=tags[tag])
        for j, image in enumerate(one["images"]):
            await _insert("image", id=new_id(), product_id=product_id, position=2 * j, created_at=now(), **image)
        for j, variant in enumerate(one["variants"]):
            await _variant(ctx, product_id, j, {**variant}, codes)
        await refresh_search_text([product_id])


async def _categories(given: Mapping[str, Any]) -> list[Any]:
    ids: list[Any] = []
    for name, is_inside in zip(given["categories"], given["nested"], strict=True):
        parent_id = ids[-1] if ids and is_inside else None
        ids.append(new_id())
        key = name.casefold()
        await _insert("category", id=ids[-1], name=name, name_key=key, parent_id=parent_id, created_at=now())
    return ids


async def _variant(ctx: Context, product_id: Any, position: int, variant: dict[str, Any], codes: set[str]) -> None:
    variant_id, on_hand = new_id(), variant.pop("on_hand")
    if variant["sku"] in codes:
        variant["sku"] = None
    codes.add(variant["sku"])
    await _insert(
        "variant",
        id=variant_id,
        product_id=product_id,
        currency=ctx.shop.currency,
        position=position,
        version=1,
        created_at=now(),
        **variant,
    )
    async with shop_transaction():
        await set_on_hand(ctx, {variant_id: on_hand}, kind=MovementKind.COUNT)


async def _insert(table: str, **columns: Any) -> None:
    names = ", ".join(columns)
    row = msgspec.json.encode(columns).decode()
    await shop_client().execute_query(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{table}, $1::jsonb)", [row]
    )


async def exported(
    ctx: Context, format: FileFormat = FileFormat.GENERIC, *, with_bom: bool = False, **chosen: Any
) -> bytes:
    """The file of an export of the open shop."""
    run = await run_export(ctx, (await start_export(ctx, format, Chosen(**chosen), with_bom=with_bom)).id)
    return await content_of(ctx, run)


async def content_of(ctx: Context, run: ExportRun) -> bytes:
    assert run.file_key is not None
    return b"".join([chunk async for chunk in shop_files(ctx.shop).stream(run.file_key)])


async def taken_back(ctx: Context, content: bytes, source: str = "export") -> ImportRun:
    """An import of an exported file into the open shop."""
    known = recognise(content.decode("utf-8-sig").split("\r\n")[0].split(","))
    assert known is not None
    run = await ordered(ctx, content, mapping=known[1], source=source)
    return await run_import(ctx, run.id)
