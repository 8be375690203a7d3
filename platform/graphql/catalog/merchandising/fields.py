"""Merchandising's part of Query and Mutation."""

from __future__ import annotations

import strawberry

from stoa.graphql.catalog.merchandising import attributes, categories, collecting, tags
from stoa.graphql.catalog.merchandising.types import Attribute, Collection, Tag
from stoa.graphql.paging import Connection
from stoa.graphql.reading.declaring import one_of, page_of, root


@root
class MerchandisingQueries:
    """What can be asked of attributes, tags and collections."""

    attribute: Attribute | None = one_of("One attribute by its id.")
    attributes: Connection[Attribute] = page_of("The shop's attributes, by their keys.", order=("key",))
    tag: Tag | None = one_of("One tag by its id.")
    tags: Connection[Tag] = page_of("The shop's tags, by name.", order=("name_key",))
    collection: Collection | None = one_of("One collection by its id.")
    collections: Connection[Collection] = page_of("The shop's collections, by their handles.", order=("handle",))


@strawberry.type
class MerchandisingMutations:
    """What can be done with categories, attributes, tags and collections."""

    category_update = categories.category_update
    category_delete = categories.category_delete
    attribute_define = attributes.attribute_define
    attribute_update = attributes.attribute_update
    attribute_delete = attributes.attribute_delete
    product_attributes_set = attributes.product_attributes_set
    product_tags_change = tags.product_tags_change
    tag_rename = tags.tag_rename
    tags_merge = tags.tags_merge
    tag_change_undo = tags.tag_change_undo
    tag_suggestion_accept = tags.tag_suggestion_accept
    collection_create = collecting.collection_create
    collection_update = collecting.collection_update
    collection_delete = collecting.collection_delete
    collection_products_add = collecting.collection_products_add
    collection_products_remove = collecting.collection_products_remove
    collection_reorder = collecting.collection_reorder
    collection_refresh = collecting.collection_refresh
