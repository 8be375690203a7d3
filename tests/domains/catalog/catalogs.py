"""Everything a shop's catalog holds, to see what changed and what did not."""

from __future__ import annotations

from typing import Any

from stoa.tenants.context import Context, open_shop
from stoa.tenants.database import shop_client
from stoa.tenants.shop_models import EventRow

TABLES = (
    *("category", "product", "variant", "stock", "image", "upload", "event"),
    *("channel", "listing", "bundle_part", "slug_redirect", "price_change"),
    *("location", "stock_movement", "reservation", "transfer", "stock_count", "stock_count_line"),
)
SUPPLYING = ("supplier", "supplier_price", "purchase_order", "purchase_line", "receipt")


async def catalog_of(ctx: Context) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of the catalog, and of what is written along with it."""
    with open_shop(ctx.shop):
        return {
            table: [dict(row) for row in await shop_client().execute_query_dict(f'SELECT * FROM "{table}" ORDER BY 1')]
            for table in (*TABLES, *SUPPLYING)
        }


async def events_of(ctx: Context) -> list[tuple[str, dict[str, Any]]]:
    """The news of the shop so far: names and what they say."""
    with open_shop(ctx.shop):
        return [(each.name, each.payload) for each in await EventRow.all().order_by("id")]
