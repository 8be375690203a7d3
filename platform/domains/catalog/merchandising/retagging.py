"""Rename tags and merge several into one; both can be undone as long as nothing came after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.errors import NoSuchTag, NoSuchTagChange, TagChangedSince, TagTaken
from stoa.domains.catalog.events import TagChangeUndone, TagRenamed, TagsMerged
from stoa.domains.catalog.merchandising.tagging import clean_name
from stoa.domains.catalog.models import Tag
from stoa.domains.catalog.touching import touch_all, touch_where
from stoa.kit.encoding import as_json
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish
from stoa.tenants.shop_models import EventRow

MAX_MERGED, MAX_MOVED = 50, 50_000
UNDOABLE = (TagRenamed.__name__, TagsMerged.__name__)
_HAVING = "SELECT product_id FROM product_tag WHERE tag_id = $1"
_HELD = """
SELECT tag_id, array_agg(product_id ORDER BY product_id) AS products FROM product_tag WHERE tag_id = ANY($1) GROUP BY 1
"""
_GIVE = """
INSERT INTO product_tag (id, product_id, tag_id)
SELECT gen_random_uuid(), product_id, $1 FROM (SELECT DISTINCT product_id FROM product_tag WHERE tag_id = ANY($2)) old
ON CONFLICT (product_id, tag_id) DO NOTHING RETURNING product_id
"""
_TAGS_BACK = """
INSERT INTO tag (id, name, name_key, translations, created_at)
SELECT id, name, name_key, translations, created_at FROM jsonb_to_recordset($1::jsonb) AS old (
  id uuid, name text, name_key text, translations jsonb, created_at timestamptz)
"""
_PRODUCTS_BACK = """
INSERT INTO product_tag (id, product_id, tag_id)
SELECT gen_random_uuid(), p.id, old.id
FROM jsonb_to_recordset($1::jsonb) AS old (id uuid, products uuid[]) CROSS JOIN unnest(old.products) held
JOIN product p ON p.id = held
ON CONFLICT (product_id, tag_id) DO NOTHING
"""
_TAKE_BACK = "DELETE FROM product_tag WHERE tag_id = $1 AND product_id = ANY($2)"
# Those that are still there, and have it no more.
_LOST = """
SELECT count(*) AS products FROM product p WHERE p.id = ANY($2)
  AND NOT EXISTS (SELECT FROM product_tag t WHERE t.tag_id = $1 AND t.product_id = p.id)
