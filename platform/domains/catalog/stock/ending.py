"""End reservations: released, expired or shipped, in whole or in part; or give them more time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from stoa.domains.catalog.errors import NotReserved
from stoa.domains.catalog.events import ReservationsExpired
from stoa.domains.catalog.models import MovementKind, Reservation, ReservationState
from stoa.domains.catalog.stock.demands import SET_ASIDE, Demand, Holder, Wanted, check_expiry, checked_lines
from stoa.domains.catalog.stock.noticing import notice
from stoa.domains.catalog.stock.reasons import EXPIRED
from stoa.domains.catalog.stock.refusing import names_of, not_enough
from stoa.domains.catalog.stock.reserving import EXPIRE, Taken
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.errors import Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import enqueue, publish

MOST_AT_ONCE = 500  # reservations that expire in one statement

_OF_HOLDER = "r.holder_id = $3::uuid AND r.holder_kind = $2::text AND $12::int IS NOT NULL"
_OVERDUE = """r.id IN (
    SELECT id FROM reservation WHERE state = 'HELD' AND expires_at <= $6::timestamptz
    ORDER BY expires_at LIMIT $12::int)
    AND $2::text IS NULL AND $3::uuid IS NULL"""
# The rows of stock are locked first and in the order of their ids, as everywhere, and their reservations with them.
# Lines, where there are some, say how many of what is held are to end: the oldest go first, and of the last one
# perhaps a part, which becomes a reservation of its own. Of a bundle the parts that were reserved together end together
# and in whole bundles, as many of each as were in it then. Of the pool that the lines name (of none, when they name
# none) it is taken first. What came out of a pool goes back there when it is let go while the pool is kept.
_NEW_ID = "(left($7::text, 18) || substr(gen_random_uuid()::text, 19))::uuid"
_END = f"""
WITH lines AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS w (n int, variant_id uuid, at uuid, quantity int, pool_id uuid)),
demand AS MATERIALIZED (
  SELECT variant_id, at, pool_id, sum(quantity) AS wanted FROM lines GROUP BY variant_id, at, pool_id),
found AS MATERIALIZED (
  SELECT r.*, s.variant_id, s.location_id, s.on_hand, s.threshold, s.is_low,
    coalesce(r.bundle_id, s.variant_id) AS sold, coalesce(r.batch_id, r.id) AS batch,
    r.quantity / r.per_bundle AS units,
    s.on_hand - s.reserved - s.damaged - s.held AS available
  FROM reservation r JOIN stock s ON s.id = r.stock_id WHERE r.state = 'HELD' AND %s
  ORDER BY s.id, r.id FOR UPDATE OF s, r),
batches AS (
  SELECT sold, batch, location_id, pool_id, max(units) AS units, min(created_at) AS created_at FROM found
  GROUP BY sold, batch, location_id, pool_id),
ranked AS (
  SELECT b.*, d.wanted, d.at, sum(b.units) OVER (PARTITION BY d.variant_id, d.at, d.pool_id
    ORDER BY b.pool_id IS DISTINCT FROM d.pool_id, b.created_at, b.batch, b.location_id
    ROWS UNBOUNDED PRECEDING) - b.units AS before
  FROM batches b JOIN demand d ON d.variant_id = b.sold AND (d.at IS NULL OR d.at = b.location_id)),
ending AS MATERIALIZED (
  SELECT sold, batch, location_id, at, least(units, wanted - before) AS units, gen_random_uuid() AS new_batch
  FROM ranked WHERE wanted > before
  UNION ALL
  SELECT sold, batch, location_id, NULL, units, gen_random_uuid() FROM batches WHERE NOT EXISTS (SELECT FROM lines)),
picked AS MATERIALIZED (
  SELECT f.*, (e.units * f.per_bundle)::int AS part, e.new_batch,
    f.pool_id IS NOT NULL AND coalesce(f.pool_until > $6::timestamptz, true) AND $14::bool AS goes_back
  FROM found f JOIN ending e ON e.sold = f.sold AND e.batch = f.batch AND e.location_id = f.location_id),
summed AS MATERIALIZED (
  SELECT stock_id, sum(part)::int AS part, coalesce(sum(part) FILTER (WHERE goes_back), 0)::int AS back,
    min(sold::text)::uuid AS sold
  FROM picked GROUP BY stock_id),
supply AS (
  SELECT d.*, coalesce((SELECT sum(e.units) FROM ending e WHERE e.sold = d.variant_id
    AND e.at IS NOT DISTINCT FROM d.at), 0) AS there FROM demand d),
absent AS MATERIALIZED (SELECT * FROM supply WHERE wanted > there),
short AS MATERIALIZED (
  SELECT DISTINCT f.variant_id, f.location_id AS at, s.part AS wanted, f.on_hand AS there, s.sold
  FROM found f JOIN summed s USING (stock_id) WHERE $4::text = 'SHIPPED' AND f.on_hand < s.part),
