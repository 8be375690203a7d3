"""Going through a list page by page: everything once, whatever happens meanwhile."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest

from stoa.domains.catalog.models import Product
from stoa.graphql.reading.cursors import encode_cursor
from stoa.kit.ids import parse_type_id
from tests import make
from tests.graphql.asking import Ask
from tests.graphql.reading.worlds import random_world, settle

PAGE = """
query ($first: Int, $after: String, $last: Int, $before: String, $order: [ProductOrder!]) {
  products(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
FIELDS = ["ID", "TITLE", "CREATED_AT", "UPDATED_AT"]
ORDERS: list[list[dict[str, str]]] = [
    [],
    *([{"field": field, "direction": way}] for field, way in product(FIELDS, ["ASC", "DESC"])),
    [{"field": "TITLE", "direction": "ASC"}, {"field": "CREATED_AT", "direction": "DESC"}],
    [{"field": "CREATED_AT", "direction": "DESC"}, {"field": "TITLE", "direction": "ASC"}],
    [
        {"field": "UPDATED_AT", "direction": "ASC"},
        {"field": "TITLE", "direction": "DESC"},
        {"field": "ID", "direction": "ASC"},
    ],
]


async def walk(ask: Ask, order: list[dict[str, str]], size: int, *, backward: bool = False) -> list[str]:
    """The ids of all pages in the order in which they came; each page must agree with where it says it stands."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        asked: dict[str, Any] = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
        page = (await ask.data(PAGE, order=order, **asked))["products"]
        ids, info = [edge["node"]["id"] for edge in page["edges"]], page["pageInfo"]
        found = ids + found if backward else found + ids
        if ids:
            assert (info["startCursor"], info["endCursor"]) == (page["edges"][0]["cursor"], page["edges"][-1]["cursor"])
        behind, ahead = ("hasNextPage", "hasPreviousPage") if backward else ("hasPreviousPage", "hasNextPage")
        assert info[behind] == (cursor is not None)
        if not info[ahead]:
            return found
        assert len(ids) == size
        cursor = info["startCursor" if backward else "endCursor"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [1, 4, 50])
async def test_every_row_comes_once_forwards_and_backwards(ask: Ask, order: list[dict[str, str]], size: int) -> None:
    world = random_world(ask.ctx.shop, 7, products=13)
    await settle(world)

    whole = await walk(ask, order, 100)
    assert sorted(whole) == sorted(row.id for row in world.products)
    assert await walk(ask, order, size) == whole
    assert await walk(ask, order, size, backward=True) == whole


@pytest.mark.parametrize("order", ORDERS)
async def test_what_stays_comes_once_while_other_rows_come_and_go(ask: Ask, order: list[dict[str, str]]) -> None:
    world, random = random_world(ask.ctx.shop, 8, products=20), Random(8)
    await settle(world)
    staying = {row.id for row in world.products[::2]}
    going = [row.key for row in world.products[1::2]]
    found: list[str] = []
    after = None
    while True:
        page = (await ask.data(PAGE, first=3, after=after, order=order))["products"]
        found += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
        # also the very row that the cursor was made of may go
        if parse_type_id(found[-1]) in going:
            await Product.filter(id=parse_type_id(found[-1])).delete()
        if going:
            await Product.filter(id=going.pop(random.randrange(len(going)))).delete()
        await make.product(ask.ctx, title=random.choice(["Aa", "Tea", "茶"]))

    assert len(found) == len(set(found))
    assert staying <= set(found)


async def test_a_page_from_the_end_is_in_the_lists_own_order(ask: Ask) -> None:
    for title in ("a", "b", "c"):
        await make.product(ask.ctx, title=title)
    by_title = "orderBy: [{field: TITLE}]"

    body = await ask.data(f"{{ products(last: 2, {by_title}) {{ nodes {{ title }} }} }}")
    assert body == {"products": {"nodes": [{"title": "b"}, {"title": "c"}]}}
    body = await ask.data(f"{{ products(last: 2, {by_title}) {{ x: nodes {{ title }} pageInfo {{ hasNextPage }} }} }}")
    assert body == {"products": {"x": [{"title": "b"}, {"title": "c"}], "pageInfo": {"hasNextPage": False}}}


async def test_a_page_of_nothing_still_knows_where_it_stands(ask: Ask) -> None:
    facts = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } count { value precision } nodes { id }"
    nowhere = {"startCursor": None, "endCursor": None}

    empty = await ask.data(f"{{ products(first: 0) {{ {facts} }} }}")
    assert empty["products"] == {
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, **nowhere},
        "count": {"value": 0, "precision": "EXACT"},
        "nodes": [],
    }
    await make.product(ask.ctx)
    some = await ask.data(f"{{ products(first: 0) {{ {facts} }} }}")
    assert some["products"]["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False, **nowhere}
    assert some["products"]["count"] == {"value": 1, "precision": "EXACT"}


async def test_places_between_two_cursors(ask: Ask) -> None:
    for title in ("a", "b", "c", "d"):
        await make.product(ask.ctx, title=title)
    order = [{"field": "TITLE", "direction": "ASC"}]
    edges = (await ask.data(PAGE, order=order))["products"]["edges"]
    first, last = edges[0]["cursor"], edges[-1]["cursor"]

    page = (await ask.data(PAGE, after=first, before=last, order=order))["products"]

    assert [edge["node"]["id"] for edge in page["edges"]] == [edge["node"]["id"] for edge in edges[1:3]]


async def test_a_cursor_of_another_shop_shows_nothing_of_it(ask: Ask, ask_other: Ask) -> None:
    theirs = await make.product(ask_other.ctx, title="Their secret")
    await make.product(ask.ctx, title="Ours")
    cursor = encode_cursor("Product:title+,id+", [theirs.title, str(theirs.id)])

    order = [{"field": "TITLE", "direction": "ASC"}]
    page = await ask.data(PAGE, before=cursor, order=order)

    assert [edge["node"]["id"] for edge in page["products"]["edges"]] != []
    assert "secret" not in str(page)
    assert (await ask.data(PAGE, after=cursor, order=order))["products"]["edges"] == []
