"""The job spine: weights of shops, priorities, progress, cancelling and replay, slots of the clock; a shop sees its jobs."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from stoa.tenants.models import JobState

# What a shop's role may read of its jobs: how they get on, never what they carry, nor how they are handed out.
SHOWN = (
    "id, shop_schema, kind, name, state, priority, progress_done, progress_total, run_at, attempts, failures, "
    "max_attempts, created_at, started_at, finished_at, last_error, request_id"
)
# Inside these functions the table's owner is at work; `role` still names the shop that called.
MINE = "id = job_id AND shop_schema = current_setting('role')"


def _door(name: str, body: str) -> list[str]:
    """A function that a shop's role may call on a job of its own: null when there is no such job."""
    signature = f"platform.{name}(job_id uuid)"
    return [
        f"CREATE FUNCTION {signature} RETURNS text LANGUAGE plpgsql SECURITY DEFINER "
        f"SET search_path = pg_catalog, pg_temp AS $$ DECLARE was text; BEGIN "
        # FOR UPDATE waits for a step under way: what a step has done and its job's state never contradict each other
        f"SELECT state INTO was FROM platform.job WHERE {MINE} FOR UPDATE; {body} RETURN was; END $$",
        f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {signature} TO stoa_any_shop",
    ]


class Migration(migrations.Migration):
    dependencies = [("platform", "0005_stock")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ClockSlot",
            fields=[
                ("key", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=150)),
                ("slot", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "clock_slot",
                "schema": "platform",
                "app": "platform",
                "pk_attr": "key",
                "table_description": "The last slot of a clock entry that was planned in one time zone "
                "(workers/schedule.py). `key` names both.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="Job",
            options={
                "table": "job",
                "schema": "platform",
                "app": "platform",
                "unique_together": (("shop_schema", "name", "dedupe_key"),),
                "pk_attr": "id",
                "table_description": "Work to be done for a shop: the outbox. A shop's role may insert its own rows, "
                "and see how they get on.",
            },
        ),
        ops.AlterField(
            model_name="Job",
            name="state",
            field=fields.CharEnumField(
                default=JobState.QUEUED,
                description="QUEUED: QUEUED\nSENT: SENT\nRUNNING: RUNNING\nDONE: DONE\nDEAD: DEAD\nCANCELLED: CANCELLED",
                enum_type=JobState,
                max_length=20,
            ),
        ),
        ops.AddField(model_name="Job", name="priority", field=fields.SmallIntField(default=1)),
        ops.AddField(model_name="Job", name="is_ready", field=fields.BooleanField(default=False)),
        ops.AddField(model_name="Job", name="progress_done", field=fields.BigIntField(null=True)),
        ops.AddField(model_name="Job", name="progress_total", field=fields.BigIntField(null=True)),
        ops.AddField(model_name="Shop", name="weight", field=fields.SmallIntField(default=1)),
        ops.RunSQL(
            [
                # for processes of the release before, which do not name these columns
                "ALTER TABLE platform.job ALTER COLUMN priority SET DEFAULT 1",
                "ALTER TABLE platform.shop ALTER COLUMN weight SET DEFAULT 1",
                # what they plan, and what waits already, becomes ready when the dispatcher sees that its time has come
                "ALTER TABLE platform.job ALTER COLUMN is_ready SET DEFAULT false",
                "ALTER TABLE platform.shop ADD CONSTRAINT shop_weight CHECK (weight BETWEEN 1 AND 100)",
                "ALTER TABLE platform.job ADD CONSTRAINT job_priority CHECK (priority BETWEEN 0 AND 2)",
                "ALTER TABLE platform.job DROP CONSTRAINT job_state",
                "ALTER TABLE platform.job ADD CONSTRAINT job_state CHECK "
                "(state IN ('QUEUED', 'SENT', 'RUNNING', 'DONE', 'DEAD', 'CANCELLED'))",
                # a shop that could write its own plan's weight or a higher fence would be first everywhere
                "DROP POLICY job_of_its_shop ON platform.job",
                "CREATE POLICY job_of_its_shop ON platform.job FOR INSERT TO stoa_any_shop "
                "WITH CHECK (shop_schema = current_user AND state = 'QUEUED' AND attempts = 0 AND failures = 0)",
                "CREATE POLICY job_seen_by_its_shop ON platform.job FOR SELECT TO stoa_any_shop "
                # in the column's own collation: by that of current_user, no index of it could be used
                'USING (shop_schema = current_user::text COLLATE "default")',
                f"GRANT SELECT ({SHOWN}) ON platform.job TO stoa_any_shop",
                *_door(
                    "cancel_job",
                    "IF was IN ('QUEUED', 'SENT', 'RUNNING') THEN "
                    "UPDATE platform.job SET state = 'CANCELLED', lease_until = NULL WHERE id = job_id; "
                    "PERFORM pg_notify('stoa_jobs', ''); END IF;",
                ),
                *_door(
                    "replay_job",
                    "IF was IN ('DEAD', 'CANCELLED') THEN "
                    "UPDATE platform.job SET state = 'QUEUED', failures = 0, run_at = clock_timestamp(), "
                    "is_ready = true, finished_at = NULL, progress_done = NULL, progress_total = NULL WHERE id = job_id; "
                    "PERFORM pg_notify('stoa_jobs', ''); END IF;",
                ),
                # the dispatcher's pick: what is ready of a kind, shop by shop and priority by priority
                "CREATE INDEX job_turn ON platform.job (kind, shop_schema, priority, run_at, id) "
                "WHERE state = 'QUEUED' AND is_ready",
                "DROP INDEX platform.job_ready",
                # and what waits for its time
                "CREATE INDEX job_later ON platform.job (run_at) WHERE state = 'QUEUED' AND NOT is_ready",
                # cancelled, and its heir not told yet
                "CREATE INDEX job_cancelled ON platform.job (kind) WHERE state = 'CANCELLED' AND finished_at IS NULL",
                # the sweep, of whatever has ended
                "CREATE INDEX job_ended ON platform.job (finished_at) WHERE state IN ('DONE', 'CANCELLED')",
                "DROP INDEX platform.job_done",
                # a shop's list of its jobs, newest first; and those of one state
                "CREATE INDEX job_of_shop ON platform.job (shop_schema, id)",
                "CREATE INDEX job_of_shop_by_state ON platform.job (shop_schema, state, id)",
                # the operator's dead letters
                "CREATE INDEX job_dead ON platform.job (finished_at) WHERE state = 'DEAD'",
            ]
        ),
    ]
