"""The orders' part of the crawl: something of another shop in every table, and what would be done to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from stoa.domains import orders, service
from stoa.domains.catalog.models import Variant
from stoa.domains.orders import aftersales
from stoa.domains.orders.models import CaseKind, OrderLine, OrderRule, OrderTransition, SavedView
from stoa.domains.service import Buyer
from stoa.domains.service.models import Customer, CustomerIdentity
from stoa.kit.ids import type_id
from stoa.kit.money import Money
from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client
from stoa.tenants.importing.models import ImportIssue, ImportRun, ImportState
from stoa.tenants.shop_models import EventRow
from tests import make
from tests.graphql.orders import shipping_strangers as of_shipping

PREFIXES = [
    "ord",
    "line",
    "step",
    "cust",
    "cid",
    "cmrg",
    "pay",
    "rfd",
    "case",
    "oimp",
    "oiss",
    "rule",
    "view",
    "oevt",
    *of_shipping.PREFIXES,
]
TABLES = (
    "sales_order",
    "order_line",
    "order_transition",
    "customer",
    "customer_identity",
    "customer_merge",
    "payment",
    "refund",
    "aftersale_case",
)
ADDRESS = type_id("addr", UUID(int=78))
CASE = {"kind": "REFUND_ONLY", "reason": "OTHER"}
PAID = {"provider": "mine", "amount": {"amount": "1", "currency": "EUR"}}
SECRET_REFERENCE = "a reference"  # as the other shop has one
_MAPPING = [{"field": name, "column": name} for name in ("SKU", "TIME", "QUANTITY", "PRICE")]
# By mutation, what somebody would try with another shop's ids; `[prod]` is one's own.
STRANGERS: dict[str, list[dict[str, Any]]] = {
    "ordersTagsChange": [{"ids": ["{ord}"], "add": ["mine"]}],
    "ordersQueueSet": [{"ids": ["{ord}"], "queue": "mine"}],
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
        {"lines": [{"quantity": 1, "variantId": "[var]"}], "shippingMethodId": "{smet}"},
    ],
    "customerUpdate": [{"id": "{cust}", "name": "Mine"}, {"id": "{cust}", "name": "Mine", "expectedVersion": 1}],
    "customerAddressAdd": [{"customerId": "{cust}", "address": {"line1": "Mine"}}],
    "customerAddressUpdate": [{"customerId": "{cust}", "addressId": ADDRESS, "isDefault": True}],
    "customerAddressRemove": [{"customerId": "{cust}", "addressId": ADDRESS}],
    "customerConsentSet": [{"customerId": "{cust}", "way": "EMAIL", "granted": True, "source": "mine"}],
    "customerIdentityAdd": [{"customerId": "{cust}", "kind": "EMAIL", "value": "mine@example.com"}],
    "customerIdentityRemove": [{"id": "{cid}"}],
    "customersMerge": [{"keptId": "{cust}", "goneId": "[cust]"}, {"keptId": "[cust]", "goneId": "{cust}"}],
    "customerMergeUndo": [{"id": "{cmrg}"}],
    "customerErase": [{"id": "{cust}"}],
    "aftersaleOpen": [
        {"orderId": "{ord}", **CASE, "lines": [{"lineId": "{line}", "quantity": 1}]},
        {"orderId": "[ord]", **CASE, "lines": [{"lineId": "{line}", "quantity": 1}]},
        {"orderId": "[ord]", **CASE, "lines": [{"lineId": "[line]", "quantity": 1}], "pictureIds": ["{upl}"]},
    ],
    "aftersaleApprove": [{"id": "{case}"}],
    "aftersaleDecline": [{"id": "{case}", "answer": "mine"}],
    "aftersaleCancel": [{"id": "{case}"}],
    "aftersaleReturn": [{"id": "{case}", "carrier": "mine"}],
    "aftersaleReceive": [{"id": "{case}"}, {"id": "{case}", "lines": [{"lineId": "{line}", "quantity": 1}]}],
    "aftersaleInspect": [
        {"id": "{case}", "lines": [{"lineId": "{line}", "restocked": 1}]},
        {"id": "{case}", "lines": [], "locationId": "{loc}"},
    ],
    "aftersaleReimburse": [{"id": "{case}"}],
    "aftersaleResend": [{"id": "{case}"}, {"id": "{case}", "lines": [{"variantId": "{var}", "quantity": 1}]}],
    "aftersaleClose": [{"id": "{case}"}],
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
    "refundRetry": [{"id": "{rfd}"}],
    "orderImportStart": [
        {"uploadId": "{upl}", "source": "mine", "mapping": _MAPPING},
        {"uploadId": "{upl}", "source": "mine", "mapping": _MAPPING, "dryRun": True},
    ],
    "orderImportCancel": [{"id": "{oimp}"}],
    "orderImportUndo": [{"id": "{oimp}"}],
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
    customer = await Customer.get(email=buyer.email)
    other_one = await service.create_customer(
        other, service.CustomerDraft(secret, note=secret, tags=[secret], metadata={secret: secret})
    )
    await service.add_address(other, other_one.id, {"line1": secret})
    consent = service.Consent(service.ConsentWay.SMS, True, secret, secret)
    await service.set_consent(other, other_one.id, consent)
    merge = await service.merge_customers(other, customer.id, other_one.id)
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
    first = await OrderLine.get(order_id=order.id)
    await orders.confirm_order(other, order.id)
    case = await aftersales.open_case(
        other,
        order.id,
        aftersales.CaseDraft(
            CaseKind.REFUND_ONLY,
            aftersales.CaseReason.OTHER,
            [aftersales.CasePieces(first.id, 1)],
            note=secret,
            contact=aftersales.Contact(aftersales.ContactKind.CALL, secret),
        ),
    )
    rule = await OrderRule.create(name=secret, kind="CLASSIFY", actions={"queue": secret, "tags": [secret]})
    return {
        "case": case,
        "pay": payment,
        "rfd": refund,
        "oimp": run,
        "oiss": issue,
        **await of_shipping.furnish(other, order, secret),
        "rule": rule,
        "view": await SavedView.create(subject="ORDERS", name=secret, query={"search": secret}),
        "oevt": await EventRow.filter(subject_id=order.id).first(),
        "ord": order,
        "line": await OrderLine.filter(order_id=order.id).first(),
        "step": await OrderTransition.filter(order_id=order.id).first(),
        "cust": customer,
        "cmrg": merge,
        "cid": await CustomerIdentity.filter(kind="EMAIL").first(),
    }


async def own(ctx: Context) -> dict[str, Any]:
    """Things of one's own, to be tried together with the other shop's."""
    order = await make.order(ctx)
    paid = orders.PaymentReport("cash", Money(order.total_minor, order.currency), reference="own")
    await orders.record_payment(ctx, order.id, paid)
    await orders.confirm_order(ctx, order.id)
    return {
        "cust": await service.create_customer(ctx, service.CustomerDraft("Own")),
        "ord": order,
        "line": await OrderLine.get(order_id=order.id),
    }


async def everything_of(other: Context) -> dict[str, Any]:
    """Every row of orders and buyers."""
    with open_shop(other.shop):
        return {table: await shop_client().execute_query_dict(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES}
