"""Change the variants of a product, and how many of each there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from stoa.domains.catalog.changing import VariantChanges
from stoa.domains.catalog.errors import NoSuchVariant, SkuTaken, StockPromised
from stoa.domains.catalog.models import Product, Stock, Variant
from stoa.domains.catalog.stock.setting import set_on_hand
from stoa.kit.money import Money
from stoa.tenants.context import Context


async def change_variants(ctx: Context, product: Product, changes: Sequence[VariantChanges]) -> list[str]:
    """Save the checked changes; tells which fields they were, as ``variants.sku``. The product's row must be locked.

    Raises `NoSuchVariant`, `SkuTaken` and `StockPromised`. Variants of one product may exchange their codes.
    """
    if not changes:
        return []
    variants, stocks = await _variants_and_stocks(product, changes)
    await _let_go_of_codes(variants, changes)
    changed: dict[str, None] = {}
    # in the order of their codes, in which everybody who takes several takes them: two can never wait for each other
    for i, each in sorted(enumerate(changes), key=lambda item: str(item[1].sku)):
        fields = await _change(i, variants[each.variant_id], each)
        fields += await _restock(ctx, i, stocks.get(each.variant_id), each)
        changed |= dict.fromkeys(f"variants.{name}" for name in fields)
    return list(changed)


async def _variants_and_stocks(
    product: Product, changes: Sequence[VariantChanges]
) -> tuple[dict[UUID, Variant], dict[UUID, Stock]]:
    ids = [each.variant_id for each in changes]
    variants = {each.id: each for each in await Variant.filter(id__in=ids, product_id=product.id)}
    for i, each in enumerate(changes):
        if each.variant_id not in variants:
            raise NoSuchVariant("This product has no such variant.", path=["variants", i, "id"])
    at_main = Stock.filter(variant_id__in=ids, location__is_main=True)
    stocks = await Stock.filter(id__in=await at_main.values_list("id", flat=True)).order_by("id").select_for_update()
    return variants, {each.variant_id: each for each in stocks}  # type: ignore[attr-defined]


async def _let_go_of_codes(variants: dict[UUID, Variant], changes: Sequence[VariantChanges]) -> None:
    """Before any takes a new one: it may be the old one of the next."""
    given = {each.variant_id: each.named["sku"] for each in changes if "sku" in each.named}
    leaving = [id for id, sku in given.items() if variants[id].sku not in (None, sku)]
    if len(leaving) > 1:
        await Variant.filter(id__in=leaving).update(sku=None)


async def _change(i: int, variant: Variant, changes: VariantChanges) -> list[str]:
    changed = set_what_differs(variant, _columns(changes))
    if not changed:
        return []
    variant.version += 1
    try:
        await variant.save(update_fields=[*changed, "version"])
    except IntegrityError:
        raise SkuTaken(
            f"The code {variant.sku} is in use.", path=["variants", i, "sku"], params={"taken": variant.sku or ""}
        ) from None
    return [column.removesuffix("_minor") for column in changed]


def _columns(changes: VariantChanges) -> dict[str, Any]:
    named = changes.named
    columns: dict[str, Any] = {name: named[name] for name in ("title", "sku", "barcode") if name in named}
    for name in ("price", "list_price", "cost"):
        if name in named:
            price: Money | None = named[name]
            columns[f"{name}_minor"] = None if price is None else price.minor
    return columns


async def _restock(ctx: Context, i: int, stock: Stock | None, changes: VariantChanges) -> list[str]:
    """Bring the stock at the main location to what was named."""
    on_hand = changes.named.get("on_hand")
    if on_hand is None or on_hand == (stock.on_hand if stock else 0):
        return []
    if stock and on_hand - stock.on_hand + stock.available < -stock.backorder_limit:
        raise StockPromised(
            f"{stock.on_hand - stock.available} are reserved or set aside; {on_hand} on hand would not cover them.",
            path=["variants", i, "on_hand"],
            params={"promised": stock.on_hand - stock.available},
        )
    await set_on_hand(ctx, {changes.variant_id: on_hand}, reason="product edited")
    return ["on_hand"]


def set_what_differs(row: Model, wanted: dict[str, Any]) -> list[str]:
    """Tells which columns those were."""
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, wanted[name])
    return changed
