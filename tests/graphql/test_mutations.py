"""What every mutation has in common, on the catalog's."""

from __future__ import annotations

from typing import Any

import pytest

from stoa.domains.catalog.models import Product
from stoa.kit.ids import new_id, type_id
from stoa.tenants.access import Scope
from tests import make
from tests.domains.catalog.catalogs import catalog_of
from tests.graphql.asking import Ask

CREATE = """
mutation ($input: ProductCreateInput!) {
  productCreate(input: $input) {
    product { title handle status variants { nodes { sku price { amount currency minor } cost { amount } onHand } } }
    userErrors { __typename code message path ... on TakenError { taken } } } }
"""
UPDATE = """
mutation ($input: ProductUpdateInput!) {
  productUpdate(input: $input) { product { title } userErrors { __typename code message path } } }
"""


async def test_a_product_is_created_and_shown_as_it_is(ask: Ask) -> None:
    variant = {
        "sku": "C-1",
        "price": {"amount": "19.90", "currency": "EUR"},
        "cost": {"amount": "7", "currency": "EUR"},
    }
    input = {"title": " Cup ", "status": "ARCHIVED", "variants": [{**variant, "onHand": 5}, {}]}

    data = await ask.data(CREATE, input=input)

    assert data["productCreate"] == {
        "product": {
            "title": "Cup",
            "handle": "cup",
            "status": "ARCHIVED",
            "variants": {
                "nodes": [
                    {
                        "sku": "C-1",
                        "price": {"amount": "19.90", "currency": "EUR", "minor": 1990},
                        "cost": {"amount": "7.00"},
                        "onHand": 5,
                    },
                    {"sku": None, "price": None, "cost": None, "onHand": 0},
                ]
            },
        },
        "userErrors": [],
    }


async def test_refusals_become_errors_of_their_kind_with_their_place_as_the_caller_wrote_it(ask: Ask) -> None:
    await make.product(ask.ctx, variants=({"sku": "C-1"},))
    before = await catalog_of(ask.ctx)
    nobody = type_id("cat", new_id())

    async def errors(**fields: Any) -> list[dict[str, Any]]:
        answer = (await ask.data(CREATE, input={"title": "Cup", "variants": [{}], **fields}))["productCreate"]
        assert answer["product"] is None
        errors: list[dict[str, Any]] = answer["userErrors"]
        return errors

    assert await errors(categoryId=nobody) == [
        {
            "__typename": "NotFoundError",
            "code": "CATEGORY_NOT_FOUND",
            "message": "There is no such category.",
            "path": ["input", "categoryId"],
        }
    ]
    assert await errors(variants=[{}, {"sku": "C-1"}]) == [
        {
            "__typename": "TakenError",
            "code": "SKU_TAKEN",
            "message": "The code C-1 is in use.",
            "path": ["input", "variants", "1", "sku"],
            "taken": "C-1",
        }
    ]
    assert [(each["__typename"], each["path"]) for each in await errors(title="", variants=[{"onHand": -1}])] == [
        ("InputError", ["input", "title"]),
        ("InputError", ["input", "variants", "0", "onHand"]),
    ]
    assert await catalog_of(ask.ctx) == before


@pytest.mark.parametrize(
    ("amount", "currency", "code", "message"),
    [
        ("19.999", "EUR", "INVALID", "more decimals than EUR has (2)"),
        ("1.5", "JPY", "INVALID", "more decimals than JPY has (0)"),
        ("1,50", "EUR", "INVALID", "is not an amount"),
        ("1e5", "EUR", "INVALID", "is not an amount"),
        ("NaN", "EUR", "INVALID", "is not an amount"),
        ("Infinity", "EUR", "INVALID", "is not an amount"),
        ("1_000", "EUR", "INVALID", "is not an amount"),
        ("١٢", "EUR", "INVALID", "is not an amount"),
        ("", "EUR", "INVALID", "is not an amount"),
        ("9" * 20, "EUR", "INVALID", "is more than Stoa can keep"),
        ("-1", "EUR", "INVALID", "is less than nothing"),
        ("1", "USD", "WRONG_CURRENCY", "Prices of this shop are in EUR, not USD."),
        ("1", "eur", "INVALID", "'eur' is not a currency"),
        ("1", "", "INVALID", "'' is not a currency"),
    ],
)
async def test_money_is_read_exactly_or_refused(ask: Ask, amount: str, currency: str, code: str, message: str) -> None:
    price = {"amount": amount, "currency": currency}

    answer = await ask.data(CREATE, input={"title": "Cup", "variants": [{}, {"price": price}]})

    [error] = answer["productCreate"]["userErrors"]
    assert (error["code"], error["path"]) == (code, ["input", "variants", "1", "price"])
    assert message in error["message"]
    assert await Product.all().count() == 0


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"title": None}, ["title"]),
        ({"description": None}, ["description"]),
        ({"handle": None}, ["handle"]),
        ({"status": None}, ["status"]),
        ({"variants": None}, ["variants"]),
        ({"variants": [{"id": "[var]", "title": None}]}, ["variants", "0", "title"]),
        ({"variants": [{"id": "[var]", "onHand": None}]}, ["variants", "0", "onHand"]),
    ],
)
async def test_null_is_refused_where_there_must_be_something(ask: Ask, fields: dict[str, Any], path: list[str]) -> None:
    product = await make.product(ask.ctx)
    variant = await product.variants.all().first()
    assert variant is not None
    if isinstance(fields.get("variants"), list):
        fields = {"variants": [{**fields["variants"][0], "id": type_id("var", variant.id)}]}
    before = await catalog_of(ask.ctx)

    answer = await ask.data(UPDATE, input={"id": type_id("prod", product.id), **fields})

    [error] = answer["productUpdate"]["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", *path])
    assert error["message"] == f"{path[-1]} cannot be null: leave it out to leave it as it is."
    assert await catalog_of(ask.ctx) == before