granted AS MATERIALIZED (
  SELECT * FROM picked WHERE NOT EXISTS (SELECT FROM absent) AND NOT EXISTS (SELECT FROM short)),
ended AS (
  UPDATE reservation r SET state = $4::text, ended_at = $6::timestamptz FROM granted g
  WHERE r.id = g.id AND g.part = g.quantity
  RETURNING r.id),
shrunk AS (
  UPDATE reservation r SET quantity = r.quantity - g.part FROM granted g WHERE r.id = g.id AND g.part < g.quantity),
split AS (
  INSERT INTO reservation (id, stock_id, quantity, state, holder_kind, holder_id, expires_at, created_at, ended_at,
    bundle_id, per_bundle, batch_id, pool_id, pool_until)
  SELECT {_NEW_ID}, stock_id, part, $4::text, holder_kind, holder_id, expires_at, created_at, $6::timestamptz,
    bundle_id, per_bundle, batch_id, pool_id, pool_until
  FROM granted WHERE part < quantity RETURNING id),
given_back AS (
  INSERT INTO reservation (id, stock_id, quantity, state, holder_kind, holder_id, expires_at, created_at, bundle_id,
    per_bundle, batch_id)
  SELECT {_NEW_ID}, stock_id, part, 'HELD', '{SET_ASIDE}', pool_id, pool_until, $6::timestamptz, bundle_id, per_bundle,
    CASE WHEN bundle_id IS NOT NULL THEN new_batch END
  FROM granted WHERE goes_back),
moved AS (
  INSERT INTO stock_movement (id, stock_id, kind, on_hand, reserved, reason, reference_kind, reference_id, actor_kind,
    actor_id, happened_at)
  SELECT {_NEW_ID}, stock_id, $5::text, CASE WHEN $4::text = 'SHIPPED' THEN -part ELSE 0 END, -part, $8::text,
    coalesce($9::text, holder_kind), coalesce($10::uuid, holder_id), $11::text, $13::uuid, $6::timestamptz
  FROM granted
  UNION ALL
  SELECT {_NEW_ID}, stock_id, 'RESERVATION', 0, part, $8::text, '{SET_ASIDE}', pool_id, $11::text, $13::uuid,
    $6::timestamptz
  FROM granted WHERE goes_back)
SELECT json_build_object(
  'absent', (SELECT coalesce(json_agg(absent), '[]') FROM absent),
  'short', (SELECT coalesce(json_agg(short), '[]') FROM short),
  'ended', (SELECT coalesce(json_agg(id), '[]') FROM (SELECT id FROM ended UNION ALL SELECT id FROM split) e),
  'holders', (SELECT coalesce(json_agg(json_build_array(holder_kind, holder_id, id)), '[]') FROM granted),
  'rows', (SELECT coalesce(json_agg(json_build_array(stock_id, variant_id, location_id,
      available + CASE WHEN $4::text = 'SHIPPED' THEN 0 ELSE part - back END, threshold, is_low) ORDER BY stock_id),
      '[]')
    FROM (SELECT DISTINCT f.stock_id, f.variant_id, f.location_id, f.available, s.part, s.back, f.threshold, f.is_low
      FROM found f JOIN summed s USING (stock_id) WHERE EXISTS (SELECT FROM granted)) r))::text AS answer
