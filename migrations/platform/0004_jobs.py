"""Jobs: failures apart from deliveries, the request that planned them, and two doors for the shop at work on one."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# Inside these functions the table's owner is at work; `role` still names the shop that called.
MINE = "id = job_id AND attempts = attempt AND state = 'RUNNING' AND shop_schema = current_setting('role')"


def _door(name: str, body: str) -> list[str]:
    """A function that a shop's role may call on a job of its own which it holds; true when it did hold it."""
    signature = f"platform.{name}(job_id uuid, attempt int)"
    return [
        f"CREATE FUNCTION {signature} RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER "
        f"SET search_path = pg_catalog, pg_temp AS $$ BEGIN {body} END $$",
        f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {signature} TO stoa_any_shop",
    ]


class Migration(migrations.Migration):
    dependencies = [("platform", "0003_access")]

    initial = False

    operations = [
        ops.AddField(model_name="Job", name="failures", field=fields.IntField(default=0)),
        ops.AddField(model_name="Job", name="request_id", field=fields.CharField(null=True, max_length=64)),
        ops.RunSQL(
            [
                # Called in the transaction of the job's effect: effect and DONE are committed together or not at all.
                *_door(
                    "finish_job",
                    "UPDATE platform.job SET state = 'DONE', finished_at = clock_timestamp(), lease_until = NULL, "
                    f"last_error = NULL WHERE {MINE}; "
                    "IF NOT FOUND THEN RETURN false; END IF; "
                    "PERFORM pg_notify('stoa_jobs', ''); RETURN true;",
                ),
                # Called at the start of a step: nobody takes the job away before this transaction ends. KEY SHARE
                # stands in the way of the reaping alone, which asks FOR UPDATE; heartbeats pass.
                *_door(
                    "hold_job",
                    f"PERFORM FROM platform.job WHERE {MINE} FOR KEY SHARE; RETURN FOUND;",
                ),
                # the sweep of what was done long ago
                "CREATE INDEX job_done ON platform.job (finished_at) WHERE state = 'DONE'",
            ]
        ),
    ]
