"""Notifications of all shops, each of which sees its own alone: rules, templates, preferences, and every message."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from stoa.kit.ids import new_id
from stoa.kit.messaging.messages import Channel
from stoa.tenants.notifying.models import MessageState

TABLES = ("notification", "notification_preference", "notification_rule", "notification_template")


def _kept_apart(table: str) -> list[str]:
    # in the column's own collation: by that of current_user, no index of it could be used
    mine = 'shop_schema = current_user::text COLLATE "default"'
    return [
        f"ALTER TABLE platform.{table} ENABLE ROW LEVEL SECURITY",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON platform.{table} TO stoa_any_shop",
        f"CREATE POLICY {table}_of_its_shop ON platform.{table} TO stoa_any_shop USING ({mine}) WITH CHECK ({mine})",
        f"CREATE POLICY {table}_of_the_platform ON platform.{table} TO stoa_platform_login USING (true) WITH CHECK (true)",
    ]


RULES = (
    "ALTER TABLE platform.notification ADD CONSTRAINT notification_state CHECK (state IN "
    "('QUEUED', 'WAITING', 'GATHERED', 'SENDING', 'SENT', 'MERGED', 'SUPPRESSED', 'FAILED'))",
    "ALTER TABLE platform.notification ADD CONSTRAINT notification_channel CHECK (channel IN "
    "('IN_APP', 'MAIL', 'SMS', 'WECHAT', 'QQ', 'WEBHOOK'))",
    "ALTER TABLE platform.notification ADD CONSTRAINT notification_waits_until CHECK "
    "(due_at IS NOT NULL OR state NOT IN ('WAITING', 'GATHERED'))",
    # one rule takes the place of a notice's default, and no second one
    "CREATE UNIQUE INDEX notification_rule_instead ON platform.notification_rule (shop_schema, notice) "
    "WHERE replaces_default",
)
INDEXES = (
    # a person's centre, newest first
    "CREATE INDEX notification_of_account ON platform.notification (shop_schema, account_id, id) "
    "WHERE channel = 'IN_APP' AND state = 'SENT'",
    # how many of it are unread: read from the index alone
    "CREATE INDEX notification_unread ON platform.notification (shop_schema, account_id) "
    "WHERE channel = 'IN_APP' AND state = 'SENT' AND read_at IS NULL AND archived_at IS NULL",
    # how many somebody was sent within the hour
    "CREATE INDEX notification_taken ON platform.notification (shop_schema, recipient, channel, taken_at) "
    "WHERE taken_at IS NOT NULL",
    # what one digest merges
    "CREATE INDEX notification_gathered ON platform.notification (shop_schema, recipient, channel, due_at) "
    "WHERE state = 'GATHERED'",
    # digests of all shops that were missed
    "CREATE INDEX notification_missed ON platform.notification (due_at) WHERE state = 'GATHERED'",
    # a shop's log of all messages, and of those in one state
    "CREATE INDEX notification_of_shop ON platform.notification (shop_schema, id)",
    "CREATE INDEX notification_of_shop_by_state ON platform.notification (shop_schema, state, id)",
)


class Migration(migrations.Migration):
    dependencies = [("platform", "0007_spares")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Notification",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_schema", fields.CharField(max_length=45)),
                ("notice", fields.CharField(max_length=40)),
                ("event_id", fields.UUIDField()),
                ("rule", fields.CharField(max_length=40)),
                (
                    "channel",
                    fields.CharEnumField(
                        description="IN_APP: IN_APP\nMAIL: MAIL\nSMS: SMS\nWECHAT: WECHAT\nQQ: QQ\nWEBHOOK: WEBHOOK",
                        enum_type=Channel,
                        max_length=10,
                    ),
                ),
                ("recipient", fields.CharField(max_length=300)),
                ("account_id", fields.UUIDField(null=True)),
                ("address", fields.CharField(default="", max_length=300)),
                ("name", fields.CharField(default="", max_length=120)),
                ("locale", fields.CharField(max_length=5)),
                ("title", fields.CharField(max_length=300)),
                ("body", fields.TextField(unique=False)),
                ("subject", fields.CharField(default="", max_length=60)),
                ("scope", fields.CharField(max_length=40)),
                ("is_urgent", fields.BooleanField(default=False)),
                (
                    "state",
                    fields.CharEnumField(
                        description="QUEUED: QUEUED\nWAITING: WAITING\nGATHERED: GATHERED\nSENDING: SENDING\nSENT: SENT\nMERGED: MERGED\nSUPPRESSED: SUPPRESSED\nFAILED: FAILED",
                        enum_type=MessageState,
                        max_length=12,
                    ),
                ),
                ("reason", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("due_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("digest_id", fields.UUIDField(null=True)),
                ("external_id", fields.CharField(default="", max_length=200)),
                ("failure", fields.TextField(null=True, unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("taken_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("read_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("archived_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "notification",
                "schema": "platform",
                "app": "platform",
                "unique_together": (("shop_schema", "event_id", "rule", "recipient", "channel"),),
                "pk_attr": "id",
                "table_description": "One message: of one event, by one rule, to one recipient, by one channel. In the app, it is what is read there.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="NotificationPreference",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_schema", fields.CharField(max_length=45)),
                ("account_id", fields.UUIDField()),
                ("switches", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("reached_by", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("digests", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("caps", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("digest_at", fields.CharField(default="09:00", max_length=5)),
                ("quiet_from", fields.CharField(default="", max_length=5)),
                ("quiet_until", fields.CharField(default="", max_length=5)),
                ("urgent_passes", fields.BooleanField(default=False)),
                ("time_zone", fields.CharField(default="", max_length=60)),
                ("locale", fields.CharField(default="", max_length=5)),
                ("version", fields.IntField(default=1)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "notification_preference",
                "schema": "platform",
                "app": "platform",
                "unique_together": (("shop_schema", "account_id"),),
                "pk_attr": "id",
                "table_description": "How one person wants to be told by one shop.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="NotificationRule",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_schema", fields.CharField(max_length=45)),
                ("notice", fields.CharField(max_length=40)),
                ("name", fields.CharField(max_length=120)),
                ("is_active", fields.BooleanField(default=True)),
                ("replaces_default", fields.BooleanField(default=False)),
                ("channels", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("roles", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("members", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("addresses", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("template_id", fields.UUIDField(null=True)),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "notification_rule",
                "schema": "platform",
                "app": "platform",
                "indexes": [Index(fields=["shop_schema", "notice", "id"], name="notification_rule_of_notice")],
                "pk_attr": "id",
                "table_description": "Who is told of one kind of news, how. `replaces_default`: the rule that every shop is born with does not hold.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="NotificationTemplate",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_schema", fields.CharField(max_length=45)),
                ("notice", fields.CharField(max_length=40)),
                ("name", fields.CharField(max_length=120)),
                ("title", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("body", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "notification_template",
                "schema": "platform",
                "app": "platform",
                "indexes": [Index(fields=["shop_schema", "id"], name="notification_template_of_shop")],
                "pk_attr": "id",
                "table_description": "What is said, in the merchant's own words; in each language, with gaps that the notice can fill.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                *[statement for table in TABLES for statement in _kept_apart(table)],
                *RULES,
                *INDEXES,
            ]
        ),
    ]
