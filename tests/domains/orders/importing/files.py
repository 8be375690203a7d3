"""Files of orders for tests: written, imported, and what the shop has of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from stoa.domains.orders.importing import Options, run_import, start_import
from stoa.domains.orders.models import Order, OrderLine
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.importing.models import ImportRun
from tests.domains.catalog.importing.tables import upload

HEADER = ("Invoice", "Code", "Name", "Pieces", "When", "Price", "Customer", "Country")
LINES = {
    "order": "Invoice",
    "sku": "Code",
    "title": "Name",
    "quantity": "Pieces",
    "time": "When",
    "price": "Price",
    "customer": "Customer",
    "country": "Country",
}
TABLES = (
    *("sales_order", "order_line", "order_transition", "payment", "refund", "aftersale_case"),
    *("customer", "customer_identity", "stock", "stock_movement", "import_row"),
)


def table(*rows: Sequence[Any], header: Sequence[str] = HEADER) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def rows_of(header: Sequence[str], *rows: Mapping[str, Any]) -> bytes:
    """A file of which only some columns are filled."""
    return table(*([row.get(column, "") for column in header] for row in rows), header=header)


async def ordered(
    ctx: Context,
    content: bytes,
    *,
    mapping: Mapping[str, str] = LINES,
    source: str = "till",
    dry_run: bool = False,
    **options: Any,
) -> ImportRun:
    file = await upload(ctx, content, "orders.csv")
    return await start_import(ctx, file.id, source=source, mapping=mapping, options=Options(**options), dry_run=dry_run)


async def imported(ctx: Context, content: bytes, **order: Any) -> ImportRun:
    run = await ordered(ctx, content, **order)
    return await run_import(ctx, run.id)


async def order_of(external_id: str, channel: str = "till") -> Order:
    return await Order.get(channel=channel, external_id=external_id)


async def lines_of(order: Order) -> list[OrderLine]:
    return await OrderLine.filter(order_id=order.id).order_by("position")


async def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of what an import of orders could touch."""
    return {name: await shop_client().execute_query_dict(f"SELECT * FROM {name} ORDER BY id") for name in TABLES}


async def sums() -> dict[str, Any]:
    """How much there is, whoever made it and when."""
    [row] = await shop_client().execute_query_dict(
        "SELECT count(*) AS orders, count(customer_id) AS known, sum(total_minor)::bigint AS total, "
        "sum(refunded_minor)::bigint AS refunded, min(placed_at) AS first, max(placed_at) AS last, "
        "md5(string_agg(channel || external_id || state || total_minor || payment_state, ',' "
        "ORDER BY channel, external_id)) AS mark FROM sales_order"
    )
    [lines] = await shop_client().execute_query_dict(
        "SELECT count(*) AS lines, sum(l.total_minor)::bigint AS worth, "
        "md5(string_agg(concat(o.external_id, l.position, l.sku, l.title, l.quantity, l.total_minor), ',' "
        "ORDER BY o.channel, o.external_id, l.position)) AS mark_of_lines "
        "FROM order_line l JOIN sales_order o ON o.id = l.order_id"
    )
    [people] = await shop_client().execute_query_dict("SELECT count(*) AS customers FROM customer")
    return {**row, **lines, **people}
