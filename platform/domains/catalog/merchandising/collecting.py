"""Collections: make them, put products into them by hand and in order, or say by rules what belongs there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.changing import SAME, _Same
from stoa.domains.catalog.errors import CollectionChanged, FollowsRules, HandleTaken, HasNoRules, NoSuchCollection
from stoa.domains.catalog.events import CollectionCreated, CollectionDeleted, CollectionEdited
from stoa.domains.catalog.merchandising.refreshing import refresh
from stoa.domains.catalog.merchandising.rows import lock_products, results
from stoa.domains.catalog.merchandising.ruling import Rules, checked_rules
from stoa.domains.catalog.merchandising.translating import DESCRIPTION_LIMIT, NAME_LIMIT, clean_translations
from stoa.domains.catalog.models import Collection, CollectionKind, Translations
from stoa.domains.catalog.results import RowResult
from stoa.domains.catalog.variants import set_what_differs
from stoa.kit.checking import Problems, check_version, locked
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput, blaming
from stoa.kit.text import clean_line, clean_text, slugify
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

MAX_COLLECTIONS, MAX_RULED, MAX_BY_HAND = 1_000, 100, 5_000
_ADD = """
INSERT INTO collection_product (id, collection_id, product_id, position)
SELECT gen_random_uuid(), $1, each, place + (
  SELECT coalesce(max(position), 0) FROM collection_product WHERE collection_id = $1)
FROM unnest($2::uuid[]) WITH ORDINALITY AS added (each, place)
ON CONFLICT (collection_id, product_id) DO NOTHING RETURNING product_id
"""
_REMOVE = "DELETE FROM collection_product WHERE collection_id = $1 AND product_id = ANY($2) RETURNING product_id"
_REORDER = """
UPDATE collection_product c SET position = placed.place
FROM (SELECT s.id, row_number() OVER (ORDER BY first.place, s.position, s.id) AS place FROM collection_product s
  LEFT JOIN unnest($2::uuid[]) WITH ORDINALITY AS first (product_id, place) USING (product_id)
  WHERE s.collection_id = $1) placed
