"""Orders on their way, through the API: confirmed, paid, called off, given back, watched."""

from __future__ import annotations

import asyncio
from typing import Any

from stoa.domains import orders
from stoa.domains.orders.models import Order, OrderLine, Payment
from stoa.graphql.requests import Request
from stoa.kit.ids import new_id, type_id
from stoa.kit.languages import reading
from stoa.tenants import live
from stoa.tenants.context import open_shop
from tests import make
from tests.domains.orders.ledgers import eur, pay
from tests.graphql.asking import Ask

ERRORS = "userErrors { code message path }"
EUR = "EUR"


def ord_id(order: Order) -> str:
    return type_id("ord", order.id)


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": EUR}


async def done(ask: Ask, name: str, input: dict[str, Any], shown: str = "order { state }") -> Any:
    kind = name[0].upper() + name[1:]
    kind = {"OrderConfirm": "OrderStep", "OrderResume": "OrderStep", "OrderComplete": "OrderStep"}.get(kind, kind)
    query = f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ {shown} {ERRORS} }} }}"
    return (await ask.data(query, input=input))[name]


async def test_an_order_goes_its_way(ask: Ask) -> None:
    order = await make.order(ask.ctx, shipping=eur(490))
    id = ord_id(order)
    shown = (
        "order { paymentState captured { amount } payments { nodes { provider reference state captured { minor } } } }"
    )

    paid = await done(
        ask,
        "paymentRecord",
        {"orderId": id, "provider": "bank", "reference": "A", "amount": money("44.88"), "idempotencyKey": "k"},
        shown,
    )
    confirmed = await done(ask, "orderConfirm", {"id": id}, "order { state fulfilmentState version }")

    payment = {"provider": "bank", "reference": "A", "state": "SETTLED", "captured": {"minor": 4488}}
    assert paid == {
        "order": {"paymentState": "PAID", "captured": {"amount": "44.88"}, "payments": {"nodes": [payment]}},
        "userErrors": [],
    }
    assert confirmed["order"] == {"state": "CONFIRMED", "fulfilmentState": "ALLOCATED", "version": 3}


async def test_a_refund_is_shown_before_it_is_made(ask: Ask) -> None:
    order = await make.order(ask.ctx, [(await make.sold(ask.ctx, price_minor=333), 3)], shipping=eur(490))
    with open_shop(ask.ctx.shop):
        await pay(ask.ctx, order, 1489, "A")
        [line] = await OrderLine.filter(order_id=order.id)
        [payment] = await Payment.all()
    lines = [{"lineId": type_id("line", line.id), "quantity": 2}]

    shown = await ask.data(
        "query ($id: ID!, $lines: [OrderPiecesInput!], $shipping: MoneyInput) { refundPreview(orderId: $id, lines: $lines, "
        "shipping: $shipping) { amount { amount } lines { quantity amount { minor } } parts { paymentId amount { minor } } "
        "most { minor } shippingLeft { minor } } }",
        id=ord_id(order),
        lines=lines,
        shipping=money("1.00"),
    )
    wish = {"orderId": ord_id(order), "lines": lines, "shipping": money("1.00"), "reason": "broken"}
    parts = "parts { paymentId amount { minor } reference } lines { quantity isCancelled amount { minor } }"
    made = await done(
        ask, "refundCreate", wish, f"refund {{ id state amount {{ minor }} {parts} }} order {{ refunded {{ minor }} }}"
    )
    settled = await done(
        ask, "refundSettle", {"id": made["refund"]["id"], "reference": "R"}, "refund { state parts { reference } }"
    )

    part = {"paymentId": type_id("pay", payment.id), "amount": {"minor": 766}}
    assert shown["refundPreview"] == {
        "amount": {"amount": "7.66"},
        "lines": [{"quantity": 2, "amount": {"minor": 666}}],
        "parts": [part],
        "most": {"minor": 1489},
        "shippingLeft": {"minor": 490},
    }
    assert made["refund"] | {"id": ""} == {
        "id": "",
        "state": "PENDING",
        "amount": {"minor": 766},
        "parts": [part | {"reference": ""}],
        "lines": [{"quantity": 2, "isCancelled": False, "amount": {"minor": 666}}],
    }
    assert made["order"] == {"refunded": {"minor": 766}}
    assert settled["refund"] == {"state": "SETTLED", "parts": [{"reference": "R"}]}


