"""Shops with products in them, made by a few statements."""

from __future__ import annotations

from typing import Any

from stoa.tenants.context import ShopRef

_FILL = """
INSERT INTO category (id, name, name_key, created_at)
SELECT uuidv7(), 'Shelf ' || g, 'shelf ' || g, now() FROM generate_series(1, 20) g;
INSERT INTO product (id, title, handle, description, status, category_id, search_text, version, created_at, updated_at)
SELECT uuidv7(), 'Product number ' || g, 'product-' || g, 'A sentence about product ' || g, 'ACTIVE',
  (SELECT id FROM category ORDER BY id OFFSET g % 20 LIMIT 1), 'product number ' || g, 1, now(), now()
FROM generate_series(1, {products}) g;
INSERT INTO variant (id, product_id, title, sku, currency, price_minor, position, version, created_at)
SELECT uuidv7(), p.id, 'Size ' || g, p.handle || '-' || g, 'EUR', 1000 + 100 * g, g, 1, now()
FROM product p CROSS JOIN generate_series(0, 2) g;
INSERT INTO stock (id, variant_id, location_id)
SELECT uuidv7(), id, (SELECT id FROM location WHERE is_main) FROM variant;
INSERT INTO stock_movement (id, stock_id, kind, on_hand, actor_kind, happened_at)
SELECT uuidv7(), id, 'IMPORT', 7, 'system', now() FROM stock;
INSERT INTO image (id, product_id, url, alt, position, created_at)
SELECT uuidv7(), p.id, 'https://pictures.example/' || p.handle || '/' || g || '.jpg', p.title, g, now()
FROM product p CROSS JOIN generate_series(0, 1) g;
INSERT INTO attribute_value (id, product_id, attribute_id, text)
SELECT uuidv7(), p.id, a.id, a.key || ' ' || (abs(hashtext(p.handle || a.key)) % 12)
FROM product p CROSS JOIN attribute a;
INSERT INTO tag (id, name, name_key, created_at)
SELECT uuidv7(), 'Tag ' || g, 'tag ' || g, now() FROM generate_series(0, 39) g;
INSERT INTO product_tag (id, product_id, tag_id)
SELECT uuidv7(), p.id, t.id FROM product p CROSS JOIN generate_series(0, 1) g
JOIN tag t ON t.name_key = 'tag ' || (abs(hashtext(p.handle)) % 20 + 20 * g);
"""


async def fill(owner: Any, shop: ShopRef, products: int) -> None:
    """`products` products of 3 variants with stock, 2 pictures, 3 attributes and 2 tags each, on 20 shelves."""
    async with owner.transaction():
        await owner.execute(f'SET LOCAL search_path TO "{shop.schema}"')
        await owner.execute(_FILL.format(products=products))
    for table in (
        "category",
        "product",
        "variant",
        "stock",
        "stock_movement",
        "image",
        "attribute_value",
        "product_tag",
    ):
        await owner.execute(f'VACUUM ANALYZE "{shop.schema}".{table}')
