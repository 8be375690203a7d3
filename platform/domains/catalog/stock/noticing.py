"""What follows from every movement: the alarm when stock runs low, once a crossing, and the live feed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from stoa.domains.catalog.events import StockLow, StockRecovered
from stoa.tenants.context import Context
from stoa.tenants.live import announce
from stoa.tenants.outbox import publish

TOPIC = "stock"
MOST_TOLD = 200  # rows in one message; of more, listeners only hear that there were many


class Moved(Protocol):
    """A row of stock that movements were written for, as it is now."""

    @property
    def stock_id(self) -> UUID: ...
    @property
    def variant_id(self) -> UUID: ...
    @property
    def location_id(self) -> UUID: ...
    @property
    def threshold(self) -> int | None: ...
    @property
    def available(self) -> int: ...
    @property
    def was_low(self) -> bool: ...
    @property
    def is_low(self) -> bool: ...
    @property
    def has_moved(self) -> bool: ...


async def notice(ctx: Context, rows: Iterable[Moved]) -> None:
    """Publish `StockLow` and `StockRecovered` for what has crossed its threshold, in the open transaction; once it
    commits, live listeners hear what has moved.

    The rows were locked from before they were moved, so a crossing is seen by exactly one of those who move.
    """
    moved = [row for row in rows if row.has_moved]
    if news := [_news(row) for row in moved if row.is_low != row.was_low]:
        await publish(ctx, *news)
    tell(ctx, moved)


def tell(ctx: Context, moved: Sequence[Moved]) -> None:
    """Tell those who watch the stock at this moment."""
    if moved:
        rows = [[row.stock_id, row.variant_id, row.location_id] for row in moved]
        announce(ctx, TOPIC, {"rows": rows if len(rows) <= MOST_TOLD else None})


def _news(row: Moved) -> StockLow | StockRecovered:
    if row.is_low:
        return StockLow(row.stock_id, row.variant_id, row.location_id, row.available, row.threshold or 0)
    return StockRecovered(row.stock_id, row.variant_id, row.location_id, row.available, row.threshold)
