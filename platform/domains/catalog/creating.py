"""Create products and categories."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from stoa.domains.catalog.drafting import ImageDraft, ProductDraft
from stoa.domains.catalog.errors import CategoryTaken, ExternalIdTaken, HandleTaken, NoSuchCategory, SkuTaken
from stoa.domains.catalog.events import CategoryCreated, ProductCreated
from stoa.domains.catalog.inserting import Picture, insert_product
from stoa.domains.catalog.models import Category, Product
from stoa.domains.catalog.naming import NAMELESS, free_handle
from stoa.kit.errors import Refusal, blaming
from stoa.kit.ids import type_id
from stoa.kit.text import clean_line, slugify
from stoa.tenants.access.scopes import Scope
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import publish
from stoa.tenants.uploading import Purpose, claim_upload

TRIES = 5  # for a free handle, while others take the ones we found free


async def create_product(ctx: Context, draft: ProductDraft) -> Product:
    """Create a product with its variants, stock and images, whole or not at all.

    Raises `Refusals` for what is wrong with the draft, `SkuTaken`, `HandleTaken`, `ExternalIdTaken`, `NoSuchCategory`,
    and `MissingScope` when the draft has costs and the caller may not see any.
    """
    draft = draft.checked(ctx)
    if any(variant.cost for variant in draft.variants):
        ctx.require(Scope.CATALOG_COST)
    async with shop_transaction():
        pictures = [await _picture(ctx, position, each) for position, each in enumerate(draft.images)]
        try:
            product = await _insert_under_free_handle(ctx, draft, pictures)
        except asyncpg.IntegrityConstraintViolationError as error:
            raise _refusal_for(error, draft) from None
        await publish(ctx, ProductCreated(product.id))
    return product


async def create_category(ctx: Context, name: str, *, parent_id: UUID | None = None) -> Category:
    """Create a category. Names are unique in a shop, upper and lower case alike."""
    name = clean_line(name, what="name", limit=120)
    async with shop_transaction():
        if parent_id is not None and not await Category.exists(id=parent_id):
            raise NoSuchCategory("There is no such category.", path=["parent_id"])
        if await Category.exists(name_key=name.casefold()):
            raise CategoryTaken(f"There is a category named {name} already.", path=["name"], params={"taken": name})
        category = await Category.create(name=name, name_key=name.casefold(), parent_id=parent_id)
        await publish(ctx, CategoryCreated(category.id))
    return category


async def _insert_under_free_handle(ctx: Context, draft: ProductDraft, pictures: Sequence[Picture]) -> Product:
    """A handle that was asked for is taken or refused; one that we make gets a number when it is in use."""
    if draft.handle is not None:
        product = await insert_product(ctx, draft, draft.handle, pictures)
        if product is None:
            raise HandleTaken(f"The handle {draft.handle} is in use.", path=["handle"], params={"taken": draft.handle})
        return product
    handle = slugify(draft.title) or NAMELESS
    for _ in range(TRIES):
        product = await insert_product(ctx, draft, handle, pictures)
        if product is not None:
            return product
        handle = await free_handle(draft.title)
    raise HandleTaken(f"Too many products are being named {draft.title} at once; try again.", path=["title"])


async def _picture(ctx: Context, position: int, draft: ImageDraft) -> Picture:
    if draft.upload_id is None:
        return Picture(draft.url or "", None, draft.alt)
    with blaming("images", position, "upload_id"):
        upload = await claim_upload(ctx, draft.upload_id, Purpose.IMAGE)
    name = upload.file_key.rpartition("/")[2]
    extension = mimetypes.guess_extension(upload.content_type) or ""
    return Picture(f"/media/{type_id('shop', ctx.shop.id)}/{name}{extension}", upload.file_key, draft.alt)


def _refusal_for(error: asyncpg.IntegrityConstraintViolationError, draft: ProductDraft) -> Exception:
    """The database is the judge of what is unique and what exists; its words tell which it was."""
    detail = error.detail or ""
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return NoSuchCategory("There is no such category.", path=["category_id"])
    if "(sku)" in detail:
        return _sku_taken(detail, draft)
    if "(source, external_id)" in detail:
        return ExternalIdTaken(
            f"{draft.source} has brought {draft.external_id} already.",
            path=["external_id"],
            params={"taken": draft.external_id or ""},
        )
    return error


def _sku_taken(detail: str, draft: ProductDraft) -> Refusal:
    for i, variant in enumerate(draft.variants):
        if variant.sku and f"(sku)=({variant.sku})" in detail:
            return SkuTaken(
                f"The code {variant.sku} is in use.", path=["variants", i, "sku"], params={"taken": variant.sku}
            )
    return SkuTaken("A code of these variants is in use.", path=["variants"])
