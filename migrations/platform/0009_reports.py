"""Reports and their schedules: of all shops in two tables, each row for its own shop alone."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from stoa.kit.ids import new_id
from stoa.kit.reporting.documents import Format
from stoa.tenants.reporting.models import Cadence, ReportState


def _for_its_shop(table: str) -> list[str]:
    """A shop's role sees and writes its own rows; the platform's login, at work for all of them, every row."""
    return [
        f"ALTER TABLE platform.{table} ENABLE ROW LEVEL SECURITY",
        # in the column's own collation: by that of current_user, no index of it could be used
        f"CREATE POLICY {table}_of_its_shop ON platform.{table} FOR ALL TO stoa_any_shop "
        'USING (shop_schema = current_user::text COLLATE "default") WITH CHECK (shop_schema = current_user::text)',
        f"CREATE POLICY {table}_of_the_platform ON platform.{table} FOR ALL TO stoa_platform_login "
        "USING (true) WITH CHECK (true)",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON platform.{table} TO stoa_any_shop",
    ]


class Migration(migrations.Migration):
    dependencies = [("platform", "0008_notifications")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ReportSchedule",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_schema", fields.CharField(max_length=45)),
                ("name", fields.CharField(max_length=120)),
                ("definition", fields.CharField(max_length=60)),
                (
                    "format",
                    fields.CharEnumField(description="PDF: PDF\nXLSX: XLSX\nCSV: CSV", enum_type=Format, max_length=5),
                ),
                ("locale", fields.CharField(max_length=5)),
                ("parameters", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                (
                    "cadence",
                    fields.CharEnumField(
                        description="DAILY: DAILY\nWEEKLY: WEEKLY\nMONTHLY: MONTHLY", enum_type=Cadence, max_length=10
                    ),
                ),
                ("hour", fields.SmallIntField()),
                ("minute", fields.SmallIntField()),
                ("weekday", fields.SmallIntField(default=0)),
                ("day", fields.SmallIntField(default=1)),
                ("recipients", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("owner_id", fields.UUIDField()),
                ("scopes", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("next_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("failure", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "report_schedule",
                "schema": "platform",
                "app": "platform",
                "indexes": [
                    Index(fields=["shop_schema", "id"], name="report_schedule_of_shop"),
                    Index(fields=["next_at"], name="report_schedule_due"),
                ],
                "pk_attr": "id",
                "table_description": "A report that is made again and again, with the rights of whoever arranged it (`owner_id`, an account), as they",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Report",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_schema", fields.CharField(max_length=45)),
                ("definition", fields.CharField(max_length=60)),
                (
                    "format",
                    fields.CharEnumField(description="PDF: PDF\nXLSX: XLSX\nCSV: CSV", enum_type=Format, max_length=5),
                ),
                ("locale", fields.CharField(max_length=5)),
                ("parameters", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("title", fields.CharField(max_length=200)),
                ("scopes", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("actor_kind", fields.CharField(max_length=10)),
                ("actor_id", fields.UUIDField(null=True)),
                ("actor_name", fields.CharField(max_length=120)),
                (
                    "schedule",
                    fields.ForeignKeyField(
                        "platform.ReportSchedule",
                        source_field="schedule_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="reports",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("slot", fields.CharField(null=True, max_length=40)),
                ("recipients", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                (
                    "job",
                    fields.ForeignKeyField(
                        "platform.Job",
                        source_field="job_id",
                        null=True,
                        db_constraint=False,
                        to_field="id",
                        related_name="reports",
                        on_delete=OnDelete.NO_ACTION,
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=ReportState.QUEUED,
                        description="QUEUED: QUEUED\nDONE: DONE\nFAILED: FAILED\nEXPIRED: EXPIRED",
                        enum_type=ReportState,
                        max_length=10,
                    ),
                ),
                ("failure", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("file_name", fields.CharField(max_length=160)),
                ("file_key", fields.CharField(null=True, max_length=200)),
                ("size", fields.BigIntField(null=True)),
                ("rows", fields.IntField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("mailed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "report",
                "schema": "platform",
                "app": "platform",
                "unique_together": (("schedule", "slot"),),
                "indexes": [
                    Index(fields=["shop_schema", "id"], name="report_of_shop"),
                    Index(fields=["expires_at"], name="report_overdue"),
                ],
                "pk_attr": "id",
                "table_description": "One report: asked for, and then a file.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                # a job is forgotten before its report is; Tortoise 1.1.9 writes the constraint in spite of db_constraint
                "ALTER TABLE platform.report DROP CONSTRAINT report_job_id_fkey",
                *_for_its_shop("report_schedule"),
                *_for_its_shop("report"),
                "ALTER TABLE platform.report ADD CONSTRAINT report_state CHECK "
                "(state IN ('QUEUED', 'DONE', 'FAILED', 'EXPIRED') AND (file_key IS NOT NULL) = (state = 'DONE'))",
                # a file's key begins with the schema of its shop, whoever writes it
                "ALTER TABLE platform.report ADD CONSTRAINT report_file_of_its_shop CHECK "
                "(file_key IS NULL OR file_key LIKE shop_schema || '/%')",
                "ALTER TABLE platform.report_schedule ADD CONSTRAINT report_schedule_time CHECK "
                "(hour BETWEEN 0 AND 23 AND minute BETWEEN 0 AND 59 AND weekday BETWEEN 0 AND 6 AND day BETWEEN 1 AND 31)",
                "DROP INDEX platform.report_schedule_due",
                "CREATE INDEX report_schedule_due ON platform.report_schedule (next_at) WHERE next_at IS NOT NULL",
                "DROP INDEX platform.report_overdue",
                "CREATE INDEX report_overdue ON platform.report (expires_at) WHERE state = 'DONE'",
                # how many wait, and what has not ended
                "CREATE INDEX report_waiting ON platform.report (shop_schema) WHERE state = 'QUEUED'",
                # the sweep of rows
                "CREATE INDEX report_by_age ON platform.report (created_at)",
            ]
        ),
    ]
