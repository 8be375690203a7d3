from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from stoa.domains.catalog.models import ImportState, ProductStatus
from stoa.kit.ids import new_id
from stoa.tenants.shop_models import UploadState
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Category',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=120)),
                ('name_key', fields.CharField(unique=True, max_length=120)),
                ('parent', fields.ForeignKeyField('shop.Category', source_field='parent_id', null=True, db_constraint=True, to_field='id', related_name='children', on_delete=OnDelete.RESTRICT)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'category', 'app': 'shop', 'indexes': [Index(fields=['parent_id'], name='category_children')], 'pk_attr': 'id', 'table_description': 'A shelf of the shop; shelves may stand inside shelves.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='EventRow',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=80)),
                ('subject_id', fields.UUIDField()),
                ('payload', fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ('actor_kind', fields.CharField(max_length=10)),
                ('actor_id', fields.UUIDField(null=True)),
                ('request_id', fields.CharField(max_length=64)),
                ('happened_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'event', 'app': 'shop', 'indexes': [Index(fields=['subject_id', 'id'], name='event_of_subject')], 'pk_attr': 'id', 'table_description': 'Something that happened in the shop; the source of timelines and webhooks. Never changed, never deleted.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ImportRun',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('file_key', fields.CharField(max_length=200)),
                ('file_name', fields.CharField(max_length=255)),
                ('source', fields.CharField(max_length=40)),
                ('mapping', fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ('dry_run', fields.BooleanField(default=False)),
                ('state', fields.CharEnumField(default=ImportState.QUEUED, description='QUEUED: QUEUED\nRUNNING: RUNNING\nDONE: DONE\nFAILED: FAILED\nUNDOING: UNDOING\nUNDONE: UNDONE', enum_type=ImportState, max_length=20)),
                ('failure', fields.TextField(null=True, unique=False)),
                ('bytes_total', fields.BigIntField(default=0)),
                ('bytes_read', fields.BigIntField(default=0)),
                ('lines_read', fields.BigIntField(default=0)),
                ('lines_refused', fields.BigIntField(default=0)),
                ('products_created', fields.IntField(default=0)),
                ('products_updated', fields.IntField(default=0)),
                ('checkpoint', fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('started_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('finished_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'import_run', 'app': 'shop', 'pk_attr': 'id', 'table_description': 'One file on its way into the catalog: how far it is, and what came of it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ImportChange',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('run', fields.ForeignKeyField('shop.ImportRun', source_field='run_id', db_constraint=True, to_field='id', related_name='changes', on_delete=OnDelete.CASCADE)),
                ('product_id', fields.UUIDField()),
                ('before', fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ('version_after', fields.IntField()),
            ],
            options={'table': 'import_change', 'app': 'shop', 'unique_together': (('run', 'product_id'),), 'pk_attr': 'id', 'table_description': 'What a run did to one product, and how it was before: enough to undo it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ImportIssue',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('run', fields.ForeignKeyField('shop.ImportRun', source_field='run_id', db_constraint=True, to_field='id', related_name='issues', on_delete=OnDelete.CASCADE)),
                ('line', fields.BigIntField()),
                ('column_name', fields.CharField(max_length=120)),
                ('code', fields.CharField(max_length=40)),
                ('message', fields.TextField(unique=False)),
                ('value', fields.CharField(max_length=200)),
            ],
            options={'table': 'import_issue', 'app': 'shop', 'indexes': [Index(fields=['run_id', 'line', 'id'], name='issue_of_run')], 'pk_attr': 'id', 'table_description': 'A row of the file that was not taken as it stood: where, why, and what it said.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='KeptAnswer',
            fields=[
                ('key', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=200)),
                ('request_hash', fields.BinaryField()),
                ('answer', fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'kept_answer', 'app': 'shop', 'indexes': [Index(fields=['created_at'], name='kept_answer_by_age')], 'pk_attr': 'key', 'table_description': 'The answer given to an idempotency key, so that a repeated request gets it again.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Product',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('title', fields.CharField(max_length=255)),
                ('handle', fields.CharField(unique=True, max_length=150)),
                ('description', fields.TextField(default='', unique=False)),
                ('status', fields.CharEnumField(default=ProductStatus.DRAFT, description='DRAFT: DRAFT\nACTIVE: ACTIVE\nARCHIVED: ARCHIVED', enum_type=ProductStatus, max_length=20)),
                ('category', fields.ForeignKeyField('shop.Category', source_field='category_id', null=True, db_constraint=True, to_field='id', related_name='products', on_delete=OnDelete.SET_NULL)),
                ('source', fields.CharField(null=True, max_length=40)),
                ('external_id', fields.CharField(null=True, max_length=120)),
                ('search_text', fields.TextField(unique=False)),
                ('version', fields.IntField(default=1)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('updated_at', fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={'table': 'product', 'app': 'shop', 'unique_together': (('source', 'external_id'),), 'indexes': [Index(fields=['created_at', 'id'], name='product_by_age'), Index(fields=['updated_at', 'id'], name='product_by_change'), Index(fields=['title', 'id'], name='product_by_title'), Index(fields=['category_id', 'id'], name='product_of_category')], 'pk_attr': 'id', 'table_description': 'What the shop offers; what is bought is one of its variants.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Image',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('product', fields.ForeignKeyField('shop.Product', source_field='product_id', db_constraint=True, to_field='id', related_name='images', on_delete=OnDelete.CASCADE)),
                ('url', fields.CharField(max_length=2000)),
                ('file_key', fields.CharField(null=True, max_length=200)),
                ('alt', fields.CharField(default='', max_length=512)),
                ('position', fields.IntField(default=0)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'image', 'app': 'shop', 'indexes': [Index(fields=['product_id', 'position', 'id'], name='image_of_product')], 'pk_attr': 'id', 'table_description': 'A picture of a product: uploaded (`file_key`) or at an address elsewhere (`url`).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Upload',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('file_key', fields.CharField(max_length=200)),
                ('file_name', fields.CharField(max_length=255)),
                ('content_type', fields.CharField(max_length=120)),
                ('size', fields.BigIntField()),
                ('state', fields.CharEnumField(default=UploadState.EXPECTED, description='EXPECTED: EXPECTED\nRECEIVED: RECEIVED', enum_type=UploadState, max_length=10)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'upload', 'app': 'shop', 'pk_attr': 'id', 'table_description': 'A file that was announced, and then perhaps arrived.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Variant',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('product', fields.ForeignKeyField('shop.Product', source_field='product_id', db_constraint=True, to_field='id', related_name='variants', on_delete=OnDelete.CASCADE)),
                ('title', fields.CharField(default='', max_length=255)),
                ('sku', fields.CharField(null=True, unique=True, max_length=120)),
                ('barcode', fields.CharField(null=True, max_length=64)),
                ('currency', fields.CharField(max_length=3)),
                ('price_minor', fields.BigIntField(null=True)),
                ('list_price_minor', fields.BigIntField(null=True)),
                ('cost_minor', fields.BigIntField(null=True)),
                ('position', fields.IntField(default=0)),
                ('source', fields.CharField(null=True, max_length=40)),
                ('external_id', fields.CharField(null=True, max_length=120)),
                ('version', fields.IntField(default=1)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'variant', 'app': 'shop', 'unique_together': (('source', 'external_id'),), 'indexes': [Index(fields=['product_id', 'position', 'id'], name='variant_of_product')], 'pk_attr': 'id', 'table_description': 'One form of a product that can be bought: it has the code, the prices and the stock.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Stock',
            fields=[
                ('variant', fields.OneToOneField('shop.Variant', source_field='variant_id', primary_key=True, db_index=True, db_constraint=True, to_field='id', related_name='stock', on_delete=OnDelete.CASCADE)),
                ('on_hand', fields.IntField(default=0)),
                ('version', fields.IntField(default=1)),
            ],
            options={'table': 'stock', 'app': 'shop', 'pk_attr': 'variant_id', 'table_description': 'How many of a variant are on hand.'},
            bases=['Model'],
        ),
    ]
