"""An ERP outside is told of orders: its own query, a signature, a number, and again when it was down."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.fakes.receiver import Receiver, receiver
from tests.journeys.browsing import Browser, sign_up
from tests.journeys.test_from_intake_to_exchange import done, place, stocked

QUERY = "query ($id: ID!) { order(id: $id) { number state lines { nodes { sku quantity } } } }"
CREATE = """mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) {
  webhook { id } secret userErrors { code message path } } }"""
LOG = """query ($id: ID!) { webhook(id: $id) { state deliveries(last: 1) { nodes { id topic state sequence attemptsMade
  attempts { nodes { status } } } } } }"""


async def test_an_erp_hears_of_orders_and_of_what_it_missed(browser: Browser) -> None:
    """X7: over HTTP, with the workers of a real server."""
    await sign_up(browser)
    lantern, teapot = await stocked(browser, "LAN-1", "12.50", 5), await stocked(browser, "TEA-1", "88.00", 3)
    async with receiver() as erp:
        erp.answers = [503]
        wish = {"name": "ERP", "address": erp.url, "topics": ["order.placed", "order.moved"], "query": QUERY}
        made = (await browser.ask(CREATE, input=wish))["webhookCreate"]
        assert made["userErrors"] == []

        order = await place(browser, lantern, teapot)
        await done(browser, "orderConfirm", "OrderStepInput", id=order["id"])
        placed = await told(erp, made["secret"], "order.placed")
        moved = await told(erp, made["secret"], "order.moved")

        assert placed["aggregate"] == moved["aggregate"] == {"kind": "Order", "id": order["id"]}
        assert placed["data"]["order"]["lines"]["nodes"] == [
            {"sku": "LAN-1", "quantity": 2},
            {"sku": "TEA-1", "quantity": 1},
        ]
        assert placed["sequence"] < moved["sequence"]
        first = await logged(browser, made["webhook"]["id"])
        assert (first["topic"], first["sequence"], first["state"]) == ("order.placed", 1, "DELIVERED")
        assert [each["status"] for each in first["attempts"]["nodes"]] == [503, 200]


async def logged(browser: Browser, id: str) -> Any:
    """The delivery that the log has, once it says what the receiver has answered."""
    async with asyncio.timeout(60):
        while True:
            [delivery] = (await browser.ask(LOG, id=id))["webhook"]["deliveries"]["nodes"]
            if delivery["state"] != "WAITING":
                return delivery
            await asyncio.sleep(0.05)


async def told(erp: Receiver, secret: str, topic: str) -> Any:
    """The first event of the topic that was answered with 200; the first request of all was not."""
    async with asyncio.timeout(60):
        while True:
            for heard in erp.heard[1:]:
                event = heard.signed_by(secret)
                if event["type"] == topic:
                    return event
            await asyncio.sleep(0.05)
