"""What happened to things, when and by whom: whatever it was that was done to them."""

from __future__ import annotations

from typing import Any

from stoa.domains import catalog
from stoa.domains.catalog import merchandising, publishing, stock, supplying
from stoa.domains.catalog.models import Channel, Product, PurchaseLine, Variant
from stoa.domains.catalog.publishing import ListingWish
from stoa.kit.clock import now
from stoa.kit.ids import type_id
from tests import make
from tests.graphql.asking import Ask

PRODUCT = """query ($id: ID!) { product(id: $id) { history { nodes {
  name happenedAt actorName changed changes { field old new label } costChanges { field old new label } } } } }"""


async def happened(ask: Ask, product: Product) -> dict[str, Any]:
    """The newest entry; it must be by whoever asks, and of just now."""
    data = await ask.data(PRODUCT, id=type_id("prod", product.id))
    newest: dict[str, Any] = data["product"]["history"]["nodes"][0]
    assert newest.pop("actorName") == ask.ctx.actor.name
    assert newest.pop("happenedAt") <= now().isoformat()
    return newest


def told(field: str, old: str | None, new: str | None, label: str = "") -> dict[str, Any]:
    return {"field": field, "old": old, "new": new, "label": label}


async def test_tags_attributes_and_variants_that_come_and_go_are_told(ask: Ask) -> None:
    """P2: history of changes, with who and when."""
    product = await make.product(ask.ctx, variants=({"sku": "A"},))

    await merchandising.change_tags(ask.ctx, [product.id], add=["oak", "old"], remove=[])
    assert (await happened(ask, product))["changes"] == [told("tags", None, "oak, old")]
    await merchandising.change_tags(ask.ctx, [product.id], add=["new"], remove=["old"])
    assert (await happened(ask, product))["changes"] == [told("tags", "old", "new")]

    await merchandising.set_attributes(ask.ctx, [product.id], {"material": ["oak"]})
    await merchandising.set_attributes(ask.ctx, [product.id], {"material": ["ash"], "style": []})
    assert (await happened(ask, product))["changes"] == [told("attributes.material", "oak", "ash")]

    await catalog.add_variants(ask.ctx, product.id, [catalog.VariantDraft(sku="B")])
    assert (await happened(ask, product))["changes"] == [told("variants", None, "B")]
    added = await Variant.get(sku="B")
    await catalog.remove_variants(ask.ctx, product.id, [added.id])
    assert (await happened(ask, product))["changes"] == [told("variants", "B", None)]


async def test_fields_have_the_names_that_this_api_gives_them(ask: Ask) -> None:
    product, shelf = await make.product(ask.ctx, variants=()), await make.category(ask.ctx)

    changes = catalog.ProductChanges(seo_title="Oak", category_id=shelf.id)
    await catalog.update_product(ask.ctx, product.id, changes)

    entry = await happened(ask, product)
    assert sorted(entry["changed"]) == ["categoryId", "seoTitle"]
    assert sorted(entry["changes"], key=lambda each: each["field"]) == [
        told("categoryId", None, type_id("cat", shelf.id)),
        told("seoTitle", "", "Oak"),
    ]


async def test_a_plan_that_is_changed_is_told_with_what_it_was(ask: Ask) -> None:
    product, shelf = await make.product(ask.ctx, images=("https://p.example/1.jpg",)), await make.category(ask.ctx)
    await Product.filter(id=product.id).update(status="DRAFT", category_id=shelf.id, description="Of oak.")
    first, second = (now().replace(year=now().year + more, microsecond=0, month=1, day=1) for more in (1, 2))

    await publishing.publish_product(ask.ctx, product.id, at=first)
    await publishing.publish_product(ask.ctx, product.id, at=second)
    assert (await happened(ask, product))["changes"] == [told("publishAt", first.isoformat(), second.isoformat())]

    await publishing.publish_product(ask.ctx, product.id, until=first)
    data = await ask.data(PRODUCT, id=type_id("prod", product.id))
    published, edited = data["product"]["history"]["nodes"][:2]
    assert (published["name"], edited["changes"]) == (
        "ProductPublished",
        [
            told("status", "DRAFT", "ACTIVE"),
            told("publishAt", second.isoformat(), None),
            told("unpublishAt", None, first.isoformat()),
        ],
    )


async def test_where_a_product_is_seen_is_told_in_its_history(ask: Ask) -> None:
    product, web = await make.product(ask.ctx), await Channel.get(code="web")
    until = now().replace(year=now().year + 1, month=1, day=1, hour=0, minute=0, second=0, microsecond=0)

    hidden = ListingWish(product.id, is_hidden=True)
    await publishing.set_listings(ask.ctx, web.id, [hidden], all_or_nothing=False)
    assert (await happened(ask, product))["changes"] == [told("listings.web", None, '{"isHidden": true}')]

    shown = ListingWish(product.id, unpublish_at=until)
    for _ in range(2):  # twice changes nothing, and nothing is told of it
        await publishing.set_listings(ask.ctx, web.id, [shown], all_or_nothing=False)
    after = f'{{"unpublishAt": "{until.isoformat()}", "isHidden": false}}'
    assert (await happened(ask, product))["changes"] == [told("listings.web", '{"isHidden": true}', after)]
    names = [
        each["name"]
        for each in (await ask.data(PRODUCT, id=type_id("prod", product.id)))["product"]["history"]["nodes"]
    ]
    assert names == ["ProductListingChanged"] * 2


