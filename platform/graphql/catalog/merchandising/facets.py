"""Facets: what a list of products could be narrowed by, and how many would be left.

Each facet counts with the filters of the others, and not with its own: with "red" chosen the shop still tells how many
blue ones there are. For that a `where` is taken apart into conditions, each of which is about one facet or about none.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stoa.domains.catalog import models
from stoa.graphql.reading.declared import StoredType, type_of_model
from stoa.graphql.reading.filtering import search_sql, where_sql
from stoa.graphql.reading.fragments import TRUE, Fragment, all_of, written
from stoa.graphql.reading.operators import Gathered, said
from stoa.kit.errors import blaming
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

MOST_VALUES, MOST_ATTRIBUTES = 50, 50  # values of a facet that are told, and attributes
CATEGORIES, TAGS, STATUSES, PRICES = "category", "tags", "status", "variants.price"
# Prices in steps of 1, 2, 5, 10 and so on, in minor units.
STEPS = [0, *(digit * 10**place for place in range(15) for digit in (1, 2, 5))]
_STATUSES = "SELECT p.status AS key, count(*) AS products FROM product p WHERE {found} GROUP BY 1 ORDER BY 1"
_CATEGORIES = """
SELECT c.id AS key, c.name, c.translations::text AS translations, counted.products
FROM (SELECT p.category_id, count(*) AS products FROM product p WHERE {found} AND p.category_id IS NOT NULL
  GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {most}) counted
JOIN category c ON c.id = counted.category_id ORDER BY counted.products DESC, c.id
"""
_TAGS = """
SELECT t.id AS key, t.name, t.translations::text AS translations, counted.products
FROM (SELECT pt.tag_id, count(*) AS products FROM product_tag pt {among}
  GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {most}) counted
JOIN tag t ON t.id = counted.tag_id ORDER BY counted.products DESC, t.id
"""
_VALUES = """
SELECT v.attribute_id, v.text, count(*) AS products FROM attribute_value v {among}
{joint} v.attribute_id = ANY({attributes}::uuid[]) GROUP BY 1, 2
"""
_PRICES = """
SELECT step, count(*) AS products FROM (
  SELECT DISTINCT width_bucket(v.price_minor, {steps}::bigint[]) AS step, v.product_id FROM variant v {among}
  {joint} v.currency = {currency} AND v.price_minor IS NOT NULL) counted
GROUP BY 1 ORDER BY 1
"""
_TOTAL = "SELECT count(*) AS products FROM product p WHERE {found}"
_ATTRIBUTES = f"""
SELECT id, key, name, translations::text AS translations, type, unit, choices::text AS choices
FROM attribute WHERE is_facet ORDER BY position, key LIMIT {MOST_ATTRIBUTES}
"""
_REVISION = "SELECT max(updated_at) AS revision FROM product"


@dataclass(frozen=True, slots=True)
class Part:
    """One condition of a `where`, and the facet that it is about (None: of several, or of something else)."""

    facet: str | None
    where: Mapping[str, Any]


def taken_apart(where: Mapping[str, Any]) -> Iterator[Part]:
    """The conditions that must all hold, one by one."""
    for name, value in said(where):
        if name == "and":
            for each in value:
                yield from taken_apart(each)
        else:
            part = {name: value}
            facets = set(_facets(part))
            yield Part(facets.pop() if len(facets) == 1 else None, part)


def _facets(where: Mapping[str, Any]) -> Iterator[str | None]:
    """What the conditions inside are about."""
    for name, value in said(where):
        match name:
            case "and" | "or":
                for each in value:
                    yield from _facets(each)
            case "not":
                yield from _facets(value)
            case "category" | "status" | "tags":
                yield name
            case "attributes":
                yield _attribute_of(value)
            case "variants":
                yield PRICES if _only_price(value) else None
            case _:
                yield None


def _attribute_of(value: Mapping[str, Any]) -> str | None:
    """The attribute that a condition on values is about, if that is one."""
    keys = {
        key for _, inner in said(value) if isinstance(key := inner.get("attribute", {}).get("key", {}).get("eq"), str)
    }
    return f"attribute:{keys.pop()}" if len(keys) == 1 and len(list(said(value))) == 1 else None


def _only_price(value: Mapping[str, Any]) -> bool:
    return all(inner.keys() == {"price"} for _, inner in said(value))


class Narrowed:
    """A list of products as `where` and `search` narrow it, to be counted by facets. Raises `InvalidInput`."""

    def __init__(self, where: Mapping[str, Any] | None, search: str | None) -> None:
        self.revision: Any = None
        self.stored: StoredType = type_of_model(models.Product)
        self.search = search
        self.scopes = self._checked(where)
        self.parts = list(taken_apart(where or {}))

    def _checked(self, where: Mapping[str, Any] | None) -> dict[str, str]:
        """As the list itself checks them, so that the same is said; gives the rights that it takes."""
        into = Gathered()
        into.scopes[self.stored.scope] = "productFacets"
        with blaming("where"):
            where_sql(self.stored, "p", where or {}, into)
        with blaming("search"):
            if self.search is not None:
                search_sql(self.stored, self.search, into)
        return into.scopes

    @property
    def own(self) -> set[str]:
        """The facets that have filters of their own."""
        return {each.facet for each in self.parts if each.facet is not None}

    def found(self, facet: str, into: Gathered) -> str | None:
        """The condition about the product `p` that all filters but the facet's own state; None when all meet it."""
        with blaming("where"):
            conditions: list[Fragment] = [
                where_sql(self.stored, "p", part.where, into) for part in self.parts if part.facet != facet
            ]
        if self.search is not None:
            conditions.append(search_sql(self.stored, self.search, into))
        met = all_of(conditions)
        return None if met == TRUE else written(met, "p", 0)


