"""Supplying through the API: from a supplier's price list to goods on the shelf and what they came to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stoa.domains.catalog import supplying
from stoa.domains.catalog.models import PurchaseOrder, Receipt, Stock, Supplier, Variant
from stoa.domains.catalog.supplying import Delivery, ReceivedDraft
from stoa.kit.clock import set_to
from stoa.kit.ids import new_id, type_id
from stoa.tenants.access import Scope
from tests import make
from tests.domains.catalog.catalogs import catalog_of
from tests.domains.catalog.supplying.books import lines_of, stock_of, variants_of
from tests.graphql.asking import Ask, statements_sent

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
ERRORS = "userErrors { code message path ... on QuantityError { proposed } }"
SET_PRICES = (
    "mutation ($input: SupplierPriceSetInput!) { supplierPriceSet(input: $input) { "
    f"results {{ supplierPriceId isNew userErrors {{ code path }} }} {ERRORS} }} }}"
)
CREATE = (
    "mutation ($input: PurchaseOrderCreateInput!) { purchaseOrderCreate(input: $input) { purchaseOrder { id number state "
    "total { amount currency } lines { nodes { id quantity cost { amount } } } } "
    f"{ERRORS} }} }}"
)
PLACE = (
    "mutation ($input: PurchaseOrderRefInput!) { purchaseOrderPlace(input: $input) { purchaseOrder { state version "
    f"lines {{ nodes {{ outstanding received }} }} }} {ERRORS} }} }}"
)
RECEIVE = (
    "mutation ($input: PurchaseOrderReceiveInput!) { purchaseOrderReceive(input: $input) { "
    "receipt { id quantity lines { quantity damaged } costs { name amount { amount } } "
    "landed { goods { amount } costs { amount } total { amount } perPiece { amount currency } } } "
    f"purchaseOrder {{ state lines {{ nodes {{ outstanding received }} }} }} {ERRORS} }} }}"
)


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


async def supplies(ask: Ask) -> tuple[Supplier, list[Variant]]:
    return await make.supplier(ask.ctx, "Kilns"), await variants_of(ask.ctx)


async def test_from_a_price_list_to_goods_on_the_shelf(ask: Ask) -> None:
    """F15, P15's purchase side."""
    [cup, pot] = [type_id("var", each.id) for each in await variants_of(ask.ctx)]
    made = await ask.data(
        'mutation { supplierCreate(input: {name: "景德镇窑", leadDays: 20}) { supplier { id currency } } }'
    )
    supplier = made["supplierCreate"]["supplier"]
    assert supplier["currency"] == "EUR"

    rows = [
        {"variantId": cup, "price": euros("5"), "minimumQuantity": 4, "packSize": 2},
        {"variantId": pot, "price": euros("9.999")},
        {"variantId": type_id("var", new_id()), "price": euros("1")},
    ]
    priced = (await ask.data(SET_PRICES, input={"supplierId": supplier["id"], "prices": rows}))["supplierPriceSet"]
    assert priced["userErrors"] == []
    assert [(each["isNew"], each["userErrors"]) for each in priced["results"]] == [
        (True, []),
        (False, [{"code": "INVALID", "path": ["input", "prices", "1", "price"]}]),
        (False, [{"code": "VARIANT_NOT_FOUND", "path": ["input", "prices", "2", "variantId"]}]),
    ]

    lines = [{"variantId": cup, "quantity": 6}, {"variantId": pot, "quantity": 4, "cost": euros("9")}]
    created = (await ask.data(CREATE, input={"supplierId": supplier["id"], "lines": lines}))["purchaseOrderCreate"]
    order = created["purchaseOrder"]
    assert (order["number"], order["state"], order["total"]) == (1, "DRAFT", euros("66.00"))
    placed = (await ask.data(PLACE, input={"id": order["id"]}))["purchaseOrderPlace"]["purchaseOrder"]
    assert placed == {
        "state": "ORDERED",
        "version": 2,
        "lines": {"nodes": [{"outstanding": 6, "received": 0}, {"outstanding": 4, "received": 0}]},
    }

    [cups, pots] = [each["id"] for each in order["lines"]["nodes"]]
    delivery = {
        "id": order["id"],
        "lines": [{"lineId": cups, "quantity": 6, "damaged": 1}, {"lineId": pots, "quantity": 3}],
        "costs": [{"name": "Freight", "amount": euros("10")}],
        "updateCosts": True,
    }
    received = (await ask.data(RECEIVE, input=delivery))["purchaseOrderReceive"]
    assert received["userErrors"] == []
    assert received["purchaseOrder"] == {
        "state": "PART_RECEIVED",
        "lines": {"nodes": [{"outstanding": 0, "received": 6}, {"outstanding": 1, "received": 3}]},
    }
    assert received["receipt"]["quantity"] == 9
    assert received["receipt"]["lines"] == [{"quantity": 6, "damaged": 1}, {"quantity": 3, "damaged": 0}]
    assert received["receipt"]["costs"] == [{"name": "Freight", "amount": {"amount": "10.00"}}]
    assert [
        [each[part]["amount"] for part in ("goods", "costs", "total", "perPiece")]
        for each in received["receipt"]["landed"]
    ] == [["30.00", "5.26", "35.26", "5.88"], ["27.00", "4.74", "31.74", "10.58"]]
    seen = await ask.data(f'{{ variant(id: "{cup}") {{ cost {{ amount }} onHand }} }}')
    assert seen["variant"] == {"cost": {"amount": "5.88"}, "onHand": 6}


