"""Duplicate a product: a draft like it, to be made into another."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchProduct
from stoa.domains.catalog.events import ProductCreated, ProductDuplicated
from stoa.domains.catalog.media.processing import plan_processing
from stoa.domains.catalog.models import Image, Product
from stoa.domains.catalog.naming import free_handle, refresh_search_text, search_text_of
from stoa.kit.clock import now
from stoa.kit.ids import new_id
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

SUFFIX: Final = {"en": " (copy)", "zh": "（副本）"}
_PRODUCT: Final = """
INSERT INTO product (id, title, handle, description, status, category_id, vendor, options, seo_title, seo_description,
  keywords, translations, metadata, is_bundle, search_text, version, created_at, updated_at)
SELECT $2, $3, $4, description, 'DRAFT', category_id, vendor, options, seo_title, seo_description,
  keywords, translations, metadata, is_bundle, $5, 1, $6, $6
FROM product WHERE id = $1
"""
# Codes, barcodes and ids elsewhere belong to the original. Stock is empty; parts of bundles are the same.
_VARIANTS: Final = """
WITH twins AS (
  SELECT v.*, gen_random_uuid() AS twin FROM variant v WHERE v.product_id = $1),
made AS (
  INSERT INTO variant (id, product_id, title, translations, currency, price_minor, list_price_minor,
    cost_minor, position, option_values, weight_grams, requires_shipping, taxable, version, created_at)
  SELECT twin, $2, title, translations, currency, price_minor, list_price_minor,
    cost_minor, position, option_values, weight_grams, requires_shipping, taxable, 1, $3
  FROM twins),
stocked AS (
  INSERT INTO stock (id, variant_id, location_id)
  SELECT gen_random_uuid(), twin, (SELECT id FROM location WHERE is_main) FROM twins)
INSERT INTO bundle_part (id, bundle_id, part_id, quantity)
SELECT gen_random_uuid(), t.twin, b.part_id, b.quantity FROM twins t JOIN bundle_part b ON b.bundle_id = t.id
"""
# The files are the same: one is deleted only when no picture names it any more. Until the copies are there nobody
# removes the originals, whose job would find no other picture on their files.
_IMAGES: Final = """
INSERT INTO image (id, product_id, url, file_key, alt, translations, position, width, height, content_type, focal_x,
  focal_y, sizes, warnings, failure, processed_at, created_at)
SELECT gen_random_uuid(), $2, url, file_key, alt, translations, position, width, height, content_type, focal_x,
  focal_y, sizes, warnings, failure, processed_at, $3
FROM image WHERE product_id = $1 ORDER BY id FOR KEY SHARE
"""
# What it is found by.
_TAGS: Final = """
INSERT INTO product_tag (id, product_id, tag_id)
SELECT gen_random_uuid(), $2, tag_id FROM product_tag WHERE product_id = $1
"""
_ATTRIBUTES: Final = """
INSERT INTO attribute_value (id, product_id, attribute_id, text, number)
SELECT gen_random_uuid(), $2, attribute_id, text, number FROM attribute_value WHERE product_id = $1
"""


async def duplicate_product(ctx: Context, product_id: UUID, *, title: str | None = None) -> UUID:
    """Make a draft with the same texts, prices, options, pictures, tags and attributes; codes, stock and ids elsewhere
    are its own.

    Without a title it is the original's, with a word in the caller's language that says it is a copy. Raises
    `NoSuchProduct` and `InvalidInput`.
    """
    async with shop_transaction():
        original = await Product.get_or_none(id=product_id)
        if original is None:
            raise NoSuchProduct("There is no such product.", path=["id"])
        suffix = SUFFIX[ctx.locale]
        name = original.title[: 255 - len(suffix)] + suffix if title is None else title
        name = clean_line(name, what="title", limit=255)
        handle, copy_id, moment = await free_handle(name), new_id(), now()
        client = shop_client()
        text = search_text_of(name, handle, [])
        await client.execute_query(_PRODUCT, [product_id, copy_id, name, handle, text, moment])
        for statement in (_VARIANTS, _IMAGES):
            await client.execute_query(statement, [product_id, copy_id, moment])
        for statement in (_TAGS, _ATTRIBUTES):
            await client.execute_query(statement, [product_id, copy_id])
        # whoever is at work on a file at this moment notes its sizes with the pictures that there were before
        unfinished = Image.filter(product_id=copy_id, file_key__isnull=False, processed_at=None)
        await plan_processing(ctx, [str(key) for key in await unfinished.values_list("file_key", flat=True)])
        await refresh_search_text([copy_id])
        await publish(ctx, ProductCreated(copy_id), ProductDuplicated(copy_id, product_id))
    return copy_id
