"""Gather what was staged: the next orders to write, each whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from stoa.domains.orders.importing.options import Field
from stoa.tenants.database import shop_client

MAX_ORDERS, MAX_PIECES = 500, 1000
MAX_SIZE = 1024 * 1024  # bytes as PostgreSQL keeps them
MAX_LINES = 10_000  # of one order
NEXT = """
SELECT line, product_key, pg_column_size(cells) AS size
FROM import_row WHERE run_id = $1 AND line > $2 ORDER BY line LIMIT $3
"""
# Of an order that is too long only so much as tells that it is.
PIECES = f"""
SELECT product_key, line, cells FROM (
  SELECT *, sum(jsonb_array_length(cells->'lines')) OVER (PARTITION BY product_key ORDER BY line
    ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW) AS lines_before
  FROM import_row WHERE run_id = $1 AND product_key = ANY($2)) AS staged
WHERE lines_before IS NULL OR lines_before <= {MAX_LINES} ORDER BY line
"""


class FileLine(msgspec.Struct, array_like=True):
    """A line as the file has it; `price` has more decimals than the currency (see `values.FINE`)."""

    line: int
    sku: str | None
    title: str | None
    quantity: int
    price: int
    discount: int | None
    fulfilment: str | None
    requires_shipping: bool | None


class Cells(msgspec.Struct):
    fields: dict[str, Any]
    lines: list[FileLine]
    is_broken: bool


@dataclass(slots=True)
class FileOrder:
    """An order as the file has it."""

    key: str
    line: int
    fields: dict[str, Any] = field(default_factory=dict)
    lines: list[FileLine] = field(default_factory=list)
    is_broken: bool = False

    @property
    def is_too_long(self) -> bool:
        return len(self.lines) > MAX_LINES

    def time(self, name: Field) -> datetime | None:
        value = self.fields.get(name)
        return datetime.fromisoformat(value) if value else None

    def text(self, name: Field) -> str:
        return str(self.fields.get(name) or "")

    def amount(self, name: Field) -> int | None:
        value = self.fields.get(name)
        return None if value is None else int(value)


_decode = msgspec.json.Decoder(Cells).decode


async def gather(run_id: UUID, after_line: int) -> tuple[list[FileOrder], int]:
    """The next orders whose first line is after `after_line`, and the line after which the others begin."""
    client = shop_client()
    keys: dict[str, int] = {}
    size = 0
    for row in await client.execute_query_dict(NEXT, [run_id, after_line, MAX_PIECES]):
        if row["product_key"] not in keys and (len(keys) == MAX_ORDERS or size > MAX_SIZE):
            break
        keys.setdefault(row["product_key"], row["line"])
        after_line, size = row["line"], size + row["size"]
    orders = {key: FileOrder(key, line) for key, line in keys.items()}
    for piece in await client.execute_query_dict(PIECES, [run_id, list(keys)]) if keys else []:
        _add(orders[piece["product_key"]], _decode(piece["cells"]))
    return list(orders.values()), after_line


def _add(order: FileOrder, cells: Cells) -> None:
    order.fields = cells.fields | order.fields
    order.lines += cells.lines
    order.is_broken |= cells.is_broken