async def test_what_can_be_done_is_offered_and_the_rest_explained(ask: Ask) -> None:
    supplier, [cup, _] = await supplies(ask)
    order = await make.purchase(ask.ctx, supplier, [(cup, 2, 500)])
    query = "{ purchaseOrders { nodes { availableTransitions { action isAvailable to reason { code message } } } } }"

    [shown] = (await ask.data(query))["purchaseOrders"]["nodes"]

    ordered = {"code": "ALREADY_ORDERED", "message": "It has been ordered already."}
    nothing = {"code": "NOTHING_RECEIVED", "message": "Nothing of it has come yet: cancel it instead."}
    assert shown["availableTransitions"] == [
        {"action": "UPDATE", "isAvailable": False, "to": [], "reason": ordered},
        {"action": "PLACE", "isAvailable": False, "to": [], "reason": ordered},
        {"action": "RECEIVE", "isAvailable": True, "to": ["PART_RECEIVED", "RECEIVED"], "reason": None},
        {"action": "CLOSE", "isAvailable": False, "to": [], "reason": nothing},
        {"action": "CANCEL", "isAvailable": True, "to": ["CANCELLED"], "reason": None},
    ]
    body = await ask.data(
        "mutation ($input: PurchaseOrderRefInput!) { purchaseOrderClose(input: $input) { userErrors { code message } } }",
        input={"id": type_id("po", order.id)},
    )
    assert body["purchaseOrderClose"]["userErrors"] == [
        {"code": "WRONG_STATE", "message": "Purchase order 1: Nothing of it has come yet: cancel it instead."}
    ]


async def test_a_quantity_that_does_not_fit_comes_with_a_proposal(ask: Ask) -> None:
    supplier, [cup, _] = await supplies(ask)
    await make.supplier_price(ask.ctx, supplier, cup, minimum_quantity=20, pack_size=6)
    input = {
        "supplierId": type_id("sup", supplier.id),
        "lines": [{"variantId": type_id("var", cup.id), "quantity": 2}],
    }

    refused = (await ask.data(CREATE, input=input))["purchaseOrderCreate"]
    rounded = (await ask.data(CREATE, input=input | {"roundUp": True}))["purchaseOrderCreate"]

    assert refused["purchaseOrder"] is None
    assert [(each["code"], each["path"], each["proposed"]) for each in refused["userErrors"]] == [
        ("QUANTITY_UNFIT", ["input", "lines", "0", "quantity"], 24)
    ]
    assert [each["quantity"] for each in rounded["purchaseOrder"]["lines"]["nodes"]] == [24]


