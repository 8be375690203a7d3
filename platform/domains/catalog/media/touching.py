"""The product whose pictures change: locked meanwhile, and at a new version afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchProduct, ProductChanged
from stoa.domains.catalog.events import ImagesChanged
from stoa.domains.catalog.models import Product
from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.outbox import publish


async def locked_product(product_id: UUID, expected_version: int | None, *, named: str = "product_id") -> Product:
    """Raises `NoSuchProduct`, and `ProductChanged` when somebody saved it after `expected_version`."""
    product = await Product.filter(id=product_id).select_for_update().get_or_none()
    if product is None:
        raise NoSuchProduct("There is no such product.", path=[named])
    if expected_version is not None and product.version != expected_version:
        raise ProductChanged(
            "{title} has been changed since version {expected_version}; it is at {current_version} now.",
            path=["expected_version"],
            current_version=product.version,
            title=product.title,
            expected_version=expected_version,
        )
    return product


async def announce(ctx: Context, product: Product, how: str, image_ids: Sequence[UUID]) -> None:
    """Raise the product's version and tell what happened to its pictures."""
    product.version += 1
    product.updated_at = now()
    await product.save(update_fields=["version", "updated_at"])
    await publish(ctx, ImagesChanged(product.id, how, tuple(image_ids)))
