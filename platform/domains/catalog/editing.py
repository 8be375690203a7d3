"""Edit products: only what is named changes, and only on the version it was read at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.changing import ProductChanges
from stoa.domains.catalog.errors import HandleTaken, NoSuchCategory
from stoa.domains.catalog.events import FieldChange, ProductEdited
from stoa.domains.catalog.metadata import checked_metadata, merged_metadata
from stoa.domains.catalog.models import Product, ProductStatus
from stoa.domains.catalog.publishing.turning import turned
from stoa.domains.catalog.recalling import bounded, changes_between
from stoa.domains.catalog.redirecting import leave_redirect
from stoa.domains.catalog.touching import locked_product, touch
from stoa.domains.catalog.translating import clean_translations, merged
from stoa.domains.catalog.variants import change_options, change_variants, set_what_differs
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import publish


async def update_product(
    ctx: Context, product_id: UUID, changes: ProductChanges, *, expected_version: int | None = None
) -> Product:
    """Save the changes and raise the version. Nothing named, nothing changed, nothing announced.

    An old handle goes on leading to the product. What goes on sale must be ready to (completeness.py).

    Raises `NoSuchProduct`, `ProductChanged` when somebody saved it after `expected_version`, `NotReady`, and what
    creating raises.
    """
    changes = changes.checked(ctx)
    async with shop_transaction():
        product = await locked_product(product_id, expected_version)
        status = product.status
        own, told = await _change(product, changes)
        in_variants, told_of_variants = await change_variants(ctx, product, changes.variants)
        changed = [*own, *in_variants]
        if changed:
            await _save(product, own)
            news = await turned(product.id, status, product.status, "status")
            edited = ProductEdited(product.id, tuple(changed), bounded([*told, *told_of_variants]))
            await publish(ctx, edited, *news)
    return product


async def _change(product: Product, changes: ProductChanges) -> tuple[list[str], list[FieldChange]]:
    """Set the product's own columns; tells which differ, and how."""
    columns = changes.columns
    if changes.translations:
        columns["translations"] = merged(product.translations, clean_translations(list(changes.translations)))
    if changes.metadata:
        columns["metadata"] = merged_metadata(product.metadata, await checked_metadata(changes.metadata))
    if changes.options:
        columns["options"] = await change_options(product, changes.options)
    columns |= schedule_after(product, columns)
    before = {name: getattr(product, name) for name in columns}
    changed = set_what_differs(product, columns)
    if "handle" in changed:
        await leave_redirect(product, before["handle"])
    return changed, changes_between(before, columns, changed)


def schedule_after(product: Product, columns: dict[str, Any]) -> dict[str, Any]:
    """Who puts a product on sale or takes it off by hand means it: what was planned before is void."""
    if columns.get("status") in (None, product.status):
        return {}
    return (
        {"publish_at": None}
        if columns["status"] is ProductStatus.ACTIVE
        else {"publish_at": None, "unpublish_at": None}
    )


async def _save(product: Product, own: Sequence[str]) -> None:
    try:
        await touch(product, *own)
    except IntegrityError as error:
        raise _refusal_for(error, product) from None


def _refusal_for(error: IntegrityError, product: Product) -> Exception:
    """The database is the judge of what is unique and what exists."""
    cause = error.args[0]
    if isinstance(cause, asyncpg.ForeignKeyViolationError):
        return NoSuchCategory("There is no such category.", path=["category_id"])
    if cause.constraint_name == "product_handle_key":
        return HandleTaken("The handle {taken} is in use.", path=["handle"], taken=product.handle)
    return error