async def test_a_delivery_sent_twice_with_one_key_comes_once(ask: Ask) -> None:
    supplier, [cup, _] = await supplies(ask)
    order = await make.purchase(ask.ctx, supplier, [(cup, 10, 500)])
    [line] = await lines_of(order)
    input = {
        "id": type_id("po", order.id),
        "lines": [{"lineId": type_id("pol", line.id), "quantity": 3}],
        "idempotencyKey": "DN-1",
    }

    first = (await ask.data(RECEIVE, input=input))["purchaseOrderReceive"]
    again = (await ask.data(RECEIVE, input=input))["purchaseOrderReceive"]
    other = (await ask.data(RECEIVE, input=input | {"reference": "x"}))["purchaseOrderReceive"]

    assert first == again
    assert [each["code"] for each in other["userErrors"]] == ["IDEMPOTENCY_KEY_REUSED"]
    assert (await stock_of(cup), await Receipt.all().count()) == ((3, 0, 7), 1)


async def test_placing_and_drafting_twice_with_one_key_happens_once(ask: Ask) -> None:
    supplier, [cup, _] = await supplies(ask)
    lines = [{"variantId": type_id("var", cup.id), "quantity": 2, "cost": euros("1")}]
    input = {"supplierId": type_id("sup", supplier.id), "lines": lines, "idempotencyKey": "k"}

    [first, second] = [(await ask.data(CREATE, input=input))["purchaseOrderCreate"] for _ in range(2)]
    place = {"id": first["purchaseOrder"]["id"], "idempotencyKey": "k"}
    [once, twice] = [(await ask.data(PLACE, input=place))["purchaseOrderPlace"] for _ in range(2)]

    assert (first, once) == (second, twice)
    assert (await PurchaseOrder.all().count(), await stock_of(cup)) == (1, (0, 0, 2))


@pytest.mark.parametrize(
    "fields",
    [
        "suppliers { nodes { prices { nodes { price { amount } } } } }",
        "purchaseOrders { nodes { total { amount } } }",
        "purchaseOrders { nodes { lines { nodes { cost { amount } } } } }",
        "purchaseOrders { nodes { receipts { nodes { costs { name } } } } }",
        "purchaseOrders { nodes { receipts { nodes { landed { lineId } } } } }",
        "purchaseOrders { nodes { receipts { nodes { exchangeRate } } } }",
    ],
)
async def test_costs_are_shown_to_those_who_may_see_costs(ask: Ask, fields: str) -> None:
    await ask.data(f"{{ {fields} }}")

    error = await ask.without(Scope.CATALOG_COST).error(f"{{ {fields} }}")

    assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", "catalog:cost")


async def test_costs_are_set_by_those_who_may_see_costs(ask: Ask) -> None:
    supplier, [cup, _] = await supplies(ask)
    before = await catalog_of(ask.ctx)
    clerk = ask.without(Scope.CATALOG_COST)
    price = {"variantId": type_id("var", cup.id), "price": euros("1")}
    line = {"variantId": type_id("var", cup.id), "quantity": 1, "cost": euros("1")}

    for query, input in (
        (
            "mutation ($input: SupplierPriceSetInput!) { supplierPriceSet(input: $input) { __typename } }",
            {"prices": [price]},
        ),
        (
            "mutation ($input: PurchaseOrderCreateInput!) { purchaseOrderCreate(input: $input) { __typename } }",
            {"lines": [line]},
        ),
    ):
        error = await clerk.error(query, input={"supplierId": type_id("sup", supplier.id), **input})
        assert (error["code"], error["params"]["scope"]) == ("PERMISSION_DENIED", "catalog:cost")

    assert await catalog_of(ask.ctx) == before


async def test_lists_show_the_newest_price_of_each_and_histories_all(ask: Ask) -> None:
    first, second = await make.supplier(ask.ctx, "A"), await make.supplier(ask.ctx, "B")
    [cup, pot] = await variants_of(ask.ctx)
    for supplier, variant, minor in (
        (first, cup, 100),
        (first, pot, 900),
        (second, cup, 150),
        (first, cup, 120),
        (second, cup, 110),
    ):
        await make.supplier_price(ask.ctx, supplier, variant, minor)
    shown = "{ nodes { price { minor } supplier { name } } count { value } }"

    seen = await ask.data(
        f'{{ variant(id: "{type_id("var", cup.id)}") {{ supplierPrices {shown} supplierPriceHistory {shown} }} '
        f'supplier(id: "{type_id("sup", first.id)}") {{ prices {shown} priceHistory {shown} }} }}'
    )

    def told(list_: Any) -> list[tuple[int, str]]:
        assert list_["count"]["value"] == len(list_["nodes"])
        return [(each["price"]["minor"], each["supplier"]["name"]) for each in list_["nodes"]]

    assert told(seen["variant"]["supplierPrices"]) == [(110, "B"), (120, "A")]
    assert told(seen["variant"]["supplierPriceHistory"]) == [(110, "B"), (120, "A"), (150, "B"), (100, "A")]
    assert told(seen["supplier"]["prices"]) == [(900, "A"), (120, "A")]
    assert told(seen["supplier"]["priceHistory"]) == [(900, "A"), (120, "A"), (100, "A")]


