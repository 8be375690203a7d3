"""Attributes, tags and collections as GraphQL shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from stoa.domains.catalog import models
from stoa.graphql.catalog.naming import NameTranslation, name_translations
from stoa.graphql.catalog.recalling import HistoryEntry
from stoa.graphql.catalog.types.products import Product
from stoa.graphql.enums import shown_enum
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import column, computed, many, stored, to_one
from stoa.tenants.access.scopes import Scope
from stoa.tenants.shop_models import EventRow

AttributeType = shown_enum(
    models.AttributeType,
    "What kind of values an attribute has.",
    TEXT="Any line of text.",
    CHOICE="One of the choices that the shop has named.",
    NUMBER="A number, of the attribute's unit.",
    BOOLEAN="true or false.",
    DATE="A day, such as 2026-11-22.",
)
CollectionKind = shown_enum(
    models.CollectionKind,
    "How a collection comes by its products.",
    MANUAL="They are put into it by hand.",
    RULES="All that meet its rules are in it.",
)


@strawberry.type(description="A value that an attribute of type CHOICE may have.")
class AttributeChoice:
    value: str = strawberry.field(description="As products have it.")
    translations: list[NameTranslation] = strawberry.field(description="What it is called in other languages.")


@strawberry.type(description="One of a collection's rules.")
class CollectionCondition:
    about: str = strawberry.field(description="What of a product it is about, as in `CollectionConditionInput`.")
    relation: str = strawberry.field(description="How that must be to the value.")
    value: str = strawberry.field(description="The value in its normal form; of a category its bare id.")
    key: str | None = strawberry.field(description="The attribute's key, where it is about one.")


@strawberry.type(description="What a product must be like to stand in a collection.")
class CollectionRules:
    match: str = strawberry.field(description="ALL conditions must hold, or ANY one of them.")
    conditions: list[CollectionCondition] = strawberry.field(description="The conditions.")


def choices(kept: list[dict[str, Any]]) -> list[AttributeChoice]:
    return [AttributeChoice(value=each["value"], translations=name_translations(each["translations"])) for each in kept]


def rules(kept: dict[str, Any]) -> CollectionRules | None:
    if not kept:
        return None
    conditions = [
        CollectionCondition(about=c["about"], relation=c["relation"], value=c["value"], key=c["key"] or None)
        for c in kept["conditions"]
    ]
    return CollectionRules(match=kept["match"], conditions=conditions)


@stored(models.Attribute, prefix="attr", scope=Scope.CATALOG_READ)
class Attribute(Node):
    """A characteristic that products can have: material, style, use, and the shop's own."""

    key: str = column("Its name for programs; unique in the shop.", filter=True)
    name: str = column("As shown to people.", filter=True)
    type: AttributeType = column("What kind of values it has.")  # type: ignore[valid-type]
    unit: str = column("What its numbers count; empty when nothing.")
    choices: list[AttributeChoice] = column("What a CHOICE may be.", convert=choices)
    is_facet: bool = column("Whether lists offer to narrow themselves by it.", filter=True)
    is_multiple: bool = column("Whether a product may have several values of it.")
    position: int = column("Its place among the attributes.")
    translations: list[NameTranslation] = column("Its name in other languages.", convert=name_translations)
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was defined.")
    history: Connection[HistoryEntry] = many(
        "What happened to it, the newest first.", order=("-id",), across=(EventRow, "subject_id")
    )


@stored(models.AttributeValue, prefix="aval", scope=Scope.CATALOG_READ)
class AttributeValue(Node):
    """What an attribute of a product is."""

    attribute: Attribute | None = to_one("Which attribute.", filter=True)
    text: str = column("The value in its normal form: 2.5, true, 2026-11-22, a choice's value.", filter=True)
    number: float | None = column("The same as a number, when the attribute is one.", filter=True)


@stored(models.Tag, prefix="tag", scope=Scope.CATALOG_READ)
class Tag(Node):
    """A word that products are found by."""

    name: str = column("As it was written first.", filter=True)
    products: Connection[ProductTag] = many("The products that have it.", order=("product_id",))
    product_count: int = computed(
        "SELECT count(*) FROM product_tag pt WHERE pt.tag_id = {row}.id", "How many products have it."
    )
    created_at: datetime = column("When it was first put on a product.")
    history: Connection[HistoryEntry] = many(
        "What happened to it, the newest first.", order=("-id",), across=(EventRow, "subject_id")
    )


@stored(models.ProductTag, prefix="ptag", scope=Scope.CATALOG_READ)
class ProductTag(Node):
    """That a product has a tag."""

    tag: Tag | None = to_one("The tag.", filter=True)
    product: Product | None = to_one("The product.")


@stored(models.Collection, prefix="coll", scope=Scope.CATALOG_READ)
class Collection(Node):
    """Products shown together: put there by hand, or all that meet the rules."""

    title: str = column("As shown to buyers.", filter=True)
    handle: str = column("Its name in addresses; unique in the shop.", filter=True)
    description: str = column("Text for buyers.")
    kind: CollectionKind = column("How it comes by its products.", filter=True)  # type: ignore[valid-type]
    rules: CollectionRules | None = column("What says what is in it; null when that is done by hand.", convert=rules)
    translations: list[NameTranslation] = column("Its name and description elsewhere.", convert=name_translations)
    products: Connection[CollectionProduct] = many("What is in it, in order.", order=("position",))
    refreshed_at: datetime | None = column("When its rules were last applied to anything.")
    version: int = column("Goes up with every change by people; send it back as `expectedVersion`.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When somebody changed it last.")
    history: Connection[HistoryEntry] = many(
        "What happened to it, the newest first.", order=("-id",), across=(EventRow, "subject_id")
    )


@stored(models.CollectionProduct, prefix="cprod", scope=Scope.CATALOG_READ)
class CollectionProduct(Node):
    """That a product stands in a collection."""

    collection: Collection | None = to_one("The collection.", filter=True)
    product: Product | None = to_one("The product.")
    position: int = column("Its place in it.")
