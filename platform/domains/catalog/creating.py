"""Create products and categories."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from uuid import UUID

from tortoise.exceptions import IntegrityError

from stoa.domains.catalog.drafting import ImageDraft, ProductDraft, VariantDraft
from stoa.domains.catalog.errors import (
    CategoryTaken,
    ExternalIdTaken,
    HandleTaken,
    NoSuchCategory,
    SkuTaken,
)
from stoa.domains.catalog.events import CategoryCreated, ProductCreated
from stoa.domains.catalog.models import Category, Image, Product, Stock, Variant
from stoa.domains.catalog.naming import free_handle, search_text_of
from stoa.kit.errors import blaming
from stoa.kit.ids import type_id
from stoa.kit.text import clean_line
from stoa.tenants.context import Context
from stoa.tenants.database import shop_transaction
from stoa.tenants.live import announce
from stoa.tenants.outbox import publish
from stoa.tenants.uploading import Purpose, claim_upload


async def create_product(ctx: Context, draft: ProductDraft) -> Product:
    """Create a product with its variants, stock and images, whole or not at all.

    Raises `Refusals` for what is wrong with the draft, `SkuTaken`, `HandleTaken`, `ExternalIdTaken`, `NoSuchCategory`.
    """
    draft = draft.checked(ctx)
    async with shop_transaction():
        try:
            product = await _insert_product(ctx, draft)
            await _insert_variants(ctx, product, draft.variants)
        except IntegrityError as error:
            raise _refusal_for(error, draft) from None
        await _insert_images(ctx, product, draft.images)
        await publish(ctx, ProductCreated(product.id))
        announce(ctx, f"product:{product.id}", {"version": product.version})
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


async def _insert_product(ctx: Context, draft: ProductDraft) -> Product:
    if draft.category_id is not None and not await Category.exists(id=draft.category_id):
        raise NoSuchCategory("There is no such category.", path=["category_id"])
    handle = draft.handle or await free_handle(draft.title)
    return await Product.create(
        title=draft.title,
        handle=handle,
        description=draft.description,
        status=draft.status,
        category_id=draft.category_id,
        source=draft.source,
        external_id=draft.external_id,
        search_text=search_text_of(draft.title, handle, [variant.sku for variant in draft.variants if variant.sku]),
    )


async def _insert_variants(ctx: Context, product: Product, drafts: Sequence[VariantDraft]) -> None:
    variants = [
        Variant(
            product_id=product.id,
            title=draft.title,
            sku=draft.sku,
            barcode=draft.barcode,
            currency=ctx.shop.currency,
            price_minor=draft.price.minor if draft.price else None,
            list_price_minor=draft.list_price.minor if draft.list_price else None,
            cost_minor=draft.cost.minor if draft.cost else None,
            position=position,
        )
        for position, draft in enumerate(drafts)
    ]
    await Variant.bulk_create(variants)
    await Stock.bulk_create(
        [Stock(variant_id=variant.id, on_hand=draft.on_hand) for variant, draft in zip(variants, drafts, strict=True)]
    )


async def _insert_images(ctx: Context, product: Product, drafts: Sequence[ImageDraft]) -> None:
    for position, draft in enumerate(drafts):
        url, file_key = draft.url or "", None
        if draft.upload_id is not None:
            url, file_key = await _claim_picture(ctx, draft.upload_id, position)
        await Image.create(product_id=product.id, url=url, file_key=file_key, alt=draft.alt, position=position)


async def _claim_picture(ctx: Context, upload_id: UUID, position: int) -> tuple[str, str]:
    """The path an uploaded picture is served at, and the key of its file."""
    with blaming("images", position, "upload_id"):
        upload = await claim_upload(ctx, upload_id, Purpose.IMAGE)
    name = upload.file_key.rpartition("/")[2]
    extension = mimetypes.guess_extension(upload.content_type) or ""
    return f"/media/{type_id('shop', ctx.shop.id)}/{name}{extension}", upload.file_key


def _refusal_for(error: IntegrityError, draft: ProductDraft) -> Exception:
    """The database is the judge of what is unique; its constraint's name tells what was."""
    text = str(error)
    if "handle" in text:
        return HandleTaken(f"The handle {draft.handle} is in use.", path=["handle"], params={"taken": draft.handle or ""})
    if "variant" in text and "sku" in text:
        for i, variant in enumerate(draft.variants):
            if variant.sku and f"({variant.sku})" in text:
                return SkuTaken(
                    f"The code {variant.sku} is in use.", path=["variants", i, "sku"], params={"taken": variant.sku}
                )
    if "source" in text:
        return ExternalIdTaken(
            f"{draft.source} has brought {draft.external_id} already.",
            path=["external_id"],
            params={"taken": draft.external_id or ""},
        )
    return error