async def test_what_is_left_out_stays_and_null_takes_away_what_may_be_missing(ask: Ask) -> None:
    shelf = await make.category(ask.ctx)
    product = await make.product(ask.ctx, title="Cup", category=shelf, description="Old.")
    id = type_id("prod", product.id)

    await ask.data(UPDATE, input={"id": id, "title": "Mug"})
    kept = await Product.get(id=product.id)
    assert (kept.title, kept.description, kept.category_id) == ("Mug", "Old.", shelf.id)  # type: ignore[attr-defined]

    await ask.data(UPDATE, input={"id": id, "categoryId": None})
    assert (await Product.get(id=product.id)).category_id is None  # type: ignore[attr-defined]


async def test_a_cost_is_not_written_by_those_who_may_not_see_it(ask: Ask) -> None:
    clerk, cost = ask.without(Scope.CATALOG_COST), {"amount": "7", "currency": "EUR"}
    query = "mutation ($input: ProductCreateInput!) { productCreate(input: $input) { product { id } } }"

    error = await clerk.error(query, input={"title": "Cup", "variants": [{"cost": cost}]})

    assert (error["code"], error["params"]) == ("PERMISSION_DENIED", {"scope": "catalog:cost"})
    assert error["argument"] == ["variants", "0", "cost"]
    assert await Product.all().count() == 0


async def test_two_mutations_of_one_document_run_one_after_the_other(ask: Ask) -> None:
    query = """
    mutation {
      a: productCreate(input: {title: "Cup", variants: [{sku: "A"}]}) { product { handle } userErrors { code } }
      b: productCreate(input: {title: "Cup", variants: [{sku: "B"}]}) { product { handle } userErrors { code } }
      c: productCreate(input: {title: "Cup", variants: [{sku: "A"}]}) { product { handle } userErrors { code } } }
    """

    assert await ask.data(query) == {
        "a": {"product": {"handle": "cup"}, "userErrors": []},
        "b": {"product": {"handle": "cup-2"}, "userErrors": []},
        "c": {"product": None, "userErrors": [{"code": "SKU_TAKEN"}]},
    }


async def test_a_category_is_created_under_another(ask: Ask) -> None:
    query = """
    mutation ($input: CategoryCreateInput!) {
      categoryCreate(input: $input) { category { id name parent { name } } userErrors { code path } } }
    """
    top = (await ask.data(query, input={"name": "Tea"}))["categoryCreate"]["category"]

    below = (await ask.data(query, input={"name": "Green", "parentId": top["id"]}))["categoryCreate"]
    again = (await ask.data(query, input={"name": "GREEN"}))["categoryCreate"]

    assert (below["category"]["name"], below["category"]["parent"]) == ("Green", {"name": "Tea"})
    assert again == {"category": None, "userErrors": [{"code": "CATEGORY_TAKEN", "path": ["input", "name"]}]}


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE product; --", "{row} $1 %s", "\\", "😀", "茶", "a\u0301", "<script>", "\x01"]
)
async def test_whatever_is_written_is_read_back(ask: Ask, text: str) -> None:
    import unicodedata

    stored = unicodedata.normalize("NFC", text).replace("\x01", "")
    data = await ask.data(CREATE, input={"title": f"Cup {text} x", "variants": [{"sku": f"S {text} x"}]})

    product = data["productCreate"]["product"]
    assert product["title"] == " ".join(f"Cup {stored} x".split())
    assert product["variants"]["nodes"][0]["sku"] == " ".join(f"S {stored} x".split())
