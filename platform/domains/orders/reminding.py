"""Orders that wait for the merchant too long: made news of once, when their time to be confirmed is over."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from stoa.domains.orders.events import ConfirmationOverdue
from stoa.domains.orders.placing import CONFIRM_WITHIN
from stoa.kit.clock import now
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client
from stoa.tenants.outbox import enqueue, publish

REMIND: Final = "orders.remind"
AT_ONCE: Final = 500
# A statement of its own, before the next one looks: what another look has told meanwhile must be seen by it.
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
# Told once: the log of events remembers it.
_OVERDUE: Final = f"""
SELECT o.id, o.number FROM sales_order o
WHERE o.state = 'PENDING' AND o.confirm_by <= $1
  AND NOT EXISTS (SELECT FROM event e WHERE e.subject_id = o.id AND e.name = 'ConfirmationOverdue')
ORDER BY o.id LIMIT {AT_ONCE} FOR UPDATE OF o
"""


async def plan_reminder(ctx: Context, until: datetime) -> None:
    """Plan a look at the orders that came in until then, for when the last of them should be confirmed."""
    at = until + CONFIRM_WITHIN
    await enqueue(ctx, REMIND, {}, kind="general", run_at=at, dedupe_key=f"by {at.isoformat()}")


async def remind(ctx: Context) -> int:
    """Make news of the orders that are overdue and still wait, each once; how many."""
    await shop_client().execute_query_dict(_ONE_AT_A_TIME, [f"{ctx.shop.schema} reminds"])
    rows = await shop_client().execute_query_dict(_OVERDUE, [now()])
    if rows:
        await publish(ctx, *(ConfirmationOverdue(row["id"], row["number"]) for row in rows))
    return len(rows)
