"""Payments, refunds and checks of orders as GraphQL shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from stoa.domains import orders
from stoa.domains.orders import models
from stoa.graphql.enums import shown_enum
from stoa.graphql.paging import Node
from stoa.graphql.reading.declaring import amount, column, derived, stored, to_one
from stoa.graphql.scalars import Money, shown_money
from stoa.kit.ids import type_id
from stoa.tenants.access.scopes import Scope

if TYPE_CHECKING:
    from stoa.graphql.orders.types import Order

PaymentRowState = shown_enum(
    models.PaymentRowState,
    "How far a payment is.",
    name="PaymentRowState",
    PENDING="The buyer is at it.",
    AUTHORIZED="Money is set aside; some of it may have been captured.",
    SETTLED="Captured, as far as it will be.",
    VOIDED="What was set aside has been let go.",
    FAILED="It did not come about.",
    CHARGED_BACK="The buyer's bank has taken it back.",
)
RefundState = shown_enum(
    models.RefundState,
    "How far a refund is.",
    PENDING="The provider has not answered; it counts as given back already.",
    SETTLED="The money has gone back.",
    FAILED="The money has not gone back, and does not count as given back.",
)
CheckSeverity = shown_enum(
    orders.Severity,
    "How grave a check of an order is.",
    name="OrderCheckSeverity",
    NOTE="Good to know.",
    WARNING="Worth a look.",
    BLOCKING="Somebody must look at it: the order is not confirmed by itself.",
)
Reported = shown_enum(
    orders.Reported,
    "How far a payment is, as its provider says.",
    name="PaymentReportState",
    PENDING="The buyer is at it.",
    AUTHORIZED="Money is set aside.",
    CAPTURED="Money has been taken.",
    FAILED="It did not come about.",
)


@strawberry.type(description="Something that was found when an order was examined.")
class OrderCheck:
    code: str = strawberry.field(
        description="ADDRESS, PRICE, DUPLICATE, AMOUNT, NEW_BUYER, SOLD_IN_ADVANCE, STOCK_GONE, or a rule's own."
    )
    severity: CheckSeverity = strawberry.field(description="How grave it is.")  # type: ignore[valid-type]
    message: str = strawberry.field(description="What was found, in the reader's language.")


@strawberry.type(description="So many pieces of a line that were given back.")
class RefundLine:
    line_id: strawberry.ID = strawberry.field(description="The order's line.")
    quantity: int = strawberry.field(description="How many pieces.")
    amount: Money = strawberry.field(description="What was given back for them.")
    is_cancelled: bool = strawberry.field(description="They were cancelled, and not sent.")


@strawberry.type(description="What one payment gives of a refund.")
class RefundPart:
    payment_id: strawberry.ID = strawberry.field(description="The payment.")
    amount: Money = strawberry.field(description="How much of it.")
    reference: str = strawberry.field(description="The provider's reference; empty until it has answered.")


def checks(kept: Sequence[Mapping[str, Any]]) -> list[OrderCheck]:
    return [
        OrderCheck(code=each["code"], severity=orders.Severity(each["severity"]), message=orders.words_of(each).said())
        for each in kept
    ]


def refund_lines(kept: Sequence[Mapping[str, Any]], currency: str) -> list[RefundLine]:
    return [
        RefundLine(
            line_id=strawberry.ID(type_id("line", UUID(each["line_id"]))),
            quantity=each["quantity"],
            amount=shown_money(each["minor"], currency),
            is_cancelled=bool(each.get("cancelled")),
        )
        for each in kept
    ]


def refund_parts(kept: Sequence[Mapping[str, Any]], currency: str) -> list[RefundPart]:
    return [
        RefundPart(
            payment_id=strawberry.ID(type_id("pay", UUID(each["payment_id"]))),
            amount=shown_money(each["minor"], currency),
            reference=each["reference"],
        )
        for each in kept
    ]


@stored(models.Payment, prefix="pay", scope=Scope.ORDERS_READ, order=("id",))
class Payment(Node):
    """Money from the buyer, as a provider has it."""

    order: Annotated[Order, strawberry.lazy("stoa.graphql.orders.types")] = to_one("The order it is for.")
    provider: str = column("Who has the money: alipay, wechat, stripe, cash, ...")
    method: str = column("How it was paid; may be empty.")
    reference: str | None = column("The provider's own name for it.")
    state: PaymentRowState = column("How far it is.")  # type: ignore[valid-type]
    authorized: Money = amount("authorized_minor", "What it is about in all.")
    captured: Money = amount("captured_minor", "What has been taken of it.")
    refunded: Money = amount("refunded_minor", "What of that has been given back, pending refunds included.")
    note: str = column("For the shop alone.")
    paid_at: datetime | None = column("When it was captured first.")
    created_at: datetime = column("When it was reported first.")


@stored(models.Refund, prefix="rfd", scope=Scope.ORDERS_READ, order=("id",))
class Refund(Node):
    """Money back to the buyer."""

    order: Annotated[Order, strawberry.lazy("stoa.graphql.orders.types")] = to_one("The order it is for.")
    state: RefundState = column("How far it is.")  # type: ignore[valid-type]
    shipping: Money = amount("shipping_minor", "Of that, for delivery.")
    extra: Money = amount("extra_minor", "Of that, beyond what pieces and delivery are worth; below zero: kept back.")
    lines: list[RefundLine] = derived(("lines", "currency"), refund_lines, "For which pieces.")
    parts: list[RefundPart] = derived(("parts", "currency"), refund_parts, "Which payment gives how much.")
    reason: str = column("Why; may be empty.")
    failure: str = column("Why it failed; empty if it did not.")
    created_at: datetime = column("When it was decided.")
    settled_at: datetime | None = column("When the money went back.")
    amount: Money = amount("amount_minor", "How much in all.")
