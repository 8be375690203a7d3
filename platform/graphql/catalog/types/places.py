"""Where products stand, as GraphQL shows it: categories inside the shop, and the channels it sells in."""

from __future__ import annotations

from datetime import datetime

from stoa.domains.catalog import models
from stoa.graphql.catalog.naming import CategoryStep, NameTranslation, name_translations, steps
from stoa.graphql.catalog.recalling import HistoryEntry
from stoa.graphql.paging import Connection, Node
from stoa.graphql.reading.declaring import column, computed, many, stored, to_one
from stoa.tenants.access.scopes import Scope
from stoa.tenants.shop_models import EventRow

# The planner's rows know no way up; a circle there can never be (merchandising/shelving.py), nor more than 12 steps.
ANCESTORS = (
    "WITH RECURSIVE up AS (SELECT c.id, c.name, c.parent_id, 1 AS depth FROM category c WHERE c.id = {row}.parent_id "
    "UNION ALL SELECT c.id, c.name, c.parent_id, depth + 1 FROM up JOIN category c ON c.id = up.parent_id "
    "WHERE depth < 20) SELECT coalesce(json_agg(json_build_array(id, name) ORDER BY depth DESC), '[]'::json) FROM up"
)


@stored(models.Category, prefix="cat", scope=Scope.CATALOG_READ)
class Category(Node):
    """A shelf of the shop; shelves may stand inside shelves."""

    name: str = column("As shown to buyers; unique in the shop.", filter=True)
    parent: Category | None = to_one("The shelf it stands in.", filter=True)
    children: Connection[Category] = many("The shelves inside it.")
    products: Connection[Product] = many("What stands on it.")
    created_at: datetime = column("When it was made.")
    description: str = column("Text for buyers.")
    position: int = column("Its place among the categories beside it; equal ones stand by name.")
    translations: list[NameTranslation] = column(
        "Its name and description in other languages.", convert=name_translations
    )
    ancestors: list[CategoryStep] = computed(
        ANCESTORS, "The shelves that it stands in, the outermost first.", convert=steps
    )
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    history: Connection[HistoryEntry] = many(
        "What happened to it, the newest first.", order=("-id",), across=(EventRow, "subject_id")
    )


@stored(models.Channel, prefix="chan", scope=Scope.CATALOG_READ)
class Channel(Node):
    """A place where the shop sells. What it shows of the products on sale: all that has a listing there, within its
    times; and if it shows everything, also what has none."""

    code: str = column("Its code; unique in the shop.", filter=True)
    name: str = column("As shown to people.")
    translations: list[NameTranslation] = column("Its name in other languages.", convert=name_translations)
    is_active: bool = column("Whether anything is seen there.")
    shows_everything: bool = column("Whether it shows whatever is on sale, unless a listing says otherwise.")
    version: int = column("Goes up with every change; send it back as `expectedVersion`.")
    listings: Connection[Listing] = many("How products stand in it.", order=("product_id",))
    created_at: datetime = column("When it was made.")
    history: Connection[HistoryEntry] = many(
        "What happened to it, the newest first.", order=("-id",), across=(EventRow, "subject_id")
    )


@stored(models.Listing, prefix="list", scope=Scope.CATALOG_READ)
class Listing(Node):
    """How a product stands in a channel."""

    product: Product = to_one("The product.")
    channel: Channel = to_one("The channel.", filter=True)
    publish_at: datetime | None = column("From when it is seen there; always if null.", filter=True)
    unpublish_at: datetime | None = column("Until when it is seen there.", filter=True)
    is_hidden: bool = column("Whether it is not seen there, whatever the channel shows.", filter=True)


# Last: it refers to the types above.
from stoa.graphql.catalog.types.products import Product  # noqa: E402
