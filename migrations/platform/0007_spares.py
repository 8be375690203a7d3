"""Spare shops: a state for a shop that is made and nobody's yet."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("platform", "0006_spine")]

    initial = False

    operations = [
        ops.RunSQL(
            [
                "ALTER TABLE platform.shop DROP CONSTRAINT shop_state, "
                "ADD CONSTRAINT shop_state CHECK (state IN ('SPARE', 'ACTIVE', 'DROPPED'))",
                # the few among all shops: for whoever takes one, and whoever counts what is missing
                "CREATE INDEX shop_spare ON platform.shop (id) WHERE state = 'SPARE'",
            ]
        ),
    ]
