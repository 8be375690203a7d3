"""Keep fresh what follows from products: the collections that rules put them into, and the words they are found by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from stoa.domains.catalog.errors import HasNoRules, NoSuchCollection
from stoa.domains.catalog.merchandising.ruling import About, Rules, checked_rules, rules_sql
from stoa.domains.catalog.models import Attribute, AttributeType, Collection, CollectionKind
from stoa.domains.catalog.naming import refresh_search_text
from stoa.kit.clock import now
from stoa.kit.errors import blaming
from stoa.kit.ids import first_id_of
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

BATCH = 1_000
PREVIEW_LIMIT = 10_000
# The difference between what is in it and what should be, and nothing else, is written. Newest products come first.
_REFRESH = """
WITH wanted AS MATERIALIZED (SELECT p.id, p.created_at FROM product p WHERE {scope} AND {rules}),
gone AS (
  DELETE FROM collection_product c WHERE c.collection_id = $1 AND {scope_of_rows}
  AND NOT EXISTS (SELECT FROM wanted WHERE wanted.id = c.product_id) RETURNING 1),
come AS (
  INSERT INTO collection_product (id, collection_id, product_id, position)
  SELECT gen_random_uuid(), $1, wanted.id, -(extract(epoch FROM wanted.created_at) / 60)::int FROM wanted
  WHERE NOT EXISTS (SELECT FROM collection_product c WHERE c.collection_id = $1 AND c.product_id = wanted.id)
  ON CONFLICT (collection_id, product_id) DO NOTHING RETURNING 1),
noted AS (UPDATE collection SET refreshed_at = $2 WHERE id = $1)
SELECT (SELECT count(*) FROM come) AS come, (SELECT count(*) FROM gone) AS gone
"""
_CHANGED = f"""
SELECT id, updated_at FROM product WHERE (updated_at, id) > ($1, $2) ORDER BY updated_at, id LIMIT {BATCH}
"""
FIRST = UUID(int=0)
# Ids of movements begin with the time at which they were made.
_MOVED = f"""
SELECT m.id, v.product_id FROM stock_movement m JOIN stock s ON s.id = m.stock_id JOIN variant v ON v.id = s.variant_id
WHERE m.id > $1 ORDER BY m.id LIMIT {BATCH}
"""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many products came into a collection and how many left it."""

    come: int
    gone: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What rules would find: the number (of which `PREVIEW_LIMIT` + 1 says more), and the newest."""

    count: int
    product_ids: list[UUID]


async def refresh_collection(ctx: Context, collection_id: UUID) -> Refreshed:
    """Make a collection hold what its rules say, whole. Raises `NoSuchCollection` and `HasNoRules`."""
    async with shop_transaction():
        row = await Collection.filter(id=collection_id).select_for_update().get_or_none()
        if row is None:
            raise NoSuchCollection("There is no such collection.", path=["id"])
        if row.kind is CollectionKind.MANUAL:
            raise HasNoRules("{title} is put together by hand.", path=["id"], title=row.title)
        return await refresh(ctx, row.id, Rules.read(row.rules))


async def preview_rules(ctx: Context, rules: Rules, *, first: int) -> Preview:
    """What the rules would find; nothing is saved. Raises `InvalidInput` and the like that blame a condition."""
    with blaming("rules"):
        rules = await checked_rules(ctx, rules)
    values: list[Any] = []
    condition = rules_sql(ctx, rules, await _attribute_types(), values)
    counted = f"SELECT count(*) AS count FROM (SELECT FROM product p WHERE {condition} LIMIT {PREVIEW_LIMIT + 1}) found"
    [row] = await shop_client().execute_query_dict(counted, values)
    newest = f"SELECT p.id FROM product p WHERE {condition} ORDER BY p.created_at DESC, p.id DESC LIMIT {int(first)}"
    rows = await shop_client().execute_query_dict(newest, values)
    return Preview(row["count"], [each["id"] for each in rows])


async def refresh(ctx: Context, collection_id: UUID, rules: Rules, *, among: Sequence[UUID] | None = None) -> Refreshed:
    """One statement, for all products or those `among` which something changed. In the open transaction."""
    values: list[Any] = [collection_id, now(), *([] if among is None else [list(among)])]
    statement = _REFRESH.format(
        scope="TRUE" if among is None else "p.id = ANY($3::uuid[])",
        scope_of_rows="TRUE" if among is None else "c.product_id = ANY($3::uuid[])",
        rules=rules_sql(ctx, rules, await _attribute_types(), values),
    )
    [row] = await shop_client().execute_query_dict(statement, values)
    return Refreshed(row["come"], row["gone"])


async def follow_changes(ctx: Context, since: datetime) -> int:
    """Bring up to date whatever follows from products that have changed since then; tells how many those were.

    What is up to date already changes nothing, so it may be done as often as one likes.
    """
    after, seen = (since, FIRST), 0
    while rows := await shop_client().execute_query_dict(_CHANGED, list(after)):
        seen += len(rows)
        async with shop_transaction():
            ids = [row["id"] for row in rows]
            await refresh_search_text(ids)
            for each in await _ruled():
                await refresh(ctx, each.id, Rules.read(each.rules), among=ids)
        after = (rows[-1]["updated_at"], rows[-1]["id"])
        if len(rows) < BATCH:
            break
    return seen


async def follow_stock(ctx: Context, since: datetime) -> int:
    """Bring up to date the collections whose rules ask for stock, by what has moved since; how many movements."""
    after, seen = first_id_of(since), 0
    while rows := await shop_client().execute_query_dict(_MOVED, [after]):
        seen += len(rows)
        async with shop_transaction():
            for each in await _ruled():
                rules = Rules.read(each.rules)
                if any(condition.about is About.STOCK for condition in rules.conditions):
                    await refresh(ctx, each.id, rules, among=sorted({row["product_id"] for row in rows}))
        after = rows[-1]["id"]
        if len(rows) < BATCH:
            break
    return seen


async def _ruled() -> list[Collection]:
    return await Collection.filter(kind=CollectionKind.RULES).order_by("id").select_for_update()


async def _attribute_types() -> dict[str, AttributeType]:
    return {each.key: each.type for each in await Attribute.all().only("id", "key", "type")}
