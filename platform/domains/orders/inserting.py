"""A whole order in one statement: its row, its lines, its first steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from stoa.domains.catalog.offering import Offer
from stoa.domains.orders.drafting import LineDraft, OrderDraft
from stoa.domains.orders.finding import search_text_of
from stoa.domains.orders.models import Machine, OrderState
from stoa.domains.orders.pricing import Priced
from stoa.kit.encoding import as_json
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client

# No row comes back when the channel has sent an order of this id before: the caller looks at that one then.
_INSERT = """
WITH made AS (
  INSERT INTO sales_order (id, channel, external_id, content_hash, state, payment_state, fulfilment_state,
    aftersale_state, customer_id, buyer_id, email, phone, shipping_address, billing_address, shipping_method_id,
    buyer_note, note, currency, subtotal_minor, discount_minor, shipping_minor, tax_minor, tax_included, total_minor,
    pricing, checks, queue, tags, metadata, placed_at, confirm_by, pay_by, confirmed_at, search_text, version,
    created_at, updated_at)
  SELECT o.id, o.channel, o.external_id, $4, o.state, o.payment_state, 'UNFULFILLED', 'NONE',
    o.customer_id, o.customer_id, o.email, o.phone,
    o.shipping_address, o.billing_address, o.shipping_method_id, o.buyer_note, o.note, o.currency, o.subtotal,
    o.discount, o.shipping, o.tax, o.tax_included, o.total, o.pricing, o.checks, o.queue, o.tags, o.metadata,
    o.placed_at, o.confirm_by, o.pay_by, o.confirmed_at, o.search_text, 1, $5, $5
  FROM jsonb_to_record($1::jsonb) AS o (id uuid, channel text, external_id text, state text, payment_state text,
    customer_id uuid, email text, phone text, shipping_address jsonb, billing_address jsonb, shipping_method_id uuid,
    buyer_note text, note text, currency text, subtotal bigint, discount bigint, shipping bigint, tax bigint,
    tax_included bool, total bigint, pricing jsonb, checks jsonb, queue text, tags jsonb, metadata jsonb,
    placed_at timestamptz, confirm_by timestamptz, pay_by timestamptz, confirmed_at timestamptz, search_text text)
  ON CONFLICT (channel, external_id) DO NOTHING RETURNING id, number),
lines AS (
  INSERT INTO order_line (id, order_id, position, variant_id, sku, title, variant_title, quantity, currency, unit_minor,
    discount_minor, tax_minor, total_minor, cost_minor, weight_grams, requires_shipping, properties, pool_id)
  SELECT l.id, made.id, l.position, l.variant_id, l.sku, l.title, l.variant_title, l.quantity, l.currency, l.unit,
    l.discount, l.tax, l.total, l.cost, l.weight_grams, l.requires_shipping, l.properties, l.pool_id
  FROM made, jsonb_to_recordset($2::jsonb) AS l (id uuid, position int, variant_id uuid, sku text, title text,
    variant_title text, quantity int, currency text, unit bigint, discount bigint, tax bigint, total bigint,
    cost bigint, weight_grams int, requires_shipping bool, properties jsonb, pool_id uuid)),
steps AS (
  INSERT INTO order_transition (id, order_id, machine, action, from_state, to_state, reason, actor_kind, actor_id,
    happened_at)
  SELECT s.id, made.id, s.machine, s.action, '', s.state, s.reason, $6, $7, $5
  FROM made, jsonb_to_recordset($3::jsonb) AS s (id uuid, machine text, action text, state text, reason text))
SELECT number FROM made
"""


async def insert_order(
    ctx: Context, row: dict[str, Any], lines: list[dict[str, Any]], steps: list[dict[str, Any]], hash: bytes, at: Any
) -> int | None:
    """The number that the order got; None when the channel has brought it before."""
    values = [as_json(row), as_json(lines), as_json(steps), hash, at, ctx.actor.kind, ctx.actor.id]
    async with shop_client().acquire_connection() as connection:
        number: int | None = await connection.fetchval(_INSERT, *values)
    return number


def order_row(
    draft: OrderDraft, priced: Priced, currency: str, customer_id: UUID | None, **more: Any
) -> dict[str, Any]:
    """The order's columns as the statement takes them."""
    buyer = draft.buyer
    words = (draft.external_id, buyer.name, buyer.email, buyer.phone, draft.shipping_address.get("name"))
    return {
        "channel": draft.channel,
        "external_id": draft.external_id,
        "customer_id": customer_id,
        "email": buyer.email,
        "phone": buyer.phone,
        "shipping_address": draft.shipping_address,
        "billing_address": draft.billing_address,
        "shipping_method_id": draft.shipping_method_id,
        "buyer_note": draft.buyer_note,
        "note": draft.note,
        "currency": currency,
        "subtotal": priced.subtotal,
        "discount": priced.discount,
        "shipping": priced.shipping,
        "tax": priced.tax,
        "tax_included": priced.tax_included,
        "total": priced.total,
        "pricing": [step.as_row() for step in priced.steps],
        "tags": list(draft.tags),
        "metadata": {"payable_later": True} if draft.is_payable_later else {},
        "search_text": search_text_of(*words),
        **more,
    }


def line_rows(
    lines: Sequence[LineDraft], offers: Sequence[Offer | None], priced: Priced, units: Sequence[int], currency: str
) -> list[dict[str, Any]]:
    """The lines' columns, as they are called and priced at this moment."""
    return [
        {
            "id": new_id(),
            "position": i,
            "variant_id": offer.variant_id if offer else None,
            "sku": (offer.sku if offer else line.sku) or "",
            "title": line.title or (offer.title if offer else ""),
            "variant_title": offer.variant_title if offer else "",
            "quantity": line.quantity,
            "currency": currency,
            "unit": unit,
            "discount": amounts.discount,
            "tax": amounts.tax,
            "total": amounts.total(tax_included=priced.tax_included),
            "cost": offer.cost if offer else None,
            "weight_grams": offer.weight_grams if offer else None,
            "requires_shipping": offer.requires_shipping if offer else True,
            "properties": line.properties,
            "pool_id": line.pool_id,
        }
        for i, (line, offer, amounts, unit) in enumerate(zip(lines, offers, priced.lines, units, strict=True))
    ]


def first_step(machine: Machine, action: str, state: OrderState | str, reason: str = "") -> dict[str, Any]:
    return {"id": new_id(), "machine": machine, "action": action, "state": state, "reason": reason}
