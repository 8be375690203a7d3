"""Carry out an order on a page of products: all of them by the same statements, or none where one is in the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from stoa.domains.catalog.batching import ProductEdit, edit_batch
from stoa.domains.catalog.bulk_editing.orders import PRICES, Order
from stoa.domains.catalog.bulk_editing.snapshots import Snapshot, snapshots
from stoa.domains.catalog.changing import SAME, ProductChanges, VariantChanges
from stoa.domains.catalog.merchandising.tagging import change_tags
from stoa.domains.catalog.merchandising.valuing import set_attributes
from stoa.kit.errors import Refusal
from stoa.kit.money import Money
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction

Refused = dict[UUID, Refusal]


class _SomeRefused(Exception):
    """Takes back what was done to the page: it is done again without them."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"{len(refused)} of the page are refused.")
        self.refused = refused


class _TakenBack(Exception):
    """A dry run has seen what would be."""


async def change_page(
    ctx: Context, order: Order, found: dict[UUID, Snapshot], *, dry_run: bool
) -> tuple[dict[UUID, Snapshot], Refused]:
    """Carry it out on all products that can bear it; tells how they are then, and why the others are as they were.

    A dry run does the same, and takes it back: what it tells is what would be.
    """
    refused, seen = Refused(), dict[UUID, Snapshot]()
    edits = _edits(order, found, refused)
    while True:
        try:
            async with shop_transaction():
                await _change(ctx, order, [each for each in edits if each.product_id not in refused])
                seen = await snapshots(list(found))
                if dry_run:
                    raise _TakenBack
        except _SomeRefused as error:
            refused |= error.refused
        except _TakenBack:
            return seen, refused
        else:
            return seen, refused


async def _change(ctx: Context, order: Order, edits: Sequence[ProductEdit]) -> None:
    ids, refused = [each.product_id for each in edits], Refused()
    if not ids:
        return
    if order.add_tags or order.remove_tags:
        tagged = await change_tags(ctx, ids, add=order.add_tags, remove=order.remove_tags)
        refused |= {each.id: each.refusal for each in tagged if each.id and each.refusal}
    if order.attributes:
        valued = await set_attributes(ctx, ids, order.attributes)
        refused |= {each.id: each.refusal for each in valued if each.id and each.refusal}
    if order.parts - {"tags", "attributes"}:
        outcome = await edit_batch(ctx, edits)
        refused |= {id: each[0] for id, each in outcome.refused.items()}
    if refused:
        raise _SomeRefused(refused)


def _edits(order: Order, found: dict[UUID, Snapshot], refused: Refused) -> list[ProductEdit]:
    edits = []
    for id, each in found.items():
        try:
            edits.append(ProductEdit(id, _changes(order, each)))
        except Refusal as refusal:
            refused[id] = refusal
    return edits


def _changes(order: Order, product: Snapshot) -> ProductChanges:
    return ProductChanges(
        status=SAME if order.status is None else order.status,
        vendor=SAME if order.vendor is None else order.vendor,
        category_id=SAME if isinstance(order.category_id, msgspec.UnsetType) else order.category_id,
        metadata=order.metadata or None,
        variants=tuple(_variants(order, product)) if order.prices else (),
    )


def _variants(order: Order, product: Snapshot) -> list[VariantChanges]:
    changes = []
    for id, minors in product.parts["prices"].items():
        currency = product.names["variants"][id][1]
        prices = dict(zip(PRICES, minors, strict=True))
        named: dict[str, Any] = {
            PRICES[rule.kind]: rule.applied(Money(prices[rule.kind], currency))
            for rule in order.prices
            if prices[rule.kind] is not None
        }
        changes.append(VariantChanges(UUID(id), **named))
    return changes
