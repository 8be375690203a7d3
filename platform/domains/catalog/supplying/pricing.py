"""What suppliers ask: prices are only added to, and the newest of a variant counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchVariant
from stoa.domains.catalog.events import SupplierPricesSet
from stoa.domains.catalog.models import SupplierPrice, Variant
from stoa.domains.catalog.results import RowResult
from stoa.domains.catalog.supplying.suppliers import locked_supplier
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, Refusal
from stoa.kit.ids import new_id
from stoa.kit.money import MAX_MINOR, Money
from stoa.kit.text import clean_line
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

MAX_PRICES, MAX_PIECES = 250, 1_000_000
_LATEST = """
SELECT p.* FROM unnest($2::uuid[]) AS wanted (id), LATERAL (
  SELECT id, variant_id, supplier_code, currency, minor, minimum_quantity, pack_size, since FROM supplier_price
  WHERE supplier_id = $1 AND variant_id = wanted.id ORDER BY since DESC, id DESC LIMIT 1) p
"""


@dataclass(frozen=True, slots=True)
class PriceDraft:
    """What the supplier asks for a piece; ordered are whole packs, and at least the minimum."""

    variant_id: UUID
    price: Money
    supplier_code: str = ""
    minimum_quantity: int = 1
    pack_size: int = 1

    @property
    def columns(self) -> dict[str, Any]:
        return {
            "supplier_code": self.supplier_code,
            "currency": self.price.currency,
            "minor": self.price.minor,
            "minimum_quantity": self.minimum_quantity,
            "pack_size": self.pack_size,
        }


async def set_supplier_prices(ctx: Context, supplier_id: UUID, drafts: Sequence[PriceDraft]) -> list[RowResult]:
    """Add what a supplier asks from now on: a result for each row, in order; a row that is refused keeps no other back.

    A price that is the newest already is not added again. Raises `MissingScope`, `NoSuchSupplier`, and `InvalidInput`
    for too many rows.
    """
    ctx.require(Scope.CATALOG_COST)
    if len(drafts) > MAX_PRICES:
        raise InvalidInput("{count} prices; {limit} are allowed.", path=["prices"], count=len(drafts), limit=MAX_PRICES)
    async with shop_transaction():
        supplier = await locked_supplier(supplier_id, "supplier_id")
        results = [RowResult(None) for _ in drafts]
        checked = await _checked(drafts, results)
        latest = await latest_prices(supplier.id, checked)
        added = [_row(supplier.id, draft, latest.get(draft.variant_id)) for draft in checked.values()]
        new = [each for each in added if each is not None]
        if new:
            await SupplierPrice.bulk_create(new)
            await publish(ctx, SupplierPricesSet(supplier.id, tuple(each.variant_id for each in new)))  # type: ignore[attr-defined]
    _tell(drafts, results, latest, new)
    return results


async def latest_prices(supplier_id: UUID, variant_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """The newest price of each variant that the supplier has one for; one statement, one look at an index each."""
    rows = await shop_client().execute_query_dict(_LATEST, [supplier_id, list(variant_ids)])
    return {row["variant_id"]: row for row in rows}


async def _checked(drafts: Sequence[PriceDraft], results: Sequence[RowResult]) -> dict[UUID, PriceDraft]:
    """The rows that can be taken, by variant; what is wrong with the others goes to their results."""
    there = set(await Variant.filter(id__in=[each.variant_id for each in drafts]).values_list("id", flat=True))
    checked: dict[UUID, PriceDraft] = {}
    for draft, result in zip(drafts, results, strict=True):
        try:
            clean = _clean(draft)
            if draft.variant_id not in there:
                raise NoSuchVariant("There is no such variant.", path=["variant_id"])
            if draft.variant_id in checked:
                raise InvalidInput("This variant is named twice.", path=["variant_id"])
        except Refusal as refusal:
            result.refusals.append(refusal)
        else:
            checked[draft.variant_id] = clean
    return checked


def _clean(draft: PriceDraft) -> PriceDraft:
    if not 0 <= draft.price.minor < MAX_MINOR:
        raise InvalidInput("{price} is no price.", path=["price"], price=str(draft.price))
    for name in ("minimum_quantity", "pack_size"):
        if not 1 <= getattr(draft, name) <= MAX_PIECES:
            raise InvalidInput(
                "{value} pieces; 1 to {limit:,} are allowed.", path=[name], value=getattr(draft, name), limit=MAX_PIECES
            )
    try:
        code = clean_line(draft.supplier_code, what="supplier's code", limit=120, required=False)
    except Refusal as refusal:
        raise refusal.under("supplier_code") from None
    return replace(draft, supplier_code=code)


def _row(supplier_id: UUID, draft: PriceDraft, latest: dict[str, Any] | None) -> SupplierPrice | None:
    if latest and all(latest[name] == value for name, value in draft.columns.items()):
        return None
    since = _after(latest["since"]) if latest else now()
    return SupplierPrice(
        id=new_id(), supplier_id=supplier_id, variant_id=draft.variant_id, since=since, **draft.columns
    )


def _after(moment: datetime) -> datetime:
    """Now; but the newest is the newest, even if the clock of whoever set the last one was ahead."""
    return max(now(), moment + timedelta(microseconds=1))


def _tell(
    drafts: Sequence[PriceDraft],
    results: Sequence[RowResult],
    latest: dict[UUID, dict[str, Any]],
    new: Sequence[SupplierPrice],
) -> None:
    """The results are about the price that counts now; `changed` when their row has set it."""
    added = {each.variant_id: each.id for each in new}  # type: ignore[attr-defined]
    for draft, result in zip(drafts, results, strict=True):
        if not result.refusals:
            result.changed = draft.variant_id in added
            result.id = added.get(draft.variant_id) or latest[draft.variant_id]["id"]
