"""Going on sale and off, by whatever way: what must be so before, and the news of it."""

from __future__ import annotations

from uuid import UUID

from stoa.domains.catalog.completeness import require_ready
from stoa.domains.catalog.events import ProductPublished, ProductUnpublished
from stoa.domains.catalog.models import ProductStatus

News = ProductPublished | ProductUnpublished


def news_of_turn(product_id: UUID, before: ProductStatus | None, after: ProductStatus | None) -> list[News]:
    """That it is on sale now and was not, or the other way round; nothing when neither. None: there is no product."""
    if (before is ProductStatus.ACTIVE) is (after is ProductStatus.ACTIVE):
        return []
    return [ProductPublished(product_id) if after is ProductStatus.ACTIVE else ProductUnpublished(product_id)]


async def turned(product_id: UUID, before: ProductStatus, after: ProductStatus, *path: str) -> list[News]:
    """The news of a turn that has been saved in the open transaction. Raises `NotReady`, which blames `path`."""
    if after is ProductStatus.ACTIVE and before is not after:
        await require_ready(product_id, *path)
    return news_of_turn(product_id, before, after)
