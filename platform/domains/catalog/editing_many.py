"""Edit many products at once: each is changed or refused by itself, or all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from stoa.domains.catalog.changing import ProductChanges
from stoa.domains.catalog.editing import update_product
from stoa.domains.catalog.results import RowResult
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.tenants.context import Context, MissingScope
from stoa.tenants.database import shop_transaction

MAX_ROWS: Final = 250


class BulkPolicy(StrEnum):
    """What becomes of the good rows when others are refused."""

    IGNORE_FAILED = "IGNORE_FAILED"
    REJECT_EVERYTHING = "REJECT_EVERYTHING"


@dataclass(frozen=True, slots=True)
class ProductEdit:
    """One row of a bulk edit."""

    product_id: UUID
    changes: ProductChanges
    expected_version: int | None = None


class _Rejected(Exception):
    """Takes everything back."""


async def update_products(ctx: Context, edits: Sequence[ProductEdit], policy: BulkPolicy) -> list[RowResult]:
    """Change the products one after the other in one transaction; a result for each, in the order given.

    A row takes the statements of one edit, between a savepoint and its release: 6, for columns of the product alone.
    Products are locked in the order of their ids, so that two bulk edits never wait for each other.
    """
    if len(edits) > MAX_ROWS:
        raise InvalidInput(
            "{count} products; {limit} are allowed.", path=["products"], count=len(edits), limit=MAX_ROWS
        )
    results: dict[int, RowResult] = {}
    try:
        async with shop_transaction():
            for i in sorted(range(len(edits)), key=lambda i: edits[i].product_id):
                results[i] = await _row(ctx, i, edits[i])
            if policy is BulkPolicy.REJECT_EVERYTHING and any(each.refusals for each in results.values()):
                raise _Rejected
    except _Rejected:
        pass
    return [results[i] for i in range(len(edits))]


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