"""


class _Lacking(msgspec.Struct, frozen=True):
    variant_id: UUID
    at: UUID | None
    wanted: int
    there: int
    sold: UUID | None = None  # what was asked for: a bundle that it is a part of, or itself


class _Ended(msgspec.Struct, frozen=True):
    absent: list[_Lacking]
    short: list[_Lacking]
    ended: list[UUID]
    holders: list[tuple[str, UUID, UUID]]
    rows: list[Taken]


_decode = msgspec.json.Decoder(_Ended).decode


async def release(
    ctx: Context, holder: Holder, lines: Sequence[Demand] | None = None, *, reason: str = "", goes_back: bool = True
) -> Sequence[UUID]:
    """Let go of what the holder has reserved: all of it, or so many of these variants; the reservations that ended.

    Of the pool that a line names first; `goes_back`: to there, while it is kept. Without lines, twice changes nothing.
    Raises `NotReserved` for a line that asks for more than is held.
    """
    wanted = [] if lines is None else _checked(lines)
    async with shop_transaction():
        ended = list[UUID]()
        for part in _by_pool(wanted):
            done = await _end(
                ctx, holder, part, ReservationState.RELEASED, MovementKind.RELEASE, reason=reason, goes_back=goes_back
            )
            ended += done.ended
        return ended


async def ship(
    ctx: Context,
    holder: Holder,
    lines: Sequence[Demand] | None = None,
    *,
    reference: tuple[str, UUID] | None = None,
) -> Sequence[UUID]:
    """What the holder has reserved leaves the house: all of it, or so many of these variants.

    `reference` is what it leaves for; the holder, when not said. Raises `NotReserved`, also when nothing is held, and
    `NotEnoughStock` when there are fewer on hand: what was sold before it was there.
    """
    wanted = [] if lines is None else _checked(lines)
    async with shop_transaction():
        ended = list[UUID]()
        for part in _by_pool(wanted):
            done = await _end(
                ctx, holder, part, ReservationState.SHIPPED, MovementKind.SALE, reference=reference, goes_back=False
            )
            ended += done.ended
        if not ended:
            raise NotReserved("Nothing is reserved for this holder.", path=["holder"])
        return ended


async def expire_reservations(ctx: Context) -> int:
    """Let go of what is reserved beyond its time, everywhere in the shop; how many reservations that were."""
    expired = 0
    while True:
        async with shop_transaction():
            done = await _end(ctx, None, [], ReservationState.EXPIRED, MovementKind.RELEASE, reason=EXPIRED.text)
            by_holder: dict[tuple[str, UUID], list[UUID]] = {}
            for kind, holder_id, reservation_id in done.holders:
                by_holder.setdefault((kind, holder_id), []).append(reservation_id)
            await publish(
                ctx, *[ReservationsExpired(id, kind, tuple(ids)) for (kind, id), ids in sorted(by_holder.items())]
            )
        expired += len(done.ended)
        if len(done.holders) < MOST_AT_ONCE:
            return expired


async def extend(ctx: Context, holder: Holder, expires_at: datetime | None) -> Sequence[UUID]:
    """Hold what the holder has reserved until then; with None, until it is released or shipped.

    Raises `NotReserved` when nothing is held (any more).
    """
    check_expiry(expires_at)
    async with shop_transaction():
        held = Reservation.filter(holder_id=holder.id, holder_kind=holder.kind, state=ReservationState.HELD)
        ids = [each.id for each in await held.select_for_update().order_by("id")]
        if not ids:
            raise NotReserved("Nothing is reserved for this holder.", path=["holder"])
        await Reservation.filter(id__in=ids).update(expires_at=expires_at)
        if expires_at is not None:
            await enqueue(ctx, EXPIRE, {}, kind="general", run_at=expires_at)
    return ids


async def _end(
    ctx: Context,
    holder: Holder | None,
    wanted: list[Wanted],
    state: ReservationState,
    kind: MovementKind,
    *,
    reason: str = "",
    goes_back: bool = True,
    reference: tuple[str, UUID] | None = None,
) -> _Ended:
    given = as_json(wanted)
    values: list[Any] = [
        given,
        holder and holder.kind,
        holder and holder.id,
        state.value,
        kind.value,
        now(),
        str(new_id()),
    ]
    values += [reason[:200], *(reference or (None, None)), ctx.actor.kind, MOST_AT_ONCE, ctx.actor.id, goes_back]
    [row] = await shop_client().execute_query_dict(_END % (_OF_HOLDER if holder else _OVERDUE), values)
    done = _decode(row["answer"])
    if done.absent or done.short:
        raise Refusals(await _refusals(done, wanted))
    await notice(ctx, done.rows)
    return done


def _checked(lines: Sequence[Demand]) -> list[Wanted]:
    wanted = checked_lines(lines)
    anywhere = {each.variant_id for each in wanted if each.at is None}
    for each in wanted:
        if each.at is not None and each.variant_id in anywhere:
            raise NotReserved(
                "This variant is named with a location and without one: say where for all of it, or for none.",
                path=["lines", each.n, "location_id"],
            )
    return wanted


def _by_pool(wanted: list[Wanted]) -> list[list[Wanted]]:
    """The lines of each pool by themselves: what one takes, another must not count on. Of no lines one, empty."""
    by_pool: dict[UUID | None, list[Wanted]] = {}
    for each in wanted:
        by_pool.setdefault(each.pool_id, []).append(each)
    return list(by_pool.values()) or [[]]


async def _refusals(done: _Ended, wanted: list[Wanted]) -> list[Refusal]:
    names = await names_of(wanted, [each.at for each in done.short], [each.variant_id for each in done.short])
    absent: Mapping[tuple[UUID, UUID | None], _Lacking] = {(each.variant_id, each.at): each for each in done.absent}
    found: list[Refusal] = []
    for line in wanted:
        lacking = absent.get((line.variant_id, line.at))
        if lacking is not None and line.variant_id not in names.variants:
            found.append(names.unknown(line))
        elif lacking is not None:
            found.append(
                NotReserved(
                    "{what}: {left} reserved, {wanted} wanted.",
                    path=["lines", line.n],
                    what=names.variants[line.variant_id],
                    left=lacking.there,
                    wanted=lacking.wanted,
                )
            )
    for each in done.short if not found else ():
        n = next((line.n for line in wanted if line.variant_id in (each.variant_id, each.sold)), 0)
        what = names.placed(each.variant_id, each.at) if each.at else ""
        found.append(not_enough(what, each.variant_id, each.at, each.there, each.wanted, n, Sentence("on hand")))
    return found