async def test_a_list_of_the_newest_prices_pages_past_the_old_ones(ask: Ask) -> None:
    supplier = await make.supplier(ask.ctx)
    variants = await variants_of(ask.ctx, 3)
    for variant in variants:
        for minor in (1, 2):
            await make.supplier_price(ask.ctx, supplier, variant, minor)
    query = (
        "query ($after: String) { suppliers { nodes { prices(first: 2, after: $after) { edges { cursor node { "
        "variant { id } price { minor } } } pageInfo { hasNextPage } } } } }"
    )

    [first] = (await ask.data(query))["suppliers"]["nodes"]
    [second] = (await ask.data(query, after=first["prices"]["edges"][-1]["cursor"]))["suppliers"]["nodes"]

    found = [each["node"] for page in (first, second) for each in page["prices"]["edges"]]
    assert [each["variant"]["id"] for each in found] == [type_id("var", each.id) for each in reversed(variants)]
    assert {each["price"]["minor"] for each in found} == {2}
    assert [page["prices"]["pageInfo"]["hasNextPage"] for page in (first, second)] == [True, False]


async def test_lead_times_of_many_are_learned_in_one_statement(ask: Ask) -> None:
    quick, slow = await make.supplier(ask.ctx, "Quick"), await make.supplier(ask.ctx, "Slow")
    [cup, pot] = await variants_of(ask.ctx)
    for supplier, variant, days in ((quick, cup, 2), (quick, pot, 3), (slow, cup, 21)):
        with set_to(START):
            order = await make.purchase(ask.ctx, supplier, [(variant, 5, 100)])
        [line] = await lines_of(order)
        with set_to(START + timedelta(days=days)):
            await supplying.receive_purchase(ask.ctx, order.id, Delivery([ReceivedDraft(line.id, 5)]))
    await make.supplier(ask.ctx, "Unknown")
    slow_id = type_id("sup", slow.id)

    suppliers = await ask.data("{ suppliers { nodes { name leadTime { days p90 observations } } } }")
    assert ask.statements == 1
    variants = await ask.data(
        "{ variants { nodes { leadTimes { supplierId days observations } "
        f'leadTime(supplierId: "{slow_id}") {{ days p90 observations }} }} }} }}'
    )
    assert ask.statements == 1

    assert suppliers["suppliers"]["nodes"] == [
        {"name": "Quick", "leadTime": {"days": 2.0, "p90": 3.0, "observations": 2}},
        {"name": "Slow", "leadTime": {"days": 21.0, "p90": 21.0, "observations": 1}},
        {"name": "Unknown", "leadTime": None},
    ]
    assert variants["variants"]["nodes"] == [
        {
            "leadTimes": [
                {"supplierId": type_id("sup", quick.id), "days": 2.0, "observations": 1},
                {"supplierId": slow_id, "days": 21.0, "observations": 1},
            ],
            "leadTime": {"days": 21.0, "p90": 21.0, "observations": 1},
        },
        {
            "leadTimes": [{"supplierId": type_id("sup", quick.id), "days": 3.0, "observations": 1}],
            "leadTime": None,
        },
    ]
    error = await ask.error(
        f'{{ variant(id: "{type_id("var", cup.id)}") {{ leadTime(supplierId: "{type_id("var", cup.id)}") {{ days }} }} }}'
    )
    assert (error["code"], error["argument"]) == ("INVALID", ["supplierId"])


