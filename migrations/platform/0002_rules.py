"""What the models cannot say: a shop's role may add jobs of its own and nothing else; a new job wakes the dispatcher."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("platform", "0001_initial")]

    operations = [
        ops.RunSQL(
            [
                "ALTER TABLE platform.job ENABLE ROW LEVEL SECURITY",
                "CREATE POLICY job_of_its_shop ON platform.job FOR INSERT TO stoa_any_shop "
                "WITH CHECK (shop_schema = current_user AND state = 'QUEUED')",
                "CREATE POLICY job_of_the_platform ON platform.job FOR ALL TO stoa_platform_login "
                "USING (true) WITH CHECK (true)",
                "GRANT INSERT ON platform.job TO stoa_any_shop",
                "CREATE FUNCTION platform.wake_dispatcher() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "PERFORM pg_catalog.pg_notify('stoa_jobs', ''); RETURN NULL; END $$",
                "CREATE TRIGGER job_added AFTER INSERT ON platform.job FOR EACH STATEMENT "
                "EXECUTE FUNCTION platform.wake_dispatcher()",
                # the dispatcher's pick: ready jobs of a kind, shop by shop; and the reaping of lost leases
                "CREATE INDEX job_ready ON platform.job (kind, shop_schema, run_at, id) WHERE state = 'QUEUED'",
                "CREATE INDEX job_leased ON platform.job (kind, lease_until) WHERE state IN ('SENT', 'RUNNING')",
                "ALTER TABLE platform.job ADD CONSTRAINT job_state CHECK "
                "(state IN ('QUEUED', 'SENT', 'RUNNING', 'DONE', 'DEAD'))",
                "ALTER TABLE platform.shop ADD CONSTRAINT shop_state CHECK (state IN ('ACTIVE', 'DROPPED'))",
            ]
        )
    ]