async def test_what_a_bundle_is_made_of_is_told(ask: Ask) -> None:
    bundle, part = await make.product(ask.ctx, variants=({"sku": "SET", "on_hand": None},)), await make.sold(ask.ctx)
    variant = await Variant.get(sku="SET")

    await catalog.set_parts(ask.ctx, variant.id, {part.id: 2})
    await catalog.set_parts(ask.ctx, variant.id, {part.id: 3})

    expected = told("variants.parts", f"2 x {part.sku}", f"3 x {part.sku}", "SET")
    assert (await happened(ask, bundle))["changes"] == [expected]


async def test_costs_that_a_delivery_changed_are_told_to_those_who_may_see_costs(ask: Ask) -> None:
    product = await make.product(ask.ctx, variants=({"sku": "A", "cost_minor": 400, "on_hand": 10},))
    variant, supplier = await Variant.get(sku="A"), await make.supplier(ask.ctx)
    order = await make.purchase(ask.ctx, supplier, [(variant, 10, 600)])
    line = await PurchaseLine.get(purchase_id=order.id)

    delivery = supplying.Delivery([supplying.ReceivedDraft(line.id, 10)], update_costs=True)
    await supplying.receive_purchase(ask.ctx, order.id, delivery)

    entry = await happened(ask, product)
    assert (entry["changes"], entry["costChanges"]) == ([], [told("variants.cost", "4.00 EUR", "5.00 EUR", "A")])


async def test_a_tag_can_be_put_back_by_its_history(ask: Ask) -> None:
    """P11: whoever has lost the `changeId` finds it there."""
    product = await make.product(ask.ctx)
    await merchandising.change_tags(ask.ctx, [product.id], add=["oak", "eiche"], remove=[])
    tags = (await ask.data("{ tags { nodes { id name } } }"))["tags"]["nodes"]
    ids = {each["name"]: each["id"] for each in tags}
    merge = "mutation ($input: TagsMergeInput!) { tagsMerge(input: $input) { userErrors { code } } }"
    await ask.data(merge, input={"intoId": ids["oak"], "mergedIds": [ids["eiche"]]})

    query = "query ($id: ID!) { tag(id: $id) { history { nodes { id name changes { field old new label } } } } }"
    [merged] = (await ask.data(query, id=ids["oak"]))["tag"]["history"]["nodes"]
    assert (merged["name"], merged["changes"]) == ("TagsMerged", [told("merged", "eiche", None)])

    undo = "mutation ($input: TagChangeUndoInput!) { tagChangeUndo(input: $input) { userErrors { code } } }"
    assert (await ask.data(undo, input={"id": merged["id"]}))["tagChangeUndo"]["userErrors"] == []
    query = "query ($id: ID!) { product(id: $id) { tags { nodes { tag { name } } } } }"
    found = (await ask.data(query, id=type_id("prod", product.id)))["product"]["tags"]["nodes"]
    assert sorted(each["tag"]["name"] for each in found) == ["eiche", "oak"]


async def test_alarms_of_low_stock_are_told_once_per_crossing(ask: Ask) -> None:
    """P14: whoever was not watching finds the alarm there."""
    cup = await make.sold(ask.ctx, on_hand=5)
    await stock.set_limits(ask.ctx, [stock.Limits(cup.id, threshold=3)])
    for quantity in (-1, -1, -1, 5):
        await stock.adjust(ask.ctx, [stock.Adjustment(cup.id, quantity=quantity)], reason="sold")

    query = """query ($id: ID!) { variant(id: $id) { stock { nodes { history { nodes {
      name actorName changes { field new } } } } } } }"""
    [level] = (await ask.data(query, id=type_id("var", cup.id)))["variant"]["stock"]["nodes"]

    alarms = [(each["name"], each["actorName"], each["changes"]) for each in level["history"]["nodes"]]
    threshold = {"field": "threshold", "new": "3"}
    assert alarms == [
        ("StockRecovered", ask.ctx.actor.name, [{"field": "available", "new": "7"}, threshold]),
        ("StockLow", ask.ctx.actor.name, [{"field": "available", "new": "3"}, threshold]),
    ]


async def test_whatever_people_keep_has_a_history(ask: Ask) -> None:
    """Who placed an order, who moved a shelf: with the names of what was changed."""
    shelf = await catalog.create_category(ask.ctx, name="Desks")
    await merchandising.update_category(ask.ctx, shelf.id, merchandising.CategoryChanges(description="All desks"))
    supplier = await make.supplier(ask.ctx)
    order = await make.purchase(ask.ctx, supplier, [(await make.sold(ask.ctx), 1, 500)])

    data = await ask.data(
        """query ($shelf: ID!, $order: ID!, $supplier: ID!) {
          category(id: $shelf) { history { nodes { ...what } } }
          purchaseOrder(id: $order) { history { nodes { ...what } } }
          supplier(id: $supplier) { history { nodes { ...what } } } }
        fragment what on HistoryEntry { name actorName changed }""",
        shelf=type_id("cat", shelf.id),
        order=type_id("po", order.id),
        supplier=type_id("sup", supplier.id),
    )

    told_of = {
        name: [(each["name"], each["changed"]) for each in thing["history"]["nodes"]] for name, thing in data.items()
    }
    assert told_of == {
        "category": [("CategoryEdited", ["description"]), ("CategoryCreated", [])],
        "purchaseOrder": [("PurchaseOrderPlaced", []), ("PurchaseOrderCreated", [])],
        "supplier": [("SupplierCreated", [])],
    }
    actors = {each["actorName"] for thing in data.values() for each in thing["history"]["nodes"]}
    assert actors == {ask.ctx.actor.name}


async def test_a_strangers_history_is_not_shown(ask: Ask, other_ctx: Any) -> None:
    product = await make.product(other_ctx)

    assert await ask.data(PRODUCT, id=type_id("prod", product.id)) == {"product": None}
