"""Edit products: only what is named changes, and only on the version it was read at."""

from __future__ import annotations

from uuid import UUID

import asyncpg
from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.changing import ProductChanges
from stoa.domains.catalog.errors import HandleTaken, NoSuchCategory, NoSuchProduct, ProductChanged
from stoa.domains.catalog.events import ProductEdited
from stoa.domains.catalog.models import Product
from stoa.domains.catalog.naming import refresh_search_text
from stoa.domains.catalog.variants import change_variants, set_what_differs
from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import publish


async def update_product(
    ctx: Context, product_id: UUID, changes: ProductChanges, *, expected_version: int | None = None
) -> Product:
    """Save the changes and raise the version. Nothing named, nothing changed, nothing announced.

    Raises `NoSuchProduct`, `ProductChanged` when somebody saved it after `expected_version`, and what creating raises.
    """
    changes = changes.checked(ctx)
    async with shop_transaction():
        product = await Product.filter(id=product_id).select_for_update().get_or_none()
        if product is None:
            raise NoSuchProduct("There is no such product.", path=["id"])
        _check_version(product, expected_version)
        changed = [*set_what_differs(product, changes.columns), *await change_variants(ctx, product, changes.variants)]
        if changed:
            await _save(product, changed)
            await publish(ctx, ProductEdited(product.id, tuple(changed)))
    return product


def _check_version(product: Product, expected: int | None) -> None:
    if expected is not None and product.version != expected:
        raise ProductChanged(
            f"{product.title} has been changed since version {expected}; it is at {product.version} now.",
            path=["expected_version"],
            params={"current_version": product.version},
        )


async def _save(product: Product, changed: list[str]) -> None:
    own = [name for name in changed if not name.startswith("variants.")]
    product.version += 1
    product.updated_at = now()
    try:
        await product.save(update_fields=[*own, "version", "updated_at"])
    except IntegrityError as error:
        raise _refusal_for(error, product) from None
    await refresh_search_text([product.id])


def _refusal_for(error: IntegrityError, product: Product) -> Exception:
    """The database is the judge of what is unique and what exists."""
    cause = error.args[0]
    if isinstance(cause, asyncpg.ForeignKeyViolationError):
        return NoSuchCategory("There is no such category.", path=["category_id"])
    if cause.constraint_name == "product_handle_key":
        return HandleTaken(f"The handle {product.handle} is in use.", path=["handle"], params={"taken": product.handle})
    return error
