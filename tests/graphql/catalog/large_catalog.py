"""A shop of 100,000 variants with all that belongs to them, made in SQL in a few seconds, without triggers or checks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from stoa.tenants.context import ShopRef

PRODUCTS, VARIANTS = 33_334, 100_002
KINDS = {
    name: number
    for number, name in enumerate(
        "category product variant location stock movement reservation transfer count count_line attribute value tag "
        "product_tag collection standing channel listing import issue export image supplier purchase line edit "
        "edit_row".split()
    )
}
TABLES = (
    "category product variant location stock stock_movement reservation transfer stock_count stock_count_line attribute "
    "attribute_value tag product_tag collection collection_product channel listing slug_redirect import_run import_issue "
    "export_run image search_log supplier purchase_order purchase_line facet_count bulk_edit bulk_edit_row"
).split()


def row_id(kind: str, number: int) -> UUID:
    return UUID(f"0192{KINDS[kind]:04x}-0000-7000-8000-{number:012x}")


def _id(kind: str, number: str) -> str:
    """The same in SQL."""
    return f"('0192{KINDS[kind]:04x}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def _rows(count: int, table: str, columns: str, values: str) -> str:
    """Rows numbered `n` from 0."""
    return f"INSERT INTO {table} ({columns}) SELECT {values} FROM generate_series(0, {count - 1}) n;"


WORDS = "(ARRAY['Teapot','Scarf','Lamp','Notebook','Candle','茶杯','青花瓷盖碗','丝绸围巾'])[1 + n % 8]"
FILL = "\n".join(
    [
        "UPDATE location SET id = " + _id("location", "0") + ";",
        _rows(
            9, "location", "id, name, name_key, created_at", f"{_id('location', 'n + 1')}, 'L' || n, 'l' || n, now()"
        ),
        _rows(50, "category", "id, name, name_key, created_at", f"{_id('category', 'n')}, 'S' || n, 's' || n, now()"),
        _rows(
            PRODUCTS,
            "product",
            "id, title, handle, description, status, category_id, vendor, search_text, source, external_id, is_bundle, "
            "publish_at, created_at, updated_at",
            f"{_id('product', 'n')}, {WORDS} || ' ' || n * 7919 % 1000003, 'product-' || n, 'A sentence about it.', "
            "CASE WHEN n % 1000 = 0 THEN 'DRAFT' WHEN n % 10 = 0 THEN 'ARCHIVED' ELSE 'ACTIVE' END, "
            f"{_id('category', 'n % 49')}, 'Kiln ' || n % 300, "
            f"lower({WORDS} || ' ' || n * 7919 % 1000003) || E'\\nproduct-' || n || E'\\nsku-' || n || '-0', "
            "CASE WHEN n % 10 = 0 THEN 'shopify' END, CASE WHEN n % 10 = 0 THEN n::text END, n % 2000 = 7, "
            "CASE WHEN n % 1000 = 0 THEN timestamptz '2027-01-01' + make_interval(mins => n) END, "
            "timestamptz '2026-01-01' + make_interval(mins => n * 7919 % 1000003), "
            "timestamptz '2026-02-01' + make_interval(mins => n * 6007 % 1000003)",
        ),
        _rows(
            VARIANTS,
            "variant",
            "id, product_id, title, sku, currency, price_minor, cost_minor, position, created_at",
            f"{_id('variant', 'n')}, {_id('product', 'n / 3')}, 'Size ' || n % 3, 'SKU-' || n / 3 || '-' || n % 3, 'EUR', "
            "CASE WHEN n % 3000 = 1 THEN NULL ELSE 100 + n * 7919 % 90007 END, 50 + n % 70, n % 3, now()",
        ),
        _rows(
            VARIANTS + 5000,
            "stock",
            "id, variant_id, location_id, on_hand, threshold, is_low",
            f"{_id('stock', 'n')}, {_id('variant', f'n % {VARIANTS}')}, {_id('location', f'n / {VARIANTS}')}, "
            "n % 50, 3, n % 1000 = 0",
        ),
        _rows(
            60_000,
            "stock_movement",
            "id, stock_id, kind, on_hand, actor_kind, happened_at",
            f"{_id('movement', 'n')}, {_id('stock', f'CASE WHEN n % 3 = 0 THEN n % 300 ELSE n % {VARIANTS} END')}, "
            "'IMPORT', 1, 'system', now()",
        ),
        _rows(
            20_000,
            "reservation",
            "id, stock_id, quantity, state, holder_kind, holder_id, created_at, expires_at",
            f"{_id('reservation', 'n')}, {_id('stock', 'n % 200')}, 1, CASE WHEN n % 100 = 0 THEN 'HELD' ELSE 'SHIPPED' END, "
            f"'cart', {_id('product', 'n')}, now(), now()",
        ),
        _rows(
            3_000,
            "transfer",
            "id, origin_id, destination_id, lines, state, created_at",
            f"{_id('transfer', 'n')}, {_id('location', '0')}, {_id('location', '1')}, '[]', 'IN_TRANSIT', now()",
        ),
        _rows(
            3_000,
            "stock_count",
            "id, location_id, state, created_at",
            f"{_id('count', 'n')}, {_id('location', 'n % 10')}, CASE WHEN n < 10 THEN 'OPEN' ELSE 'CLOSED' END, now()",
        ),
        _rows(
            30_000,
            "stock_count_line",
            "id, count_id, variant_id, expected, counted, counted_at",
            f"{_id('count_line', 'n')}, {_id('count', 'n / 10')}, {_id('variant', 'n')}, 1, 1, now()",
        ),
        "DELETE FROM attribute;",
        _rows(
            6,
            "attribute",
            "id, key, name, type, position, created_at",
            f"{_id('attribute', 'n')}, 'attribute_' || n, 'Attribute ' || n, 'TEXT', n, now()",
        ),
        _rows(
            3 * PRODUCTS,
            "attribute_value",
            "id, product_id, attribute_id, text, number",
            f"{_id('value', 'n')}, {_id('product', 'n / 3')}, {_id('attribute', '(n / 3 + n % 3) % 6')}, "
            "'value ' || n * 7919 % 1000003 % (10 + 8 * (n % 6)), CASE WHEN n % 4 = 0 THEN n % 1000 END",
        ),
        _rows(400, "tag", "id, name, name_key, created_at", f"{_id('tag', 'n')}, 'Tag ' || n, 'tag ' || n, now()"),
        _rows(
            2 * PRODUCTS,
            "product_tag",
            "id, product_id, tag_id",
            f"{_id('product_tag', 'n')}, {_id('product', 'n / 2')}, "
            f"{_id('tag', 'CASE WHEN n % 2 = 0 THEN n / 2 % 20 ELSE 20 + n * 7919 % 1000003 % 380 END')}",
        ),
        _rows(
            3_000,
            "collection",
            "id, title, handle, kind, created_at, updated_at",
            f"{_id('collection', 'n')}, 'Collection ' || n, 'collection-' || n, 'MANUAL', now(), now()",
        ),
        _rows(
            40_000,
            "collection_product",
            "id, collection_id, product_id, position",
            f"{_id('standing', 'n')}, {_id('collection', 'n % 40')}, {_id('product', f'n * 7919 % 1000003 % {PRODUCTS}')}, n / 40",
        ).removesuffix(";")
        + " ON CONFLICT DO NOTHING;",
        "UPDATE channel SET id = " + _id("channel", "0") + ";",
        _rows(
            9,
            "channel",
            "id, code, name, shows_everything, created_at",
            f"{_id('channel', 'n + 1')}, 'c' || n, 'C' || n, n = 0, now()",
        ),
        _rows(
            30_000,
            "listing",
            "id, product_id, channel_id, is_hidden, publish_at, created_at",
            f"{_id('listing', 'n')}, {_id('product', f'n * 3 % {PRODUCTS}')}, {_id('channel', 'n % 3')}, n % 7 = 0, "
            "CASE WHEN n % 5 = 0 THEN timestamptz '2027-01-01' END, now()",
        ).removesuffix(";")
        + " ON CONFLICT DO NOTHING;",
        _rows(5_000, "slug_redirect", "handle, product_id, created_at", f"'old-' || n, {_id('product', 'n')}, now()"),
        _rows(
            3_000,
            "export_run",
            "id, format, chosen, with_bom, with_costs, state, file_name, products_total, products_done, lines_written, "
            "attempt, created_at",
            f"{_id('export', 'n')}, 'SHOPIFY', '{{}}', false, false, CASE WHEN n % 500 = 0 THEN 'DONE' ELSE 'EXPIRED' END, "
            "'x', 0, 0, 0, 0, now()",
        ),
        _rows(
            3_000,
            "import_run",
            "id, file_key, file_name, source, mapping, options, dry_run, state, phase, bytes_total, bytes_read, lines_read, "
            "lines_refused, products_total, products_done, products_created, products_updated, products_restored, "
            "issue_counts, categories_created, tags_created, attempt, cancel_asked, created_at",
            f"{_id('import', 'n')}, 'k', 'f', 'csv', '{{}}', '{{}}', false, CASE WHEN n % 500 = 0 THEN 'FAILED' ELSE 'DONE' END, "
            "'WRITING', 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}', '[]', '[]', 0, false, now()",
        ),
        _rows(
            40_000,
            "image",
            "id, product_id, url, alt, position, created_at",
            f"{_id('image', 'n')}, {_id('product', f'n % {PRODUCTS - 100}')}, 'https://img.test/' || n, 'x', n / {PRODUCTS}, now()",
        ),
        _rows(
            10_000,
            "import_issue",
            "id, run_id, line, column_name, code, message, value, refused",
            f"{_id('issue', 'n')}, {_id('import', 'n % 1000')}, n, 'c', 'C', jsonb_build_object('text', 'm'), 'v', false",
        ),
        _rows(
            30_000,
            "search_log",
            "id, day, words, searches, found",
            f"{_id('image', '100000 + n')}, date '2026-01-01' + n / 100, 'words ' || n % 100, 1, n % 3",
        ),
        _rows(
            60,
            "supplier",
            "id, name, name_key, currency, created_at",
            f"{_id('supplier', 'n')}, 'Kiln ' || n, 'kiln ' || n, 'EUR', now()",
        ),
        _rows(
            600,
            "purchase_order",
            "id, number, supplier_id, location_id, state, currency, created_at",
            f"{_id('purchase', 'n')}, n, {_id('supplier', 'n % 60')}, {_id('location', '0')}, 'ORDERED', 'EUR', now()",
        ),
        _rows(
            2_400,
            "purchase_line",
            "id, purchase_id, variant_id, quantity, currency, cost_minor, position",
            f"{_id('line', 'n')}, {_id('purchase', 'n / 4')}, {_id('variant', 'n')}, 5, 'EUR', 9, n % 4",
        ),
        _rows(
            1_000,
            "bulk_edit",
            "id, chosen, changes, dry_run, state, products_total, products_done, products_changed, products_refused, "
            "products_restored, attempt, cancel_asked, created_at",
            f"{_id('edit', 'n')}, '{{}}', '{{}}', false, CASE WHEN n % 500 = 0 THEN 'FAILED' ELSE 'DONE' END, "
            "0, 0, 0, 0, 0, 0, false, now()",
        ),
        _rows(
            10_000,
            "bulk_edit_row",
            "id, run_id, product_id, title, outcome, changes",
            f"{_id('edit_row', 'n')}, {_id('edit', 'n % 1000')}, {_id('product', 'n')}, 'T', 'CHANGED', '[]'",
        ),
        "INSERT INTO facet_count (id, facet, value, products) SELECT gen_random_uuid(), 'status', status, count(*) "
        "FROM product GROUP BY 3;",
    ]
)


async def fill(owner: Any, shop: ShopRef) -> None:
    """As a superuser, who alone may do without the triggers: they have their own tests."""
    await owner.execute(f'SET search_path TO "{shop.schema}"; SET session_replication_role = replica')
    await owner.execute(FILL)
    await owner.execute("RESET session_replication_role; " + " ".join(f"ANALYZE {table};" for table in TABLES))
    await owner.execute("RESET search_path")
