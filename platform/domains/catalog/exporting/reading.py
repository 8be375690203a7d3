"""Read products for a file: batch by batch in the order of their ids, each as one value."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from stoa.domains.catalog.choosing import condition_of
from stoa.domains.catalog.models import ExportRun
from stoa.tenants.database import shop_client

BATCH = 200
COUNT = "SELECT count(*) AS products FROM product p WHERE p.id > $1 AND "
# Files speak of the main location's stock.
PRODUCTS = """
SELECT p.id, jsonb_build_object(
  'title', p.title, 'handle', p.handle, 'description', p.description, 'status', p.status, 'vendor', p.vendor,
  'options', p.options, 'seo_title', p.seo_title, 'seo_description', p.seo_description,
  'keywords', p.keywords, 'translations', p.translations, 'metadata', p.metadata,
  'category', (
    WITH RECURSIVE up AS (
      SELECT c.name, c.parent_id, 1 AS height FROM category c WHERE c.id = p.category_id
      UNION ALL
      SELECT c.name, c.parent_id, up.height + 1 FROM category c JOIN up ON c.id = up.parent_id WHERE up.height < 20)
    SELECT coalesce(jsonb_agg(name ORDER BY height DESC), '[]') FROM up),
  'tags', (SELECT coalesce(jsonb_agg(t.name ORDER BY t.name_key), '[]')
    FROM product_tag pt JOIN tag t ON t.id = pt.tag_id WHERE pt.product_id = p.id),
  'variants', (SELECT coalesce(jsonb_agg(jsonb_build_object(
      'title', v.title, 'sku', v.sku, 'barcode', v.barcode, 'currency', v.currency, 'price', v.price_minor,
      'list_price', v.list_price_minor, 'cost', v.cost_minor, 'options', v.option_values, 'weight', v.weight_grams,
      'requires_shipping', v.requires_shipping, 'taxable', v.taxable, 'stock', coalesce(s.on_hand, 0)
    ) ORDER BY v.position, v.id), '[]')
    FROM variant v LEFT JOIN stock s ON s.variant_id = v.id
      AND s.location_id = (SELECT id FROM location WHERE is_main) WHERE v.product_id = p.id),
  'images', (SELECT coalesce(jsonb_agg(jsonb_build_object('url', i.url, 'alt', i.alt) ORDER BY i.position, i.id), '[]')
    FROM image i WHERE i.product_id = p.id)
)::text AS product
FROM product p WHERE p.id > $1 AND """
IN_ORDER = f" ORDER BY p.id LIMIT {BATCH}"
FIRST = UUID(int=0)


class ExportedVariant(msgspec.Struct):
    title: str
    sku: str | None
    barcode: str | None
    currency: str
    price: int | None
    list_price: int | None
    cost: int | None
    options: list[str]
    weight: int | None
    requires_shipping: bool
    taxable: bool
    stock: int


class ExportedImage(msgspec.Struct):
    url: str
    alt: str


class ExportedOption(msgspec.Struct):
    name: str


class ExportedProduct(msgspec.Struct):
    """A product with all that files say of it."""

    title: str
    handle: str
    description: str
    status: str
    vendor: str
    options: list[ExportedOption]
    seo_title: str
    seo_description: str
    keywords: list[str]
    translations: dict[str, dict[str, str]]
    metadata: dict[str, Any]
    category: list[str]
    tags: list[str]
    variants: list[ExportedVariant]
    images: list[ExportedImage]


async def count_products(run: ExportRun) -> int:
    chosen = condition_of(run.chosen, before=1)
    rows = await shop_client().execute_query_dict(COUNT + chosen.sql, [FIRST, *chosen.values])
    return int(rows[0]["products"])


async def next_products(run: ExportRun, after: UUID) -> tuple[list[str], UUID]:
    """The next products, as JSON for `decoded`, and the id of the last of them; none when all are read."""
    chosen = condition_of(run.chosen, before=1)
    statement = PRODUCTS + chosen.sql + IN_ORDER
    rows: list[dict[str, Any]] = await shop_client().execute_query_dict(statement, [after, *chosen.values])
    return [row["product"] for row in rows], rows[-1]["id"] if rows else after


def decoded(products: list[str]) -> list[ExportedProduct]:
    return [msgspec.json.decode(each, type=ExportedProduct) for each in products]