WHERE c.id = placed.id AND c.position <> placed.place RETURNING c.product_id
"""


@dataclass(frozen=True, slots=True)
class CollectionDraft:
    """`rules` say what is in it; without any it is put together by hand."""

    title: str
    handle: str | None = None
    description: str = ""
    translations: Translations = field(default_factory=dict)
    rules: Rules | None = None


@dataclass(frozen=True, slots=True)
class CollectionChanges:
    """Changes to a collection; what is `SAME` stays. One that is put together by hand cannot be given rules."""

    title: str | _Same = SAME
    handle: str | _Same = SAME
    description: str | _Same = SAME
    translations: Translations | _Same = SAME
    rules: Rules | _Same = SAME


async def create_collection(ctx: Context, draft: CollectionDraft) -> Collection:
    """Create a collection; one with rules has its products at once.

    Raises `Refusals` with everything that is wrong, and `HandleTaken`.
    """
    columns = _checked(CollectionChanges(draft.title, draft.handle or SAME, draft.description, draft.translations))
    columns.setdefault("handle", slugify(columns["title"]) or "collection")
    async with shop_transaction():
        rules = await _checked_rules(ctx, draft.rules) if draft.rules else None
        kind = CollectionKind.RULES if rules else CollectionKind.MANUAL
        await _check_room(kind)
        try:
            row = await Collection.create(kind=kind, rules=rules.as_kept() if rules else {}, **columns)
        except IntegrityError:
            raise _handle_taken(columns["handle"]) from None
        if rules:
            await refresh(ctx, row.id, rules)
        await publish(ctx, CollectionCreated(row.id))
    return row


async def update_collection(
    ctx: Context, collection_id: UUID, changes: CollectionChanges, *, expected_version: int | None = None
) -> Collection:
    """Save the changes and raise the version; other rules take effect at once.

    Raises `NoSuchCollection`, `CollectionChanged`, `HasNoRules`, and what creating raises.
    """
    columns = _checked(changes)
    async with shop_transaction():
        row = await locked_collection(collection_id)
        check_version(row, expected_version, CollectionChanged, row.title)
        rules = None
        if not isinstance(changes.rules, _Same):
            if row.kind is CollectionKind.MANUAL:
                raise HasNoRules("{title} is put together by hand.", path=["rules"], title=row.title)
            rules = await _checked_rules(ctx, changes.rules)
            columns["rules"] = rules.as_kept()
        changed = set_what_differs(row, columns)
        if changed:
            await _save(row, changed)
            if rules and "rules" in changed:
                await refresh(ctx, row.id, rules)
            await publish(ctx, CollectionEdited(row.id, tuple(changed)))
    return row


async def delete_collection(ctx: Context, collection_id: UUID) -> None:
    """Take a collection away; its products stay. Raises `NoSuchCollection`."""
    async with shop_transaction():
        row = await locked_collection(collection_id)
        await row.delete()
        await publish(ctx, CollectionDeleted(row.id, row.title))


async def put_into_collection(ctx: Context, collection_id: UUID, product_ids: Sequence[UUID]) -> list[RowResult]:
    """Put products at its end, in this order; those in it stay where they are.

    Raises `NoSuchCollection`, `FollowsRules` and `InvalidInput`.
    """
    return await _by_hand(ctx, collection_id, product_ids, _ADD, "products added")


async def take_from_collection(ctx: Context, collection_id: UUID, product_ids: Sequence[UUID]) -> list[RowResult]:
    """Take products out. Raises `NoSuchCollection`, `FollowsRules` and `InvalidInput`."""
    return await _by_hand(ctx, collection_id, product_ids, _REMOVE, "products removed")


async def reorder_collection(ctx: Context, collection_id: UUID, product_ids: Sequence[UUID]) -> list[RowResult]:
    """Let these products come first, in this order; the others follow as they were. Those not in it change nothing.

    Raises `NoSuchCollection`, `FollowsRules` and `InvalidInput`.
    """
    return await _by_hand(ctx, collection_id, product_ids, _REORDER, "order")


async def locked_collection(collection_id: UUID) -> Collection:
    return await locked(Collection, collection_id, NoSuchCollection("There is no such collection.", path=["id"]))


async def _by_hand(
    ctx: Context, collection_id: UUID, product_ids: Sequence[UUID], statement: str, what: str
) -> list[RowResult]:
    async with shop_transaction():
        row = await locked_collection(collection_id)
        if row.kind is CollectionKind.RULES:
            raise FollowsRules("What is in {title} is for its rules to say.", path=["id"], title=row.title)
        there = await lock_products(product_ids)
        rows = await shop_client().execute_query_dict(statement, [collection_id, there])
        if what == "products added" and await row.products.all().count() > MAX_BY_HAND:  # type: ignore[attr-defined]
            raise InvalidInput(
                "A collection put together by hand holds at most {limit:,} products.",
                path=["product_ids"],
                limit=MAX_BY_HAND,
            )
        if rows:
            await _save(row, [])
            await publish(ctx, CollectionEdited(row.id, (what,)))
    return results(product_ids, [each["product_id"] for each in rows], {}, there)


async def _checked_rules(ctx: Context, rules: Rules) -> Rules:
    with blaming("rules"):
        return await checked_rules(ctx, rules)


def _checked(changes: CollectionChanges) -> dict[str, Any]:
    """The columns as they will be stored. Raises `Refusals` with everything that is wrong."""
    problems, columns = Problems(), dict[str, Any]()
    if changes.title is not SAME:
        columns["title"] = problems.tried("title", clean_line, changes.title, what="title", limit=NAME_LIMIT)
    if changes.handle is not SAME:
        columns["handle"] = problems.tried("handle", _clean_handle, changes.handle)
    if changes.description is not SAME:
        columns["description"] = problems.tried(
            "description", clean_text, changes.description, what="description", limit=DESCRIPTION_LIMIT
        )
    if changes.translations is not SAME:
        columns["translations"] = problems.tried("translations", clean_translations, changes.translations)
    problems.refuse()
    return columns


def _clean_handle(handle: str) -> str:
    clean = slugify(handle)
    if not clean:
        raise InvalidInput("{handle!r} has no letter and no digit.", handle=handle[:60])
    return clean


async def _check_room(kind: CollectionKind) -> None:
    """Every change of a product is held against all rules: there must not be any number of them."""
    if await Collection.all().count() >= MAX_COLLECTIONS:
        raise InvalidInput("A shop has at most {limit:,} collections.", limit=MAX_COLLECTIONS)
    if kind is CollectionKind.RULES and await Collection.filter(kind=kind).count() >= MAX_RULED:
        raise InvalidInput("A shop has at most {limit} collections with rules.", path=["rules"], limit=MAX_RULED)


async def _save(row: Collection, changed: list[str]) -> None:
    row.version += 1
    row.updated_at = now()
    try:
        await row.save(update_fields=[*changed, "version", "updated_at"])
    except IntegrityError:
        raise _handle_taken(row.handle) from None


def _handle_taken(handle: str) -> HandleTaken:
    return HandleTaken("The handle {taken} is in use.", path=["handle"], taken=handle)
