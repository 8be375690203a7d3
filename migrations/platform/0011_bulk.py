"""Bulk runs: a table over all shops, each shop seeing its own rows, and the answers of a run that is at work."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from stoa.kit.ids import new_id
from stoa.tenants.bulk.models import BulkKind, BulkState

# What changes as a run gets on. Who asked, and for what, a shop's role can write once and not change.
GETS_ON = (
    "state, cursor, objects_done, objects_total, lines_written, lines_failed, parts, part_key, file_key, size, "
    "is_partial, failure, started_at, finished_at, expires_at"
)
# in the column's own collation: by that of current_user, no index of it could be used
OWN = 'shop_schema = current_user::text COLLATE "default"'


def _owned(table: str) -> list[str]:
    """Each shop's role sees and writes its own rows, the platform's login all."""
    return [
        f"ALTER TABLE platform.{table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_of_its_shop ON platform.{table} FOR ALL TO stoa_any_shop "
        f"USING ({OWN}) WITH CHECK ({OWN})",
        f"CREATE POLICY {table}_of_the_platform ON platform.{table} FOR ALL TO stoa_platform_login "
        "USING (true) WITH CHECK (true)",
    ]


class Migration(migrations.Migration):
    dependencies = [("platform", "0010_webhooks")]

    initial = False

    operations = [
        ops.CreateModel(
            name="BulkRun",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_schema", fields.CharField(max_length=45)),
                (
                    "kind",
                    fields.CharEnumField(
                        description="QUERY: QUERY\nMUTATION: MUTATION", enum_type=BulkKind, max_length=10
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=BulkState.QUEUED,
                        description="QUEUED: QUEUED\nRUNNING: RUNNING\nDONE: DONE\nFAILED: FAILED\nCANCELLED: CANCELLED\nEXPIRED: EXPIRED",
                        enum_type=BulkState,
                        max_length=10,
                    ),
                ),
                ("document", fields.TextField(unique=False)),
                ("variables", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("upload_id", fields.UUIDField(null=True)),
                ("asker", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("scopes", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("needs", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("locale", fields.CharField(default="en", max_length=5)),
                (
                    "job",
                    fields.ForeignKeyField(
                        "platform.Job",
                        source_field="job_id",
                        null=True,
                        db_constraint=False,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.NO_ACTION,
                    ),
                ),
                ("cursor", fields.CharField(null=True, max_length=200)),
                ("objects_done", fields.BigIntField(default=0)),
                ("objects_total", fields.BigIntField(null=True)),
                ("lines_written", fields.BigIntField(default=0)),
                ("lines_failed", fields.BigIntField(default=0)),
                ("parts", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("part_key", fields.CharField(null=True, max_length=200)),
                ("file_key", fields.CharField(null=True, max_length=200)),
                ("size", fields.BigIntField(null=True)),
                ("is_partial", fields.BooleanField(default=False)),
                ("failure", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bulk_run",
                "schema": "platform",
                "app": "platform",
                "indexes": [
                    Index(fields=["shop_schema", "id"], name="bulk_run_of_shop"),
                    Index(fields=["shop_schema", "state", "id"], name="bulk_run_of_shop_by_state"),
                    Index(fields=["expires_at"], name="bulk_run_expiring"),
                ],
                "pk_attr": "id",
                "table_description": "A query to be read to its end, or a mutation to be done for every line of a file.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                # jobs are forgotten sooner than runs; Tortoise writes the key whatever db_constraint says
                "ALTER TABLE platform.bulk_run DROP CONSTRAINT bulk_run_job_id_fkey",
                "ALTER TABLE platform.bulk_run ADD CONSTRAINT bulk_run_kind CHECK (kind IN ('QUERY', 'MUTATION'))",
                "ALTER TABLE platform.bulk_run ADD CONSTRAINT bulk_run_state CHECK "
                "(state IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED', 'EXPIRED'))",
                *_owned("bulk_run"),
                "GRANT SELECT, INSERT ON platform.bulk_run TO stoa_any_shop",
                f"GRANT UPDATE ({GETS_ON}) ON platform.bulk_run TO stoa_any_shop",
                # What a mutation answered to a line, written in the transaction of what it did; in the run's file later.
                "CREATE TABLE platform.bulk_line (run_id uuid NOT NULL REFERENCES platform.bulk_run ON DELETE CASCADE, "
                "line bigint NOT NULL, shop_schema varchar(45) NOT NULL, answer text NOT NULL, "
                "is_failed boolean NOT NULL, PRIMARY KEY (run_id, line))",
                *_owned("bulk_line"),
                "GRANT SELECT, INSERT, DELETE ON platform.bulk_line TO stoa_any_shop",
            ]
        ),
    ]
