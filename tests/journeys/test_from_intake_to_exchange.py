"""An order on its way: taken in from a channel, paid, confirmed, sent in two parcels, delivered, and one piece exchanged."""

from __future__ import annotations

from typing import Any

from tests.journeys.browsing import Browser, sign_up

ORDER = """
  id number state paymentState fulfilmentState aftersaleState total { amount } captured { amount }
  lines { nodes { id sku quantity shipped delivered returned } } customer { name ordersCount }
  availableTransitions { action isAvailable reason }
"""

HOME = {
    "name": "Zeno",
    "line1": "Stoa 1",
    "district": "Xihu",
    "city": "Hangzhou",
    "province": "Zhejiang",
    "country": "CN",
    "postcode": "310000",
    "phone": "13800138000",
}


async def test_an_order_goes_from_intake_to_exchange(browser: Browser) -> None:
    """O1, O3, O4, O6, O7, O8, O15, O16, O17, X13: through the API alone."""
    await sign_up(browser)
    lantern, teapot = await stocked(browser, "LAN-1", "12.50", 5), await stocked(browser, "TEA-1", "88.00", 3)
    placed = await place(browser, lantern, teapot)
    assert (placed["state"], placed["paymentState"], placed["total"]) == ("PENDING", "UNPAID", {"amount": "113.00"})
    assert placed["customer"]["name"] == "Zeno"
    assert (await place(browser, lantern, teapot))["id"] == placed["id"]  # the channel sends it again
    assert await available(browser, lantern) == 3

    ship = why_not(placed, "SHIP")
    assert ship is not None

    await done(
        browser, "paymentRecord", "PaymentRecordInput", orderId=placed["id"], provider="alipay", amount=gbp("113.00")
    )
    await done(browser, "orderConfirm", "OrderStepInput", id=placed["id"])
    order = await look(browser, placed["id"])
    assert (order["state"], order["paymentState"]) == ("CONFIRMED", "PAID")
    assert why_not(order, "SHIP") is None

    lanterns, pots = order["lines"]["nodes"]
    await send(browser, order["id"], lanterns["id"], 2, "SF1000")
    assert (await look(browser, order["id"]))["fulfilmentState"] == "PART_SHIPPED"
    first = await send(browser, order["id"], pots["id"], 1, "SF1001")
    assert (await look(browser, order["id"]))["fulfilmentState"] == "SHIPPED"
    assert await on_hand(browser, lantern) == 3
    for parcel in await parcels(browser, order["id"]):
        await done(browser, "shipmentDeliver", "ShipmentDeliverInput", id=parcel)
    assert first
    assert (await look(browser, order["id"]))["fulfilmentState"] == "DELIVERED"

    case = await exchange(browser, order["id"], lanterns["id"])
    assert case["state"] in ("EXCHANGED", "CLOSED")
    order = await look(browser, order["id"])
    assert [line["returned"] for line in order["lines"]["nodes"]] == [1, 0]
    anew = case["sentOrder"]
    assert anew["number"] == order["number"] + 1
    assert anew["total"] == {"amount": "0.00"}

    report = (await browser.ask("{ integrityReport { isSound } }"))["integrityReport"]
    assert report == {"isSound": True}


async def stocked(browser: Browser, sku: str, price: str, on_hand: int) -> str:
    variants = [{"sku": sku, "price": gbp(price), "onHand": on_hand, "weightGrams": 400}]
    made = await browser.ask(
        "mutation ($input: ProductCreateInput!) { productCreate(input: $input) "
        "{ product { id variants { nodes { id } } } userErrors { code message } } }",
        input={"title": f"Product {sku}", "variants": variants, "status": "DRAFT"},
    )
    assert made["productCreate"]["userErrors"] == []
    return str(made["productCreate"]["product"]["variants"]["nodes"][0]["id"])


