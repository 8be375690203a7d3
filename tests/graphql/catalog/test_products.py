"""Products in full, as a front end meets them."""

from __future__ import annotations

from typing import Any

import pytest

from stoa.domains import catalog
from stoa.domains.catalog import ProductChanges, VariantChanges
from stoa.domains.catalog.importing import run_import, undo_import
from stoa.domains.catalog.models import Channel, Image, Product, Variant
from stoa.kit.ids import type_id
from stoa.kit.money import Money
from stoa.tenants import access
from stoa.tenants.access import Scope
from stoa.tenants.context import Actor, Context, open_shop
from tests import make
from tests.domains.catalog.catalogs import catalog_of
from tests.domains.catalog.importing.tables import imported
from tests.graphql.asking import Ask

CREATE = """
mutation ($input: ProductCreateInput!) {
  productCreate(input: $input) {
    product { %s }
    userErrors { code path } } }
"""


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


async def create(ask: Ask, fields: str, **input: Any) -> Any:
    data = await ask.data(CREATE % fields, input={"title": "Shirt", "variants": [{}], **input})
    assert data["productCreate"]["userErrors"] == []
    return data["productCreate"]["product"]


async def test_a_product_is_created_with_all_that_is_known_of_it(ask: Ask) -> None:
    """P1, P4, P9: product and variants in one mutation; the description is sanitised, SEO fields are kept."""
    fields = """
      description descriptionIsHtml vendor seoTitle keywords isBundle oldHandles visibleIn metadata { key }
      options { name values translations { locale own text } }
      translations { locale title description }
      seoCoverage { keyword inTitle inDescription inSeoTitle inSeoDescription inHandle isCovered }
      seoAdvice { code message }
      completeness { score canBePublished missing { code points isRequired message } }
      variants { nodes { title optionValues weightGrams requiresShipping taxable } }"""

    product = await create(
        ask,
        fields,
        description="<p>Linen<script>x()</script></p>",
        vendor="Weaver",
        options=[{"name": "Size", "translations": [{"locale": "zh", "own": "Size", "text": "尺码"}]}],
        variants=[{"optionValues": ["S"], "weightGrams": 200}, {"optionValues": ["L"], "requiresShipping": False}],
        seoTitle="Linen shirt",
        keywords=["linen"],
        translations=[{"locale": "zh", "title": "衬衫"}],
    )

    score = product.pop("completeness")
    assert (score["score"], score["canBePublished"]) == (40, False)
    assert [each["code"] for each in score["missing"]] == [
        *("PRICE", "STOCK", "IMAGE", "IMAGE_ALT", "CATEGORY", "SEO_DESCRIPTION"),
    ]
    assert score["missing"][0] == {
        "code": "PRICE",
        "points": 15,
        "isRequired": True,
        "message": "a price for every variant",
    }
    assert product == {
        "description": "<p>Linen</p>",
        "descriptionIsHtml": True,
        "vendor": "Weaver",
        "seoTitle": "Linen shirt",
        "keywords": ["linen"],
        "isBundle": False,
        "oldHandles": [],
        "visibleIn": [],
        "metadata": [],
        "options": [
            {"name": "Size", "values": ["S", "L"], "translations": [{"locale": "zh", "own": "Size", "text": "尺码"}]}
        ],
        "translations": [{"locale": "zh", "title": "衬衫", "description": None}],
        "seoCoverage": [
            {
                "keyword": "linen",
                "inTitle": False,
                "inDescription": True,
                "inSeoTitle": True,
                "inSeoDescription": False,
                "inHandle": False,
                "isCovered": True,
            }
        ],
        "seoAdvice": [{"code": "SEO_DESCRIPTION_MISSING", "message": "Give a description for search engines."}],
        "variants": {
            "nodes": [
                {"title": "S", "optionValues": ["S"], "weightGrams": 200, "requiresShipping": True, "taxable": True},
                {"title": "L", "optionValues": ["L"], "weightGrams": None, "requiresShipping": False, "taxable": True},
            ]
        },
    }