async def test_a_refund_with_the_same_key_is_made_once(ask: Ask) -> None:
    order = await make.order(ask.ctx)
    with open_shop(ask.ctx.shop):
        await pay(ask.ctx, order, 3998, "A")
    wish = {"orderId": ord_id(order), "extra": money("1.00"), "idempotencyKey": "once"}

    answers = [await done(ask, "refundCreate", wish, "refund { id }") for _ in range(3)]

    assert len({each["refund"]["id"] for each in answers}) == 1
    with open_shop(ask.ctx.shop):
        assert (await Order.get(id=order.id)).refunded_minor == 100


async def test_refusals_say_where_and_why(ask: Ask) -> None:
    order = await make.order(ask.ctx)
    id, nobody = ord_id(order), type_id("line", new_id())

    too_early = await done(ask, "orderComplete", {"id": id})
    unknown = await done(ask, "orderCancel", {"id": id, "lines": [{"lineId": nobody, "quantity": 1}]})
    unpaid = await done(ask, "refundCreate", {"orderId": id, "extra": money("1")}, "refund { id }")
    several = await done(ask, "ordersConfirm", {"ids": [id, type_id("ord", new_id())]}, "orders { state }")

    assert too_early["userErrors"] == [
        {
            "code": "NOT_NOW",
            "message": "Order 1001: It is waiting to be confirmed.",
            "path": ["input", "id"],
        }
    ]
    assert [each["path"] for each in unknown["userErrors"]] == [["input", "lines", "0", "lineId"]]
    assert [(each["code"], each["path"]) for each in unpaid["userErrors"]] == [("NOT_NOW", ["input", "orderId"])]
    assert several["orders"] == [{"state": "CONFIRMED"}, None]
    assert [each["path"] for each in several["userErrors"]] == [["input", "ids", "1"]]


async def test_checks_are_told_in_the_readers_language(ask: Ask) -> None:
    """O4, O5: with reasons; overdue is seen."""
    order = await make.order(ask.ctx, shipping_address={"country": "CN", "province": "浙江省", "city": "杭州市"})
    query = "query ($id: ID!) { order(id: $id) { isOverdue checks { code severity message } } }"

    english = await ask.data(query, id=ord_id(order))
    with reading("zh"):
        chinese = await ask.data(query, id=ord_id(order))
    with open_shop(ask.ctx.shop):
        await Order.filter(id=order.id).update(confirm_by=order.placed_at)
    late = await ask.data(query, id=ord_id(order))

    words = "The address is not complete: the street, the phone is missing."
    assert english["order"] == {
        "isOverdue": False,
        "checks": [{"code": "ADDRESS", "severity": "BLOCKING", "message": words}],
    }
    assert chinese["order"]["checks"][0]["message"] == "地址不完整：缺少街道地址、电话。"
    assert late["order"]["isOverdue"] is True


async def test_orders_are_watched(ask: Ask) -> None:
    """O3: the order as it is after every change."""
    order, other = await make.order(ask.ctx), await make.order(ask.ctx)
    query = "subscription ($id: ID) { orderChanged(id: $id) { number state isOnHold } }"

    async with live.listen(ask.ctx.shop, "marker") as marks:
        live.announce(ask.ctx, "marker", {})
        await anext(marks)  # news come in their order: what was told before this is not heard below
    with open_shop(ask.ctx.shop):
        stream = ask.executor.stream(Request(query, {"id": ord_id(order)}), ask.context())
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.3)
        await orders.hold_order(ask.ctx, other.id)
        await orders.hold_order(ask.ctx, order.id)
        async with asyncio.timeout(20):
            body = (await first).body
        await stream.aclose()

    assert body["data"] == {"orderChanged": {"number": order.number, "state": "PENDING", "isOnHold": True}}


async def test_what_an_order_may_not_say_of_itself_is_named(ask: Ask) -> None:
    """Our own channels are counted otherwise; and nobody has bought tomorrow."""
    cup = await make.sold(ask.ctx)
    lines = [{"variantId": type_id("var", cup.id), "quantity": 1}]

    ours = await done(ask, "orderPlace", {"lines": lines, "channel": " Returns "}, "order { id }")
    tomorrow = await done(ask, "orderPlace", {"lines": lines, "placedAt": "2999-01-01T00:00:00Z"}, "order { id }")

    said = "returns is Stoa's own: name another one."
    assert [(each["message"].lower(), each["path"]) for each in ours["userErrors"]] == [
        (said.lower(), ["input", "channel"])
    ]
    assert [(each["message"], each["path"]) for each in tomorrow["userErrors"]] == [
        ("That is not over yet.", ["input", "placedAt"])
    ]
    assert (ours["order"], tomorrow["order"]) == (None, None)
    with open_shop(ask.ctx.shop):
        assert await Order.all().count() == 0
