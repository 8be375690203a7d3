"""Rows of products: what the shop offers, its shelves, forms, prices, pictures, and where it may be seen."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.kit.ids import new_id
from stoa.kit.money import Money

Translations = dict[str, dict[str, str]]  # locale -> field -> text, for what differs from the row's own words


class ProductStatus(StrEnum):
    """Stored as written here, so that a row's text is the API's enum value."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"


class Category(Model):
    """A shelf of the shop; shelves may stand inside shelves."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    name = fields.CharField(max_length=120)
    name_key = fields.CharField(max_length=120, unique=True)
    parent: fields.ForeignKeyNullableRelation[Category] = fields.ForeignKeyField(
        "shop.Category", null=True, related_name="children", on_delete=fields.RESTRICT
    )
    description = fields.TextField(default="", db_default="")
    position = fields.IntField(default=0, db_default=0)
    translations: fields.JSONField[Translations] = fields.JSONField(default=dict, db_default={})
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    children: fields.ReverseRelation[Category]
    products: fields.ReverseRelation[Product]

    class Meta:
        table = "category"
        indexes = [Index(fields=("parent_id",), name="category_children")]  # Category.children


class Product(Model):
    """What the shop offers; what is bought is one of its variants.

    `options` are the names of what its variants differ in, with the values there are: ``[{"name": "Colour",
    "values": ["red", "blue"]}]``. `publish_at` and `unpublish_at` are times at which it goes on sale and off by itself.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    title = fields.CharField(max_length=255)
    handle = fields.CharField(max_length=150, unique=True)
    description = fields.TextField(default="", db_default="")
    status = fields.CharEnumField(ProductStatus, max_length=20, default=ProductStatus.DRAFT)
    category: fields.ForeignKeyNullableRelation[Category] = fields.ForeignKeyField(
        "shop.Category", null=True, related_name="products", on_delete=fields.SET_NULL
    )
    vendor = fields.CharField(max_length=120, default="", db_default="")
    options: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])
    seo_title = fields.CharField(max_length=255, default="", db_default="")
    seo_description = fields.CharField(max_length=500, default="", db_default="")
    keywords: fields.JSONField[list[str]] = fields.JSONField(default=list, db_default=[])
    translations: fields.JSONField[Translations] = fields.JSONField(default=dict, db_default={})
    metadata: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    is_bundle = fields.BooleanField(default=False, db_default=False)
    publish_at = fields.DatetimeField(null=True)
    unpublish_at = fields.DatetimeField(null=True)
    source = fields.CharField(max_length=40, null=True)
    external_id = fields.CharField(max_length=120, null=True)
    search_text = fields.TextField()
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    variants: fields.ReverseRelation[Variant]
    images: fields.ReverseRelation[Image]

    class Meta:
        table = "product"
        unique_together = (("source", "external_id"),)
        indexes = [
            Index(fields=("created_at", "id"), name="product_by_age"),  # products(orderBy: CREATED_AT)
            Index(fields=("updated_at", "id"), name="product_by_change"),  # products(orderBy: UPDATED_AT)
            Index(fields=("title", "id"), name="product_by_title"),  # products(orderBy: TITLE)
            Index(fields=("category_id", "id"), name="product_of_category"),  # Category.products
            Index(fields=("status", "id"), name="product_of_status"),  # products(where: {status:}), facets by status
        ]


class Variant(Model):
    """One form of a product that can be bought: it has the code, the prices and the stock.

    `option_values` stand in the order of the product's `options`.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField("shop.Product", related_name="variants")
    title = fields.CharField(max_length=255, default="", db_default="")
    translations: fields.JSONField[Translations] = fields.JSONField(default=dict, db_default={})
    sku = fields.CharField(max_length=120, unique=True, null=True)
    barcode = fields.CharField(max_length=64, null=True)
    option_values: fields.JSONField[list[str]] = fields.JSONField(default=list, db_default=[])
    currency = fields.CharField(max_length=3)
    price_minor = fields.BigIntField(null=True)
    list_price_minor = fields.BigIntField(null=True)
    cost_minor = fields.BigIntField(null=True)
    weight_grams = fields.IntField(null=True)
    requires_shipping = fields.BooleanField(default=True, db_default=True)
    taxable = fields.BooleanField(default=True, db_default=True)
    position = fields.IntField(default=0, db_default=0)
    source = fields.CharField(max_length=40, null=True)
    external_id = fields.CharField(max_length=120, null=True)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    stock: fields.ReverseRelation[Any]
    price_changes: fields.ReverseRelation[PriceChange]

    class Meta:
        table = "variant"
        unique_together = (("source", "external_id"),)
        indexes = [Index(fields=("product_id", "position", "id"), name="variant_of_product")]  # Product.variants

    @property
    def price(self) -> Money | None:
        return None if self.price_minor is None else Money(self.price_minor, self.currency)


class PriceKind(StrEnum):
    SALE = "SALE"
    LIST = "LIST"
    COST = "COST"


class PriceChange(Model):
    """A price as it was from that moment on (none: it had no price). The newest is the variant's own.

    The database writes it along with the variant's row (triggers first_prices, changed_prices), whoever changes that.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    variant: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField("shop.Variant", related_name="price_changes")
    kind = fields.CharEnumField(PriceKind, max_length=10)
    currency = fields.CharField(max_length=3)
    minor = fields.BigIntField(null=True)
    since = fields.DatetimeField()

    class Meta:
        table = "price_change"
        indexes = [Index(fields=("variant_id", "since", "id"), name="price_change_of_variant")]  # Variant.priceHistory


