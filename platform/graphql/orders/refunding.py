"""What is done with the money of an order: record, capture, void, charge back; preview, refund, settle, fail."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from stoa.domains import orders
from stoa.graphql.context import GraphContext
from stoa.graphql.mutations import Payload, shop_mutation
from stoa.graphql.orders.handling import OrderPiecesInput, read_pieces
from stoa.graphql.orders.inputs import VERSION, money, optional
from stoa.graphql.orders.paying import (
    Payment,
    Refund,
    RefundLine,
    RefundPart,
    Reported,
    refund_lines,
    refund_parts,
)
from stoa.graphql.orders.types import Order
from stoa.graphql.reading.declaring import fetched, root
from stoa.graphql.scalars import Money, MoneyInput, read_id, shown_money
from stoa.kit.errors import blaming
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context


@strawberry.input(description="A payment as its provider reports it.")
class PaymentRecordInput:
    order_id: strawberry.ID = strawberry.field(description="The order it is for.")
    provider: str = strawberry.field(description="Who has the money: alipay, wechat, stripe, cash, ...")
    amount: MoneyInput = strawberry.field(description="How much.")
    state: Reported = optional("How far it is.", orders.Reported.CAPTURED)
    reference: str | None = optional("The provider's own name for it: reported twice, it is one payment.")
    method: str = optional("How it was paid.", "")
    note: str = optional("For the shop alone.", "")
    paid_at: datetime | None = optional("When; null: now.")

    def read(self) -> orders.PaymentReport:
        with blaming("amount"):
            amount = self.amount.read()
        return orders.PaymentReport(
            self.provider, amount, self.state, self.reference, self.method, self.note, self.paid_at
        )


@strawberry.input(description="A payment of which is taken what was set aside.")
class PaymentCaptureInput:
    id: strawberry.ID = strawberry.field(description="The payment.")
    amount: MoneyInput | None = optional("How much of it; null: all that is left.")


@strawberry.input(description="A payment.")
class PaymentRefInput:
    id: strawberry.ID = strawberry.field(description="The payment.")


@strawberry.input(description="A payment that the buyer's bank has taken back.")
class PaymentChargeBackInput:
    id: strawberry.ID = strawberry.field(description="The payment.")
    reason: str = optional("What the bank says.", "")


@strawberry.input(description="What is to be given back.")
class RefundCreateInput:
    order_id: strawberry.ID = strawberry.field(description="The order.")
    lines: list[OrderPiecesInput] = strawberry.field(
        default_factory=list, description="Pieces: they are worth what was paid for them, to the penny."
    )
    shipping: MoneyInput | None = optional("What of the delivery is given back.")
    extra: MoneyInput | None = optional("What is given beyond; below zero: kept back.")
    reason: str = optional("Why.", "")
    expected_version: int | None = optional(VERSION)


@strawberry.input(description="The provider's reference for what one payment gave back.")
class RefundReferenceInput:
    payment_id: strawberry.ID = strawberry.field(description="The payment.")
    reference: str = strawberry.field(description="The provider's reference.")


@strawberry.input(description="A refund that has gone through.")
class RefundSettleInput:
    id: strawberry.ID = strawberry.field(description="The refund.")
    reference: str = optional("The provider's reference.", "")
    references: list[RefundReferenceInput] = strawberry.field(
        default_factory=list, description="The references, where several payments gave."
    )


@strawberry.input(description="A refund that did not go through.")
class RefundFailInput:
    id: strawberry.ID = strawberry.field(description="The refund.")
    failure: str = strawberry.field(description="What the provider says.")


@strawberry.input(description="A refund that failed, to be tried again.")
class RefundRetryInput:
    id: strawberry.ID = strawberry.field(description="The refund that failed.")


@root
class PaymentPayload(Payload):
    """A payment after a mutation."""

    payment: Payment | None = fetched("The payment as it is now; null when there are errors.")
    order: Order | None = fetched("Its order as it is now; null when there are errors.")


@root
class RefundPayload(Payload):
    """A refund after a mutation."""

    refund: Refund | None = fetched("The refund as it is now; null when there are errors.")
    order: Order | None = fetched("Its order as it is now; null when there are errors.")


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Write down a payment as its provider reports it: set aside, captured, failed. A provider's same reference is "
    "one payment, which may come further. Never refused for the order's state: what is more than due stays visible, "
    "what comes for an order that was called off goes back as a pending refund.",
    once=True,
)
async def payment_record(ctx: Context, input: PaymentRecordInput) -> PaymentPayload:
    payment = await orders.record_payment(ctx, read_id("order_id", input.order_id, "ord"), input.read())
    return PaymentPayload.of(payment=payment.id, order=payment.order_id)  # type: ignore[attr-defined]


@shop_mutation(Scope.ORDERS_WRITE, "Take what was set aside, or a part of it.", once=True)
async def payment_capture(ctx: Context, input: PaymentCaptureInput) -> PaymentPayload:
    payment = await orders.capture_payment(ctx, read_id("id", input.id, "pay"), money("amount", input.amount))
    return PaymentPayload.of(payment=payment.id, order=payment.order_id)  # type: ignore[attr-defined]


@shop_mutation(Scope.ORDERS_WRITE, "Let go of what was set aside and not captured. Twice changes nothing.", once=True)
async def payment_void(ctx: Context, input: PaymentRefInput) -> PaymentPayload:
    payment = await orders.void_payment(ctx, read_id("id", input.id, "pay"))
    return PaymentPayload.of(payment=payment.id, order=payment.order_id)  # type: ignore[attr-defined]


@shop_mutation(
    Scope.ORDERS_WRITE,
    "The buyer's bank has taken a payment back: it does not count any more. Twice changes nothing.",
    once=True,
)
async def payment_charge_back(ctx: Context, input: PaymentChargeBackInput) -> PaymentPayload:
    payment = await orders.charge_back(ctx, read_id("id", input.id, "pay"), reason=input.reason)
    return PaymentPayload.of(payment=payment.id, order=payment.order_id)  # type: ignore[attr-defined]


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Give money back: pieces at what was paid for them, delivery, and what is given beyond; from the newest payment, "
    "and never more than was captured. It is pending until the provider has answered.",
    once=True,
)
async def refund_create(ctx: Context, input: RefundCreateInput) -> RefundPayload:
    draft = orders.RefundDraft(read_pieces(input.lines), money("shipping", input.shipping), money("extra", input.extra))
    order_id = read_id("order_id", input.order_id, "ord")
    made = await orders.refund(ctx, order_id, draft, reason=input.reason, expected_version=input.expected_version)
    return RefundPayload.of(refund=made.id, order=order_id)


@shop_mutation(Scope.ORDERS_WRITE, "The money of a refund has gone back. Twice changes nothing.", once=True)
async def refund_settle(ctx: Context, input: RefundSettleInput) -> RefundPayload:
    references = {}
    for i, each in enumerate(input.references):
        with blaming("references", i):
            references[read_id("payment_id", each.payment_id, "pay")] = each.reference
    refund_id = read_id("id", input.id, "rfd")
    made = await orders.settle_refund(ctx, refund_id, reference=input.reference, references=references)
    return RefundPayload.of(refund=made.id, order=made.order_id)  # type: ignore[attr-defined]


@shop_mutation(
    Scope.ORDERS_WRITE,
    "The money of a refund has not gone back: it does not count as given back any more. Twice changes nothing.",
    once=True,
)
async def refund_fail(ctx: Context, input: RefundFailInput) -> RefundPayload:
    made = await orders.fail_refund(ctx, read_id("id", input.id, "rfd"), failure=input.failure)
    return RefundPayload.of(refund=made.id, order=made.order_id)  # type: ignore[attr-defined]


@shop_mutation(
    Scope.ORDERS_WRITE,
    "Try a refund that failed once more: the same pieces, delivery and amounts, as a refund of its own, pending until "
    "the provider has answered. Twice gives the one of the first time.",
    once=True,
)
async def refund_retry(ctx: Context, input: RefundRetryInput) -> RefundPayload:
    made = await orders.retry_refund(ctx, read_id("id", input.id, "rfd"))
    return RefundPayload.of(refund=made.id, order=made.order_id)  # type: ignore[attr-defined]


@strawberry.type
class OrderMoneyMutations:
    """What can be done with the money of orders."""

    payment_record = payment_record
    payment_capture = payment_capture
    payment_void = payment_void
    payment_charge_back = payment_charge_back
    refund_create = refund_create
    refund_settle = refund_settle
    refund_fail = refund_fail
    refund_retry = refund_retry


@strawberry.type(description="What a refund would come to, if it were made now.")
class RefundPreview:
    amount: Money = strawberry.field(description="How much in all.")
    lines: list[RefundLine] = strawberry.field(description="What the pieces are worth.")
    shipping: Money = strawberry.field(description="For delivery.")
    extra: Money = strawberry.field(description="Given beyond; below zero: kept back.")
    parts: list[RefundPart] = strawberry.field(description="Which payment would give how much.")
    most: Money = strawberry.field(description="What can be given back at the most.")
    shipping_left: Money = strawberry.field(description="What of the delivery has not been given back.")


def _shown(preview: orders.RefundPreview) -> RefundPreview:
    giving, currency = preview.giving, preview.order.currency
    return RefundPreview(
        amount=shown_money(giving.amount, currency),
        lines=refund_lines([each.as_row() for each in giving.lines], currency),
        shipping=shown_money(giving.shipping, currency),
        extra=shown_money(giving.extra, currency),
        parts=refund_parts(
            [{"payment_id": str(id), "minor": minor, "reference": ""} for id, minor in preview.parts], currency
        ),
        most=shown_money(preview.most, currency),
        shipping_left=shown_money(preview.delivery_left, currency),
    )


def _argument(description: str) -> object:
    return strawberry.argument(description=description)


@strawberry.type
class RefundQueries:
    """What can be asked before money is given back."""

    @strawberry.field(
        description="What a refund would come to, by line and by payment; nothing is changed. "
        f"Needs the scope `{Scope.ORDERS_READ}`."
    )
    async def refund_preview(
        self,
        info: Info[GraphContext, None],
        order_id: Annotated[strawberry.ID, _argument("The order.")],
        lines: Annotated[list[OrderPiecesInput] | None, _argument("Which pieces.")] = None,
        shipping: Annotated[MoneyInput | None, _argument("What of the delivery.")] = None,
        extra: Annotated[MoneyInput | None, _argument("What beyond; below zero: kept back.")] = None,
    ) -> RefundPreview:
        ctx = info.context.require(Scope.ORDERS_READ, "refundPreview")
        draft = orders.RefundDraft(read_pieces(lines or []), money("shipping", shipping), money("extra", extra))
        return _shown(await orders.preview_refund(ctx, read_id("order_id", order_id, "ord"), draft))