async def test_lists_read_all_of_it_in_one_statement(ask: Ask) -> None:
    """Statements do not grow with rows."""
    query = """{ products(first: 3) { nodes { options { name } completeness { score } seoCoverage { inTitle } visibleIn
      listings(first: 1) { nodes { channel { code } } } variants(first: 2) { nodes { lowestPrice30d { amount }
        priceHistory(first: 2) { nodes { kind price { amount } cost { amount } } } bundleAvailable
        parts(first: 2) { nodes { quantity part { sku } } } } } } } }"""
    for _ in range(3):
        await make.product(ask.ctx)
        await ask.data(query)
        assert ask.statements == 1


async def test_prices_have_a_history_and_costs_are_for_those_who_may_see_them(ask: Ask) -> None:
    """P5: price history."""
    product = await make.product(ask.ctx, variants=({"price_minor": 2000, "cost_minor": 700},))
    variant = await Variant.get(product_id=product.id)
    change = VariantChanges(variant.id, price=Money(1500, "EUR"))
    await catalog.update_product(ask.ctx, product.id, ProductChanges(variants=(change,)))
    query = """query ($id: ID!) { variant(id: $id) { lowestPrice30d { amount currency }
      priceHistory { nodes { kind price { amount } %s } } } }"""
    id = type_id("var", variant.id)

    shown = await ask.without(Scope.CATALOG_COST).data(query % "", id=id)
    kinds = [
        (each["kind"], each["price"] and each["price"]["amount"]) for each in shown["variant"]["priceHistory"]["nodes"]
    ]
    assert kinds[0] == ("SALE", "15.00")
    assert sorted(kinds[1:]) == [("COST", None), ("SALE", "20.00")]
    assert shown["variant"]["lowestPrice30d"] == {"amount": "20.00", "currency": "EUR"}

    all_of_it = await ask.data(query % "cost { amount }", id=id)
    costs = [each["cost"] for each in all_of_it["variant"]["priceHistory"]["nodes"] if each["kind"] == "COST"]
    assert costs == [{"amount": "7.00"}]
    refused = await ask.without(Scope.CATALOG_COST).error(query % "cost { amount }", id=id)
    assert refused["code"] == "PERMISSION_DENIED"


async def test_a_product_is_found_by_its_handle_and_by_its_old_one(ask: Ask) -> None:
    """P9: slugs with redirects on change."""
    product = await make.product(ask.ctx, handle="old", title="Cup")
    await catalog.update_product(ask.ctx, product.id, ProductChanges(handle="new"))
    query = "query ($handle: String!) { productByHandle(handle: $handle) { product { title handle } redirectedFrom } }"

    found = {"title": "Cup", "handle": "new"}
    assert (await ask.data(query, handle="new"))["productByHandle"] == {"product": found, "redirectedFrom": None}
    assert (await ask.data(query, handle="old"))["productByHandle"] == {"product": found, "redirectedFrom": "old"}
    assert (await ask.data(query, handle="x"))["productByHandle"] is None


async def test_a_strangers_handle_leads_nowhere(ask_other: Ask, ask: Ask) -> None:
    await make.product(ask.ctx, handle="mine")

    assert await ask_other.data('{ productByHandle(handle: "mine") { redirectedFrom } }') == {"productByHandle": None}


HISTORY = """query ($id: ID!) { product(id: $id) { history { nodes {
  name actorKind actorName changes { field old new variantId label } %s } } } }"""