class BundlePart(Model):
    """So many of a variant are in a variant of a bundle."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    bundle: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField("shop.Variant", related_name="parts")
    part: fields.ForeignKeyRelation[Variant] = fields.ForeignKeyField(
        "shop.Variant", related_name="part_of", on_delete=fields.RESTRICT
    )
    quantity = fields.IntField()

    class Meta:
        table = "bundle_part"
        unique_together = (("bundle", "part"),)
        indexes = [Index(fields=("part_id",), name="bundle_part_of")]  # Variant.partOf


class Image(Model):
    """A picture of a product: uploaded (`file_key`) or at an address elsewhere (`url`).

    `sizes` are the forms made of an upload, the largest first: ``[{"name", "width", "height", "content_type", "url",
    "bytes"}]``. `warnings` and `failure` are codes of what is wrong with it. The focal point is in thousandths from the
    upper left. What is made of a file belongs to the file: rows with the same `file_key` share it.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField("shop.Product", related_name="images")
    url = fields.CharField(max_length=2000)
    file_key = fields.CharField(max_length=200, null=True)
    alt = fields.CharField(max_length=512, default="", db_default="")
    translations: fields.JSONField[Translations] = fields.JSONField(default=dict, db_default={})
    position = fields.IntField(default=0, db_default=0)
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    content_type = fields.CharField(max_length=40, null=True)
    focal_x = fields.IntField(default=500, db_default=500)
    focal_y = fields.IntField(default=500, db_default=500)
    sizes: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])
    warnings: fields.JSONField[list[str]] = fields.JSONField(default=list, db_default=[])
    failure = fields.CharField(max_length=200, null=True)
    processed_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "image"
        indexes = [
            Index(fields=("product_id", "position", "id"), name="image_of_product"),  # Product.images
            Index(fields=("file_key",), name="image_of_file"),  # what stands on a file: media/processing, forgetting
        ]


class SlugRedirect(Model):
    """A handle that a product had once: addresses with it still lead there."""

    handle = fields.CharField(max_length=150, primary_key=True)
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField("shop.Product", related_name="old_handles")
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "slug_redirect"
        indexes = [Index(fields=("product_id",), name="slug_redirect_of_product")]  # Product.oldHandles


class Channel(Model):
    """A place where the shop sells: its web shop, an app, a marketplace.

    One that `shows_everything` shows whatever is on sale, unless a listing says otherwise; another what is listed.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    code = fields.CharField(max_length=40, unique=True)
    name = fields.CharField(max_length=120)
    translations: fields.JSONField[Translations] = fields.JSONField(default=dict, db_default={})
    is_active = fields.BooleanField(default=True, db_default=True)
    shows_everything = fields.BooleanField(default=False, db_default=False)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    listings: fields.ReverseRelation[Listing]

    class Meta:
        table = "channel"


class Listing(Model):
    """A product may be seen in a channel, from a time and until a time if these are set; `is_hidden`: not at all."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField("shop.Product", related_name="listings")
    channel: fields.ForeignKeyRelation[Channel] = fields.ForeignKeyField("shop.Channel", related_name="listings")
    publish_at = fields.DatetimeField(null=True)
    unpublish_at = fields.DatetimeField(null=True)
    is_hidden = fields.BooleanField(default=False, db_default=False)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "listing"
        unique_together = (("product", "channel"),)
        indexes = [Index(fields=("channel_id", "product_id"), name="listing_of_channel")]  # Channel.listings
