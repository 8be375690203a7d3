"""Take pictures off a product."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from stoa.domains.catalog.drafting import MAX_IMAGES
from stoa.domains.catalog.errors import NoSuchImage
from stoa.domains.catalog.media.forgetting import plan_forgetting
from stoa.domains.catalog.media.touching import announce
from stoa.domains.catalog.models import Image
from stoa.domains.catalog.results import RowResult
from stoa.domains.catalog.touching import locked_product
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction


async def remove_images(
    ctx: Context, product_id: UUID, image_ids: Sequence[UUID], *, expected_version: int | None = None
) -> list[RowResult]:
    """Remove the pictures, and their files once that is certain; each that is not there is refused by itself.

    Raises `NoSuchProduct`, `ProductChanged`, and `InvalidInput` for more than 50 at once.
    """
    if not 0 < len(image_ids) <= MAX_IMAGES:
        raise InvalidInput(
            "{count} images; 1 to {limit} can be removed at once.", path=["ids"], count=len(image_ids), limit=MAX_IMAGES
        )
    async with shop_transaction():
        product = await locked_product(product_id, expected_version, named="product_id")
        rows = {each.id: each for each in await Image.filter(product_id=product_id, id__in=image_ids)}
        outcomes = [_outcome(each, rows) for each in image_ids]
        if rows:
            await Image.filter(id__in=list(rows)).delete()
            await plan_forgetting(ctx, [each.file_key for each in rows.values() if each.file_key])
            await announce(ctx, product, "removed", list(rows))
    return outcomes


def _outcome(image_id: UUID, rows: dict[UUID, Image]) -> RowResult:
    if image_id in rows:
        return RowResult(image_id, changed=True)
    return RowResult(None, [NoSuchImage("The product has no such image.")])
