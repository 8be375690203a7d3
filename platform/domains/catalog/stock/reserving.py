"""Reserve stock for a cart or an order: several lines at once, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from stoa.domains.catalog.errors import ReservationDiffers
from stoa.domains.catalog.models import Reservation
from stoa.domains.catalog.stock.demands import Demand, Holder, Short, Wanted, check_expiry, checked_lines
from stoa.domains.catalog.stock.drawing import draw
from stoa.domains.catalog.stock.locking import lock_stock
from stoa.domains.catalog.stock.noticing import notice, tell
from stoa.domains.catalog.stock.recording import unless_just_changed
from stoa.domains.catalog.stock.refusing import names_of, not_enough
from stoa.domains.catalog.stock.unbundling import unbundled
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.errors import InvalidInput, Refusal, Refusals, blaming
from stoa.kit.ids import new_id
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import ShopTransactionClient, shop_client, shop_transaction
from stoa.tenants.outbox import enqueue, enqueue_along

EXPIRE = "catalog.expire_reservations"


class Taken(msgspec.Struct, frozen=True, array_like=True):
    """A row of stock that something was reserved of."""

    stock_id: UUID
    variant_id: UUID
    location_id: UUID
    available: int
    threshold: int | None
    was_low: bool

    @property
    def is_low(self) -> bool:
        return self.threshold is not None and self.available <= self.threshold

    @property
    def has_moved(self) -> bool:
        return True


class _Granted(msgspec.Struct, frozen=True):
    short: list[Short]
    earlier: list[UUID]
    made: list[UUID]
    rows: list[Taken]
    has_bundles: bool


_decode = msgspec.json.Decoder(_Granted).decode


# One statement. The rows are locked in the order of their ids; what the lines ask of one row is summed up before it is
# judged. Lines that name no location take from the active ones in their order, first what is really there, then what
# may be sold before it is. Nothing is done when something is short, when the holder's request was done before, or when
# a threshold would be crossed and $8 forbids it: the news of that must be published in the same transaction. When a
# bundle is among the lines nothing is locked either: they come again with its parts (unbundling.py). The rows are
# asked for by ANY of an array: the planner expects few then and goes by the index; of a recordset it expects hundreds.
_NEW_ID = "(left($7::text, 18) || substr(gen_random_uuid()::text, 19))::uuid"  # of the time of $7, the rest random
_RESERVE = f"""
WITH lines AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS w (n int, variant_id uuid, at uuid, quantity int, bundle_id uuid,
    per int)),
bundles AS MATERIALIZED (SELECT id FROM bundle_part WHERE bundle_id IN (SELECT variant_id FROM lines) LIMIT 1),
earlier AS MATERIALIZED (
  SELECT id FROM reservation WHERE holder_id = $3 AND holder_kind = $2::text AND request_key = $4::text),
demand AS MATERIALIZED (SELECT variant_id, at, sum(quantity) AS wanted FROM lines GROUP BY variant_id, at),
locked AS MATERIALIZED (
  SELECT s.*, s.on_hand - s.reserved - s.damaged - s.held AS available, l.position, l.is_main
  FROM stock s JOIN location l ON l.id = s.location_id AND l.is_active
  WHERE s.variant_id = ANY(ARRAY(SELECT variant_id FROM demand)) AND EXISTS (
    SELECT FROM demand d WHERE d.variant_id = s.variant_id AND (d.at IS NULL OR d.at = s.location_id))
    AND NOT EXISTS (SELECT FROM bundles)
  ORDER BY s.id FOR UPDATE OF s),
placed AS (
  SELECT l.*, coalesce(d.wanted, 0) AS fixed FROM locked l
  LEFT JOIN demand d ON d.variant_id = l.variant_id AND d.at = l.location_id),
layers AS (
  SELECT id, variant_id, position, is_main, 0 AS layer, greatest(available - fixed, 0) AS room FROM placed
  UNION ALL
  SELECT id, variant_id, position, is_main, 1,
    greatest(available + backorder_limit - fixed, 0) - greatest(available - fixed, 0) FROM placed),
spread AS (
  SELECT l.id, l.room, d.wanted, sum(room) OVER (PARTITION BY l.variant_id ORDER BY layer, position, is_main DESC, id
    ROWS UNBOUNDED PRECEDING) - room AS before
  FROM layers l JOIN demand d ON d.variant_id = l.variant_id AND d.at IS NULL),
taken AS MATERIALIZED (
  SELECT p.id, (p.fixed + coalesce(s.quantity, 0))::int AS quantity
  FROM placed p LEFT JOIN (
    SELECT id, sum(greatest(0, least(room, wanted - before))) AS quantity FROM spread GROUP BY id) s USING (id)
  WHERE p.fixed + coalesce(s.quantity, 0) BETWEEN 1 AND 2147483647),
