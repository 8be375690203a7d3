"""The port that marketing fills: which discounts a basket earns. Without marketing there are none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from stoa.domains.orders.pricing.basket import Basket, Discount
from stoa.tenants.context import Context

Promotions = Callable[[Context, Basket], Awaitable[Sequence[Discount]]]


async def _none(ctx: Context, basket: Basket) -> Sequence[Discount]:
    return ()


_promotions: Promotions = _none


def promote_by(promotions: Promotions | None) -> None:
    """Let `promotions` say what a basket earns; None: nothing. Web and workers do so at their start."""
    global _promotions  # one for the process, like the table of reactions
    _promotions = promotions or _none


async def promotions_for(ctx: Context, basket: Basket) -> Sequence[Discount]:
    return await _promotions(ctx, basket)