async def test_suppliers_are_found_by_name_and_by_whether_one_buys_there(ask: Ask) -> None:
    for name in ("景德镇窑", "Müller Keramik", "Kilns & Co"):
        await make.supplier(ask.ctx, name)
    await supplying.deactivate_supplier(ask.ctx, (await Supplier.get(name="Kilns & Co")).id)

    async def names(arguments: str) -> list[str]:
        found = await ask.data(f"{{ suppliers({arguments}) {{ nodes {{ name }} }} }}")
        return [each["name"] for each in found["suppliers"]["nodes"]]

    assert await names('search: "muller"') == ["Müller Keramik"]
    assert await names('search: "德镇"') == ["景德镇窑"]
    assert await names("where: {isActive: {eq: false}}") == ["Kilns & Co"]
    assert await names("where: {isActive: {eq: true}}") == ["Müller Keramik", "景德镇窑"]
    assert await names("first: 10") == ["Kilns & Co", "Müller Keramik", "景德镇窑"]


async def test_a_draft_is_changed_and_a_supplier_too(ask: Ask) -> None:
    supplier, [cup, pot] = await supplies(ask)
    there = await make.location(ask.ctx, "Attic")
    order = await make.purchase(ask.ctx, supplier, [(cup, 2, 500)], placed=False)
    input = {
        "id": type_id("po", order.id),
        "expectedVersion": 1,
        "lines": [{"variantId": type_id("var", pot.id), "quantity": 9, "cost": euros("2")}],
        "locationId": type_id("loc", there.id),
        "expectedOn": "2026-12-24",
        "note": "Before Christmas",
    }

    changed = await ask.data(
        "mutation ($input: PurchaseOrderUpdateInput!) { purchaseOrderUpdate(input: $input) { purchaseOrder { "
        "note expectedOn version location { name } supplier { name } lines { nodes { quantity } } } } }",
        input=input,
    )
    stale = await ask.data(
        "mutation ($input: PurchaseOrderUpdateInput!) { purchaseOrderUpdate(input: $input) { userErrors { code path "
        "... on ConflictError { currentVersion } } } }",
        input=input,
    )
    no_day = await ask.data(
        "mutation ($input: PurchaseOrderUpdateInput!) { purchaseOrderUpdate(input: $input) { userErrors { path } } }",
        input={"id": input["id"], "expectedOn": "tomorrow"},
    )
    renamed = await ask.data(
        "mutation ($input: SupplierUpdateInput!) { supplierUpdate(input: $input) { supplier { name isActive leadDays } } }",
        input={"id": type_id("sup", supplier.id), "name": "Mills", "leadDays": 3, "isActive": False},
    )

    assert changed["purchaseOrderUpdate"]["purchaseOrder"] == {
        "note": "Before Christmas",
        "expectedOn": "2026-12-24",
        "version": 2,
        "location": {"name": "Attic"},
        "supplier": {"name": "Kilns"},
        "lines": {"nodes": [{"quantity": 9}]},
    }
    assert stale["purchaseOrderUpdate"]["userErrors"] == [
        {"code": "PURCHASE_ORDER_CHANGED", "path": ["input", "expectedVersion"], "currentVersion": 2}
    ]
    assert no_day["purchaseOrderUpdate"]["userErrors"] == [{"path": ["input", "expectedOn"]}]
    assert renamed["supplierUpdate"]["supplier"] == {"name": "Mills", "isActive": False, "leadDays": 3}


async def test_receiving_takes_as_many_statements_for_many_lines_as_for_one(ask: Ask) -> None:
    sent_for: dict[int, int] = {}
    for count in (1, 20):
        supplier, variants = await make.supplier(ask.ctx), await variants_of(ask.ctx, count)
        order = await make.purchase(ask.ctx, supplier, [(each, 5, 100) for each in variants])
        input = {
            "id": type_id("po", order.id),
            "lines": [{"lineId": type_id("pol", each.id), "quantity": 2} for each in await lines_of(order)],
            "costs": [{"name": "Freight", "amount": euros("3")}],
            "updateCosts": True,
        }
        async with statements_sent(ask.ctx) as sent:
            answer = (await ask.data(RECEIVE, input=input))["purchaseOrderReceive"]
        assert answer["userErrors"] == []
        sent_for[count] = len(sent)

    assert sent_for[1] == sent_for[20]
    assert await Stock.filter(on_hand=2, incoming=3).count() == 21
