"""A shop with as many products as one likes, made by COPY: three variants and two pictures each, on 40 shelves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from stoa.domains.catalog.naming import search_text_of
from stoa.tenants.context import ShopRef

START = datetime(2026, 1, 1, tzinfo=UTC)
CATEGORIES = 40
WARES = ("Teapot", "茶杯", "Scarf", "Lamp", "青花瓷盖碗", "Notebook", "Candle", "Mug")
COLUMNS = {
    "category": "id name name_key created_at",
    "product": "id title handle description status category_id search_text version created_at updated_at",
    "variant": "id product_id title sku currency price_minor position version created_at",
    "stock": "id variant_id location_id",
    "stock_movement": "id stock_id kind on_hand actor_kind happened_at",
    "image": "id product_id url alt position created_at",
}


def product_id(number: int) -> UUID:
    return UUID(int=0x01900000_0000_7000_8000_000000000000 + number)


def variant_id(number: int, position: int) -> UUID:
    return UUID(int=0x01900000_0001_7000_8000_000000000000 + number * 3 + position)


def _stock_id(number: int, position: int) -> UUID:
    return UUID(int=0x01900000_0003_7000_8000_000000000000 + number * 3 + position)


def category_id(number: int) -> UUID:
    return UUID(int=0x01900000_0002_7000_8000_000000000000 + number % CATEGORIES)


def title(number: int) -> str:
    return f"{WARES[number % len(WARES)]} {number * 7919 % 1_000_003}"


async def fill(owner: Any, shop: ShopRef, products: int) -> None:
    main = await owner.fetchval(f'SELECT id FROM "{shop.schema}".location WHERE is_main')
    await owner.execute(f'SET search_path TO "{shop.schema}"')  # the trigger that adds stock up goes by it
    for table, rows in _tables(products, main).items():
        columns = COLUMNS[table].split()
        await owner.copy_records_to_table(table, schema_name=shop.schema, columns=columns, records=rows)
    await owner.execute("RESET search_path")
    await owner.execute(" ".join(f'ANALYZE "{shop.schema}".{table};' for table in COLUMNS))


def _tables(products: int, main: UUID) -> dict[str, Iterator[tuple[Any, ...]]]:
    numbers = range(products)
    forms = [(number, position) for number in numbers for position in range(3)]
    return {
        "category": ((category_id(n), f"Shelf {n}", f"shelf {n}", START) for n in range(CATEGORIES)),
        "product": (_product(number) for number in numbers),
        "variant": (
            (variant_id(n, p), product_id(n), "SML"[p], f"SKU-{n}-{p}", "EUR", 100 * p, p, 1, START) for n, p in forms
        ),
        "stock": ((_stock_id(n, p), variant_id(n, p), main) for n, p in forms),
        "stock_movement": (
            (_stock_id(n, p), _stock_id(n, p), "IMPORT", n % 50, "system", START) for n, p in forms if n % 50
        ),
        "image": (
            (UUID(int=product_id(n).int + (p + 3 << 64)), product_id(n), f"https://img.test/{n}/{p}", "", p, START)
            for n in numbers
            for p in range(2)
        ),
    }


def _product(number: int) -> tuple[Any, ...]:
    skus = [f"SKU-{number}-{position}" for position in range(3)]
    handle = f"product-{number}"
    made_at = START + timedelta(minutes=number * 7919 % 1_000_003)
    return (
        product_id(number),
        title(number),
        handle,
        "A sentence about it. " * 10,
        "ACTIVE",
        category_id(number),
        search_text_of(title(number), handle, skus),
        1,
        made_at,
        made_at + timedelta(days=number % 30),
    )
