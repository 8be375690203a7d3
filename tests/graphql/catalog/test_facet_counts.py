"""The counts that the database keeps are those that counting gives, whatever happens to products, and whoever does it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import asyncpg
import pytest

from stoa.domains import catalog
from stoa.domains.catalog import merchandising
from stoa.domains.catalog.models import Category, ProductStatus, Tag
from stoa.graphql.catalog.merchandising import counting
from stoa.kit.ids import type_id
from stoa.settings import Settings
from stoa.tenants.connecting import owner_connection
from stoa.tenants.context import Context, ShopRef, open_shop
from stoa.tenants.database import shop_client, shop_transaction
from tests import make
from tests.graphql.asking import Ask

KEPT = "SELECT facet, value, sum(products)::int AS n FROM facet_count GROUP BY 1, 2 HAVING sum(products) <> 0"
COUNTED = f"""
SELECT 'status' AS facet, status::text AS value, count(*)::int AS n FROM product GROUP BY 2
UNION ALL SELECT 'category', category_id::text, count(*)::int FROM product WHERE category_id IS NOT NULL GROUP BY 2
UNION ALL SELECT 'tag', tag_id::text, count(*)::int FROM product_tag GROUP BY 2
UNION ALL SELECT attribute_id::text, text, count(*)::int FROM attribute_value GROUP BY 1, 2
UNION ALL SELECT 'price:' || currency, step::text, count(*)::int FROM (
  SELECT DISTINCT product_id, currency, width_bucket(price_minor, '{{{",".join(map(str, counting.STEPS))}}}'::bigint[])
    AS step FROM variant WHERE price_minor IS NOT NULL) s GROUP BY 1, 2
"""
# What anybody could do to the rows that are counted; {n} is some number.
DEEDS = (
    "INSERT INTO product (id, title, handle, status, search_text, version, created_at, updated_at) "
    "SELECT gen_random_uuid(), 'P', gen_random_uuid(), 'DRAFT', '', 1, now(), now() FROM generate_series(1, {n} % 3)",
    "INSERT INTO variant (id, product_id, currency, price_minor, created_at) "
    "SELECT gen_random_uuid(), id, 'EUR', {n} * 37 % 900, now() FROM product ORDER BY md5(id::text || {n}) LIMIT 4",
    "INSERT INTO variant (id, product_id, currency, created_at) "
    "SELECT gen_random_uuid(), id, 'USD', now() FROM product ORDER BY md5(id::text || {n}) LIMIT 2",
    "INSERT INTO product_tag (id, product_id, tag_id) SELECT gen_random_uuid(), p.id, t.id FROM product p, tag t "
    "ORDER BY md5(p.id::text || t.id || {n}) LIMIT 5 ON CONFLICT DO NOTHING",
    "INSERT INTO attribute_value (id, product_id, attribute_id, text) SELECT gen_random_uuid(), p.id, a.id, 'v' || {n} % 4 "
    "FROM product p, attribute a ORDER BY md5(p.id::text || a.id || {n}) LIMIT 5 ON CONFLICT DO NOTHING",
    "UPDATE product SET status = CASE WHEN {n} % 2 = 0 THEN 'ACTIVE' ELSE 'ARCHIVED' END "
    "WHERE id IN (SELECT id FROM product ORDER BY md5(id::text || {n}) LIMIT 3)",
    "UPDATE product SET category_id = (SELECT id FROM category ORDER BY md5(id::text || {n}) LIMIT 1), title = 'Q' "
    "WHERE id IN (SELECT id FROM product ORDER BY md5(id::text || {n}) LIMIT 3)",
    "UPDATE variant SET price_minor = nullif({n} * 53 % 700, 0), title = 'T' "
    "WHERE id IN (SELECT id FROM variant ORDER BY md5(id::text || {n}) LIMIT 6)",
    "UPDATE variant SET currency = 'USD' WHERE id IN (SELECT id FROM variant ORDER BY md5(id::text || {n}) LIMIT 2)",
    "UPDATE variant SET product_id = (SELECT id FROM product ORDER BY md5(id::text || {n}) LIMIT 1) "
    "WHERE id IN (SELECT id FROM variant ORDER BY md5(id::text || {n}) LIMIT 2)",
    "UPDATE variant SET weight_grams = {n}",
    "DELETE FROM variant WHERE id IN (SELECT id FROM variant ORDER BY md5(id::text || {n}) LIMIT 2)",
    "DELETE FROM product_tag WHERE id IN (SELECT id FROM product_tag ORDER BY md5(id::text || {n}) LIMIT 2)",
    "UPDATE attribute_value SET text = text || {n} % 2 WHERE id IN "
    "(SELECT id FROM attribute_value ORDER BY md5(id::text || {n}) LIMIT 2)",
    "DELETE FROM product WHERE id IN (SELECT id FROM product ORDER BY md5(id::text || {n}) LIMIT {n} % 2)",
    "DELETE FROM category WHERE id IN (SELECT id FROM category ORDER BY md5(id::text || {n}) LIMIT {n} % 2)",
    "INSERT INTO category (id, name, name_key, created_at) SELECT gen_random_uuid(), 'C', gen_random_uuid(), now()",
    "SELECT platform.fold_facets()",
)


async def kept_and_counted(owner: asyncpg.Connection, shop: ShopRef) -> tuple[dict[Any, int], dict[Any, int]]:
    async with owner.transaction():
        await owner.execute(f'SET LOCAL search_path TO "{shop.schema}"')
        kept = {(row["facet"], row["value"]): row["n"] for row in await owner.fetch(KEPT)}
        counted = {(row["facet"], row["value"]): row["n"] for row in await owner.fetch(COUNTED)}
    return kept, counted


@pytest.fixture
async def furnished(ctx: Context) -> Context:
    """Shelves and tags to begin with."""
    for number in range(4):
        await make.category(ctx, f"Shelf {number}")
    product = await make.product(ctx)
    await merchandising.change_tags(ctx, [product.id], add=["red", "round", "old"])
    return ctx


async def test_counts_follow_whatever_is_done_to_the_rows(furnished: Context, owner: asyncpg.Connection) -> None:
    """P10: the counts of facets are kept by the database, and by nobody's good will."""
    chance = random.Random(7)
    await owner.execute(f'SET search_path TO "{furnished.shop.schema}"')
    for round in range(60):
        for _ in range(4):
            await owner.execute(chance.choice(DEEDS).replace("{n}", str(chance.randrange(10_000))))
        kept, counted = await kept_and_counted(owner, furnished.shop)
        assert kept == counted, f"round {round}"
    assert {facet for facet, _ in counted} > {"status", "tag", "price:EUR"}


