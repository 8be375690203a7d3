"""Facets: what a list can be narrowed by, held against counting by hand."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from stoa.domains.catalog import merchandising
from stoa.domains.catalog.merchandising import AttributeChanges, Choice
from stoa.domains.catalog.models import Attribute, AttributeType, ProductStatus
from stoa.kit.ids import type_id
from tests import make
from tests.graphql.asking import Ask

FACETS = """query ($where: ProductWhere, $search: String) { productFacets(where: $where, search: $search) {
  total statuses { status count } categories { id label count } tags { label count }
  attributes { key label type values { value label count } }
  prices { atLeast { amount } below { amount } count } } }"""
COLOURS, MATERIALS = ("red", "blue", "green"), ("Silk", "Clay")


class Shelf:
    """12 products, each pair of a colour and a material twice, once ACTIVE and once DRAFT; on one of two shelves."""

    def __init__(self, cups: str, pots: str) -> None:
        self.cups, self.pots = cups, pots


@pytest.fixture
async def shelf(ask: Ask) -> Shelf:
    ctx = ask.ctx
    names = {colour: {"zh": {"name": zh}} for colour, zh in zip(COLOURS, ("红", "蓝", "绿"), strict=True)}
    await merchandising.define_attribute(
        ctx,
        merchandising.AttributeDraft(
            "colour",
            "Colour",
            AttributeType.CHOICE,
            choices=[Choice(each, names[each]) for each in COLOURS],
            translations={"zh": {"name": "颜色"}},
        ),
    )
    cups, pots = await make.category(ctx, "Cups"), await make.category(ctx, "Pots")
    kinds = itertools.product(COLOURS, MATERIALS, (ProductStatus.ACTIVE, ProductStatus.DRAFT))
    for number, (colour, material, status) in enumerate(kinds):
        variants = [{"price_minor": 150 + 1000 * number}, {"price_minor": 199}]
        category = cups if number < 4 else pots
        row = await make.product(ctx, title=f"Thing {number}", status=status, category=category, variants=variants)
        await merchandising.set_attributes(ctx, [row.id], {"colour": [colour], "material": [material]})
        if number % 3 == 0:
            await merchandising.change_tags(ctx, [row.id], add=["Gift"])
    return Shelf(type_id("cat", cups.id), type_id("cat", pots.id))


def valued(key: str, *values: str) -> dict[str, Any]:
    return {"attributes": {"some": {"attribute": {"key": {"eq": key}}, "text": {"in": list(values)}}}}


async def facets(ask: Ask, where: Any = None, search: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = (await ask.data(FACETS, where=where or {}, search=search))["productFacets"]
    values = {each["key"]: {one["value"]: one["count"] for one in each["values"]} for each in found["attributes"]}
    return {
        "total": found["total"],
        "status": {each["status"]: each["count"] for each in found["statuses"]},
        "category": {each["label"]: each["count"] for each in found["categories"]},
        "tags": {each["label"]: each["count"] for each in found["tags"]},
        "prices": {(each["atLeast"]["amount"], each["below"]["amount"]): each["count"] for each in found["prices"]},
        **values,
    }


async def test_everything_is_counted(ask: Ask, shelf: Shelf) -> None:
    """P10: facets with counts."""
    assert await facets(ask) == {
        "total": 12,
        "status": {"ACTIVE": 6, "DRAFT": 6},
        "category": {"Cups": 4, "Pots": 8},
        "tags": {"Gift": 4},
        "colour": {"red": 4, "blue": 4, "green": 4},
        "material": {"Clay": 6, "Silk": 6},
        "prices": {
            ("1.00", "2.00"): 12,
            ("10.00", "20.00"): 1,
            ("20.00", "50.00"): 3,
            ("50.00", "100.00"): 5,
            ("100.00", "200.00"): 2,
        },
    }


async def test_a_facet_counts_without_its_own_filter_and_with_all_others(ask: Ask, shelf: Shelf) -> None:
    where = {**valued("colour", "red"), "status": {"eq": "ACTIVE"}}

    counted = await facets(ask, where)

    assert counted["total"] == 2
    assert counted["colour"] == {"red": 2, "blue": 2, "green": 2}
    assert counted["status"] == {"ACTIVE": 2, "DRAFT": 2}
    assert counted["material"] == {"Silk": 1, "Clay": 1}
    assert counted["category"] == {"Cups": 2}


async def test_filters_of_several_facets_in_every_form(ask: Ask, shelf: Shelf) -> None:
    red, silk = valued("colour", "red"), valued("material", "Silk")
    either = {"or": [valued("colour", "red"), valued("colour", "blue")]}

    for where in ({"and": [red, silk]}, {"and": [{"and": [silk]}, red]}):
        counted = await facets(ask, where)
        assert (counted["total"], counted["colour"], counted["material"]) == (
            2,
            {"red": 2, "blue": 2, "green": 2},
            {"Clay": 2, "Silk": 2},
        )
    counted = await facets(ask, either)
    assert (counted["total"], counted["colour"]) == (8, {"red": 4, "blue": 4, "green": 4})
    counted = await facets(ask, {"not": red})
    assert (counted["total"], counted["colour"]) == (8, {"red": 4, "blue": 4, "green": 4})
    counted = await facets(ask, {"or": [red, silk]})  # about two facets: about none
    assert (counted["total"], counted["colour"]) == (8, {"red": 4, "blue": 2, "green": 2})


async def test_category_tag_and_price_leave_their_own_filters_out(ask: Ask, shelf: Shelf) -> None:
    counted = await facets(ask, {"category": {"id": {"eq": shelf.cups}}})
    assert (counted["total"], counted["category"], counted["tags"]) == (4, {"Cups": 4, "Pots": 8}, {"Gift": 2})
    counted = await facets(ask, {"tags": {"some": {"tag": {"name": {"eq": "Gift"}}}}})
    assert (counted["total"], counted["tags"], counted["status"]) == (4, {"Gift": 4}, {"ACTIVE": 2, "DRAFT": 2})
    dear = {"variants": {"some": {"price": {"gte": {"amount": "100", "currency": "EUR"}}}}}
    counted = await facets(ask, dear)
    assert (counted["total"], len(counted["prices"])) == (2, 5)
    counted = await facets(ask, {"variants": {"some": {"sku": {"eq": "none"}}}})
    assert (counted["total"], counted["prices"]) == (0, {})


async def test_a_search_narrows_every_facet(ask: Ask, shelf: Shelf) -> None:
    counted = await facets(ask, search="thing silk")
    assert (counted["total"], counted["material"], counted["colour"]) == (
        6,
        {"Silk": 6},
        {"red": 2, "blue": 2, "green": 2},
    )


async def test_facets_agree_with_lists(ask: Ask, shelf: Shelf) -> None:
    """What a facet says would be left is what the list shows when that is chosen."""
    base = {"status": {"eq": "ACTIVE"}}
    counted = await facets(ask, base)
    query = "query ($where: ProductWhere) { products(where: $where) { count { value } } }"
    for key in ("colour", "material"):
        for value, count in counted[key].items():
            found = await ask.data(query, where=base | valued(key, value))
            assert found["products"]["count"]["value"] == count


async def test_names_are_in_the_callers_language(ask: Ask, shelf: Shelf) -> None:
    chinese = replace(ask, ctx=replace(ask.ctx, locale="zh"))
    found = (await chinese.data(FACETS, where={}, search=None))["productFacets"]["attributes"]
    assert [(each["label"], {one["label"] for one in each["values"]}) for each in found] == [
        ("颜色", {"红", "蓝", "绿"}),
        ("材质", {"Silk", "Clay"}),
    ]


async def test_a_change_of_a_product_is_counted_at_once(ask: Ask, shelf: Shelf) -> None:
    before = await facets(ask)
    row = await make.product(ask.ctx, title="Another")
    assert (await facets(ask))["total"] == before["total"] + 1
    await merchandising.set_attributes(ask.ctx, [row.id], {"colour": ["red"]})
    assert (await facets(ask))["colour"]["red"] == 5


async def test_what_is_no_facet_is_not_counted(ask: Ask, shelf: Shelf) -> None:
    colour = await Attribute.get(key="colour")
    await merchandising.update_attribute(ask.ctx, colour.id, AttributeChanges(is_facet=False))
    await make.product(ask.ctx)

    assert "colour" not in await facets(ask)


async def test_a_filter_that_cannot_be_is_refused_as_by_the_list(ask: Ask) -> None:
    for variables, argument in (
        ({"where": {"category": {"id": {"eq": "nonsense"}}}}, ["where", "category", "id", "eq"]),
        ({"where": {"title": None}}, ["where", "title"]),
        ({"search": "x" * 201}, ["search"]),
    ):
        error = await ask.error(FACETS, **variables)
        assert (error["code"], error["argument"]) == ("INVALID", argument)


async def test_a_right_that_a_filter_takes_is_asked_for(ask: Ask) -> None:
    where = {"variants": {"some": {"cost": {"isNull": True}}}}
    error = await ask.without("catalog:cost").error(FACETS, where=where)
    assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", "catalog:cost")


async def test_another_shops_products_are_not_counted(ask: Ask, ask_other: Ask, shelf: Shelf) -> None:
    assert (await facets(ask_other))["total"] == 0
    assert (await facets(ask_other, {"category": {"id": {"eq": shelf.cups}}}))["category"] == {}
