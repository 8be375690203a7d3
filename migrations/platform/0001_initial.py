from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from stoa.kit.ids import new_id
from stoa.tenants.models import JobState, ShopState
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Account',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('email', fields.CharField(max_length=254)),
                ('email_key', fields.CharField(unique=True, max_length=254)),
                ('password_hash', fields.CharField(null=True, max_length=200)),
                ('name', fields.CharField(max_length=120)),
                ('locale', fields.CharField(default='en', max_length=5)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'account', 'schema': 'platform', 'app': 'platform', 'pk_attr': 'id', 'table_description': 'A person who signs in. The e-mail is kept as typed; `email_key` is what must be unique.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Attempts',
            fields=[
                ('key', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=300)),
                ('failures', fields.IntField()),
                ('since', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('blocked_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'attempts', 'schema': 'platform', 'app': 'platform', 'pk_attr': 'key', 'table_description': "Failed sign-ins of one account or one address: the throttle's memory."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Job',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('shop_schema', fields.CharField(max_length=45)),
                ('kind', fields.CharField(max_length=20)),
                ('name', fields.CharField(max_length=80)),
                ('payload', fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ('dedupe_key', fields.CharField(null=True, max_length=200)),
                ('state', fields.CharEnumField(default=JobState.QUEUED, description='QUEUED: QUEUED\nSENT: SENT\nRUNNING: RUNNING\nDONE: DONE\nDEAD: DEAD', enum_type=JobState, max_length=20)),
                ('run_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('attempts', fields.IntField(default=0)),
                ('max_attempts', fields.IntField(default=5)),
                ('lease_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('started_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('finished_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('last_error', fields.TextField(null=True, unique=False)),
            ],
            options={'table': 'job', 'schema': 'platform', 'app': 'platform', 'unique_together': (('shop_schema', 'name', 'dedupe_key'),), 'pk_attr': 'id', 'table_description': "Work to be done for a shop: the outbox. A shop's role may insert its own rows and nothing else."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Session',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('secret_hash', fields.CharField(unique=True, max_length=64)),
                ('account', fields.ForeignKeyField('platform.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.CASCADE)),
                ('csrf_secret', fields.CharField(max_length=64)),
                ('address', fields.CharField(max_length=45)),
                ('user_agent', fields.CharField(max_length=200)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('seen_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'session', 'schema': 'platform', 'app': 'platform', 'indexes': [Index(fields=['account_id'], name='session_of_account')], 'pk_attr': 'id', 'table_description': 'A browser that is signed in. Only the hash of its secret is kept.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Shop',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('schema_name', fields.CharField(unique=True, max_length=45)),
                ('name', fields.CharField(max_length=120)),
                ('currency', fields.CharField(max_length=3)),
                ('time_zone', fields.CharField(max_length=60)),
                ('locale', fields.CharField(default='en', max_length=5)),
                ('state', fields.CharEnumField(default=ShopState.ACTIVE, description='ACTIVE: ACTIVE\nDROPPED: DROPPED', enum_type=ShopState, max_length=20)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'shop', 'schema': 'platform', 'app': 'platform', 'pk_attr': 'id', 'table_description': "A merchant's shop. `schema_name` names its PostgreSQL schema and its role."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ApiToken',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('secret_hash', fields.CharField(unique=True, max_length=64)),
                ('hint', fields.CharField(max_length=12)),
                ('shop', fields.ForeignKeyField('platform.Shop', source_field='shop_id', db_constraint=True, to_field='id', related_name='tokens', on_delete=OnDelete.CASCADE)),
                ('account', fields.ForeignKeyField('platform.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='tokens', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=80)),
                ('scopes', fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ('trusted_documents_only', fields.BooleanField(default=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('expires_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('revoked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'api_token', 'schema': 'platform', 'app': 'platform', 'indexes': [Index(fields=['shop_id'], name='token_of_shop')], 'pk_attr': 'id', 'table_description': "A program's key to one shop. Only the hash of its secret is kept; `hint` is its first letters."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Membership',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('platform.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='memberships', on_delete=OnDelete.CASCADE)),
                ('shop', fields.ForeignKeyField('platform.Shop', source_field='shop_id', db_constraint=True, to_field='id', related_name='memberships', on_delete=OnDelete.CASCADE)),
                ('role', fields.CharField(max_length=20)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'membership', 'schema': 'platform', 'app': 'platform', 'unique_together': (('account', 'shop'),), 'pk_attr': 'id', 'table_description': "An account's place in a shop; the role is a bundle of scopes (access/scopes.py)."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ShopMigration',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('shop_schema', fields.CharField(max_length=45)),
                ('name', fields.CharField(max_length=100)),
                ('applied_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'shop_migration', 'schema': 'platform', 'app': 'platform', 'unique_together': (('shop_schema', 'name'),), 'pk_attr': 'id', 'table_description': 'One migration that one shop has; written in the transaction of its DDL.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='TrustedDocument',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('shop', fields.ForeignKeyField('platform.Shop', source_field='shop_id', db_constraint=True, to_field='id', related_name='documents', on_delete=OnDelete.CASCADE)),
                ('sha256', fields.CharField(max_length=64)),
                ('body', fields.TextField(unique=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'trusted_document', 'schema': 'platform', 'app': 'platform', 'unique_together': (('shop', 'sha256'),), 'pk_attr': 'id', 'table_description': 'A GraphQL document a shop allows: a credential in allow-list mode runs these and no other.'},
            bases=['Model'],
        ),
    ]
