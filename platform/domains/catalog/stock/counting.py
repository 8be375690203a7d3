"""Count what is really there, and correct the books by what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.errors import (
    CountChanged,
    CountEnded,
    CountOpen,
    LocationClosed,
    NamedTwice,
    NoSuchCount,
    NoSuchLocation,
    NoSuchVariant,
)
from stoa.domains.catalog.events import StockCountCancelled, StockCountClosed, StockCountOpened
from stoa.domains.catalog.models import Location, MovementKind, StockCount, StockCountLine, StockCountState
from stoa.domains.catalog.stock.moving import MAX_QUANTITY, Move, move
from stoa.domains.catalog.stock.refusing import names_of
from stoa.domains.catalog.stock.under_way import UnderWay
from stoa.kit.clock import now
from stoa.kit.encoding import as_json
from stoa.kit.errors import InvalidInput, Refusal, Refusals
from stoa.kit.ids import new_id
from stoa.kit.languages import Sentence
from stoa.kit.text import clean_text
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

MAX_LINES = 250
COUNTS = UnderWay(
    StockCount,
    Sentence("The count"),
    StockCountState.OPEN,
    missing=lambda: NoSuchCount("There is no such count.", path=["id"]),
    ended=lambda state: CountEnded("The count is {state} already.", path=["id"], state=state),
    changed=CountChanged,
)

# What the books say is read at the moment of counting, under a lock on the row: what moves later is not a difference.
_RECORD = """
WITH counted AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS c (id uuid, variant_id uuid, counted int)),
locked AS MATERIALIZED (
  SELECT s.variant_id, s.on_hand FROM stock s
  WHERE s.location_id = $3 AND s.variant_id = ANY(ARRAY(SELECT variant_id FROM counted)) ORDER BY s.id FOR UPDATE)
INSERT INTO stock_count_line (id, count_id, variant_id, expected, counted, counted_at)
SELECT c.id, $2, v.id, coalesce(l.on_hand, 0), c.counted, $4
FROM counted c JOIN variant v ON v.id = c.variant_id
  JOIN product p ON p.id = v.product_id AND NOT p.is_bundle
  LEFT JOIN locked l ON l.variant_id = v.id
WHERE v.id = ANY(ARRAY(SELECT variant_id FROM counted)) ORDER BY v.id
ON CONFLICT (count_id, variant_id) DO UPDATE
  SET expected = excluded.expected, counted = excluded.counted, counted_at = excluded.counted_at
RETURNING variant_id
"""


async def open_count(ctx: Context, location_id: UUID, *, note: str = "") -> StockCount:
    """Begin a stock-take. Raises `NoSuchLocation`, `LocationClosed`, and `CountOpen`: one at a time for a location."""
    note = clean_text(note, what="note", limit=500)
    async with shop_transaction():
        location = await Location.get_or_none(id=location_id)
        if location is None:
            raise NoSuchLocation("There is no such location.", path=["location_id"])
        if not location.is_active:
            raise LocationClosed("{name} is not active.", path=["location_id"], name=location.name)
        try:
            count = await StockCount.create(location_id=location_id, state=StockCountState.OPEN, note=note)
        except IntegrityError as error:
            if isinstance(error.args[0], asyncpg.UniqueViolationError):
                raise CountOpen("{name} is being counted already.", path=["location_id"], name=location.name) from None
            raise
        await publish(ctx, StockCountOpened(count.id))
    return count


async def record_counts(ctx: Context, count_id: UUID, lines: Sequence[tuple[UUID, int]]) -> StockCount:
    """Note how many there are of these variants; one that is counted again replaces what was noted before.

    Raises `NoSuchCount`, `CountEnded`, `NoSuchVariant`, `IsABundle`, `NamedTwice` and `InvalidInput`.
    """
    _check(lines)
    async with shop_transaction():
        count = await COUNTS.locked(count_id)
        rows: list[dict[str, Any]] = [{"id": new_id(), "variant_id": id, "counted": n} for id, n in lines]
        location_id: UUID = count.location_id  # type: ignore[attr-defined]
        values = [as_json(rows), count.id, location_id, now()]
        noted = {row["variant_id"] for row in await shop_client().execute_query_dict(_RECORD, values)}
        unknown = [n for n, (id, _) in enumerate(lines) if id not in noted]
        if unknown:
            raise Refusals(await _uncountable(unknown, lines))
        await COUNTS.save(count)
    return count


async def close_count(ctx: Context, count_id: UUID, *, expected_version: int | None = None) -> StockCount:
    """Correct the books by the differences that were found, all of them or none. Closing twice changes nothing.

    Raises `NoSuchCount`, `CountChanged`, `CountEnded` when it was cancelled, and what `move` raises: fewer were found
    than are promised. Its paths name the line by its place among the differences, in the order of counting.
    """
    async with shop_transaction():
        count = await COUNTS.locked(count_id, expected_version, besides=StockCountState.CLOSED)
        if count.state is StockCountState.CLOSED:
            return count
        moves = await _differences(count)
        await move(ctx, moves, reason=count.note[:200], reference=("stock_count", count.id))
        count.state, count.ended_at = StockCountState.CLOSED, now()
        await COUNTS.save(count)
        await publish(ctx, StockCountClosed(count.id, len(moves)))
    return count


async def cancel_count(ctx: Context, count_id: UUID) -> StockCount:
    """End it without touching the books. Twice changes nothing. Raises `NoSuchCount`, and `CountEnded` when closed."""
    async with shop_transaction():
        count = await COUNTS.locked(count_id, besides=StockCountState.CANCELLED)
        if count.state is not StockCountState.CANCELLED:
            count.state, count.ended_at = StockCountState.CANCELLED, now()
            await COUNTS.save(count)
            await publish(ctx, StockCountCancelled(count.id))
    return count


async def _uncountable(which: Sequence[int], lines: Sequence[tuple[UUID, int]]) -> list[Refusal]:
    names = await names_of((), (), [lines[n][0] for n in which])
    return [
        names.bundle(n, lines[n][0])
        if lines[n][0] in names.variants
        else NoSuchVariant("There is no such variant.", path=["lines", n, "variant_id"])
        for n in which
    ]


async def _differences(count: StockCount) -> list[Move]:
    lines = await StockCountLine.filter(count_id=count.id).order_by("id").values("variant_id", "expected", "counted")
    location_id: UUID = count.location_id  # type: ignore[attr-defined]
    return [
        Move(each["variant_id"], location_id, MovementKind.COUNT, on_hand=each["counted"] - each["expected"])
        for each in lines
        if each["counted"] != each["expected"]
    ]


def _check(lines: Sequence[tuple[UUID, int]]) -> None:
    if not 1 <= len(lines) <= MAX_LINES:
        raise InvalidInput(
            "{count} lines; 1 to {limit} are allowed.", path=["lines"], count=len(lines), limit=MAX_LINES
        )
    seen: set[UUID] = set()
    for n, (variant_id, counted) in enumerate(lines):
        if not 0 <= counted <= MAX_QUANTITY:
            raise InvalidInput("{counted} cannot be counted.", path=["lines", n, "counted"], counted=counted)
        if variant_id in seen:
            raise NamedTwice("An earlier line is about the same variant.", path=["lines", n, "variant_id"])
        seen.add(variant_id)
