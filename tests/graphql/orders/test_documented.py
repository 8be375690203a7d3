"""The examples of docs/api/orders.md work, one after the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from stoa.kit.ids import type_id
from tests import make
from tests.graphql.asking import Ask

TEXT = (Path(__file__).parents[3] / "docs" / "api" / "orders.md").read_text("utf-8")


async def run(ask: Ask, query: str, known: dict[str, str]) -> dict[str, Any]:
    """With the variables it declares; nothing may be refused."""
    variables = {name: known[name] for name in re.findall(r"\$(\w+): ID!", query)}
    data: dict[str, Any] = await ask.data(query, **variables)
    assert [each for each in data.values() if each.get("userErrors")] == []
    return data


async def test_orders_as_documented(ask: Ask) -> None:
    cup = await make.sold(ask.ctx, price_minor=1999)
    known = {"variant": type_id("var", cup.id)}
    place, look, pay, confirm, pack, ship, refund = re.findall(r"```graphql\n(.*?)```", TEXT, re.DOTALL)

    order = (await run(ask, place, known))["orderPlace"]["order"]
    known |= {"order": order["id"], "line": order["lines"]["nodes"][0]["id"]}
    can = {each["action"]: each for each in (await run(ask, look, known))["order"]["availableTransitions"]}
    await run(ask, pay, known)
    confirmed = (await run(ask, confirm, known))["orderConfirm"]["order"]
    [parcel] = (await run(ask, pack, known))["shipmentPack"]["shipments"]
    sent = (await run(ask, ship, known | {"parcel": parcel["id"]}))["shipmentShip"]["shipment"]
    back = (await run(ask, refund, known))["refundCreate"]["refund"]

    assert order["total"] == {"amount": "39.88", "currency": "EUR"}
    assert [step["step"] for step in order["pricing"]] == ["UNIT", "ORDER", "SHIPPING", "TAX"]
    assert (can["CONFIRM"]["isAvailable"], can["SHIP"]["reasonCode"]) == (True, "WRONG_STATE")
    assert confirmed["state"] == "CONFIRMED"
    assert (sent["state"], sent["order"]["fulfilmentState"]) == ("SHIPPED", "SHIPPED")
    assert back["amount"] == {"amount": "17.49", "currency": "EUR"}
