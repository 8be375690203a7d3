"""Products in hand: locked, at the version that was read; and marked as changed afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from stoa.domains.catalog.errors import NoSuchProduct, ProductChanged
from stoa.domains.catalog.models import Product
from stoa.domains.catalog.naming import refresh_search_text
from stoa.kit.checking import check_version, locked
from stoa.kit.clock import now
from stoa.tenants.database import shop_client

AT_ONCE = 500  # more are left to the job that follows every change of a product (merchandising/refreshing.py)
_CHANGED = "UPDATE product SET updated_at = $2 WHERE id = ANY($1)"
_CHANGED_WHERE = "UPDATE product SET updated_at = $2 WHERE id IN ({chosen})"


async def locked_product(product_id: UUID, expected_version: int | None = None, *, named: str = "id") -> Product:
    """The product's row, locked in the open transaction. Raises `NoSuchProduct`, which blames the input `named`, and
    `ProductChanged`."""
    product = await locked(Product, product_id, NoSuchProduct("There is no such product.", path=[named]))
    require_version(product, expected_version)
    return product


def require_version(product: Product, expected_version: int | None) -> None:
    """Raises `ProductChanged`."""
    check_version(product, expected_version, ProductChanged, product.title)


async def touch(product: Product, *changed: str) -> None:
    """Save these columns, with the next version and the text that search looks through."""
    await raise_version(product, *changed)
    await refresh_search_text([product.id])


async def raise_version(product: Product, *changed: str) -> None:
    """The same for what no search looks through."""
    product.version += 1
    product.updated_at = now()
    await product.save(update_fields=[*changed, "version", "updated_at"])


async def touch_all(product_ids: Sequence[UUID]) -> None:
    """Note that these products have changed in what is beside their form, as tags and attributes are: they are found by
    what they have now. The version is that of the form that people edit and stays."""
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
        await touch_all([row["product_id"] for row in rows])
    else:
        await shop_client().execute_query(_CHANGED_WHERE.format(chosen=chosen), [value, now()])
