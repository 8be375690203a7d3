"""What the models cannot say: checks, triggers, the index behind `search`, the main location and the first channel."""

from collections.abc import Iterable

from tortoise import migrations
from tortoise.migrations import operations as ops


def _one_of(column: str, values: str) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values.split())})"


def _check(table: str, name: str, *conditions: str) -> str:
    return f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({' AND '.join(conditions)})"


BALANCES = "on_hand, reserved, damaged, held, incoming"


def _refuse(name: str, event: str, table: str, condition: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) "
        "EXECUTE FUNCTION platform.refuse_stock_edit()"
    )


# A trigger's own changes, and those of a foreign key's cascade, are at depth 1 or more.
BY_HAND = "pg_trigger_depth() = 0"
STOCK: Iterable[str] = (
    "CREATE UNIQUE INDEX location_main ON location (is_main) WHERE is_main",
    "INSERT INTO location (id, name, name_key, translations, is_main, created_at) VALUES "
    """(gen_random_uuid(), 'Main location', 'main location', '{"zh": {"name": "主仓库"}}', true, now())""",
    _check(
        "stock",
        "stock_balances",
        "on_hand >= 0",
        "reserved >= 0",
        "damaged >= 0",
        "held >= 0",
        "incoming >= 0",
        "backorder_limit >= 0",
    ),
    _check("stock", "stock_available", "reserved + damaged + held <= on_hand + backorder_limit"),
    "CREATE TRIGGER stock_adds_up AFTER INSERT ON stock_movement REFERENCING NEW TABLE AS moved FOR EACH STATEMENT "
    "EXECUTE FUNCTION platform.add_up_stock()",
    _refuse("stock_moves_alone", f"UPDATE OF {BALANCES}", "stock", BY_HAND),
    _refuse(
        "stock_is_born_empty",
        "INSERT",
        "stock",
        "(NEW.on_hand, NEW.reserved, NEW.damaged, NEW.held, NEW.incoming) <> (0, 0, 0, 0, 0)",
    ),
    _refuse("movements_stay", "UPDATE OR DELETE", "stock_movement", BY_HAND),
    _check(
        "stock_movement",
        "movement_kind",
        _one_of(
            "kind",
            "RECEIPT SALE RESERVATION RELEASE RETURN ADJUSTMENT DAMAGE SCRAP HOLD TRANSFER_OUT TRANSFER_IN COUNT "
            "ORDERED IMPORT",
        ),
    ),
    _check("reservation", "reservation_state", _one_of("state", "HELD RELEASED EXPIRED SHIPPED"), "quantity > 0"),
    # the sweep of reservations whose time is over
    "CREATE INDEX reservation_expiring ON reservation (expires_at) WHERE state = 'HELD'",
    # stock that is below its threshold
    "CREATE INDEX stock_low ON stock (id) WHERE is_low",
    # Location.stock: of a location that is not named the planner thinks that it is one of the large ones, and would look
    # for the few rows of a small one through all stock
    "ALTER TABLE stock ALTER location_id SET (n_distinct = -0.01)",
    _check("transfer", "transfer_state", _one_of("state", "IN_TRANSIT RECEIVED CANCELLED")),
    # two counts of one place at a time would each correct the same difference
    "CREATE UNIQUE INDEX stock_count_open ON stock_count (location_id) WHERE state = 'OPEN'",
    _check("stock_count", "stock_count_state", _one_of("state", "OPEN CLOSED CANCELLED")),
)


