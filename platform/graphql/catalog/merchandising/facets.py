"""Facets: what a list of products could be narrowed by, and how many would be left.

Each facet counts with the filters of the others, and not with its own: with "red" chosen the shop still tells how many
blue ones there are. For that a `where` is taken apart into conditions, each of which is about one facet or about none.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

from stoa.domains.catalog import models
from stoa.graphql.catalog.merchandising import counting
from stoa.graphql.reading.declared import StoredType, type_of_model
from stoa.graphql.reading.filtering import search_sql, where_sql
from stoa.graphql.reading.fragments import TRUE, Fragment, all_of, written
from stoa.graphql.reading.operators import Gathered, said
from stoa.kit.errors import blaming
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

MOST_VALUES, MOST_ATTRIBUTES = 50, 50  # values of a facet that are told, and attributes
Rows: TypeAlias = Sequence[Mapping[str, Any]]
CATEGORIES, TAGS, STATUSES, PRICES = "category", "tags", "status", "variants.price"
_STATUSES = "SELECT value AS key, products FROM ({counted}) counted"
_NAMED = """
SELECT t.id AS key, t.name, t.translations::text AS translations, counted.products
FROM (SELECT value::uuid AS id, products FROM ({counted}) every WHERE value IS NOT NULL ORDER BY 2 DESC, 1 LIMIT {most})
  counted