async def test_the_history_says_what_was_changed_by_whom(ask: Ask) -> None:
    """P2: history of changes, with who and when."""
    product = await make.product(ask.ctx, title="Cup", variants=({"sku": "C-1"},))
    variant = await Variant.get(product_id=product.id)
    await catalog.update_product(ask.ctx, product.id, ProductChanges(title="Mug"))
    token = await access.create_token(ask.ctx, name="Sync", scopes=[Scope.CATALOG_READ, Scope.CATALOG_WRITE])
    program = Context(ask.ctx.shop, Actor("token", token.token.id, "Sync"), ask.ctx.scopes)
    cost = VariantChanges(variant.id, cost=Money(100, "EUR"), sku="C-2")
    await catalog.update_product(program, product.id, ProductChanges(variants=(cost,)))
    await catalog.update_product(ask.ctx.as_system(), product.id, ProductChanges(vendor="V"))

    data = await ask.without(Scope.CATALOG_COST).data(HISTORY % "", id=type_id("prod", product.id))
    system, by_program, by_person = data["product"]["history"]["nodes"]

    assert (system["actorKind"], system["actorName"], system["changes"][0]["field"]) == ("system", "Stoa", "vendor")
    assert (by_program["actorKind"], by_program["actorName"]) == ("token", "Sync")
    assert by_program["changes"] == [
        {
            "field": "variants.sku",
            "old": "C-1",
            "new": "C-2",
            "variantId": type_id("var", variant.id),
            "label": "C-2",
        }
    ]
    assert (by_person["actorKind"], by_person["actorName"]) == ("account", ask.ctx.actor.name)
    assert by_person["changes"] == [{"field": "title", "old": "Cup", "new": "Mug", "variantId": None, "label": ""}]

    whole = await ask.data(HISTORY % "costChanges { old new }", id=type_id("prod", product.id))
    assert whole["product"]["history"]["nodes"][1]["costChanges"] == [{"old": None, "new": "1.00 EUR"}]


async def test_the_history_tells_of_imports_and_of_their_undoing(ask: Ask) -> None:
    """P14: an import that changes a product is one line of its history, with who ordered it; costs are told apart."""
    mapping = {"sku": "Code", "title": "Name", "cost": "Cost"}
    for content in (b"Code,Name,Cost\nC-1,Cup,1\n", b"Code,Name,Cost\nC-1,Mug,2\n"):
        with open_shop(ask.ctx.shop):
            run = await imported(ask.ctx, content, mapping=mapping)
    colleague = await make.context(ask.ctx.shop)
    with open_shop(ask.ctx.shop):
        await undo_import(colleague, run.id)
        await run_import(ask.ctx.as_system(), run.id)
        product = await Product.get(external_id="C-1")

    data = await ask.data(HISTORY % "costChanges { old new }", id=type_id("prod", product.id))

    undone, changed, *_ = data["product"]["history"]["nodes"]
    assert (undone["name"], undone["actorName"]) == ("ProductImportUndone", colleague.actor.name)
    assert (changed["name"], changed["actorName"]) == ("ProductImported", ask.ctx.actor.name)
    assert [(each["field"], each["old"], each["new"]) for each in changed["changes"]] == [("title", "Cup", "Mug")]
    assert changed["costChanges"] == [{"old": "1.00 EUR", "new": "2.00 EUR"}]


async def test_options_are_renamed_and_variants_come_and_go(ask: Ask) -> None:
    made = await create(
        ask, "id", options=[{"name": "Size"}], variants=[{"optionValues": ["S"]}, {"optionValues": ["L"]}]
    )
    update = """mutation ($input: ProductUpdateInput!) { productUpdate(input: $input) {
      product { options { name values } variants { nodes { id optionValues } } } userErrors { code } } }"""
    changes = {
        "name": "Size",
        "newName": "Fit",
        "renameValues": [{"value": "S", "newValue": "small"}],
        "addValues": ["XL"],
    }

    product = (await ask.data(update, input={"id": made["id"], "options": [changes]}))["productUpdate"]["product"]
    assert product["options"] == [{"name": "Fit", "values": ["small", "L", "XL"]}]
    small, large = product["variants"]["nodes"]
    assert (small["optionValues"], large["optionValues"]) == (["small"], ["L"])

    shown = "{ product { variants { nodes { optionValues position } } } userErrors { code path } }"
    add = f"mutation ($input: VariantsAddInput!) {{ variantsAdd(input: $input) {shown} }}"
    input: dict[str, Any] = {"productId": made["id"], "variants": [{"optionValues": ["XL"]}], "idempotencyKey": "k"}
    for _ in range(2):
        added = (await ask.data(add, input=input))["variantsAdd"]["product"]["variants"]["nodes"]
        assert [each["optionValues"] for each in added] == [["small"], ["L"], ["XL"]]
    remove = f"mutation ($input: VariantsRefInput!) {{ variantsRemove(input: $input) {shown} }}"
    left = await ask.data(remove, input={"productId": made["id"], "variantIds": [small["id"]]})
    assert left["variantsRemove"]["product"]["variants"]["nodes"] == [
        {"optionValues": ["L"], "position": 0},
        {"optionValues": ["XL"], "position": 1},
    ]


