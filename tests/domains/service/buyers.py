"""Everything that a shop knows of its buyers, and how news of them reaches their orders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from stoa.domains import service
from stoa.domains.orders import jobs
from stoa.domains.service import CustomerDraft
from stoa.domains.service.models import Customer
from stoa.kit.ids import new_id
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.jobs import Job
from stoa.tenants.shop_models import EventRow

TABLES = ("customer", "customer_identity", "customer_merge", "sales_order", "event")
REACTS: dict[str, Callable[[Context, Job], Awaitable[None]]] = {
    "CustomersMerged": jobs.follow_merge,
    "MergeUndone": jobs.follow_parting,
    "CustomerErased": jobs.forget_buyer,
}


async def buyer(ctx: Context, name: str = "", **draft: Any) -> Customer:
    return await service.create_customer(ctx, CustomerDraft(name, **draft))


async def everything(*tables: str) -> dict[str, Any]:
    """Every row of these tables, or of all that have to do with buyers."""
    rows = {}
    for table in tables or TABLES:
        rows[table] = await shop_client().execute_query_dict(f"SELECT * FROM {table} ORDER BY 1")
    return rows


async def react(ctx: Context, *, newest: int = 1) -> None:
    """Do what workers do upon the newest news that orders hear of."""
    heard = await EventRow.filter(name__in=list(REACTS)).order_by("-id").limit(newest)
    for news in reversed(heard):
        await do(ctx, news.name, news.payload | {"event_id": str(news.id)})


async def do(ctx: Context, name: str, payload: dict[str, Any]) -> None:
    async with shop_transaction():
        await REACTS[name](ctx, Job(new_id(), name, payload, attempt=1, failures=0, max_attempts=5))


async def known(customer_id: UUID) -> list[tuple[str, str]]:
    rows = await shop_client().execute_query_dict(
        "SELECT kind, value FROM customer_identity WHERE customer_id = $1 ORDER BY kind, value", [customer_id]
    )
    return [(row["kind"], row["value"]) for row in rows]
