"""Stock that is set aside for a flash sale and sold only through it."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("shop", "0007_fewer_indexes")]

    initial = False

    operations = [
        ops.AddField(model_name="Reservation", name="pool_id", field=fields.UUIDField(null=True)),
        ops.AddField(
            model_name="Reservation",
            name="pool_until",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(model_name="OrderLine", name="pool_id", field=fields.UUIDField(null=True)),
        ops.RunSQL(
            [
                # what of a pool is in carts and orders: how it stands, and its end before its time
                "CREATE INDEX reservation_of_pool ON reservation (pool_id) WHERE pool_id IS NOT NULL",
            ]
        ),
    ]