async def test_publishing_is_refused_until_a_category_is_there(ask: Ask) -> None:
    """P8: category required before publish."""
    product = await make.product(ask.ctx, status=catalog.ProductStatus.DRAFT, images=("https://img.test/1",))
    publish = """mutation ($input: ProductPublishInput!) { productPublish(input: $input) {
      product { status } userErrors { code message path } } }"""
    id = type_id("prod", product.id)

    refused = (await ask.data(publish, input={"id": id}))["productPublish"]
    assert refused == {
        "product": None,
        "userErrors": [
            {"code": "NOT_READY", "message": "It cannot go on sale yet: it lacks a category.", "path": ["input", "id"]}
        ],
    }
    shelf = await make.category(ask.ctx)
    await catalog.update_product(ask.ctx, product.id, ProductChanges(category_id=shelf.id))
    assert (await ask.data(publish, input={"id": id}))["productPublish"] == {
        "product": {"status": "ACTIVE"},
        "userErrors": [],
    }


BULK = """mutation ($input: ProductsBulkUpdateInput!) { productsBulkUpdate(input: $input) {
  succeeded results { index id changed version userErrors { code path } } userErrors { code path } } }"""


@pytest.mark.parametrize("policy", ["IGNORE_FAILED", "REJECT_EVERYTHING"])
async def test_a_bulk_edit_answers_for_each_row(ask: Ask, policy: str) -> None:
    good, bad = await make.product(ask.ctx), await make.product(ask.ctx)
    ids = [type_id("prod", each.id) for each in (good, bad)]
    rows = [{"id": ids[0], "title": "New"}, {"id": ids[1], "title": " "}]
    before = await catalog_of(ask.ctx)

    answer = (await ask.data(BULK, input={"products": rows, "policy": policy}))["productsBulkUpdate"]

    wrong = [{"code": "INVALID", "path": ["input", "products", "1", "title"]}]
    strict = policy == "REJECT_EVERYTHING"
    assert answer == {
        "succeeded": 0 if strict else 1,
        "results": [
            {"index": 0, "id": ids[0], "changed": not strict, "version": None if strict else 2, "userErrors": []},
            {"index": 1, "id": ids[1], "changed": False, "version": None, "userErrors": wrong},
        ],
        "userErrors": wrong,
    }
    assert (await catalog_of(ask.ctx) == before) is strict


async def test_a_bulk_edit_sets_no_stock_and_no_costs_without_the_right(ask: Ask) -> None:
    product = await make.product(ask.ctx)
    variant = await Variant.get(product_id=product.id)
    row = {"id": type_id("prod", product.id), "variants": [{"id": type_id("var", variant.id), "onHand": 1}]}
    before = await catalog_of(ask.ctx)

    [error] = (await ask.data(BULK, input={"products": [row]}))["productsBulkUpdate"]["userErrors"]
    assert error == {"code": "INVALID", "path": ["input", "products", "0", "variants", "0", "onHand"]}
    row["variants"] = [{"id": type_id("var", variant.id), "cost": euros("1")}]
    refused = await ask.without(Scope.CATALOG_COST).error(BULK, input={"products": [row]})

    assert refused["code"] == "PERMISSION_DENIED"
    assert await catalog_of(ask.ctx) == before


