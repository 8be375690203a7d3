"""Say from which number on stock is low, and how far it may be sold before it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from stoa.domains.catalog.changing import SAME, Same
from stoa.domains.catalog.errors import NamedTwice
from stoa.domains.catalog.models import MovementKind
from stoa.domains.catalog.stock.moving import MAX_QUANTITY, refuse
from stoa.domains.catalog.stock.noticing import notice
from stoa.domains.catalog.stock.recording import Entry, Mode, Row, record
from stoa.domains.catalog.stock.refusing import names_of, not_enough
from stoa.kit.encoding import as_json
from stoa.kit.errors import InvalidInput
from stoa.kit.languages import Sentence
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction

MAX_LINES = 250

_SET = """
UPDATE stock s SET threshold = CASE WHEN w.has_threshold THEN w.threshold ELSE s.threshold END,
  backorder_limit = coalesce(w.backorder_limit, s.backorder_limit), version = s.version + 1,
  is_low = coalesce(s.on_hand - s.reserved - s.damaged - s.held
    <= CASE WHEN w.has_threshold THEN w.threshold ELSE s.threshold END, false)
FROM jsonb_to_recordset($1::jsonb) AS w (stock_id uuid, has_threshold bool, threshold int, backorder_limit int)
WHERE s.id = w.stock_id RETURNING s.id, s.threshold
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a variant at a location, the main one when none is named. What is `SAME` stays; no threshold, no alarm."""

    variant_id: UUID
    location_id: UUID | None = None
    threshold: int | Same | None = SAME
    backorder_limit: int | Same = SAME


async def set_limits(ctx: Context, lines: Sequence[Limits]) -> Sequence[UUID]:
    """Set them all, or none; the rows of stock, in the order of the lines.

    Stock is low when what is available is the threshold or less; what becomes low or recovers by this is announced.
    Raises `NoSuchVariant`, `NoSuchLocation`, `LocationClosed`, `NamedTwice`, `InvalidInput`, and `NotEnoughStock` when
    more has been sold before it is there than the limit would allow.
    """
    _check(lines)
    entries = [
        Entry(n=n, variant_id=each.variant_id, at=each.location_id, kind=MovementKind.ADJUSTMENT.value)
        for n, each in enumerate(lines)
    ]
    async with shop_transaction():
        rows = await record(ctx, entries, Mode.ALL, reason="", reference=None)  # moves nothing: makes rows, locks them
        await refuse(entries, rows)
        of = {n: row for row in rows for n in row.ns}
        if len(of) > len(rows):
            raise NamedTwice("Two lines are about the same stock.", path=["lines"])
        await _check_sold(lines, of)
        await _set(ctx, lines, of)
    return [of[n].stock_id for n in range(len(lines))]


async def _set(ctx: Context, lines: Sequence[Limits], of: dict[int, Row]) -> None:
    wanted = [
        {
            "stock_id": of[n].stock_id,
            "has_threshold": each.threshold is not SAME,
            "threshold": None if each.threshold is SAME else each.threshold,
            "backorder_limit": None if each.backorder_limit is SAME else each.backorder_limit,
        }
        for n, each in enumerate(lines)
    ]
    found = await shop_client().execute_query_dict(_SET, [as_json(wanted)])
    now = {row["id"]: row["threshold"] for row in found}
    await notice(
        ctx,
        [msgspec.structs.replace(row, threshold=now[row.stock_id], has_moved=True) for row in of.values()],
    )


def _check(lines: Sequence[Limits]) -> None:
    if not 1 <= len(lines) <= MAX_LINES:
        raise InvalidInput(
            "{count} lines; 1 to {limit} are allowed.", path=["lines"], count=len(lines), limit=MAX_LINES
        )
    for n, each in enumerate(lines):
        for name in ("threshold", "backorder_limit"):
            value = getattr(each, name)
            if value is not SAME and value is not None and not 0 <= value <= MAX_QUANTITY:
                raise InvalidInput("{value} cannot be a limit.", path=["lines", n, name], value=value)


async def _check_sold(lines: Sequence[Limits], of: dict[int, Row]) -> None:
    for n, each in enumerate(lines):
        limit, row = each.backorder_limit, of[n]
        if isinstance(limit, int) and row.available + limit < 0:
            names = await names_of((), [row.location_id], [row.variant_id])
            what, said = names.placed(row.variant_id, row.location_id), Sentence("may be sold before they are there")
            raise not_enough(what, row.variant_id, row.location_id, limit, -row.available, n, said)
