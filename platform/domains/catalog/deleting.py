"""Delete products that were never on sale; what has been is archived."""

from __future__ import annotations

from uuid import UUID

from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.assorting import require_unneeded, still_in_use
from stoa.domains.catalog.errors import NotADraft
from stoa.domains.catalog.events import ProductDeleted
from stoa.domains.catalog.media.forgetting import plan_forgetting
from stoa.domains.catalog.models import Image, ProductStatus, Variant
from stoa.domains.catalog.touching import locked_product
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

# However it came on sale: it went off by an edit that says so.
_WAS_ON_SALE = """
SELECT EXISTS (SELECT FROM event WHERE subject_id = $1
  AND name IN ('ProductEdited', 'ProductImported', 'ProductImportUndone')
  AND payload->'changes' @> '[{"field": "status", "old": "ACTIVE"}]') AS it_was
"""


async def delete_product(ctx: Context, product_id: UUID, *, expected_version: int | None = None) -> UUID:
    """Delete a draft with all that is its own: variants, pictures, prices, redirects, empty stock. Its news stay.

    Raises `NoSuchProduct`, `ProductChanged`, `NotADraft`, `StillStocked` and `StillInUse`.
    """
    async with shop_transaction():
        product = await locked_product(product_id, expected_version)
        [row] = await shop_client().execute_query_dict(_WAS_ON_SALE, [product_id])
        if product.status is not ProductStatus.DRAFT or row["it_was"]:
            raise NotADraft("{title} has been on sale: archive it instead.", path=["id"], title=product.title)
        variants = [each.id for each in await Variant.filter(product_id=product_id).order_by("position", "id")]
        if variants:
            await require_unneeded(product, variants, "variants")
        uploaded = Image.filter(product_id=product_id, file_key__isnull=False)
        files = [str(key) for key in await uploaded.values_list("file_key", flat=True)]
        try:
            # a bundle's parts are no obstacle to it, but their rows name its variants
            await shop_client().execute_query("DELETE FROM bundle_part WHERE bundle_id = ANY($1)", [variants])
            await shop_client().execute_query("DELETE FROM product WHERE id = $1", [product_id])
        except IntegrityError as error:
            raise still_in_use(error) from None
        await publish(ctx, ProductDeleted(product_id, product.title))
        await plan_forgetting(ctx, files)
    return product_id
