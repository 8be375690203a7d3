"""Create products and categories."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.completeness import require_draft_ready
from stoa.domains.catalog.drafting import ImageDraft, ProductDraft
from stoa.domains.catalog.errors import CategoryTaken, ExternalIdTaken, HandleTaken, NoSuchCategory, SkuTaken
from stoa.domains.catalog.events import CategoryCreated
from stoa.domains.catalog.furnishing import furnish
from stoa.domains.catalog.inserting import Picture, insert_product
from stoa.domains.catalog.media.addresses import media_path
from stoa.domains.catalog.media.processing import plan_processing
from stoa.domains.catalog.metadata import checked_metadata, merged_metadata
from stoa.domains.catalog.models import Category, Product, ProductStatus
from stoa.domains.catalog.naming import NAMELESS, free_handle, unique_handle
from stoa.kit.errors import Refusal, blaming
from stoa.kit.text import clean_line, slugify
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.outbox import publish
from stoa.tenants.uploading import Purpose, claim_upload

NAME_LIMIT = 120
TRIES = 3  # for a numbered handle, while others take the ones we found free


async def create_product(ctx: Context, draft: ProductDraft) -> Product:
    """Create a product with its variants, stock, images, tags and attributes, whole or not at all.

    Raises `Refusals` for what is wrong with the draft, `SkuTaken`, `HandleTaken`, `ExternalIdTaken`, `NoSuchCategory`,
    `NotReady` when it is to be on sale and lacks what that takes, `NoSuchAttribute` and `WrongValue`, and
    `MissingScope` when the draft has costs and the caller may not see any. What the database refuses ends the
    transaction around it, if there is one.
    """
    draft = draft.checked(ctx)
    _require_ready(draft)
    async with _in_one_piece(draft):
        pictures = [await _picture(ctx, position, each) for position, each in enumerate(draft.images)]
        try:
            metadata = merged_metadata({}, await checked_metadata(draft.metadata or {}))
            product = await _insert_under_free_handle(ctx, draft, pictures, metadata)
        except asyncpg.IntegrityConstraintViolationError as error:
            raise _refusal_for(error, draft) from None
        await plan_processing(ctx, [each.file_key for each in pictures if each.file_key])
        await furnish(ctx, product.id, draft)
    return product


def _require_ready(draft: ProductDraft) -> None:
    if draft.status is ProductStatus.ACTIVE:
        priced = all(each.price is not None for each in draft.variants)
        there = {
            "TITLE": bool(draft.title),
            "PRICE": priced,
            "CATEGORY": draft.category_id is not None,
            "IMAGE": bool(draft.images),
        }
        require_draft_ready(there, "status")


@asynccontextmanager
async def _in_one_piece(draft: ProductDraft) -> AsyncIterator[None]:
    """A product is one statement and needs no transaction around it, unless uploads are claimed along with it, or it
    has what stands beside its form."""
    if draft.tags or draft.attributes or any(image.upload_id for image in draft.images):
        async with shop_transaction():
            yield
    else:
        yield


async def create_category(ctx: Context, name: str, *, parent_id: UUID | None = None) -> Category:
    """Create a category. Names are unique in a shop, upper and lower case alike.

    Raises `InvalidInput`, `CategoryTaken` and `NoSuchCategory`.
    """
    with blaming("name"):
        name = clean_line(name, what="name", limit=NAME_LIMIT)
        name_key = clean_line(name.casefold(), what="name in small letters", limit=NAME_LIMIT)
    async with shop_transaction():
        try:
            category = await Category.create(name=name, name_key=name_key, parent_id=parent_id)
        except IntegrityError as error:
            if isinstance(error.args[0], asyncpg.ForeignKeyViolationError):
                raise NoSuchCategory("There is no such category.", path=["parent_id"]) from None
            raise CategoryTaken("There is a category named {taken} already.", path=["name"], taken=name) from None
        await publish(ctx, CategoryCreated(category.id))
    return category


async def _insert_under_free_handle(
    ctx: Context, draft: ProductDraft, pictures: Sequence[Picture], metadata: Mapping[str, Any]
) -> Product:
    """A handle that was asked for is taken or refused; one that we make gets a number when it is in use."""
    if draft.handle is not None:
        product = await insert_product(ctx, draft, draft.handle, pictures, metadata)
        if product is None:
            raise HandleTaken("The handle {taken} is in use.", path=["handle"], taken=draft.handle)
        return product
    handle = slugify(draft.title) or NAMELESS
    for _ in range(TRIES):
        product = await insert_product(ctx, draft, handle, pictures, metadata)
        if product is not None:
            return product
        handle = await free_handle(draft.title)
    # others keep taking the numbers that we find free: this is nobody's but ours
    product = await insert_product(ctx, draft, unique_handle(draft.title), pictures, metadata)
    assert product is not None
    return product


async def _picture(ctx: Context, position: int, draft: ImageDraft) -> Picture:
    if draft.upload_id is None:
        return Picture(draft.url or "", None, draft.alt)
    with blaming("images", position, "upload_id"):
        upload = await claim_upload(ctx, draft.upload_id, Purpose.IMAGE)
    return Picture(media_path(ctx, upload.file_key), upload.file_key, draft.alt)


def _refusal_for(error: asyncpg.IntegrityConstraintViolationError, draft: ProductDraft) -> Exception:
    """The database is the judge of what is unique and what exists; its words tell which."""
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return NoSuchCategory("There is no such category.", path=["category_id"])
    if error.constraint_name == "variant_sku_key":
        return _sku_taken(error.detail or "", draft)
    if error.table_name == "product" and isinstance(error, asyncpg.UniqueViolationError):
        return ExternalIdTaken(
            "{source} has brought {taken} already.",
            path=["external_id"],
            taken=draft.external_id or "",
            source=draft.source or "",
        )
    return error


def _sku_taken(detail: str, draft: ProductDraft) -> Refusal:
    for i, variant in enumerate(draft.variants):
        if variant.sku and f"(sku)=({variant.sku})" in detail:
            return SkuTaken("The code {taken} is in use.", path=["variants", i, "sku"], taken=variant.sku)
    return SkuTaken("A code of these variants is in use.", path=["variants"])