async def test_a_bundle_is_made_and_shown(ask: Ask) -> None:
    part = await make.product(ask.ctx, variants=({"sku": "CUP", "on_hand": 7},))
    kit = await make.product(ask.ctx, variants=({"sku": "KIT", "on_hand": 0},))
    cup, box = await Variant.get(product_id=part.id), await Variant.get(product_id=kit.id)
    mutation = """mutation ($input: BundlePartsSetInput!) { bundlePartsSet(input: $input) { product { isBundle
      variants(first: 1) { nodes { bundleAvailable parts(first: 2) { nodes { quantity part { sku
        partOf(first: 2) { nodes { bundle { sku } } } } } } } } } userErrors { code } } }"""
    input = {"variantId": type_id("var", box.id), "parts": [{"variantId": type_id("var", cup.id), "quantity": 3}]}

    assert (await ask.data(mutation, input=input))["bundlePartsSet"] == {
        "product": {
            "isBundle": True,
            "variants": {
                "nodes": [
                    {
                        "bundleAvailable": 2,
                        "parts": {
                            "nodes": [
                                {
                                    "quantity": 3,
                                    "part": {"sku": "CUP", "partOf": {"nodes": [{"bundle": {"sku": "KIT"}}]}},
                                }
                            ]
                        },
                    }
                ]
            },
        },
        "userErrors": [],
    }
    found = await ask.data("{ products(where: {isBundle: {eq: true}}) { nodes { title } } }")
    assert found["products"]["nodes"] == [{"title": kit.title}]


async def test_products_are_listed_in_a_channel_and_found_by_it(ask: Ask) -> None:
    channel = (
        await ask.data(
            """mutation { channelCreate(input: {code: "app", name: "App", translations: [{locale: "zh", name: "应用"}]}) {
            channel { id code translations { locale name } } } }"""
        )
    )["channelCreate"]["channel"]
    assert channel["translations"] == [{"locale": "zh", "name": "应用"}]
    product = await make.product(ask.ctx, title="Cup")
    await make.product(ask.ctx)
    mutation = """mutation ($input: ProductListingsSetInput!) { productListingsSet(input: $input) {
      succeeded userErrors { code } } }"""
    input = {"channelId": channel["id"], "products": [{"productId": type_id("prod", product.id)}]}

    assert (await ask.data(mutation, input=input))["productListingsSet"] == {"succeeded": 1, "userErrors": []}

    query = '{ products(where: {listings: {some: {channel: {code: {eq: "app"}}}}}) { nodes { title visibleIn } } }'
    assert (await ask.data(query))["products"]["nodes"] == [{"title": "Cup", "visibleIn": ["app", "web"]}]
    assert await Channel.all().count() == 2


async def test_a_product_is_duplicated_once_for_a_key_and_the_draft_deleted(ask: Ask) -> None:
    product = await make.product(ask.ctx, title="Cup", images=("https://img.test/1",))
    duplicate = """mutation ($input: ProductDuplicateInput!) { productDuplicate(input: $input) {
      product { id title status } userErrors { code } } }"""
    input = {"id": type_id("prod", product.id), "idempotencyKey": "k"}

    copies = [(await ask.data(duplicate, input=input))["productDuplicate"]["product"] for _ in range(2)]
    assert copies[0] == copies[1]
    assert (copies[0]["title"], copies[0]["status"]) == ("Cup (copy)", "DRAFT")

    delete = "mutation ($input: ProductDeleteInput!) { productDelete(input: $input) { deletedId userErrors { code } } }"
    gone = await ask.data(delete, input={"id": copies[0]["id"]})
    assert gone["productDelete"] == {"deletedId": copies[0]["id"], "userErrors": []}
    assert await Product.all().count() == 1
    assert await Image.all().count() == 1
