"""Add pictures to a product."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tortoise.functions import Count, Max

from stoa.domains.catalog.drafting import MAX_IMAGES
from stoa.domains.catalog.errors import TooManyImages
from stoa.domains.catalog.media.addresses import media_path
from stoa.domains.catalog.media.describing import NewImage
from stoa.domains.catalog.media.processing import plan_processing
from stoa.domains.catalog.media.touching import announce
from stoa.domains.catalog.models import Image
from stoa.domains.catalog.results import RowResult
from stoa.domains.catalog.touching import locked_product
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.uploading import UploadUnfit, claim_images


async def add_images(
    ctx: Context, product_id: UUID, images: Sequence[NewImage], *, expected_version: int | None = None
) -> list[RowResult]:
    """Add the pictures behind those there are; each that cannot be added is refused by itself. 50 a product.

    Raises `NoSuchProduct`, `ProductChanged`, and `InvalidInput` for more than 50 at once. Uploads are made fit to be
    shown by a job.
    """
    if not 0 < len(images) <= MAX_IMAGES:
        raise InvalidInput(
            "{count} images; 1 to {limit} can be added at once.", path=["images"], count=len(images), limit=MAX_IMAGES
        )
    async with shop_transaction():
        product = await locked_product(product_id, expected_version, named="product_id")
        count, last = await _there(product_id)
        outcomes, fit = _checked(images, MAX_IMAGES - count)
        rows = await _rows(ctx, product_id, fit, outcomes, last + 1)
        if rows:
            await Image.bulk_create(rows)
            await plan_processing(ctx, [row.file_key for row in rows if row.file_key])
            await announce(ctx, product, "added", [row.id for row in rows])
    return outcomes


async def _there(product_id: UUID) -> tuple[int, int]:
    """How many pictures there are, and the last one's position."""
    [found] = (
        await Image.filter(product_id=product_id).annotate(n=Count("id"), last=Max("position")).values("n", "last")
    )
    return found["n"], -1 if found["last"] is None else found["last"]


def _checked(images: Sequence[NewImage], room: int) -> tuple[list[RowResult], dict[int, NewImage]]:
    """An outcome for each, and those that are in order and find room, by their place."""
    outcomes, fit = [RowResult(None) for _ in images], dict[int, NewImage]()
    claimed: set[UUID] = set()
    for i, each in enumerate(images):
        try:
            image = each.checked()
            if len(fit) >= room:
                raise TooManyImages("A product has at most {limit} images.", limit=MAX_IMAGES)
            if image.upload_id in claimed:
                raise UploadUnfit("The upload stands for an earlier image of this list.", path=["upload_id"])
        except Refusals as refusals:
            outcomes[i].refusals.extend(refusals.refusals)
        except Refusal as refusal:
            outcomes[i].refusals.append(refusal)
        else:
            fit[i] = image
            claimed |= {image.upload_id} if image.upload_id else set()
    return outcomes, fit


async def _rows(
    ctx: Context, product_id: UUID, fit: dict[int, NewImage], outcomes: list[RowResult], position: int
) -> list[Image]:
    uploads = [each.upload_id for each in fit.values() if each.upload_id]
    claimed = await claim_images(ctx, uploads) if uploads else {}
    rows: list[Image] = []
    for i, each in fit.items():
        upload = claimed[each.upload_id] if each.upload_id else None
        if isinstance(upload, Refusal):
            outcomes[i].refusals.append(upload.under("upload_id"))
            continue
        key = upload.file_key if upload else None
        url = media_path(ctx, key) if key else each.url or ""
        rows.append(
            Image(
                id=new_id(), product_id=product_id, url=url, file_key=key, position=position + len(rows), **each.columns
            )
        )
        outcomes[i].id, outcomes[i].changed = rows[-1].id, True
    return rows
