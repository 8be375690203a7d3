"""What the models cannot say: checks, and the index behind `search`."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]

    operations = [
        ops.RunSQL(
            [
                "ALTER TABLE product ADD CONSTRAINT product_status CHECK (status IN ('DRAFT', 'ACTIVE', 'ARCHIVED'))",
                "ALTER TABLE variant ADD CONSTRAINT variant_prices CHECK (price_minor >= 0 AND list_price_minor >= 0 "
                "AND cost_minor >= 0)",
                "ALTER TABLE stock ADD CONSTRAINT stock_on_hand CHECK (on_hand >= 0)",
                "ALTER TABLE import_run ADD CONSTRAINT import_run_state CHECK (state IN "
                "('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'UNDOING', 'UNDONE'))",
                "ALTER TABLE upload ADD CONSTRAINT upload_state CHECK (state IN ('EXPECTED', 'RECEIVED'))",
                # products(search:): every word must occur in title, handle or a variant's code
                "CREATE INDEX product_search ON product USING gin (search_text extensions.gin_trgm_ops)",
            ]
        )
    ]