JOIN {table} t ON t.id = counted.id ORDER BY counted.products DESC, t.id
"""
_PRICES = "SELECT value::int AS step, products FROM ({counted}) counted"
_ATTRIBUTES = f"""
SELECT id, key, name, translations::text AS translations, type, unit, choices::text AS choices
FROM attribute WHERE is_facet ORDER BY position, key LIMIT {MOST_ATTRIBUTES}
"""


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
        self.products = 0  # of the whole shop
        self.seeking = asyncio.Lock()
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
    return (await _sought(ctx, narrowed, ""))[0]


async def count_statuses(ctx: Context, narrowed: Narrowed) -> Rows:
    rows = await _counted_by(ctx, narrowed, Facet(STATUSES, ["status"], counting.STATUS), _STATUSES)
    return sorted(rows, key=itemgetter("key"))


async def count_categories(ctx: Context, narrowed: Narrowed) -> Rows:
    named = _NAMED.replace("{table}", "category").replace("{most}", str(MOST_VALUES))
    return await _counted_by(ctx, narrowed, Facet(CATEGORIES, ["category"], counting.CATEGORY), named)


async def count_tags(ctx: Context, narrowed: Narrowed) -> Rows:
    named = _NAMED.replace("{table}", "tag").replace("{most}", str(MOST_VALUES))
    return await _counted_by(ctx, narrowed, Facet(TAGS, ["tag"], counting.TAG), named)


async def count_prices(ctx: Context, narrowed: Narrowed) -> Rows:
    """By the number of the step, from 1."""
    facet = Facet(PRICES, [f"price:{ctx.shop.currency}"], counting.PRICE)
    return sorted(await _counted_by(ctx, narrowed, facet, _PRICES), key=itemgetter("step"))


async def count_attributes(ctx: Context, narrowed: Narrowed) -> list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    """Each attribute with its values, most frequent first. Those without a filter of their own are counted together."""
    attributes = await _counted(ctx, narrowed, _ATTRIBUTES, Gathered())
    own = {str(each["id"]): name for each in attributes if (name := f"attribute:{each['key']}") in narrowed.own}
    free = [str(each["id"]) for each in attributes if str(each["id"]) not in own]
    values: dict[str, list[Mapping[str, Any]]] = {str(each["id"]): [] for each in attributes}
    for name, ids in [("", free), *((name, [id]) for id, name in own.items())]:
        facet = Facet(name, ids, counting.VALUE)
        for row in await _counted_by(ctx, narrowed, facet, "{counted}") if ids else ():
            if row["facet"] in ids:
                values[row["facet"]].append(row)
    for rows in values.values():
        rows.sort(key=lambda row: (-row["products"], row["value"]))
    return [(each, values[str(each["id"])][:MOST_VALUES]) for each in attributes if values[str(each["id"])]]


@dataclass(frozen=True, slots=True)
class Facet:
    """What is counted together: the name by which filters are its own, and its names in `facet_count`."""

    name: str
    counted_as: list[str]
    held: counting.Held


async def _counted_by(ctx: Context, narrowed: Narrowed, facet: Facet, statement: str) -> Rows:
    into = Gathered()
    found = narrowed.found(facet.name, into)
    if found is None:
        async with narrowed.seeking:
            whole = await _counted(ctx, narrowed, counting.WHOLE.replace("{most}", str(MOST_VALUES)), into)
        return [row for row in whole if row["facet"] in facet.counted_as]
    asked = (*facet.counted_as, found, *into.values)
    products, ids = await _sought(ctx, narrowed, facet.name)
    is_most = 2 * products > narrowed.products
    if is_most:
        found = counting.others_than(found)
        _, ids = await _sought(ctx, narrowed, facet.name, others=True)
    if ids is not None:
        found, into = None, Gathered()
    counted = counting.of_most(facet.held, found) if is_most else facet.held.counted(found)
    values = {"ids": ids, "facets": facet.counted_as, "steps": counting.STEPS, "currency": ctx.shop.currency}
    counted = _filled(counted, into, **values)
    return await _counted(ctx, narrowed, statement.replace("{counted}", counted), into, asked)


def _filled(statement: str, into: Gathered, **values: Any) -> str:
    """With parameters for what the statement names in braces."""
    for name, value in values.items():
        if f"{{{name}}}" in statement:
            statement = statement.replace(f"{{{name}}}", f"${int(into.add(value))}")
    return statement


async def _sought(ctx: Context, narrowed: Narrowed, facet: str, *, others: bool = False) -> tuple[int, str | None]:
    """How many products meet all filters but the facet's own, or how many do not; and which, when they are few
    (counting.MOST_IDS)."""
    into = Gathered()
    found = narrowed.found(facet, into)
    if found is None:
        return narrowed.products, None
    found = counting.others_than(found) if others else found
    async with narrowed.seeking:  # the first of a request's facets seeks, the others know
        [row] = await _counted(ctx, narrowed, counting.TOTAL.replace("{found}", found), into)
    return row["products"], row["ids"] or "{}" if row["products"] <= counting.MOST_IDS else None


# Kept for as long as no product has changed, come or gone, and not long even so: a new name of a category leaves no
# trace there.
KEEP_FOR = 30.0
_KEEP_MOST = 256  # the ids of counting.MOST_IDS products are 150 KB
_kept: OrderedDict[Any, tuple[float, Any, Rows]] = OrderedDict()


async def note_revision(narrowed: Narrowed) -> None:
    """Read what the open shop's products are as of: what is counted from now on is at least as new."""
    [row] = await shop_client().execute_query_dict(counting.REVISION)
    narrowed.revision, narrowed.products = (row["changed"], row["products"]), row["products"]


async def _counted(ctx: Context, narrowed: Narrowed, statement: str, into: Gathered, asked: Any = None) -> Rows:
    """`asked` is what the rows depend on besides the statement, if that is not its parameters."""
    key = (ctx.shop.schema, statement, repr(asked or into.values))
    kept = _kept.get(key)
    if kept is not None and kept[1] == narrowed.revision and time.monotonic() - kept[0] < KEEP_FOR:
        _kept.move_to_end(key)
        return kept[2]
    began = time.monotonic()
    rows: Rows = await shop_client().execute_query_dict(statement, into.values)
    _kept[key] = (began, narrowed.revision, rows)
    _kept.move_to_end(key)
    while len(_kept) > _KEEP_MOST:
        _kept.popitem(last=False)
    return rows