async def test_counts_follow_what_is_done_at_the_same_time(
    furnished: Context, owner: asyncpg.Connection, settings: Settings
) -> None:
    """Two who give one product its first variant of a price count it once; and folding takes nobody's rows."""
    product = await make.product(furnished, variants=())
    add = (
        "INSERT INTO variant (id, product_id, currency, price_minor, created_at) "
        f"VALUES (gen_random_uuid(), '{product.id}', 'EUR', 150, now())"
    )

    async def somebody(number: int) -> None:
        async with owner_connection(settings) as connection:
            await connection.execute(f'SET search_path TO "{furnished.shop.schema}"')
            for turn in range(8):
                async with connection.transaction():
                    await connection.execute(f"SELECT FROM product WHERE id = '{product.id}' FOR NO KEY UPDATE")
                    await connection.execute(add)
                    await connection.execute(DEEDS[0].replace("{n}", str(number + turn)))
                await connection.execute("SELECT platform.fold_facets()")

    await asyncio.gather(*(somebody(number) for number in range(4)))

    kept, counted = await kept_and_counted(owner, furnished.shop)
    assert kept == counted
    assert kept["price:EUR", str(counting.STEPS.index(100) + 1)] == 1


async def test_what_is_taken_back_was_never_counted(furnished: Context, owner: asyncpg.Connection) -> None:
    before, _ = await kept_and_counted(owner, furnished.shop)

    with pytest.raises(RuntimeError, match="never mind"):
        async with shop_transaction():
            await shop_client().execute_query("UPDATE product SET status = 'ARCHIVED'")
            await shop_client().execute_query("DELETE FROM product_tag")
            raise RuntimeError("never mind")

    assert (await kept_and_counted(owner, furnished.shop)) == (before, before)


async def test_folding_leaves_a_row_for_each_value(furnished: Context, owner: asyncpg.Connection) -> None:
    for number in range(20):
        await make.product(furnished, title=f"Cup {number}")
    before, _ = await kept_and_counted(owner, furnished.shop)
    await owner.execute(f'SET search_path TO "{furnished.shop.schema}"; SELECT platform.fold_facets()')

    after, _ = await kept_and_counted(owner, furnished.shop)
    assert after == before
    assert await owner.fetchval("SELECT count(*) FROM facet_count") == len(after)


async def test_a_part_of_the_shop_and_most_of_it_count_alike(ask: Ask) -> None:
    """Whether a filter finds 1 of 10 products or 9 of them, each value is counted as if by hand."""
    chance, expected = random.Random(3), dict[int, Counter[str]]()
    for number in range(10):
        colour = chance.choice(["red", "blue"])
        row = await make.product(ask.ctx, handle=f"h{number}", variants=[{"price_minor": 150 + 400 * (number % 2)}] * 2)
        await merchandising.set_attributes(ask.ctx, [row.id], {"style": [colour]})
        await merchandising.change_tags(ask.ctx, [row.id], add=[colour.upper()])
        expected[number] = Counter([colour, colour.upper(), "5.00" if number % 2 else "1.00"])
    query = (
        "query ($handles: [String!]!) { productFacets(where: {handle: {in: $handles}}) { total tags { label count } "
        "attributes { values { value count } } prices { atLeast { amount } count } } }"
    )
    for found in (range(0), range(1), range(3, 6), range(2, 9), range(10)):
        facets = (await ask.data(query, handles=[f"h{number}" for number in found]))["productFacets"]
        seen = Counter({each["value"]: each["count"] for one in facets["attributes"] for each in one["values"]})
        seen += Counter({each["label"]: each["count"] for each in facets["tags"]})
        seen += Counter({each["atLeast"]["amount"]: each["count"] for each in facets["prices"]})
        assert (facets["total"], seen) == (len(found), sum((expected[number] for number in found), Counter()))


async def test_a_product_that_is_gone_is_counted_no_more(ask: Ask) -> None:
    category = await make.category(ask.ctx, "Cups")
    kept, gone = [
        await make.product(ask.ctx, category=category, variants=(), status=ProductStatus.DRAFT) for _ in range(2)
    ]
    query = "{ productFacets { total categories { id count } } }"
    assert (await ask.data(query))["productFacets"]["total"] == 2

    with open_shop(ask.ctx.shop):
        await catalog.delete_product(ask.ctx, gone.id)

    shown = (await ask.data(query))["productFacets"]
    assert shown == {"total": 1, "categories": [{"id": type_id("cat", category.id), "count": 1}]}
    assert await Category.all().count() == 1
    assert await Tag.all().count() == 0
    assert kept.id != gone.id
