"""Access: a throttle whose failures fade, no stored CSRF secret, and news of every change of who may do what."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

_ROLES = """
ALTER TABLE platform.membership ADD CONSTRAINT membership_role
  CHECK (role IN ('OWNER', 'MANAGER', 'STAFF', 'VIEWER'))
"""
_TELL_ACCESS = """
CREATE FUNCTION platform.tell_access() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_catalog.pg_notify('stoa_access', COALESCE(to_jsonb(OLD), to_jsonb(NEW)) ->> TG_ARGV[0]);
  RETURN NULL;
END $$
"""


def _tell_of(table: str, column: str, on: str) -> str:
    """A trigger that tells the channel stoa_access whose rights changed: the account's or shop's id in `column`."""
    return (
        f"CREATE TRIGGER tell_access AFTER {on} ON platform.{table} FOR EACH ROW "
        f"EXECUTE FUNCTION platform.tell_access('{column}')"
    )


class Migration(migrations.Migration):
    dependencies = [("platform", "0002_rules")]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name="Attempts",
            options={
                "table": "attempts",
                "schema": "platform",
                "app": "platform",
                "pk_attr": "key",
                "table_description": "Failed tries of one account or one address: the throttle's memory "
                "(access/throttling.py). `failures` fade.",
            },
        ),
        # Tortoise alters no column's type; what the throttle has counted so far may be forgotten
        ops.RunSQL("DELETE FROM platform.attempts"),
        ops.RemoveField(model_name="Attempts", name="failures"),
        ops.AddField(model_name="Attempts", name="failures", field=fields.FloatField()),
        ops.RenameField(model_name="Attempts", old_name="since", new_name="last_at"),
        ops.AddIndex(model_name="Membership", index=Index(fields=["shop_id"], name="membership_of_shop")),
        ops.RemoveField(model_name="Session", name="csrf_secret"),
        ops.RunSQL(
            [
                _ROLES,
                # Processes remember who is behind a secret (access/identifying.py). Triggers and not the operations
                # tell them, so that an operator's hand-written DELETE is heard as well. What is written often and
                # changes nobody's rights (seen_at, used_at) tells nothing.
                _TELL_ACCESS,
                _tell_of("account", "id", "UPDATE OF name, locale OR DELETE"),
                _tell_of("shop", "id", "UPDATE OR DELETE"),
                _tell_of("membership", "account_id", "INSERT OR UPDATE OR DELETE"),
                _tell_of("session", "account_id", "UPDATE OF secret_hash, account_id, expires_at OR DELETE"),
                _tell_of(
                    "api_token",
                    "account_id",
                    "UPDATE OF secret_hash, shop_id, account_id, name, scopes, trusted_documents_only, expires_at, "
                    "revoked_at OR DELETE",
                ),
            ]
        ),
    ]
