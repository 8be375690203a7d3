"""The script that makes a shop, kept: a process that has to make one need not compile it first."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("platform", "0011_bulk")]

    initial = False

    operations = [
        ops.RunSQL(
            [
                "CREATE TABLE platform.shop_script (fingerprint text PRIMARY KEY, script text NOT NULL, "
                "kept_at timestamptz NOT NULL DEFAULT now())",
                # the database's owner executes what stands there: nobody else writes it
                "REVOKE ALL ON platform.shop_script FROM stoa_platform_login",
            ]
        ),
    ]
