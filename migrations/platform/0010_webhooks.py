"""Webhooks: where a shop's news go, what went, and the place of each event among its subject's. A shop sees its own."""

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from stoa.kit.ids import NEW_ID, new_id
from stoa.tenants.hooks.models import DeliveryState, PauseReason, WebhookState

TABLES = ("webhook", "webhook_delivery", "webhook_attempt", "webhook_sequence")
# One job for all that one transaction sends to one hook. Another transaction's has another key: nobody waits for it.
ROUSE = f"""
CREATE FUNCTION platform.rouse_webhook() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO platform.job (id, shop_schema, kind, name, payload, dedupe_key, state, run_at, attempts, failures,
                            max_attempts, priority, is_ready, created_at)
  VALUES ({NEW_ID}, NEW.shop_schema, 'webhooks', 'webhooks.send', jsonb_build_object('webhook_id', NEW.webhook_id),
          NEW.webhook_id::text || ':' || pg_current_xact_id()::text, 'QUEUED', now(), 0, 0, 10, 1, true, now())
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$
"""


def _guarded(table: str) -> list[str]:
    # in the column's own collation: by that of current_user, no index of it could be used
    mine = 'shop_schema = current_user::text COLLATE "default"'
    return [
        f"ALTER TABLE platform.{table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_of_its_shop ON platform.{table} FOR ALL TO stoa_any_shop "
        f"USING ({mine}) WITH CHECK ({mine})",
        f"CREATE POLICY {table}_of_the_platform ON platform.{table} FOR ALL TO stoa_platform_login "
        "USING (true) WITH CHECK (true)",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON platform.{table} TO stoa_any_shop",
    ]


class Migration(migrations.Migration):
    dependencies = [("platform", "0009_reports")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Webhook",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_schema", fields.CharField(max_length=45)),
                ("name", fields.CharField(max_length=120)),
                ("address", fields.CharField(max_length=2000)),
                ("events", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("query", fields.TextField(unique=False)),
                ("scopes", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("secret", fields.TextField(unique=False)),
                ("old_secret", fields.TextField(null=True, unique=False)),
                ("old_secret_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "state",
                    fields.CharEnumField(
                        default=WebhookState.ACTIVE,
                        description="ACTIVE: ACTIVE\nPAUSED: PAUSED\nDELETED: DELETED",
                        enum_type=WebhookState,
                        max_length=10,
                    ),
                ),
                (
                    "pause_reason",
                    fields.CharEnumField(
                        null=True,
                        description="ASKED: ASKED\nGONE: GONE\nFAILING: FAILING\nBROKEN: BROKEN",
                        enum_type=PauseReason,
                        max_length=10,
                    ),
                ),
                ("pause_note", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("paused_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("failures", fields.IntField(default=0)),
                ("failing_since", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("rest_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("turn", fields.UUIDField(null=True)),
                ("turn_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("delivered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("actor_kind", fields.CharField(max_length=10)),
                ("actor_id", fields.UUIDField(null=True)),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhook",
                "schema": "platform",
                "app": "platform",
                "indexes": [Index(fields=["shop_schema", "id"], name="webhook_of_shop")],
                "pk_attr": "id",
                "table_description": "Where a shop's news are sent, which ones, and by what query their payload is made.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_schema", fields.CharField(max_length=45)),
                (
                    "webhook",
                    fields.ForeignKeyField(
                        "platform.Webhook",
                        source_field="webhook_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="deliveries",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("event_id", fields.UUIDField()),
                ("event_name", fields.CharField(max_length=80)),
                ("subject_id", fields.UUIDField()),
                ("happened_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("sequence", fields.BigIntField(null=True)),
                (
                    "state",
                    fields.CharEnumField(
                        default=DeliveryState.WAITING,
                        description="WAITING: WAITING\nDELIVERED: DELIVERED\nFAILED: FAILED",
                        enum_type=DeliveryState,
                        max_length=10,
                    ),
                ),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("tries", fields.IntField(default=0)),
                ("attempts_made", fields.IntField(default=0)),
                ("body", fields.TextField(null=True, unique=False)),
                ("scopes", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("last_status", fields.IntField(null=True)),
                ("last_code", fields.CharField(null=True, max_length=40)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhook_delivery",
                "schema": "platform",
                "app": "platform",
                "unique_together": (("webhook", "event_id"),),
                "indexes": [
                    Index(fields=["shop_schema", "id"], name="webhook_delivery_of_shop"),
                    Index(fields=["webhook_id", "id"], name="webhook_delivery_of_hook"),
                ],
                "pk_attr": "id",
                "table_description": "That one event goes to one hook. `body` is what was sent, so that a retry sends "
                "the same.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WebhookAttempt",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_schema", fields.CharField(max_length=45)),
                (
                    "delivery",
                    fields.ForeignKeyField(
                        "platform.WebhookDelivery",
                        source_field="delivery_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="attempts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("milliseconds", fields.IntField()),
                ("status", fields.IntField(null=True)),
                ("answer", fields.TextField(unique=False)),
                ("code", fields.CharField(null=True, max_length=40)),
                ("error", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "webhook_attempt",
                "schema": "platform",
                "app": "platform",
                "indexes": [Index(fields=["delivery_id", "id"], name="webhook_attempt_of_delivery")],
                "pk_attr": "id",
                "table_description": "One try at a delivery, and what came of it: a status, or why there was none. "
                "`error` is a `Sentence.kept`.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WebhookSequence",
            fields=[
                ("event_id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("shop_schema", fields.CharField(max_length=45)),
                ("subject_id", fields.UUIDField()),
                ("number", fields.BigIntField()),
            ],
            options={
                "table": "webhook_sequence",
                "schema": "platform",
                "app": "platform",
                "unique_together": (("shop_schema", "subject_id", "number"),),
                "pk_attr": "event_id",
                "table_description": "The place of an event among those of its subject, given when a hook first needed "
                "it (numbering.py).",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                *(line for table in TABLES for line in _guarded(table)),
                "ALTER TABLE platform.webhook ADD CONSTRAINT webhook_state "
                "CHECK (state IN ('ACTIVE', 'PAUSED', 'DELETED'))",
                "ALTER TABLE platform.webhook_delivery ADD CONSTRAINT webhook_delivery_state "
                "CHECK (state IN ('WAITING', 'DELIVERED', 'FAILED'))",
                # a hook's next deliveries
                "CREATE INDEX webhook_delivery_due ON platform.webhook_delivery (webhook_id, due_at) "
                "WHERE state = 'WAITING'",
                # the sweep of what has ended long ago
                "CREATE INDEX webhook_delivery_ended ON platform.webhook_delivery (ended_at) WHERE state <> 'WAITING'",
                ROUSE,
                "CREATE TRIGGER webhook_delivery_added AFTER INSERT ON platform.webhook_delivery FOR EACH ROW "
                "EXECUTE FUNCTION platform.rouse_webhook()",
            ]
        ),
    ]
