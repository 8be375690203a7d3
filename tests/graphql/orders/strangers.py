"""The orders' part of the crawl: something of another shop in every table, and what would be done to it."""

from __future__ import annotations

from typing import Any

from stoa.domains.catalog.models import Variant
from stoa.domains.orders.models import OrderLine, OrderTransition
from stoa.domains.service import Buyer
from stoa.domains.service.models import Customer, CustomerIdentity
from stoa.tenants.context import Context
from tests import make
from tests.graphql.orders import shipping_strangers as of_shipping

PREFIXES = ["ord", "line", "step", "cust", "cid", *of_shipping.PREFIXES]
# By mutation, what somebody would try with another shop's ids; `[prod]` is one's own.
STRANGERS: dict[str, list[dict[str, Any]]] = {
    "orderPlace": [
        {"lines": [{"quantity": 1, "variantId": "{var}"}]},
        {"lines": [{"quantity": 1, "variantId": "{var}"}], "idempotencyKey": "k"},
        {"lines": [{"quantity": 1, "variantId": "[var]"}], "shippingMethodId": "{smet}"},
    ],
} | of_shipping.STRANGERS


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
    return {
        **await of_shipping.furnish(other, order, secret),
        "ord": order,
        "line": await OrderLine.filter(order_id=order.id).first(),
        "step": await OrderTransition.filter(order_id=order.id).first(),
        "cust": await Customer.filter(email=buyer.email).first(),
        "cid": await CustomerIdentity.filter(kind="EMAIL").first(),
    }
