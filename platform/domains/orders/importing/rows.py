"""Rows of an imported order's lines, of its first step, and of what was given back."""

from __future__ import annotations

from typing import Any

from stoa.domains.orders.importing.formed import Row, Setting
from stoa.domains.orders.importing.gathering import FileLine
from stoa.domains.orders.importing.reckoning import LineAmounts
from stoa.domains.orders.importing.values import FINE
from stoa.domains.orders.models import Machine
from stoa.kit.ids import new_id
from stoa.kit.money import Money

NO_TITLE = "–"


def line_row(order: Row, position: int, line: FileLine, amounts: LineAmounts, setting: Setting) -> Row:
    """As it was called then; what the shop calls it now only where the file says nothing."""
    offer = setting.offers.get(line.sku or "")
    requires_shipping = line.requires_shipping
    if requires_shipping is None:
        requires_shipping = offer.requires_shipping if offer else True
    return {
        "id": new_id(),
        "order_id": order["id"],
        "position": position,
        "variant_id": offer.variant_id if offer else None,
        "sku": line.sku or "",
        "title": line.title or (offer.title if offer else None) or line.sku or NO_TITLE,
        "variant_title": offer.variant_title if offer and not line.title else "",
        "quantity": abs(line.quantity),
        "currency": setting.currency,
        "unit_minor": amounts.unit,
        "discount_minor": amounts.discount,
        "tax_minor": amounts.tax,
        "total_minor": amounts.total,
        "weight_grams": offer.weight_grams if offer else None,
        "requires_shipping": requires_shipping,
        "properties": {"unit_price": _exact(line.price, setting.currency)} if line.price % FINE else {},
        "cancelled": 0,
        "shipped": 0,
        "delivered": 0,
        "returned": 0,
        "refunded": 0,
        "refunded_minor": 0,
        "gone_minor": 0,
    }


def first_step(order: Row, setting: Setting) -> Row:
    return {
        "id": new_id(),
        "order_id": order["id"],
        "machine": Machine.ORDER.value,
        "action": "IMPORT",
        "from_state": "",
        "to_state": order["state"],
        "actor_kind": setting.actor.kind,
        "actor_id": setting.actor.id,
        "happened_at": order["placed_at"],
    }


def refund_row(order: Row, minor: int, setting: Setting, **more: Any) -> Row:
    return {
        "id": new_id(),
        "order_id": order["id"],
        "case_id": None,
        "state": "SETTLED",
        "currency": setting.currency,
        "amount_minor": minor,
        "shipping_minor": 0,
        "extra_minor": 0,
        "lines": [],
        "parts": [],
        "reason": "",
        "actor_kind": setting.actor.kind,
        "actor_id": setting.actor.id,
        "created_at": setting.moment,
        "settled_at": order["placed_at"],
        **more,
    }


def _exact(price: int, currency: str) -> str:
    """The price of one as the file has it, with all its decimals."""
    whole, part = divmod(price, FINE)
    return f"{Money(whole, currency).amount}{part:04}".rstrip("0")
