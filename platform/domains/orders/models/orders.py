"""Rows of orders: what was bought, by whom, for how much, and how far it has come."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.domains.orders.models.states import AftersaleState, FulfilmentState, Machine, OrderState, PaymentState
from stoa.kit.ids import new_id


class Order(Model):
    """What somebody bought.

    `number` counts up in the shop (the database gives it). `channel` is where it came from (web, app, wechat, ...), and
    with it `external_id` is unique; `content_hash` tells whether the same order came again with other content.
    Amounts are in minor units of `currency`::

        subtotal   the lines at their unit prices
        discount   what was taken off the lines, order discounts included: they are spread over the lines
        shipping   what delivery costs the buyer, after its own discounts
        tax        inside of the above when `tax_included`, on top of it otherwise
        total      subtotal - discount + shipping (+ tax, when it is not included)
        waived     what of the total need not be paid any more, for pieces were cancelled before they were paid

    What was captured and refunded are the sums over its payments, without those that were charged back.
    `pricing` tells how each step came about; `checks` what was examined before confirming, with reasons; `rules_met`
    which of the shop's rules did something to it: ``[{"rule_id", "name", "kind"}]``. `buyer_id` is
    the customer as placed; `customer` may be another one since, when two turned out to be one.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    number = fields.BigIntField(unique=True)
    channel = fields.CharField(max_length=40)
    external_id = fields.CharField(max_length=120, null=True)
    content_hash = fields.BinaryField(null=True)
    state = fields.CharEnumField(OrderState, max_length=20, default=OrderState.PENDING)
    payment_state = fields.CharEnumField(PaymentState, max_length=20, default=PaymentState.UNPAID)
    fulfilment_state = fields.CharEnumField(FulfilmentState, max_length=20, default=FulfilmentState.UNFULFILLED)
    aftersale_state = fields.CharEnumField(AftersaleState, max_length=20, default=AftersaleState.NONE)
    is_on_hold = fields.BooleanField(default=False, db_default=False)
    customer: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "shop.Customer", null=True, related_name="orders", on_delete=fields.RESTRICT
    )
    buyer_id = fields.UUIDField(null=True)
    email = fields.CharField(max_length=254, default="", db_default="")
    phone = fields.CharField(max_length=40, default="", db_default="")
    shipping_address: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    billing_address: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    shipping_method: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "shop.ShippingMethod", null=True, related_name="orders", on_delete=fields.RESTRICT
    )
    buyer_note = fields.TextField(default="", db_default="")
    note = fields.TextField(default="", db_default="")
    currency = fields.CharField(max_length=3)
    subtotal_minor = fields.BigIntField()
    discount_minor = fields.BigIntField(default=0, db_default=0)
    shipping_minor = fields.BigIntField(default=0, db_default=0)
    tax_minor = fields.BigIntField(default=0, db_default=0)
    tax_included = fields.BooleanField(default=True, db_default=True)
    total_minor = fields.BigIntField()
    authorized_minor = fields.BigIntField(default=0, db_default=0)
    captured_minor = fields.BigIntField(default=0, db_default=0)
    refunded_minor = fields.BigIntField(default=0, db_default=0)
    waived_minor = fields.BigIntField(default=0, db_default=0)
    pricing: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])
    checks: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])
    rules_met: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])
    queue = fields.CharField(max_length=40, null=True)
    tags: fields.JSONField[list[str]] = fields.JSONField(default=list, db_default=[])
    metadata: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    placed_at = fields.DatetimeField()
    confirm_by = fields.DatetimeField(null=True)
    pay_by = fields.DatetimeField(null=True)
    confirmed_at = fields.DatetimeField(null=True)
    delivered_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    end_reason = fields.CharField(max_length=200, default="", db_default="")
    search_text = fields.TextField(default="", db_default="")
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    lines: fields.ReverseRelation[OrderLine]
    transitions: fields.ReverseRelation[OrderTransition]

    class Meta:
        table = "sales_order"  # `order` is a word of SQL
        unique_together = (("channel", "external_id"),)
        indexes = [
            Index(fields=("placed_at", "id"), name="order_by_placing"),  # orders(orderBy: PLACED_AT)
            Index(fields=("state", "id"), name="order_of_state"),  # orders(where: {state:}), what is overdue
            Index(fields=("customer_id", "id"), name="order_of_customer"),  # Customer.orders
            Index(fields=("channel", "id"), name="order_of_channel"),  # orders(where: {channel:})
            Index(fields=("payment_state", "id"), name="order_of_payment"),  # orders(where: {paymentState:})
            Index(fields=("fulfilment_state", "id"), name="order_of_fulfilment"),  # orders(where: {fulfilmentState:})
            Index(fields=("queue", "id"), name="order_of_queue"),  # orders(where: {queue:})
        ]