# Prices leave their history whoever changes them: an edit, an import, its undoing, a delivery.
PRODUCTS: Iterable[str] = (
    # Category.products and Channel.listings, as Location.stock above
    "ALTER TABLE product ALTER category_id SET (n_distinct = -0.01)",
    "ALTER TABLE listing ALTER channel_id SET (n_distinct = -0.01)",
    "CREATE TRIGGER first_prices AFTER INSERT ON variant REFERENCING NEW TABLE AS added FOR EACH STATEMENT "
    "EXECUTE FUNCTION platform.note_first_prices()",
    "CREATE TRIGGER changed_prices AFTER UPDATE ON variant REFERENCING OLD TABLE AS before NEW TABLE AS changed "
    "FOR EACH STATEMENT EXECUTE FUNCTION platform.note_changed_prices()",
    "INSERT INTO channel (id, code, name, translations, shows_everything, created_at) VALUES "
    """(gen_random_uuid(), 'web', 'Web shop', '{"zh": {"name": "网店"}}', true, now())""",
)
# What every shop can say of its products from the first day; which materials, styles and uses there are is its own.
ATTRIBUTES = """
INSERT INTO attribute (id, key, name, translations, type, is_multiple, position, created_at)
SELECT gen_random_uuid(), key, name, jsonb_build_object('zh', jsonb_build_object('name', zh),
  'en', jsonb_build_object('name', name)), 'TEXT', true, place, now()
FROM (VALUES ('material', 'Material', '材质', 1), ('style', 'Style', '风格', 2), ('use', 'Use', '用途', 3))
  AS first (key, name, zh, place)
"""


def _count_along(table: str) -> Iterable[str]:
    """The counts of `facet_count` follow every change, whoever makes it; migrations/platform/0005_stock.py."""
    for event, sides in (("insert", "NEW now"), ("update", "OLD was, NEW now"), ("delete", "OLD was")):
        named = " ".join(side.replace(" ", " TABLE AS ") for side in sides.split(", "))
        yield (
            f"CREATE TRIGGER facets_{event} AFTER {event.upper()} ON {table} REFERENCING {named} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION platform.count_facets_of_{table}()"
        )


FACETS = [each for table in ("product", "product_tag", "attribute_value", "variant") for each in _count_along(table)]


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]

    operations = [
        ops.RunSQL(
            [
                _check("product", "product_status", _one_of("status", "DRAFT ACTIVE ARCHIVED")),
                _check("variant", "variant_prices", "price_minor >= 0", "list_price_minor >= 0", "cost_minor >= 0"),
                _check("price_change", "price_change_kind", _one_of("kind", "SALE LIST COST"), "minor >= 0"),
                _check("bundle_part", "bundle_part_quantity", "quantity > 0", "bundle_id <> part_id"),
                _check("attribute", "attribute_type", _one_of("type", "TEXT CHOICE NUMBER BOOLEAN DATE")),
                _check("collection", "collection_kind", _one_of("kind", "MANUAL RULES")),
                _check(
                    "purchase_order",
                    "purchase_state",
                    _one_of("state", "DRAFT ORDERED PART_RECEIVED RECEIVED CLOSED CANCELLED"),
                ),
                _check("purchase_line", "purchase_line_numbers", "quantity > 0", "received >= 0", "cost_minor >= 0"),
                _check(
                    "supplier_price", "supplier_price_numbers", "minor >= 0", "minimum_quantity > 0", "pack_size > 0"
                ),
                _check("receipt", "receipt_spread", _one_of("spread_by", "VALUE WEIGHT QUANTITY"), "quantity > 0"),
                "CREATE INDEX supplier_search ON supplier USING gin (search_text extensions.gin_trgm_ops)",
                _check(
                    "import_run",
                    "import_run_state",
                    _one_of("state", "QUEUED RUNNING UNDOING DONE FAILED CANCELLED UNDONE"),
                    _one_of("ends_as", "FAILED CANCELLED UNDONE"),
                    _one_of("phase", "READING WRITING"),
                    _one_of("subject", "products orders"),
                ),
                _check(
                    "export_run",
                    "export_run_state",
                    _one_of("state", "QUEUED RUNNING DONE FAILED EXPIRED"),
                    _one_of("format", "SHOPIFY GENERIC"),
                ),
                _check("upload", "upload_state", _one_of("state", "EXPECTED RECEIVED KEPT")),
                *STOCK,
                *PRODUCTS,
                *FACETS,
                ATTRIBUTES,
                # products(search:): every word must occur in title, handle or a variant's code.
                "CREATE INDEX product_search ON product USING gin (search_text extensions.gin_trgm_ops)",
            ]
        )
    ]
