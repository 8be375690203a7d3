from uuid import uuid4

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from stoa.domains.catalog.models import ImportPhase, ImportState
from stoa.tenants.shop_models import UploadState


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_rules")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ImportRow",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("run_id", fields.UUIDField()),
                ("line", fields.BigIntField()),
                ("product_key", fields.CharField(max_length=120)),
                ("item_key", fields.CharField(max_length=120)),
                ("cells", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("images", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "import_row",
                "app": "shop",
                "indexes": [
                    Index(fields=["run_id", "line"], name="import_row_in_order"),
                    Index(fields=["run_id", "product_key"], name="import_row_of_product"),
                ],
                "pk_attr": "id",
                "table_description": "What a run has read of one variant (or of a product as such), later lines over earlier ones; gone when written.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="ImportChange",
            options={
                "table": "import_change",
                "app": "shop",
                "unique_together": (("run", "product_id"),),
                "pk_attr": "id",
                "table_description": "What a run did to one product: how it was before (nothing when the run made it), and the mark of how it left it.",
            },
        ),
        ops.AddField(
            model_name="ImportChange",
            name="line",
            field=fields.BigIntField(),
        ),
        ops.AddField(
            model_name="ImportChange",
            name="mark",
            field=fields.CharField(max_length=32),
        ),
        ops.RemoveField(model_name="ImportChange", name="version_after"),
        ops.AlterModelOptions(
            name="ImportIssue",
            options={
                "table": "import_issue",
                "app": "shop",
                "indexes": [Index(fields=["run_id", "line", "id"], name="issue_of_run")],
                "pk_attr": "id",
                "table_description": "A row of the file that was not taken as it stood: where, why, and what it said. `refused`: not at all.",
            },
        ),
        ops.AddField(
            model_name="ImportIssue",
            name="refused",
            field=fields.BooleanField(default=False),
        ),
        ops.AlterField(
            model_name="ImportRun",
            name="state",
            field=fields.CharEnumField(
                default=ImportState.QUEUED,
                description="QUEUED: QUEUED\nRUNNING: RUNNING\nUNDOING: UNDOING\nDONE: DONE\nFAILED: FAILED\nCANCELLED: CANCELLED\nUNDONE: UNDONE",
                enum_type=ImportState,
                max_length=20,
            ),
        ),
        ops.AddField(
            model_name="ImportRun",
            name="attempt",
            field=fields.IntField(default=0),
        ),
        ops.AddField(
            model_name="ImportRun",
            name="cancel_asked",
            field=fields.BooleanField(default=False),
        ),
        ops.AddField(
            model_name="ImportRun",
            name="categories_created",
            field=fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name="ImportRun",
            name="ends_as",
            field=fields.CharEnumField(
                null=True,
                description="QUEUED: QUEUED\nRUNNING: RUNNING\nUNDOING: UNDOING\nDONE: DONE\nFAILED: FAILED\nCANCELLED: CANCELLED\nUNDONE: UNDONE",
                enum_type=ImportState,
                max_length=20,
            ),
        ),
        ops.AddField(
            model_name="ImportRun",
            name="failure_code",
            field=fields.CharField(null=True, max_length=40),
        ),
        ops.AddField(
            model_name="ImportRun",
            name="issue_counts",
            field=fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name="ImportRun",
            name="options",
            field=fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name="ImportRun",
            name="phase",
            field=fields.CharEnumField(
                default=ImportPhase.READING,
                description="READING: READING\nWRITING: WRITING",
                enum_type=ImportPhase,
                max_length=10,
            ),
        ),
        ops.AddField(
            model_name="ImportRun",
            name="products_done",
            field=fields.IntField(default=0),
        ),
        ops.AddField(
            model_name="ImportRun",
            name="products_restored",
            field=fields.IntField(default=0),
        ),
        ops.AddField(
            model_name="ImportRun",
            name="products_total",
            field=fields.IntField(default=0),
        ),
        ops.AlterModelOptions(
            name="Upload",
            options={
                "table": "upload",
                "app": "shop",
                "pk_attr": "id",
                "table_description": "A file that was announced, and then perhaps arrived. `file_key` is empty until its first byte comes.",
            },
        ),
        ops.AlterField(
            model_name="Upload",
            name="state",
            field=fields.CharEnumField(
                default=UploadState.EXPECTED,
                description="EXPECTED: EXPECTED\nRECEIVED: RECEIVED\nKEPT: KEPT",
                enum_type=UploadState,
                max_length=10,
            ),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE import_run DROP CONSTRAINT import_run_state",
                "ALTER TABLE import_run ADD CONSTRAINT import_run_state CHECK (state IN "
                "('QUEUED', 'RUNNING', 'UNDOING', 'DONE', 'FAILED', 'CANCELLED', 'UNDONE') "
                "AND ends_as IN ('FAILED', 'CANCELLED', 'UNDONE') AND phase IN ('READING', 'WRITING'))",
                "ALTER TABLE upload DROP CONSTRAINT upload_state",
                "ALTER TABLE upload ADD CONSTRAINT upload_state CHECK (state IN ('EXPECTED', 'RECEIVED', 'KEPT'))",
            ]
        ),
    ]
