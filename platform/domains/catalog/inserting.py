"""A whole product in one statement: its row, its variants, their stock, its pictures, and the news of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from stoa.domains.catalog.drafting import ProductDraft, VariantDraft
from stoa.domains.catalog.events import ProductCreated
from stoa.domains.catalog.models import Product
from stoa.domains.catalog.naming import search_text_of
from stoa.domains.catalog.translating import clean_titles, merged
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.outbox import publish_along

# Nothing is inserted, and no row comes back, when the handle is in use, be it as an old one of another product that
# addresses still lead to: the caller decides what then. Prices leave their history by a trigger. Codes are taken
# in their order, so that two who create products with the same codes never wait for each other.
_INSERT = """
WITH made AS (
  INSERT INTO product (id, title, handle, description, status, category_id, source, external_id, search_text,
    vendor, options, seo_title, seo_description, keywords, translations, metadata, version, created_at, updated_at)
  SELECT $1, $2, $3::varchar, $4, $5, $6, $7, $8, $9, m.vendor, m.options, m.seo_title, m.seo_description, m.keywords,
    m.translations, m.metadata, 1, $10, $10
  FROM jsonb_to_record($16::jsonb) AS m (vendor text, options jsonb, seo_title text, seo_description text,
    keywords jsonb, translations jsonb, metadata jsonb)
  WHERE NOT EXISTS (SELECT FROM slug_redirect r WHERE r.handle = $3::varchar)
  ON CONFLICT (handle) DO NOTHING RETURNING id),
drafted AS (
  SELECT v.* FROM made, jsonb_to_recordset($12::jsonb) AS v (id uuid, title text, sku text, barcode text,
    price bigint, list_price bigint, cost bigint, position int, on_hand int, stock_id uuid, movement_id uuid,
    option_values jsonb, weight_grams int, requires_shipping bool, taxable bool, translations jsonb)),
variants AS (
  INSERT INTO variant (id, product_id, title, sku, barcode, currency, price_minor, list_price_minor, cost_minor,
    position, option_values, weight_grams, requires_shipping, taxable, translations, version, created_at)
  SELECT v.id, $1, v.title, v.sku, v.barcode, $11, v.price, v.list_price, v.cost, v.position, v.option_values,
    v.weight_grams, v.requires_shipping, v.taxable, v.translations, 1, $10
  FROM drafted v ORDER BY v.sku),
stocks AS (
  INSERT INTO stock (id, variant_id, location_id)
  SELECT stock_id, id, (SELECT id FROM location WHERE is_main) FROM drafted),
moves AS (
  INSERT INTO stock_movement (id, stock_id, kind, on_hand, reason, actor_kind, actor_id, happened_at)
  SELECT movement_id, stock_id, 'ADJUSTMENT', on_hand, 'first stock', $14, $15, $10 FROM drafted WHERE on_hand <> 0),
pictures AS (
  INSERT INTO image (id, product_id, url, file_key, alt, position, created_at)
  SELECT i.id, made.id, i.url, i.file_key, i.alt, i.position, $10
  FROM made, jsonb_to_recordset($13::jsonb) AS i (id uuid, url text, file_key text, alt text, position int)),
{news}
SELECT id FROM made
"""
_VALUES = 16


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready to be kept: where it is served, and the key of its file if it was uploaded."""

    url: str
    file_key: str | None
    alt: str


async def insert_product(
    ctx: Context, draft: ProductDraft, handle: str, pictures: Sequence[Picture], metadata: Mapping[str, Any]
) -> Product | None:
    """Insert the checked draft under this handle and publish `ProductCreated`; None when another product has it.

    What else must be unique (codes, external ids) is the database's to judge: `asyncpg.UniqueViolationError`.
    """
    product = _product_of(draft, handle)
    values = [
        *(product.id, product.title, handle, product.description, product.status.value),
        *(draft.category_id, draft.source, draft.external_id, product.search_text, product.created_at),
        ctx.shop.currency,
        as_json([variant_row(position, each) for position, each in enumerate(draft.variants)]),
        as_json([_picture(position, each) for position, each in enumerate(pictures)]),
        *(ctx.actor.kind, ctx.actor.id),
        as_json(draft.more | {"metadata": metadata}),
    ]
    news = publish_along(ctx, ProductCreated(product.id), cause="made", after=_VALUES)
    async with shop_client().acquire_connection() as connection:
        made: UUID | None = await connection.fetchval(_INSERT.format(news=news.ctes), *values, *news.values)
    if made is None:
        return None
    news.announce(ctx)
    return product


def _product_of(draft: ProductDraft, handle: str) -> Product:
    moment = now()
    return Product.construct(
        _saved_in_db=True,  # by the statement, not by the model
        title=draft.title,
        handle=handle,
        description=draft.description,
        status=draft.status,
        category_id=draft.category_id,
        source=draft.source,
        external_id=draft.external_id,
        **draft.more,
        search_text=search_text_of(
            draft.title,
            handle,
            [each.sku for each in draft.variants if each.sku],
            barcodes=[each.barcode for each in draft.variants if each.barcode],
            description=draft.description,
        ),
        created_at=moment,
        updated_at=moment,
    )


def variant_row(position: int, draft: VariantDraft) -> dict[str, Any]:
    return {
        "id": new_id(),
        "title": draft.title,
        "sku": draft.sku,
        "barcode": draft.barcode,
        "price": _minor(draft.price),
        "list_price": _minor(draft.list_price),
        "cost": _minor(draft.cost),
        "position": position,
        "on_hand": draft.on_hand,
        "stock_id": new_id(),
        "movement_id": new_id(),
        "option_values": draft.option_values,
        "weight_grams": draft.weight_grams,
        "requires_shipping": draft.requires_shipping,
        "taxable": draft.taxable,
        "translations": merged({}, clean_titles(draft.translations)),
    }


def _picture(position: int, picture: Picture) -> dict[str, Any]:
    return {
        "id": new_id(),
        "url": picture.url,
        "file_key": picture.file_key,
        "alt": picture.alt,
        "position": position,
    }


def _minor(price: Money | None) -> int | None:
    return None if price is None else price.minor
