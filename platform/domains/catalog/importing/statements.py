"""The statements by which an import writes: each takes any number of rows as one JSON parameter."""

from __future__ import annotations

from stoa.domains.catalog.importing.snapshots import MARKS

OWNERS = """
SELECT v.id, v.sku, v.source, v.external_id, p.title FROM variant v JOIN product p ON p.id = v.product_id
WHERE v.sku = ANY($1)
UNION
SELECT v.id, v.sku, v.source, v.external_id, p.title FROM variant v JOIN product p ON p.id = v.product_id
WHERE v.source = $2 AND v.external_id = ANY($3)
"""
PRODUCT = """id uuid, title text, handle text, description text, status text, category_id uuid, vendor text,
  options jsonb, seo_title text, seo_description text, keywords jsonb, translations jsonb, metadata jsonb,
  search_text text"""
VARIANT = """id uuid, title text, sku text, barcode text, price_minor bigint, list_price_minor bigint,
  cost_minor bigint, option_values jsonb, weight_grams int, requires_shipping bool, taxable bool"""


def names(columns: str, *, of: str = "new") -> str:
    """The columns without their types."""
    return ", ".join(f"{of}.{column.split()[0]}" for column in columns.split(","))


def plain_names(columns: str) -> str:
    return names(columns).replace("new.", "")


def setting(columns: str) -> str:
    """What UPDATE sets to the values of the rows called `new`."""
    return ", ".join(f"{column.split()[0]} = new.{column.split()[0]}" for column in columns.split(",")[1:])


NEW_PRODUCTS = f"""
INSERT INTO product ({plain_names(PRODUCT)}, source, external_id, version, created_at, updated_at)
SELECT {names(PRODUCT)}, source, external_id, 1, $2, $2
FROM jsonb_to_recordset($1::jsonb) AS new ({PRODUCT}, source text, external_id text)
"""
CHANGED_PRODUCTS = f"""
UPDATE product SET {setting(PRODUCT)}, version = version + 1, updated_at = $2
FROM jsonb_to_recordset($1::jsonb) AS new ({PRODUCT}) WHERE product.id = new.id
"""
NEW_VARIANTS = f"""
INSERT INTO variant ({plain_names(VARIANT)}, product_id, currency, position, source, external_id, version, created_at)
SELECT {names(VARIANT)}, product_id, currency, position, source, external_id, 1, $2
FROM jsonb_to_recordset($1::jsonb) AS new (
  {VARIANT}, product_id uuid, currency text, position int, source text, external_id text)
"""
CHANGED_VARIANTS = f"""
UPDATE variant SET {setting(VARIANT)}, version = version + 1
FROM jsonb_to_recordset($1::jsonb) AS new ({VARIANT}) WHERE variant.id = new.id
"""
NEW_IMAGES = """
INSERT INTO image (id, product_id, url, alt, position, created_at)
SELECT id, product_id, url, alt, position, $2
FROM jsonb_to_recordset($1::jsonb) AS new (id uuid, product_id uuid, url text, alt text, position int)
"""
CHANGED_IMAGES = """
UPDATE image SET alt = new.alt, position = new.position
FROM jsonb_to_recordset($1::jsonb) AS new (id uuid, alt text, position int) WHERE image.id = new.id
"""
NEW_TAGS = """
INSERT INTO product_tag (id, product_id, tag_id)
SELECT id, product_id, tag_id FROM jsonb_to_recordset($1::jsonb) AS new (id uuid, product_id uuid, tag_id uuid)
ON CONFLICT (product_id, tag_id) DO NOTHING
"""
GONE_TAGS = """
DELETE FROM product_tag USING jsonb_to_recordset($1::jsonb) AS gone (product_id uuid, tag_id uuid)
WHERE product_tag.product_id = gone.product_id AND product_tag.tag_id = gone.tag_id
"""
# As redirecting.leave_redirect for one: the old handle leads to the product, the new one to nothing besides.
TAKEN_BACK = """
DELETE FROM slug_redirect r USING jsonb_to_recordset($1::jsonb) AS moved (id uuid, old text, new text)
WHERE r.handle = moved.new AND r.product_id = moved.id
"""
REDIRECTS = """
INSERT INTO slug_redirect (handle, product_id, created_at)
SELECT old, id, $2 FROM jsonb_to_recordset($1::jsonb) AS moved (id uuid, old text, new text)
WHERE NOT EXISTS (SELECT FROM product p WHERE p.handle = moved.old)
ON CONFLICT (handle) DO UPDATE SET product_id = excluded.product_id, created_at = excluded.created_at
"""
# While the products still have the handles that the import gave them.
UNDO_REDIRECTS = """
WITH moved AS MATERIALIZED (
  SELECT before.id, before.handle AS old, p.handle AS new, before.redirects
  FROM jsonb_to_recordset($1::jsonb) AS before (id uuid, handle text, redirects jsonb)
  JOIN product p ON p.id = before.id WHERE p.handle <> before.handle),
gone AS (DELETE FROM slug_redirect r USING moved m WHERE r.handle = m.old AND r.product_id = m.id)
INSERT INTO slug_redirect (handle, product_id, created_at)
SELECT new, id, $2 FROM moved WHERE redirects ? new ON CONFLICT (handle) DO NOTHING
"""
CHANGES = f"""
INSERT INTO import_change (id, run_id, product_id, line, before, mark)
SELECT noted.id, $2, noted.product_id, noted.line, nullif(noted.before, 'null'), written.mark
FROM jsonb_to_recordset($3::jsonb) AS noted (id uuid, product_id uuid, line bigint, before jsonb)
JOIN ({MARKS}) AS written USING (product_id)
ON CONFLICT (run_id, product_id) DO UPDATE SET mark = excluded.mark
"""
