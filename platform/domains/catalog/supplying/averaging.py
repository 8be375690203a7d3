"""The cost of variants after a delivery: a moving average."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from stoa.domains.catalog.events import FieldChange, ProductEdited
from stoa.domains.catalog.recalling import bounded, told
from stoa.domains.catalog.supplying.landing import per_piece
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.money import Money
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.outbox import publish

# Products before variants, each in the order of their ids: as everybody does who changes variants.
_LOCK = """
SELECT id FROM product WHERE id IN (SELECT product_id FROM variant WHERE id = ANY($1)) ORDER BY id FOR NO KEY UPDATE
"""
_BEFORE = """
SELECT v.id, v.product_id, v.cost_minor, left(coalesce(v.sku, v.title), 120) AS label,
  (SELECT coalesce(sum(s.on_hand), 0) FROM stock s WHERE s.variant_id = v.id)::bigint AS on_hand
FROM variant v WHERE v.id = ANY($1) ORDER BY v.id FOR NO KEY UPDATE
"""
_SAVE = """
UPDATE variant v SET cost_minor = n.minor, version = v.version + 1
FROM jsonb_to_recordset($1::jsonb) AS n (variant_id uuid, minor bigint) WHERE v.id = n.variant_id
"""
_TOUCH = "UPDATE product SET version = version + 1, updated_at = $2 WHERE id = ANY($1)"


def moving_average(on_hand: int, cost_minor: int | None, quantity: int, landed_minor: int) -> int:
    """``(on_hand x cost + landed) / (on_hand + quantity)``, half up: `on_hand` and `cost` before the delivery, at all
    locations; `landed_minor` what its `quantity` pieces came to, damaged ones among them. Without a cost before, the
    delivery's own counts."""
    if cost_minor is None:
        on_hand = 0
    return per_piece(on_hand * (cost_minor or 0) + landed_minor, on_hand + quantity)


async def lock_products(variant_ids: list[UUID]) -> None:
    """Before stock is moved: whoever edits a product locks it, its stock and its variants, in this order."""
    await shop_client().execute_query(_LOCK, [variant_ids])


async def average_costs(ctx: Context, arrived: Mapping[UUID, tuple[int, int]]) -> None:
    """Let a delivery's pieces and landed cost, by variant, count in the variants' costs. Their stock must have been
    moved already, their products locked. The
    history of costs is written by the database along with the variants' rows."""
    rows = await shop_client().execute_query_dict(_BEFORE, [list(arrived)])
    changed = [each for row in rows if (each := _changed(row, *arrived[row["id"]]))]
    if not changed:
        return
    values = as_json(changed)
    products = sorted({row["product_id"] for row in changed})
    await shop_client().execute_query(_SAVE, [values])
    await shop_client().execute_query(_TOUCH, [products, now()])
    told_of = defaultdict[UUID, list[FieldChange]](list)
    for row in changed:
        told_of[row["product_id"]].append(_told(row, ctx.shop.currency))
    await publish(ctx, *(ProductEdited(id, ("variants.cost",), bounded(told_of[id])) for id in products))


def _told(row: dict[str, Any], currency: str) -> FieldChange:
    before = None if row["before"] is None else Money(row["before"], currency)
    return FieldChange(
        "variants.cost", told(before), told(Money(row["minor"], currency)), row["variant_id"], row["label"]
    )


def _changed(row: dict[str, Any], quantity: int, landed_minor: int) -> dict[str, Any] | None:
    minor = moving_average(row["on_hand"] - quantity, row["cost_minor"], quantity, landed_minor)
    if minor == row["cost_minor"]:
        return None
    return {
        "variant_id": row["id"],
        "product_id": row["product_id"],
        "minor": minor,
        "before": row["cost_minor"],
        "label": row["label"],
    }
