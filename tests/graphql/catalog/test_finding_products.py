"""Filters on what is computed: which products still lack something, and which are seen in a channel now."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from stoa.domains.catalog.completeness import completeness_of_product
from stoa.domains.catalog.models import Channel, Listing, Product, ProductStatus
from stoa.kit.clock import now
from stoa.kit.ids import new_id, type_id
from stoa.tenants.context import open_shop
from tests import make
from tests.graphql.asking import Ask

FOUND = "query ($where: ProductWhere) { products(first: 100, where: $where) { nodes { title isComplete visibleIn } } }"


async def found(ask: Ask, where: dict[str, Any]) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = (await ask.data(FOUND, where=where))["products"]["nodes"]
    return nodes


async def titles(ask: Ask, where: dict[str, Any]) -> set[str]:
    return {each["title"] for each in await found(ask, where)}


@pytest.fixture
async def products(ask: Ask) -> list[Product]:
    """40 that lack this or that, at random."""
    chance, shelf = random.Random(11), await make.category(ask.ctx)
    return [
        await make.product(
            ask.ctx,
            title=f"P{number}",
            category=chance.choice([shelf, shelf, None]),
            images=["https://img.test/1"] * chance.choice([0, 1, 1, 2]),
            variants=[{"price_minor": chance.choice([None, 5, 7, 9])} for _ in range(chance.choice([0, 1, 1, 2]))],
            status=chance.choice(list(ProductStatus)),
        )
        for number in range(40)
    ]


async def test_what_is_complete_lacks_nothing_that_is_required(ask: Ask, products: list[Product]) -> None:
    """P3: the products that still lack something are found."""
    with open_shop(ask.ctx.shop):
        ready = {each.title for each in products if (await completeness_of_product(each.id)).can_be_published}
    others = {each.title for each in products} - ready

    assert 3 < len(ready) < 37
    assert await titles(ask, {"isComplete": {"eq": True}}) == ready
    assert await titles(ask, {"isComplete": {"eq": False}}) == others
    assert await titles(ask, {"not": {"isComplete": {"eq": True}}}) == others
    assert {each["title"] for each in await found(ask, {}) if each["isComplete"]} == ready


async def test_what_is_seen_in_a_channel_is_found_by_it(ask: Ask, products: list[Product]) -> None:
    """P9: of each channel, what buyers see there at this moment."""
    chance, at = random.Random(5), now()
    with open_shop(ask.ctx.shop):
        web = await Channel.get(code="web")
        app = await Channel.create(code="app", name="App")
        shut = await Channel.create(code="shut", name="Shut", is_active=False, shows_everything=True)
        for product in products:
            for channel in chance.sample([web, app, shut], chance.randrange(4)):
                times = {
                    "publish_at": chance.choice([None, at - timedelta(days=1), at + timedelta(days=1)]),
                    "unpublish_at": chance.choice([None, None, at - timedelta(hours=1), at + timedelta(days=2)]),
                }
                await Listing.create(product=product, channel=channel, is_hidden=chance.random() < 0.2, **times)
    everything = await found(ask, {})

    for channel in (web, app, shut):
        expected = {each["title"] for each in everything if channel.code in each["visibleIn"]}
        assert await titles(ask, {"visibleIn": {"eq": type_id("chan", channel.id)}}) == expected
    either = {"visibleIn": {"in": [type_id("chan", web.id), type_id("chan", app.id)]}}
    assert await titles(ask, either) == {each["title"] for each in everything if each["visibleIn"]}
    assert await titles(ask, {"visibleIn": {"in": []}}) == set()


async def test_they_are_asked_of_a_variants_product_too(ask: Ask) -> None:
    """The condition is about the row that is meant, however deep it stands."""
    shelf = await make.category(ask.ctx)
    complete = {"category": shelf, "images": ["https://img.test/1"]}
    await make.product(ask.ctx, title="Ready", variants=[{"sku": "A"}], **complete)
    await make.product(ask.ctx, title="Not", variants=[{"sku": "B"}])
    with open_shop(ask.ctx.shop):
        web = type_id("chan", (await Channel.get(code="web")).id)

    query = "query ($where: VariantWhere) { variants(where: $where) { nodes { sku } } }"
    for where in ({"isComplete": {"eq": True}}, {"isComplete": {"eq": True}, "visibleIn": {"eq": web}}):
        shown = await ask.data(query, where={"product": where})
        assert shown["variants"]["nodes"] == [{"sku": "A"}]


async def test_facets_are_narrowed_by_them(ask: Ask, products: list[Product]) -> None:
    query = "query ($where: ProductWhere) { productFacets(where: $where) { total statuses { status count } } }"
    where = {"isComplete": {"eq": False}}

    facets = (await ask.data(query, where=where))["productFacets"]

    assert facets["total"] == len(await titles(ask, where)) == sum(each["count"] for each in facets["statuses"])


async def test_a_channel_that_is_none_is_refused_and_another_shops_shows_nothing(ask: Ask, ask_other: Ask) -> None:
    await make.product(ask.ctx)
    with open_shop(ask_other.ctx.shop):
        theirs = type_id("chan", (await Channel.get(code="web")).id)

    assert await titles(ask, {"visibleIn": {"eq": theirs}}) == set()
    error = await ask.error(FOUND, where={"visibleIn": {"eq": type_id("prod", new_id())}})
    assert (error["code"], error["argument"]) == ("INVALID", ["where", "visibleIn", "eq"])
    error = await ask.error(FOUND, where={"isComplete": {"eq": None}})
    assert (error["code"], error["argument"]) == ("INVALID", ["where", "isComplete", "eq"])