async def count_total(ctx: Context, narrowed: Narrowed) -> int:
    into = Gathered()
    [row] = await _counted(ctx, narrowed, _TOTAL.format(found=narrowed.found("", into) or "TRUE"), into)
    return int(row["products"])


async def count_statuses(ctx: Context, narrowed: Narrowed) -> Sequence[Mapping[str, Any]]:
    into = Gathered()
    return await _counted(ctx, narrowed, _STATUSES.format(found=narrowed.found(STATUSES, into) or "TRUE"), into)


async def count_categories(ctx: Context, narrowed: Narrowed) -> Sequence[Mapping[str, Any]]:
    into = Gathered()
    found = narrowed.found(CATEGORIES, into) or "TRUE"
    return await _counted(ctx, narrowed, _CATEGORIES.format(found=found, most=MOST_VALUES), into)


async def count_tags(ctx: Context, narrowed: Narrowed) -> Sequence[Mapping[str, Any]]:
    into = Gathered()
    among, _ = _among(narrowed.found(TAGS, into), "pt")
    return await _counted(ctx, narrowed, _TAGS.format(among=among, most=MOST_VALUES), into)


async def count_prices(ctx: Context, narrowed: Narrowed) -> Sequence[Mapping[str, Any]]:
    """By the number of the step, from 1."""
    into = Gathered()
    among, joint = _among(narrowed.found(PRICES, into), "v")
    steps, currency = f"${int(into.add(STEPS))}", f"${int(into.add(ctx.shop.currency))}"
    return await _counted(ctx, narrowed, _PRICES.format(among=among, joint=joint, steps=steps, currency=currency), into)


async def count_attributes(ctx: Context, narrowed: Narrowed) -> list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    """Each attribute with its values, most frequent first. Those without a filter of their own are counted together."""
    attributes = await _counted(ctx, narrowed, _ATTRIBUTES, Gathered())
    own = {each["id"]: facet for each in attributes if (facet := f"attribute:{each['key']}") in narrowed.own}
    free = [each["id"] for each in attributes if each["id"] not in own]
    values: dict[Any, list[Mapping[str, Any]]] = {each["id"]: [] for each in attributes}
    for facet, ids in [("", free), *((facet, [id]) for id, facet in own.items())]:
        for row in await _count_values(ctx, narrowed, facet, ids) if ids else ():
            values[row["attribute_id"]].append(row)
    for rows in values.values():
        rows.sort(key=lambda row: (-row["products"], row["text"]))
    return [(each, values[each["id"]][:MOST_VALUES]) for each in attributes if values[each["id"]]]


async def _count_values(
    ctx: Context, narrowed: Narrowed, facet: str, attribute_ids: list[Any]
) -> Sequence[Mapping[str, Any]]:
    into = Gathered()
    among, joint = _among(narrowed.found(facet, into), "v")
    statement = _VALUES.format(among=among, joint=joint, attributes=f"${int(into.add(attribute_ids))}")
    return await _counted(ctx, narrowed, statement, into)


def _among(found: str | None, alias: str) -> tuple[str, str]:
    """Rows that belong to the products found; and the word with which more is said of them."""
    if found is None:
        return "", "WHERE"
    return f"WHERE {alias}.product_id IN (SELECT p.id FROM product p WHERE {found})", "AND"


# Kept for as long as no product has changed, and not long even so: the newest change of a product is found at once by
# its index, while what was taken away, or renamed, leaves no trace there.
KEEP_FOR = 30.0
_KEEP_MOST = 512
_kept: OrderedDict[Any, tuple[float, Any, Sequence[Mapping[str, Any]]]] = OrderedDict()


async def note_revision(narrowed: Narrowed) -> None:
    """Read when a product of the open shop was changed last: what is counted from now on is at least as new."""
    [row] = await shop_client().execute_query_dict(_REVISION)
    narrowed.revision = row["revision"]


async def _counted(ctx: Context, narrowed: Narrowed, statement: str, into: Gathered) -> Sequence[Mapping[str, Any]]:
    key = (ctx.shop.schema, statement, repr(into.values))
    kept = _kept.get(key)
    if kept is not None and kept[1] == narrowed.revision and time.monotonic() - kept[0] < KEEP_FOR:
        _kept.move_to_end(key)
        return kept[2]
    began = time.monotonic()
    rows: Sequence[Mapping[str, Any]] = await shop_client().execute_query_dict(statement, into.values)
    _kept[key] = (began, narrowed.revision, rows)
    _kept.move_to_end(key)
    while len(_kept) > _KEEP_MOST:
        _kept.popitem(last=False)
    return rows
