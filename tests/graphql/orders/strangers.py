"""The orders' part of the crawl: something of another shop in every table, and what would be done to it."""

from __future__ import annotations

from typing import Any

from stoa.domains.catalog.models import Variant
from stoa.domains.orders.models import OrderLine, OrderTransition
from stoa.domains.service import Buyer
from stoa.domains.service.models import Customer, CustomerIdentity
from stoa.tenants.context import Context
from stoa.tenants.importing.models import ImportIssue, ImportRun, ImportState
from tests import make

PREFIXES = ["ord", "line", "step", "cust", "cid", "oimp", "oiss"]
_MAPPING = [{"field": name, "column": name} for name in ("SKU", "TIME", "QUANTITY", "PRICE")]
# By mutation, what somebody would try with another shop's ids; `[prod]` is one's own.
STRANGERS: dict[str, list[dict[str, Any]]] = {
    "orderPlace": [
        {"lines": [{"quantity": 1, "variantId": "{var}"}]},
        {"lines": [{"quantity": 1, "variantId": "{var}"}], "idempotencyKey": "k"},
    ],
    "orderImportStart": [
        {"uploadId": "{upl}", "source": "mine", "mapping": _MAPPING},
        {"uploadId": "{upl}", "source": "mine", "mapping": _MAPPING, "dryRun": True},
    ],
    "orderImportCancel": [{"id": "{oimp}"}],
    "orderImportUndo": [{"id": "{oimp}"}],
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
    run = await ImportRun.create(
        subject="orders",
        file_key=secret,
        file_name=secret,
        source=secret,
        mapping={"sku": secret},
        state=ImportState.DONE,
    )
    issue = await ImportIssue.create(
        run=run, line=1, column_name=secret, code=secret, message={"text": secret}, value=secret
    )
    return {
        "oimp": run,
        "oiss": issue,
        "ord": order,
        "line": await OrderLine.filter(order_id=order.id).first(),
        "step": await OrderTransition.filter(order_id=order.id).first(),
        "cust": await Customer.filter(email=buyer.email).first(),
        "cid": await CustomerIdentity.filter(kind="EMAIL").first(),
    }
