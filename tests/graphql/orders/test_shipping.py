"""Delivery through the API: from a quote to the door, in the words of the schema."""

from __future__ import annotations

from typing import Any

from stoa.domains.orders.models import Shipment
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Scope
from tests import make
from tests.domains.orders.shipping.sending import confirmed, everything, method
from tests.graphql.asking import Ask

PACK = """mutation ($input: ShipmentPackInput!) { shipmentPack(input: $input) {
  shipments { id number state pickupCode weightGrams lines { nodes { quantity line { title } } } }
  userErrors { code path message } } }"""
SHIP = """mutation ($input: ShipmentShipInput!) { shipmentShip(input: $input) {
  shipment { id state trackingNumber carrier cost { amount } version order { fulfilmentState } }
  userErrors { code path } } }"""
MANY = """mutation ($input: ShipmentsShipInput!) { shipmentsShip(input: $input) {
  results { index shipmentId userErrors { code path } } succeeded userErrors { code } } }"""
FEES = {"by": "PIECE", "rest": {"first": 1, "firstMinor": 800, "next": 1, "nextMinor": 200, "freeFromMinor": 9900}}


async def test_a_parcel_goes_from_the_shelf_to_the_door(ask: Ask) -> None:
    """O7, O8"""
    order = await confirmed(ask.ctx, [(await make.sold(ask.ctx, weight_grams=250), 2)])
    id = type_id("ord", order.id)

    packed = (await ask.data(PACK, input={"orderId": id, "idempotencyKey": "k1"}))["shipmentPack"]
    again = (await ask.data(PACK, input={"orderId": id, "idempotencyKey": "k1"}))["shipmentPack"]
    assert packed == again
    [parcel] = packed["shipments"]
    assert (parcel["state"], parcel["weightGrams"], parcel["lines"]["nodes"][0]["quantity"]) == ("PACKED", 500, 2)
    cost = {"amount": "8.50", "currency": "EUR"}
    given = {"id": parcel["id"], "trackingNumber": "YT 1", "carrier": "yuantong", "cost": cost, "idempotencyKey": "k2"}
    shipped = (await ask.data(SHIP, input=given))["shipmentShip"]

    assert shipped["userErrors"] == []
    assert shipped["shipment"] == {
        "id": parcel["id"],
        "state": "SHIPPED",
        "trackingNumber": "YT1",
        "carrier": "yuantong",
        "version": 2,
        "cost": {"amount": "8.50"},
        "order": {"fulfilmentState": "SHIPPED"},
    }
    deliver = "mutation ($id: ID!) { shipmentDeliver(input: {id: $id}) { shipment { state deliveredAt } } }"
    assert (await ask.data(deliver, id=parcel["id"]))["shipmentDeliver"]["shipment"]["state"] == "DELIVERED"
    query = """query ($id: ID!) { order(id: $id) { fulfilmentState
      shipments { nodes { number state tracking { text } method { code } } }
      lines { nodes { shipped delivered shipments { nodes { quantity shipment { number } } } } } } }"""
    assert (await ask.data(query, id=id))["order"] == {
        "fulfilmentState": "DELIVERED",
        "shipments": {"nodes": [{"number": 1, "state": "DELIVERED", "tracking": [], "method": None}]},
        "lines": {
            "nodes": [
                {"shipped": 2, "delivered": 2, "shipments": {"nodes": [{"quantity": 2, "shipment": {"number": 1}}]}}
            ]
        },
    }
    assert ask.statements == 1


async def test_what_is_refused_blames_its_place_in_the_input(ask: Ask) -> None:
    order = await confirmed(ask.ctx)
    pending = await make.order(ask.ctx)
    before = await everything()

    refused = await ask.data(PACK, input={"orderId": type_id("ord", pending.id)})
    [error] = refused["shipmentPack"]["userErrors"]
    assert (error["code"], error["path"]) == ("NOT_NOW", ["input", "orderId"])
    lines = [{"lineId": type_id("line", order.id), "quantity": 1}]
    refused = await ask.data(PACK, input={"orderId": type_id("ord", order.id), "lines": lines})
    [error] = refused["shipmentPack"]["userErrors"]
    assert (error["code"], error["path"]) == ("ORDER_LINE_NOT_FOUND", ["input", "lines", "0", "lineId"])
    assert await everything() == before


