"""A product in hand: locked, at the version that was read; and marked as changed afterwards."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.catalog.errors import NoSuchProduct, ProductChanged
from stoa.domains.catalog.models import Product
from stoa.domains.catalog.naming import refresh_search_text
from stoa.kit.clock import now


async def locked_product(product_id: UUID, expected_version: int | None = None) -> Product:
    """The product's row, locked in the open transaction. Raises `NoSuchProduct` and `ProductChanged`."""
    product = await Product.filter(id=product_id).select_for_update().get_or_none()
    if product is None:
        raise NoSuchProduct("There is no such product.", path=["id"])
    require_version(product, expected_version)
    return product


def require_version(product: Product, expected_version: int | None) -> None:
    """Raises `ProductChanged`."""
    if expected_version is not None and product.version != expected_version:
        raise ProductChanged(
            "{title} has been changed since version {expected_version}; it is at {current_version} now.",
            path=["expected_version"],
            current_version=product.version,
            title=product.title,
            expected_version=expected_version,
        )


async def touch(product: Product, *changed: str) -> None:
    """Save these columns, with the next version and the text that search looks through."""
    product.version += 1
    product.updated_at = now()
    await product.save(update_fields=[*changed, "version", "updated_at"])
    await refresh_search_text([product.id])
