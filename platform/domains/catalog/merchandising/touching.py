"""What becomes of products whose tags or attributes changed: other words find them, and they count as changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from stoa.domains.catalog.naming import refresh_search_text
from stoa.kit.clock import now
from stoa.tenants.database import shop_client

AT_ONCE = 500  # more are left to the job that follows every change of a product (refreshing.py)
_CHANGED = "UPDATE product SET updated_at = $2 WHERE id = ANY($1)"
_CHANGED_WHERE = "UPDATE product SET updated_at = $2 WHERE id IN ({chosen})"


async def touch(product_ids: Sequence[UUID]) -> None:
    """Note that these products have changed; they are found by what they have now. The version is that of the form
    that people edit and stays."""
    if len(product_ids) <= AT_ONCE:
        await refresh_search_text(product_ids)
    await shop_client().execute_query(_CHANGED, [list(product_ids), now()])


async def touch_where(chosen: str, value: Any, *, leaving: bool = False) -> None:
    """The same for the products that a query chooses. `leaving`: what they are found by is only about to go."""
    if leaving:
        statement = _CHANGED_WHERE.format(chosen=chosen)
        await shop_client().execute_query(statement, [value, now()])
        return
    limited = f"SELECT product_id FROM ({chosen}) chosen LIMIT {AT_ONCE + 1}"
    rows = await shop_client().execute_query_dict(limited, [value])
    if len(rows) <= AT_ONCE:
        await touch([row["product_id"] for row in rows])
    else:
        await shop_client().execute_query(_CHANGED_WHERE.format(chosen=chosen), [value, now()])
