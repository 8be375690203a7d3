"""Edit many products at once: each is changed or refused by itself, or all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Final
from uuid import UUID

from stoa.domains.catalog.batching import ProductEdit, can_be_batched, edit_batch
from stoa.domains.catalog.editing import update_product
from stoa.domains.catalog.results import RowResult
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.tenants.context import Context, MissingScope
from stoa.tenants.database import shop_client, shop_transaction

MAX_ROWS: Final = 250
LOCK: Final = "SELECT id FROM product WHERE id = ANY($1) ORDER BY id FOR UPDATE"


__all__ = ["BulkPolicy", "ProductEdit", "update_products"]


class BulkPolicy(StrEnum):
    """What becomes of the good rows when others are refused."""

    IGNORE_FAILED = "IGNORE_FAILED"
    REJECT_EVERYTHING = "REJECT_EVERYTHING"


class _Rejected(Exception):
    """Takes everything back."""


async def update_products(ctx: Context, edits: Sequence[ProductEdit], policy: BulkPolicy) -> list[RowResult]:
    """Change the products in one transaction; a result for each, in the order given.

    All that can be is done together, by as many statements as one product takes (batching.py). A row with a code, a
    handle, options or stock in it, or one of several about one product, is done by itself.
    Products are locked in the order of their ids, so that two bulk edits never wait for each other.
    """
    if len(edits) > MAX_ROWS:
        raise InvalidInput(
            "{count} products; {limit} are allowed.", path=["products"], count=len(edits), limit=MAX_ROWS
        )
    results: dict[int, RowResult] = {}
    try:
        async with shop_transaction():
            together = _together(edits)
            if len(together) < len(edits):
                await shop_client().execute_query(LOCK, [[each.product_id for each in edits]])
            results |= await _batch(ctx, edits, together)
            for i in sorted(results.keys() ^ range(len(edits)), key=lambda i: edits[i].product_id):
                results[i] = await _row(ctx, i, edits[i])
            if policy is BulkPolicy.REJECT_EVERYTHING and any(each.refusals for each in results.values()):
                raise _Rejected
    except _Rejected:
        pass
    return [results[i] for i in range(len(edits))]


def _together(edits: Sequence[ProductEdit]) -> dict[UUID, int]:
    """The places of the rows that can be done together, by product."""
    times = Counter(each.product_id for each in edits)
    return {
        each.product_id: i
        for i, each in enumerate(edits)
        if times[each.product_id] == 1 and can_be_batched(each.changes)
    }


async def _batch(ctx: Context, edits: Sequence[ProductEdit], places: dict[UUID, int]) -> dict[int, RowResult]:
    if not places:
        return {}
    outcome = await edit_batch(ctx, [edits[i] for i in places.values()])
    return {
        i: RowResult(id, [each.under("products", i) for each in outcome.refused[id]])
        if id in outcome.refused
        else RowResult(id, changed=True, version=outcome.versions[id])
        for id, i in places.items()
    }


async def _row(ctx: Context, i: int, edit: ProductEdit) -> RowResult:
    try:
        # its own transaction is a savepoint here: what was refused is taken back to where this row began
        product = await update_product(ctx, edit.product_id, edit.changes, expected_version=edit.expected_version)
    except MissingScope:
        raise  # no row's fault: who may not, may not
    except Refusals as refusals:
        return RowResult(edit.product_id, [each.under("products", i) for each in refusals.refusals])
    except Refusal as refusal:
        return RowResult(edit.product_id, [refusal.under("products", i)])
    return RowResult(edit.product_id, changed=True, version=product.version)
