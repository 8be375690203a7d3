"""Tell that the pictures of a product have changed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from stoa.domains.catalog.events import ImagesChanged
from stoa.domains.catalog.models import Product
from stoa.domains.catalog.touching import raise_version
from stoa.tenants.context import Context
from stoa.tenants.outbox import publish


async def announce(ctx: Context, product: Product, how: str, image_ids: Sequence[UUID]) -> None:
    """Raise the product's version and tell what happened to its pictures."""
    await raise_version(product)
    await publish(ctx, ImagesChanged(product.id, how, tuple(image_ids)))
