"""Put products on sale and take them off: now, or at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from stoa.domains.catalog.completeness import require_ready
from stoa.domains.catalog.errors import NotReady
from stoa.domains.catalog.events import (
    ProductEdited,
    ProductPublishRefused,
)
from stoa.domains.catalog.models import Product, ProductStatus
from stoa.domains.catalog.publishing.turning import news_of_turn
from stoa.domains.catalog.recalling import changes_between
from stoa.domains.catalog.touching import locked_product, touch
from stoa.kit.clock import now
from stoa.kit.errors import InvalidInput
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import enqueue, publish

JOB: Final = "catalog.apply_schedule"
Turn = Literal["publish_at", "unpublish_at"]


async def publish_product(
    ctx: Context,
    product_id: UUID,
    *,
    at: datetime | None = None,
    until: datetime | None = None,
    expected_version: int | None = None,
) -> Product:
    """Put the product on sale, now or at a time; `until` is when it goes off again. Twice changes nothing.

    A time in the past is now. Raises `NoSuchProduct`, `ProductChanged`, and `NotReady` already when it is planned.
    """
    moment = now()
    at = at if at and at > moment else None
    if until is not None and until <= (at or moment):
        raise InvalidInput("It would go off sale before it goes on.", path=["until"])
    async with shop_transaction():
        product = await locked_product(product_id, expected_version)
        await require_ready(product_id, "id")
        planned = await _plan(ctx, product, publish_at=at, unpublish_at=until)
        if at is None:
            await _turn(ctx, product, ProductStatus.ACTIVE, planned)
        else:
            await _save(ctx, product, planned)
    return product


async def unpublish_product(
    ctx: Context, product_id: UUID, *, at: datetime | None = None, expected_version: int | None = None
) -> Product:
    """Take the product off sale, now or at a time: it is a draft again. What was planned before is void."""
    async with shop_transaction():
        product = await locked_product(product_id, expected_version)
        if at is not None and at > now():
            planned = await _plan(ctx, product, publish_at=product.publish_at, unpublish_at=at)
            await _save(ctx, product, planned)
        else:
            planned = await _plan(ctx, product, publish_at=None, unpublish_at=None)
            await _turn(ctx, product, ProductStatus.DRAFT, planned)
    return product


async def apply_schedule(ctx: Context, product_id: UUID, turn: Turn, at: datetime) -> None:
    """A time that was planned has come: do it, unless something else is planned by now. Twice changes nothing.

    A product that is not ready any more stays as it is, and `ProductPublishRefused` says so.
    """
    product = await Product.filter(id=product_id).select_for_update().get_or_none()
    if product is None or getattr(product, turn) != at:
        return
    planned: dict[str, Any] = {turn: at}
    setattr(product, turn, None)
    if turn == "unpublish_at":
        await _turn(ctx, product, ProductStatus.DRAFT, planned)
        return
    try:
        await require_ready(product_id)
    except NotReady as refusal:
        await touch(product, "publish_at")
        await publish(ctx, ProductPublishRefused(product_id, str(refusal.params["missing"])))
        return
    await _turn(ctx, product, ProductStatus.ACTIVE, planned)


async def _plan(ctx: Context, product: Product, **times: datetime | None) -> dict[str, Any]:
    """Set the times and plan the jobs for those that are new; tells which have changed, and what they were."""
    changed = {name: getattr(product, name) for name, time in times.items() if getattr(product, name) != time}
    for name in changed:
        time = times[name]
        setattr(product, name, time)
        if time is not None:
            payload = {"product_id": product.id, "turn": name, "at": time.isoformat()}
            await enqueue(ctx, JOB, payload, kind="general", run_at=time)
    return changed


async def _turn(ctx: Context, product: Product, status: ProductStatus, before: dict[str, Any]) -> None:
    """Go on sale or off, if it is not already; `before` is what was planned and is not any more."""
    news: list[Any] = []
    if product.status is not status and not (
        status is ProductStatus.DRAFT and product.status is ProductStatus.ARCHIVED
    ):
        news = news_of_turn(product.id, product.status, status)
        before = {"status": product.status, **before}
        product.status = status
    await _save(ctx, product, before, *news)


async def _save(ctx: Context, product: Product, before: dict[str, Any], *news: Any) -> None:
    """Save what is not as it was before, and tell what it is now."""
    if before:
        await touch(product, *before)
        told = changes_between(before, {name: getattr(product, name) for name in before}, before)
        await publish(ctx, ProductEdited(product.id, tuple(before), tuple(told)), *news)