supply AS (
  SELECT d.variant_id, d.at, d.wanted, coalesce((
    SELECT sum(p.available + p.backorder_limit - CASE WHEN d.at IS NULL
      THEN least(p.fixed, p.available + p.backorder_limit) ELSE 0 END)
    FROM placed p WHERE p.variant_id = d.variant_id AND (d.at IS NULL OR p.location_id = d.at)), 0) AS there
  FROM demand d),
short AS MATERIALIZED (SELECT * FROM supply WHERE wanted > there),
granted AS MATERIALIZED (
  SELECT t.id, t.quantity FROM taken t
  WHERE NOT EXISTS (SELECT FROM short) AND NOT EXISTS (SELECT FROM earlier) AND ($8::bool OR NOT EXISTS (
    SELECT FROM locked l JOIN taken t USING (id) WHERE NOT l.is_low AND l.available - t.quantity <= l.threshold))),
made AS (
  INSERT INTO reservation (id, stock_id, quantity, state, holder_kind, holder_id, request_key, number, expires_at,
    created_at, bundle_id, per_bundle, batch_id)
  SELECT {_NEW_ID}, id, quantity, 'HELD', $2::text, $3, $4::text, row_number() OVER (ORDER BY id, bundle_id) - 1,
    $5::timestamptz, $6::timestamptz, bundle_id, per, CASE WHEN bundle_id IS NOT NULL THEN $7::uuid END
  FROM (%(portions)s) portions RETURNING id),
moved AS (
  INSERT INTO stock_movement (id, stock_id, kind, reserved, reference_kind, reference_id, actor_kind, actor_id,
    happened_at)
  SELECT {_NEW_ID}, id, 'RESERVATION', quantity, $2::text, $3, $9::text, $10::uuid, $6::timestamptz FROM granted)
  %(jobs)s
SELECT json_build_object(
  'short', (SELECT coalesce(json_agg(short), '[]') FROM short),
  'earlier', (SELECT coalesce(json_agg(id), '[]') FROM earlier),
  'made', (SELECT coalesce(json_agg(id), '[]') FROM made),
  'rows', (SELECT coalesce(json_agg(json_build_array(l.id, l.variant_id, l.location_id,
      l.available - t.quantity, l.threshold, l.is_low) ORDER BY l.id), '[]')
    FROM locked l JOIN granted t USING (id)),
  'has_bundles', EXISTS (SELECT FROM bundles))::text
"""
_WHOLE = "SELECT id, quantity, NULL::uuid AS bundle_id, 1 AS per FROM granted"
# What is taken of a row for a bundle is a reservation of its own.
_BY_BUNDLE = """
  WITH parts AS (
    SELECT l.id, b.bundle_id, b.per, sum(b.quantity)::int AS quantity FROM lines b
    JOIN locked l ON l.variant_id = b.variant_id AND l.location_id = b.at
    WHERE b.bundle_id IS NOT NULL GROUP BY l.id, b.bundle_id, b.per)
  SELECT id, parts.quantity, bundle_id, per FROM granted JOIN parts USING (id)
  UNION ALL
  SELECT id, g.quantity - coalesce(p.quantity, 0)::int, NULL, 1 FROM granted g
  LEFT JOIN (SELECT id, sum(quantity) AS quantity FROM parts GROUP BY id) p USING (id)
  WHERE g.quantity > coalesce(p.quantity, 0)
