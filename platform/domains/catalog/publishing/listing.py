"""Listings: in which channel a product may be seen, and when."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchChannel, NoSuchProduct
from stoa.domains.catalog.events import FieldChange, ListingsChanged, ProductListingChanged
from stoa.domains.catalog.models import Channel
from stoa.domains.catalog.results import RowResult
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.errors import InvalidInput, Refusal
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

# Codes of the channels in which the product of `{row}` is seen now: it is on sale, the channel is open, and either a
# listing shows it at this moment or there is none and the channel shows everything.
VISIBLE_IN: Final = """SELECT coalesce(json_agg(c.code ORDER BY c.code), '[]'::json)
  FROM channel c LEFT JOIN listing l ON l.channel_id = c.id AND l.product_id = {row}.id
  WHERE {row}.status = 'ACTIVE' AND c.is_active AND CASE WHEN l.id IS NULL THEN c.shows_everything
    ELSE NOT l.is_hidden AND coalesce(l.publish_at <= now(), true) AND coalesce(l.unpublish_at > now(), true) END"""
# The same as a condition: whether it is seen now in one of the channels `{ids}`.
SEEN_IN: Final = """{row}.status = 'ACTIVE' AND EXISTS (
  SELECT FROM channel sc LEFT JOIN listing sl ON sl.channel_id = sc.id AND sl.product_id = {row}.id
  WHERE sc.id = ANY({ids}::uuid[]) AND sc.is_active AND CASE WHEN sl.id IS NULL THEN sc.shows_everything
    ELSE NOT sl.is_hidden AND coalesce(sl.publish_at <= now(), true) AND coalesce(sl.unpublish_at > now(), true) END)"""
_SET: Final = """
INSERT INTO listing (id, product_id, channel_id, publish_at, unpublish_at, is_hidden, created_at)
SELECT w.id, w.product_id, $1, w.publish_at, w.unpublish_at, w.is_hidden, $2
FROM jsonb_to_recordset($3::jsonb) AS w (id uuid, product_id uuid, publish_at timestamptz, unpublish_at timestamptz,
  is_hidden bool)
ORDER BY w.product_id
ON CONFLICT (product_id, channel_id) DO UPDATE SET publish_at = excluded.publish_at,
  unpublish_at = excluded.unpublish_at, is_hidden = excluded.is_hidden
"""
_STANDING: Final = """
SELECT product_id, publish_at, unpublish_at, is_hidden FROM listing WHERE channel_id = $1 AND product_id = ANY($2)
"""
_DROP: Final = "DELETE FROM listing WHERE channel_id = $1 AND product_id = ANY($2)"
_KNOWN: Final = "SELECT id FROM product WHERE id = ANY($1) ORDER BY id FOR SHARE"


@dataclass(frozen=True, slots=True)
class ListingWish:
    """How a product is to stand in a channel. `is_removed`: it has no listing there any more, and the channel's own
    rule counts."""

    product_id: UUID
    publish_at: datetime | None = None
    unpublish_at: datetime | None = None
    is_hidden: bool = False
    is_removed: bool = False


async def set_listings(
    ctx: Context, channel_id: UUID, wishes: Sequence[ListingWish], *, all_or_nothing: bool
) -> list[RowResult]:
    """Set the listings of many products in a channel, in seven statements however many; a result for each.

    With `all_or_nothing` one refused row is enough for nothing to be done. Raises `NoSuchChannel`.
    """
    async with shop_transaction():
        channel = await Channel.get_or_none(id=channel_id)
        if channel is None:
            raise NoSuchChannel("There is no such channel.", path=["channel_id"])
        rows = await shop_client().execute_query_dict(_KNOWN, [[each.product_id for each in wishes]])
        known = {row["id"] for row in rows}
        results = _judged(wishes, known)
        refused = any(each.refusals for each in results)
        good = [wish for wish, result in zip(wishes, results, strict=True) if not result.refusals]
        if good and not (refused and all_or_nothing):
            before = await _standing(channel_id, good)
            await _write(channel_id, good)
            told = [_news(channel, wish, before.get(wish.product_id)) for wish in good]
            news = {each.product_id: each for each in told if each is not None}
            await publish(ctx, *news.values(), is_told=False)
            for result in results:
                result.changed = not result.refusals and result.id in news
            await publish(ctx, ListingsChanged(channel_id, len(good)))
    return results


def _judged(wishes: Sequence[ListingWish], known: set[UUID]) -> list[RowResult]:
    seen: set[UUID] = set()
    results = []
    for i, wish in enumerate(wishes):
        results.append(RowResult(wish.product_id, _wrong(i, wish, known, seen)))
        seen.add(wish.product_id)
    return results


def _wrong(i: int, wish: ListingWish, known: set[UUID], seen: set[UUID]) -> list[Refusal]:
    if wish.product_id not in known:
        return [NoSuchProduct("There is no such product.", path=["products", i, "product_id"])]
    if wish.product_id in seen:
        return [InvalidInput("This product is named twice.", path=["products", i, "product_id"])]
    if wish.publish_at and wish.unpublish_at and wish.unpublish_at <= wish.publish_at:
        return [InvalidInput("It would end before it begins.", path=["products", i, "unpublish_at"])]
    return []


async def _standing(channel_id: UUID, wishes: Sequence[ListingWish]) -> dict[UUID, str]:
    """How the products stand in the channel, those that have a listing there; as their histories tell it."""
    rows = await shop_client().execute_query_dict(_STANDING, [channel_id, [each.product_id for each in wishes]])
    return {row["product_id"]: _told(row["publish_at"], row["unpublish_at"], row["is_hidden"]) for row in rows}


def _news(channel: Channel, wish: ListingWish, before: str | None) -> ProductListingChanged | None:
    after = None if wish.is_removed else _told(wish.publish_at, wish.unpublish_at, wish.is_hidden)
    if after == before:
        return None
    return ProductListingChanged(wish.product_id, channel.id, (FieldChange(f"listings.{channel.code}", before, after),))


def _told(publish_at: datetime | None, unpublish_at: datetime | None, is_hidden: bool) -> str:
    times = {"publishAt": publish_at, "unpublishAt": unpublish_at}
    shown = {name: time.astimezone(UTC).isoformat() for name, time in times.items() if time}
    return json.dumps({**shown, "isHidden": is_hidden})


async def _write(channel_id: UUID, wishes: Sequence[ListingWish]) -> None:
    removed = [each.product_id for each in wishes if each.is_removed]
    rows = [
        {
            "id": new_id(),
            "product_id": each.product_id,
            "publish_at": each.publish_at,
            "unpublish_at": each.unpublish_at,
            "is_hidden": each.is_hidden,
        }
        for each in wishes
        if not each.is_removed
    ]
    if removed:
        await shop_client().execute_query(_DROP, [channel_id, removed])
    if rows:
        await shop_client().execute_query(_SET, [channel_id, now(), as_json(rows)])
