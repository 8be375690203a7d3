"""Find orders by what others know of them: their ids, or words about them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from stoa.domains.orders.models import Order
from stoa.kit.text import searchable
from stoa.tenants.context import Context


async def orders_there_are(ctx: Context, ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are orders of this shop."""
    return set(await Order.filter(id__in=list(ids)).values_list("id", flat=True))  # type: ignore[arg-type]


def search_text_of(*words: str | None) -> str:
    """The words by which an order is to be found: its number elsewhere, and who its buyer is."""
    return searchable(" ".join(word for word in words if word))
