"""Change what is said of a picture, and the order of a product's pictures."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchImage
from stoa.domains.catalog.media.describing import ImageChanges
from stoa.domains.catalog.media.touching import announce
from stoa.domains.catalog.models import Image, Product
from stoa.domains.catalog.touching import locked_product
from stoa.domains.catalog.variants import set_what_differs
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

_ARRANGE = """
UPDATE image SET position = wanted.place - 1 FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (id, place)
WHERE image.id = wanted.id AND image.position <> wanted.place - 1
"""


async def update_image(
    ctx: Context, image_id: UUID, changes: ImageChanges, *, expected_version: int | None = None
) -> Image:
    """Save what is named and differs; nothing named, nothing changed, nothing announced.

    `expected_version` is the product's. Raises `Refusals`, `NoSuchImage` and `ProductChanged`.
    """
    changes = changes.checked()
    async with shop_transaction():
        found = await Image.get_or_none(id=image_id)
        if found is None:
            raise NoSuchImage("There is no such image.", path=["id"])
        # the product is locked before its pictures, by everybody: two can never wait for each other
        product = await locked_product(found.product_id, expected_version, named="id")  # type: ignore[attr-defined]
        image = await Image.filter(id=image_id).select_for_update().get_or_none()
        if image is None:
            raise NoSuchImage("There is no such image.", path=["id"])
        changed = set_what_differs(image, changes.columns(image.translations))
        if changed:
            await image.save(update_fields=changed)
            await announce(ctx, product, "edited", [image.id])
    return image


async def reorder_images(
    ctx: Context, product_id: UUID, image_ids: Sequence[UUID], *, expected_version: int | None = None
) -> Product:
    """Put these pictures first, in this order; those not named follow as they stood. Twice changes nothing.

    Raises `NoSuchProduct`, `ProductChanged`, `InvalidInput` for a picture named twice, and `NoSuchImage`.
    """
    async with shop_transaction():
        product = await locked_product(product_id, expected_version, named="product_id")
        before = await Image.filter(product_id=product_id).order_by("position", "id").values_list("id", flat=True)
        order = _arranged([UUID(str(each)) for each in before], image_ids)
        if order != list(before):
            await shop_client().execute_query(_ARRANGE, [order])
            await announce(ctx, product, "reordered", order)
    return product


def _arranged(before: list[UUID], wanted: Sequence[UUID]) -> list[UUID]:
    there = set(before)
    for i, each in enumerate(wanted):
        if each not in there:
            raise NoSuchImage("The product has no such image.", path=["ids", i])
        if each in wanted[:i]:
            raise InvalidInput("The image is named twice.", path=["ids", i])
    named = set(wanted)
    return [*wanted, *(each for each in before if each not in named)]
