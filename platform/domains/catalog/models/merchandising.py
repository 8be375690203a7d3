"""Rows of merchandising: attributes, tags, collections, and what buyers searched for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from stoa.domains.catalog.models.products import Product, Translations
from stoa.kit.ids import new_id

_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")


class AttributeType(StrEnum):
    TEXT = "TEXT"
    CHOICE = "CHOICE"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"


class Attribute(Model):
    """A characteristic that products can have: material, style, use, and the merchant's own.

    A facet can be counted and filtered by. `choices` of a CHOICE: ``[{"value", "translations"}]``. What is no facet is
    information alone, and kept in `Product.metadata` under its key.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    key = fields.CharField(max_length=60, unique=True)
    name = fields.CharField(max_length=120)
    translations: fields.JSONField[Translations] = fields.JSONField(default=dict, db_default={})
    type = fields.CharEnumField(AttributeType, max_length=10)
    unit = fields.CharField(max_length=20, default="", db_default="")
    choices: fields.JSONField[list[dict[str, Any]]] = fields.JSONField(default=list, db_default=[])
    is_facet = fields.BooleanField(default=True, db_default=True)
    is_multiple = fields.BooleanField(default=False, db_default=False)
    position = fields.IntField(default=0, db_default=0)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "attribute"

    @staticmethod
    def keys_among(texts: Iterable[str]) -> list[str]:
        """Those that could be a key; of the others no row needs to be asked."""
        return [text for text in texts if _KEY.fullmatch(text)]


class AttributeValue(Model):
    """A product's value of a facet. `text` is its normal form (numbers and dates too); `number` is for ranges."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField("shop.Product", related_name="attributes")
    attribute: fields.ForeignKeyRelation[Attribute] = fields.ForeignKeyField("shop.Attribute", related_name="values")
    text = fields.CharField(max_length=200)
    number = fields.DecimalField(max_digits=18, decimal_places=6, null=True)

    class Meta:
        table = "attribute_value"
        unique_together = (("product", "attribute", "text"),)
        indexes = [
            Index(fields=("attribute_id", "text", "product_id"), name="attribute_value_by_text"),  # facets, filters
        ]


class FacetCount(Model):
    """So many more (or fewer) products have a value: what one statement added. The count is the sum of its rows.

    `facet` is `status`, `category`, `tag`, `price:EUR` (its values are numbers of steps) or an attribute's id. The
    database writes it along with what is counted (triggers facets_...), and folds many rows into one now and then.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    facet = fields.CharField(max_length=60)
    value = fields.CharField(max_length=200)
    products = fields.BigIntField()

    class Meta:
        table = "facet_count"


class Tag(Model):
    """A word that products are found by."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    name = fields.CharField(max_length=60)
    name_key = fields.CharField(max_length=120, unique=True)
    translations: fields.JSONField[Translations] = fields.JSONField(default=dict, db_default={})
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "tag"


class ProductTag(Model):
    """A product has a tag."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField("shop.Product", related_name="tags")
    tag: fields.ForeignKeyRelation[Tag] = fields.ForeignKeyField("shop.Tag", related_name="products")

    class Meta:
        table = "product_tag"
        unique_together = (("product", "tag"),)
        indexes = [Index(fields=("tag_id", "product_id"), name="product_of_tag")]  # Tag.products, filters


class CollectionKind(StrEnum):
    MANUAL = "MANUAL"
    RULES = "RULES"


class Collection(Model):
    """Products shown together: put there by hand, or all that meet the rules."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    title = fields.CharField(max_length=120)
    handle = fields.CharField(max_length=150, unique=True)
    description = fields.TextField(default="", db_default="")
    kind = fields.CharEnumField(CollectionKind, max_length=10)
    rules: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict, db_default={})
    translations: fields.JSONField[Translations] = fields.JSONField(default=dict, db_default={})
    refreshed_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1, db_default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "collection"


class CollectionProduct(Model):
    """A product stands in a collection."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    collection: fields.ForeignKeyRelation[Collection] = fields.ForeignKeyField(
        "shop.Collection", related_name="products"
    )
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField("shop.Product", related_name="collections")
    position = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "collection_product"
        unique_together = (("collection", "product"),)
        indexes = [
            Index(fields=("collection_id", "position", "id"), name="product_of_collection"),  # Collection.products
            Index(fields=("product_id",), name="collection_of_product"),  # Product.collections
        ]


class SearchLog(Model):
    """What was searched for on a day, how often, and how many products the last such search found."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    day = fields.DateField()
    words = fields.CharField(max_length=200)
    searches = fields.IntField(default=1, db_default=1)
    found = fields.IntField()

    class Meta:
        table = "search_log"
        unique_together = (("day", "words"),)
