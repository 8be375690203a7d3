"""Merchandising: where products stand, what they are like, the words they are found by, and what is shown together."""

from stoa.domains.catalog.merchandising.attributes import (
    AttributeChanges,
    AttributeDraft,
    Choice,
    define_attribute,
    delete_attribute,
    update_attribute,
)
from stoa.domains.catalog.merchandising.collecting import (
    CollectionChanges,
    CollectionDraft,
    create_collection,
    delete_collection,
    put_into_collection,
    reorder_collection,
    take_from_collection,
    update_collection,
)
from stoa.domains.catalog.merchandising.misses import Miss, search_misses
from stoa.domains.catalog.merchandising.refreshing import (
    Preview,
    Refreshed,
    follow_changes,
    follow_stock,
    preview_rules,
    refresh_collection,
)
from stoa.domains.catalog.merchandising.retagging import merge_tags, rename_tag, undo_tag_change
from stoa.domains.catalog.merchandising.ruling import About, Condition, Match, Relation, Rules
from stoa.domains.catalog.merchandising.searching import Found, Hit, Rank, search_products
from stoa.domains.catalog.merchandising.shelving import CategoryChanges, delete_category, update_category
from stoa.domains.catalog.merchandising.suggesting import Reason, Suggestion, accept_suggestion, suggest_tags
from stoa.domains.catalog.merchandising.tagging import change_tags
from stoa.domains.catalog.merchandising.valuing import set_attributes
from stoa.domains.catalog.results import RowResult

__all__ = [
    "About",
    "AttributeChanges",
    "AttributeDraft",
    "CategoryChanges",
    "Choice",
    "CollectionChanges",
    "CollectionDraft",
    "Condition",
    "Found",
    "Hit",
    "Match",
    "Miss",
    "Preview",
    "Rank",
    "Reason",
    "Refreshed",
    "Relation",
    "RowResult",
    "Rules",
    "Suggestion",
    "accept_suggestion",
    "change_tags",
    "create_collection",
    "define_attribute",
    "delete_attribute",
    "delete_category",
    "delete_collection",
    "follow_changes",
    "follow_stock",
    "merge_tags",
    "preview_rules",
    "put_into_collection",
    "refresh_collection",
    "rename_tag",
    "reorder_collection",
    "search_misses",
    "search_products",
    "set_attributes",
    "suggest_tags",
    "take_from_collection",
    "undo_tag_change",
    "update_attribute",
    "update_category",
    "update_collection",
]
