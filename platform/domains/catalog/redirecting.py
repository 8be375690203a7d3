"""Handles that products had once: addresses with them still lead to the product."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from stoa.domains.catalog.errors import HandleTaken, NoSuchRedirect
from stoa.domains.catalog.events import HandleFreed
from stoa.domains.catalog.models import Product, SlugRedirect
from stoa.kit.clock import now
from stoa.kit.text import slugify
from stoa.tenants.context import Context
from stoa.tenants.database import shop_client, shop_transaction
from stoa.tenants.outbox import publish

# The product that has the handle stands before one that had it.
_FIND = """
SELECT id, false AS is_old FROM product WHERE handle = $1
UNION ALL SELECT product_id, true FROM slug_redirect WHERE handle = $1
ORDER BY is_old LIMIT 1
"""
_LEAVE = """
INSERT INTO slug_redirect (handle, product_id, created_at) VALUES ($1, $2, $3)
ON CONFLICT (handle) DO UPDATE SET product_id = excluded.product_id, created_at = excluded.created_at
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A product by its handle; `redirected_from` is the handle when it is an old one."""

    product_id: UUID
    redirected_from: str | None


async def product_by_handle(handle: str) -> Found | None:
    """The product that has the handle, else the one that had it last."""
    handle = slugify(handle, limit=150)
    rows = await shop_client().execute_query_dict(_FIND, [handle]) if handle else []
    return Found(rows[0]["id"], handle if rows[0]["is_old"] else None) if rows else None


async def leave_redirect(product: Product, old: str) -> None:
    """The product's handle is about to change: the old one will lead to it, and the new one to nothing else.

    Raises `HandleTaken` when the new one leads to another product: whoever wants it frees it first (`free_handle`).
    """
    lead = await SlugRedirect.get_or_none(handle=product.handle).select_related("product")
    if lead is not None and lead.product.id != product.id:
        raise HandleTaken(
            "Addresses with {taken} lead to {title}; remove that redirect first.",
            path=["handle"],
            taken=product.handle,
            title=lead.product.title,
        )
    if lead is not None:
        await lead.delete()
    await shop_client().execute_query(_LEAVE, [old, product.id, now()])


async def remove_redirect(ctx: Context, handle: str) -> UUID:
    """Let an old handle lead nowhere, so that another product may take it; gives the product that it led to.

    Raises `NoSuchRedirect`.
    """
    handle = slugify(handle, limit=150)
    async with shop_transaction():
        lead = await SlugRedirect.filter(handle=handle).select_for_update().get_or_none()
        if lead is None:
            raise NoSuchRedirect("{handle} is no old handle of a product.", path=["handle"], handle=handle)
        product_id: UUID = lead.product_id  # type: ignore[attr-defined]
        await lead.delete()
        await publish(ctx, HandleFreed(product_id, handle))
    return product_id
