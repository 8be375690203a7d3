"""The port that the rules' engine fills: what the shop's own rules of risk say of an order. Without it: nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from stoa.domains.catalog.offering import Offer
from stoa.domains.orders.checks import Check
from stoa.domains.orders.drafting import OrderDraft
from stoa.domains.orders.pricing import Priced
from stoa.tenants.context import Context


@dataclass(frozen=True, slots=True)
class Incoming:
    """An order that is just being placed. `rules` are the shop's active ones of kind RISK, as their rows have them."""

    draft: OrderDraft
    offers: Sequence[Offer | None]
    priced: Priced
    currency: str
    customer_id: UUID | None
    is_new_customer: bool
    rules: Sequence[dict[str, Any]] = ()


Ratings = Callable[[Context, Incoming], Awaitable[Sequence[Check]]]


async def _none(ctx: Context, incoming: Incoming) -> Sequence[Check]:
    return ()


_ratings: Ratings = _none


def rate_by(ratings: Ratings | None) -> None:
    """Let `ratings` say what is risky about an order; None: nothing. Web and workers do so at their start."""
    global _ratings  # one for the process, like the table of reactions
    _ratings = ratings or _none


async def ratings_for(ctx: Context, incoming: Incoming) -> Sequence[Check]:
    return await _ratings(ctx, incoming) if incoming.rules else ()