async def place(browser: Browser, lantern: str, teapot: str) -> dict[str, Any]:
    asked = await browser.ask(
        f"mutation ($input: OrderPlaceInput!) {{ orderPlace(input: $input) {{ order {{ {ORDER} }} "
        "userErrors { code message path } } }",
        input={
            "channel": "wechat",
            "externalId": "WX-1",
            "buyer": {"name": "Zeno", "phone": "+86 138 0013 8000", "channelId": "wechat:o1"},
            "shippingAddress": HOME,
            "lines": [
                {"variantId": lantern, "quantity": 2, "unitPrice": gbp("12.50")},
                {"variantId": teapot, "quantity": 1, "unitPrice": gbp("88.00")},
            ],
        },
    )
    assert asked["orderPlace"]["userErrors"] == []
    return asked["orderPlace"]["order"]  # type: ignore[no-any-return]


async def send(browser: Browser, order_id: str, line_id: str, quantity: int, number: str) -> str:
    packed = await done(
        browser,
        "shipmentPack",
        "ShipmentPackInput",
        answer="shipments { id }",
        orderId=order_id,
        lines=[{"lineId": line_id, "quantity": quantity}],
    )
    parcel = str(packed["shipments"][0]["id"])
    await done(browser, "shipmentShip", "ShipmentShipInput", id=parcel, trackingNumber=number, carrier="sf")
    return parcel


async def exchange(browser: Browser, order_id: str, line_id: str) -> dict[str, Any]:
    opened = await done(
        browser,
        "aftersaleOpen",
        "AftersaleOpenInput",
        answer="aftersaleCase { id }",
        orderId=order_id,
        kind="EXCHANGE",
        reason="DAMAGED",
        lines=[{"lineId": line_id, "quantity": 1}],
        contact={"kind": "CALL", "reference": "call 7"},
    )
    case = opened["aftersaleCase"]["id"]
    await done(browser, "aftersaleApprove", "AftersaleApproveInput", id=case)
    await done(browser, "aftersaleReturn", "AftersaleReturnInput", id=case, carrier="sf", tracking="SF9000")
    await done(browser, "aftersaleReceive", "AftersaleReceiveInput", id=case)
    inspected = [{"lineId": line_id, "scrapped": 1, "condition": "cracked"}]
    await done(browser, "aftersaleInspect", "AftersaleInspectInput", id=case, lines=inspected)
    answer = "aftersaleCase { state sentOrder { number total { amount } } }"
    sent = await done(browser, "aftersaleResend", "AftersaleResendInput", answer=answer, id=case)
    return sent["aftersaleCase"]  # type: ignore[no-any-return]


async def look(browser: Browser, order_id: str) -> dict[str, Any]:
    asked = await browser.ask(f"query ($id: ID!) {{ order(id: $id) {{ {ORDER} }} }}", id=order_id)
    return asked["order"]  # type: ignore[no-any-return]


async def parcels(browser: Browser, order_id: str) -> list[str]:
    asked = await browser.ask("query ($id: ID!) { order(id: $id) { shipments { nodes { id } } } }", id=order_id)
    return [each["id"] for each in asked["order"]["shipments"]["nodes"]]


async def available(browser: Browser, variant_id: str) -> int:
    asked = await browser.ask("query ($id: ID!) { variant(id: $id) { available } }", id=variant_id)
    return int(asked["variant"]["available"])


async def on_hand(browser: Browser, variant_id: str) -> int:
    asked = await browser.ask("query ($id: ID!) { variant(id: $id) { onHand } }", id=variant_id)
    return int(asked["variant"]["onHand"])


async def done(browser: Browser, name: str, takes: str, /, *, answer: str = "", **input: Any) -> dict[str, Any]:
    asked = await browser.ask(
        f"mutation ($input: {takes}!) {{ {name}(input: $input) {{ {answer} userErrors {{ code message path }} }} }}",
        input=input,
    )
    assert asked[name]["userErrors"] == [], (name, asked)
    return asked[name]  # type: ignore[no-any-return]


def why_not(order: dict[str, Any], action: str) -> str | None:
    [found] = [each for each in order["availableTransitions"] if each["action"] == action]
    return None if found["isAvailable"] else found["reason"]


def gbp(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "GBP"}