class OrderLine(Model):
    """So many of a variant, as it was called and priced when it was bought.

    All amounts are of the whole line and frozen at placing: `discount_minor` has the line's share of order discounts in
    it, `total_minor` is what the buyer pays for the line (tax included or not as the order says). What a part of the
    line is worth follows from them alone (`pricing/freezing.py`). `unit_minor` is the price of one before discounts,
    `cost_minor` what one cost the shop. The counts tell how far the pieces have come; a piece is cancelled or shipped,
    and what was shipped may be delivered, and come back. `refunded` counts those given back that were not cancelled, so
    that each piece is in one of both at the most; `gone_minor` is what all of these are worth, `refunded_minor` what
    of it went back to the buyer: the rest was never paid. With a `pool_id` its stock is what that flash sale has set
    aside.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("shop.Order", related_name="lines")
    position = fields.IntField()
    variant: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "shop.Variant", null=True, related_name="order_lines", on_delete=fields.RESTRICT
    )
    sku = fields.CharField(max_length=120, default="", db_default="")
    title = fields.CharField(max_length=255)
    variant_title = fields.CharField(max_length=255, default="", db_default="")
    quantity = fields.IntField()
    currency = fields.CharField(max_length=3)
    unit_minor = fields.BigIntField()
    discount_minor = fields.BigIntField(default=0, db_default=0)
    tax_minor = fields.BigIntField(default=0, db_default=0)
    total_minor = fields.BigIntField()
    cost_minor = fields.BigIntField(null=True)
    weight_grams = fields.IntField(null=True)
    requires_shipping = fields.BooleanField(default=True, db_default=True)
    properties: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    cancelled = fields.IntField(default=0, db_default=0)
    shipped = fields.IntField(default=0, db_default=0)
    delivered = fields.IntField(default=0, db_default=0)
    returned = fields.IntField(default=0, db_default=0)
    refunded = fields.IntField(default=0, db_default=0)
    refunded_minor = fields.BigIntField(default=0, db_default=0)
    gone_minor = fields.BigIntField(default=0, db_default=0)
    pool_id = fields.UUIDField(null=True)

    class Meta:
        table = "order_line"
        indexes = [
            Index(fields=("order_id", "position", "id"), name="line_of_order"),  # Order.lines
            Index(fields=("sku", "order_id"), name="line_of_sku"),  # orders(where: {lines: {some: {sku:}}})
            Index(
                fields=("variant_id", "id"), name="line_of_variant"
            ),  # Variant.orderLines; that it stands on an order
        ]


class OrderTransition(Model):
    """One step of one of an order's machines. Only added to: the timeline, and how long things took."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("shop.Order", related_name="transitions")
    machine = fields.CharEnumField(Machine, max_length=12)
    action = fields.CharField(max_length=40)
    from_state = fields.CharField(max_length=20)
    to_state = fields.CharField(max_length=20)
    reason = fields.CharField(max_length=200, default="", db_default="")
    actor_kind = fields.CharField(max_length=10)
    actor_id = fields.UUIDField(null=True)
    happened_at = fields.DatetimeField()

    class Meta:
        table = "order_transition"
        indexes = [Index(fields=("order_id", "id"), name="transition_of_order")]  # Order.transitions, time in state
