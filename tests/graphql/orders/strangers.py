"""The orders' part of the crawl: something of another shop in every table, and what would be done to it."""

from __future__ import annotations

from typing import Any

from stoa.domains.catalog.models import Variant
from stoa.domains.orders.models import OrderLine, OrderRule, OrderTransition, SavedView
from stoa.domains.service import Buyer
from stoa.domains.service.models import Customer, CustomerIdentity
from stoa.tenants.context import Context
from stoa.tenants.shop_models import EventRow
from tests import make

PREFIXES = ["ord", "line", "step", "cust", "cid", "rule", "view", "oevt"]
# By mutation, what somebody would try with another shop's ids; `[prod]` is one's own.
STRANGERS: dict[str, list[dict[str, Any]]] = {
    "ordersTag": [{"ids": ["{ord}"], "add": ["mine"]}],
    "ordersQueue": [{"ids": ["{ord}"], "queue": "mine"}],
    "orderEdit": [
        {"id": "{ord}", "changes": {"note": "Mine"}},
        {"id": "{ord}", "changes": {"quantities": [{"lineId": "{line}", "quantity": 5}]}},
    ],
    "orderRuleUpdate": [{"id": "{rule}", "name": "Mine"}],
    "orderRulesReorder": [{"ids": ["{rule}"]}],
    "orderRuleDelete": [{"id": "{rule}"}],
    "orderViewUpdate": [{"id": "{view}", "name": "Mine"}],
    "orderViewDelete": [{"id": "{view}"}],
    "orderPlace": [
        {"lines": [{"quantity": 1, "variantId": "{var}"}]},
        {"lines": [{"quantity": 1, "variantId": "{var}"}], "idempotencyKey": "k"},
    ],
}


async def furnish(other: Context, variant: Variant, secret: str) -> dict[str, Any]:
    """Something in every table, with the secret in it, by prefix."""
    buyer = Buyer(secret, f"{secret}@example.com", channel_id=secret)
    order = await make.order(
        other,
        [(variant, 1)],
        channel=secret,
        external_id=secret,
        buyer=buyer,
        shipping_address={"name": secret, "line1": secret},
        note=secret,
        tags=[secret],
    )
    rule = await OrderRule.create(name=secret, kind="CLASSIFY", actions={"queue": secret, "tags": [secret]})
    return {
        "rule": rule,
        "view": await SavedView.create(subject="ORDERS", name=secret, query={"search": secret}),
        "oevt": await EventRow.filter(subject_id=order.id).first(),
        "ord": order,
        "line": await OrderLine.filter(order_id=order.id).first(),
        "step": await OrderTransition.filter(order_id=order.id).first(),
        "cust": await Customer.filter(email=buyer.email).first(),
        "cid": await CustomerIdentity.filter(kind="EMAIL").first(),
    }
