"""The orders' part of the crawl: something of another shop in every table, and what would be done to it."""

from __future__ import annotations

from typing import Any

from stoa.domains import orders
from stoa.domains.catalog.models import Variant
from stoa.domains.orders.models import OrderLine, OrderTransition
from stoa.domains.service import Buyer
from stoa.domains.service.models import Customer, CustomerIdentity
from stoa.kit.money import Money
from stoa.tenants.context import Context
from stoa.tenants.importing.models import ImportIssue, ImportRun, ImportState
from tests import make

PREFIXES = ["ord", "line", "step", "cust", "cid", "pay", "rfd", "oimp", "oiss"]
PAID = {"provider": "mine", "amount": {"amount": "1", "currency": "EUR"}}
SECRET_REFERENCE = "a reference"  # as the other shop has one
_MAPPING = [{"field": name, "column": name} for name in ("SKU", "TIME", "QUANTITY", "PRICE")]
# By mutation, what somebody would try with another shop's ids; `[prod]` is one's own.
STRANGERS: dict[str, list[dict[str, Any]]] = {
    "orderPlace": [
        {"lines": [{"quantity": 1, "variantId": "{var}"}]},
        {"lines": [{"quantity": 1, "variantId": "{var}"}], "idempotencyKey": "k"},
    ],
    "orderConfirm": [{"id": "{ord}"}, {"id": "{ord}", "idempotencyKey": "k"}],
    "ordersConfirm": [{"ids": ["{ord}"]}],
    "orderReject": [{"id": "{ord}", "reason": "mine"}],
    "orderCancel": [{"id": "{ord}"}, {"id": "{ord}", "lines": [{"lineId": "{line}", "quantity": 1}]}],
    "orderHold": [{"id": "{ord}"}],
    "orderResume": [{"id": "{ord}"}],
    "orderComplete": [{"id": "{ord}"}],
    "paymentRecord": [{"orderId": "{ord}", **PAID}, {"orderId": "{ord}", **PAID, "reference": SECRET_REFERENCE}],
    "paymentCapture": [{"id": "{pay}"}],
    "paymentVoid": [{"id": "{pay}"}],
    "paymentChargeBack": [{"id": "{pay}"}],
    "refundCreate": [{"orderId": "{ord}"}, {"orderId": "{ord}", "lines": [{"lineId": "{line}", "quantity": 1}]}],
    "refundSettle": [{"id": "{rfd}"}, {"id": "{rfd}", "references": [{"paymentId": "{pay}", "reference": "mine"}]}],
    "refundFail": [{"id": "{rfd}", "failure": "mine"}],
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
    paid = orders.PaymentReport(secret, Money(order.total_minor, order.currency), reference=SECRET_REFERENCE)
    payment = await orders.record_payment(other, order.id, paid)
    back = orders.RefundDraft(extra=Money(1, order.currency))
    refund = await orders.refund(other, order.id, back, reason=secret)
    await orders.fail_refund(other, refund.id, failure=secret)
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
        "pay": payment,
        "rfd": refund,
        "oimp": run,
        "oiss": issue,
        "ord": order,
        "line": await OrderLine.filter(order_id=order.id).first(),
        "step": await OrderTransition.filter(order_id=order.id).first(),
        "cust": await Customer.filter(email=buyer.email).first(),
        "cid": await CustomerIdentity.filter(kind="EMAIL").first(),
    }
