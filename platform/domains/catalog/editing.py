"""Edit products and variants: only what is named changes, and only on the version it was read at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from uuid import UUID

from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.drafting import VariantDraft, checked_variant
from stoa.domains.catalog.errors import (
    HandleTaken,
    NoSuchCategory,
    NoSuchProduct,
    NoSuchVariant,
    ProductChanged,
    SkuTaken,
)
from stoa.domains.catalog.events import ProductEdited
from stoa.domains.catalog.models import Category, Product, ProductStatus, Stock, Variant
from stoa.domains.catalog.naming import search_text_of
from stoa.kit.clock import now
from stoa.kit.money import Money
from stoa.kit.text import clean_line, clean_text, slugify
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import publish


class _Same(Enum):
    SAME = "left as it is"


SAME: Final = _Same.SAME


@dataclass(frozen=True, slots=True)
class VariantChanges:
    """Changes to one variant; what is `SAME` stays."""

    variant_id: UUID
    title: str | _Same = SAME
    sku: str | _Same | None = SAME
    barcode: str | _Same | None = SAME
    price: Money | _Same | None = SAME
    list_price: Money | _Same | None = SAME
    cost: Money | _Same | None = SAME
    on_hand: int | _Same = SAME


@dataclass(frozen=True, slots=True)
class ProductChanges:
    """Changes to a product; what is `SAME` stays."""

    title: str | _Same = SAME
    description: str | _Same = SAME
    handle: str | _Same = SAME
    status: ProductStatus | _Same = SAME
    category_id: UUID | _Same | None = SAME
    variants: tuple[VariantChanges, ...] = ()


async def update_product(
    ctx: Context, product_id: UUID, changes: ProductChanges, *, expected_version: int | None = None
) -> Product:
    """Save the changes and raise the version. Nothing named, nothing changed, nothing announced.

    Raises `NoSuchProduct`, `ProductChanged` when somebody saved it after `expected_version`, and what creating raises.
    """
    async with shop_transaction():
        product = await Product.filter(id=product_id).select_for_update().get_or_none()
        if product is None:
            raise NoSuchProduct("There is no such product.", path=["id"])
        _check_version(product, expected_version)
        changed = await _apply(product, changes)
        for i, each in enumerate(changes.variants):
            changed += await _apply_variant(ctx, product, i, each)
        if changed:
            await _save(ctx, product, changed)
    return product


def _check_version(product: Product, expected: int | None) -> None:
    if expected is not None and product.version != expected:
        raise ProductChanged(
            f"{product.title} has been changed since version {expected}; it is at {product.version} now.",
            path=["expected_version"],
            params={"current_version": product.version},
        )


async def _apply(product: Product, changes: ProductChanges) -> list[str]:
    """Set what differs; tells which fields those were."""
    wanted: dict[str, Any] = {}
    if changes.title is not SAME:
        wanted["title"] = clean_line(changes.title, what="title", limit=255)
    if changes.description is not SAME:
        wanted["description"] = clean_text(changes.description, what="description", limit=50_000)
    if changes.handle is not SAME:
        wanted["handle"] = clean_line(slugify(changes.handle), what="handle", limit=150)
    if changes.status is not SAME:
        wanted["status"] = changes.status
    if changes.category_id is not SAME:
        wanted["category_id"] = changes.category_id
        if changes.category_id is not None and not await Category.exists(id=changes.category_id):
            raise NoSuchCategory("There is no such category.", path=["category_id"])
    return _set(product, wanted)


async def _apply_variant(ctx: Context, product: Product, i: int, changes: VariantChanges) -> list[str]:
    variant = await Variant.get_or_none(id=changes.variant_id, product_id=product.id)
    if variant is None:
        raise NoSuchVariant("This product has no such variant.", path=["variants", i, "id"])
    if changes.cost is not SAME:
        ctx.require(Scope.CATALOG_COST)
    given = {name: getattr(changes, name) for name in VariantDraft.__slots__ if getattr(changes, name) is not SAME}
    draft = checked_variant(ctx, i, VariantDraft(**given))
    changed = _set(variant, _columns(draft, given))
    if changed:
        variant.version += 1
        try:
            await variant.save(update_fields=[*changed, "version"])
        except IntegrityError:
            raise SkuTaken(
                f"The code {draft.sku} is in use.", path=["variants", i, "sku"], params={"taken": draft.sku or ""}
            ) from None
    if "on_hand" in given:
        changed += await _set_stock(variant, draft.on_hand)
    return [f"variants.{name}" for name in changed]


def _columns(draft: VariantDraft, given: dict[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {name: getattr(draft, name) for name in ("title", "sku", "barcode") if name in given}
    for name, column in (("price", "price_minor"), ("list_price", "list_price_minor"), ("cost", "cost_minor")):
        if name in given:
            price = getattr(draft, name)
            columns[column] = price.minor if price else None
    return columns


async def _set_stock(variant: Variant, on_hand: int) -> list[str]:
    stock = await Stock.filter(variant_id=variant.id).select_for_update().get()
    changed = _set(stock, {"on_hand": on_hand})
    if changed:
        stock.version += 1
        await stock.save(update_fields=["on_hand", "version"])
    return changed


def _set(row: Any, wanted: dict[str, Any]) -> list[str]:
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, wanted[name])
    return changed


async def _save(ctx: Context, product: Product, changed: list[str]) -> None:
    own = [name for name in changed if not name.startswith("variants.")]
    skus = (
        await Variant.filter(product_id=product.id, sku__isnull=False)
        .order_by("position")
        .values_list("sku", flat=True)
    )
    product.search_text = search_text_of(product.title, product.handle, [str(sku) for sku in skus])
    product.version += 1
    product.updated_at = now()
    try:
        await product.save(update_fields=[*own, "search_text", "version", "updated_at"])
    except IntegrityError:
        raise HandleTaken(
            f"The handle {product.handle} is in use.", path=["handle"], params={"taken": product.handle}
        ) from None
    await publish(ctx, ProductEdited(product.id, tuple(changed)))
