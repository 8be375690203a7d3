"""A whole product in one statement: its row, its variants, their stock, its pictures, and the news of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from stoa.domains.catalog.drafting import ProductDraft
from stoa.domains.catalog.events import ProductCreated
from stoa.domains.catalog.models import Product
from stoa.domains.catalog.naming import search_text_of
from stoa.kit.clock import now
from stoa.kit.ids import new_id
from stoa.kit.money import Money
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.outbox import publish_along

# Nothing is inserted, and no row comes back, when the handle is in use: the caller decides what then. Codes are taken
# in their order, so that two who create products with the same codes never wait for each other.
_INSERT = """
WITH made AS (
  INSERT INTO product (id, title, handle, description, status, category_id, source, external_id, search_text,
    version, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10)
  ON CONFLICT (handle) DO NOTHING RETURNING id),
variants AS (
  INSERT INTO variant (id, product_id, title, sku, barcode, currency, price_minor, list_price_minor, cost_minor,
    position, version, created_at)
  SELECT v.id, made.id, v.title, v.sku, v.barcode, $11, v.price, v.list_price, v.cost, v.position - 1, 1, $10
  FROM made, unnest($12::uuid[], $13::text[], $14::text[], $15::text[], $16::bigint[], $17::bigint[], $18::bigint[])
    WITH ORDINALITY AS v (id, title, sku, barcode, price, list_price, cost, position) ORDER BY v.sku),
stocks AS (
  INSERT INTO stock (variant_id, on_hand, version)
  SELECT s.id, s.on_hand, 1 FROM made, unnest($12::uuid[], $19::int[]) AS s (id, on_hand)),
pictures AS (
  INSERT INTO image (id, product_id, url, file_key, alt, position, created_at)
  SELECT i.id, made.id, i.url, i.file_key, i.alt, i.position - 1, $10
  FROM made, unnest($20::uuid[], $21::text[], $22::text[], $23::text[])
    WITH ORDINALITY AS i (id, url, file_key, alt, position)),
{news}
SELECT id FROM made
"""
_VALUES = 23


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready to be kept: where it is served, and the key of its file if it was uploaded."""

    url: str
    file_key: str | None
    alt: str


async def insert_product(ctx: Context, draft: ProductDraft, handle: str, pictures: Sequence[Picture]) -> Product | None:
    """Insert the checked draft under this handle and publish `ProductCreated`; None when another product has it.

    What else must be unique (codes, external ids) is the database's to judge: `asyncpg.UniqueViolationError`.
    """
    product = _product_of(draft, handle)
    variants = draft.variants
    values = [
        *(product.id, product.title, handle, product.description, product.status.value),
        *(draft.category_id, draft.source, draft.external_id, product.search_text, product.created_at),
        ctx.shop.currency,
        [new_id() for _ in variants],
        [each.title for each in variants],
        [each.sku for each in variants],
        [each.barcode for each in variants],
        [_minor(each.price) for each in variants],
        [_minor(each.list_price) for each in variants],
        [_minor(each.cost) for each in variants],
        [each.on_hand for each in variants],
        [new_id() for _ in pictures],
        [each.url for each in pictures],
        [each.file_key for each in pictures],
        [each.alt for each in pictures],
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
    product = Product(
        title=draft.title,
        handle=handle,
        description=draft.description,
        status=draft.status,
        category_id=draft.category_id,
        source=draft.source,
        external_id=draft.external_id,
        search_text=search_text_of(draft.title, handle, [each.sku for each in draft.variants if each.sku]),
        created_at=moment,
        updated_at=moment,
    )
    product._saved_in_db = True  # by the statement, not by the model
    return product


def _minor(price: Money | None) -> int | None:
    return None if price is None else price.minor