"""


async def rename_tag(ctx: Context, tag_id: UUID, name: str) -> tuple[Tag, UUID | None]:
    """Rename a tag; tells the change's id for `undo_tag_change` too (None when it is named so already).

    Raises `InvalidInput`, `NoSuchTag` and `TagTaken`: two tags of one name are merged, not renamed.
    """
    line, key = clean_name(name)
    async with shop_transaction():
        [tag] = await _locked([tag_id], "id")
        if tag.name == line:
            return tag, None
        before, tag.name, tag.name_key = tag.name, line, key
        await _save_name(tag)
        await touch_where(_HAVING, tag_id)
        await publish(ctx, TagRenamed(tag_id, before, line))
        return tag, await _last_change(tag_id)


async def merge_tags(ctx: Context, into_id: UUID, merged_ids: Sequence[UUID]) -> tuple[Tag, UUID]:
    """Products that have one of the merged tags have the remaining one instead; the merged ones are gone.

    Tells the change's id too. Raises `NoSuchTag`, and `InvalidInput` when nothing, or itself, is to be merged.
    """
    if not 0 < len(set(merged_ids)) <= MAX_MERGED or into_id in merged_ids:
        raise InvalidInput("Name 1 to {limit} other tags to be merged.", path=["merged_ids"], limit=MAX_MERGED)
    async with shop_transaction():
        into, *merged = await _locked([into_id, *merged_ids], "into_id", "merged_ids")
        rows = await shop_client().execute_query_dict(_HELD, [[each.id for each in merged]])
        held = {row["tag_id"]: row["products"] for row in rows}
        if (moved := sum(map(len, held.values()))) > MAX_MOVED:
            raise InvalidInput(
                "{moved:,} times the merged tags are on a product; {limit:,} at a time are allowed.",
                path=["merged_ids"],
                limit=MAX_MOVED,
                moved=moved,
            )
        gave = await shop_client().execute_query_dict(_GIVE, [into.id, [each.id for each in merged]])
        await Tag.filter(id__in=[each.id for each in merged]).delete()
        await touch_all(sorted({product for products in held.values() for product in products}))
        as_they_were = [_as_it_was(each, held.get(each.id, [])) for each in merged]
        given = sorted(row["product_id"] for row in gave)
        await publish(ctx, TagsMerged(into.id, into.name, as_they_were, given))
        return into, await _last_change(into.id)


async def undo_tag_change(ctx: Context, change_id: UUID) -> Tag:
    """Put back what a renaming or a merging did; twice is refused. Tells the tag that was renamed or remained.

    Raises `NoSuchTagChange`, and `TagChangedSince` with the reason when undoing would destroy what came after.
    """
    async with shop_transaction():
        change = await EventRow.get_or_none(id=change_id, name__in=UNDOABLE)
        if change is None:
            raise NoSuchTagChange("There is no such renaming or merging of a tag.", path=["id"])
        tag = await Tag.filter(id=change.subject_id).select_for_update().get_or_none()
        if tag is None:
            raise TagChangedSince("The tag is gone: it has been merged into another one since.", path=["id"])
        if await _is_undone(change):
            raise TagChangedSince("This has been undone already.", path=["id"])
        if change.name == TagRenamed.__name__:
            await _undo_rename(tag, change.payload)
        else:
            await _undo_merge(tag, change.payload)
        await publish(ctx, TagChangeUndone(tag.id, change.id))
    return tag


async def _undo_rename(tag: Tag, change: dict[str, Any]) -> None:
    if tag.name != change["after"]:
        raise TagChangedSince("It has been renamed to {name} since.", path=["id"], name=tag.name)
    tag.name, tag.name_key = clean_name(change["before"])
    try:
        await _save_name(tag)
    except TagTaken:
        raise TagChangedSince(
            "There is another tag named {before} now.", path=["id"], before=change["before"]
        ) from None
    await touch_where(_HAVING, tag.id)


async def _undo_merge(tag: Tag, change: dict[str, Any]) -> None:
    given = [UUID(each) for each in change["given"]]
    keys = [each["name_key"] for each in change["merged"]]
    if taken := await Tag.filter(name_key__in=keys).order_by("name_key").first():
        raise TagChangedSince("There is another tag named {name} now.", path=["id"], name=taken.name)
    [lost] = await shop_client().execute_query_dict(_LOST, [tag.id, given])
    if lost["products"]:
        raise TagChangedSince(
            "{products} products that got the tag {name} by it have lost it since.",
            path=["id"],
            products=lost["products"],
            name=tag.name,
        )
    merged = as_json(change["merged"])
    await shop_client().execute_query(_TAGS_BACK, [merged])
    await shop_client().execute_query(_PRODUCTS_BACK, [merged])
    await shop_client().execute_query(_TAKE_BACK, [tag.id, given])
    await touch_all(sorted({UUID(product) for each in change["merged"] for product in each["products"]}))


def _as_it_was(tag: Tag, products: Sequence[UUID]) -> dict[str, Any]:
    return {
        "id": tag.id,
        "name": tag.name,
        "name_key": tag.name_key,
        "translations": tag.translations,
        "created_at": tag.created_at,
        "products": list(products),
    }


async def _locked(tag_ids: Sequence[UUID], first: str, others: str = "") -> list[Tag]:
    found = {each.id: each for each in await Tag.filter(id__in=list(tag_ids)).order_by("id").select_for_update()}
    for i, each in enumerate(dict.fromkeys(tag_ids)):
        if each not in found:
            raise NoSuchTag("There is no such tag.", path=[others, i - 1] if i else [first])
    return [found[each] for each in dict.fromkeys(tag_ids)]


async def _save_name(tag: Tag) -> None:
    try:
        async with shop_transaction():
            await tag.save(update_fields=["name", "name_key"])
    except IntegrityError:
        raise TagTaken("There is a tag named {taken} already; merge the two.", path=["name"], taken=tag.name) from None


async def _last_change(tag_id: UUID) -> UUID:
    """What this very transaction has just published of the tag: it holds the tag's row."""
    row = await EventRow.filter(subject_id=tag_id, name__in=UNDOABLE).order_by("-id").first()
    assert row is not None
    return row.id


async def _is_undone(change: EventRow) -> bool:
    later = await EventRow.filter(subject_id=change.subject_id, id__gt=change.id, name=TagChangeUndone.__name__)
    return str(change.id) in {each.payload["undone"] for each in later}
