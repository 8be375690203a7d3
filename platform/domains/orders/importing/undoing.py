"""Undo an import of orders: take away, batch by batch, what it made, unless somebody has done something with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from stoa.domains import service
from stoa.domains.orders.importing.writing import CUSTOMER, IDENTITY, ORDER
from stoa.kit.languages import Sentence
from stoa.tenants.database import shop_client
from stoa.tenants.importing.issues import Issue
from stoa.tenants.importing.models import ImportRun
from stoa.tenants.importing.staging import keep_issues

MAX_THINGS = 1000
TAKE_CHANGES = """
DELETE FROM import_change WHERE id IN (SELECT id FROM import_change WHERE run_id = $1 ORDER BY id DESC LIMIT $2)
RETURNING product_id, line, mark
"""
# Whatever is done with an order raises its version. What hangs on it goes with it.
REMOVE = "DELETE FROM sales_order WHERE id = ANY($1) AND version = 1 RETURNING id"
STAYED = "SELECT id, number FROM sales_order WHERE id = ANY($1)"
BUYING = "SELECT DISTINCT customer_id AS id FROM sales_order WHERE customer_id = ANY($1)"


async def put_back(run: ImportRun) -> bool:
    """Take away the next things in the open transaction and count the orders in `run`; False when none are left."""
    rows = await shop_client().execute_query_dict(TAKE_CHANGES, [run.id, MAX_THINGS])
    if not rows:
        return False
    orders = [row for row in rows if row["mark"] == ORDER]
    removed = {row["id"] for row in await _query(REMOVE, [row["product_id"] for row in orders])}
    run.products_done += len(orders)
    run.products_restored += len(removed)
    await keep_issues(run, await _stayed({row["product_id"]: row["line"] for row in orders}, removed))
    await service.forget_identities([row["product_id"] for row in rows if row["mark"] == IDENTITY])
    await _forget([row["product_id"] for row in rows if row["mark"] == CUSTOMER])
    return True


async def _forget(customers: Sequence[UUID]) -> None:
    """Those who have bought nothing else since."""
    if customers:
        buying = {row["id"] for row in await _query(BUYING, customers)}
        await service.forget_customers([id for id in customers if id not in buying])


async def _stayed(lines: dict[UUID, int], removed: set[UUID]) -> list[Issue]:
    left = [id for id in lines if id not in removed]
    sentence = Sentence("Order {number} has been changed since the import and is left as it is.")
    return [
        Issue(lines[row["id"]], "", "CHANGED_SINCE", sentence.filled(number=row["number"]), str(row["id"]))
        for row in (await _query(STAYED, left) if left else [])
    ]


async def _query(statement: str, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await shop_client().execute_query_dict(statement, [list(ids)])
    return rows
