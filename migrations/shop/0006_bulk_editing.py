"""Bulk edits by a filter, and titles of variants in other languages."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from stoa.domains.catalog.models.bulk_editing import BulkEditOutcome, BulkEditState
from stoa.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("shop", "0005_order_rules")]

    initial = False

    operations = [
        ops.CreateModel(
            name="BulkEdit",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("chosen", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("changes", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("dry_run", fields.BooleanField(default=False)),
                (
                    "state",
                    fields.CharEnumField(
                        default=BulkEditState.QUEUED,
                        description="QUEUED: QUEUED\nRUNNING: RUNNING\nUNDOING: UNDOING\nDONE: DONE\nFAILED: FAILED\nCANCELLED: CANCELLED\nUNDONE: UNDONE",
                        enum_type=BulkEditState,
                        max_length=10,
                    ),
                ),
                ("failure", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("products_total", fields.IntField(default=0)),
                ("products_done", fields.IntField(default=0)),
                ("products_changed", fields.IntField(default=0)),
                ("products_refused", fields.IntField(default=0)),
                ("products_restored", fields.IntField(default=0)),
                ("last_id", fields.UUIDField(null=True)),
                ("attempt", fields.IntField(default=0)),
                ("cancel_asked", fields.BooleanField(default=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bulk_edit",
                "app": "shop",
                "pk_attr": "id",
                "table_description": "One order to change products. `chosen` says which (choosing.py), `changes` what (bulk_editing/orders.py).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BulkEditRow",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "run",
                    fields.ForeignKeyField(
                        "shop.BulkEdit",
                        source_field="run_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="rows",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("product_id", fields.UUIDField()),
                ("title", fields.CharField(max_length=255)),
                (
                    "outcome",
                    fields.CharEnumField(
                        description="CHANGED: CHANGED\nREFUSED: REFUSED\nRESTORED: RESTORED\nLEFT: LEFT",
                        enum_type=BulkEditOutcome,
                        max_length=10,
                    ),
                ),
                ("code", fields.CharField(null=True, max_length=40)),
                ("message", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("changes", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("before", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("after", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "bulk_edit_row",
                "app": "shop",
                "indexes": [Index(fields=["run_id", "id"], name="bulk_edit_row_of_run")],
                "pk_attr": "id",
                "table_description": "What became of one product: changed or refused, and when the edit was undone, restored or left as it was.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="ExportRun",
            options={
                "table": "export_run",
                "app": "shop",
                "pk_attr": "id",
                "table_description": "One order to write products into a file. `chosen` says which (choosing.py), all when it is empty.",
            },
        ),
        ops.AddField(
            model_name="Variant",
            name="translations",
            field=fields.JSONField(default=dict, db_default={}, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE bulk_edit ADD CONSTRAINT bulk_edit_state CHECK "
                "(state IN ('QUEUED', 'RUNNING', 'UNDOING', 'DONE', 'FAILED', 'CANCELLED', 'UNDONE'))",
                "ALTER TABLE bulk_edit_row ADD CONSTRAINT bulk_edit_outcome CHECK "
                "(outcome IN ('CHANGED', 'REFUSED', 'RESTORED', 'LEFT'))",
            ]
        ),
    ]