"""
_VALUES = 10


async def reserve(
    ctx: Context,
    holder: Holder,
    lines: Sequence[Demand],
    *,
    expires_at: datetime | None = None,
    key: str | None = None,
) -> Sequence[UUID]:
    """Reserve all the lines for the holder, or nothing; the ids of the reservations, one for each row taken from.

    Of a bundle its parts are reserved, all those of one from one location (unbundling.py). A line with a `pool_id`
    takes over what a flash sale has set aside (drawing.py).

    They are held until they are released or shipped, or until `expires_at`. The same `key` of the same holder again
    reserves nothing and gives the ids of the first time. Raises `NotEnoughStock` for each line that is short, with the
    quantity left, `NoSuchVariant`, `NoSuchLocation`, `LocationClosed`, and `ReservationDiffers`.
    """
    wanted, key = checked_lines(lines), _checked_key(key)
    check_expiry(expires_at)
    if any(each.pool_id for each in wanted):
        return await _with_pools(ctx, holder, wanted, expires_at, key)
    return await _reserved(ctx, holder, wanted, expires_at, key)


async def _with_pools(
    ctx: Context, holder: Holder, wanted: list[Wanted], expires_at: datetime | None, key: str | None
) -> Sequence[UUID]:
    """What flash sales have set aside is taken over from them, the rest as ever; all of it locked before, in order."""
    if key is not None:
        raise InvalidInput("What comes out of a flash sale is reserved without a key.", path=["key"])
    rest = [each for each in wanted if each.pool_id is None]
    async with shop_transaction():
        await lock_stock([each.variant_id for each in wanted])
        drawn = await draw(ctx, holder, [each for each in wanted if each.pool_id], expires_at)
        if expires_at is not None:
            await enqueue(ctx, EXPIRE, {}, kind="general", run_at=expires_at)
        return [*drawn, *(await _reserved(ctx, holder, rest, expires_at, None) if rest else ())]


async def _reserved(
    ctx: Context, holder: Holder, wanted: list[Wanted], expires_at: datetime | None, key: str | None
) -> Sequence[UUID]:
    try:
        granted = await _grant(ctx, holder, wanted, expires_at, key)
    except asyncpg.UniqueViolationError:  # the same request was at it at the same moment, and came first
        granted = await _grant(ctx, holder, wanted, expires_at, key)
    if granted.earlier:
        return await _the_same(granted.earlier, wanted)
    if granted.short:
        raise Refusals(await _refusals(granted.short, wanted))
    return granted.made


async def _grant(
    ctx: Context, holder: Holder, wanted: list[Wanted], expires_at: datetime | None, key: str | None
) -> _Granted:
    """One statement and no transaction, as long as no threshold is crossed by it."""
    if not isinstance(shop_client(), ShopTransactionClient):
        granted = await _ask(ctx, holder, wanted, expires_at, key, may_cross=False)
        if granted.earlier or (not granted.has_bundles and (granted.made or granted.short)):
            tell(ctx, granted.rows)
            return granted
    # a request with a key may come a second time at the same moment, which must not end the caller's transaction
    is_alone = not isinstance(shop_client(), ShopTransactionClient)
    async with shop_transaction() if is_alone or key else nullcontext():
        granted = await _ask(ctx, holder, wanted, expires_at, key, may_cross=True)
        if granted.has_bundles and not granted.earlier:
            parts, short = await unbundled(wanted)
            if short:
                return msgspec.structs.replace(granted, short=short)
            granted = await _ask(ctx, holder, parts, expires_at, key, may_cross=True)
        await notice(ctx, granted.rows)
    return granted


async def _ask(
    ctx: Context,
    holder: Holder,
    wanted: list[Wanted],
    expires_at: datetime | None,
    key: str | None,
    *,
    may_cross: bool,
) -> _Granted:
    given = as_json(wanted)
    values: list[Any] = [given, holder.kind, holder.id, key, expires_at, now(), str(new_id()), may_cross]
    values += [ctx.actor.kind, ctx.actor.id]
    jobs = ""
    if expires_at is not None:
        along = enqueue_along(ctx, EXPIRE, {}, run_at=expires_at, cause="granted", after=_VALUES)
        jobs = f", {along.ctes}"
        values += along.values
    async with shop_client().acquire_connection() as connection:
        with unless_just_changed():
            return _decode(await connection.fetchval(_statement(wanted, jobs), *values))


def _statement(wanted: list[Wanted], jobs: str) -> str:
    has_parts = any(each.bundle_id for each in wanted)
    return _RESERVE % {"portions": _BY_BUNDLE if has_parts else _WHOLE, "jobs": jobs}


def _checked_key(key: str | None) -> str | None:
    with blaming("key"):
        return None if key is None else clean_line(key, what="key", limit=120)


async def _the_same(ids: Sequence[UUID], wanted: list[Wanted]) -> Sequence[UUID]:
    """What the request made the first time. Another request under the same key is refused."""
    reserved = await Reservation.filter(id__in=ids).values_list("bundle_id", "stock__variant_id")
    if {bundle or variant for bundle, variant in reserved} != {each.variant_id for each in wanted}:
        raise ReservationDiffers("This key came with other lines before.", path=["key"])
    return ids


async def _refusals(short: Sequence[Short], wanted: list[Wanted]) -> list[Refusal]:
    names = await names_of(wanted)
    by_place = {(each.variant_id, each.at): each for each in short}
    found: list[Refusal] = []
    for line in wanted:
        lacking = by_place.get((line.variant_id, line.at))
        if lacking is None:
            continue
        if line.variant_id not in names.variants or (line.at and line.at not in names.locations):
            found.append(names.unknown(line))
        elif line.at in names.closed:
            found.append(names.closed_at(line, line.at))
        else:
            what = names.variants[line.variant_id] + (f" at {names.locations[line.at]}" if line.at else "")
            found.append(not_enough(what, line.variant_id, line.at, lacking.there, lacking.wanted, line.n))
    return found
