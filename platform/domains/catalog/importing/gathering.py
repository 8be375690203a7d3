"""Gather what was staged: the next products to write, as the file wants them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from stoa.domains.catalog.drafting import MAX_IMAGES, MAX_VARIANTS
from stoa.domains.catalog.importing.interpreting import ODD_TITLE
from stoa.domains.catalog.importing.issues import Issue
from stoa.domains.catalog.importing.options import Field
from stoa.tenants.database import shop_client

MAX_PRODUCTS = 500
MAX_PIECES = 1000
MAX_SIZE = 1024 * 1024  # bytes as PostgreSQL keeps them; long descriptions make small batches
NEXT = """
SELECT line, product_key, pg_column_size(cells) AS size
FROM import_row WHERE run_id = $1 AND line > $2 ORDER BY line LIMIT $3
"""
# One piece may be about the product alone, hence the one above the variants; more are counted and not fetched.
PIECES = f"""
SELECT line, product_key, item_key, cells, images, times FROM (
  SELECT *, count(*) OVER product AS times, row_number() OVER (product ORDER BY line) AS number
  FROM import_row WHERE run_id = $1 AND product_key = ANY($2) WINDOW product AS (PARTITION BY product_key)
) AS numbered WHERE number <= {MAX_VARIANTS + 1} ORDER BY line
"""
COLUMNS = {
    Field.SKU: "sku",
    Field.VARIANT_TITLE: "title",
    Field.BARCODE: "barcode",
    Field.PRICE: "price_minor",
    Field.LIST_PRICE: "list_price_minor",
    Field.COST: "cost_minor",
    Field.STOCK: "on_hand",
}
Cells = dict[str, tuple[Any, int]]


@dataclass(slots=True)
class WantedVariant:
    """A variant as the file wants it; `columns` holds what the file says and nothing else."""

    key: str
    line: int
    columns: dict[str, Any]


@dataclass(slots=True)
class Wanted:
    """A product as the file wants it. None: the file does not say. `odd_title` is from a row that was no offer."""

    key: str
    line: int
    title: str | None = None
    odd_title: str | None = None
    handle: str | None = None
    description: str | None = None
    category: str | None = None
    lines: dict[str, int] = field(default_factory=dict)
    variants: list[WantedVariant] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


@dataclass(slots=True)
class Gathered:
    """The next products in the order of the file; `line` is where the ones after them begin."""

    products: list[Wanted]
    line: int


async def gather(run_id: UUID, after_line: int) -> Gathered:
    """The next products whose first line is after `after_line`; none when all are done."""
    client = shop_client()
    keys: dict[str, int] = {}
    size = 0
    for row in await client.execute_query_dict(NEXT, [run_id, after_line, MAX_PIECES]):
        is_full = len(keys) == MAX_PRODUCTS or size > MAX_SIZE
        if is_full and row["product_key"] not in keys:
            break
        keys.setdefault(row["product_key"], row["line"])
        after_line, size = row["line"], size + row["size"]
    wanted = {key: Wanted(key, line) for key, line in keys.items()}
    pieces = await client.execute_query_dict(PIECES, [run_id, list(keys)])
    for piece in pieces:
        _add(wanted[piece["product_key"]], piece)
    return Gathered([_judged(each) for each in wanted.values()], after_line)


def _add(wanted: Wanted, piece: dict[str, Any]) -> None:
    cells = msgspec.json.decode(piece["cells"], type=Cells)
    for name in (Field.TITLE, ODD_TITLE, Field.HANDLE, Field.DESCRIPTION, Field.CATEGORY):
        if name in cells and cells[name][1] > wanted.lines.get(name, 0):
            value, wanted.lines[name] = cells[name]
            setattr(wanted, name, value)
    wanted.images += msgspec.json.decode(piece["images"] or "[]", type=list[str])
    if piece["item_key"] and len(wanted.variants) < MAX_VARIANTS:
        columns = {column: cells[name][0] for name, column in COLUMNS.items() if name in cells}
        wanted.variants.append(WantedVariant(piece["item_key"], piece["line"], columns))
    elif piece["item_key"] or piece["times"] > MAX_VARIANTS + 1:
        message = f"{wanted.key} has more than {MAX_VARIANTS} variants; the first are taken."
        _say_once(wanted, "TOO_MANY_VARIANTS", message, Field.PRODUCT)


def _judged(wanted: Wanted) -> Wanted:
    """With what is odd about the whole said."""
    wanted.images = list(dict.fromkeys(wanted.images))
    if len(wanted.images) > MAX_IMAGES:
        message = f"{wanted.key} has more than {MAX_IMAGES} images; the first are taken."
        _say_once(wanted, "TOO_MANY_IMAGES", message, Field.IMAGE)
        del wanted.images[MAX_IMAGES:]
    if wanted.title and wanted.odd_title and _are_strangers(wanted.title, wanted.odd_title):
        message = f"This looks like a note and not like the title of {wanted.title!r}; it is not taken as one."
        line, field = wanted.lines[ODD_TITLE], Field.TITLE
        wanted.issues.append(Issue(line, "", "NOTE_FOR_TITLE", message, wanted.odd_title, field=field))
    return wanted


def _are_strangers(title: str, other: str) -> bool:
    """No word in common."""
    return set(title.casefold().split()).isdisjoint(other.casefold().split())


def _say_once(wanted: Wanted, code: str, message: str, field: Field) -> None:
    if all(issue.code != code for issue in wanted.issues):
        wanted.issues.append(Issue(wanted.line, "", code, message, wanted.key, field=field))