async def test_numbers_for_many_orders(ask: Ask) -> None:
    """Bulk: a result for each row."""
    good, bad = await confirmed(ask.ctx), await make.order(ask.ctx)
    rows = [
        {"orderId": type_id("ord", good.id), "trackingNumber": "M1"},
        {"orderId": type_id("ord", bad.id), "trackingNumber": "M2"},
    ]

    before = await everything()
    strict = (await ask.data(MANY, input={"rows": rows, "policy": "REJECT_EVERYTHING"}))["shipmentsShip"]
    assert (strict["succeeded"], [each["code"] for each in strict["userErrors"]]) == (0, ["NOT_NOW"])
    assert await everything() == before
    done = (await ask.data(MANY, input={"rows": rows}))["shipmentsShip"]

    parcel = await Shipment.get(order_id=good.id)
    assert done == {
        "results": [
            {"index": 0, "shipmentId": type_id("shp", parcel.id), "userErrors": []},
            {
                "index": 1,
                "shipmentId": None,
                "userErrors": [{"code": "NOT_NOW", "path": ["input", "rows", "1", "orderId"]}],
            },
        ],
        "succeeded": 1,
        "userErrors": [{"code": "NOT_NOW"}],
    }


async def test_the_keys_of_a_carrier_are_never_shown(ask: Ask) -> None:
    way = await method(ask.ctx)
    update = """mutation ($input: ShippingMethodUpdateInput!) { shippingMethodUpdate(input: $input) {
      shippingMethod { label texts { locale name pros } following { by hasKeys takesPushes } version
        fees { by rest { firstMinor freeFromMinor } zones { name } } } userErrors { code path } } }"""
    keys = {"by": "KUAIDI100", "customer": "c-secret-1", "key": "k-secret-1"}
    given = {"id": type_id("smet", way.id), "following": keys, "fees": FEES, "expectedVersion": 1}

    body = await ask(update, input=given)

    assert "secret-1" not in str(body)
    [shown] = [body["data"]["shippingMethodUpdate"]["shippingMethod"]]
    assert shown["following"] == {"by": "KUAIDI100", "hasKeys": True, "takesPushes": False}
    assert (shown["label"], shown["version"]) == ("Express", 2)
    assert shown["fees"] == {"by": "PIECE", "rest": {"firstMinor": 800, "freeFromMinor": 9900}, "zones": []}


async def test_quotes_and_the_comparison(ask: Ask) -> None:
    """O9, O14"""
    way = await method(ask.ctx)
    fees = (
        "mutation ($input: ShippingMethodUpdateInput!) { shippingMethodUpdate(input: $input) { userErrors { code } } }"
    )
    await ask.data(fees, input={"id": type_id("smet", way.id), "fees": FEES})
    cup = await make.sold(ask.ctx)
    quotes = """query ($lines: [ShippingQuoteLineInput!]) { shippingQuotes(lines: $lines, address: {country: "DE"}) {
      code name kind isAvailable fee { amount } isFreeByRule reasonCode reason } }"""

    found = (await ask.data(quotes, lines=[{"quantity": 3, "variantId": type_id("var", cup.id)}]))["shippingQuotes"]

    assert found[0] == {
        "code": "express",
        "name": "Express",
        "kind": "EXPRESS",
        "isAvailable": True,
        "fee": {"amount": "12.00"},
        "isFreeByRule": False,
        "reasonCode": None,
        "reason": None,
    }
    assert (found[1]["isAvailable"], found[1]["fee"], found[1]["reasonCode"]) == (False, None, "NO_FEES")
    assert found[1]["reason"] == "What it costs has not been set yet."
    compared: Any = (
        'query { carrierComparison(since: "2026-11-01", until: "2026-11-30") { code parcels meanCost { amount } } }'
    )
    assert (await ask.data(compared))["carrierComparison"][0] == {"code": "express", "parcels": 0, "meanCost": None}
    assert (await ask.error("{ shippingQuotes { code } }"))["code"] == "INVALID"


async def test_a_pickup_code_is_for_those_who_may_see_buyers(ask: Ask) -> None:
    """O12"""
    way = await method(ask.ctx, "pickup")
    order = await confirmed(ask.ctx, shipping_method_id=way.id)
    [parcel] = (await ask.data(PACK, input={"orderId": type_id("ord", order.id)}))["shipmentPack"]["shipments"]
    assert parcel["state"] == "READY"

    error = await ask.without(Scope.CUSTOMERS_READ).error("{ shipments { nodes { pickupCode } } }")
    assert error["code"] == "PERMISSION_DENIED"
    hand_over = """mutation ($input: PickupHandOverInput!) { pickupHandOver(input: $input) {
      shipment { state } userErrors { code path } } }"""
    given = {"id": parcel["id"], "code": parcel["pickupCode"]}
    assert (await ask.data(hand_over, input=given))["pickupHandOver"] == {
        "shipment": {"state": "DELIVERED"},
        "userErrors": [],
    }
