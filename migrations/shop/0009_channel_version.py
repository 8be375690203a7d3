"""Channels have a version, as everything that people edit."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("shop", "0008_set_aside")]

    initial = False

    operations = [
        ops.AddField(model_name="Channel", name="version", field=fields.IntField(default=1, db_default=1)),
    ]
