"""Drop indexes that no query needs: an empty one takes 8 to 24 kB in every shop of the fleet.

`transition_by_time`: ids of steps tell when they happened. `method_by_position`, `supplier_search`: tables of some ten
rows and some hundreds, which are read faster than an index.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("shop", "0006_bulk_editing")]

    initial = False

    operations = [
        ops.RunSQL("DROP INDEX IF EXISTS transition_by_time"),
        ops.RunSQL("DROP INDEX IF EXISTS supplier_search"),
        ops.RemoveIndex(model_name="ShippingMethod", name="method_by_position"),
    ]
